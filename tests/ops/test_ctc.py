"""The differentiable CTC loss, and the loss class that stands on it."""

import numpy as np
import pytest

import neuroxide as nx
from neuroxide import ops
from tests.ops.cases import FAMILIES, check_forward
from tests.reference import ctc as reference


@pytest.mark.parametrize("dtype", ["float32", "float64"])
@pytest.mark.parametrize("case", FAMILIES["ctc"], ids=repr)
def test_forward(case, dtype):
    check_forward(case, dtype)


@pytest.fixture
def batch(rng):
    """Two sequences: logits, padded labels, label lengths, steps."""
    return rng.normal(size=(2, 7, 4)), np.array([[1, 2, 2], [3, 0, 0]]), np.array([3, 1]), np.array([7, 4])


def test_values(batch):
    logits, labels, lengths, steps = batch
    loss = ops.ctc_loss(labels, nx.Tensor(logits), lengths, steps).numpy()
    expected = [reference.loss(logits[i, : steps[i]], labels[i, : lengths[i]], 0) for i in range(2)]
    np.testing.assert_allclose(loss, expected, rtol=1e-12)


def test_gradient(batch):
    logits, labels, lengths, steps = batch
    weights = np.array([1.5, -0.5])
    nx.check_gradients(lambda x: ops.sum(ops.ctc_loss(labels, x, lengths, steps) * weights), logits)


def test_nothing_is_kept_without_recording(batch):
    logits, labels, lengths, steps = batch
    with nx.no_grad():
        loss = ops.ctc_loss(labels, nx.Tensor(logits, requires_grad=True), lengths, steps)
    assert not loss.requires_grad


def test_zero_infinity():
    logits = nx.Tensor(np.zeros((1, 2, 3)), requires_grad=True)
    args = [[1, 1]], logits, [2], [2]
    assert ops.ctc_loss(*args).numpy().tolist() == [np.inf]
    loss = ops.ctc_loss(*args, zero_infinity=True)
    assert loss.numpy().tolist() == [0.0]
    ops.sum(loss).backward()
    assert (logits.grad.numpy() == 0).all()


def test_fractions_as_labels_raise(batch):
    logits, labels, lengths, steps = batch
    with pytest.raises(ValueError, match="ctc_loss: expected target to hold whole numbers, got dtype float64"):
        ops.ctc_loss(labels + 0.5, logits, lengths, steps)


def test_loss_class_as_keras(batch):
    logits, labels, lengths, _ = batch
    loss = nx.losses.CTC()
    expected = np.mean([reference.loss(logits[i], labels[i, : lengths[i]], 0) for i in range(2)])
    assert float(loss(labels, nx.Tensor(logits))) == pytest.approx(expected)
    twin = nx.losses.CTC.from_config(loss.get_config())
    assert float(twin(labels.astype(np.float32), nx.Tensor(logits))) == pytest.approx(expected)
    assert nx.losses.get("ctc") is nx.losses.ctc
    with pytest.raises(ValueError, match=r"ctc: expected y_true of shape \(B, L\) and y_pred of shape \(B, T, C\)"):
        loss([1, 2], nx.Tensor(logits))
