"""Optimisers: state, schedules, rows of tables, clipping, averages, custom ones, and what they refuse."""

from __future__ import annotations

import copy
import math
import pickle
from typing import Any

import numpy as np
import pytest

import neuroxide as nx
from neuroxide import optimizers
from neuroxide.optimizers import schedules
from tests.golden.from_keras import golden

rng = np.random.default_rng(3)
NAMES = golden()["signatures"]["optimizers"]


def weights() -> list[Any]:
    return [nx.Variable(np.full((2, 2), 1.0)), nx.Variable(np.full(3, 2.0))]


def grads(scale: float = 1.0) -> list[Any]:
    return [scale * np.ones((2, 2)), scale * np.ones(3)]


def test_a_quadratic_reaches_its_minimum() -> None:
    w = nx.Variable(0.0)
    adam = optimizers.Adam(0.1)
    for _ in range(1000):
        adam.apply(nx.gradients(w * w - w * 10.0 + 25.0, [w]), [w])
    assert float(w) == pytest.approx(5.0, abs=1e-4)


@pytest.mark.parametrize("name", NAMES)
def test_steps_after_copying_state_are_the_same_bits(name: str) -> None:
    extra = {"momentum": 0.9} if name in ("SGD", "RMSprop") else {"amsgrad": True}
    first, a = getattr(optimizers, name)(0.1, **extra), weights()
    for _ in range(3):
        first.apply(grads(), a)
    second, b = getattr(optimizers, name)(0.1, **extra), [nx.Variable(v.numpy()) for v in a]
    second.build(b)
    assert [n for n, _ in second.named_variables()] == [n for n, _ in first.named_variables()]
    second.set_weights([v.numpy() for v in first.variables])
    third, c = pickle.loads(pickle.dumps((first, a)))
    fourth, d = copy.deepcopy((first, a))
    for optimizer, variables in ((first, a), (second, b), (third, c), (fourth, d)):
        optimizer.apply(grads(0.5), variables)
        assert int(optimizer.iterations) == 4
    for other in (b, c, d):
        for v, w in zip(a, other):
            np.testing.assert_array_equal(v.numpy(), w.numpy())


def test_state_is_named_by_place_and_kind() -> None:
    adam, variables = optimizers.Adam(), weights()
    adam.build(variables)
    expected = ["iteration", "learning_rate", "0/momentum", "0/velocity", "1/momentum", "1/velocity"]
    assert [name for name, _ in adam.named_variables()] == expected


@pytest.mark.parametrize("name", NAMES)
@pytest.mark.parametrize("momentum", [0.0, 0.9])
def test_rows_give_the_dense_update(name: str, momentum: float) -> None:
    extra = {"momentum": momentum} if name in ("SGD", "RMSprop") else {}
    table = rng.normal(size=(5, 2))
    results = []
    for dense in (True, False):
        variable = nx.Variable(table)
        optimizer = getattr(optimizers, name)(0.1, clipnorm=0.7, **extra)
        for indices in ([0, 3], [3, 4], [1]):
            values = np.arange(1.0, 1.0 + 2 * len(indices)).reshape(-1, 2)
            rows = nx.Rows(np.array(indices), values, (5, 2))
            optimizer.apply([rows.to_dense() if dense else rows], [variable])
        results.append(variable.numpy())
    np.testing.assert_array_equal(results[0], results[1])


def test_lazy_leaves_other_rows_and_their_state_alone() -> None:
    variable = nx.Variable(np.ones((4, 1)))
    adam = optimizers.Adam(0.1, lazy=True)
    adam.apply([nx.Rows(np.array([0]), np.array([[1.0]]), (4, 1))], [variable])
    after_first = variable.numpy()
    adam.apply([nx.Rows(np.array([2]), np.array([[1.0]]), (4, 1))], [variable])
    assert variable.numpy()[0] == after_first[0]
    assert variable.numpy()[2] < 1.0
    assert variable.numpy()[[1, 3]].tolist() == [[1.0], [1.0]]
    adam.apply([nx.Rows(np.zeros(0, np.int64), np.zeros((0, 1)), (4, 1))], [variable])
    assert int(adam.iterations) == 3
    assert optimizers.Adam.from_config(adam.get_config()).lazy


def test_learning_rates() -> None:
    sgd = optimizers.SGD(0.5)
    w = nx.Variable(np.array([0.0]))
    sgd.apply([np.array([1.0])], [w])
    sgd.learning_rate = 0.25
    sgd.apply([np.array([1.0])], [w])
    sgd.learning_rate.assign(1.0)
    sgd.apply([np.array([1.0])], [w])
    assert w.numpy().tolist() == [-1.75]
    assert sgd.get_config()["learning_rate"] == 1.0

    seen: list[Any] = []
    for rate in (lambda step: seen.append(step) or 0.5, lambda: 0.5):
        w.assign([0.0])
        optimizer = optimizers.SGD(rate)
        optimizer.apply([np.array([1.0])], [w])
        optimizer.apply([np.array([1.0])], [w])
        assert w.numpy().tolist() == [-1.0]
    assert seen == [0, 1]


def test_schedules() -> None:
    schedule = schedules.ExponentialDecay(1.0, 2, 0.25)
    sgd = optimizers.SGD(schedule)
    w = nx.Variable(np.array([0.0]))
    for _ in range(3):
        sgd.apply([np.array([1.0])], [w])
    assert w.numpy()[0] == pytest.approx(-(1 + 0.5 + 0.25))
    assert sgd.learning_rate == pytest.approx(0.125)
    with pytest.raises(TypeError, match="follows a schedule and cannot be set"):
        sgd.learning_rate = 0.1
    twin = optimizers.deserialize(optimizers.serialize(sgd))
    assert twin.get_config() == sgd.get_config()
    assert [n for n, _ in sgd.named_variables()] == ["iteration"]
    assert schedules.ExponentialDecay(1.0, 2, 0.25, staircase=True)(3) == 0.25
    assert schedules.InverseTimeDecay(1.0, 2, 1.0, staircase=True)(5) == pytest.approx(1 / 3)


def test_clipping_of_what_is_not_finite() -> None:
    for option in ("clipnorm", "global_clipnorm"):
        w = nx.Variable(np.zeros(2))
        optimizers.SGD(1.0, **{option: 1.0}).apply([np.array([np.inf, 1.0])], [w])
        assert np.isnan(w.numpy()).any()
    w = nx.Variable(np.zeros(3))
    optimizers.SGD(1.0, clipvalue=1.0).apply([np.array([np.inf, -np.inf, 0.5])], [w])
    assert w.numpy().tolist() == [-1.0, 1.0, -0.5]


def test_weight_decay_can_leave_weights_out() -> None:
    a, b = nx.Variable(np.ones(1), name="kernel"), nx.Variable(np.ones(1), name="bias")
    adamw = optimizers.AdamW(0.5, weight_decay=0.5)
    adamw.exclude_from_weight_decay(var_names=["bias"])
    adamw.apply([np.zeros(1), np.zeros(1)], [a, b])
    assert (a.numpy()[0], b.numpy()[0]) == (0.75, 1.0)
    with pytest.raises(ValueError, match="comes before the optimizer is built"):
        adamw.exclude_from_weight_decay(var_list=[a])


def test_l2_with_sgd_is_multiplicative_decay() -> None:
    w = nx.Variable(np.array([2.0, -3.0]))
    penalty = nx.regularizers.L2(0.05)
    optimizers.SGD(0.1).apply(nx.gradients(penalty(w), [w]), [w])
    np.testing.assert_allclose(w.numpy(), np.array([2.0, -3.0]) * (1 - 2 * 0.1 * 0.05))


def test_constraints_apply_after_the_step() -> None:
    w = nx.Variable(np.array([1.0, 1.0]))
    w.constraint = nx.constraints.NonNeg()
    optimizers.SGD(1.0).apply([np.array([3.0, 0.5])], [w])
    assert w.numpy().tolist() == [0.0, 0.5]


def test_part_of_the_variables_and_missing_gradients() -> None:
    variables = weights()
    adam = optimizers.Adam(0.1)
    adam.build(variables)
    adam.apply([np.ones(3)], [variables[1]])
    assert variables[0].numpy().tolist() == [[1, 1], [1, 1]]
    with pytest.warns(UserWarning, match="no gradient for variable"):
        adam.apply([None, np.ones(3)], variables)
    with pytest.raises(ValueError, match="no gradients for any variable"):
        adam.apply([None, None], variables)
    with pytest.raises(ValueError, match="unknown variable"):
        adam.apply([np.ones(1)], [nx.Variable(np.ones(1))])
    with pytest.raises(ValueError, match="expected 2 gradients, one for each variable, got 1"):
        adam.apply([np.ones(3)], variables)
    with pytest.raises(ValueError, match=r"call build\(variables\)"):
        optimizers.Adam().apply(grads())


def test_float32_and_float64_in_one_model() -> None:
    a, b = nx.Variable(np.ones(2, np.float32)), nx.Variable(np.ones(2))
    optimizers.Adam(0.1).apply([np.ones(2, np.float32), np.ones(2)], [a, b])
    np.testing.assert_allclose(a.numpy(), b.numpy(), rtol=1e-6)


def test_backward_through_weights_of_before_the_step_raises() -> None:
    w = nx.Variable(np.ones(2))
    value = (w * w).sum()
    optimizers.SGD(0.1).apply([np.ones(2)], [w])
    with pytest.raises(RuntimeError, match="assigned"):
        nx.gradients(value, [w])


def test_an_optimizer_of_ones_own() -> None:
    class SignDescent(optimizers.Optimizer):
        def build(self, variables: Any) -> None:
            super().build(variables)
            self.last = self.add_optimizer_variables(self._trainable_variables, "last")

        def update_step(self, gradient: Any, variable: Any, learning_rate: Any) -> None:
            self.assign(self.last[self._get_variable_index(variable)], gradient)
            self.assign_sub(variable, nx.ops.sign(gradient) * learning_rate)

    optimizer, variables = SignDescent(0.5), weights()
    optimizer.apply(grads(7.0), variables)
    assert variables[1].numpy().tolist() == [1.5, 1.5, 1.5]
    assert optimizer.last[1].numpy().tolist() == [7, 7, 7]
    assert optimizer.name.startswith("sign_descent")


def test_scaled_losses() -> None:
    w = nx.Variable(np.array(1.0))
    sgd = optimizers.SGD(1.0, loss_scale_factor=4.0)
    sgd.apply(nx.gradients(sgd.scale_loss(w * 3.0), [w]), [w])
    assert float(w) == -2.0


def test_iterations_count_updates_when_gradients_accumulate() -> None:
    sgd, w = optimizers.SGD(1.0, gradient_accumulation_steps=2), nx.Variable(np.array([0.0]))
    for g in (1.0, 3.0, 5.0):
        sgd.apply([np.array([g])], [w])
    assert (w.numpy()[0], int(sgd.iterations)) == (-2.0, 1)


def test_get() -> None:
    assert type(optimizers.get("Adam")) is type(optimizers.get("adam")) is optimizers.Adam
    assert type(optimizers.get(optimizers.SGD)) is optimizers.SGD
    given = optimizers.SGD()
    assert optimizers.get(given) is given
    assert type(optimizers.get({"class_name": "RMSprop", "config": {"rho": 0.5}})) is optimizers.RMSprop


@pytest.mark.parametrize(
    ("act", "match"),
    [
        (lambda: optimizers.get("adamm"), "did you mean 'adam'"),
        (lambda: optimizers.get(1), "expected a name, an Optimizer or a configuration, got 1"),
        (lambda: optimizers.Adam(lr=0.1), "adam: unknown argument 'lr'"),
        (lambda: optimizers.Adam(beta1=0.1), "unknown argument 'beta1'; did you mean 'beta_1'"),
        (lambda: optimizers.SGD(decay=1e-6), "unknown argument 'decay'"),
        (lambda: optimizers.SGD(-0.1), "learning_rate to be a number >= 0"),
        (lambda: optimizers.SGD(math.nan), "learning_rate to be a number >= 0"),
        (lambda: optimizers.SGD(momentum=1.5), r"momentum to be a number in \[0, 1\], got 1.5"),
        (lambda: optimizers.SGD(clipnorm=1.0, clipvalue=1.0), "one of clipnorm, clipvalue and global_clipnorm"),
        (lambda: optimizers.SGD(clipnorm=-1.0), "clipnorm to be a positive number or None, got -1.0"),
        (lambda: optimizers.SGD(ema_momentum=2), r"ema_momentum to be a number in \[0, 1\]"),
        (lambda: optimizers.SGD(gradient_accumulation_steps=1), "None or an integer >= 2, got 1"),
        (lambda: optimizers.SGD(ema_overwrite_frequency=0.5), "None or an integer >= 1, got 0.5"),
        (lambda: optimizers.Adam(beta_2=1.0), r"beta_2 to be a number in \[0, 1\), got 1.0"),
        (lambda: optimizers.RMSprop(rho=-1), r"rho to be a number in \[0, 1\], got -1"),
        (lambda: optimizers.AdamW(weight_decay=None), "use Adam without one"),
        (lambda: optimizers.SGD().apply([np.ones(2)], [nx.Variable(np.ones(3))]), r"\(3,\)"),
        (lambda: schedules.ExponentialDecay(0.1, 0, 0.5), "decay_steps to be positive"),
    ],
)
def test_refusals(act: Any, match: str) -> None:
    with pytest.raises(ValueError, match=match):
        act()
