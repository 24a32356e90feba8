"""Word and character error rates against jiwer's numbers and the whole table."""

from __future__ import annotations

import json
import random
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from neuroxide import _core, text
from tests.reference import edit_distance as reference
from tests.text.corpus import line

GOLDEN = json.loads((Path(__file__).parents[1] / "golden" / "bleu.json").read_text("utf-8"))


@pytest.mark.parametrize("case", GOLDEN["rates"])
def test_jiwers_numbers(case):
    words = text.process_words(case["references"], case["hypotheses"])
    characters = text.process_characters(case["references"], case["hypotheses"])
    assert {name: getattr(words, name) for name in case["words"]} == pytest.approx(case["words"], abs=1e-15)
    assert {name: getattr(characters, name) for name in case["characters"]} == case["characters"]
    assert [[list(vars(chunk).values()) for chunk in chunks] for chunks in words.alignments] == case["alignments"]


def check(a: str, b: str, unit: str) -> None:
    counts, offsets, steps = _core.edit_distance([a], [b], unit)
    members = reference.units(a, unit), reference.units(b, unit)
    expected = reference.steps(*members)
    assert steps.tolist() == expected
    kinds = [sum(step[0] == kind for step in expected) for kind in range(3)]
    assert counts.tolist() == [[len(members[0]) - kinds[0] - kinds[1], *kinds, *map(len, members)]]
    assert offsets.tolist() == [0, len(expected)]


@given(st.text("ab \t", max_size=20), st.text("ab \t", max_size=20), st.sampled_from(["words", "characters"]))
def test_short_texts(a, b, unit):
    check(a, b, unit)


@pytest.mark.parametrize("lengths", [(63, 64), (64, 64), (65, 130), (128, 129), (200, 70), (0, 65), (129, 0)])
def test_across_words_of_bits(lengths):
    rng = random.Random(str(lengths))
    for letters in ("ab", "abcdefghij"):
        a, b = ("".join(rng.choice(letters) for _ in range(n)) for n in lengths)
        check(a, b, "characters")
    check(a, a[:30] + "é" + a[31:], "characters")


def test_long_texts_are_halved():
    """The cost is that of the whole table's last row, computed by NumPy."""
    rng = np.random.default_rng(0)
    a = rng.integers(0, 30, 2400)
    b = np.delete(np.where(rng.random(2400) < 0.3, rng.integers(0, 30, 2400), a), slice(100, 160))
    row = np.arange(len(a) + 1)
    for j, member in enumerate(b, 1):
        best = np.minimum(row[1:] + 1, row[:-1] + (a != member))
        # D(i) = min(best(i), D(i - 1) + 1): a running minimum of best(i) - i.
        row = np.minimum.accumulate(np.r_[j, best] - np.arange(len(a) + 1)) + np.arange(len(a) + 1)
    texts = [" ".join(map(str, side)) for side in (a, b)]
    out = text.process_words(*texts)
    assert out.substitutions + out.deletions + out.insertions == row[-1]
    assert out.deletions - out.insertions == len(a) - len(b)
    (chunks,) = out.alignments
    edited: list[int] = []
    for chunk in chunks:
        if chunk.type == "equal":
            edited += a[chunk.ref_start_idx : chunk.ref_end_idx].tolist()
        elif chunk.type != "delete":
            edited += b[chunk.hyp_start_idx : chunk.hyp_end_idx].tolist()
    assert edited == b.tolist()


def test_rates():
    out = text.process_words(["the cat sat on the mat", "so it is"], ["the cat sit on mat", "so is it is"])
    assert (out.hits, out.substitutions, out.deletions, out.insertions) == (7, 1, 1, 1)
    assert (out.wer, out.mer) == (3 / 9, 3 / 10)
    assert out.wip == pytest.approx(7 / 9 * 7 / 9)
    assert out.wil == 1 - out.wip
    assert text.mer("a", "a") == text.wil("a", "a") == 0 and text.wip("a", "a") == 1


def test_nothing_said():
    assert text.wer("", "a b") == 2
    assert (text.mer("", "a"), text.wip("", "a")) == (1, 0)
    assert (text.wer("", ""), text.mer("", ""), text.wip("", "")) == (0, 0, 1)
    assert (text.wer("a b", ""), text.wip("a b", "")) == (1, 0)
    assert text.cer(" ", "") == 0


def test_order_and_threads_change_no_bit():
    rng = random.Random(4)
    references, hypotheses = ([line(rng) for _ in range(300)] for _ in range(2))
    before = _core.get_num_threads()
    try:
        results = []
        for threads in (1, 3):
            _core.set_num_threads(threads)
            results.append(_core.edit_distance(references, hypotheses, "characters"))
    finally:
        _core.set_num_threads(before)
    for one, three in zip(*results):
        np.testing.assert_array_equal(one, three)
    counts = _core.edit_distance(references[::-1], hypotheses[::-1], "characters")[0]
    np.testing.assert_array_equal(counts[::-1], results[0][0])


@pytest.mark.parametrize(
    ("arguments", "error", "message"),
    [
        ((["a"], ["a", "b"]), ValueError, "one hypothesis for each of the 1 references, got 2"),
        (([], []), ValueError, "at least one reference, got none"),
        ((["a"], [None]), TypeError, "expected hypotheses to hold strings, got NoneType at 0"),
        ((b"a", "a"), TypeError, "expected reference to be a string or a list of strings, got bytes"),
        (("a", 3), TypeError, "expected hypothesis to be a string or a list of strings, got int"),
        ((["\ud800"], ["a"]), ValueError, "half a surrogate pair at 0"),
    ],
)
def test_bad_texts(arguments, error, message):
    for rate in (text.wer, text.cer):
        with pytest.raises(error, match=message):
            rate(*arguments)
