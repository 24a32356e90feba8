"""A run that is killed with SIGKILL at any moment, also while writing, ends with the bits of one that never was."""

import os
import pathlib
import random
import subprocess
import sys
import time

import numpy as np
import pytest

import neuroxide as nx
from neuroxide import layers

PROGRAM = pathlib.Path(__file__).with_name("resume_program.py")
RNG = np.random.default_rng(2)
X = RNG.normal(size=(24, 3)).astype(np.float32)
Y = RNG.normal(size=(24, 1)).astype(np.float32)


def start(folder, *arguments):
    folder.mkdir(exist_ok=True)
    return subprocess.Popen([sys.executable, str(PROGRAM), str(folder), *map(str, arguments)], stderr=subprocess.PIPE)


def finish(process):
    _, errors = process.communicate(timeout=120)
    return process.returncode, errors.decode()


def run(folder, *arguments):
    code, errors = finish(start(folder, *arguments))
    return code, errors


@pytest.fixture(scope="module", params=["arrays", "dataset", "generator"])
def whole(request, tmp_path_factory):
    """The kind of data, and the result of a run that isn't killed."""
    folder = tmp_path_factory.mktemp("whole")
    code, errors = run(folder, request.param)
    assert code == 0, errors
    return request.param, (folder / "result").read_bytes()


def test_killed_three_times(whole, tmp_path):
    kind, want = whole
    # In training after some back-ups; half-way through writing one; just after one was renamed into place.
    for where, n in (("batch", 14), ("fsync", 5), ("replace", 4)):
        code, errors = run(tmp_path, kind, where, n)
        assert code == -9, errors
        assert not (tmp_path / "result").exists()
    code, errors = run(tmp_path, kind)
    assert code == 0, errors
    assert (tmp_path / "result").read_bytes() == want
    assert not (tmp_path / "backup").exists()


@pytest.mark.slow
def test_killed_at_fifty_random_moments(tmp_path):
    folder = tmp_path / "whole"
    assert run(folder, "arrays")[0] == 0
    want = (folder / "result").read_bytes()
    started = time.perf_counter()
    assert run(tmp_path / "timed", "arrays")[0] == 0
    length = time.perf_counter() - started
    rng, kills, completed = random.Random(0), 0, 0
    while kills < 50:
        folder = tmp_path / f"run{completed}"
        process = start(folder, "arrays")
        time.sleep(rng.uniform(0.2, 1.0) * length)
        process.kill()
        code, errors = finish(process)
        if code == -9:
            kills += 1
            continue
        assert code == 0, errors
        assert (folder / "result").read_bytes() == want
        completed += 1
    code, errors = run(folder, "arrays")
    assert code == 0, errors
    assert (folder / "result").read_bytes() == want


def fit(folder, epochs=3, stop_at=None, **options):
    nx.utils.set_random_seed(1)
    model = nx.Sequential([nx.Input((3,)), layers.Dense(4, "tanh"), layers.Dropout(0.2), layers.Dense(1)])
    model.compile("adam", "mse")

    class Stop(nx.callbacks.Callback):
        def on_train_batch_end(self, batch, logs=None):
            if stop_at is not None and int(self.model.optimizer.iterations) == stop_at:
                raise InterruptedError

    callbacks = [nx.callbacks.BackupAndRestore(folder, **options), Stop()]
    history = model.fit(X, Y, batch_size=5, epochs=epochs, callbacks=callbacks, verbose=0)
    return model, history


def test_back_ups_of_epochs_keep_history(tmp_path):
    model, history = fit(tmp_path / "a")
    with pytest.raises(InterruptedError):
        fit(tmp_path / "b", stop_at=12)
    resumed, again = fit(tmp_path / "b")
    assert again.history == history.history and again.epoch == [0, 1, 2]
    for ours, theirs in zip(resumed.get_weights(), model.get_weights()):
        np.testing.assert_array_equal(ours, theirs)


def test_the_back_up_is_kept_on_request_and_extends_a_run(tmp_path):
    fit(tmp_path / "a", epochs=2, delete_checkpoint=False)
    assert os.listdir(tmp_path / "a") == ["backup.nx"]
    extended, _ = fit(tmp_path / "a", epochs=4)
    whole, _ = fit(tmp_path / "b", epochs=4)
    for ours, theirs in zip(extended.get_weights(), whole.get_weights()):
        np.testing.assert_array_equal(ours, theirs)


def test_a_damaged_back_up_is_told_of_or_stepped_over(tmp_path):
    whole, _ = fit(tmp_path / "whole")
    with pytest.raises(InterruptedError):
        fit(tmp_path / "a", stop_at=12, save_freq=2, double_checkpoint=True)
    assert sorted(os.listdir(tmp_path / "a")) == ["backup.nx", "backup.previous.nx"]
    path = tmp_path / "a" / "backup.nx"
    path.write_bytes(path.read_bytes()[:-50])
    with pytest.warns(UserWarning, match="going back to the one before"):
        resumed, _ = fit(tmp_path / "a", save_freq=2, double_checkpoint=True)
    for ours, theirs in zip(resumed.get_weights(), whole.get_weights()):
        np.testing.assert_array_equal(ours, theirs)
    with pytest.raises(InterruptedError):
        fit(tmp_path / "b", stop_at=12, save_freq=2)
    path = tmp_path / "b" / "backup.nx"
    path.write_bytes(b"PK\x03\x04 nothing")
    with pytest.raises(ValueError, match=r"backup\.nx.*remove .* to start anew"):
        fit(tmp_path / "b", save_freq=2)


def test_another_model_or_other_callbacks_are_refused(tmp_path):
    with pytest.raises(InterruptedError):
        fit(tmp_path, stop_at=12, save_freq=2)
    model = nx.Sequential([nx.Input((3,)), layers.Dense(1)])
    model.compile("adam", "mse")
    with pytest.raises(ValueError, match="expected the weights of model"):
        model.fit(X, Y, callbacks=[nx.callbacks.BackupAndRestore(tmp_path)], verbose=0)
    model = nx.Sequential([nx.Input((3,)), layers.Dense(4, "tanh"), layers.Dropout(0.2), layers.Dense(1)])
    model.compile("adam", "mse")
    extra = [nx.callbacks.BackupAndRestore(tmp_path), nx.callbacks.EarlyStopping("loss")]
    with pytest.raises(ValueError, match="expected the state of callbacks"):
        model.fit(X, Y, callbacks=extra, verbose=0)
    model.compile("sgd", "mse")
    with pytest.raises(ValueError, match="expected the state of SGD"):
        model.fit(X, Y, callbacks=[nx.callbacks.BackupAndRestore(tmp_path)], verbose=0)


@pytest.mark.parametrize("options", [{"save_freq": 0}, {"save_freq": 1.5}, {"save_freq": "batch"}, {"backup_dir": ""}])
def test_wrong_arguments(options):
    with pytest.raises(ValueError, match="BackupAndRestore: expected"):
        nx.callbacks.BackupAndRestore(**{"backup_dir": "x", **options})
