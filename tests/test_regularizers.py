"""Penalties and constraints: Keras's numbers, the notes' λ, losses from any depth, names."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest

import neuroxide as nx
from neuroxide import constraints, initializers, layers, ops, optimizers, regularizers
from tests.golden.from_keras import golden

rng = np.random.default_rng(2)


def test_orthogonal_against_keras() -> None:
    case = golden()["more"]["regularizers"]
    for arguments, value in case["orthogonal"]:
        penalty = regularizers.OrthogonalRegularizer(**arguments)
        assert float(penalty(nx.Tensor(np.array(case["x"])))) == pytest.approx(value, rel=1e-5)
        assert type(penalty).from_config(penalty.get_config()).get_config() == penalty.get_config()


@pytest.mark.parametrize("make", [lambda: regularizers.L1(0.3), lambda: regularizers.L2(0.3),
                                  lambda: regularizers.L1L2(0.1, 0.2), lambda: regularizers.OrthogonalRegularizer(0.3),
                                  lambda: regularizers.OrthogonalRegularizer(0.3, "columns")])  # fmt: skip
def test_gradients(make: Any) -> None:
    nx.check_gradients(make(), rng.normal(size=(3, 4)))
    assert regularizers.deserialize(regularizers.serialize(make())).get_config() == make().get_config()


def test_a_row_of_zeros_is_orthogonal_to_all() -> None:
    x = nx.Tensor(np.array([[0.0, 0.0], [1.0, 2.0]]), requires_grad=True)
    value = regularizers.OrthogonalRegularizer(1.0)(x)
    value.backward()
    assert float(value) == 0.0 and np.isfinite(x.grad.numpy()).all()


@pytest.mark.parametrize("penalty", ["l1", "l2", regularizers.L1L2(0.1, 0.2), "orthogonal_regularizer"])
def test_numbers_on_the_fake_device(penalty: Any) -> None:
    from tests.fake_device import fake_device

    x = rng.normal(size=(3, 4)).astype(np.float32)
    here = float(regularizers.get(penalty)(nx.Tensor(x)))
    with fake_device():
        assert float(regularizers.get(penalty)(nx.Tensor(x))) == here


def test_the_notes_lambda_is_l2_of_lambda_over_two_m() -> None:
    """J = cost + λ/2m · ‖w‖²: gradient descent multiplies w by 1 − αλ/m, and the reported cost has the penalty."""
    m, lam, alpha = 20, 0.7, 0.1
    x, y = rng.normal(size=(m, 3)), rng.normal(size=(m, 1))
    w = rng.normal(size=(3, 1))
    model = nx.Sequential([nx.Input((3,), dtype="float64"), layers.Dense(1, use_bias=False, dtype="float64",
                           kernel_regularizer=regularizers.L2(lam / (2 * m)))])  # fmt: skip
    model.compile(optimizers.SGD(alpha), "mse")
    model.set_weights([w])
    history = model.fit(x, y, batch_size=m, verbose=0)
    cost = np.square(x @ w - y).mean() + lam / (2 * m) * np.square(w).sum()
    assert history.history["loss"][0] == pytest.approx(cost, rel=1e-6)
    decayed = (1 - alpha * lam / m) * w - alpha * 2 / m * x.T @ (x @ w - y)
    np.testing.assert_allclose(model.get_weights()[0], decayed, rtol=1e-12)


def test_losses_come_from_any_depth() -> None:
    class Outer(layers.Layer):
        def __init__(self) -> None:
            super().__init__()
            self.parts = {"deep": [layers.Dense(2, kernel_regularizer="l1", activity_regularizer="l2")]}
            self.inner = nx.Sequential([layers.ActivityRegularization(l1=1.0), layers.PReLU(alpha_regularizer="l2")])

        def call(self, x: Any) -> Any:
            return self.inner(self.parts["deep"][0](x))

    inputs = layers.Input((3,))
    model = nx.Model(inputs, Outer()(inputs))
    y = model(np.ones((4, 3), np.float32))
    dense = model.layers[-1].parts["deep"][0]
    hidden = np.ones((4, 3), np.float32) @ dense.kernel.numpy()
    expected = [
        0.01 * np.square(hidden).sum() / 4,
        np.abs(hidden).sum() / 4,
        0.01 * np.abs(dense.kernel.numpy()).sum(),
        0,
    ]
    assert sorted(float(v) for v in model.losses) == pytest.approx(sorted(expected), rel=1e-5)
    total = sum(float(v) for v in model.losses)
    model.compile("sgd", "mse")
    loss = model.evaluate(np.ones((4, 3), np.float32), y.numpy(), verbose=0)
    assert loss == pytest.approx(total, rel=1e-5)


@pytest.mark.parametrize(
    ("act", "match"),
    [
        (lambda: regularizers.OrthogonalRegularizer(-1.0), "factor to be a finite number >= 0, got -1.0"),
        (lambda: regularizers.OrthogonalRegularizer(mode="row"), "mode 'rows' or 'columns', got 'row'"),
        (lambda: regularizers.OrthogonalRegularizer()(nx.Tensor([1.0])), r"at least two rows, got shape \(1,\)"),
        (lambda: regularizers.OrthogonalRegularizer()(nx.Tensor([[1.0, 2.0]])), "at least two rows"),
        (lambda: regularizers.get("orthogonal_regulariser"), "did you mean 'orthogonal_regularizer'"),
        (lambda: constraints.get("maxnorm"), "did you mean 'max_norm'"),
    ],
)
def test_refusals(act: Any, match: str) -> None:
    with pytest.raises(ValueError, match=match):
        act()


NAMES = {
    regularizers: "L1 L2 L1L2 OrthogonalRegularizer l1 l2 l1_l2 orthogonal_regularizer",
    constraints: "MaxNorm MinMaxNorm NonNeg UnitNorm max_norm min_max_norm non_neg unit_norm",
    initializers: """Constant GlorotNormal GlorotUniform HeNormal HeUniform Identity IdentityInitializer LecunNormal
        LecunUniform Ones Orthogonal OrthogonalInitializer RandomNormal RandomUniform TruncatedNormal VarianceScaling
        Zeros constant glorot_normal glorot_uniform he_normal he_uniform identity lecun_normal lecun_uniform ones
        orthogonal random_normal random_uniform truncated_normal variance_scaling zeros""",
}


@pytest.mark.parametrize(("module", "name"), [(m, n) for m, names in NAMES.items() for n in names.split()])
def test_every_name_of_keras(module: Any, name: str) -> None:
    cls = getattr(module, name)
    assert isinstance(cls, type)
    assert type(module.get(name)) is cls
    assert type(module.deserialize(module.serialize(cls()))) is cls


@pytest.mark.parametrize("make", [lambda: constraints.MaxNorm(0.5), lambda: constraints.UnitNorm(axis=1),
                                  lambda: constraints.MinMaxNorm(0.2, 0.4, rate=1.0), constraints.NonNeg])  # fmt: skip
def test_constraints_hold_after_training(make: Any) -> None:
    model = nx.Sequential(
        [nx.Input((4,)), layers.Dense(3, kernel_constraint=make()), layers.PReLU(alpha_constraint="non_neg")]
    )
    model.compile(optimizers.SGD(0.5), "mse")
    model.fit(rng.normal(size=(32, 4)), rng.normal(size=(32, 3)), epochs=2, verbose=0)
    kernel = model.layers[0].kernel
    np.testing.assert_allclose(ops.convert_to_numpy(make()(kernel)), kernel.numpy(), rtol=1e-5, atol=1e-6)
    assert (model.layers[1].alpha.numpy() >= 0).all()
