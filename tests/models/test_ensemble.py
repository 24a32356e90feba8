"""Ensembles: averages of models, and snapshots out of one run."""

import math

import numpy as np
import pytest

import neuroxide as nx


def member(units: int = 3, seed: int = 0) -> nx.Model:
    init = nx.initializers.GlorotUniform(seed=seed)
    return nx.Sequential([nx.Input((4,)), nx.layers.Dense(units, "softmax", kernel_initializer=init)])


X = np.random.default_rng(0).standard_normal((20, 4)).astype("float32")
Y = np.random.default_rng(1).integers(0, 3, 20)


def test_predict_is_the_average():
    members = [member(seed=i) for i in range(4)]
    outputs = np.stack([m.predict(X, verbose=0) for m in members])
    np.testing.assert_allclose(nx.models.Ensemble(members).predict(X, verbose=0), outputs.mean(axis=0), rtol=1e-6)
    weighted = nx.models.Ensemble(members, weights=[1, 0, 2, 1]).predict(X, verbose=0)
    np.testing.assert_allclose(weighted, np.average(outputs, axis=0, weights=[1, 0, 2, 1]), rtol=1e-6)


def test_it_evaluates_trains_and_saves_as_any_model(tmp_path):
    ensemble = nx.models.Ensemble([member(seed=i) for i in range(3)], weights=[3, 2, 1])
    ensemble.compile("adam", "sparse_categorical_crossentropy", metrics=["accuracy"])
    before = ensemble.evaluate(X, Y, verbose=0)
    predicted = ensemble.predict(X, verbose=0)
    expected = -np.log(predicted[np.arange(20), Y]).mean()
    np.testing.assert_allclose(before, [expected, (predicted.argmax(1) == Y).mean()], rtol=1e-5)
    assert ensemble.fit(X, Y, epochs=20, verbose=0).history["loss"][-1] < before[0]
    ensemble.save(tmp_path / "e.nx")
    loaded = nx.models.load_model(tmp_path / "e.nx")
    assert np.array_equal(loaded.predict(X, verbose=0), ensemble.predict(X, verbose=0))
    assert loaded.shares == [0.5, 1 / 3, 1 / 6]


def test_several_outputs():
    inputs = nx.Input((4,))
    two = [nx.Model(inputs, {"a": nx.layers.Dense(1)(inputs), "b": nx.layers.Dense(2)(inputs)}) for _ in range(2)]
    got = nx.models.Ensemble(two).predict(X, verbose=0)
    for key in ("a", "b"):
        want = np.mean([m.predict(X, verbose=0)[key] for m in two], axis=0)
        np.testing.assert_allclose(got[key], want, rtol=1e-6, atol=1e-7)


@pytest.mark.parametrize(
    ("make", "message"),
    [
        (lambda: nx.models.Ensemble([]), "at least one Model"),
        (lambda: nx.models.Ensemble([nx.layers.Dense(1)]), "at least one Model"),
        (lambda: nx.models.Ensemble([member()], weights=[1, 2]), "1 weights of at least 0"),
        (lambda: nx.models.Ensemble([member()], weights=[0]), "not all 0"),
        (lambda: nx.models.Ensemble([member()], weights=[float("nan")]), "weights of at least 0"),
        (lambda: nx.models.Ensemble([member(3), member(2)])(X), r"outputs of one shape, got \(20, 3\) and \(20, 2\)"),
        (lambda: nx.callbacks.SnapshotEnsemble(0), "at least 1 cycle"),
        (lambda: nx.callbacks.SnapshotEnsemble(learning_rate=-1), "learning rate above 0"),
        (lambda: nx.callbacks.SnapshotEnsemble().ensemble(), "a finished cycle, got none"),
    ],
)
def test_refused(make, message):
    with pytest.raises(ValueError, match=message):
        make()


def train(callbacks, epochs=4, **options):
    nx.utils.set_random_seed(0)
    model = member()
    model.compile(nx.optimizers.SGD(0.3), "sparse_categorical_crossentropy")
    model.fit(X, Y, batch_size=5, epochs=epochs, verbose=0, callbacks=callbacks, **options)
    return model


class Rates(nx.callbacks.Callback):
    def on_train_begin(self, logs=None):
        self.rates = []

    def on_train_batch_end(self, batch, logs=None):
        self.rates.append(float(self.model.optimizer.learning_rate))


def test_snapshot_rates_follow_the_cosine_and_members_are_the_weights_at_the_ends():
    snapshots, rates = nx.callbacks.SnapshotEnsemble(2), Rates()
    model = train([snapshots, rates])
    cycle = [0.15 * (1 + math.cos(math.pi * t / 8)) for t in range(8)]
    np.testing.assert_allclose(rates.rates, cycle * 2, rtol=1e-6)
    ensemble = snapshots.ensemble()
    assert len(ensemble.models) == 2
    assert all(np.array_equal(a, b) for a, b in zip(ensemble.models[1].get_weights(), model.get_weights()))
    assert not np.array_equal(ensemble.models[0].get_weights()[0], model.get_weights()[0])
    with pytest.raises(ValueError, match="at least 5 epochs, one a cycle, got 4"):
        train([nx.callbacks.SnapshotEnsemble(5)])


def test_a_resumed_run_keeps_its_snapshots(tmp_path):
    class Stop(nx.callbacks.Callback):
        def on_train_batch_end(self, batch, logs=None):
            if armed and self.model.optimizer.iterations == 10:
                raise KeyboardInterrupt

    armed = False
    whole = nx.callbacks.SnapshotEnsemble(2)
    train([whole])
    armed = True
    backup = {"backup_dir": str(tmp_path), "save_freq": 1, "delete_checkpoint": False}
    with pytest.raises(KeyboardInterrupt):
        train([nx.callbacks.SnapshotEnsemble(2), nx.callbacks.BackupAndRestore(**backup), Stop()])
    armed = False
    resumed = nx.callbacks.SnapshotEnsemble(2)
    train([resumed, nx.callbacks.BackupAndRestore(**backup), Stop()])
    for first, second in zip(whole.snapshots, resumed.snapshots, strict=True):
        assert all(np.array_equal(a, b) for a, b in zip(first, second))
