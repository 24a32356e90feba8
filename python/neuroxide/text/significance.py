"""Is one system better than another, or was it chance: bootstrap resampling and approximate randomization.

Draws come from NumPy's generator in the order in which sacrebleu takes them, so intervals and p-values are sacrebleu's.
"""

from __future__ import annotations

import os
from collections.abc import Iterator, Mapping, Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray

from neuroxide import _core
from neuroxide.text.scoring import Metric, References, Signature, confidence

__all__ = ["PairedTest", "Result", "bootstrap_scores", "seed_of_environment"]

# Draws made at a time.
_CHUNK = 1 << 22


class Result:
    """What a test found for one system and metric.

    Args:
        score: of the system.
        p_value: how likely a difference as large is by chance; None for the baseline.
        mean: of the resampled scores.
        ci: half the interval that holds 95 % of them.
    """

    def __init__(
        self, score: float, p_value: float | None = None, mean: float | None = None, ci: float | None = None
    ) -> None:
        self.score = score
        self.p_value = p_value
        self.mean = mean
        self.ci = ci

    def __repr__(self) -> str:
        return ",".join(f"{name}={value}" for name, value in vars(self).items())


def seed_of_environment() -> int | None:
    """The seed in SACREBLEU_SEED; 12345 where it is not set, None for "none".

    Raises:
        ValueError: where it is neither a whole number of 0 or more nor "none".
    """
    text = os.environ.get("SACREBLEU_SEED", "12345").strip().lower()
    if text == "none":
        return None
    if not text.isdecimal():
        raise ValueError(f'SACREBLEU_SEED: expected a whole number of 0 or more, or "none", got {text!r}')
    return int(text)


def bootstrap_scores(metric: Metric[Any], rows: NDArray[Any], n_samples: int, rng: np.random.Generator) -> list[float]:
    """Scores of so many corpora drawn from this one's sentences, with replacement.

    Args:
        metric: whose statistics `rows` are.
        rows: (sentences, numbers).
        n_samples: how many corpora.
        rng: draws (n_samples, sentences) indices.

    Returns:
        The scores, as sacrebleu computes them from float32 sums.
    """
    return [score for draws in _draws(len(rows), n_samples, rng) for score in _resampled(metric, rows, draws)]


def _draws(sentences: int, n_samples: int, rng: np.random.Generator) -> Iterator[NDArray[np.int64]]:
    """`rng.choice(sentences, (n_samples, sentences))`, some rows at a time."""
    step = max(1, _CHUNK // sentences)
    for start in range(0, n_samples, step):
        yield rng.integers(0, sentences, size=(min(step, n_samples - start), sentences))


def _resampled(metric: Metric[Any], rows: NDArray[Any], draws: NDArray[np.int64]) -> list[float]:
    sums = _core.bleu_resample(np.ascontiguousarray(rows, np.float32), draws)
    return [metric._score(row) for row in sums]


def _interval(scores: Sequence[float]) -> tuple[float, float]:
    """(mean, half the interval) of 95 %."""
    ordered = np.sort(np.array(scores))
    low, high = confidence(scores)
    return float(ordered.mean()), float(0.5 * (ordered[high] - ordered[low]))


def _p_value(samples: NDArray[Any], difference: float) -> float:
    """Share of samples beyond the difference that was found, the latter counted among them."""
    return (int(np.sum(samples > difference)) + 1) / (len(samples) + 1)


class PairedTest:
    """Compares systems with the first of them, the baseline, on the same sentences.

    "bs", paired bootstrap (Koehn 2004): p is the share of resampled corpora on which the difference of scores is
    farther above its mean than the difference that was found is above 0. "ar", approximate randomization (Riezler and
    Maxwell 2005): p is the share of trials, each of which swaps sentences between the two by coin, in which they differ
    by more than was found.

    Args:
        named_systems: (name, hypotheses) of each system, the baseline first.
        metrics: metrics by name; each is named by its score in the results.
        references: streams of references; None for those that the metrics hold.
        test_type: "ar" or "bs".
        n_samples: trials; 0 for 10,000 ("ar") or 1,000 ("bs").
        n_ar_confidence: for "ar", resamples for intervals; 0 for 1,000, -1 for none.
        n_jobs: for sacrebleu's callers; the work runs on neuroxide's threads and the result does not depend on it.

    Raises:
        ValueError: for an unknown test_type or fewer than two systems.

    Example:
        >>> from neuroxide.text import BLEU
        >>> references = [["the cat sat on the mat", "a dog barked at night"] * 20]
        >>> good = references[0]
        >>> bad = ["the cat sat on a mat", "a dog was heard at night"] * 20
        >>> test = PairedTest([("A", good), ("B", bad)], {"BLEU": BLEU()}, references, "bs", n_samples=100)
        >>> signatures, scores = test()
        >>> scores["System"], scores["BLEU"][1].p_value
        (['A', 'B'], 0.009900990099009901)

    Source: sacrebleu 2.6.
    """

    def __init__(
        self,
        named_systems: Sequence[tuple[str, Sequence[str]]],
        metrics: Mapping[str, Metric[Any]],
        references: References | None,
        test_type: str = "ar",
        n_samples: int = 0,
        n_ar_confidence: int = -1,
        n_jobs: int = 1,
    ) -> None:
        if test_type not in ("ar", "bs"):
            raise ValueError(f"PairedTest: expected test_type 'ar' or 'bs', got {test_type!r}")
        if len(named_systems) < 2:
            raise ValueError(f"PairedTest: expected at least two systems, got {len(named_systems)}")
        self.test_type = test_type
        self.named_systems = named_systems
        self.references = references
        self.n_samples = n_samples if n_samples > 0 else {"ar": 10000, "bs": 1000}[test_type]
        self.n_ar_confidence = n_ar_confidence if n_ar_confidence != 0 else 1000
        self.metrics: dict[str, Metric[Any]] = {}
        self._seed = seed_of_environment()
        self._signatures: dict[str, Signature] = {}
        self._baseline: dict[str, tuple[NDArray[Any], Result]] = {}
        for metric in metrics.values():
            self._take_baseline(metric)

    def _take_baseline(self, metric: Metric[Any]) -> None:
        rows = metric.statistics(self.named_systems[0][1], self.references)
        score = metric._score_object(rows.sum(axis=0).tolist())
        result = Result(score.score)
        resamples = self.n_samples if self.test_type == "bs" else self.n_ar_confidence
        if resamples > 0:
            samples = bootstrap_scores(metric, rows, resamples, np.random.default_rng(self._seed))
            result.mean, result.ci = _interval(samples)
        self._baseline[score.name] = rows, result
        self.metrics[score.name] = metric
        signature = metric.get_signature()
        signature.update("seed", str(self._seed).lower())
        signature.update(self.test_type, self.n_samples)
        if self.n_ar_confidence > 0:
            signature.update("bs", self.n_ar_confidence)
        self._signatures[score.name] = signature

    def __call__(self) -> tuple[dict[str, Signature], dict[str, list[Any]]]:
        """Runs the tests.

        Returns:
            Signatures by metric, and columns: "System" with the names, then a list of `Result` for each metric.
        """
        scores: dict[str, list[Any]] = {"System": [name for name, _ in self.named_systems]}
        scores |= {name: [result] for name, (_, result) in self._baseline.items()}
        test = self._bootstrap if self.test_type == "bs" else self._randomize
        for _, hypotheses in self.named_systems[1:]:
            rows = {name: metric.statistics(hypotheses, self.references) for name, metric in self.metrics.items()}
            for name, of_system in rows.items():
                if len(of_system) != len(self._baseline[name][0]):
                    raise ValueError(
                        f"PairedTest: expected {len(self._baseline[name][0])} sentences of each system as of the "
                        f"baseline, got {len(of_system)}"
                    )
            for name, result in test(rows, len(hypotheses)).items():
                scores[name].append(result)
        return self._signatures, scores

    def _results(self, rows: Mapping[str, NDArray[Any]]) -> dict[str, Result]:
        return {name: Result(self.metrics[name]._score(of.sum(axis=0).tolist())) for name, of in rows.items()}

    def _bootstrap(self, rows: Mapping[str, NDArray[Any]], sentences: int) -> dict[str, Result]:
        samples: dict[str, tuple[list[float], list[float]]] = {name: ([], []) for name in rows}
        for draws in _draws(sentences, self.n_samples, np.random.default_rng(self._seed)):
            for name, metric in self.metrics.items():
                samples[name][0].extend(_resampled(metric, self._baseline[name][0], draws))
                samples[name][1].extend(_resampled(metric, rows[name], draws))
        results = self._results(rows)
        for name, result in results.items():
            of_baseline, of_system = (np.array(scores) for scores in samples[name])
            result.mean, result.ci = _interval(samples[name][1])
            differences = np.abs(of_system - of_baseline)
            found = abs(self._baseline[name][1].score - result.score)
            result.p_value = _p_value(differences - differences.mean(), found)
        return results

    def _randomize(self, rows: Mapping[str, NDArray[Any]], sentences: int) -> dict[str, Result]:
        rng = np.random.default_rng(self._seed)
        differences: dict[str, list[float]] = {name: [] for name in rows}
        # A multiple of 32 coins at a time: NumPy takes 32 of them from each number that it draws.
        step = 32 * max(1, _CHUNK // (32 * sentences))
        for start in range(0, self.n_samples, step):
            trials = min(step, self.n_samples - start)
            swapped = rng.integers(2, size=(trials, sentences), dtype=bool).astype(np.float64)
            for name, metric in self.metrics.items():
                baseline, system = self._baseline[name][0], rows[name]
                # Whole numbers below 2**53: exact in any order.
                gained = _core.matmul(swapped, (baseline - system).astype(np.float64)).astype(np.int64)
                first = gained + system.sum(axis=0)
                second = baseline.sum(axis=0) + system.sum(axis=0) - first
                pairs = zip(first.tolist(), second.tolist())
                differences[name].extend(abs(metric._score(a) - metric._score(b)) for a, b in pairs)
        results = self._results(rows)
        for name, result in results.items():
            found = abs(self._baseline[name][1].score - result.score)
            result.p_value = _p_value(np.array(differences[name]), found)
        if self.n_ar_confidence > 0:
            samples: dict[str, list[float]] = {name: [] for name in rows}
            for draws in _draws(sentences, self.n_ar_confidence, rng):
                for name, metric in self.metrics.items():
                    samples[name].extend(_resampled(metric, rows[name], draws))
            for name, result in results.items():
                result.mean, result.ci = _interval(samples[name])
        return results
