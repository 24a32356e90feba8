"""Activations that Keras has no numbers for, their edges, and names."""

from __future__ import annotations

import functools
import inspect
from typing import Any

import numpy as np
import pytest

import neuroxide as nx
from neuroxide import activations, layers, ops

FUNCTIONS = sorted({f.__name__ for f in activations._FUNCTIONS} - {"threshold"})


@pytest.mark.parametrize("name", FUNCTIONS)
def test_gradients(name: str) -> None:
    x = np.random.default_rng(7).normal(size=(5, 6)) * 1.7
    if name in ("hardmax",):
        return
    nx.check_gradients(lambda x: ops.sum(ops.sin(activations.get(name)(x))), x)


@pytest.mark.parametrize("name", FUNCTIONS)
def test_nan_stays_in_its_place(name: str) -> None:
    x = np.linspace(-3, 3, 24).reshape(4, 6)
    x[1, 2] = np.nan
    y = activations.get(name)(nx.Tensor(x)).numpy()
    if name == "hardmax":  # one-hot: NaN counts as largest
        assert y[1].tolist() == [0, 0, 1, 0, 0, 0]
        return
    assert np.isnan(y[1]).any()
    assert not np.isnan(np.delete(y, 1, 0)).any()


@pytest.mark.parametrize("name", sorted(set(FUNCTIONS) - {"exponential"}))
@pytest.mark.parametrize("dtype", ["float32", "float64"])
def test_extremes(name: str, dtype: str) -> None:
    y = activations.get(name)(nx.Tensor(np.array([[-1e4, -1.0, 0.0, 1e4]], dtype)))
    assert y.dtype == dtype and np.isfinite(y.numpy()).all()


def test_the_slope_of_relu_at_zero_is_zero() -> None:
    made: list[Any] = [
        activations.relu,
        activations.relu6,
        layers.ReLU(dtype="float64"),
        layers.ReLU(max_value=2.0, dtype="float64"),
        layers.PReLU("ones", dtype="float64"),
        layers.Dense(3, "relu", kernel_initializer="identity", dtype="float64"),
    ]
    for make in made:
        x = nx.Tensor(np.zeros((2, 3)), requires_grad=True)
        ops.sum(make(x)).backward()
        assert not x.grad.numpy().any(), make


def test_shrinking() -> None:
    x = nx.Tensor(np.array([-2.0, -0.5, -0.25, 0.0, 0.5, 0.75]))
    assert activations.hard_shrink(x).tolist() == [-2.0, 0, 0, 0, 0, 0.75]
    assert activations.soft_shrink(x).tolist() == [-1.5, 0, 0, 0, 0, 0.25]
    assert activations.hard_shrink(x, 1.0).tolist() == [-2.0, 0, 0, 0, 0, 0]
    assert activations.threshold(x, 0.0, 9.0).tolist() == [9, 9, 9, 9, 0.5, 0.75]


def test_sparsemax_is_the_nearest_distribution() -> None:
    x = np.random.default_rng(0).normal(size=(7, 5)) * 2
    y = activations.sparsemax(nx.Tensor(x)).numpy()
    np.testing.assert_allclose(y.sum(-1), 1, rtol=1e-12)
    assert (y >= 0).all() and (y == 0).any()
    for other in np.random.default_rng(1).dirichlet(np.full(5, 0.5), 200):
        assert (np.square(y - x).sum(-1) <= np.square(other - x).sum(-1) + 1e-12).all()
    np.testing.assert_array_equal(activations.sparsemax(nx.Tensor(np.array([2.0, 2.0, 0.0]))), [0.5, 0.5, 0])
    with pytest.raises(ValueError, match=r"at least one entry along axis -1, got shape \(2, 0\)"):
        activations.sparsemax(nx.Tensor(np.ones((2, 0))))
    for bad in (np.nan, np.inf):
        assert np.isnan(activations.sparsemax(nx.Tensor(np.array([1.0, bad]))).numpy()).all()


# What the layers that take an activation need beside it, for inputs of shape (…, 6).
NEEDED: dict[str, dict[str, Any]] = {
    "Activation": {},
    "Dense": {"units": 6},
    "EinsumDense": {"equation": "abc,cd->abd", "output_shape": (8, 6)},
}


def _takes_activation(layer: Any) -> bool:
    return inspect.isclass(layer) and "activation" in inspect.signature(layer.__init__).parameters


def _even(x: Any) -> Any:
    return x[..., ::2]


@pytest.mark.parametrize("name", [name for name in layers.__all__ if _takes_activation(getattr(layers, name))])
@pytest.mark.parametrize(
    "activation",
    ["glu", "relu", "hardmax", functools.partial(activations.glu, axis=1), _even, layers.PReLU(), layers.Lambda(_even)],
    ids=lambda activation: activation if isinstance(activation, str) else type(activation).__name__,
)
def test_symbolic_shape_is_that_of_the_values(name: str, activation: Any) -> None:
    layer = getattr(layers, name)(activation=activation, **NEEDED[name])
    x = np.ones((2, 8, 6), np.float32)
    symbolic = layer(layers.Input((8, 6)))
    expected = layer(x).shape
    assert symbolic.shape == (None, *expected[1:])
    assert tuple(layer.compute_output_shape(x.shape)) == expected


def test_shape_changing_activation_in_a_model() -> None:
    model = nx.Sequential([layers.Input((4,)), layers.Dense(6, activation="glu"), layers.Dense(2)])
    assert [layer.kernel.shape for layer in model.layers] == [(4, 6), (3, 2)]
    assert model.predict(np.ones((5, 4)), verbose=0).shape == (5, 2)


def test_glu_halves_an_axis() -> None:
    assert layers.Activation("glu")(layers.Input((6,))).shape == (None, 3)
    assert layers.Activation("glu")(layers.Input((None,))).shape == (None, None)
    odd = r"glu: expected an even length along axis -1, got shape \(2, 3\)"
    with pytest.raises(ValueError, match=odd):
        activations.glu(nx.Tensor(np.ones((2, 3))))
    with pytest.raises(ValueError, match=rf"layer 'gate' \(Dense\): {odd}"):
        layers.Dense(3, activation="glu", name="gate")(layers.Input((4,)))


KERAS = [
    "celu", "elu", "exponential", "gelu", "glu", "hard_shrink", "hard_sigmoid", "hard_silu", "hard_swish", "hard_tanh",
    "leaky_relu", "linear", "log_sigmoid", "log_softmax", "mish", "relu", "relu6", "selu", "sigmoid", "silu",
    "soft_shrink", "softmax", "softplus", "softsign", "sparse_plus", "sparse_sigmoid", "sparsemax", "squareplus",
    "swish", "tanh", "tanh_shrink", "threshold",
]  # fmt: skip


@pytest.mark.parametrize("name", KERAS)
def test_every_name_of_keras(name: str) -> None:
    function: Any = getattr(activations, name)
    assert activations.get(name) is function
    assert activations.deserialize(activations.serialize(function)) is function
