"""Splits: exact sizes, no example twice, proportions of labels."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

import neuroxide as nx
from neuroxide.data import split_dataset, split_sizes, train_dev_test_split


def test_ratios_depend_on_the_number_of_examples():
    assert split_sizes(100_000) == (60_000, 20_000, 20_000)
    assert split_sizes(2_000_000) == (1_960_000, 20_000, 20_000)
    assert split_sizes(500_000, (0.9, 0.05, 0.05)) == (450_000, 25_000, 25_000)
    with pytest.raises(ValueError, match="expected sizes for 500000 examples"):
        split_sizes(500_000)


@settings(max_examples=150, deadline=None)
@given(
    n=st.integers(0, 300),
    weights=st.tuples(*[st.integers(0, 20)] * 3).filter(any),
    carve=st.sampled_from([0, 0.1, 0.5]),
    classes=st.integers(0, 7),
    seed=st.integers(0, 1000),
)
def test_every_example_is_in_exactly_one_set(n, weights, carve, classes, seed):
    sizes = tuple(w / sum(weights) for w in weights)
    labels = np.random.default_rng(seed).integers(0, classes, n) if classes else None
    x = np.arange(n)
    parts = train_dev_test_split(x, sizes=sizes, train_dev=carve, stratify=labels, seed=seed)
    assert np.array_equal(np.sort(np.concatenate(parts)), x)
    want = split_sizes(n, sizes)
    assert (len(parts.train) + len(parts.train_dev), len(parts.dev), len(parts.test)) == want
    assert all(abs(size - n * share) <= 1 for size, share in zip(want, sizes))
    assert len(parts.train_dev) == round(want[0] * carve)
    if labels is not None:
        for part in parts:
            for label in range(classes):
                exact = np.sum(labels == label) * len(part) / max(n, 1)
                # Sizes of sets and of labels are both kept exactly, so a cell may be off by a little more than one.
                assert abs(np.sum(labels[part] == label) - exact) <= 2


def test_arrays_stay_together_and_seeds_repeat():
    x, y = np.random.default_rng(0).random((50, 3)), list(range(50))
    first = train_dev_test_split(x, y, seed=3, train_dev=5)
    again = train_dev_test_split(x, y, seed=3, train_dev=5)
    other = train_dev_test_split(x, y, seed=4, train_dev=5)
    for part, same in zip(first, again):
        np.testing.assert_array_equal(part[0], x[part[1]])
        np.testing.assert_array_equal(part[1], same[1])
    assert [len(part[0]) for part in first] == [25, 10, 10, 5]
    assert not np.array_equal(first.train[1], other.train[1])
    nx.utils.set_random_seed(1)
    drawn = train_dev_test_split(x).test
    nx.utils.set_random_seed(1)
    np.testing.assert_array_equal(drawn, train_dev_test_split(x).test)


def test_without_shuffling_sets_are_consecutive():
    parts = train_dev_test_split(np.arange(10), sizes=(6, 2, 2), train_dev=2, shuffle=False)
    assert [part.tolist() for part in parts] == [[0, 1, 2, 3], [6, 7], [8, 9], [4, 5]]


@pytest.mark.parametrize(
    ("call", "message"),
    [
        (lambda: train_dev_test_split(), "at least one array"),
        (lambda: train_dev_test_split([1, 2], [1]), r"arrays of one length, got \[\(2,\), \(1,\)\]"),
        (lambda: train_dev_test_split(3), "arrays of one length"),
        (lambda: train_dev_test_split([1, 2], sizes=(0.5, 0.4, 0.2)), "fractions that sum to 1"),
        (lambda: train_dev_test_split([1, 2], sizes=(2, 1, 0)), "sum to 2 examples"),
        (lambda: train_dev_test_split([1, 2], sizes=(1.5, -0.5, 0)), "three sizes of at least 0"),
        (lambda: train_dev_test_split([1, 2], sizes=(0.5, 0.5)), "three sizes"),
        (lambda: train_dev_test_split(range(10), train_dev=7), "at most 6 training examples, got 7"),
        (lambda: train_dev_test_split(range(10), train_dev=1.5), "fraction below 1 or a count"),
        (lambda: train_dev_test_split([1, 2], stratify=[1]), "2 labels to stratify by, got 1"),
        (lambda: train_dev_test_split([1, 2], stratify=[1, 1], shuffle=False), "shuffle=True with stratify"),
    ],
)
def test_refused(call, message):
    with pytest.raises(ValueError, match=message):
        call()


@pytest.mark.parametrize(
    ("sizes", "expected"),
    [
        ({"left_size": 0.8}, ([0, 1, 2, 3], [4])),
        ({"right_size": 2}, ([0, 1, 2], [3, 4])),
        ({"left_size": 2, "right_size": 0.2}, ([0, 1], [4])),  # as in Keras, what is between belongs to neither
        ({"left_size": 0}, ([], [0, 1, 2, 3, 4])),
        ({"left_size": 1.0}, ([0, 1, 2, 3, 4], [])),
    ],
)
def test_split_dataset(sizes: dict[str, float], expected: tuple[list[int], list[int]]) -> None:
    left, right = split_dataset(np.arange(5), **sizes)
    assert (left.tolist(), right.tolist()) == expected


def test_split_dataset_keeps_the_form_and_shuffles_rows_together() -> None:
    x, y = np.arange(20).reshape(10, 2), np.arange(10)
    (a, b), (c, d) = split_dataset((x, y), left_size=0.7, shuffle=True, seed=3)
    assert sorted([*b, *d]) == list(range(10))
    assert b.tolist() != list(range(7))
    np.testing.assert_array_equal(np.concatenate([a, c]), x[np.concatenate([b, d])])
    again = split_dataset({"x": x, "y": y}, left_size=0.7, shuffle=True, seed=3)
    np.testing.assert_array_equal(again[0]["y"], b)


@pytest.mark.parametrize(
    ("arguments", "match"),
    [
        ({}, "left_size or right_size, got neither"),
        ({"left_size": 1.2}, r"left_size to be a fraction in \[0, 1\] or a whole number up to 5, got 1.2"),
        ({"right_size": 6}, "right_size to be a fraction"),
        ({"left_size": True}, "got True"),
        ({"left_size": 4, "right_size": 0.6}, "at most 5 examples together"),
    ],
)
def test_split_dataset_refuses(arguments: dict[str, float], match: str) -> None:
    with pytest.raises(ValueError, match=match):
        split_dataset(np.arange(5), **arguments)
    with pytest.raises(ValueError, match=r"arrays of one length, got \[\(3,\), \(2,\)\]"):
        split_dataset((np.ones(3), np.ones(2)), 1)
