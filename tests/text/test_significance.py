"""Intervals and p-values against sacrebleu's, number for number."""

from __future__ import annotations

import json
from pathlib import Path

import numpy as np
import pytest

from neuroxide import _core, text
from neuroxide.text import significance
from tests.text.corpus import systems

GOLDEN = json.loads((Path(__file__).parents[1] / "golden" / "bleu.json").read_text("utf-8"))["significance"]


@pytest.fixture(autouse=True)
def seed(monkeypatch):
    monkeypatch.delenv("SACREBLEU_SEED", raising=False)


# Bootstrap samples are float32, whose scalars NumPy 1 computes with in double precision.
TOLERANCE = 0 if int(np.__version__.split(".")[0]) >= 2 else 1e-5


def test_intervals():
    named, references = systems()
    metric = text.BLEU()
    score = metric.corpus_score(named[0][1], references, n_bootstrap=100)
    assert [score._mean, score._ci] == pytest.approx(GOLDEN["bleu"], rel=TOLERANCE, abs=0)
    assert str(score) == GOLDEN["text"]
    assert str(metric.get_signature()).startswith("nrefs:2|bs:100|seed:12345|")
    score = text.CHRF().corpus_score(named[0][1], references, n_bootstrap=100)
    assert [float(score._mean), float(score._ci)] == pytest.approx(GOLDEN["chrf"], rel=TOLERANCE, abs=0)


@pytest.mark.parametrize("kind", ["bs", "ar"])
def test_paired(kind):
    named, references = systems()
    metrics = {"BLEU": text.BLEU(references=references), "CHRF": text.CHRF(word_order=2, references=references)}
    signatures, columns = text.PairedTest(named, metrics, None, kind, **GOLDEN[kind]["options"])()
    found = {name: str(signature).rsplit("|", 1)[0] for name, signature in signatures.items()}
    assert found == GOLDEN[kind]["signatures"]
    for name, expected in GOLDEN[kind]["columns"].items():
        for got, want in zip(columns[name], expected):
            if isinstance(want, str):
                assert got == want
                continue
            for field, number in want.items():
                assert getattr(got, field) == (number and pytest.approx(number, rel=TOLERANCE, abs=0)), field


def test_draws_do_not_depend_on_how_many_are_made_at_a_time(monkeypatch):
    named, references = systems()
    arguments = named, {"BLEU": text.BLEU()}, references
    whole = [repr(text.PairedTest(*arguments, kind, 100)()) for kind in ("bs", "ar")]
    monkeypatch.setattr(significance, "_CHUNK", 40 * 32)
    assert [repr(text.PairedTest(*arguments, kind, 100)()) for kind in ("bs", "ar")] == whole


def test_seeds(monkeypatch):
    named, references = systems()

    def interval():
        return text.BLEU().corpus_score(named[0][1], references, n_bootstrap=50)._ci

    first = interval()
    monkeypatch.setenv("SACREBLEU_SEED", "7")
    assert interval() != first
    monkeypatch.setenv("SACREBLEU_SEED", "None")
    assert interval() != interval()
    monkeypatch.setenv("SACREBLEU_SEED", "-1")
    with pytest.raises(ValueError, match=r'SACREBLEU_SEED: expected a whole number of 0 or more, or "none"'):
        interval()


def test_resampled_sums(rng):
    rows = rng.integers(0, 50, (23, 7)).astype(np.float32)
    draws = rng.integers(0, 23, (11, 23))
    np.testing.assert_array_equal(_core.bleu_resample(rows, draws), rows[draws].sum(axis=1))


def test_a_system_against_itself():
    named, references = systems()
    again = [named[0], ("again", named[0][1])]
    for kind in ("bs", "ar"):
        _, columns = text.PairedTest(again, {"BLEU": text.BLEU()}, references, kind, 50)()
        assert columns["BLEU"][1].p_value < 1 / 50  # a difference of 0 is not put down to chance


def test_bad_arguments():
    named, references = systems()
    metrics = {"BLEU": text.BLEU()}
    with pytest.raises(ValueError, match="test_type 'ar' or 'bs', got 'x'"):
        text.PairedTest(named, metrics, references, "x")
    with pytest.raises(ValueError, match="at least two systems, got 1"):
        text.PairedTest(named[:1], metrics, references)
    with pytest.raises(ValueError, match="one sentence for each of the 39 hypotheses"):
        text.PairedTest([named[0], ("short", named[1][1][1:])], metrics, references)()
