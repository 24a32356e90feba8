"""Hashes of texts."""

import pytest

from benches.shapes import TEXTS
from neuroxide import _core


@pytest.mark.parametrize("key", [None, (1, 2)], ids=["farm", "sip"])
def bench_fingerprints(benchmark, key):
    benchmark(_core.fingerprints, [f"word {i}" for i in range(TEXTS)], key)
