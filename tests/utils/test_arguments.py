"""Misspelt arguments of constructors: every class of the Keras room offers the name that was meant."""

from __future__ import annotations

import copy
import inspect
import pickle
import re
from typing import Any

import numpy as np
import pytest

import neuroxide as nx
from neuroxide.optimizers import schedules
from neuroxide.utils import arguments

ROOMS = (nx.losses, nx.metrics, schedules, nx.callbacks, nx.initializers, nx.regularizers, nx.constraints)


def classes() -> list[type]:
    """Every class with arguments of its own, but those that hand any argument on."""
    found = {nx.optimizers.ExponentialMovingAverage}
    for room in ROOMS:
        for value in vars(room).values():
            if inspect.isclass(value) and issubclass(value, arguments.NamedArguments):
                found.add(value)
    return sorted(found - {arguments.NamedArguments}, key=lambda cls: (cls.__module__, cls.__name__))


def takes_any(cls: type) -> bool:
    return any(p.kind is p.VAR_KEYWORD for p in inspect.signature(cls.__init__).parameters.values())


@pytest.mark.parametrize("cls", [cls for cls in classes() if not takes_any(cls)], ids=lambda cls: cls.__name__)
def test_close_matches_are_offered(cls: Any) -> None:
    names = [name for name in inspect.signature(cls.__init__).parameters if name not in ("self", "args", "kwargs")]
    if cls.__init__ is object.__init__ or not names:
        with pytest.raises(TypeError, match=f"{cls.__name__}: (expected no arguments, got|unknown argument) 'nmae'"):
            cls(nmae=1)
        return
    for name in names:
        wrong = f"{name}z"
        with pytest.raises(TypeError, match=re.escape(f"{cls.__name__}: unknown argument {wrong!r}; did you mean ")):
            cls(**{wrong: 1})


def test_the_rooms_are_all_there() -> None:
    names = {cls.__name__ for cls in classes()}
    wanted = "MeanSquaredError AUC ExponentialDecay EarlyStopping HeNormal L2 MaxNorm TensorBoard Tversky Zeros"
    assert set(wanted.split()) <= names
    assert len(names) > 100


@pytest.mark.parametrize("room", ROOMS, ids=lambda room: room.__name__)
def test_every_class_of_a_room_has_the_rule(room: Any) -> None:
    own = [v for v in vars(room).values() if inspect.isclass(v) and v.__module__.startswith(room.__name__)]
    without = [v.__name__ for v in own if not issubclass(v, arguments.NamedArguments)]
    assert without in ([], ["CallbackList"])


def test_positional_arguments_of_classes_without_any() -> None:
    with pytest.raises(TypeError, match=r"Zeros: expected no arguments, got value 3"):
        nx.initializers.Zeros(3)


def test_copies_pickles_and_own_classes_are_as_before() -> None:
    class Mine(nx.losses.Loss):
        def __init__(self, factor: float, **kwargs: Any) -> None:
            super().__init__(**kwargs)
            self.factor = factor

    assert Mine(2.0, name="mine").factor == 2.0
    with pytest.raises(TypeError, match="unexpected keyword argument 'nmae'"):
        Mine(2.0, nmae="mine")
    for thing in (nx.losses.Huber(delta=0.5), nx.initializers.Constant(3.0), nx.regularizers.L2(0.5)):
        for twin in (copy.deepcopy(thing), pickle.loads(pickle.dumps(thing))):
            assert twin.get_config() == thing.get_config()


@pytest.mark.parametrize(
    ("make", "match"),
    [
        (lambda: nx.layers.Dense(unit=3), "dense: unknown argument 'unit'; did you mean 'units'?"),
        (lambda: nx.layers.Dropout(rat=0.5), "dropout: unknown argument 'rat'; did you mean 'rate'"),
        (
            lambda: nx.layers.Embedding(10, output_dims=3),
            "embedding: unknown argument 'output_dims'; did you mean 'output_",
        ),
    ],
)
def test_layers_offer_the_argument_that_is_missing(make: Any, match: str) -> None:
    with pytest.raises(ValueError, match=re.escape(match)):
        make()
    with pytest.raises(TypeError, match="missing 1 required positional argument: 'units'"):
        nx.layers.Dense(activation="relu", input_shape=(3,))


@pytest.mark.parametrize(
    ("make", "match"),
    [
        (lambda: nx.optimizers.Adam("0.1"), "adam: expected learning_rate to be a number >= 0, a schedule or"),
        (lambda: nx.optimizers.SGD(loss_scale_factor=0), "sgd: expected loss_scale_factor to be a positive number"),
        (lambda: schedules.ExponentialDecay("a", 10, 0.5), "exponential_decay: expected initial_learning_rate to be a"),
        (lambda: schedules.ExponentialDecay(0.1, 10, -0.5), "expected decay_rate to be a number >= 0, got -0.5"),
        (lambda: schedules.InverseTimeDecay(-0.1, 10, 0.5), "inverse_time_decay: expected initial_learning_rate"),
        (lambda: schedules.PiecewiseConstantDecay([1], [1.0, -1.0]), r"expected values\[1\] to be a number >= 0"),
        (lambda: schedules.PolynomialDecay(0.1, 10, power="a"), "polynomial_decay: expected power to be a number >= 0"),
        (lambda: schedules.CosineDecay(0.1, 10, warmup_target=-1.0), "cosine_decay: expected warmup_target"),
        (lambda: schedules.CosineDecayRestarts(0.1, 10, t_mul=0.5), "expected t_mul to be a number >= 1, got 0.5"),
        (lambda: nx.callbacks.EarlyStopping(patience=-1), "EarlyStopping: expected patience to be a number >= 0, got"),
        (
            lambda: nx.callbacks.EarlyStopping(min_delta="a"),
            "EarlyStopping: expected min_delta to be a number, got",
        ),
        (lambda: nx.callbacks.ReduceLROnPlateau(cooldown=-1), "ReduceLROnPlateau: expected cooldown to be a number"),
        (lambda: nx.initializers.RandomNormal(stddev=-1), "random_normal: expected stddev to be a number >= 0, got -1"),
        (lambda: nx.initializers.TruncatedNormal(mean="a"), "truncated_normal: expected mean to be a number, got 'a'"),
        (lambda: nx.constraints.MaxNorm(-1), "max_norm: expected max_value to be a number >= 0, got -1"),
        (lambda: nx.constraints.MinMaxNorm(rate=2), r"min_max_norm: expected rate to be a number in \[0, 1\], got 2"),
        (lambda: nx.constraints.MinMaxNorm(2, 1), "min_max_norm: expected min_value <= max_value, got 2 and 1"),
    ],
)
def test_numbers_out_of_range_are_told_by_name(make: Any, match: str) -> None:
    with pytest.raises(ValueError, match=match):
        make()


@pytest.mark.parametrize("value", [float("nan"), float("inf"), True, None, "1", [1]])
def test_check_numbers_takes_finite_numbers_only(value: Any) -> None:
    with pytest.raises(ValueError, match="thing: expected size to be a number"):
        arguments.check_numbers("thing", size=value)
    arguments.check_numbers("thing", least=1, above=0.5, size=np.float32(1))


@pytest.mark.parametrize(
    ("make", "match"),
    [
        (lambda: nx.callbacks.CSVLogger(3), "CSVLogger: expected filename to be a path, got 3"),
        (lambda: nx.callbacks.BackupAndRestore(None), "BackupAndRestore: expected backup_dir to be a path, got None"),
        (lambda: nx.callbacks.EarlyStopping(nx.metrics.AUC()), "expected monitor to be a name in the logs"),
    ],
)
def test_types_are_told_by_name(make: Any, match: str) -> None:
    with pytest.raises(TypeError, match=match):
        make()
