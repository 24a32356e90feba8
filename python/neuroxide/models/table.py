"""Text tables with box drawing, laid out as Keras 3's `summary()` (the rules of the `rich` library it prints with)."""

from __future__ import annotations

import re
from collections.abc import Sequence

_WORD = re.compile(r"\s*\S+\s*")
_ASCII = str.maketrans(dict(zip("┏━┳┓┃┡╇┩│├─┼┤└┴┘…", "+=++|+++|+-++++++.")))


def render(
    header: Sequence[str], rows: Sequence[Sequence[str]], align: Sequence[str], positions: Sequence[float], length: int
) -> str:
    """A boxed table of `length` columns of text.

    Args:
        header: one title a column.
        rows: one text a cell; texts too wide for their column are broken between words, words are cut with an ellipsis.
        align: `left`, `right` or `center` for each column.
        positions: where each column ends, as fractions of `length`.
    Raises:
        ValueError: columns narrower than four characters.
    """
    widths = _widths(positions, length)
    lines = [_rule("┏━┳┓", widths), *_row(header, align, widths, "┃", bottom=True), _rule("┡━╇┩", widths)]
    for index, row in enumerate(rows):
        if index:
            lines.append(_rule("├─┼┤", widths))
        lines += _row(row, align, widths, "│")
    lines.append(_rule("└─┴┘", widths))
    return "\n".join(lines)


def to_ascii(text: str) -> str:
    """The same with plain characters, for outputs that have no box drawing."""
    return text.translate(_ASCII)


def _widths(positions: Sequence[float], length: int) -> list[int]:
    """Widths between the rules: each column's share, and what borders and padding take off, spread evenly."""
    widths, start = [], 0
    for position in positions:
        width = int(position * length) - start
        if width < 4:
            raise ValueError(f"summary: expected columns of at least 4 characters, got {width}: raise line_length")
        widths.append(width + 2)
        start += width
    excess = sum(widths) - (length - len(widths) - 1)
    for index in range(len(widths)):
        part = round(excess / (len(widths) - index))
        widths[index] -= part
        excess -= part
    return widths


def _rule(characters: str, widths: Sequence[int]) -> str:
    left, line, middle, right = list(characters)
    return left + middle.join(line * width for width in widths) + right


def _row(
    cells: Sequence[str], align: Sequence[str], widths: Sequence[int], bar: str, bottom: bool = False
) -> list[str]:
    wrapped = [_wrap(cell, width - 2) for cell, width in zip(cells, widths)]
    height = max(map(len, wrapped))
    blank = [[""] * (height - len(texts)) for texts in wrapped]
    wrapped = [above + texts if bottom else texts + above for above, texts in zip(blank, wrapped)]
    lines = []
    for index in range(height):
        parts = []
        for texts, side, width in zip(wrapped, align, widths):
            text = texts[index]
            parts.append(f" {_justify(text, side, width - 2)} ")
        lines.append(bar + bar.join(parts) + bar)
    return lines


def _justify(text: str, side: str, width: int) -> str:
    if side == "left":
        return text.ljust(width)
    if side == "right":
        return text.rstrip().rjust(width)
    text = text.strip()
    left = (width - len(text)) // 2
    return (" " * left + text).ljust(width)


def _wrap(text: str, width: int) -> list[str]:
    lines, line = [], ""
    for word in _WORD.findall(text):
        if line and len(line) + len(word.rstrip()) > width:
            lines.append(line)
            line = ""
        line += word
    lines.append(line)
    return [_fit(line, width) for line in lines]


def _fit(line: str, width: int) -> str:
    if len(line) > width:
        line = line.rstrip() if len(line.rstrip()) > width else line[:width]
    return line if len(line) <= width else line[: width - 1] + "…"
