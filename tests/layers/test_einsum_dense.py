"""`EinsumDense` against `Dense` and NumPy; Keras's numbers are in `tests/parity`."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest

import neuroxide as nx
from neuroxide import layers

X = np.random.default_rng(0).normal(size=(2, 3, 4))


def test_it_is_dense_along_the_last_axis() -> None:
    einsum = layers.EinsumDense("...x,xy->...y", 5, "relu", bias_axes="y", dtype="float64")
    dense = layers.Dense(5, "relu", dtype="float64")
    dense.build((None, None, 4))
    einsum.build((None, 3, 4))
    einsum.set_weights(dense.get_weights())
    np.testing.assert_allclose(einsum(X).numpy(), dense(X).numpy(), rtol=1e-12)
    assert einsum(X[:, 0]).shape == (2, 5), "any number of axes"


def test_fans_are_those_of_the_equation() -> None:
    heads = layers.EinsumDense("abc,cde->abde", (None, 8, 16), kernel_initializer="glorot_normal")
    heads.build((None, 3, 128))
    # 128 inputs and 8 · 16 outputs, where the shape alone would say 128 · 8 and 128 · 16.
    assert abs(float(heads.kernel.numpy().std()) - (2 / 256) ** 0.5) < 0.004


def test_symbolic_shapes_and_the_round_trip(tmp_path: Any) -> None:
    entry = nx.Input((None, 4))
    model = nx.Model(entry, layers.EinsumDense("abc,cd->abd", (None, 5), bias_axes="d")(entry))
    assert model.output_shape == (None, None, 5)
    model.save(tmp_path / "m.nx")
    again = nx.models.load_model(tmp_path / "m.nx")
    np.testing.assert_array_equal(again.predict(X, verbose=0), model.predict(X, verbose=0))


@pytest.mark.parametrize(
    ("arguments", "shape", "match"),
    [
        (("ab->a", 3), None, "einsum_dense: expected an equation such as 'abc,cd->abd', got 'ab->a'"),
        ((None, 3), None, "expected an equation"),
        (("ab,bc->ac", 0), None, "expected output_shape to hold sizes or None, got 0"),
        (("ab,bc->ac", 3, None, "b"), None, "expected bias_axes among the outputs 'ac', got 'b'"),
        (("abc,cd->abd", 5), (None, 3, 4), r"a size for each of 'bd', got \(5,\)"),
        (("abc,cd->abd", (7, 5)), (None, 3, 4), r"expected size 7 along 'b' as in output_shape, got .* \(None, 3, 4\)"),
        (("abc,cd->abd", (None, 5)), (None, 3, None), "expected known sizes along 'c'"),
        (("abc,cd->abd", (None, None)), (None, 3, 4), "expected known sizes along 'd'"),
        (("abc,cd->abd", (None, 5)), (None, 4), "einsum: expected 3 axes for 'abc' of 'abc,cd->abd', got 2"),
    ],
)
def test_refused(arguments: Any, shape: Any, match: str) -> None:
    with pytest.raises(ValueError, match=match):
        layers.EinsumDense(*arguments).build(shape)
