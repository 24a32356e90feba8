"""Losses: fused forms, stability, gradients, masks, weights, custom ones, and what they refuse."""

from __future__ import annotations

import copy
import pickle
from typing import Any

import numpy as np
import pytest

import neuroxide as nx
from neuroxide import losses, ops
from tests.golden.from_keras import golden

rng = np.random.default_rng(0)
CLASSES = golden()["signatures"]["losses"]


def inputs(name: str) -> tuple[Any, Any]:
    """Targets and float64 predictions that suit a loss, away from its kinks."""
    pred = rng.uniform(0.2, 0.8, (3, 4))
    if name == "SparseCategoricalCrossentropy":
        return np.array([0, 3, 1]), pred
    if name in ("CategoricalCrossentropy", "CategoricalHinge"):
        return np.eye(4)[[0, 3, 1]], pred
    return rng.uniform(0.2, 0.8, (3, 4)), pred


@pytest.mark.parametrize("name", CLASSES)
def test_gradient(name: str) -> None:
    loss = getattr(losses, name)()
    y_true, y_pred = inputs(name)
    nx.check_gradients(lambda p: loss(y_true, p), y_pred)


@pytest.mark.parametrize("name", ["BinaryCrossentropy", "CategoricalCrossentropy", "SparseCategoricalCrossentropy"])
@pytest.mark.parametrize("squash", ["sigmoid", "softmax"])
def test_gradient_through_the_activation_before(name: str, squash: str) -> None:
    loss = getattr(losses, name)()
    y_true, z = inputs(name)
    nx.check_gradients(lambda z: loss(y_true, getattr(ops, squash)(z)), z)


@pytest.mark.parametrize("name", CLASSES)
def test_weighted_gradient_with_mask(name: str) -> None:
    loss = getattr(losses, name)()
    y_true, y_pred = inputs(name)
    weights = np.array([1.0, 2.0, 3.0])

    def masked(p: Any) -> Any:
        p = p * 1.0
        p.mask = nx.Tensor(np.array([True, False, True]))
        return loss(y_true, p, sample_weight=weights)

    nx.check_gradients(masked, y_pred)


def test_extreme_logits_stay_finite() -> None:
    z = np.array([[80.0, -80.0], [-200.0, 200.0]], dtype=np.float32)
    x = nx.Tensor(z, requires_grad=True)
    value = losses.SparseCategoricalCrossentropy()(np.array([1, 0]), ops.softmax(x))
    assert float(value) == pytest.approx((160 + 400) / 2)
    value.backward()
    np.testing.assert_allclose(x.grad.numpy(), [[0.5, -0.5], [-0.5, 0.5]])
    x = nx.Tensor(z, requires_grad=True)
    value = losses.BinaryCrossentropy()(np.array([[0, 1], [1, 0]]), ops.sigmoid(x))
    assert float(value) == pytest.approx((80 + 80 + 200 + 200) / 4)
    value.backward()
    np.testing.assert_allclose(x.grad.numpy(), [[0.25, -0.25], [-0.25, 0.25]])


def test_probabilities_of_the_other_activation_are_taken_as_probabilities() -> None:
    z = rng.normal(size=(3, 4))
    t = np.eye(4)[[0, 1, 2]]
    p = ops.softmax(nx.Tensor(z))
    plain = nx.Tensor(p.numpy())
    assert float(losses.binary_crossentropy(t, p).numpy().sum()) == pytest.approx(
        float(losses.binary_crossentropy(t, plain).numpy().sum()), rel=1e-12
    )
    s = ops.sigmoid(nx.Tensor(z))
    np.testing.assert_allclose(
        losses.categorical_crossentropy(t, s).numpy(), losses.categorical_crossentropy(t, nx.Tensor(s.numpy())).numpy()
    )
    by_column = ops.softmax(nx.Tensor(z), axis=0)
    np.testing.assert_allclose(
        losses.categorical_crossentropy(t, by_column).numpy(),
        losses.categorical_crossentropy(t, nx.Tensor(by_column.numpy())).numpy(),
    )


def test_fused_form_agrees_with_probabilities() -> None:
    z = rng.normal(size=(5, 4))
    p = ops.softmax(nx.Tensor(z))
    labels = np.array([0, 1, 2, 3, 0])
    np.testing.assert_allclose(
        losses.sparse_categorical_crossentropy(labels, p).numpy(),
        losses.sparse_categorical_crossentropy(labels, nx.Tensor(p.numpy())).numpy(),
        rtol=1e-12,
    )


def test_ignored_classes_do_not_count() -> None:
    z = rng.normal(size=(4, 3))
    labels = np.array([0, 2, 255, 1])
    loss = losses.SparseCategoricalCrossentropy(from_logits=True, ignore_class=255)
    kept = losses.SparseCategoricalCrossentropy(from_logits=True)(labels[[0, 1, 3]], nx.Tensor(z[[0, 1, 3]]))
    assert float(loss(labels, nx.Tensor(z))) == pytest.approx(float(kept))
    assert float(loss(np.full(4, 255), nx.Tensor(z))) == 0.0


def test_mask_divides_by_what_it_lets_through() -> None:
    p = nx.Tensor(np.ones((4, 2)))
    p.mask = nx.Tensor(np.array([True, True, False, False]))
    y = np.array([[0.0, 0.0], [2.0, 2.0], [9.0, 9.0], [9.0, 9.0]])
    assert float(losses.MeanSquaredError()(y, p)) == 1.0
    assert float(losses.MeanSquaredError(reduction="sum")(y, p)) == 2.0
    p.mask = nx.Tensor(np.zeros(4, bool))
    assert float(losses.MeanSquaredError()(y, p)) == 0.0


@pytest.mark.parametrize("shape", [(3,), (3, 1), (3, 5), (3, 5, 1)])
def test_weights_align_with_the_first_axes(shape: tuple[int, ...]) -> None:
    y, p, w = rng.normal(size=(3, 5, 2)), rng.normal(size=(3, 5, 2)), rng.uniform(size=shape)
    flat = w.reshape(3, -1)
    expected = (((y - p) ** 2).mean(-1) * flat).sum() / 15
    assert float(losses.MeanSquaredError()(y, nx.Tensor(p), sample_weight=w)) == pytest.approx(expected)


def test_ranks_that_differ_by_one() -> None:
    y, p = np.array([0.0, 1.0, 1.0]), np.array([[0.1], [0.8], [0.6]])
    expected = ((y - p[:, 0]) ** 2).mean()
    assert float(losses.MeanSquaredError()(y, nx.Tensor(p))) == pytest.approx(expected)
    assert float(losses.MeanSquaredError()(y[:, None], nx.Tensor(p[:, 0]))) == pytest.approx(expected)
    bce = losses.BinaryCrossentropy()
    assert float(bce(y, ops.sigmoid(nx.Tensor(p)))) == pytest.approx(float(bce(y[:, None], ops.sigmoid(nx.Tensor(p)))))


def test_targets_of_any_type() -> None:
    p = nx.Tensor(np.array([[0.2, 0.8]], np.float32))
    values = [
        float(losses.SparseCategoricalCrossentropy()(labels, p))
        for labels in ([1], np.array([[1]]), np.array([1.0]), np.array([1], np.uint8), nx.Tensor([1]), [True])
    ]
    assert values == [values[0]] * 6
    values = [float(losses.MeanSquaredError()(y, p)) for y in ([[0, 1]], np.array([[0.0, 1.0]]), nx.Tensor([[0, 1]]))]
    assert values == [values[0]] * 3


def test_nothing_gives_zero() -> None:
    assert float(losses.MeanSquaredError()(np.zeros((0, 3)), nx.Tensor(np.zeros((0, 3))))) == 0.0


def test_nan_comes_through() -> None:
    assert np.isnan(float(losses.MeanSquaredError()([[0.0]], nx.Tensor([[np.nan]]))))
    z = nx.Tensor(np.array([[np.nan, 0.0]]))
    assert np.isnan(float(losses.CategoricalCrossentropy(from_logits=True)([[0.0, 1.0]], z)))


def test_custom_losses() -> None:
    class Cubic(losses.Loss):
        def call(self, y_true: Any, y_pred: Any) -> Any:
            return ops.mean(ops.absolute(y_true - y_pred) ** 3.0, axis=-1)

    assert float(Cubic()(np.array([[0]]), nx.Tensor([[2.0]]))) == 8.0
    assert Cubic().name == "cubic"

    def mine(y_true: Any, y_pred: Any) -> Any:
        return ops.mean(ops.square(y_true - y_pred), axis=-1)

    loss = losses.as_loss(mine)
    assert (loss.name, float(loss(np.array([[0]]), nx.Tensor([[2.0]])))) == ("mine", 4.0)
    with pytest.raises(NotImplementedError, match="write a call"):
        losses.Loss()(np.zeros(1), nx.Tensor([0.0]))


@pytest.mark.parametrize("name", CLASSES)
@pytest.mark.parametrize("clone", [copy.deepcopy, lambda loss: pickle.loads(pickle.dumps(loss))])
def test_copies(name: str, clone: Any) -> None:
    loss = getattr(losses, name)(reduction="sum")
    y_true, y_pred = inputs(name)
    assert float(clone(loss)(y_true, nx.Tensor(y_pred))) == float(loss(y_true, nx.Tensor(y_pred)))


def test_dtype_casts_predictions() -> None:
    assert losses.MeanSquaredError(dtype="float64")([[0.0]], nx.Tensor([[1.0]])).dtype == np.float64


P = np.full((2, 3), 1 / 3, np.float32)


@pytest.mark.parametrize(
    ("act", "match"),
    [
        (lambda: losses.get("sparse_categorical_crosentropy"), "did you mean 'sparse_categorical_crossentropy'"),
        (lambda: losses.get(3), "expected a name, a Loss or a function, got 3"),
        (lambda: losses.MeanSquaredError(reduction="avg"), "unknown reduction 'avg'"),
        (lambda: losses.BinaryCrossentropy(label_smoothing=1.5), r"label_smoothing in \[0, 1\], got 1.5"),
        (lambda: losses.Huber(delta=0), "delta to be positive, got 0"),
        (lambda: losses.MeanSquaredError()(np.zeros((2, 4)), nx.Tensor(P)), r"expected y_true of shape \(2, 3\)"),
        (lambda: losses.CategoricalCrossentropy()([0, 1], nx.Tensor(P)), "for class numbers use sparse_"),
        (lambda: losses.SparseCategoricalCrossentropy()(P, nx.Tensor(P)), "expected whole class numbers"),
        (
            lambda: losses.SparseCategoricalCrossentropy()(np.eye(3)[:2], nx.Tensor(P)),
            r"expected y_true of shape \(2,\).*for one-hot targets use categorical_crossentropy",
        ),
        (lambda: losses.SparseCategoricalCrossentropy()([0, 3], nx.Tensor(P)), r"in \[0, 3\), got 3"),
        (lambda: losses.SparseCategoricalCrossentropy(from_logits=True)([0, -1], nx.Tensor(-P)), "got -1"),
        (lambda: losses.SparseCategoricalCrossentropy()([np.nan, 0], nx.Tensor(P)), "fractions or NaN"),
        (lambda: losses.BinaryCrossentropy(axis=5)(P, nx.Tensor(P)), r"axis to be an integer in \[-2, 2\), got 5"),
        (
            lambda: losses.MeanSquaredError()(P, nx.Tensor(P), sample_weight=np.ones(3)),
            r"mean_squared_error: expected sample_weight of shape \(2,\), one for each loss, .* got \(3,\)",
        ),
    ],
)
def test_refusals(act: Any, match: str) -> None:
    with pytest.raises(ValueError, match=match):
        act()
