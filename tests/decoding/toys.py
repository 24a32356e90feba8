"""Small models whose next token depends on the input, the position and the two tokens before."""

import numpy as np

from tests.reference.decoding import log_softmax


class Toy:
    """`step` and `state` for a search; `log_p(sentence)` for the reference."""

    def __init__(self, seed, sentences, vocabulary, length, dtype=np.float64, scale=2.0):
        rng = np.random.default_rng(seed)
        shape = (sentences, length, vocabulary, vocabulary, vocabulary)
        self.table = (scale * rng.standard_normal(shape)).astype(dtype)
        self.start = rng.integers(0, vocabulary, sentences)
        self.sentences, self.vocabulary, self.length = sentences, vocabulary, length

    def state(self, sentences=slice(None)):
        which = np.arange(self.sentences)[sentences]
        return {"which": which, "before": np.zeros_like(which), "t": 0}

    def step(self, tokens, state):
        logits = self.table[state["which"], state["t"], state["before"], tokens]
        return logits, {"which": state["which"], "before": tokens, "t": state["t"] + 1}

    def log_p(self, sentence):
        def row(prefix):
            last = (0, self.start[sentence], *prefix)
            return log_softmax(self.table[sentence, len(prefix), last[-2] if prefix else 0, last[-1]])

        return row
