"""`diagnose`: which gap between errors to work on first, and how."""

from __future__ import annotations

import math

ADVICE = {
    "avoidable bias": (
        "train a bigger network",
        "train longer, or with a better optimizer (momentum, RMSprop, Adam)",
        "try another architecture or other hyperparameters",
    ),
    "variance": (
        "get more training data",
        "regularise: L2, dropout, data augmentation",
        "try another architecture or other hyperparameters",
    ),
    "data mismatch": (
        "look at the mistakes on the dev set to see how it differs from the training set",
        "make the training data more similar, or collect data like those of the dev set (synthesis, too)",
    ),
    "overfitting to dev": ("get a bigger dev set",),
}


class Diagnosis:
    """What `diagnose` found.

    Attributes:
        gaps: name → gap, in the order human, train, train-dev, dev, test; what can't be told is left out.
        problems: names of the gaps to work on, the largest first; empty where all is well.
        advice: problem → what to try, in order.
    """

    def __init__(self, errors: dict[str, float], gaps: dict[str, float], problems: list[str]) -> None:
        self.errors = errors
        self.gaps = gaps
        self.problems = problems
        self.advice = {problem: ADVICE[problem] for problem in problems}

    def __str__(self) -> str:
        after = {
            "train": "avoidable bias",
            "train-dev": "variance",
            "dev": "data mismatch" if "train-dev" in self.errors else "variance",
            "test": "overfitting to dev" if "dev" in self.errors else "variance",
        }
        lines = []
        for name, error in self.errors.items():
            gap = after.get(name)
            note = ""
            if gap is not None:
                mark = "  <-- work on this" if gap in self.problems else ""
                note = f"   {gap:<18} {100 * self.gaps[gap]:+6.2f} %{mark}"
            lines.append(f"{name + ' error':<16}{100 * error:6.2f} %{note}")
        if not self.problems:
            lines.append("No gap stands out.")
        lines += [f"{problem[0].upper()}{problem[1:]}: {'; '.join(self.advice[problem])}." for problem in self.problems]
        return "\n".join(lines)

    def __repr__(self) -> str:
        return f"Diagnosis({', '.join(self.problems) or 'no problem'})"


def diagnose(
    train: float,
    dev: float | None = None,
    *,
    human: float = 0.0,
    train_dev: float | None = None,
    test: float | None = None,
    tolerance: float = 0.015,
) -> Diagnosis:
    """Say whether bias, variance, data mismatch or overfitting to the dev set is the problem.

    avoidable bias = train − human; variance = train-dev − train (dev − train where there is no train-dev set: training
    and dev sets are then taken to come from one distribution); data mismatch = dev − train-dev;
    overfitting to dev = test − dev. A gap is a problem when it is more than `tolerance` and at least half the
    largest gap.

    Args:
        train: error on the training set, a fraction from 0 to 1.
        dev: error on the dev set; may be left out where there is only a test set.
        human: error of people, the stand-in for the least error possible.
        train_dev: error on examples of the training distribution that were not trained on.
        test: error on the test set.
        tolerance: gaps up to this are left alone.

    Returns:
        A `Diagnosis`; printed, it is a table with advice.

    Raises:
        ValueError: an error outside 0 to 1 (a percentage, say), NaN, or neither a dev nor a test error.

    Example:
        >>> print(diagnose(human=0.0, train=0.01, train_dev=0.015, dev=0.10))
        human error       0.00 %
        train error       1.00 %   avoidable bias      +1.00 %
        train-dev error   1.50 %   variance            +0.50 %
        dev error        10.00 %   data mismatch       +8.50 %  <-- work on this
        Data mismatch: look at the mistakes on the dev set to see how it differs from the training set; make the training data more similar, or collect data like those of the dev set (synthesis, too).

    Source: A. Ng, Structuring Machine Learning Projects (Deep Learning Specialization, course 3).
    """  # noqa: E501
    given = {"human": human, "train": train, "train-dev": train_dev, "dev": dev, "test": test}
    errors = {name: float(value) for name, value in given.items() if value is not None}
    for name, error in errors.items():
        if not 0 <= error <= 1:
            hint = ": divide percentages by 100" if 1 < error <= 100 else ""
            raise ValueError(f"diagnose: expected the {name} error as a fraction from 0 to 1, got {error}{hint}")
    if not tolerance >= 0 or math.isinf(tolerance):
        raise ValueError(f"diagnose: expected a tolerance of at least 0, got {tolerance}")
    if dev is None and test is None:
        raise ValueError("diagnose: expected the error on a dev or test set, got neither")
    held_out = "dev" if dev is not None else "test"
    gaps = {"avoidable bias": errors["train"] - errors["human"]}
    if train_dev is None:
        gaps["variance"] = errors[held_out] - errors["train"]
    else:
        gaps["variance"] = errors["train-dev"] - errors["train"]
        gaps["data mismatch"] = errors[held_out] - errors["train-dev"]
    if dev is not None and test is not None:
        gaps["overfitting to dev"] = errors["test"] - errors["dev"]
    if train_dev is not None and dev is None:
        # The test set stands in for the dev set, so the printed row must carry its gap.
        errors["dev"] = errors.pop("test")
    # Differences of decimal fractions carry rounding errors.
    largest = max(gaps.values())
    problems = [name for name, gap in gaps.items() if gap > tolerance + 1e-12 and gap >= largest / 2 - 1e-12]
    return Diagnosis(errors, gaps, sorted(problems, key=lambda name: -gaps[name]))
