"""`compare_runs`: one metric of several runs in one picture."""

from __future__ import annotations

import os
from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any

import numpy as np

from neuroxide.visualization.boundary import COLOURS
from neuroxide.visualization.style import MUTED, headline, log_axis, new_figure, plain_axes, save

if TYPE_CHECKING:
    from matplotlib.figure import Figure


def compare_runs(
    runs: Mapping[str, Any],
    metric: str = "loss",
    *,
    x: Mapping[str, Sequence[float]] | None = None,
    x_label: str = "epoch",
    log: bool = False,
    title: str | None = None,
    path: str | os.PathLike[str] | None = None,
) -> Figure:
    """Draw how one metric went in several runs, a line for each, named at its end.

    Args:
        runs: name → what `fit` returned, its dictionary, or the values themselves.
        metric: which of a history's values.
        x: name → where its values stand (seconds, updates); 1, 2, … for runs without.
        x_label: what stands under the axis.
        log: whether the metric's axis is logarithmic.
        title: headline; None takes the metric's name.
        path: file to write, the format by its ending.

    Returns:
        The `matplotlib.figure.Figure`. NaN and infinities leave gaps.

    Raises:
        ImportError: matplotlib isn't installed.
        ValueError: no runs, more than ten, an unknown metric, or lengths that differ.

    Example:
        >>> figure = compare_runs({"sgd": [1.0, 0.5], "adam": [1.0, 0.1]})
        >>> [line.get_ydata()[-1] for line in figure.axes[0].lines]
        [np.float64(0.5), np.float64(0.1)]
    """
    if not 1 <= len(runs) <= len(COLOURS):
        raise ValueError(f"compare_runs: expected 1 to {len(COLOURS)} runs, got {len(runs)}")
    lines = {name: _values(name, run, metric) for name, run in runs.items()}
    figure = new_figure(6.4, 3.9)
    from matplotlib.ticker import MaxNLocator

    axes = figure.add_subplot()
    plain_axes(axes)
    axes.set_xlabel(x_label, fontsize=9, color=MUTED)
    if x is None:
        axes.xaxis.set_major_locator(MaxNLocator(integer=True))
    if log:
        log_axis(axes)
    ends: list[tuple[float, float, str, str]] = []
    for colour, (name, values) in zip(COLOURS, lines.items()):
        at = np.arange(1, len(values) + 1) if x is None or name not in x else np.asarray(x[name], np.float64)
        if len(at) != len(values):
            raise ValueError(f"compare_runs: expected {len(values)} places for {name!r}, got {len(at)}")
        shown = np.where(np.isfinite(values) & ((values > 0) | (not log)), values, np.nan)
        axes.plot(at, shown, color=colour, linewidth=1.9, solid_capstyle="round", label=name)
        finite = np.flatnonzero(np.isfinite(shown))
        if len(finite):
            ends.append((float(at[finite[-1]]), float(shown[finite[-1]]), f"{name} {shown[finite[-1]]:.3g}", colour))
    axes.tick_params(which="both", length=0, colors=MUTED, labelsize=8.5)
    headline(figure, metric.replace("_", " ").capitalize() if title is None else title)
    _name(figure, axes, ends)
    return save(figure, path)


def _values(name: str, run: Any, metric: str) -> Any:
    history = getattr(run, "history", run)
    if isinstance(history, Mapping):
        if metric not in history:
            raise ValueError(f"compare_runs: expected run {name!r} to have {metric!r}, got {sorted(history)}")
        history = history[metric]
    values = np.asarray(history, np.float64)
    if values.ndim != 1 or not len(values):
        raise ValueError(f"compare_runs: expected at least one value for run {name!r}, got shape {values.shape}")
    return values


def _name(figure: Any, axes: Any, ends: list[tuple[float, float, str, str]]) -> None:
    """Names at the right of the axes, pushed apart where lines end close together."""
    if not ends:
        return
    figure.canvas.draw()
    low, high = axes.transAxes.transform((0, 0))[1], axes.transAxes.transform((0, 1))[1]
    places = sorted((axes.transData.transform((x, y))[1], text, colour) for x, y, text, colour in ends)
    step = 11.5 * figure.dpi / 72
    heights: list[float] = []
    for place, _, _ in places:
        heights.append(max(place, heights[-1] + step) if heights else place)
    over = heights[-1] - max(high, places[-1][0])
    if over > 0:
        # Too many at the top: everything that was pushed moves down together.
        heights = [min(height, high - step * (len(heights) - 1 - i)) for i, height in enumerate(heights)]
    for height, (_, text, colour) in zip(heights, places):
        axes.text(
            1.02, (height - low) / (high - low), text, transform=axes.transAxes, color=colour, fontsize=8.5, va="center"
        )
