"""Writes rust/kernels/src/text/tables.rs: which characters are numbers, punctuation and symbols.

Usage: python tools/unicode_tables.py [--check]     with --check, only says whether the file is up to date

Needs the `regex` package, whose tables sacrebleu's `intl` tokenizer uses.
"""

from __future__ import annotations

import sys
from pathlib import Path

import regex

TARGET = Path(__file__).resolve().parent.parent / "rust" / "kernels" / "src" / "text" / "tables.rs"
CLASSES = {"Number": r"\p{N}", "Punctuation": r"\p{P}", "Symbol": r"\p{S}"}
HEADER = """\
//! Numbers (N), punctuation (P) and symbols (S) as the `regex` package {version} has them.
//! Made by `tools/unicode_tables.py`.

/// A general category that tokenizing asks for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Category {{
    Number,
    Punctuation,
    Symbol,
}}

use Category::{{Number as N, Punctuation as P, Symbol as S}};

/// Ranges of code points, ends included, in rising order.
#[rustfmt::skip]
pub const CATEGORIES: [(u32, u32, Category); {count}] = [
"""


def ranges() -> list[tuple[int, int, str]]:
    """(first, last, letter of the category), by rising code point."""
    found: list[tuple[int, int, str]] = []
    patterns = {name[0]: regex.compile(pattern) for name, pattern in CLASSES.items()}
    for code in range(0x110000):
        for letter, pattern in patterns.items():
            if pattern.match(chr(code)):
                if found and found[-1][1] == code - 1 and found[-1][2] == letter:
                    found[-1] = (found[-1][0], code, letter)
                else:
                    found.append((code, code, letter))
    return found


def source() -> str:
    """The whole Rust file."""
    rows = ranges()
    lines, line = [], ""
    for first, last, letter in rows:
        item = f"(0x{first:x}, 0x{last:x}, {letter}),"
        if len(line) + 1 + len(item) > 116:
            lines.append(line)
            line = ""
        line += (" " if line else "") + item
    lines.append(line)
    body = "".join(f"    {line}\n" for line in lines)
    return HEADER.format(version=regex.__version__, count=len(rows)) + body + "];\n"


if __name__ == "__main__":
    text = source()
    if "--check" in sys.argv[1:]:
        if TARGET.read_text("utf-8") != text:
            sys.exit(f"{TARGET.name} is not what `regex` {regex.__version__} says; run python tools/unicode_tables.py")
    else:
        TARGET.write_text(text, "utf-8")
