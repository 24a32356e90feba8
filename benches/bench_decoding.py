"""A step of a beam search, of sampling, and the scoring of given tokens: everything but the model."""

import numpy as np
import pytest

from benches.shapes import BEAM
from neuroxide import _core
from neuroxide.decoding import Decoder, Sampling

SENTENCES, BEAMS, VOCABULARY = BEAM


@pytest.mark.parametrize("groups", [1, 5])
def bench_beam_step(benchmark, normal, groups):
    decoder = Decoder(
        np.zeros(SENTENCES, int),
        max_length=10**6,
        beam_width=BEAMS,
        end_tokens=2,
        groups=groups,
        early_stopping="never",
    )
    decoder.step(normal((SENTENCES, VOCABULARY)))
    logits = 3 * normal((SENTENCES * BEAMS, VOCABULARY))
    benchmark(decoder.step, logits)


@pytest.mark.parametrize("options", [{}, {"temperature": 0.7}, {"top_k": 50}, {"top_p": 0.9}], ids=str)
def bench_sampling_step(benchmark, normal, options):
    rows = SENTENCES * BEAMS
    decoder = Decoder(np.zeros(rows, int), max_length=10**6, sampling=Sampling(seed=0, **options))
    logits = 3 * normal((rows, VOCABULARY))
    benchmark(decoder.step, logits)


def bench_token_log_probs(benchmark, normal):
    rows = SENTENCES * BEAMS
    benchmark(_core.token_log_probs, normal((rows, VOCABULARY)), np.zeros(rows, np.int64))
