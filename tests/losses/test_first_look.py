"""What losses notice on the first batch: probabilities for logits, logits for probabilities, targets of other kinds."""

from __future__ import annotations

import warnings
from typing import Any

import numpy as np
import pytest

import neuroxide as nx
from neuroxide import losses, ops

rng = np.random.default_rng(3)
Z = rng.normal(size=(6, 3)).astype(np.float32)
S = np.exp(Z) / np.exp(Z).sum(-1, keepdims=True)
LABELS, ONE_HOT, BITS = np.array([0, 1, 2, 0, 1, 2]), np.eye(3)[[0, 1, 2, 0, 1, 2]], rng.integers(0, 2, (6, 3))

MISTAKES = [
    (losses.SparseCategoricalCrossentropy(from_logits=True), LABELS, lambda: nx.Tensor(S), "add up to 1, so"),
    (losses.SparseCategoricalCrossentropy(from_logits=True), LABELS, lambda: ops.softmax(nx.Tensor(Z)), "a softmax"),
    (losses.CategoricalCrossentropy(from_logits=True), ONE_HOT, lambda: nx.Tensor(S), "add up to 1"),
    (losses.CategoricalCrossentropy(from_logits=True, axis=0), ONE_HOT.T, lambda: nx.Tensor(S.T.copy()), "add up to 1"),
    (losses.CategoricalFocalCrossentropy(from_logits=True), ONE_HOT, lambda: nx.Tensor(S), "add up to 1"),
    (losses.BinaryCrossentropy(from_logits=True), BITS, lambda: ops.sigmoid(nx.Tensor(Z)), "comes from a sigmoid"),
    (losses.BinaryFocalCrossentropy(from_logits=True), BITS, lambda: ops.sigmoid(nx.Tensor(Z)), "comes from a sigmoid"),
    (losses.SparseCategoricalCrossentropy(), LABELS, lambda: nx.Tensor(Z), "expected probabilities in"),
    (losses.CategoricalCrossentropy(), ONE_HOT, lambda: nx.Tensor(Z), "for logits give from_logits=True"),
    (losses.CategoricalGeneralizedCrossEntropy(), LABELS, lambda: nx.Tensor(-np.abs(Z)), "expected probabilities in"),
    (losses.BinaryCrossentropy(), BITS, lambda: nx.Tensor(Z), "expected probabilities in"),
    (losses.as_loss("bce"), BITS, lambda: nx.Tensor(Z + 2), "expected probabilities in"),
]


@pytest.mark.filterwarnings("ignore:invalid value")
@pytest.mark.parametrize(("loss", "y_true", "y_pred", "match"), MISTAKES)
def test_a_warning_once(loss: Any, y_true: Any, y_pred: Any, match: str) -> None:
    with pytest.warns(UserWarning, match=match):
        loss(y_true, y_pred())
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        loss(y_true, y_pred())


@pytest.mark.parametrize(
    ("loss", "y_true", "y_pred"),
    [
        (losses.SparseCategoricalCrossentropy(), LABELS, lambda: ops.softmax(nx.Tensor(Z))),
        (losses.SparseCategoricalCrossentropy(from_logits=True), LABELS, lambda: nx.Tensor(np.zeros((6, 3)))),
        (losses.SparseCategoricalCrossentropy(from_logits=True), LABELS, lambda: nx.Tensor(S * 0.9)),
        (losses.CategoricalCrossentropy(), ONE_HOT, lambda: nx.Tensor(S * 5)),  # not divided by their sum yet
        (losses.BinaryCrossentropy(), BITS, lambda: nx.Tensor(np.float32([[0, 1, 1 + 1e-6]] * 6))),
        (losses.BinaryCrossentropy(from_logits=True), BITS, lambda: nx.Tensor(S)),  # small logits are no mistake
        (losses.BinaryCrossentropy(), np.zeros((0, 3)), lambda: nx.Tensor(np.zeros((0, 3)))),
    ],
)
def test_no_false_alarm(loss: Any, y_true: Any, y_pred: Any) -> None:
    loss(y_true, y_pred())


@pytest.mark.parametrize("targets", [LABELS[:, None], BITS * 2 - 1, BITS * 255])
@pytest.mark.parametrize("cls", [losses.BinaryCrossentropy, losses.BinaryFocalCrossentropy])
def test_targets_that_are_no_probabilities_raise(cls: Any, targets: Any) -> None:
    with pytest.raises(ValueError, match=r"expected targets in \[0, 1\], got values from"):
        cls()(targets, nx.Tensor(S[:, : targets.shape[1]].copy()))
