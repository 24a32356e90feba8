"""Nested structures: flatten, map, pack."""

from __future__ import annotations

from collections import namedtuple

import pytest

from neuroxide.utils import tree

Pair = namedtuple("Pair", "a b")


def test_flatten_walks_dictionaries_by_sorted_key() -> None:
    assert tree.flatten({"b": (1, [2]), "a": None, "c": {}}) == [None, 1, 2]


def test_map_keeps_containers_and_key_order() -> None:
    mapped = tree.map_structure(lambda x: x + 1, {"b": Pair(1, [2]), "a": (3,)})
    assert mapped == {"b": Pair(2, [3]), "a": (4,)}
    assert list(mapped) == ["b", "a"]
    assert type(mapped["b"]) is Pair


def test_pack_undoes_flatten() -> None:
    structure = {"z": [1, (2, 3)], "a": {"k": 4}}
    assert tree.pack_like(structure, tree.flatten(structure)) == structure


@pytest.mark.parametrize("leaves", [[1], [1, 2, 3]])
def test_pack_wants_the_right_number(leaves: list[int]) -> None:
    with pytest.raises(ValueError, match="leaves"):
        tree.pack_like([0, 0], leaves)


def test_map_of_different_shapes_raises() -> None:
    with pytest.raises(ValueError, match="one shape"):
        tree.map_structure(lambda a, b: a, [1, 2], [1])
