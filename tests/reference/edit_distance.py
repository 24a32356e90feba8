"""Edit distance by the whole table (Wagner and Fischer 1974)."""

from __future__ import annotations

import re
from collections.abc import Sequence

import numpy as np


def units(text: str, unit: str) -> list[str]:
    """Characters, or words as jiwer parts them."""
    if unit == "characters":
        return list(text.strip())
    return [word for word in re.sub(r"\s\s+", " ", text).strip().split(" ") if word]


def table(a: Sequence[str], b: Sequence[str]) -> np.ndarray:
    cost = np.zeros((len(a) + 1, len(b) + 1), int)
    cost[:, 0], cost[0] = np.arange(len(a) + 1), np.arange(len(b) + 1)
    for i, x in enumerate(a, 1):
        for j, y in enumerate(b, 1):
            cost[i, j] = min(cost[i - 1, j] + 1, cost[i, j - 1] + 1, cost[i - 1, j - 1] + (x != y))
    return cost


def steps(a: Sequence[str], b: Sequence[str]) -> list[list[int]]:
    """Edits of a cheapest way, found from the end: deletion before insertion before substitution.

    Each is [0 substitute, 1 delete, 2 insert; place in a; place in b].
    """
    first = 0
    while first < min(len(a), len(b)) and a[first] == b[first]:
        first += 1
    a_end, b_end = len(a), len(b)
    while a_end > first and b_end > first and a[a_end - 1] == b[b_end - 1]:
        a_end, b_end = a_end - 1, b_end - 1
    cost = table(a[first:a_end], b[first:b_end])
    i, j = (n - 1 for n in cost.shape)
    found = []
    while i or j:
        if i and (j == 0 or cost[i, j] == cost[i - 1, j] + 1):
            i -= 1
            found.append([1, first + i, first + j])
        elif i == 0 or (j > 1 and cost[i, j - 1] == cost[i - 1, j - 1] - 1):
            j -= 1
            found.append([2, first + i, first + j])
        else:
            i, j = i - 1, j - 1
            if a[first + i] != b[first + j]:
                found.append([0, first + i, first + j])
    return found[::-1]
