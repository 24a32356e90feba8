"""What all constructors check alike: names of arguments, told with the close matches, and numbers in a range."""

from __future__ import annotations

import functools
import inspect
import math
from collections.abc import Callable, Iterable
from typing import Any, TypeVar, cast

import numpy as np

from neuroxide.utils.naming import suggest

Method = TypeVar("Method", bound=Callable[..., Any])


def refuse_unknown(label: str, given: Iterable[str], names: Iterable[str]) -> None:
    """Raise for the first name given that is none of those known, with the close match.

    Raises:
        TypeError: For such a name.

    Example:
        >>> refuse_unknown("ball", {"raduis": 2.0}, ["radius"])
        Traceback (most recent call last):
            ...
        TypeError: ball: unknown argument 'raduis'; did you mean 'radius'?
    """
    known = list(names)
    for name in given:
        if name not in known:
            raise TypeError(f"{label}: unknown argument {name!r}{suggest(name, known)}")


def check_names(method: Method) -> Method:
    """Let a method of many arguments offer close matches for one that it lacks.

    Raises:
        TypeError: In a call with an argument of another name.

    Example:
        >>> class Ball:
        ...     @check_names
        ...     def throw(self, speed=1.0):
        ...         return speed
        >>> Ball().throw(sped=2.0)
        Traceback (most recent call last):
            ...
        TypeError: throw: unknown argument 'sped'; did you mean 'speed'?
    """
    names = list(inspect.signature(method).parameters)[1:]

    @functools.wraps(method)
    def checked(self: Any, *args: Any, **kwargs: Any) -> Any:
        refuse_unknown(method.__name__, kwargs, names)
        return method(self, *args, **kwargs)

    return cast(Method, checked)


class NamedArguments:
    """Base of objects made from a configuration: an unknown argument raises before the constructor runs.

    Constructors with ``**kwargs`` look after these themselves.

    Raises:
        TypeError: For an argument that the constructor lacks; close matches are offered.

    Example:
        >>> class Ball(NamedArguments):
        ...     def __init__(self, radius=1.0):
        ...         self.radius = radius
        >>> Ball(raduis=2.0)
        Traceback (most recent call last):
            ...
        TypeError: Ball: unknown argument 'raduis'; did you mean 'radius'?
    """

    def __new__(cls, *args: Any, **kwargs: Any) -> Any:
        """A new object, if its constructor has arguments of these names."""
        bare = cls.__init__ is object.__init__
        if kwargs or bare:
            code = getattr(cls.__init__, "__code__", None)
            if bare and (args or kwargs):
                given = repr(next(iter(kwargs))) if kwargs else f"value {args[0]!r}"
                raise TypeError(f"{cls.__name__}: expected no arguments, got {given}")
            if code is not None and not code.co_flags & inspect.CO_VARKEYWORDS:
                names = code.co_varnames[1 : code.co_argcount + code.co_kwonlyargcount]
                refuse_unknown(cls.__name__, kwargs, names)
        return super().__new__(cls)


def missing_arguments(constructor: Any, args: tuple[Any, ...], kwargs: dict[str, Any]) -> list[str]:
    """Names of the arguments without default that are not given.

    Args:
        constructor: An `__init__`.
        args: What is given by position.
        kwargs: What is given by name.

    Example:
        >>> def __init__(self, units, activation=None): ...
        >>> missing_arguments(__init__, (), {"unit": 3})
        ['units']
    """
    parameters = list(inspect.signature(constructor).parameters.values())[1:]
    plain = [p for p in parameters if p.kind is p.POSITIONAL_OR_KEYWORD]
    return [p.name for p in plain[len(args) :] if p.default is p.empty and p.name not in kwargs]


def check_numbers(
    label: str, *, least: float = -math.inf, most: float = math.inf, above: float | None = None, **values: Any
) -> None:
    """Raise unless all values are finite numbers of a range.

    Args:
        label: What the error begins with.
        least: The smallest that is right.
        most: The largest.
        above: Values must be larger than this; in the place of `least`.
        **values: The numbers by their names.

    Raises:
        ValueError: For another value, by name.

    Example:
        >>> check_numbers("dropout", least=0, most=1, rate=2)
        Traceback (most recent call last):
            ...
        ValueError: dropout: expected rate to be a number in [0, 1], got 2
    """
    for name, value in values.items():
        number = isinstance(value, (int, float, np.number)) and not isinstance(value, bool) and np.isfinite(value)
        if not number or not least <= value <= most or (above is not None and not value > above):
            if above is not None:
                expected = f" > {above:g}"
            elif most < math.inf:
                expected = f" in [{least:g}, {most:g}]"
            else:
                expected = f" >= {least:g}" if least > -math.inf else ""
            raise ValueError(f"{label}: expected {name} to be a number{expected}, got {value!r}")


def refuse_words(label: str, name: str, values: Any) -> None:
    """Raise where an array holds no numbers.

    Raises:
        TypeError: For words and other objects.
    """
    if values.dtype.kind not in "biuf":
        shown = repr(str(values.reshape(-1)[0])) if values.size else f"dtype {values.dtype}"
        raise TypeError(
            f"{label}: expected {name} to hold numbers, got {shown}: turn words into numbers with "
            "layers.StringLookup or np.unique(words, return_inverse=True)"
        )
