"""Writes `docs/keras_parity.md`: which of Keras's names are here, compared with Keras, or missing.

It reads the names from the golden file of `tests/parity`, so that it needs no Keras.
"""

from __future__ import annotations

import sys
from pathlib import Path

ROOT = Path(__file__).resolve().parents[1]
for folder in (ROOT, ROOT / "python"):
    if str(folder) not in sys.path:
        sys.path.insert(0, str(folder))

from tests.parity import golden  # noqa: E402
from tests.parity.libraries import Ours  # noqa: E402
from tests.parity.tables import DIFFERENCES, NOT_COMPARED, TABLES  # noqa: E402

HELPERS = {"deserialize", "get", "serialize"}


def page() -> str:
    """The text of the page."""
    content, ours = golden.read(), Ours()
    sections, rows = [], []
    functions = {entry.get("function") for kind in ("losses", "metrics") for entry in content["cases"][kind].values()}
    for kind, cases in TABLES.items():
        module = ours.module(kind)
        theirs = sorted(set(content["names"][kind]) - HELPERS)
        here = ours.shared(kind, theirs)
        compared = {getattr(module, case.name) for case in cases if hasattr(module, case.name)}
        done = [
            name
            for name in here
            if getattr(module, name) in compared or (kind in ("losses", "metrics") and name in functions)
        ]
        reasons = {name: why for name, why in NOT_COMPARED.get(kind, {}).items() if name in here and name not in done}
        open_names = [name for name in here if name not in done and name not in reasons]
        missing = [name for name in theirs if name not in here]
        lines = sum(hasattr(module, case.name) for case in cases)
        rows.append(f"| {kind} | {len(theirs)} | {len(here)} | {len(done)} | {lines} |")
        part = [f"## {kind}", ""]
        part += _names("Compared", done)
        part += (
            [f"Here, not compared: {'; '.join(f'`{n}` ({why})' for n, why in sorted(reasons.items()))}.", ""]
            if reasons
            else []
        )
        part += _names("Here, a line is missing", open_names)
        part += _names("Not here", missing)
        part += (
            ["Differs on purpose:", "", *(f"- {text}" for text in DIFFERENCES[kind]), ""] if kind in DIFFERENCES else []
        )
        sections.append("\n".join(part))
    head = [
        "# Parity with Keras",
        "",
        "Written by `python tools/keras_parity.py`; a test holds it up to date.",
        "",
        f"Whatever shares a name with {content['made_with'].replace('keras', 'Keras')} is built in both from the same",
        "arguments with the same weights, and outputs, gradients, losses, masks,",
        "weights after ten steps, output shapes, parameter counts, configurations and the text of `summary()`",
        "are compared (`tests/parity`: golden numbers",
        "by default, live with `./dev test -m peers`). Arguments and defaults are compared for every shared name.",
        "",
        "| | names in Keras | here | compared | configurations |",
        "|---|---|---|---|---|",
        *rows,
        "",
    ]
    return "\n".join(head) + "\n" + "\n".join(sections)


def _names(title: str, names: list[str]) -> list[str]:
    return [f"{title}: {', '.join(f'`{name}`' for name in names)}.", ""] if names else []


if __name__ == "__main__":
    (ROOT / "docs" / "keras_parity.md").write_text(page(), encoding="utf-8")
