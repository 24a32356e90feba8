"""chrF's counts from their definition: counters of strings, the reference with the best F-score."""

from __future__ import annotations

import string
from collections import Counter

EPSILON = 1e-16


def words(text: str) -> list[str]:
    """Words with one punctuation mark cut off: the last character if it is one, else the first."""
    found = []
    for word in text.split():
        if len(word) > 1 and word[-1] in string.punctuation:
            found += [word[:-1], word[-1]]
        elif len(word) > 1 and word[0] in string.punctuation:
            found += [word[0], word[1:]]
        else:
            found.append(word)
    return found


def counters(text: str, characters: int, word_order: int, whitespace: bool) -> list[Counter]:
    line = text if whitespace else "".join(text.split())
    pieces = words(text)
    return [
        *(Counter(line[i : i + n] for i in range(len(line) - n + 1)) for n in range(1, characters + 1)),
        *(Counter(tuple(pieces[i : i + n]) for i in range(len(pieces) - n + 1)) for n in range(1, word_order + 1)),
    ]


def f_score(rows: list[list[int]], beta: float, epsilon: bool) -> float:
    """Percent, from [in the hypothesis, in the reference, in both] of each order."""
    weight = beta**2
    pairs = [(both / mine if mine else EPSILON, both / other if other else EPSILON) for mine, other, both in rows]
    if epsilon:
        means = [((1 + weight) * p * r / (weight * p + r)) if weight * p + r else EPSILON for p, r in pairs]
        return 100 * sum(means) / len(means)
    kept = [pair for pair, (mine, other, _) in zip(pairs, rows) if mine and other]
    if not kept:
        return 0.0
    p, r = (sum(side) / len(kept) for side in zip(*kept))
    return 100 * (1 + weight) * p * r / (weight * p + r) if p + r else 0.0


def statistics(
    hypothesis: str,
    references: list[str | None],
    characters: int,
    word_order: int,
    beta: float,
    lowercase: bool,
    whitespace: bool,
    epsilon: bool,
) -> list[int]:
    lowered = [t.lower() if lowercase else t for t in (hypothesis, *(r for r in references if r is not None))]
    mine, *others = (counters(text, characters, word_order, whitespace) for text in lowered)
    rows = [
        [[sum(h.values()) if r else 0, sum(r.values()), sum((h & r).values())] for h, r in zip(mine, other)]
        for other in others
    ]
    best = max(rows, key=lambda row: f_score(row, beta, epsilon))
    return [number for triple in best for number in triple]
