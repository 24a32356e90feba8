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
from tests.golden.from_keras import golden, golden_optimizers

rng = np.random.default_rng(3)
NAMES = sorted({*golden()["signatures"]["optimizers"], *golden_optimizers()["signatures"]["optimizers"]})


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
    extra: dict[str, Any] = {"momentum": 0.9} if name in ("SGD", "RMSprop") else {}
    extra |= {"amsgrad": True} if name == "Adam" else {}
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


@pytest.mark.parametrize("name", NAMES)
@pytest.mark.parametrize(
    "options",
    [
        {"weight_decay": 0.1},
        {"global_clipnorm": 0.3},
        {"clipvalue": 0.2, "use_ema": True},
        {"gradient_accumulation_steps": 2},
        {"loss_scale_factor": 4.0},
    ],
    ids=str,
)
def test_rows_give_the_dense_update_whatever_is_asked_for(name: str, options: dict[str, Any]) -> None:
    table, other = rng.normal(size=(5, 2)), rng.normal(size=3)
    results = []
    for dense in (True, False):
        variables = [nx.Variable(table), nx.Variable(other)]
        optimizer = getattr(optimizers, name)(0.1, **options)
        for indices in ([0, 3], [3, 4], [1], []):
            values = np.arange(1.0, 1.0 + 2 * len(indices)).reshape(-1, 2)
            rows = nx.Rows(np.array(indices, np.int64), values, (5, 2))
            optimizer.apply([rows.to_dense() if dense else rows, np.ones(3)], variables)
        results.append([v.numpy() for v in (*variables, *optimizer.variables)])
    for a, b in zip(*results, strict=True):
        np.testing.assert_allclose(a, b, rtol=1e-12, atol=1e-15)


@pytest.mark.parametrize("name", NAMES)
@pytest.mark.parametrize("dtypes", [("f8", "f8"), ("f8", "f4")])
def test_one_pass_gives_what_many_give(name: str, dtypes: tuple[str, str]) -> None:
    """Clipping, decay and averages within the kernel against those of the base class, one after another."""
    options = {"weight_decay": 0.1, "clipnorm": 0.9, "use_ema": True, "loss_scale_factor": 2.0}
    results = []
    for fused in (True, False):
        variables = [nx.Variable(np.full((2, 2), 1.0, dtypes[0])), nx.Variable(np.full(3, 2.0, dtypes[1]))]
        optimizer = getattr(optimizers, name)(0.1, **options)
        optimizer.exclude_from_weight_decay(var_list=variables[1:])
        if not fused:

            def apart(*arguments: Any, optimizer: Any = optimizer) -> bool:
                averaged = optimizers.Optimizer._update(optimizer, *arguments)
                optimizer._end_step()
                return averaged

            optimizer._update = apart
        for scale in (1.0, 0.1, -3.0):
            optimizer.apply([(scale * g).astype(v.dtype) for g, v in zip(grads(), variables)], variables)
        results.append([v.numpy() for v in (*variables, *optimizer.variables)])
    for a, b in zip(*results, strict=True):
        np.testing.assert_allclose(a, b, rtol=2e-7 if a.dtype == np.float32 else 1e-13)


def test_dampening_is_the_momentum_of_the_course() -> None:
    beta, rate = 0.9, 0.1
    w, v = nx.Variable(np.array([1.0, -2.0])), np.zeros(2)
    by_hand = w.numpy()
    sgd = optimizers.SGD(rate, momentum=beta, dampening=beta)
    for _ in range(20):
        gradient = 2 * by_hand
        v = beta * v + (1 - beta) * gradient
        by_hand = by_hand - rate * v
        sgd.apply([2 * w.numpy()], [w])
    np.testing.assert_allclose(w.numpy(), by_hand, rtol=1e-12)
    assert sgd.get_config()["dampening"] == 0.9 and "dampening" not in optimizers.SGD().get_config()
    assert optimizers.SGD.from_config(sgd.get_config()).dampening == 0.9


@pytest.mark.parametrize("name", NAMES)
def test_state_in_a_file_goes_on_with_the_same_bits(name: str, tmp_path: Any) -> None:
    net = nx.Sequential([nx.Input((3,)), nx.layers.Dense(4, activation="tanh"), nx.layers.Dense(1)])
    net.compile(getattr(optimizers, name)(0.05, use_ema=True, gradient_accumulation_steps=2), "mse")
    x, y = rng.normal(size=(6, 3)).astype("f4"), rng.normal(size=(6, 1)).astype("f4")
    for _ in range(3):
        net.train_on_batch(x, y)
    net.save(tmp_path / "m.nx")
    twin = nx.models.load_model(tmp_path / "m.nx")
    assert [n for n, _ in twin.optimizer.named_variables()] == [n for n, _ in net.optimizer.named_variables()]
    for each in (net, twin):
        for _ in range(3):
            each.train_on_batch(x, y)
    for a, b in zip([*net.weights, *net.optimizer.variables], [*twin.weights, *twin.optimizer.variables], strict=True):
        np.testing.assert_array_equal(a.numpy(), b.numpy())


def test_several_kinds_of_state_at_once() -> None:
    optimizer, variables = optimizers.Optimizer(0.1), weights()
    optimizer.build(variables)
    first, second = optimizer.add_optimizer_variables(variables, ["m", "v"], ["zeros", "ones"])
    assert [name for name, _ in optimizer.named_variables()][2:] == ["0/m", "0/v", "1/m", "1/v"]
    assert first[1].numpy().tolist() == [0, 0, 0] and second[1].numpy().tolist() == [1, 1, 1]
    with pytest.raises(ValueError, match="expected 2 initializers, one for each name, got 1"):
        optimizer.add_optimizer_variables(variables, ["m", "v"], ["zeros"])


@pytest.mark.numpy_only
def test_arrays_in_odd_forms_are_refused_before_anything_changes() -> None:
    variables = weights()
    adam = optimizers.Nadam(0.1, weight_decay=0.1)
    adam.apply(grads(), variables)
    before = [v.numpy() for v in (*variables, *adam.variables)]
    for wrong in (np.ones((2, 4))[:, ::2], np.ones((2, 2), np.float32), np.ones((2, 2), ">f8"), np.ones((2, 3))):
        with pytest.raises((ValueError, TypeError), match="nadam_step: expected grads"):
            adam.apply([wrong, np.ones(3)], variables)
    # The gradient is a view of the weight itself.
    with pytest.raises(ValueError, match="share no memory"):
        adam.apply([variables[0].data, np.ones(3)], variables)
    for a, v in zip(before, (*variables, *adam.variables)):
        np.testing.assert_array_equal(a, v.numpy())


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
        (lambda: optimizers.SGD(dampening=0.5), r"dampening with momentum and without nesterov, got dampening=0.5"),
        (lambda: optimizers.SGD(0.1, 0.9, True, dampening=0.5), "without nesterov, got dampening=0.5"),
        (lambda: optimizers.SGD(momentum=0.9, dampening=2.0), r"dampening to be a number in \[0, 1\], got 2.0"),
        (lambda: optimizers.Adagrad(initial_accumulator_value=-1.0), "initial_accumulator_value to be a number >= 0"),
        (lambda: optimizers.Adadelta(rho="x"), r"rho to be a number in \[0, 1\], got 'x'"),
        (lambda: optimizers.Adamax(beta_1=1.0), r"adamax: expected beta_1 to be a number in \[0, 1\), got 1.0"),
        (lambda: optimizers.Nadam(epsilon=-1e-7), "epsilon to be a number >= 0, got -1e-07"),
        (lambda: optimizers.Lion(beta_1=0.0), r"lion: expected beta_1 to be a number in \(0, 1\], got 0.0"),
        (lambda: optimizers.Ftrl(learning_rate_power=0.5), "learning_rate_power to be a number <= 0, got 0.5"),
        (lambda: optimizers.Ftrl(l1_regularisation_strength=1), "did you mean 'l1_regularization_strength'"),
        (lambda: optimizers.Lamb(beta_2=math.nan), r"lamb: expected beta_2 to be a number in \[0, 1\), got nan"),
        (lambda: optimizers.get("adagard"), "did you mean 'adagrad'"),
        (lambda: optimizers.AdamW(weight_decay=None), "use Adam without one"),
        (lambda: optimizers.SGD().apply([np.ones(2)], [nx.Variable(np.ones(3))]), r"\(3,\)"),
        (lambda: schedules.ExponentialDecay(0.1, 0, 0.5), "decay_steps to be a number > 0"),
    ],
)
def test_refusals(act: Any, match: str) -> None:
    with pytest.raises(ValueError, match=match):
        act()
