"""The code in README.md and docs/ runs, page by page; every room has its page in the site."""

from __future__ import annotations

import doctest
import os
import re
import subprocess
import sys
from pathlib import Path

import pytest

import neuroxide as nx

ROOT = Path(__file__).resolve().parents[2]
PAGES = [ROOT / "README.md", *sorted((ROOT / "docs").rglob("*.md"))]
# A block after "<!-- not run: reason -->" is left out.
BLOCK = re.compile(r"(<!-- not run: .+ -->\n+)?^```python\n(.*?)^```$", re.DOTALL | re.MULTILINE)


def code_of(page: Path) -> str:
    text = page.read_text(encoding="utf-8")
    blocks = []
    for match in BLOCK.finditer(text):
        if match[1] is None and not match[2].startswith(">>>"):
            # Blank lines in front make the line numbers of a traceback those of the page.
            lines = text[: match.start(2)].count("\n") - sum(block.count("\n") for block in blocks)
            blocks.append("\n" * lines + match[2])
    return "".join(blocks)


WITH_CODE = [page for page in PAGES if code_of(page)]


@pytest.mark.parametrize("page", WITH_CODE, ids=lambda page: str(page.relative_to(ROOT)))
def test_code_on_the_page_runs(page: Path, tmp_path: Path) -> None:
    script = tmp_path / page.name.replace(".md", ".py")
    script.write_text(code_of(page), encoding="utf-8")
    done = subprocess.run(
        [sys.executable, "-W", "error", script],
        env={**os.environ, "PYTHONPATH": str(Path(nx.__file__).parents[1])},
        cwd=tmp_path,
        capture_output=True,
        text=True,
        timeout=240,
    )
    assert done.returncode == 0, done.stderr


SESSIONS = [page for page in PAGES if ">>> " in page.read_text(encoding="utf-8")]


@pytest.mark.parametrize("page", SESSIONS, ids=lambda page: str(page.relative_to(ROOT)))
def test_sessions_on_the_page_give_what_they_show(page: Path) -> None:
    done = doctest.testfile(str(page), module_relative=False, encoding="utf-8")
    assert done.attempted and not done.failed


def test_there_is_code_to_run() -> None:
    assert len(WITH_CODE) >= 8 and len(SESSIONS) >= 2


def test_every_page_is_in_the_site_and_every_room_has_one() -> None:
    site = (ROOT / "mkdocs.yml").read_text(encoding="utf-8")
    for page in sorted((ROOT / "docs").rglob("*.md")):
        assert str(page.relative_to(ROOT / "docs")) in site, page
    shown = "".join(page.read_text(encoding="utf-8") for page in (ROOT / "docs" / "api").glob("*.md"))
    rooms = [name for name in nx.__all__ if hasattr(getattr(nx, name), "__path__") or name in ("sklearn", "random")]
    missing = [room for room in rooms if f"::: neuroxide.{room}\n" not in shown]
    assert len(rooms) > 12 and not missing


def test_links_between_pages_lead_somewhere() -> None:
    for page in PAGES:
        for target in re.findall(r"\]\((?!https?:|#)([^)#]+)", page.read_text(encoding="utf-8")):
            assert (page.parent / target).exists(), f"{page.name}: {target}"


def test_the_maths_page_has_every_layer_optimizer_and_schedule() -> None:
    page = (ROOT / "docs" / "maths.md").read_text("utf-8")
    told = set(re.findall(r"`(\w+)[(`]", page))
    # Bases, entries and functions of the user's own have no formula.
    bare = {"Layer", "Input", "InputLayer", "InputSpec", "Lambda", "Wrapper", "Optimizer", "LearningRateSchedule"}
    bare.add("ExponentialMovingAverage")
    for room in (nx.layers, nx.optimizers, nx.optimizers.schedules):
        classes = {name for name in room.__all__ if isinstance(getattr(room, name), type)}
        assert classes - bare <= told, sorted(classes - bare - told)
