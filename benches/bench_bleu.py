"""BLEU of a corpus by tokenizer and number of references; resampling."""

import numpy as np
import pytest

from benches.compare.workloads.text import corpus
from benches.shapes import BLEU, BLEU_REFERENCES
from neuroxide import _core


@pytest.mark.parametrize("references", BLEU_REFERENCES)
@pytest.mark.parametrize("tokenizer", ["13a", "intl", "zh", "none"])
def bench_bleu_statistics(benchmark, tokenizer, references):
    hypotheses, streams = corpus(*BLEU, references)
    benchmark(_core.bleu_statistics, hypotheses, streams, tokenizer, False, 4)


def bench_bleu_tokenize(benchmark):
    benchmark(_core.bleu_tokenize, corpus(*BLEU, 1)[0], "13a", False)


def bench_bleu_resample(benchmark):
    rng = np.random.default_rng(0)
    benchmark(_core.bleu_resample, np.ones((BLEU[0], 10), np.float32), rng.integers(0, BLEU[0], (100, BLEU[0])))
