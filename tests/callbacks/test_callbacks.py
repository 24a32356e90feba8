"""Early stopping, check-points, history and the order in which hooks are called."""

import os

import numpy as np
import pytest

import neuroxide as nx
from neuroxide import layers
from neuroxide.callbacks import Callback, CallbackList, EarlyStopping, History, ModelCheckpoint, TerminateOnNaN

RNG = np.random.default_rng(3)
X = RNG.normal(size=(20, 3)).astype(np.float32)
Y = RNG.normal(size=(20, 1)).astype(np.float32)


def model(rate=0.01, **options):
    net = nx.Sequential([nx.Input((3,)), layers.Dense(1)])
    net.compile(nx.optimizers.SGD(rate), "mse", **options)
    return net


class Fake:
    """A model that hands out given values, one an epoch."""

    def __init__(self, values, name="val_loss"):
        self.values, self.name, self.stop_training, self.metrics = values, name, False, []
        self.weights, self.restored = None, None

    def get_weights(self):
        return [self.weights]

    def set_weights(self, weights):
        self.restored = weights[0]

    def run(self, callback):
        callback.set_model(self)
        callback.on_train_begin()
        for epoch, value in enumerate(self.values):
            self.weights = epoch
            callback.on_epoch_end(epoch, {self.name: value})
            if self.stop_training:
                break
        callback.on_train_end()
        return epoch


@pytest.mark.parametrize(
    ("values", "options", "last", "restored"),
    [
        ([3, 2, 1, 0], {}, 3, 3),
        ([3, 4, 2, 1], {}, 1, 0),
        ([3, 2, 2.5, 2.6, 1], {"patience": 2}, 3, 1),
        ([3, 2, 2.5, 1.9, 2, 2], {"patience": 2}, 5, 3),
        ([3, 2.9, 2.8, 2.7], {"min_delta": 0.5, "patience": 2}, 2, 0),
        ([1, 2, 3, 4], {"mode": "max"}, 3, 3),
        ([5, 4, 3, 2], {"baseline": 1.0, "patience": 2}, 3, 3),
        ([1, 2, 3, 2, 1.5], {"start_from_epoch": 2}, 4, 4),
        ([3, float("nan"), float("nan")], {"patience": 2}, 2, 0),
    ],
)
def test_early_stopping(values, options, last, restored):
    fake = Fake(values)
    assert fake.run(EarlyStopping(restore_best_weights=True, **options)) == last
    assert fake.restored == restored


def test_early_stopping_can_be_used_again():
    callback = EarlyStopping()
    assert Fake([1, 2]).run(callback) == 1
    assert Fake([9, 8, 7]).run(callback) == 2


@pytest.mark.parametrize(("name", "values", "last"), [("val_accuracy", [1, 2, 3], 2), ("mae", [1, 2, 3], 1)])
def test_direction_follows_the_name(name, values, last):
    assert Fake(values, name).run(EarlyStopping(name)) == last


def test_unknown_directions_and_missing_values():
    with pytest.raises(ValueError, match="expected mode='max' or mode='min' with monitor='zeal'"):
        Fake([1, 2], "zeal").run(EarlyStopping("zeal"))
    with pytest.raises(ValueError, match="expected mode 'auto', 'min' or 'max', got 'up'"):
        EarlyStopping(mode="up")
    with pytest.warns(UserWarning, match=r"expected 'val_loss' in the logs, got \['loss'\]"):
        model().fit(X, Y, callbacks=[EarlyStopping()], verbose=0)


def test_early_stopping_ends_a_fit_and_goes_back(tmp_path):
    net = model(rate=5.0)
    stop = EarlyStopping("loss", patience=1, restore_best_weights=True, verbose=0)
    best = ModelCheckpoint(tmp_path / "best.safetensors", "loss", save_best_only=True, save_weights_only=True)
    history = net.fit(X, Y, epochs=50, callbacks=[stop, best], verbose=0)
    assert len(history.epoch) < 50
    kept = model()
    kept.load_weights(tmp_path / "best.safetensors")
    for ours, theirs in zip(net.get_weights(), kept.get_weights()):
        np.testing.assert_array_equal(ours, theirs)


def test_messages(capsys, tmp_path):
    net = model()
    stop = EarlyStopping("loss", mode="max", patience=1, verbose=1, restore_best_weights=True)
    save = ModelCheckpoint(tmp_path / "m.nx", "loss", mode="max", save_best_only=True, verbose=1)
    net.fit(X, Y, epochs=9, callbacks=[stop, save], verbose=0)
    out = capsys.readouterr().out
    assert "Epoch 2: early stopping" in out and "end of the best epoch: 1." in out
    assert "Epoch 1: loss improved from -inf to " in out and "Epoch 2: loss did not improve from " in out


def test_checkpoints_by_epoch_and_by_batch(tmp_path):
    net = model()
    every = ModelCheckpoint(tmp_path / "e" / "{epoch:02d}-{loss:.1f}.nx")
    batch = ModelCheckpoint(tmp_path / "b-{epoch}-{batch}.nx", save_freq=3)
    net.fit(X, Y, batch_size=5, epochs=2, callbacks=[every, batch], verbose=0)
    names = sorted(os.listdir(tmp_path / "e"))
    assert len(names) == 2 and names[0].startswith("01-") and names[1].startswith("02-")
    assert sorted(p for p in os.listdir(tmp_path) if p != "e") == ["b-1-3.nx", "b-2-2.nx"]
    last = nx.models.load_model(tmp_path / "e" / names[1])
    np.testing.assert_array_equal(last.get_weights()[0], net.get_weights()[0])


def test_a_threshold_for_the_first_checkpoint(tmp_path):
    save = ModelCheckpoint(tmp_path / "m.nx", "loss", save_best_only=True, initial_value_threshold=-1.0)
    model().fit(X, Y, callbacks=[save], verbose=0)
    assert os.listdir(tmp_path) == []


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        ({"filepath": "m.keras"}, r"end in '\.nx' with save_weights_only=False"),
        ({"filepath": "m.nx", "save_weights_only": True}, r"end in '\.safetensors'"),
        ({"filepath": "m.nx", "save_freq": "batch"}, "'epoch' or a number of batches, got 'batch'"),
        ({"filepath": "m.nx", "mode": "low"}, "got 'low'"),
    ],
)
def test_wrong_checkpoint_arguments(arguments, message):
    with pytest.raises(ValueError, match=message):
        ModelCheckpoint(**arguments)


def test_unknown_names_in_a_checkpoints_path(tmp_path):
    with pytest.raises(KeyError, match="epoch"):
        model().fit(X, Y, callbacks=[ModelCheckpoint(tmp_path / "{zeal}.nx")], verbose=0)


def test_hooks_are_called_in_keras_order():
    calls = []

    class Record(Callback):
        def __getattribute__(self, name):
            if name.startswith("on_") and name not in ("on_batch_begin", "on_batch_end"):
                return lambda *args, **kwargs: calls.append((name[3:], *args[:1]) if len(args) > 1 else (name[3:],))
            return super().__getattribute__(name)

    net = model()
    net.fit(X, Y, batch_size=10, validation_data=(X[:5], Y[:5]), callbacks=[Record()], verbose=0)
    net.predict(X, callbacks=[Record()], verbose=0)
    names = [c[0] for c in calls]
    assert names == [
        "train_begin",
        "epoch_begin",
        "train_batch_begin", "train_batch_end", "train_batch_begin", "train_batch_end",
        "test_begin", "test_batch_begin", "test_batch_end", "test_end",
        "epoch_end",
        "train_end",
        "predict_begin", "predict_batch_begin", "predict_batch_end", "predict_end",
    ]  # fmt: skip


def test_stop_training_in_a_batch_ends_the_epoch():
    class Stop(Callback):
        def on_train_batch_end(self, batch, logs=None):
            self.model.stop_training = batch == 1

    net = model()
    history = net.fit(X, Y, batch_size=5, epochs=5, callbacks=[Stop()], verbose=0)
    assert int(net.optimizer.iterations) == 2 and history.epoch == [0]


@pytest.mark.filterwarnings("ignore::RuntimeWarning")
def test_terminate_on_nan(capsys):
    net = model(rate=1e30)
    net.fit(X, Y, batch_size=5, epochs=20, callbacks=[TerminateOnNaN()], verbose=0)
    assert "Invalid loss, terminating training" in capsys.readouterr().out
    with pytest.raises(RuntimeError, match="expected a finite loss"):
        model(rate=1e30).fit(X, Y, batch_size=5, epochs=20, callbacks=[TerminateOnNaN(raise_error=True)], verbose=0)


def test_a_history_of_ones_own_is_used():
    mine = History()
    assert model().fit(X, Y, callbacks=[mine], verbose=0) is mine
    assert repr(mine) == "<History of 1 epochs: loss>"


def test_lists_take_nests_and_appended_callbacks():
    one, two = Callback(), Callback()
    both = CallbackList([one, [two]], model=3, epochs=2)
    assert both.callbacks == [one, two] and two.model == 3 and one.params == {"epochs": 2}
    both.append(Callback())
    assert len(list(both)) == 3
