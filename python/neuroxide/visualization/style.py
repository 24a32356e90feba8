"""One look for all pictures: colours, type, and figures that need neither a display nor global state."""

from __future__ import annotations

import functools
import io
import os
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure

INK = "#1f2a37"
MUTED = "#6b7683"
RULE = "#e3e7ec"
BLUE = "#2f6fde"
ORANGE = "#e4752b"
RED = "#c8323c"
# The blues of the confusion matrix, from paper to ink; even steps to the eye, so they survive a grey printer.
BLUES = ("#ffffff", "#dbe8fb", "#a9c8f5", "#6a9cea", "#2f6fde", "#1c478f")


def new_figure(width: float, height: float) -> Figure:
    """An empty figure of `width` × `height` inches, drawn by Agg, with no window and no pyplot behind it.

    Raises:
        ImportError: matplotlib isn't installed.
    """
    try:
        from matplotlib.backends.backend_agg import FigureCanvasAgg
        from matplotlib.figure import Figure
    except ImportError as error:
        raise ImportError(
            "visualization: pictures need matplotlib, which isn't installed: pip install 'neuroxide[viz]'"
        ) from error
    figure = Figure(figsize=(width, height), dpi=160, facecolor="white", layout="constrained")
    FigureCanvasAgg(figure)
    # Notebooks show it by this; matplotlib itself does so only where pyplot was imported.
    figure._repr_png_ = functools.partial(_png, figure)  # type: ignore[attr-defined]
    # Room between panels and at the edges, in inches.
    figure.get_layout_engine().set(w_pad=0.16, h_pad=0.14, wspace=0.05)  # type: ignore[union-attr,call-arg]
    return figure


def _png(figure: Figure) -> tuple[bytes, dict[str, int]]:
    """The picture, and its size on a page (96 pixels an inch), as IPython takes them."""
    buffer = io.BytesIO()
    figure.savefig(buffer, format="png")
    width, height = (round(96 * inches) for inches in (figure.get_figwidth(), figure.get_figheight()))
    return buffer.getvalue(), {"width": width, "height": height}


def headline(figure: Figure, title: str | None, subtitle: str | None = None) -> None:
    """A title at the left edge, with a quieter line under it."""
    if title is None:
        return
    left = 0.16 / figure.get_figwidth()
    # An empty second line of the title reserves the subtitle's room.
    text = title if subtitle is None else f"{title}\n"
    figure.suptitle(text, x=left, ha="left", fontsize=13, fontweight="bold", color=INK)
    if subtitle is not None:
        below = 1 - 0.42 / figure.get_figheight()
        figure.text(left, below, subtitle, ha="left", va="top", fontsize=9.5, color=MUTED)


def plain_axes(axes: Axes) -> None:
    """Quiet axes: horizontal rules only, no box, small grey numbers."""
    for side in ("top", "right", "left"):
        axes.spines[side].set_visible(False)
    axes.spines["bottom"].set_color(RULE)
    axes.grid(axis="y", color=RULE, linewidth=0.8)
    axes.set_axisbelow(True)
    axes.tick_params(colors=MUTED, labelsize=8.5, length=0)


def log_axis(axes: Axes) -> None:
    """A logarithmic y axis, with plain numbers (0.3, not 3 × 10⁻¹) as long as they stay short."""
    from matplotlib.ticker import LogFormatterSciNotation

    class Plain(LogFormatterSciNotation):
        """Matplotlib's labels, in plain digits where the whole axis lies between a thousandth and ten thousand."""

        def __call__(self, x: float, pos: int | None = None) -> str:
            text = str(super().__call__(x, pos))
            low, high = self.axis.get_view_interval()  # type: ignore[union-attr]
            return f"{x:g}" if text and low > 5e-4 and high < 2e4 else text

    axes.set_yscale("log")
    axes.yaxis.set_major_formatter(Plain())
    axes.yaxis.set_minor_formatter(Plain(minor_thresholds=(1, 0.4)))


def save(figure: Figure, path: str | os.PathLike[str] | None) -> Figure:
    """Writes the figure where a path is given, and hands it back."""
    if path is not None:
        figure.savefig(path)
    return figure
