"""A table with a frame, as sacrebleu prints it."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from itertools import zip_longest

__all__ = ["fancy_grid"]


def fancy_grid(columns: Mapping[str, Sequence[str]]) -> str:
    """Columns of text under their titles; the first on the right, the others centred.

    Args:
        columns: cells by title; a cell may have several lines.

    Returns:
        The table, without a newline at its end.

    Example:
        >>> print(fancy_grid({"System": ["a"], "BLEU": ["1.0"]}))
        ╒══════════╤════════╕
        │   System │  BLEU  │
        ╞══════════╪════════╡
        │        a │  1.0   │
        ╘══════════╧════════╛
    """
    # Titles have room for two more, as `tabulate` gives them.
    widths = [max([len(title) + 2, *map(_width, cells)]) for title, cells in columns.items()]

    def rule(left: str, middle: str, right: str, line: str = "═") -> str:
        return left + middle.join(line * (width + 2) for width in widths) + right

    def row(cells: Sequence[str]) -> list[str]:
        parts = zip_longest(*(cell.split("\n") for cell in cells), fillvalue="")
        return [
            "│" + "│".join(f" {_placed(i, text, widths[i])} " for i, text in enumerate(part)) + "│" for part in parts
        ]

    lines = [rule("╒", "╤", "╕"), *row(list(columns)), rule("╞", "╪", "╡")]
    for i, cells in enumerate(zip(*columns.values())):
        if i:
            lines.append(rule("├", "┼", "┤", "─"))
        lines += row(cells)
    return "\n".join([*lines, rule("╘", "╧", "╛")])


def _bare(text: str) -> int:
    """Length without colours."""
    return len(text.replace("\033[31m", "").replace("\033[0m", ""))


def _width(cell: str) -> int:
    return max(_bare(line) for line in cell.split("\n"))


def _placed(column: int, text: str, width: int) -> str:
    spare = width - _bare(text)
    left = spare if column == 0 else spare // 2
    return " " * left + text + " " * (spare - left)
