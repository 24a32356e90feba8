"""Dice and Tversky: definitions, axes, gradients, empty regions, weights, refusals."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest

import neuroxide as nx
from neuroxide import losses
from tests.reference import losses as reference

rng = np.random.default_rng(8)
T = rng.integers(0, 2, (3, 4, 2)).astype(float)
P = rng.uniform(size=(3, 4, 2))


@pytest.mark.parametrize(("alpha", "beta"), [(0.5, 0.5), (0.3, 0.7), (1.0, 0.0), (0.0, 2.0)])
def test_tversky_is_its_definition(alpha: float, beta: float) -> None:
    whole = losses.Tversky(alpha, beta)
    assert float(whole(T, nx.Tensor(P))) == pytest.approx(1 - reference.tversky_index(T, P, alpha, beta), rel=1e-6)
    each = losses.Tversky(alpha, beta, axis=(1, 2), reduction=None)
    expected = [1 - reference.tversky_index(t, p, alpha, beta) for t, p in zip(T, P)]
    np.testing.assert_allclose(each(T, nx.Tensor(P)).numpy(), expected, rtol=1e-6)
    for loss in (whole, each):
        nx.check_gradients(lambda p, loss=loss: loss(T, p), P)
        assert losses.deserialize(losses.serialize(loss)).get_config() == loss.get_config()


@pytest.mark.parametrize("axis", [None, 1, (1, 2), [1, 2], (-2, -1)])
def test_dice_is_twice_the_overlap(axis: Any) -> None:
    loss = losses.Dice(axis=axis, reduction=None)
    axes = tuple(axis) if isinstance(axis, (list, tuple)) else axis
    expected = 1 - 2 * (T * P).sum(axes) / (T.sum(axes) + P.sum(axes))
    np.testing.assert_allclose(loss(T, nx.Tensor(P)).numpy(), expected, rtol=1e-6)
    nx.check_gradients(lambda p: loss(T, p), P)
    assert losses.deserialize(losses.serialize(loss)).get_config() == loss.get_config()


def test_edges() -> None:
    nothing = np.zeros((2, 3))
    for loss in (losses.Dice(axis=1, reduction=None), losses.Tversky(axis=1, reduction=None)):
        assert loss(nothing, nx.Tensor(nothing)).tolist() == [1.0, 1.0]
        np.testing.assert_allclose(loss(nothing + 1, nx.Tensor(nothing + 1)).numpy(), 0.0, atol=1e-6)
        assert np.isnan(loss(nothing, nx.Tensor(nothing * np.nan)).numpy()).all()
    assert float(losses.Dice()([1.0, 0.0], nx.Tensor([[1.0], [0.0]]))) == pytest.approx(0, abs=1e-6)


def test_one_loss_for_the_batch_is_repeated_for_each_weight() -> None:
    plain = float(losses.Dice()(T, nx.Tensor(P)))
    weights = np.array([1.0, 2.0, 4.0])
    for reduction, factor in (("sum_over_batch_size", 7 / 3), ("sum", 7.0), ("mean_with_sample_weight", 1.0)):
        value = losses.Dice(reduction=reduction)(T, nx.Tensor(P), sample_weight=weights)
        assert float(value) == pytest.approx(plain * factor)
    values = losses.Dice(reduction=None)(T, nx.Tensor(P), sample_weight=weights)
    np.testing.assert_allclose(values.numpy(), plain * weights)


@pytest.mark.parametrize(
    ("act", "match"),
    [
        (lambda: losses.Tversky(alpha=-1), "alpha to be a number of at least 0, got -1"),
        (lambda: losses.Tversky(beta="x"), "beta to be a number of at least 0, got 'x'"),
        (lambda: losses.Dice()(T[:, :2], nx.Tensor(P)), r"y_true of shape \(3, 4, 2\)"),
        (lambda: losses.Dice(axis=3)(T, nx.Tensor(P)), r"axis in \[-3, 3\)"),
    ],
)
def test_refusals(act: Any, match: str) -> None:
    with pytest.raises(ValueError, match=match):
        act()
