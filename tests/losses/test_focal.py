"""Focal and generalised cross-entropy: definitions, logits against probabilities, gradients, edges, refusals."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest

import neuroxide as nx
from neuroxide import losses, ops
from tests.reference import losses as reference

rng = np.random.default_rng(7)
Z = rng.normal(size=(5, 4))
P = 1 / (1 + np.exp(-Z))
S = np.exp(Z) / np.exp(Z).sum(-1, keepdims=True)
T = rng.integers(0, 2, (5, 4)).astype(float)
SOFT = rng.uniform(size=(5, 4))
LABELS = np.array([0, 3, 1, 1, 2])
ONE_HOT = np.eye(4)[LABELS]


@pytest.mark.parametrize("gamma", [0.0, 0.5, 1.0, 2.0, 3.5])
@pytest.mark.parametrize("alpha", [None, 0.25, 0.9])
@pytest.mark.parametrize("t", [T, SOFT], ids=["hard", "soft"])
def test_binary_focal_is_its_definition(t: Any, alpha: float | None, gamma: float) -> None:
    options = {"gamma": gamma, "apply_class_balancing": alpha is not None, "alpha": 0.25 if alpha is None else alpha}
    expected = reference.binary_focal(t, P, alpha, gamma)
    for loss, prediction in (
        (losses.BinaryFocalCrossentropy(**options, reduction=None), nx.Tensor(P)),
        (losses.BinaryFocalCrossentropy(**options, reduction=None), ops.sigmoid(nx.Tensor(Z))),
        (losses.BinaryFocalCrossentropy(**options, from_logits=True, reduction=None), nx.Tensor(Z)),
    ):
        np.testing.assert_allclose(loss(t, prediction).numpy(), expected, rtol=1e-12)
        nx.check_gradients(lambda p, loss=loss: loss(t, p), prediction.numpy())


@pytest.mark.parametrize("gamma", [0.0, 0.5, 2.0])
@pytest.mark.parametrize("alpha", [0.25, [0.1, 0.2, 0.3, 0.4]])
def test_categorical_focal_is_its_definition(alpha: Any, gamma: float) -> None:
    expected = reference.categorical_focal(ONE_HOT, S, alpha, gamma)
    for from_logits, prediction in ((False, nx.Tensor(S)), (False, ops.softmax(nx.Tensor(Z))), (True, nx.Tensor(Z))):
        loss = losses.CategoricalFocalCrossentropy(alpha, gamma, from_logits, reduction=None)
        np.testing.assert_allclose(loss(ONE_HOT, prediction).numpy(), expected, rtol=1e-12)
        nx.check_gradients(lambda p, loss=loss: loss(ONE_HOT, p), prediction.numpy())
        assert losses.deserialize(losses.serialize(loss)).get_config() == loss.get_config()


def test_without_focus_they_are_cross_entropies() -> None:
    focal = losses.BinaryFocalCrossentropy(gamma=0)(T, nx.Tensor(P))
    np.testing.assert_allclose(focal.numpy(), losses.BinaryCrossentropy()(T, nx.Tensor(P)).numpy(), rtol=1e-12)
    focal = losses.CategoricalFocalCrossentropy(alpha=1.0, gamma=0)(ONE_HOT, nx.Tensor(S))
    plain = losses.CategoricalCrossentropy()(ONE_HOT, nx.Tensor(S))
    np.testing.assert_allclose(focal.numpy(), plain.numpy(), rtol=1e-12)


@pytest.mark.parametrize("axis", [0, 1, -1])
def test_axes(axis: int) -> None:
    columns = axis == 0
    t, p, s = (x.T if columns else x for x in (T, P, S))
    one_hot = ONE_HOT.T if columns else ONE_HOT
    binary = losses.BinaryFocalCrossentropy(axis=axis, reduction=None)(t, nx.Tensor(p))
    np.testing.assert_allclose(binary.numpy(), reference.binary_focal(T, P), rtol=1e-12)
    many = losses.CategoricalFocalCrossentropy(axis=axis, reduction=None)(one_hot, nx.Tensor(s))
    np.testing.assert_allclose(many.numpy(), reference.categorical_focal(ONE_HOT, S), rtol=1e-12)


def test_label_smoothing() -> None:
    smooth = losses.BinaryFocalCrossentropy(label_smoothing=0.2, reduction=None)(T, nx.Tensor(P))
    np.testing.assert_allclose(smooth.numpy(), reference.binary_focal(T * 0.8 + 0.1, P), rtol=1e-12)
    smooth = losses.CategoricalFocalCrossentropy(label_smoothing=0.2, reduction=None)(ONE_HOT, nx.Tensor(S))
    np.testing.assert_allclose(smooth.numpy(), reference.categorical_focal(ONE_HOT * 0.8 + 0.05, S), rtol=1e-12)


@pytest.mark.parametrize("q", [0.05, 0.5, 0.95])
@pytest.mark.parametrize("labels", [LABELS, LABELS[:, None]], ids=["vector", "column"])
def test_generalized_is_its_definition(q: float, labels: Any) -> None:
    loss = losses.CategoricalGeneralizedCrossEntropy(q, reduction=None)
    for prediction in (nx.Tensor(S), ops.softmax(nx.Tensor(Z))):
        np.testing.assert_allclose(loss(labels, prediction).numpy(), reference.generalized(LABELS, S, q), rtol=1e-11)
    nx.check_gradients(lambda p: loss(labels, p), S)
    nx.check_gradients(lambda z: loss(labels, ops.softmax(z)), Z)


def test_far_off_logits_stay_finite() -> None:
    z = nx.Tensor(np.array([[200.0, -200.0]], np.float32), requires_grad=True)
    for loss, target, squash in (
        (losses.BinaryFocalCrossentropy(), [[0.0, 1.0]], ops.sigmoid),
        (losses.CategoricalFocalCrossentropy(alpha=1.0), [[0.0, 1.0]], ops.softmax),
        (losses.CategoricalGeneralizedCrossEntropy(), [1], ops.softmax),
    ):
        z.grad = None
        value = loss(target, squash(z))
        value.backward()
        assert np.isfinite(float(value)) and np.isfinite(z.grad.numpy()).all(), loss
    assert float(losses.BinaryFocalCrossentropy(gamma=0.5)([[1.0]], nx.Tensor([[1.0]]))) == pytest.approx(0, abs=1e-6)


def test_nan_comes_through() -> None:
    bad = nx.Tensor(np.array([[np.nan, 0.5]]))
    assert np.isnan(float(losses.BinaryFocalCrossentropy()([[0, 1]], bad)))
    assert np.isnan(float(losses.CategoricalFocalCrossentropy()([[1, 0]], bad)))
    assert np.isnan(float(losses.CategoricalGeneralizedCrossEntropy()([0], bad)))


@pytest.mark.parametrize(
    ("act", "match"),
    [
        (lambda: losses.BinaryFocalCrossentropy(gamma=-1), "gamma to be a number of at least 0, got -1"),
        (lambda: losses.BinaryFocalCrossentropy(alpha=2), r"alpha to be a number in \[0, 1\], got 2"),
        (lambda: losses.BinaryFocalCrossentropy(label_smoothing=2), r"label_smoothing in \[0, 1\], got 2"),
        (lambda: losses.CategoricalFocalCrossentropy(gamma="a"), "gamma to be a number of at least 0, got 'a'"),
        (
            lambda: losses.CategoricalFocalCrossentropy(alpha=[1, 2])(ONE_HOT, nx.Tensor(S)),
            r"alpha to be a number or 4 of them, got shape \(2,\)",
        ),
        (lambda: losses.CategoricalGeneralizedCrossEntropy(q=1), r"q in \(0, 1\), got 1"),
        (lambda: losses.CategoricalGeneralizedCrossEntropy()([0, 4], nx.Tensor(S[:2])), r"\[0, 4\), got 4"),
        (lambda: losses.CategoricalGeneralizedCrossEntropy()(ONE_HOT, nx.Tensor(S)), r"y_true of shape \(5,\)"),
        (lambda: losses.BinaryFocalCrossentropy()(T[:, :2], nx.Tensor(P)), r"y_true of shape \(5, 4\)"),
    ],
)
def test_refusals(act: Any, match: str) -> None:
    with pytest.raises(ValueError, match=match):
        act()
