"""The examples of docs/decoding.md run, and the script that goes with it."""

import doctest
import os
import subprocess
import sys
from pathlib import Path

import neuroxide as nx

ROOT = Path(__file__).resolve().parents[2]


def test_examples_of_the_page():
    done = doctest.testfile(str(ROOT / "docs/decoding.md"), module_relative=False, encoding="utf-8")
    assert done.attempted > 15 and done.failed == 0


def test_the_script():
    done = subprocess.run(
        [sys.executable, ROOT / "examples" / "beam_search.py", "--beam-width", "4"],
        env={**os.environ, "PYTHONPATH": str(Path(nx.__file__).parents[1]), "PYTHONUTF8": "1"},
        capture_output=True,
        text=True,
        encoding="utf-8",
        timeout=120,
    )
    assert done.returncode == 0, done.stderr
    assert "perplexity" in done.stdout and "at fault" in done.stdout
