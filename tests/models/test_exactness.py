"""The same bits for any number of threads and in a forked child; memory that doesn't grow."""

import gc
import os
import sys

import numpy as np
import pytest

import neuroxide as nx
from neuroxide import _core, layers

RNG = np.random.default_rng(0)
X = RNG.normal(size=(300, 96)).astype(np.float32)
LABELS = RNG.integers(0, 10, 300)


def train(epochs=2, width=200):
    nx.utils.set_random_seed(9)
    model = nx.Sequential(
        [
            nx.Input((96,)),
            layers.Dense(width, "relu", kernel_regularizer="l2"),
            layers.Dropout(0.2),
            layers.Dense(width, "tanh"),
            layers.Dense(10, "softmax"),
        ]
    )
    model.compile("adam", "sparse_categorical_crossentropy", metrics=["accuracy"])
    history = model.fit(X, LABELS, batch_size=64, epochs=epochs, validation_split=0.2, verbose=0)
    weights = b"".join(w.tobytes() for w in model.get_weights())
    return weights + repr(history.history).encode() + model.predict(X, verbose=0).tobytes()


def test_the_same_bits_for_any_number_of_threads():
    before = _core.get_num_threads()
    try:
        results = set()
        for threads in (1, 2, 3):
            _core.set_num_threads(threads)
            results.add(train())
    finally:
        _core.set_num_threads(before)
    assert len(results) == 1


@pytest.mark.skipif(not hasattr(os, "fork"), reason="needs fork")
@pytest.mark.filterwarnings("ignore:This process .* is multi-threaded:DeprecationWarning")
def test_the_same_bits_in_a_forked_child():
    want = train()
    read, write = os.pipe()
    child = os.fork()
    if not child:
        code = 1
        try:
            os.close(read)
            with os.fdopen(write, "wb") as pipe:
                pipe.write(train())
            code = 0
        finally:
            os._exit(code)
    os.close(write)
    with os.fdopen(read, "rb") as pipe:
        got = pipe.read()
    assert os.waitstatus_to_exitcode(os.waitpid(child, 0)[1]) == 0
    assert got == want
    assert train() == want


def resident():
    with open("/proc/self/statm") as file:
        return int(file.read().split()[1]) * os.sysconf("SC_PAGESIZE")


def growth(fits):
    """Bytes by which the process grows over fits of new models, after some to warm up."""

    def some(n):
        for _ in range(n):
            train(epochs=1, width=8)
        gc.collect()

    some(20)
    before = resident()
    some(fits)
    return resident() - before


@pytest.mark.skipif(not sys.platform.startswith("linux"), reason="reads /proc")
def test_memory_is_flat_over_many_fits():
    # One epoch's activations, weights and optimizer state are about 150 kB: a leak of one set in each fit shows.
    assert growth(100) < 5_000_000


@pytest.mark.slow
@pytest.mark.skipif(not sys.platform.startswith("linux"), reason="reads /proc")
def test_memory_is_flat_over_a_thousand_fits():
    assert growth(1000) < 5_000_000


def test_nothing_of_a_model_waits_for_the_garbage_collector_in_a_batch():
    model = nx.Sequential([nx.Input((96,)), layers.Dense(8, "relu"), layers.Dense(10, "softmax")])
    model.compile("adam", "sparse_categorical_crossentropy", metrics=["accuracy"])
    model.train_on_batch(X, LABELS)
    gc.collect()
    gc.disable()
    try:
        for _ in range(10):
            model.train_on_batch(X, LABELS)
            model.test_on_batch(X, LABELS)
            model.predict_on_batch(X)
        assert gc.collect() == 0
    finally:
        gc.enable()
