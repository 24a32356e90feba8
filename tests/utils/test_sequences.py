"""Sequences of different lengths as one array: Keras's documented results, and the edges."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest

from neuroxide.utils import pad_sequences

SEQUENCES = [[1], [2, 3], [4, 5, 6]]


@pytest.mark.parametrize(
    ("arguments", "expected"),
    [
        ({}, [[0, 0, 1], [0, 2, 3], [4, 5, 6]]),
        ({"value": -1}, [[-1, -1, 1], [-1, 2, 3], [4, 5, 6]]),
        ({"padding": "post"}, [[1, 0, 0], [2, 3, 0], [4, 5, 6]]),
        ({"maxlen": 2}, [[0, 1], [2, 3], [5, 6]]),
        ({"maxlen": 2, "truncating": "post", "padding": "post"}, [[1, 0], [2, 3], [4, 5]]),
    ],
)
def test_the_results_in_keras_documentation(arguments: dict[str, Any], expected: list[list[int]]) -> None:
    found = pad_sequences(SEQUENCES, **arguments)
    assert found.tolist() == expected
    assert found.dtype == np.int32


def test_empty_sequences_vectors_and_words() -> None:
    assert pad_sequences([]).shape == (0, 0)
    assert pad_sequences([[], [7]]).tolist() == [[0], [7]]
    vectors = pad_sequences([[], [[1.5, 2.0]], [[3.0, 4.0], [5.0, 6.0]]], dtype="float32", padding="post")
    assert vectors.tolist() == [[[0, 0], [0, 0]], [[1.5, 2.0], [0, 0]], [[3, 4], [5, 6]]]
    assert pad_sequences([["a"], ["b", "cd"]], dtype=object, value="").tolist() == [["", "a"], ["b", "cd"]]


@pytest.mark.parametrize(
    ("sequences", "arguments", "match"),
    [
        (SEQUENCES, {"padding": "left"}, "padding to be 'pre' or 'post', got 'left'"),
        (SEQUENCES, {"truncating": "left"}, "truncating to be 'pre' or 'post'"),
        (SEQUENCES, {"maxlen": 0}, "maxlen to be a whole number >= 1"),
        (SEQUENCES, {"value": "pad"}, "pass dtype=object"),
        (3, {}, "expected a list of sequences, got int"),
        ([[1], 2], {}, "got 2 at position 1"),
        ([[[1, 2]], [[3]]], {}, r"items of shape \(2,\) as in the first sequence, got \(1,\) at position 1"),
    ],
)
def test_errors(sequences: Any, arguments: dict[str, Any], match: str) -> None:
    with pytest.raises(ValueError, match=match):
        pad_sequences(sequences, **arguments)
