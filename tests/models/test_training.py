"""`compile`, `fit`, `evaluate`, `predict` and single batches: arguments, names, values, and what users override."""

import io
import signal
import sys
import threading

import numpy as np
import pytest

import neuroxide as nx
from neuroxide import layers, ops
from neuroxide.backend import kernels

RNG = np.random.default_rng(1)
X = RNG.normal(size=(40, 3)).astype(np.float32)
Y = (X @ np.array([[1.0], [-2.0], [0.5]]) + 0.1).astype(np.float32)
LABELS = (Y[:, 0] > 0).astype(np.int64)


def regression(optimizer="sgd", loss="mse", **options):
    model = nx.Sequential([nx.Input((3,)), layers.Dense(1, kernel_initializer="zeros")])
    model.compile(optimizer, loss, **options)
    return model


def classifier(**options):
    model = nx.Sequential([nx.Input((3,)), layers.Dense(2, "softmax")])
    model.compile("adam", "sparse_categorical_crossentropy", **options)
    return model


def test_one_step_is_gradient_descent():
    model = regression(nx.optimizers.SGD(0.1))
    loss = model.train_on_batch(X, Y)
    assert loss == pytest.approx(np.mean(Y**2), rel=1e-5)
    grad = 2 * X.T @ (0 - Y) / len(X)
    np.testing.assert_allclose(model.get_weights()[0], -0.1 * grad, rtol=1e-4)


def test_the_reported_loss_is_the_mean_over_samples():
    model = regression(nx.optimizers.SGD(0.0))
    history = model.fit(X[:10], Y[:10], batch_size=4, epochs=2, verbose=0)
    assert history.history["loss"][0] == pytest.approx(np.mean(Y[:10] ** 2), rel=1e-5)
    assert model.evaluate(X[:10], Y[:10], batch_size=3, verbose=0) == pytest.approx(np.mean(Y[:10] ** 2), rel=1e-5)


def test_the_reported_loss_includes_penalties():
    model = nx.Sequential([nx.Input((3,)), layers.Dense(1, kernel_regularizer="l2", kernel_initializer="ones")])
    model.compile(nx.optimizers.SGD(0.0), "mse")
    want = np.mean((X.sum(1, keepdims=True) - Y) ** 2) + 0.01 * 3
    assert model.fit(X, Y, verbose=0).history["loss"][0] == pytest.approx(want, rel=1e-5)
    assert model.evaluate(X, Y, verbose=0) == pytest.approx(want, rel=1e-5)


@pytest.mark.parametrize(("y", "kind"), [(LABELS, 2), (LABELS[:, None], 2), (np.eye(2)[LABELS], 2), (LABELS, 1)])
def test_accuracy_and_crossentropy_follow_the_shapes(y, kind):
    model = nx.Sequential([nx.Input((3,)), layers.Dense(kind, "softmax" if kind == 2 else "sigmoid")])
    model.compile("sgd", "crossentropy", metrics=["accuracy", "acc"])
    values = model.evaluate(X, y, verbose=0, return_dict=True)
    pred = model.predict(X, verbose=0)
    chosen = pred.argmax(1) if kind == 2 else (pred[:, 0] > 0.5)
    p = pred[np.arange(40), LABELS] if kind == 2 else np.where(LABELS, pred[:, 0], 1 - pred[:, 0])
    assert values["accuracy"] == values["acc"] == pytest.approx(np.mean(chosen == LABELS))
    assert values["loss"] == pytest.approx(-np.mean(np.log(p)), rel=1e-4)


def test_names_and_order_of_results():
    model = classifier(metrics=["accuracy"], weighted_metrics=["accuracy"])
    history = model.fit(X, LABELS, validation_data=(X, LABELS), verbose=0)
    names = ["accuracy", "loss", "weighted_accuracy"]
    assert list(history.history) == names + [f"val_{name}" for name in names]
    values = model.evaluate(X, LABELS, verbose=0)
    logs = model.evaluate(X, LABELS, verbose=0, return_dict=True)
    assert values == [logs["loss"], logs["accuracy"], logs["weighted_accuracy"]]
    assert model.train_on_batch(X, LABELS, return_dict=True).keys() == set(names)
    assert len(model.test_on_batch(X, LABELS)) == 3
    assert history.epoch == [0] and history.params["epochs"] == 1 and model.history is history


def test_weights_of_samples_and_classes():
    w = RNG.random(40).astype(np.float32)
    model = regression(nx.optimizers.SGD(0.0))
    want = np.mean(w * Y[:, 0] ** 2)
    assert model.evaluate(X, Y, sample_weight=w, verbose=0) == pytest.approx(want, rel=1e-5)
    assert model.test_on_batch(X, Y, sample_weight=w) == pytest.approx(want, rel=1e-5)
    model.reset_metrics()
    assert model.train_on_batch(X, Y, sample_weight=w) == pytest.approx(want, rel=1e-5)
    by_class = np.where(LABELS == 1, 3.0, 1.0)
    model = classifier()
    p = model.predict(X, verbose=0)[np.arange(40), LABELS]
    got = model.train_on_batch(X, LABELS, class_weight={1: 3.0})
    assert got == pytest.approx(-np.mean(by_class * np.log(p)), rel=1e-4)


def test_epochs_validation_and_shuffling_arguments():
    model = regression()
    history = model.fit(X, Y, initial_epoch=2, epochs=6, validation_split=0.25, validation_freq=2, verbose=0)
    assert history.epoch == [2, 3, 4, 5] and len(history.history["val_loss"]) == 2
    history = model.fit(X, Y, epochs=4, validation_data=(X, Y), validation_freq=[1, 4], verbose=0)
    assert len(history.history["val_loss"]) == 2
    history = model.fit(X, Y, epochs=3, initial_epoch=3, verbose=0)
    assert history.history == {}


def test_same_seed_same_bits_and_shuffling_matters():
    def run(seed, **options):
        nx.utils.set_random_seed(seed)
        model = nx.Sequential([nx.Input((3,)), layers.Dense(8, "relu"), layers.Dropout(0.3), layers.Dense(1)])
        model.compile("adam", "mse")
        model.fit(X, Y, batch_size=7, epochs=2, verbose=0, **options)
        return np.concatenate([w.ravel() for w in model.get_weights()]).tobytes()

    assert run(1) == run(1)
    assert len({run(1), run(2), run(1, shuffle=False), run(1, shuffle="batch")}) == 4


def test_generators_datasets_and_steps():
    def batches():
        while True:
            yield X[:8], Y[:8]

    class Data(nx.utils.PyDataset):
        def __len__(self):
            return 5

        def __getitem__(self, i):
            return X[8 * i : 8 * i + 8], Y[8 * i : 8 * i + 8]

    model = regression()
    model.fit(batches(), steps_per_epoch=3, epochs=2, validation_data=batches(), validation_steps=2, verbose=0)
    assert int(model.optimizer.iterations) == 6
    model.fit(Data(workers=2), epochs=1, validation_data=Data(), verbose=0)
    assert int(model.optimizer.iterations) == 11
    assert model.evaluate(Data(), verbose=0) == pytest.approx(model.evaluate(X, Y, verbose=0), rel=1e-5)
    np.testing.assert_array_equal(model.predict(Data(), verbose=0), model.predict(X, batch_size=8, verbose=0))
    assert len(model.predict(batches(), steps=2, verbose=0)) == 16


@pytest.mark.filterwarnings("ignore:sgd. no gradient")
def test_partial_losses_and_targets():
    a = nx.Input((3,))
    model = nx.Model(a, [layers.Dense(1, name="p")(a), layers.Dense(1, name="q")(a)])
    model.compile("sgd", {"p": "mse"})
    assert list(model.fit(X, {"p": Y}, verbose=0).history) == ["loss"]
    model.compile("sgd", [None, "mse"])
    assert list(model.fit(X, [Y], verbose=0).history) == ["loss"]
    assert list(model.fit(X, Y, verbose=0).history) == ["loss"]
    model.compile("sgd", "mse", metrics={"q": "mae"})
    assert list(model.fit(X, [Y, Y], verbose=0).history) == ["loss", "p_loss", "q_loss", "q_mae"]
    assert [p.shape for p in model.predict(X, verbose=0)] == [(40, 1), (40, 1)]


def test_custom_losses_metrics_layers_and_callbacks_are_plain_python():
    class Scale(layers.Layer):
        def build(self, shape):
            self.s = self.add_weight(shape=(shape[-1],), initializer="ones")
            self.calls = nx.metrics.Sum(name="calls")

        def call(self, x):
            self.calls.update_state(1.0)
            self.add_loss(0.5 * ops.sum(self.s))
            return x * self.s

    def cubic(y_true, y_pred):
        return ops.mean(ops.absolute(y_true - y_pred) ** 3.0, axis=-1)

    def worst(y_true, y_pred):
        return np.abs(np.asarray(y_true) - np.asarray(y_pred)).max(axis=-1)

    seen = []

    class Watch(nx.callbacks.Callback):
        def on_train_batch_end(self, batch, logs=None):
            seen.append((batch, dict(logs)))

        def on_epoch_end(self, epoch, logs=None):
            seen.append(("epoch", dict(logs)))

    model = nx.Sequential([nx.Input((3,)), Scale(), layers.Dense(1, kernel_initializer="zeros")])
    model.compile(nx.optimizers.SGD(0.0), cubic, metrics=[worst])
    model.fit(X, Y, batch_size=20, epochs=1, callbacks=[Watch()], verbose=0)
    last = seen[-1][1]
    assert last["loss"] == pytest.approx(np.mean(np.abs(Y) ** 3) + 1.5, rel=1e-5)
    assert last["worst"] == pytest.approx(np.mean(np.abs(Y)), rel=1e-5)
    assert last["calls"] == 2.0
    assert [s[0] for s in seen] == [0, 1, "epoch"] and all(type(v) is float for v in last.values())
    assert seen[0][1]["loss"] != last["loss"]


def test_train_step_can_be_overridden():
    class Mine(nx.Sequential):
        def train_step(self, data):
            x, y, _ = nx.utils.unpack_x_y_sample_weight(data)
            loss = self.compute_loss(x, y, self(x, training=True))
            weights = self.trainable_weights
            self.optimizer.apply(nx.gradients(loss, weights), weights)
            return {"mine": loss, "n": len(x)}

        def predict_step(self, data):
            return super().predict_step(data) + 1.0

    model = Mine([nx.Input((3,)), layers.Dense(1, kernel_initializer="zeros")])
    model.compile(nx.optimizers.SGD(0.1), "mse")
    plain = regression(nx.optimizers.SGD(0.1))
    history = model.fit(X, Y, batch_size=16, epochs=2, shuffle=False, verbose=0)
    plain.fit(X, Y, batch_size=16, epochs=2, shuffle=False, verbose=0)
    assert list(history.history) == ["mine", "n"] and history.history["n"] == [8.0, 8.0]
    np.testing.assert_array_equal(model.get_weights()[0], plain.get_weights()[0])
    np.testing.assert_array_equal(model.predict(X, verbose=0), plain.predict(X, verbose=0) + 1)
    assert set(model.train_on_batch(X, Y, return_dict=True)) == {"mine", "n"}


def test_train_on_batch_returns_means_since_the_last_reset():
    model = regression(nx.optimizers.SGD(0.0))
    first, both = model.train_on_batch(X[:10], Y[:10]), model.train_on_batch(X[10:], Y[10:])
    assert first == pytest.approx(np.mean(Y[:10] ** 2), rel=1e-5) and both == pytest.approx(np.mean(Y**2), rel=1e-5)
    model.reset_metrics()
    assert model.train_on_batch(X[10:], Y[10:]) == pytest.approx(np.mean(Y[10:] ** 2), rel=1e-5)


def test_predict_puts_batches_together():
    model = regression()
    model.set_weights([np.ones((3, 1), np.float32), np.zeros(1, np.float32)])
    for size in (1, 7, 40, 100):
        got = model.predict(X, batch_size=size, verbose=0)
        np.testing.assert_allclose(got, X.sum(1, keepdims=True), rtol=1e-5, atol=1e-6)
    got[:] = 0
    assert model.predict(X, verbose=0).any()
    echo = nx.Sequential([nx.Input((3,)), layers.Activation("linear")])
    assert not np.shares_memory(echo.predict_on_batch(X), X)
    assert type(model.predict_on_batch(X)) is np.ndarray


def test_predict_from_eight_threads_gives_the_same_bits():
    model = nx.Sequential([nx.Input((3,)), layers.Dense(64, "tanh"), layers.Dense(1)])
    x = RNG.normal(size=(500, 3)).astype(np.float32)
    want = model.predict(x, verbose=0).tobytes()
    results = []

    def work():
        results.extend(model.predict(x, verbose=0).tobytes() for _ in range(5))

    threads = [threading.Thread(target=work) for _ in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert len(results) == 40 and set(results) == {want}


def test_progress_is_printed_as_asked(monkeypatch):
    def run(verbose):
        monkeypatch.setattr(sys, "stdout", out := io.StringIO())
        model = regression(metrics=["mae"])
        model.fit(X, Y, batch_size=16, epochs=2, validation_split=0.2, verbose=verbose)
        model.evaluate(X, Y, verbose=verbose)
        model.predict(X, verbose=verbose)
        return out.getvalue().splitlines()

    assert run(0) == []
    for verbose in (2, 1, "auto"):
        lines = run(verbose)
        assert len(lines) == 6 and lines[0] == "Epoch 1/2" and lines[2] == "Epoch 2/2"
        assert lines[1].startswith("2/2 ") and lines[3].count("val_") == 2
        assert lines[4].startswith("2/2 ") and " - loss: " in lines[4] and " - mae: " in lines[4]
        assert lines[5].startswith("2/2 ") and "loss" not in lines[5]
    with pytest.raises(ValueError, match="verbose: expected 0, 1, 2 or 'auto', got 7"):
        run(7)


def test_interrupting_leaves_a_usable_model():
    model = regression()

    class Interrupt(nx.callbacks.Callback):
        def on_train_batch_end(self, batch, logs=None):
            if batch == 2:
                signal.raise_signal(signal.SIGINT)

    # A process in the background inherits an ignored SIGINT, for which Python installs no handler.
    before = signal.signal(signal.SIGINT, signal.default_int_handler)
    try:
        with pytest.raises(KeyboardInterrupt):
            model.fit(X, Y, batch_size=4, callbacks=[Interrupt()], verbose=0)
    finally:
        signal.signal(signal.SIGINT, before)
    assert int(model.optimizer.iterations) == 3
    model.fit(X, Y, verbose=0)
    assert np.isfinite(model.evaluate(X, Y, verbose=0))


@pytest.mark.parametrize(
    ("compile", "fit", "message"),
    [
        ({"steps_per_execution": 4}, {}, "steps_per_execution=4 is not supported"),
        ({"jit_compile": True}, {}, "jit_compile=True is not supported"),
        ({"loss": "mze"}, {}, "did you mean"),
        ({"optimizer": "adem"}, {}, "did you mean 'adam'"),
        ({"metrics": ["acuracy_"]}, {}, "acuracy_"),
        ({"metrics": "mae"}, {}, r"metrics to be a list or dictionary, got 'mae': pass \['mae'\]"),
        ({"loss": ["mse", "mse"]}, {}, "loss: expected 1 entries, one for each output, got 2"),
        ({"loss": {"nope": "mse"}}, {}, "loss: expected the names of outputs"),
        ({"loss_weights": ["a"]}, {}, "loss_weights: expected numbers"),
        ({"loss": None}, {}, "expected a loss, got none"),
        ({}, {"y": None}, "expected y, got None"),
        ({}, {"y": Y[:3]}, "same number of samples"),
        ({}, {"validation_split": 1.5}, "validation_split"),
        ({}, {"validation_freq": 0}, "validation_freq"),
        ({}, {"epochs": 1.5}, "expected epochs to be a whole number"),
        ({}, {"class_weight": {0: 1.0}, "sample_weight": Y[:, 0]}, "got both"),
        ({}, {"callbacks": [nx.callbacks.History]}, r"add \(\)"),
        ({}, {"callbacks": ["checkpoint"]}, "expected Callback instances, got 'checkpoint'"),
        ({}, {"x": X[:, :2]}, r"of shape \(None, 3\), got"),
    ],
)
def test_wrong_arguments_are_told_of(compile, fit, message):
    with pytest.raises((ValueError, TypeError), match=message):
        model = nx.Sequential([nx.Input((3,)), layers.Dense(1)])
        model.compile(**{"optimizer": "sgd", "loss": "mse", **compile})
        model.fit(**{"x": X, "y": Y, "verbose": 0, **fit})


def test_compile_comes_first():
    model = nx.Sequential([nx.Input((3,)), layers.Dense(1)])
    for call in (model.fit, model.evaluate, model.train_on_batch, model.test_on_batch):
        with pytest.raises(ValueError, match="call compile"):
            call(X, Y)


def test_a_frozen_model_warns_and_stays():
    model = regression()
    model.trainable = False
    before = model.get_weights()
    with pytest.warns(UserWarning, match="no weight is trainable"):
        model.fit(X, Y, epochs=2, verbose=0)
    np.testing.assert_array_equal(model.get_weights()[0], before[0])


def test_freezing_a_layer_is_seen_by_the_next_batch():
    model = nx.Sequential([nx.Input((3,)), layers.Dense(2), layers.Dense(1)])
    model.compile("sgd", "mse")
    model.train_on_batch(X, Y)
    model.layers[0].trainable = False
    before = model.get_weights()
    model.train_on_batch(X, Y)
    after = model.get_weights()
    np.testing.assert_array_equal(before[0], after[0])
    assert not np.array_equal(before[2], after[2])


class Spoil(layers.Layer):
    """Gives an infinity once the input holds 9."""

    def call(self, x):
        return ops.where(ops.equal(x, 9.0), float("inf"), x)


def guarded():
    model = nx.Sequential(
        [nx.Input((3,)), layers.Dense(3, kernel_initializer="identity"), Spoil(name="spoil"), layers.Dense(1)]
    )
    model.compile("sgd", "mse", nan_guard=True)
    return model


def test_the_guard_names_the_layer_keeps_the_batch_and_the_weights():
    model = guarded()
    x = X.copy()
    x[17, 1] = 9.0
    before = model.get_weights()
    with pytest.raises(
        nx.models.NonFiniteError, match=r"epoch 1, batch 1: .* layer 'spoil' \(Spoil\) is the first"
    ) as e:
        model.fit(x, Y, shuffle=False, batch_size=40, verbose=0)
    assert e.value.layer is model.layers[1]
    np.testing.assert_array_equal(e.value.batch[0], x)
    for old, new in zip(before, model.get_weights()):
        np.testing.assert_array_equal(old, new)
    model.fit(X, Y, verbose=0)


@pytest.mark.parametrize("part", ["x", "y", "weight"])
def test_the_guard_tells_bad_data_and_weights_from_bad_layers(part):
    model, x, y = guarded(), X.copy(), Y.copy()
    if part == "weight":
        model.layers[2].kernel.assign(np.full((3, 1), np.nan))
    else:
        {"x": x, "y": y}[part][3] = np.nan
    told = {
        "x": "the inputs hold 3 NaN",
        "y": "the targets hold 1 NaN",
        "weight": "layers/2/kernel already holds 3 NaN",
    }
    with pytest.raises(nx.models.NonFiniteError, match=told[part]):
        model.fit(x, y, verbose=0)


def test_the_guard_sees_gradients():
    @nx.differentiable
    def spoiled(x):
        k = kernels(x)
        return k.copy(x), lambda dy: k.multiply(dy, float("nan"))

    class Bad(layers.Layer):
        def call(self, x):
            return spoiled(x)

    model = nx.Sequential([nx.Input((3,)), layers.Dense(2), Bad(), layers.Dense(1)])
    model.compile("sgd", "mse", nan_guard=True)
    with pytest.raises(nx.models.NonFiniteError, match=r"gradient of .*kernel is not finite"):
        model.train_on_batch(X, Y)


class OwnStep(nx.Sequential):
    """A training step of its own; `then` is done with its logs after the optimizer's step."""

    def then(self, logs):
        return logs

    def train_step(self, data):
        x, y, _ = nx.utils.unpack_x_y_sample_weight(data)
        loss = self.compute_loss(x, y, self(x, training=True))
        weights = self.trainable_weights
        self.optimizer.apply(nx.gradients(loss, weights), weights)
        return self.then({"loss": loss, **self.compute_metrics(x, y, self(x))})


def state_of(model):
    values = [v.numpy() for v in [*model.weights, *model.optimizer.variables]]
    return values + [np.asarray(v) for metric in model.metrics for v in metric.get_state().values()]


def assert_untouched(before, model):
    after = state_of(model)
    assert len(before) == len(after)
    for old, new in zip(before, after):
        np.testing.assert_array_equal(old, new)


def own_step(cls=OwnStep, spoil="spoil"):
    model = cls([nx.Input((3,)), layers.Dense(3), Spoil(name=spoil), layers.Dropout(0.5), layers.Dense(1)])
    model.compile("adam", "mse", metrics=["mae"], nan_guard=True)
    model.train_on_batch(X, Y)
    return model


def test_the_guard_holds_in_a_train_step_of_ones_own():
    model, x = own_step(), X.copy()
    model.layers[0].set_weights([np.eye(3), np.zeros(3)])
    x[17, 1] = 9.0
    before = state_of(model)
    with pytest.raises(
        nx.models.NonFiniteError, match=r"gradient of .* is not finite: layer 'spoil' \(Spoil\) is the first"
    ) as e:
        model.train_on_batch(x, Y)
    assert e.value.layer is model.layers[1]
    assert e.value.batch[0] is x
    assert_untouched(before, model)
    with pytest.raises(nx.models.NonFiniteError, match=r"epoch 1, batch 1: .* layer 'spoil'"):
        model.fit(x, Y, shuffle=False, batch_size=40, verbose=0)
    assert int(model.optimizer.iterations) == 1
    model.fit(X, Y, verbose=0)


@pytest.mark.parametrize("how", ["logs", "by hand", "second optimizer"])
def test_the_guard_takes_back_what_a_train_step_did_before_it_went_wrong(how):
    class Late(OwnStep):
        bad = False
        second = nx.optimizers.SGD(0.1, momentum=0.9)

        def then(self, logs):
            weights = self.trainable_weights
            value = np.float32("nan") if self.bad else np.float32(0)
            if how == "logs":
                return {**logs, "own": value}
            if how == "by hand":
                weights[0].assign_add(np.full(weights[0].shape, value))
            else:
                self.second.apply([np.ones(w.shape, np.float32) for w in weights], weights)
                self.second.apply([np.full(w.shape, value) for w in weights], weights)
            return logs

    told = {"logs": "train_step gave own=nan", "by hand": "left weight layers/0/kernel not finite"}
    model = own_step(Late)
    model.bad = True
    before, second = state_of(model), [v.numpy() for v in model.second.variables]
    with pytest.raises(nx.models.NonFiniteError, match=told.get(how, "the gradient of .*kernel is not finite")) as e:
        model.train_on_batch(X, Y)
    assert e.value.layer is None
    assert_untouched(before, model)
    for old, new in zip(second, [v.numpy() for v in model.second.variables], strict=True):
        np.testing.assert_array_equal(old, new)


def test_the_guard_holds_before_a_model_with_its_own_step_has_weights():
    class Late(nx.Model):
        def __init__(self):
            super().__init__()
            self.first, self.last = Spoil(name="early"), layers.Dense(1)

        def call(self, x):
            return self.last(self.first(x))

        train_step = OwnStep.train_step
        then = OwnStep.then

    model, x = Late(), X.copy()
    model.compile("adam", "mse", nan_guard=True)
    x[2, 2] = 9.0
    with pytest.raises(nx.models.NonFiniteError, match="layer 'early'"):
        model.train_on_batch(x, Y)
    assert int(model.optimizer.iterations) == 0
    assert all(np.isfinite(w).all() for w in model.get_weights())
    model.train_on_batch(X, Y)


def test_every_metric_of_one_name_compiles(tmp_path):
    """Names as Keras takes them; metrics of several numbers stay arrays in logs and survive a back-up."""
    x = np.random.default_rng(0).normal(size=(24, 3)).astype(np.float32)
    y = (x.sum(axis=1, keepdims=True) > 0).astype(np.float32)
    names = ["accuracy", "ce", "AUC", "auc", "Precision", "recall", "mae", "mape", "msle", "rmse", "f1_score"]
    names += ["r2_score", "true_positives", "hinge", "kl_divergence", "logcosh", "cosine_similarity", "poisson"]
    model = nx.Sequential([nx.layers.Input((3,)), nx.layers.Dense(1, activation="sigmoid")])
    weighted = ["bce", nx.metrics.F1Score(threshold=0.5)]
    model.compile("sgd", "binary_focal_crossentropy", metrics=names, weighted_metrics=weighted)
    backup = nx.callbacks.BackupAndRestore(str(tmp_path / "b"), delete_checkpoint=False)
    logs = model.fit(x, y, epochs=2, verbose=0, validation_data=(x, y), callbacks=[backup]).history
    assert {*names, "loss", "bce", "weighted_f1_score"} <= set(logs)
    assert type(logs["weighted_f1_score"][0]) is float
    assert logs["ce"][0] == pytest.approx(logs["bce"][0])
    values = model.evaluate(x, y, verbose=0, return_dict=True)
    p = model.predict(x, verbose=0)
    assert values["auc"] == values["AUC"] == pytest.approx(nx.metrics.AUC()(y, p))
    assert values["recall"] == nx.metrics.recall_score(y.astype(int), (p > 0.5).astype(int))


def test_metrics_of_several_numbers(tmp_path, capsys):
    model = nx.Sequential([nx.layers.Input((3,)), nx.layers.Dense(2, activation="softmax")])
    several = [nx.metrics.F1Score(), nx.metrics.Precision([0.2, 0.4, 0.6])]
    model.compile("sgd", "categorical_crossentropy", metrics=several)
    backup = nx.callbacks.BackupAndRestore(str(tmp_path / "b"), delete_checkpoint=False)
    logs = model.fit(X, np.eye(2)[LABELS], epochs=2, verbose=2, callbacks=[backup]).history
    assert [np.shape(v) for v in logs["f1_score"]] == [(2,), (2,)]
    assert logs["precision"][-1].shape == (3,)
    assert f"f1_score: {logs['f1_score'][-1].mean():.4f}" in capsys.readouterr().out
