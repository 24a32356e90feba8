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


def test_negative_blank_is_named(batch):
    logits, labels, lengths, steps = batch
    with pytest.raises(ValueError, match="ctc_loss: expected mask_index to be one of the classes from 0 on, got -1"):
        ops.ctc_loss(labels, logits, lengths, steps, mask_index=-1)


@pytest.mark.peers
def test_torch_live():
    """Loss and gradient of 1,500 batches: any blank, mixed lengths, none, infeasible ones, `zero_infinity`."""
    torch = pytest.importorskip("torch")
    rng = np.random.default_rng(1)
    infinite = 0
    for case in range(1500):
        sequences, steps, classes = (int(rng.integers(*span)) for span in ((1, 5), (1, 30), (2, 9)))
        width, blank, zero_infinity = int(rng.integers(1, 12)), int(rng.integers(classes)), bool(case % 2)
        logits = rng.normal(size=(sequences, steps, classes)) * rng.choice([0.1, 1.0, 8.0])
        labels = rng.integers(0, classes - 1, (sequences, width))
        labels += labels >= blank
        lengths, used = rng.integers(0, width + 1, sequences), rng.integers(1, steps + 1, sequences)
        there = torch.tensor(logits.transpose(1, 0, 2), requires_grad=True)
        want = torch.nn.functional.ctc_loss(
            torch.log_softmax(there, -1),
            torch.tensor(labels),
            torch.tensor(used),
            torch.tensor(lengths),
            blank,
            "none",
            zero_infinity,
        )
        here = nx.Tensor(logits, requires_grad=True)
        loss = ops.ctc_loss(labels, here, lengths, used, blank, zero_infinity)
        np.testing.assert_allclose(loss.numpy(), want.detach().numpy(), rtol=1e-9, atol=1e-10)
        possible = torch.isfinite(want.detach())
        infinite += int((~possible).sum())
        # torch's gradient of an infinite loss is NaN; ours is 0.
        want[possible].sum().backward() if possible.any() else None
        ops.sum(loss).backward()
        gradient = np.zeros_like(logits) if there.grad is None else there.grad.numpy().transpose(1, 0, 2)
        got = here.grad.numpy()
        assert np.isfinite(got).all()
        rows = possible.numpy() if zero_infinity is False else np.ones(sequences, bool)
        np.testing.assert_allclose(got[rows], gradient[rows], rtol=1e-7, atol=1e-9)
    assert infinite > 100
