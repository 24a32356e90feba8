"""The k largest of each row: a batch of next-token logits."""

import numpy as np

from benches.shapes import TOPK
from neuroxide import _core

ROWS, COLUMNS, K = TOPK


def bench_topk(benchmark, normal):
    benchmark(_core.topk, normal((ROWS, COLUMNS)), K)


def bench_topk_of_rising_rows(benchmark, normal):
    """Each element is better than those before it: the worst case for the threshold."""
    benchmark(_core.topk, np.sort(normal((ROWS, COLUMNS)), axis=1), K)


def bench_topk_backward(benchmark, normal):
    dy = normal((ROWS, K))
    benchmark(_core.topk_backward, np.argsort(normal((ROWS, COLUMNS)), axis=1)[:, :K].copy(), dy, COLUMNS)
