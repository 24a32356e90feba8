"""chrF against sacrebleu's numbers, its definition and published values."""

from __future__ import annotations

import json
import random
from pathlib import Path

import pytest

from neuroxide import _core, text
from tests.reference import chrf as reference
from tests.text.corpus import corpus

GOLDEN = json.loads((Path(__file__).parents[1] / "golden" / "bleu.json").read_text("utf-8"))


@pytest.mark.parametrize("case", GOLDEN["chrf"])
def test_sacrebleus_numbers(case):
    metric = text.CHRF(**case["options"])
    score = metric.corpus_score(case["hypotheses"], case["references"])
    assert score.score == case["score"]
    assert str(score) == case["text"]
    assert str(metric.get_signature()).rsplit("|", 1)[0] == case["signature"]


@pytest.mark.parametrize(
    ("hypotheses", "references", "epsilon", "expected"),
    [
        (["abcdefg"], ["hijklmnop"], True, 0.0),
        ([""], ["reference"], True, 0.0),
        (["aa"], ["ab"], True, 8.3333),
        (["a", "b"], ["a", "c"], True, 8.3333),
        (["a b c"], ["abc"], True, 50.0),
        (["a"], ["a"], False, 100.0),
        (["a", "b"], ["a", "c"], False, 50.0),
        (["aa"], ["ab"], False, 25.0),
        ([""], ["c"], False, 0.0),
        (
            [" Die    Beziehung zwischen  Obama und Netanjahu ist nicht gerade  freundlich. "],
            ["Das Verhältnis zwischen Obama und Netanyahu ist nicht gerade freundschaftlich."],
            True,
            64.1302698,
        ),
    ],
)
def test_published_scores(hypotheses, references, epsilon, expected):
    score = text.corpus_chrf(hypotheses, [references], beta=3, eps_smoothing=epsilon)
    assert score.score == pytest.approx(expected, abs=1e-4)


def test_published_score_with_white_space():
    pair = (
        "Die Beziehung zwischen Obama und Netanjahu ist nicht gerade freundlich.",
        "Das Verhältnis zwischen Obama und Netanyahu ist nicht gerade freundschaftlich.",
    )
    score = text.corpus_chrf([pair[0]], [[pair[1]]], beta=3, remove_whitespace=False)
    assert score.score == pytest.approx(67.3481606, abs=1e-4)


def test_published_score_of_a_sentence():
    score = text.sentence_chrf(
        "Lapali po dechu, jejich životy skončily dřív, než skutečně začaly.",
        ["Lapali po dechu a pak jejich život skončil - dřív, než skutečně mohl začít, připomněli."],
        eps_smoothing=True,
    )
    assert score.score == pytest.approx(57.15704367, abs=1e-4)


@pytest.mark.parametrize("orders", [(6, 0), (6, 2), (1, 1), (0, 3), (3, 1)])
def test_counts_from_the_definition(orders):
    rng = random.Random(str(orders))
    for trial in range(40):
        hypotheses, references = corpus(rng)
        settings = (2.0, trial % 2 == 0, trial % 3 == 0, trial % 5 == 0)
        rows, _ = _core.chrf_statistics(hypotheses, references, *orders, *settings)
        for i, row in enumerate(rows.tolist()):
            assert row == reference.statistics(hypotheses[i], [s[i] for s in references], *orders, *settings)


def test_bad_settings():
    with pytest.raises(ValueError, match="not both 0, got 0 and 0"):
        text.CHRF(char_order=0)
    with pytest.raises(ValueError, match="got -1 and 0"):
        text.CHRF(char_order=-1)
    with pytest.raises(ValueError, match="char_order and word_order up to 100"):
        text.corpus_chrf(["a"], [["a"]], char_order=101)
    with pytest.raises(ValueError, match="a finite beta, got nan"):
        text.CHRF(beta=float("nan"))
    with pytest.raises(TypeError, match="expected references to be a list of strings, got str"):
        text.sentence_chrf("a", "a")
