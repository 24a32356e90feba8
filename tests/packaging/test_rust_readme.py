"""rust/README.md tells the truth: the files that use unsafe, and the functions that it points at."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[2]
README = (ROOT / "rust" / "README.md").read_text(encoding="utf-8")
# A pointer: `path/to/file.rs` → `name`.
POINTERS = re.findall(r"`([\w./]+\.(?:rs|py))`\s*→\s*`([\w.]+)`", README)


def uses_unsafe(source: str) -> bool:
    """True where the keyword stands in code, not in a comment, a string or a lint's name."""
    code = re.sub(r"//[^\n]*|/\*.*?\*/|\"(?:\\.|[^\"\\])*\"", "", source, flags=re.DOTALL)
    return re.search(r"\bunsafe\b", code) is not None


def test_unsafe_stays_in_the_listed_files() -> None:
    table = README.split("unsafe: begin")[1].split("unsafe: end")[0]
    listed = re.findall(r"^\| `([\w./]+\.rs)` \|", table, re.MULTILINE)
    rust = ROOT / "rust"
    sources = {path.relative_to(rust).as_posix(): path.read_text(encoding="utf-8") for path in rust.rglob("*.rs")}
    found = {path for path, source in sources.items() if uses_unsafe(source)}
    assert sorted(listed) == sorted(set(listed))
    assert found - set(listed) == set(), "use unsafe: list them in rust/README.md with the reason"
    assert set(listed) - found == set(), "are gone or use no unsafe any more: take them off that list"


@pytest.mark.parametrize(("path", "name"), POINTERS, ids=[f"{path}-{name}" for path, name in POINTERS])
def test_pointers_lead_somewhere(path: str, name: str) -> None:
    base = ROOT if path.startswith("python/") else ROOT / "rust"
    source = (base / path).read_text(encoding="utf-8")
    for part in name.split("."):
        defined = rf"\b(?:fn|struct|trait|enum|def|class)\s+{part}\b|^\s*{part}\(\w+"
        assert re.search(defined, source, re.MULTILINE), part


def test_there_are_pointers() -> None:
    assert len(POINTERS) > 12
