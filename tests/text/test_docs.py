"""The examples of docs/text.md run."""

import doctest
from pathlib import Path


def test_examples():
    path = Path(__file__).parents[2] / "docs" / "text.md"
    failed, tried = doctest.testfile(str(path), module_relative=False, encoding="utf-8")
    assert tried > 8 and not failed
