"""Circle loss: its definition, references, rows without pairs, gradients, refusals."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest

import neuroxide as nx
from neuroxide import losses
from tests.reference import losses as reference

rng = np.random.default_rng(9)


def unit(*shape: int) -> Any:
    x = rng.normal(size=shape)
    return x / np.linalg.norm(x, axis=-1, keepdims=True)


X, Y = unit(6, 3), unit(4, 3)
LABELS, OTHERS = np.array([0, 0, 1, 1, 1, 2]), np.array([0, 1, 1, 3])


@pytest.mark.parametrize(("gamma", "margin"), [(80.0, 0.4), (1.0, 0.25), (5.0, 0.0)])
@pytest.mark.parametrize("skip", [True, False])
def test_definition(gamma: float, margin: float, skip: bool) -> None:
    options: dict[str, Any] = {"remove_diagonal": skip, "gamma": gamma, "margin": margin}
    own = losses.circle(LABELS, nx.Tensor(X), **options)
    expected = reference.circle(LABELS, X, LABELS, X, skip, gamma, margin)
    np.testing.assert_allclose(own.numpy(), expected, rtol=1e-9, atol=1e-12)
    np.testing.assert_array_equal(own.mask.numpy(), expected > 0)
    against = losses.circle(LABELS[:, None], nx.Tensor(X), OTHERS, nx.Tensor(Y), **options)
    expected = reference.circle(LABELS, X, OTHERS, Y, skip, gamma, margin)
    np.testing.assert_allclose(against.numpy(), expected, rtol=1e-9, atol=1e-12)
    loss = losses.Circle(gamma, margin, skip)
    nx.check_gradients(lambda x: loss(LABELS, x), X)
    assert losses.deserialize(losses.serialize(loss)).get_config() == loss.get_config()


def test_rows_without_pairs_do_not_count() -> None:
    x = nx.Tensor(X, requires_grad=True)
    value = losses.Circle()(LABELS, x)
    each = reference.circle(LABELS, X, LABELS, X, True, 80.0, 0.4)
    assert each[-1] == 0.0 and float(value) == pytest.approx(each[:-1].mean())
    value.backward()
    assert np.isfinite(x.grad.numpy()).all()
    alone = nx.Tensor(X.astype(np.float32), requires_grad=True)
    value = losses.Circle()(np.arange(6), alone)
    value.backward()
    assert float(value) == 0.0 and not alone.grad.numpy().any()


def test_nan_comes_through() -> None:
    assert np.isnan(losses.circle([0, 0, 1], nx.Tensor(np.full((3, 2), np.nan))).numpy()).all()


@pytest.mark.parametrize(
    ("act", "match"),
    [
        (lambda: losses.circle(LABELS, nx.Tensor(X[0])), r"shapes \(N, D\) and \(R, D\)"),
        (lambda: losses.circle(LABELS, nx.Tensor(X), OTHERS, nx.Tensor(unit(4, 2))), r"\(6, 3\) and \(4, 2\)"),
        (lambda: losses.circle(LABELS[:2], nx.Tensor(X)), r"y_true of shape \(6,\).*got \(2,\)"),
        (lambda: losses.circle(LABELS, nx.Tensor(X), LABELS, nx.Tensor(Y)), r"ref_labels of shape \(4,\)"),
        (lambda: losses.circle(LABELS, nx.Tensor(X), [], nx.Tensor(np.zeros((0, 3)))), "at least one embedding"),
    ],
)
def test_refusals(act: Any, match: str) -> None:
    with pytest.raises(ValueError, match=match):
        act()
