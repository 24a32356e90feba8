"""Boxed tables against the layouts of the `rich` library, which Keras prints with."""

import json
import pathlib

import pytest

from neuroxide.models.table import render, to_ascii

CASES = json.loads(pathlib.Path(__file__).parents[1].joinpath("golden", "tables.json").read_text("utf-8"))


@pytest.mark.parametrize("case", CASES)
def test_layout_is_that_of_rich(case):
    got = render(case["header"], case["rows"], case["align"], case["positions"], case["length"])
    assert got == case["text"]


def test_plain_characters():
    text = to_ascii(render(["a", "b"], [["x" * 50, "1"]], ["left", "right"], [0.5, 1.0], 40))
    assert text.isascii() and text.splitlines()[0] == "+==================+===================+"


def test_too_narrow():
    with pytest.raises(ValueError, match="at least 4 characters, got 2"):
        render(["a", "b"], [], ["left", "left"], [0.1, 1.0], 20)
