"""`decision_boundary`: which class a classifier of two features gives every point of the plane."""

from __future__ import annotations

import os
from collections.abc import Callable, Sequence
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import ArrayLike

from neuroxide.visualization.style import BLUE, INK, MUTED, ORANGE, headline, new_figure, save

if TYPE_CHECKING:
    from matplotlib.figure import Figure

COLOURS = (BLUE, ORANGE, "#2a9d6f", "#8a56c2", "#c2569b", "#b8860b", "#4a8fa8", "#7a7f87", "#c8323c", "#5b7f2b")
# Differ in shape as well as colour, for grey printers and for eyes that don't tell the colours apart.
MARKERS = "o^sDvP*Xph"


def decision_boundary(
    predict: Any,
    x: ArrayLike,
    y: ArrayLike,
    *,
    class_names: Sequence[str] | None = None,
    feature_names: Sequence[str] = ("x₁", "x₂"),
    resolution: int = 300,
    title: str | None = "Decision boundary",
    path: str | os.PathLike[str] | None = None,
) -> Figure:
    """Draw the regions of the classes, the border between them, and the data; examples on the wrong side are ringed.

    Args:
        predict: a model of ours or an estimator with `predict`, or a function of (N, 2) arrays. Outputs are labels
            (N,), one probability of the second class (N,) or (N, 1), or scores (N, classes).
        x: array of shape (N, 2).
        y: integer labels of shape (N,) or (N, 1), from 0 on; at most 10 classes.
        class_names: one name for each class.
        feature_names: what the axes are called.
        resolution: points along each side of the grid that is classified.
        title: headline, or None.
        path: file to write, the format by its ending.

    Returns:
        The `matplotlib.figure.Figure`.

    Raises:
        ImportError: matplotlib isn't installed.
        ValueError: data of another shape, or no data.

    Example:
        >>> x = np.array([[-1.0, 0.0], [1.0, 0.0]])
        >>> figure = decision_boundary(lambda x: x[:, 0] > 0, x, [0, 1])
        >>> len(figure.axes)
        1
    """
    data, labels = np.asarray(x, np.float64), np.asarray(y).reshape(-1)
    if data.ndim != 2 or data.shape[1] != 2 or not len(data) or len(labels) != len(data):
        raise ValueError(
            f"decision_boundary: expected x of shape (N, 2) and N labels, N ≥ 1, got {data.shape} and {labels.shape}"
        )
    if labels.dtype.kind not in "biu" or labels.min() < 0 or labels.max() >= len(COLOURS):
        raise ValueError(f"decision_boundary: expected integer labels from 0 to {len(COLOURS) - 1}, got {labels[:5]}…")
    labels = labels.astype(np.int64)
    function = _function(predict)
    low, high = data.min(axis=0), data.max(axis=0)
    room = np.where(high > low, 0.1 * (high - low), 1.0)
    sides = [np.linspace(low[i] - room[i], high[i] + room[i], resolution) for i in (0, 1)]
    grid = np.stack(np.meshgrid(*sides), axis=-1).reshape(-1, 2)
    regions = _classes(function(grid)).reshape(resolution, resolution)
    found = _classes(function(data))
    count = int(max(labels.max(), regions.max(), found.max())) + 1
    names = [str(i) for i in range(count)] if class_names is None else list(class_names)

    figure = new_figure(5.6, 4.9)
    from matplotlib.colors import to_rgb

    axes = figure.add_subplot()
    # Many examples are drawn smaller, so that they don't hide each other.
    scale = min(1.0, (400 / len(data)) ** 0.5)
    paper = np.array([[0.82 + 0.18 * part for part in to_rgb(colour)] for colour in COLOURS])
    extent = (sides[0][0], sides[0][-1], sides[1][0], sides[1][-1])
    axes.imshow(paper[regions], extent=extent, origin="lower", aspect="auto", interpolation="nearest", zorder=0)
    for label in range(count):
        if (regions == label).any() and (regions != label).any():
            axes.contour(*sides, (regions == label).astype(float), [0.5], colors="white", linewidths=1.6, zorder=1)
    for label in np.unique(labels):
        of_class = data[labels == label]
        axes.scatter(
            of_class[:, 0],
            of_class[:, 1], s=17 * scale, marker=MARKERS[label], color=COLOURS[label], edgecolors="white",
            linewidths=0.5 * scale, label=names[label], zorder=3,
        )  # fmt: skip
    wrong = found != labels
    if wrong.any():
        axes.scatter(
            data[wrong, 0], data[wrong, 1], s=52 * scale, facecolors="none", edgecolors=INK, linewidths=0.9 * scale,
            label="wrong", zorder=4,
        )  # fmt: skip
    axes.set_xlim(extent[0], extent[1])
    axes.set_ylim(extent[2], extent[3])
    axes.set_xlabel(feature_names[0], color=MUTED, fontsize=9)
    axes.set_ylabel(feature_names[1], color=MUTED, fontsize=9)
    axes.tick_params(colors=MUTED, labelsize=8.5, length=0)
    for spine in axes.spines.values():
        spine.set_visible(False)
    # Inches that a column takes, its marker and room included.
    column = 0.4 + 0.075 * max(len(text) for text in axes.get_legend_handles_labels()[1])
    axes.legend(
        loc="lower right", bbox_to_anchor=(1.0, 1.0), ncols=max(1, int(4.9 / column)), frameon=False, fontsize=9,
        labelcolor=MUTED, markerscale=scale**-0.5, handletextpad=0.2, columnspacing=1.2, borderaxespad=0.2,
    )  # fmt: skip
    headline(figure, title, f"{len(data) - wrong.sum():,} of {len(data):,} right ({100 * (1 - wrong.mean()):.1f} %)")
    return save(figure, path)


def _function(predict: Any) -> Callable[[Any], Any]:
    method = getattr(predict, "predict", None)
    if method is None:
        return lambda points: predict(points)
    from neuroxide.models import Model

    if isinstance(predict, Model):
        return lambda points: predict.predict(points.astype(np.float32), batch_size=4096, verbose=0)
    return lambda points: method(points)


def _classes(output: Any) -> Any:
    out = np.asarray(output)
    if out.ndim == 2 and out.shape[1] > 1:
        return out.argmax(axis=1)
    out = out.reshape(len(out))
    return out.astype(np.int64) if out.dtype.kind in "biu" else (out > 0.5).astype(np.int64)
