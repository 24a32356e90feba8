"""Grids of images with captions."""

from __future__ import annotations

import math
import os
from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import ArrayLike, NDArray

from neuroxide.visualization.style import INK, RULE, headline, new_figure, save

if TYPE_CHECKING:
    from matplotlib.figure import Figure


def image_grid(
    images: ArrayLike,
    captions: Sequence[str] | None = None,
    *,
    columns: int | None = None,
    title: str | None = None,
    subtitle: str | None = None,
    path: str | os.PathLike[str] | None = None,
) -> Figure:
    """Draws images side by side, each with a caption under it.

    One-channel images are drawn dark on white, on one scale from the smallest to the largest value of them all;
    three-channel images as colours (integers 0 to 255, floats 0 to 1).

    Args:
        images: array of shape (N, H, W), (N, H, W, 1) or (N, H, W, 3), N ≥ 1.
        captions: N texts, of one or more lines, or None.
        columns: images in a row; None makes a grid a little wider than high.
        title: headline, or None.
        subtitle: a quieter line under it, or None.
        path: file to write, the format by its ending.

    Returns:
        The `matplotlib.figure.Figure`.

    Raises:
        ImportError: matplotlib isn't installed.
        ValueError: another shape, no images, or another number of captions.

    Example:
        >>> from neuroxide.datasets import digits
        >>> from neuroxide.visualization import image_grid
        >>> (images, labels), _ = digits.load_data()
        >>> figure = image_grid(images[:6], [str(label) for label in labels[:6]], columns=3)
        >>> len(figure.axes)
        6
    """
    pixels = _checked(np.asarray(images))
    count = len(pixels)
    if captions is not None and len(captions) != count:
        raise ValueError(f"image_grid: expected {count} captions, one for each image, got {len(captions)}")
    across = columns if columns is not None else min(count, max(1, math.ceil(math.sqrt(1.7 * count))))
    if across < 1:
        raise ValueError(f"image_grid: expected columns of at least 1, got {columns}")
    down = math.ceil(count / across)
    lines = 0 if captions is None else max(caption.count("\n") + 1 for caption in captions)
    header = 0.0 if title is None else 0.45 if subtitle is None else 0.75
    figure = new_figure(max(1.25 * across + 0.3, 5.2 if title else 1.0), down * (1.2 + 0.21 * lines) + 0.2 + header)
    finite = pixels[np.isfinite(pixels)] if pixels.dtype.kind == "f" else pixels
    low, high = (float(finite.min()), float(finite.max())) if finite.size else (0.0, 1.0)
    for place in range(count):
        axes = figure.add_subplot(down, across, place + 1)
        # Nearest: a pixel of the data is a square on paper, not a blur.
        axes.imshow(pixels[place], cmap="gray_r", vmin=low, vmax=high, interpolation="nearest")
        axes.set_xticks([])
        axes.set_yticks([])
        for spine in axes.spines.values():
            spine.set_color(RULE)
        if captions is not None:
            axes.set_xlabel(captions[place], fontsize=8.5, color=INK, labelpad=5, linespacing=1.35)
    headline(figure, title, subtitle)
    return save(figure, path)


def _checked(pixels: NDArray[Any]) -> NDArray[Any]:
    if pixels.ndim == 4 and pixels.shape[3] == 1:
        pixels = pixels[..., 0]
    colour = pixels.ndim == 4 and pixels.shape[3] == 3
    if not (pixels.ndim == 3 or colour) or 0 in pixels.shape or pixels.dtype.kind not in "buif":
        raise ValueError(
            "image_grid: expected numbers of shape (N, H, W), (N, H, W, 1) or (N, H, W, 3) with N of at least 1, "
            f"got {pixels.dtype} of shape {pixels.shape}"
        )
    return pixels.astype(np.uint8) if pixels.dtype == bool else pixels
