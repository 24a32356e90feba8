"""Misspelt arguments of constructors: every class of the Keras room offers the name that was meant."""

from __future__ import annotations

import copy
import inspect
import pickle
import re
from typing import Any

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
