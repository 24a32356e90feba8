"""Helpers against Keras's of the same names."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest

from neuroxide import utils

pytestmark = [pytest.mark.peers, pytest.mark.filterwarnings("ignore")]

RANDOM = np.random.default_rng(0)
SEQUENCES = [RANDOM.integers(1, 9, size=n).tolist() for n in (1, 5, 0, 3)]
CASES: list[tuple[str, tuple[Any, ...], dict[str, Any]]] = [
    ("to_categorical", ([0, 2, 1],), {}),
    ("to_categorical", ([[1], [0]], 3), {}),
    ("to_categorical", ([[[1, 2]]], 4), {}),
    *[("normalize", (RANDOM.normal(size=(3, 4)), -1, order), {}) for order in (1, 2, 3)],
    ("pad_sequences", (SEQUENCES,), {}),
    ("pad_sequences", (SEQUENCES,), {"maxlen": 3}),
    ("pad_sequences", (SEQUENCES,), {"maxlen": 3, "padding": "post", "truncating": "post", "value": 7}),
    ("pad_sequences", (SEQUENCES,), {"dtype": "float32", "value": 0.5}),
]


@pytest.mark.parametrize(("name", "args", "kwargs"), CASES, ids=lambda x: x if isinstance(x, str) else "")
def test_arrays(name: str, args: Any, kwargs: Any) -> None:
    keras = pytest.importorskip("keras")
    expected, found = (getattr(module, name)(*args, **kwargs) for module in (keras.utils, utils))
    assert found.dtype == expected.dtype
    np.testing.assert_allclose(found, expected, rtol=1e-12)


@pytest.mark.parametrize("sizes", [{"left_size": 0.7}, {"right_size": 3}, {"left_size": 2, "right_size": 0.3}])
def test_split_dataset(sizes: dict[str, Any]) -> None:
    keras = pytest.importorskip("keras")
    pytest.importorskip("tensorflow")
    expected = [
        [int(x) for x in part.as_numpy_iterator()] for part in keras.utils.split_dataset(np.arange(10), **sizes)
    ]
    assert [part.tolist() for part in utils.split_dataset(np.arange(10), **sizes)] == expected
