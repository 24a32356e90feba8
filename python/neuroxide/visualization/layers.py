"""Layer by layer: histograms of weights, and how activations and gradients went while training."""

from __future__ import annotations

import math
import os
from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any

import numpy as np

from neuroxide.visualization.style import (
    BLUE,
    BLUES,
    INK,
    MUTED,
    ORANGE,
    headline,
    log_axis,
    new_figure,
    plain_axes,
    save,
)

if TYPE_CHECKING:
    from matplotlib.figure import Figure


def weight_histograms(
    model: Any,
    *,
    bins: int = 60,
    columns: int = 4,
    title: str | None = "Weights",
    path: str | os.PathLike[str] | None = None,
) -> Figure:
    """Draw the distribution of every trainable weight of a model, with its mean and standard deviation.

    Args:
        model: a built model or layer.
        bins: bars of a histogram at most; small weights get fewer.
        columns: panels in a row at most.
        title: headline, or None.
        path: file to write, the format by its ending.

    Returns:
        The `matplotlib.figure.Figure`. NaN and infinities are left out, and their number is said.

    Raises:
        ImportError: matplotlib isn't installed.
        ValueError: no weights.

    Example:
        >>> import neuroxide as nx
        >>> model = nx.Sequential([nx.Input((4,)), nx.layers.Dense(8), nx.layers.Dense(1)])
        >>> len(weight_histograms(model).axes)
        4
    """
    weights = [(weight.path, weight.numpy().reshape(-1)) for weight in model.trainable_weights]
    if not weights:
        raise ValueError("weight_histograms: expected a built model with trainable weights, got none")
    across = min(columns, len(weights))
    down = math.ceil(len(weights) / across)
    figure = new_figure(2.5 * across + 0.3, 1.85 * down + 0.5)
    for i, (name, values) in enumerate(weights):
        axes = figure.add_subplot(down, across, i + 1)
        plain_axes(axes)
        axes.set_title(name, loc="left", fontsize=9, color=INK, pad=6)
        finite = values[np.isfinite(values)]
        note = f"mean {finite.mean():.2g}, std {finite.std():.2g}" if len(finite) else "nothing finite"
        if len(finite) < len(values):
            note += f", {len(values) - len(finite)} not finite"
        if len(finite):
            spread = float(np.ptp(finite))
            middle = float(finite[0])
            span = (float(finite.min()), float(finite.max())) if spread else (middle - 0.5, middle + 0.5)
            axes.hist(finite, bins=min(bins, max(8, int(2 * len(finite) ** 0.5))), range=span, color=BLUE)
        axes.set_xlabel(note, fontsize=8, color=MUTED)
        axes.set_yticks([])
        axes.tick_params(labelsize=7.5)
    headline(figure, title)
    return save(figure, path)


def layer_statistics(
    history: Any,
    *,
    panels: Sequence[str] | None = None,
    log: bool = True,
    title: str | None = "Signals, layer by layer",
    path: str | os.PathLike[str] | None = None,
) -> Figure:
    """Draw how statistics of every layer (mean size of activations and gradients, say) went while training.

    One panel a statistic, one line a layer, from the first (dark) to the last (orange): lines that fan out by orders of
    magnitude are vanishing or exploding signals. Where each layer has one value, the layers stand along the axis.

    Args:
        history: a `callbacks.GradientMonitor` that has watched a training, or statistic → {layer: one value for each
            epoch or step}, layers in order.
        panels: which statistics, in which order; None draws all.
        log: whether values are drawn on a logarithmic axis; those that are not above 0 are left out then.
        title: headline, or None.
        path: file to write, the format by its ending.

    Returns:
        The `matplotlib.figure.Figure`.

    Raises:
        ImportError: matplotlib isn't installed.
        ValueError: no values, or an unknown statistic.

    Example:
        >>> history = {"gradient norm": {"dense": [1e-4, 2e-4], "dense_1": [0.1, 0.2]}}
        >>> [axes.get_title(loc="left") for axes in layer_statistics(history).axes]
        ['gradient norm']
    """
    # A monitor keeps one value for each epoch; of other records we can't know.
    across = "epoch" if hasattr(history, "history") else "epoch or step"
    history = _statistics(history)
    names = list(history) if panels is None else list(panels)
    unknown = [name for name in names if name not in history]
    if unknown:
        raise ValueError(f"layer_statistics: expected statistics among {list(history)}, got {unknown}")
    if not names or not any(len(line) for name in names for line in history[name].values()):
        raise ValueError("layer_statistics: expected at least one value, got none")
    figure = new_figure(4.6 * len(names) + 0.2, 3.6)
    from matplotlib.colors import LinearSegmentedColormap
    from matplotlib.ticker import MaxNLocator

    shades = LinearSegmentedColormap.from_list("depth", [BLUES[5], BLUE, BLUES[2], "#f0b28a", ORANGE])
    for place, name in enumerate(names):
        axes = figure.add_subplot(1, len(names), place + 1)
        plain_axes(axes)
        axes.set_title(name, loc="left", fontsize=10.5, color=INK, pad=10)
        axes.set_xlabel(across, fontsize=9, color=MUTED)
        layers = history[name]
        if all(len(line) == 1 for line in layers.values()):
            # One value a layer: the layers stand along the axis.
            values = np.array([line[0] for line in layers.values()], np.float64)
            axes.plot(np.arange(1, len(values) + 1), _shown(values, log), color=BLUE, linewidth=1.8, marker="o", ms=4)
            axes.set_xlabel("layer, from the first to the last", fontsize=9, color=MUTED)
        else:
            for i, (layer, line) in enumerate(layers.items()):
                shown = _shown(np.asarray(line, np.float64), log)
                colour = shades(i / max(len(layers) - 1, 1))
                axes.plot(np.arange(1, len(shown) + 1), shown, color=colour, linewidth=1.8, label=layer)
        if log:
            log_axis(axes)
        axes.tick_params(which="both", length=0, colors=MUTED, labelsize=8.5)
        axes.xaxis.set_major_locator(MaxNLocator(nbins=5, integer=True))
    handles, labels = figure.axes[0].get_legend_handles_labels()
    if 0 < len(labels) <= 16:
        figure.legend(handles, labels, loc="outside right center", frameon=False, fontsize=8, labelcolor=MUTED)
    headline(figure, title, "dark: first layers; orange: last layers" if labels else None)
    return save(figure, path)


def _shown(values: Any, log: bool) -> Any:
    return np.where(np.isfinite(values) & ((values > 0) | (not log)), values, np.nan)


def _statistics(history: Any) -> Mapping[str, Mapping[str, Sequence[float]]]:
    recorded = getattr(history, "history", None)
    if recorded is None:
        statistics: Mapping[str, Mapping[str, Sequence[float]]] = history
        return statistics
    return {
        f"{kind}, root mean square": {
            # Gradients are recorded as they arrive, from the last layer to the first.
            layer: recorded[kind][layer]["rms"]
            for layer in (recorded[kind] if kind == "activations" else reversed(recorded[kind]))
        }
        for kind in ("activations", "gradients")
    }
