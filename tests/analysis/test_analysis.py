"""The notes' worked examples of bias, variance and choosing a model, and what is refused."""

import pytest

from neuroxide.analysis import choose, diagnose


@pytest.mark.parametrize(
    ("errors", "problems"),
    [
        # The tables of the course, in its order.
        ({"train": 0.01, "dev": 0.11}, ["variance"]),
        ({"train": 0.15, "dev": 0.14}, ["avoidable bias"]),
        ({"train": 0.15, "test": 0.30}, ["avoidable bias", "variance"]),
        ({"train": 0.005, "test": 0.01}, []),
        ({"human": 0.01, "train": 0.08, "dev": 0.10}, ["avoidable bias"]),
        ({"human": 0.075, "train": 0.08, "dev": 0.10}, ["variance"]),
        ({"human": 0.0, "train": 0.01, "train_dev": 0.09, "dev": 0.10}, ["variance"]),
        ({"human": 0.0, "train": 0.01, "train_dev": 0.015, "dev": 0.10}, ["data mismatch"]),
        # Further ones of the lectures.
        ({"human": 0.0, "train": 0.10, "train_dev": 0.11, "dev": 0.12}, ["avoidable bias"]),
        ({"human": 0.0, "train": 0.10, "train_dev": 0.11, "dev": 0.20}, ["avoidable bias", "data mismatch"]),
        ({"train": 0.01, "dev": 0.02, "test": 0.12}, ["overfitting to dev"]),
    ],
)
def test_the_courses_examples(errors, problems):
    found = diagnose(**errors)
    assert found.problems == problems
    assert list(found.advice) == problems and all(found.advice.values())


def test_gaps_are_differences_and_the_table_marks_the_problem():
    found = diagnose(human=0.04, train=0.07, train_dev=0.10, dev=0.06, test=0.06)
    assert found.gaps == pytest.approx(
        {"avoidable bias": 0.03, "variance": 0.03, "data mismatch": -0.04, "overfitting to dev": 0.0}
    )
    lines = str(found).splitlines()
    assert " ".join(lines[1].split()) == "train error 7.00 % avoidable bias +3.00 % <-- work on this"
    assert "<--" not in lines[3] and lines[-1].startswith("Variance: get more training data")
    assert str(diagnose(0.01, 0.01)).endswith("No gap stands out.")
    only_test = diagnose(0.01, human=0.0, train_dev=0.02, test=0.2)
    assert only_test.problems == ["data mismatch"] and "data mismatch" in str(only_test)


@pytest.mark.parametrize(
    ("errors", "message"),
    [
        ({"train": 15, "dev": 14}, "train error as a fraction from 0 to 1, got 15.0: divide percentages by 100"),
        ({"train": 0.1, "dev": float("nan")}, "dev error as a fraction"),
        ({"train": 0.1}, "dev or test set, got neither"),
        ({"train": 0.1, "dev": 0.1, "tolerance": -1}, "tolerance of at least 0"),
    ],
)
def test_diagnose_refuses(errors, message):
    with pytest.raises(ValueError, match=message):
        diagnose(**errors)


TABLE = {
    "A": {"f1": 0.90, "time": 80},
    "B": {"f1": 0.92, "time": 95},
    "C": {"f1": 0.92, "time": 1500},
}


def test_choose_picks_the_courses_classifier():
    assert choose(TABLE, maximize="f1", subject_to={"time": "< 100"}) == "B"
    assert choose(TABLE, minimize="time", subject_to={"f1": ">= 0.92"}) == "B"
    assert choose(TABLE, maximize="f1") == "B"  # the first of equals
    assert choose({**TABLE, "D": {"f1": float("nan"), "time": 1}}, maximize="f1", subject_to={"time": "<=80"}) == "A"


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        ({}, "one optimising metric"),
        ({"maximize": "f1", "minimize": "time"}, "one optimising metric"),
        ({"maximize": "f2"}, "candidate 'A' to have 'f2'"),
        ({"maximize": "f1", "subject_to": {"time": 100}}, "a limit on 'time' such as"),
        ({"maximize": "f1", "subject_to": {"time": "< 10 ms"}}, "a limit on 'time' such as"),
        ({"maximize": "f1", "subject_to": {"time": "< 10"}}, r"of 3 they rule out \{'time < 10': 3\}"),
    ],
)
def test_choose_refuses(arguments, message):
    with pytest.raises(ValueError, match=message):
        choose(TABLE, **arguments)
    with pytest.raises(ValueError, match="at least one candidate"):
        choose({}, maximize="f1")
