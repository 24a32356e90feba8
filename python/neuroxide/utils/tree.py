"""Nested structures of lists, tuples and dictionaries: flatten, map, put together again.

Dictionaries are walked in the order of their sorted keys, as Keras does; `None` is a leaf.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Any


def is_nested(structure: object) -> bool:
    """Whether this is a list, a tuple or a dictionary rather than a leaf."""
    return isinstance(structure, (list, tuple, dict))


def flatten(structure: Any) -> list[Any]:
    """All leaves in order.

    Example:
        >>> flatten({"b": [1, 2], "a": 3})
        [3, 1, 2]
    """
    leaves: list[Any] = []
    _collect(structure, leaves)
    return leaves


def _collect(structure: Any, leaves: list[Any]) -> None:
    if isinstance(structure, (list, tuple)):
        for item in structure:
            _collect(item, leaves)
    elif isinstance(structure, dict):
        for key in sorted_keys(structure):
            _collect(structure[key], leaves)
    else:
        leaves.append(structure)


def sorted_keys(mapping: dict[Any, Any]) -> list[Any]:
    """The keys in the order in which `flatten` visits them."""
    try:
        return sorted(mapping)
    except TypeError:
        return sorted(mapping, key=lambda key: (type(key).__name__, str(key)))


def map_structure(function: Callable[..., Any], structure: Any, *others: Any) -> Any:
    """Apply a function to the leaves, keeping the structure.

    Args:
        function: Called with one leaf of each structure.
        structure: Decides the shape of the result.
        *others: Structures of the same shape.

    Raises:
        ValueError: When the structures differ.

    Example:
        >>> map_structure(lambda a, b: a + b, [1, (2,)], [10, (20,)])
        [11, (22,)]
    """
    if isinstance(structure, (list, tuple)):
        for other in others:
            if not isinstance(other, (list, tuple)) or len(other) != len(structure):
                raise ValueError(f"tree: expected structures of one shape, got {structure!r} and {other!r}")
        return _sequence_like(structure, [map_structure(function, *parts) for parts in zip(structure, *others)])
    if isinstance(structure, dict):
        for other in others:
            if not isinstance(other, dict) or other.keys() != structure.keys():
                raise ValueError(f"tree: expected structures of one shape, got {structure!r} and {other!r}")
        return {key: map_structure(function, structure[key], *(o[key] for o in others)) for key in structure}
    return function(structure, *others)


def pack_like(structure: Any, leaves: list[Any]) -> Any:
    """Put leaves (in `flatten` order) into the shape of another structure.

    Example:
        >>> pack_like({"b": [0, 0], "a": 0}, [3, 1, 2])
        {'b': [1, 2], 'a': 3}
    """
    supply = iter(leaves)
    result = _refill(structure, supply)
    if next(supply, _END) is not _END:
        raise ValueError(f"tree: expected {len(flatten(structure))} leaves, got {len(leaves)}")
    return result


_END = object()


def _refill(structure: Any, supply: Iterator[Any]) -> Any:
    if isinstance(structure, (list, tuple)):
        return _sequence_like(structure, [_refill(item, supply) for item in structure])
    if isinstance(structure, dict):
        filled = {key: _refill(structure[key], supply) for key in sorted_keys(structure)}
        return {key: filled[key] for key in structure}
    leaf = next(supply, _END)
    if leaf is _END:
        raise ValueError("tree: too few leaves for the structure")
    return leaf


def _sequence_like(template: list[Any] | tuple[Any, ...], items: list[Any]) -> Any:
    if hasattr(template, "_fields"):
        return type(template)(*items)
    return tuple(items) if isinstance(template, tuple) else items
