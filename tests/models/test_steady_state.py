"""A training step in the steady state asks the system for no memory: every output comes from the pool."""

import gc

import numpy as np
import pytest

import neuroxide as nx
from neuroxide import _core


def network(optimizer: str) -> nx.Model:
    layers = nx.layers
    model = nx.Sequential(
        [
            nx.Input((64,)),
            layers.Dense(512, "relu", kernel_regularizer="l2"),
            layers.Dropout(0.2),
            layers.Dense(512, "tanh"),
            layers.Dense(10, "softmax"),
        ]
    )
    model.compile(optimizer, "sparse_categorical_crossentropy", metrics=["accuracy"])
    return model


@pytest.mark.parametrize("optimizer", ["sgd", "rmsprop", "adam"])
def test_training_asks_the_system_for_nothing(optimizer):
    model = network(optimizer)
    rng = np.random.default_rng(0)
    x, y = rng.normal(size=(128, 64)).astype(np.float32), rng.integers(0, 10, 128)
    for _ in range(3):
        model.train_on_batch(x, y)
    gc.collect()  # else what earlier tests left is freed while this one counts
    before = _core.pool_stats()
    for _ in range(20):
        model.train_on_batch(x, y)
    after = _core.pool_stats()
    assert after["reuses"] >= before["reuses"] + 20 * 5, "large outputs did not come from the pool"
    assert after["system_allocations"] == before["system_allocations"]
    assert after["live_bytes"] == before["live_bytes"]


def test_evaluation_and_prediction_ask_for_nothing():
    model = network("sgd")
    x = np.ones((128, 64), np.float32)
    y = np.zeros(128, np.int64)
    for _ in range(2):
        model.evaluate(x, y, batch_size=64, verbose=0)
        model.predict(x, batch_size=64, verbose=0)
    before = _core.pool_stats()["system_allocations"]
    for _ in range(5):
        model.evaluate(x, y, batch_size=64, verbose=0)
        model.predict(x, batch_size=64, verbose=0)
    assert _core.pool_stats()["system_allocations"] == before
