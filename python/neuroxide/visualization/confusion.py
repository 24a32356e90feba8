"""Confusion matrix: what each class was taken for, as counts, text and picture."""

from __future__ import annotations

import os
from collections.abc import Sequence
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import ArrayLike, NDArray

from neuroxide.visualization.style import BLUES, INK, MUTED, RED, headline, new_figure, save

if TYPE_CHECKING:
    from matplotlib.figure import Figure


def confusion_counts(y_true: ArrayLike, y_pred: ArrayLike, classes: int | None = None) -> NDArray[np.int64]:
    """Counts how often each class was taken for each: `counts[i, j] = #{n : y_true[n] = i, y_pred[n] = j}`.

    Args:
        y_true: integer labels of shape (N,), or (N, 1), from 0 on.
        y_pred: integer predictions of the same length.
        classes: number of classes; None takes the largest label and one.

    Returns:
        int64 array of shape (classes, classes): true classes down, predicted across.

    Raises:
        ValueError: lengths differ, labels aren't integers, or lie outside 0 … classes - 1.

    Example:
        >>> confusion_counts([0, 1, 1, 2], [0, 1, 2, 2])
        array([[1, 0, 0],
               [0, 1, 1],
               [0, 0, 1]])

    Follows `sklearn.metrics.confusion_matrix`.
    """
    true, predicted = np.asarray(y_true).reshape(-1), np.asarray(y_pred).reshape(-1)
    if true.shape != predicted.shape:
        raise ValueError(f"confusion_counts: expected as many predictions as labels, {true.size}, got {predicted.size}")
    both = np.concatenate([true, predicted])
    if both.size and both.dtype.kind not in "biu":
        raise ValueError(f"confusion_counts: expected integer class labels, got {both.dtype}; take argmax first")
    largest = int(both.max()) if both.size else -1
    size = classes if classes is not None else largest + 1
    if both.size and (largest >= size or int(both.min()) < 0):
        raise ValueError(f"confusion_counts: expected labels from 0 to {size - 1}, got {int(both.min())} to {largest}")
    flat = np.bincount(true.astype(np.int64) * size + predicted.astype(np.int64), minlength=size * size)
    return flat.astype(np.int64).reshape(size, size)


def confusion_table(y_true: ArrayLike, y_pred: ArrayLike, class_names: Sequence[str] | None = None) -> str:
    """The confusion matrix as text: true classes down, predicted across, zeros as dots, recall at the right.

    Args:
        y_true: integer labels of shape (N,), or (N, 1).
        y_pred: integer predictions of the same length.
        class_names: one name for each class; None numbers them.

    Returns:
        Several lines, no newline at the end.

    Raises:
        ValueError: as `confusion_counts`.

    Example:
        >>> print(confusion_table([0, 1, 1, 1], [0, 1, 1, 0], ["cat", "dog"]))
             cat  dog   recall
        cat    1    .  100.0 %
        dog    1    2   66.7 %
    """
    names, counts = _named(y_true, y_pred, class_names)
    wide = max([3, *(len(name) for name in names), *(len(str(count)) for count in counts.flat)])
    left = max(len(name) for name in names)
    lines = [" " * left + "".join(f"  {name:>{wide}}" for name in names) + "   recall"]
    for name, row in zip(names, counts):
        cells = "".join(f"  {count if count else '.':>{wide}}" for count in row.tolist())
        total = row.sum()
        share = f"{100 * row[names.index(name)] / total:5.1f} %" if total else "    –  "
        lines.append(f"{name:<{left}}{cells}  {share}")
    return "\n".join(lines)


def confusion_matrix(
    y_true: ArrayLike,
    y_pred: ArrayLike,
    class_names: Sequence[str] | None = None,
    *,
    title: str | None = "Confusion matrix",
    path: str | os.PathLike[str] | None = None,
) -> Figure:
    """Draws the confusion matrix: true classes down, predicted across, counts in the cells.

    A cell's shade is its share of its row; counts off the diagonal, the mistakes, are red.

    Args:
        y_true: integer labels of shape (N,), or (N, 1).
        y_pred: integer predictions of the same length.
        class_names: one name for each class; None numbers them.
        title: headline, or None.
        path: file to write, the format by its ending.

    Returns:
        The `matplotlib.figure.Figure`.

    Raises:
        ImportError: matplotlib isn't installed.
        ValueError: as `confusion_counts`, or no labels at all.

    Example:
        >>> figure = confusion_matrix([0, 1, 1, 2], [0, 1, 2, 2], ["cat", "dog", "hen"])
        >>> len(figure.axes)
        1
    """
    names, counts = _named(y_true, y_pred, class_names)
    if not counts.sum():
        raise ValueError("confusion_matrix: expected at least one label, got none")
    size = len(names)
    side = max(4.2, 0.48 * size + 1.4)
    figure = new_figure(side, side + 0.3)
    from matplotlib.colors import LinearSegmentedColormap

    axes = figure.add_subplot()
    shares = counts / np.maximum(counts.sum(axis=1, keepdims=True), 1)
    axes.imshow(shares, cmap=LinearSegmentedColormap.from_list("paper", BLUES), vmin=0, vmax=1)
    for row, column in np.argwhere(counts):
        dark = shares[row, column] > 0.5
        colour = "white" if dark else INK if row == column else RED
        weight = "normal" if row == column else "bold"
        axes.text(column, row, str(counts[row, column]), ha="center", va="center", color=colour, weight=weight, size=9)
    turned = 45 if max(len(name) for name in names) > 4 else 0
    axes.set_xticks(range(size), names, rotation=turned, ha="right" if turned else "center")
    axes.set_yticks(range(size), names)
    axes.tick_params(colors=INK, labelsize=9, length=0)
    axes.set_xlabel("predicted", color=MUTED, fontsize=9, labelpad=8)
    axes.set_ylabel("true", color=MUTED, fontsize=9, labelpad=8)
    # White lines between the cells; no box around them.
    axes.set_xticks(np.arange(size + 1) - 0.5, minor=True)
    axes.set_yticks(np.arange(size + 1) - 0.5, minor=True)
    axes.grid(which="minor", color="#eef1f5", linewidth=1.2)
    axes.tick_params(which="minor", length=0)
    for spine in axes.spines.values():
        spine.set_visible(False)
    right = int(np.trace(counts))
    total = int(counts.sum())
    headline(figure, title, f"{right:,} of {total:,} right ({100 * right / total:.1f} %)")
    return save(figure, path)


def _named(
    y_true: ArrayLike, y_pred: ArrayLike, class_names: Sequence[str] | None
) -> tuple[list[str], NDArray[np.int64]]:
    counts = confusion_counts(y_true, y_pred, None if class_names is None else len(class_names))
    names = [str(number) for number in range(len(counts))] if class_names is None else list(class_names)
    if not names:
        raise ValueError("confusion_matrix: expected at least one label, got none")
    return names, counts
