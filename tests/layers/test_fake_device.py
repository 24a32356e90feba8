"""The Keras room on a device that is not NumPy: layers, losses, metrics and optimisers give the same numbers."""

from __future__ import annotations

import contextlib
from typing import Any

import numpy as np
import pytest

import neuroxide as nx
from neuroxide import layers, losses, metrics, optimizers
from tests.fake_device import FakeArray, fake_device
from tests.golden.from_keras import golden  # noqa: F401  skips while its kernels are landing

OPTIMIZERS: list[Any] = [
    lambda: optimizers.SGD(0.1, momentum=0.9, clipnorm=0.1),
    lambda: optimizers.Adam(0.1, weight_decay=0.1, global_clipnorm=1.0, amsgrad=True),
    lambda: optimizers.RMSprop(0.1, use_ema=True, ema_overwrite_frequency=2, gradient_accumulation_steps=2),
]


def train(make: Any) -> list[Any]:
    """Losses, accuracies and weights of a few steps of a small network."""
    rng = np.random.default_rng(0)
    x, y = rng.normal(size=(8, 3)).astype(np.float32), rng.integers(0, 4, 8)
    scale, drop = layers.Normalization(), layers.Dropout(0.3, seed=1)
    dense = layers.Dense(4, activation="softmax", kernel_regularizer="l2", kernel_initializer="ones")
    scale.adapt(x)
    loss, accuracy, optimizer = losses.SparseCategoricalCrossentropy(), metrics.SparseCategoricalAccuracy(), make()
    found: list[Any] = []
    for _ in range(4):
        p = dense(drop(scale(x), training=True))
        value = loss(y, p, sample_weight=np.arange(8.0))
        for penalty in dense.losses:
            value = value + penalty
        optimizer.apply(nx.gradients(value, dense.trainable_weights), dense.trainable_weights)
        found += [float(value), accuracy(y, p), int(optimizer.iterations)]
    found.append(type(p.data))
    return [*found, *[w.tolist() for w in dense.get_weights()]]


@pytest.mark.parametrize("make", OPTIMIZERS)
def test_same_numbers_as_on_the_cpu(make: Any) -> None:
    runs = []
    for device in (contextlib.nullcontext, fake_device):
        with device():
            runs.append(train(make))
    assert runs[1][12] is FakeArray
    assert runs[0][:12] == runs[1][:12]
    assert runs[0][13:] == runs[1][13:]
