"""Learning curves: how loss and metrics went, epoch by epoch."""

from __future__ import annotations

import math
import os
from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any

from neuroxide.visualization.style import BLUE, INK, MUTED, ORANGE, headline, new_figure, plain_axes, save

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure

# Curves for which more is better; for all others, losses and errors, less is.
RISING = ("acc", "auc", "precision", "recall", "f1", "iou", "r2", "cosine")


def learning_curves(
    history: Any,
    metrics: Sequence[str] | None = None,
    *,
    title: str | None = "Learning curves",
    path: str | os.PathLike[str] | None = None,
) -> Figure:
    """Draws loss and metrics over the epochs, training and validation in one panel each.

    Lines are named at their ends, and the best validation epoch is marked: the largest value for metrics such as
    accuracy, the smallest for losses.

    Args:
        history: what `fit` returns, or its dictionary of name to one value an epoch; `val_` names validation.
        metrics: which names, in which order; None draws all but the learning rate, the loss first.
        title: headline, or None.
        path: file to write, the format by its ending.

    Returns:
        The `matplotlib.figure.Figure`.

    Raises:
        ImportError: matplotlib isn't installed.
        ValueError: no epochs, or an unknown metric.

    Example:
        >>> from neuroxide.visualization import learning_curves
        >>> figure = learning_curves({"loss": [2.0, 0.7, 0.4], "val_loss": [1.5, 0.8, 0.9]})
        >>> [axes.get_title(loc="left") for axes in figure.axes]
        ['loss']
    """
    values: Mapping[str, Sequence[float]] = getattr(history, "history", history)
    names = _chosen(values, metrics)
    figure = new_figure(4.6 * len(names) + 0.2, 3.5)
    for place, name in enumerate(names):
        axes = figure.add_subplot(1, len(names), place + 1)
        _panel(axes, name, values.get(name, ()), values.get(f"val_{name}", ()))
    headline(figure, title)
    return save(figure, path)


def _chosen(values: Mapping[str, Sequence[float]], metrics: Sequence[str] | None) -> list[str]:
    there = list(dict.fromkeys(name.removeprefix("val_") for name in values if name != "learning_rate"))
    there.sort(key=lambda name: name != "loss")  # the loss first, the others as they came
    if metrics is not None:
        unknown = [name for name in metrics if name not in there]
        if unknown:
            raise ValueError(f"learning_curves: expected metrics among {there}, got {unknown}")
        there = list(metrics)
    if not there or not any(len(line) for line in values.values()):
        raise ValueError("learning_curves: expected a history of at least one epoch, got an empty one")
    return there


def _panel(axes: Axes, name: str, training: Sequence[float], validation: Sequence[float]) -> None:
    plain_axes(axes)
    axes.set_title(name.replace("_", " "), loc="left", fontsize=10.5, color=INK, pad=10)
    axes.set_xlabel("epoch", fontsize=9, color=MUTED)
    ends: list[tuple[float, str, str]] = []
    for line, colour, label in ((training, BLUE, "training"), (validation, ORANGE, "validation")):
        if not len(line):
            continue
        axes.plot(range(1, len(line) + 1), line, color=colour, linewidth=2.0, solid_capstyle="round", zorder=3)
        finite = [value for value in line if math.isfinite(value)]
        if finite:
            ends.append((finite[-1], f"{label} {finite[-1]:.3g}", colour))
    epochs = max(len(training), len(validation))
    # Whole epochs only, at round steps, the last among them.
    step = next(step for step in (1, 2, 5, 10, 20, 50, 100, 200, 500, 1000, 10**9) if epochs / step <= 6)
    axes.set_xticks(sorted({1, *range(step, epochs + 1, step)} - ({1} if step == 2 else set())))
    axes.set_xlim(1 - 0.02 * epochs, max(epochs, 2))
    _mark_best(axes, name, validation)
    _name_ends(axes, ends, max(epochs, 2))


def _mark_best(axes: Axes, name: str, validation: Sequence[float]) -> None:
    rising = any(word in name for word in RISING)
    finite = [(value, epoch) for epoch, value in enumerate(validation, 1) if math.isfinite(value)]
    if len(finite) < 2:
        return
    # The first of equals.
    value, epoch = min(finite, key=lambda pair: (-pair[0] if rising else pair[0], pair[1]))
    axes.plot([epoch], [value], "o", markersize=7, color="white", markeredgecolor=ORANGE, markeredgewidth=1.8, zorder=5)
    axes.annotate(
        f"best {value:.3g}, epoch {epoch}",
        (epoch, value),
        xytext=(0, 12 if not rising else -22),
        textcoords="offset points",
        ha="right" if epoch > len(validation) / 2 else "left",
        va="bottom" if not rising else "top",
        fontsize=8.5,
        color=ORANGE,
        bbox={"facecolor": "white", "edgecolor": "none", "pad": 1.0, "alpha": 0.85},
        zorder=4,
    )


def _name_ends(axes: Axes, ends: list[tuple[float, str, str]], x: float) -> None:
    """Writes each line's name and last value beside its end, moved apart where they would touch."""
    low, high = axes.get_ylim()
    least = 0.075 * (high - low)
    ends.sort()
    heights = [value for value, _, _ in ends]
    if len(heights) == 2 and heights[1] - heights[0] < least:
        middle = (heights[0] + heights[1]) / 2
        heights = [middle - least / 2, middle + least / 2]
    for height, (_, text, colour) in zip(heights, ends):
        axes.annotate(
            text,
            (x, height),
            xytext=(8, 0),
            textcoords="offset points",
            va="center",
            fontsize=9,
            color=colour,
            fontweight="bold",
            annotation_clip=False,
        )
