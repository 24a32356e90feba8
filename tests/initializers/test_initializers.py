"""Initialisers: Keras's list and numbers, spreads by given axes, and what they refuse."""

from __future__ import annotations

import inspect
import math
from typing import Any

import numpy as np
import pytest

from neuroxide import initializers
from tests.golden.from_keras import golden_optimizers, label

SIGNATURES = golden_optimizers()["signatures"]["initializers"]


@pytest.mark.parametrize("name", SIGNATURES)
def test_every_initializer_of_keras_is_there(name: str) -> None:
    parameters = inspect.signature(getattr(initializers, name).__init__).parameters.values()
    ours = [[p.name, "" if p.default is p.empty else repr(p.default)] for p in parameters if p.name != "self"]
    ours = [entry for entry in ours if entry[0] not in ("args", "kwargs")]
    assert ours == SIGNATURES[name]
    made = getattr(initializers, name)()
    assert type(initializers.deserialize(initializers.serialize(made))) is type(made)
    assert initializers.deserialize(initializers.serialize(made)).get_config() == made.get_config()
    assert type(made.clone()) is type(made)


@pytest.mark.parametrize("case", [{"class": "STFT", **case} for case in golden_optimizers()["stft"]], ids=label)
def test_fourier_kernels_of_keras(case: dict[str, Any]) -> None:
    initializer = initializers.STFT(**case["arguments"])
    kernel = initializer(tuple(case["shape"]), dtype="float64")
    np.testing.assert_allclose(kernel, case["kernel"], atol=1e-9)
    twin = initializers.deserialize(initializers.serialize(initializer))
    np.testing.assert_array_equal(twin(tuple(case["shape"]), dtype="float64"), kernel)


def test_a_window_of_ones_own() -> None:
    window = np.array([0.0, 1.0, 2.0])
    initializer = initializers.STFT(window=window, scaling="spectrum")
    kernel = initializer((3, 1, 2), dtype="float64")
    np.testing.assert_allclose(kernel[:, 0, 0], window / 3)
    twin = initializers.deserialize(initializers.serialize(initializer))
    np.testing.assert_array_equal(twin((3, 1, 2), dtype="float64"), kernel)


@pytest.mark.parametrize(("mode", "fan"), [("fan_in", 80), ("fan_out", 600), ("fan_avg", 340)])
@pytest.mark.parametrize("distribution", ["uniform", "normal", "untruncated_normal"])
def test_spread_along_given_axes(mode: str, fan: int, distribution: str) -> None:
    """A kernel (heads, inputs, outputs per head)."""
    make = {"input_axes": 1, "output_axes": [0, 2], "seed": 5}
    initializer = initializers.VarianceScaling(2.0, mode, distribution, **make)
    values = initializer((10, 80, 60), dtype="float64")
    assert values.var() == pytest.approx(2.0 / fan, rel=0.03)
    assert initializer.get_config()["output_axes"] == [0, 2]
    np.testing.assert_array_equal(initializer.clone()((10, 80, 60), dtype="float64"), values)
    he = initializers.HeNormal(seed=5, input_axes=[1], output_axes=(0, 2))
    if (mode, distribution) == ("fan_in", "normal"):
        np.testing.assert_array_equal(he((10, 80, 60), dtype="float64"), values)


def test_variances_of_the_course() -> None:
    """1 / n, 2 / (n + n'), 2 / n: the three that the notes name."""
    for name, variance in (("LecunNormal", 1 / 400), ("GlorotNormal", 2 / 1000), ("HeNormal", 2 / 400)):
        values = getattr(initializers, name)(seed=2)((400, 600), dtype="float64")
        assert values.var() == pytest.approx(variance, rel=0.01)
        assert np.abs(values).max() < 2.001 * math.sqrt(variance) / 0.8796


def test_aliases() -> None:
    for name, cls in (("normal", "RandomNormal"), ("one", "Ones"), ("stft", "STFT"), ("STFTInitializer", "STFT")):
        assert type(initializers.get(name)).__name__ == cls
    assert initializers.IdentityInitializer is initializers.Identity
    assert initializers.OrthogonalInitializer is initializers.Orthogonal


@pytest.mark.parametrize(
    ("act", "match"),
    [
        (lambda: initializers.STFT(side="left"), "side 'real' or 'imag', got 'left'"),
        (lambda: initializers.STFT(scaling="unit"), "scaling 'density', 'spectrum' or None, got 'unit'"),
        (lambda: initializers.STFT(window="han"), "unknown window 'han'; did you mean 'hann'"),
        (lambda: initializers.STFT(window=np.ones(3))((4, 1, 3)), r"window of shape \(4,\), got \(3,\)"),
        (lambda: initializers.STFT()((4, 3)), r"frame length, 1, fft length / 2 \+ 1\), got \(4, 3\)"),
        (lambda: initializers.HeNormal(input_axes=[0]), r"or neither, got \[0\] and None"),
        (
            lambda: initializers.HeNormal(None, 0, 4)((3, 3)),
            r"output_axes to be axes of a weight of shape \(3, 3\), got 4",
        ),
        (lambda: initializers.get("orthogonall"), "did you mean 'orthogonal'"),
    ],
)
def test_refusals(act: Any, match: str) -> None:
    with pytest.raises(ValueError, match=match):
        act()
