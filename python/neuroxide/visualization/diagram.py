"""`Diagram`: boxes and arrows, laid out and written as SVG by ourselves, or as PNG and PDF through matplotlib."""

from __future__ import annotations

import itertools
import os
from collections.abc import Sequence
from html import escape
from typing import Any, NamedTuple

from neuroxide.visualization.layered import Point, layered_layout
from neuroxide.visualization.style import BLUE, INK, MUTED, ORANGE, new_figure

FONT = 12.0
LINE = 17.0
PADDING = 11.0
MARGIN = 14.0
FILLS = {"input": "#eef4fe", "layer": "#ffffff", "output": "#fdf1e9"}
EDGES = {"input": BLUE, "layer": "#9aa7b5", "output": ORANGE}
# Widths of DejaVu Sans's characters in units of the font size; others are taken for 0.63. Fonts that stand in for it
# are narrower, so text stays inside its box.
WIDTHS = {**dict.fromkeys("ijlI|.,:;'!", 0.31), **dict.fromkeys("()[]rtf -/", 0.38), **dict.fromkeys("mwMW→@", 0.92)}


class Box(NamedTuple):
    """A box: a first line in bold, quieter lines under it, and a kind: "input", "layer" or "output"."""

    title: str
    lines: Sequence[str] = ()
    kind: str = "layer"


class Diagram:
    """Boxes and arrows between them; a notebook shows it by itself.

    Args:
        boxes: the boxes.
        arrows: triples (from, to, label) of box numbers and text, which may be empty; no cycles.
        horizontal: whether arrows point right instead of down.

    Example:
        >>> diagram = Diagram([Box("x", kind="input"), Box("Dense", ["(None, 3)"])], [(0, 1, "")])
        >>> diagram.svg().startswith("<svg")
        True
    """

    def __init__(self, boxes: Sequence[Box], arrows: Sequence[tuple[int, int, str]], horizontal: bool = False) -> None:
        self.boxes = list(boxes)
        self.arrows = list(arrows)
        sizes = [_size(box) for box in self.boxes]
        pairs = [(start, end) for start, end, _ in self.arrows]
        gap = (26.0, 34.0) if not any(label for _, _, label in self.arrows) else (40.0, 46.0)
        if horizontal:
            centres, bends = layered_layout([(h, w) for w, h in sizes], pairs, gap)
            centres = [(y, x) for x, y in centres]
            bends = [[(y, x) for x, y in path] for path in bends]
        else:
            centres, bends = layered_layout(sizes, pairs, gap)
        self.horizontal = horizontal
        self._corners = [(x - w / 2 + MARGIN, y - h / 2 + MARGIN, w, h) for (x, y), (w, h) in zip(centres, sizes)]
        self._paths = [[(x + MARGIN, y + MARGIN) for x, y in path] for path in bends]
        points = [(x + w, y + h) for x, y, w, h in self._corners] + [p for path in self._paths for p in path]
        labelled = [self._label_end(path, text) for path, (_, _, text) in zip(self._paths, self.arrows)]
        self.width = max((x for x, _ in points + labelled), default=0.0) + MARGIN
        self.height = max((y for _, y in points), default=0.0) + MARGIN

    def svg(self) -> str:
        """The drawing as SVG text."""
        out = [
            f'<svg xmlns="http://www.w3.org/2000/svg" width="{self.width:.0f}" height="{self.height:.0f}" '
            f'viewBox="0 0 {self.width:.1f} {self.height:.1f}" font-family="DejaVu Sans, Helvetica, Arial, sans-serif" '
            f'font-size="{FONT:g}">',
            '<defs><marker id="tip" viewBox="0 0 8 8" refX="7" refY="4" markerWidth="7" markerHeight="7" '
            f'orient="auto"><path d="M0 0.8 8 4 0 7.2z" fill="{MUTED}"/></marker></defs>',
            f'<rect width="{self.width:.1f}" height="{self.height:.1f}" fill="white"/>',
        ]
        for path, (_, _, text) in zip(self._paths, self.arrows):
            curve = " ".join(_curve(path, self.horizontal))
            out.append(f'<path d="{curve}" fill="none" stroke="{MUTED}" stroke-width="1.2" marker-end="url(#tip)"/>')
            if text:
                x, y = _label_place(path)
                out.append(f'<text x="{x:.1f}" y="{y + 4:.1f}" fill="{ORANGE}">{escape(text)}</text>')
        for box, (x, y, w, h) in zip(self.boxes, self._corners):
            out.append(
                f'<rect x="{x:.1f}" y="{y:.1f}" width="{w:.1f}" height="{h:.1f}" rx="5" fill="{FILLS[box.kind]}" '
                f'stroke="{EDGES[box.kind]}" stroke-width="1.2"/>'
            )
            for i, line in enumerate([box.title, *box.lines]):
                look = f'fill="{INK}" font-weight="bold"' if i == 0 else f'fill="{MUTED}"'
                middle = y + PADDING + LINE * i + FONT - 1.5
                out.append(
                    f'<text x="{x + w / 2:.1f}" y="{middle:.1f}" text-anchor="middle" {look}>{escape(line)}</text>'
                )
        return "\n".join([*out, "</svg>\n"])

    def _repr_svg_(self) -> str:
        return self.svg()

    def save(self, path: str | os.PathLike[str], dpi: int = 200) -> None:
        """Write the drawing: `.svg` by ourselves, every other ending (`.png`, `.pdf`, …) through matplotlib.

        Raises:
            ImportError: matplotlib isn't installed, for endings other than `.svg`.
        """
        if os.fspath(path).lower().endswith(".svg"):
            with open(path, "w", encoding="utf-8") as file:
                file.write(self.svg())
            return
        self.figure().savefig(path, dpi=dpi)

    def figure(self) -> Any:
        """The drawing as a `matplotlib.figure.Figure`."""
        figure = new_figure(self.width / 72, self.height / 72)
        figure.set_layout_engine("none")
        from matplotlib.patches import FancyArrowPatch, FancyBboxPatch
        from matplotlib.path import Path

        axes = figure.add_axes((0, 0, 1, 1))
        axes.set_axis_off()
        axes.set_xlim(0, self.width)
        axes.set_ylim(self.height, 0)
        for path, (_, _, text) in zip(self._paths, self.arrows):
            vertices, codes = _bezier(path, self.horizontal)
            curve = Path(vertices, [{"M": Path.MOVETO, "C": Path.CURVE4}[code] for code in codes])
            axes.add_patch(
                FancyArrowPatch(path=curve, arrowstyle="-|>", mutation_scale=8, color=MUTED, linewidth=1.0, fill=False)
            )
            if text:
                x, y = _label_place(path)
                axes.text(x, y, text, color=ORANGE, fontsize=FONT * 0.95, va="center")
        for box, (x, y, w, h) in zip(self.boxes, self._corners):
            axes.add_patch(
                FancyBboxPatch(
                    (x + 5, y + 5), w - 10, h - 10, boxstyle="round,pad=5,rounding_size=5",
                    facecolor=FILLS[box.kind], edgecolor=EDGES[box.kind], linewidth=1.0,
                )
            )  # fmt: skip
            for i, line in enumerate([box.title, *box.lines]):
                axes.text(
                    x + w / 2, y + PADDING + LINE * i + LINE / 2 - 1.5, line, ha="center", va="center",
                    fontsize=FONT * 0.95, color=INK if i == 0 else MUTED, weight="bold" if i == 0 else "normal",
                )  # fmt: skip
        return figure

    def _label_end(self, path: list[Point], text: str) -> Point:
        x, y = _label_place(path)
        return (x + _wide(text), y) if text else (0.0, 0.0)


def _size(box: Box) -> Point:
    wide = max([_wide(box.title, bold=True), *(_wide(line) for line in box.lines)])
    return max(wide + 2 * PADDING, 40.0), LINE * (1 + len(box.lines)) + 2 * PADDING - 4


def _wide(text: str, bold: bool = False) -> float:
    return FONT * (1.12 if bold else 1.0) * sum(WIDTHS.get(letter, 0.63) for letter in text)


def _label_place(path: list[Point]) -> Point:
    (x0, y0), (x1, y1) = path[0], path[1]
    return (x0 + x1) / 2 + 6, (y0 + y1) / 2


def _bezier(path: list[Point], horizontal: bool) -> tuple[list[Point], str]:
    """Smooth curves through the points: every piece starts and ends in the direction of the arrows."""
    points, codes = [path[0]], "M"
    for (x0, y0), (x1, y1) in itertools.pairwise(path):
        if horizontal:
            half = (x1 - x0) / 2
            points += [(x0 + half, y0), (x1 - half, y1), (x1, y1)]
        else:
            half = (y1 - y0) / 2
            points += [(x0, y0 + half), (x1, y1 - half), (x1, y1)]
        codes += "CCC"
    return points, codes


def _curve(path: list[Point], horizontal: bool) -> list[str]:
    points, _ = _bezier(path, horizontal)
    text = [f"{x:.1f} {y:.1f}" for x, y in points]
    return [f"M{text[0]}", *(f"C{' '.join(text[i : i + 3])}" for i in range(1, len(text), 3))]
