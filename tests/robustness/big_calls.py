"""One call of each kernel on arrays that are split over threads, of odd sizes so that parts end unevenly."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np

from neuroxide import _core


def normal(*shape: int, seed: int = 0) -> np.ndarray:
    return np.random.default_rng(seed).standard_normal(shape).astype(np.float32)


def labels(n: int, classes: int) -> np.ndarray:
    return np.random.default_rng(9).integers(0, classes, n)


def sentences(n: int, seed: int) -> list[str]:
    """Lines of words, with repetition and punctuation."""
    words = np.array(["the", "a", "cat,", "dog.", "sat", "on", "1,5", "mat!", "é", "我", "U.S.", "-"])
    rng = np.random.default_rng(seed)
    return [" ".join(rng.choice(words, rng.integers(0, 30))) for _ in range(n)]


def stepped(step: Callable[..., None], *rest: Any) -> list[np.ndarray]:
    """The parameters and state after one step from fixed beginnings."""
    lists = [[abs(normal(700_001, seed=k)), abs(normal(333, seed=k + 50))] for k in range(rest[0])]
    step(*lists, *rest[1:])
    return [array for each in lists for array in each]


ROWS, WIDTH = 1013, 1117
KEY = (7, 11)


def calls() -> dict[str, Callable[[], Any]]:
    """The calls by name."""
    x, y, row = normal(ROWS, WIDTH), normal(ROWS, WIDTH, seed=1), normal(WIDTH, seed=2)
    made: dict[str, Callable[[], Any]] = {}

    def add(name: str, *arguments: Any) -> None:
        if hasattr(_core, name):
            made[f"{name} {len(made)}"] = lambda: getattr(_core, name)(*arguments)

    for name in ("exp", "log1p", "erf", "sin", "tanh", "sigmoid", "softplus", "relu", "negative"):
        add(name, abs(x))
    for name in ("gelu", "gelu_backward"):
        add(name, *([x, y] if name.endswith("backward") else [x]), False)
    for name in ("add", "multiply", "power", "maximum"):
        add(name, abs(x), row)
    for axes in ((0,), (1,), (0, 1)):
        for name in ("sum", "mean", "max", "prod"):
            add(name, x, axes, False)
    for axis in (0, 1):
        for name in ("argmax", "cumsum", "softmax", "log_softmax"):
            add(name, x, axis)
        add("softmax_backward", x, y, axis)
    add("sum_to", x, (WIDTH,))
    add("sum_to", x, (ROWS, 1))
    add("sum_squares", [x, y, row])
    add("matmul", x, y, True, False)
    add("matmul", x, y, False, True)
    add("matmul", normal(13, 67, 129), normal(13, 129, 65, seed=1))
    add("matmul", normal(1, 3001), normal(3001, 1999, seed=1))
    add("dense_forward", x, normal(WIDTH, 131), normal(131, seed=3), "tanh")
    add("dense_backward", x, normal(WIDTH, 131), normal(ROWS, 131), normal(ROWS, 131, seed=4), "tanh", True, True, True)
    add("softmax_cross_entropy", x, labels(ROWS, WIDTH))
    add("softmax_cross_entropy_backward", x, labels(ROWS, WIDTH), normal(ROWS), normal(ROWS))
    for name in ("mean_squared_error", "binary_cross_entropy"):
        add(name, x, abs(y))
        add(f"{name}_backward", x, abs(y), normal(ROWS))
    for name in ("random_uniform", "random_normal", "truncated_normal"):
        add(name, (ROWS, WIDTH), 0.0, 1.0, *KEY, "float32")
    add("random_bits", 1_000_003, *KEY)
    add("permutation", 1_000_003, *KEY)
    add("dropout", x, 0.3, *KEY)
    hypotheses, *references = (sentences(5003, seed) for seed in range(3))
    add("bleu_statistics", hypotheses, references, "13a", False, 4)
    add("bleu_statistics", hypotheses, references, "intl", True, 4)
    add("bleu_tokenize", hypotheses, "13a", False)
    add("bleu_resample", abs(x), np.random.default_rng(3).integers(0, ROWS, (53, ROWS)))
    add("chrf_statistics", hypotheses, references, 6, 2, 2.0, False, False, False)
    add("edit_distance", hypotheses, references[0], "characters")
    add("gather_rows", x, labels(5003, ROWS))
    add("rows_from", labels(5003, 300), normal(5003, 64))
    for name, lists, rest in (
        ("sgd_step", 3, (0.1, 0.9, True)),
        ("rmsprop_step", 3, (None, None, 0.1, 0.9, 0.0, 1e-7)),
        ("adam_step", 4, (None, 0.1, 0.9, 0.999, 1e-7, 3)),
        ("lamb_step", 4, (0.1, 0.9, 0.999, 1e-7, 3)),
        ("ftrl_step", 4, (0.1, -0.5, 0.1, 0.1, 0.1, 0.1)),
        ("ema_step", 2, (0.9,)),
    ):
        if hasattr(_core, name):
            made[name] = lambda name=name, lists=lists, rest=rest: stepped(getattr(_core, name), lists, *rest)
    return made


def bits(result: Any) -> list[Any]:
    """The result as bytes, to be compared to the bit."""
    parts = result if isinstance(result, tuple | list) else [result]
    return [part.tobytes() if isinstance(part, np.ndarray) else repr(part) for part in parts]
