"""Edit distance of sentences, and of one long text."""

import pytest

from benches.compare.workloads.text import corpus
from benches.shapes import BLEU
from neuroxide import _core


@pytest.mark.parametrize("unit", ["words", "characters"])
def bench_edit_distance(benchmark, unit):
    hypotheses, (references, *_) = corpus(*BLEU, 1)
    benchmark(_core.edit_distance, references, hypotheses, unit)


def bench_edit_distance_of_a_book(benchmark):
    hypotheses, (references, *_) = corpus(*BLEU, 1)
    benchmark(_core.edit_distance, [" ".join(references[:1000])], [" ".join(hypotheses[:1000])], "words")
