"""Seeds, one-hot labels, normalisation, automatic names."""

from __future__ import annotations

import random

import numpy as np
import pytest

from neuroxide import random as nx_random
from neuroxide.utils import naming, normalize, set_random_seed, to_categorical


def test_to_categorical_of_any_shape() -> None:
    y = to_categorical(np.array([[[1], [0]]]), 3)
    assert y.shape == (1, 2, 3)
    np.testing.assert_array_equal(y[0], [[0, 1, 0], [1, 0, 0]])
    assert to_categorical([1, 3]).shape == (2, 4)
    assert to_categorical([], 3).shape == (0, 3)


@pytest.mark.parametrize(("x", "match"), [([3], "got numbers from 3 to 3"), ([-1], "from -1"), ([0.5], "fractions")])
def test_to_categorical_refuses(x: list[float], match: str) -> None:
    with pytest.raises(ValueError, match=match):
        to_categorical(x, 3)


def test_to_categorical_of_nothing_needs_the_number_of_classes() -> None:
    with pytest.raises(ValueError, match="num_classes is needed"):
        to_categorical([])


def test_set_random_seed_reaches_all_generators() -> None:
    drawn = []
    for _ in range(2):
        set_random_seed(5)
        drawn.append((random.random(), np.random.rand(), nx_random.make_default_seed(), nx_random.make_default_seed()))
    assert drawn[0] == drawn[1]
    assert drawn[0][2] != drawn[0][3]


@pytest.mark.parametrize("seed", [-1, 2**32, 1.5, "a", True])
def test_set_random_seed_refuses(seed: object) -> None:
    with pytest.raises(ValueError, match="expected an integer in"):
        set_random_seed(seed)  # type: ignore[arg-type]


def test_seed_generator_state_continues() -> None:
    a = nx_random.SeedGenerator(11)
    a.next()
    b = nx_random.SeedGenerator(0)
    b.state = a.state
    assert [a.next() for _ in range(3)] == [b.next() for _ in range(3)] == [(11, 1), (11, 2), (11, 3)]


def test_mix_matches_splitmix64() -> None:
    # First output of splitmix64 seeded with 0 (Vigna's reference implementation).
    state = (0x9E3779B97F4A7C15) & (2**64 - 1)
    z = ((state ^ (state >> 30)) * 0xBF58476D1CE4E5B9) % 2**64
    z = ((z ^ (z >> 27)) * 0x94D049BB133111EB) % 2**64
    assert z ^ (z >> 31) == 0xE220A8397B1DCDAF
    assert len({nx_random.mix(1, i) for i in range(10_000)}) == 10_000


def test_normalize_leaves_zero_rows() -> None:
    np.testing.assert_allclose(normalize([[3, 4], [0, 0]]), [[0.6, 0.8], [0, 0]])


def test_names_are_those_of_keras() -> None:
    names = {"Dense": "dense", "ReLU": "re_lu", "LeakyReLU": "leaky_re_lu", "ELU": "elu", "RMSprop": "rm_sprop"}
    assert {k: naming.to_snake_case(k) for k in names} == names
    naming.reset_names()
    assert [naming.auto_name("dense") for _ in range(3)] == ["dense", "dense_1", "dense_2"]
