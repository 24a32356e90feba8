"""chrF of a corpus."""

import pytest

from benches.compare.workloads.text import corpus
from benches.shapes import BLEU
from neuroxide import _core


@pytest.mark.parametrize("words", [0, 2])
def bench_chrf_statistics(benchmark, words):
    benchmark(_core.chrf_statistics, *corpus(*BLEU, 1), 6, words, 2.0, False, False, False)
