"""`GradientMonitor`: numbers by hand, the course's 0.5^L and 1.5^L, and that it changes nothing."""

from __future__ import annotations

import copy
import math
import pickle
from typing import Any

import numpy as np
import pytest

import neuroxide as nx
from neuroxide import layers
from neuroxide.callbacks import GradientMonitor

RNG = np.random.default_rng(5)
X = RNG.normal(size=(24, 3)).astype(np.float32)
Y = RNG.integers(0, 3, 24)


def course(factor: float, depth: int) -> Any:
    """Linear layers without bias whose weights are factor · I, on x = (1, 1)."""
    net = nx.Sequential([nx.Input((2,))])
    for _ in range(depth):
        net.add(layers.Dense(2, use_bias=False, kernel_initializer=nx.initializers.Identity(factor)))
    net.compile(nx.optimizers.SGD(0.0), "mse")
    return net


@pytest.mark.parametrize(("factor", "verdict"), [(0.5, "vanishing"), (1.5, "exploding"), (1.0, "steady")])
def test_the_example_of_the_course(factor: float, verdict: str) -> None:
    depth = 20
    net, monitor = course(factor, depth), GradientMonitor()
    ones = np.ones((4, 2), np.float32)
    net.fit(ones, 0 * ones, callbacks=[monitor], verbose=0)
    rms = [kept["rms"][0] for kept in monitor.history["activations"].values()]
    np.testing.assert_allclose(rms, factor ** np.arange(1, depth + 1), rtol=1e-5)
    arriving = [kept["rms"][0] for kept in monitor.history["gradients"].values()]
    # Gradients arrive at the last layer first. Mean squared error: 2·y / (4 · 2).
    np.testing.assert_allclose(arriving, factor**depth / 4 * factor ** np.arange(depth), rtol=1e-5)
    for kind, ratio in (("activations", factor ** (depth - 1)), ("gradients", factor ** (depth - 1))):
        found = monitor.diagnosis()[kind]
        assert found["verdict"] == verdict
        assert found["factor"] == pytest.approx(factor, rel=1e-5) and found["ratio"] == pytest.approx(ratio, rel=1e-4)
    assert f"activations {verdict}: {factor:.3g} times a layer" in monitor.report()


def classifier() -> Any:
    nx.utils.set_random_seed(4)
    net = nx.Sequential(
        [
            nx.Input((3,)),
            layers.Dense(8, activation="relu", name="first"),
            layers.Dropout(0.5, name="drop"),
            layers.Dense(3, activation="softmax", name="last"),
        ]
    )
    net.compile(nx.optimizers.Adam(0.01), "sparse_categorical_crossentropy")
    return net


def test_numbers_of_a_small_network() -> None:
    net, monitor = classifier(), GradientMonitor()
    before = [w.numpy() for w in net.weights]
    net.fit(X, Y, batch_size=24, epochs=1, shuffle=False, callbacks=[monitor], verbose=0)
    z = X @ before[0] + before[1]
    hidden = monitor.history["activations"]["first"]
    assert hidden["rms"][0] == pytest.approx(math.sqrt(np.square(np.maximum(z, 0)).mean()), rel=1e-5)
    assert hidden["mean"][0] == pytest.approx(np.maximum(z, 0).mean(), rel=1e-5)
    assert hidden["std"][0] == pytest.approx(np.maximum(z, 0).std(), rel=1e-5)
    assert hidden["zeros"][0] == pytest.approx((z <= 0).mean())
    # With respect to the logits: probabilities less labels, over the number of samples.
    assert monitor.history["activations"]["last"]["mean"][0] == pytest.approx(1 / 3, rel=1e-5)
    assert monitor.history["gradients"]["last"]["mean"][0] == pytest.approx(0.0, abs=1e-6)
    assert 0 < monitor.history["gradients"]["last"]["rms"][0] < 1 / 24
    kernel = monitor.history["weights"]["first/kernel"]
    assert kernel["rms"][0] == pytest.approx(math.sqrt(np.square(before[0]).mean()), rel=1e-6)
    assert kernel["gradient"][0] > 0
    assert list(monitor.history["weights"]) == ["first/kernel", "first/bias", "last/kernel", "last/bias"]


def test_watching_changes_nothing_and_leaves_nothing_behind() -> None:
    nets = [classifier(), classifier()]
    for net, callbacks in zip(nets, ([], [GradientMonitor(batches=2)])):
        nx.utils.set_random_seed(1)
        net.fit(X, Y, batch_size=8, epochs=3, callbacks=callbacks, verbose=0)
        assert all("call" not in layer.__dict__ for layer in net.layers)
        assert "apply" not in net.optimizer.__dict__
    for a, b in zip(nets[0].get_weights(), nets[1].get_weights()):
        np.testing.assert_array_equal(a, b)


def test_an_error_in_training_leaves_nothing_behind() -> None:
    net, monitor = classifier(), GradientMonitor()
    with pytest.raises(ValueError, match=r"label|softmax_cross_entropy"):
        net.fit(X, Y + 7, batch_size=8, callbacks=[monitor], verbose=0)
    assert all("call" not in layer.__dict__ for layer in net.layers)
    assert "apply" not in net.optimizer.__dict__


def test_history_has_a_value_for_each_epoch_and_survives_a_copy() -> None:
    net, monitor = classifier(), GradientMonitor(batches=3)
    net.fit(X, Y, batch_size=8, epochs=4, callbacks=[monitor], verbose=0)
    assert monitor.history["epoch"] == [0, 1, 2, 3]
    for kind in ("activations", "gradients", "weights"):
        for kept in monitor.history[kind].values():
            assert all(len(values) == 4 for values in kept.values())
    twin = GradientMonitor(batches=3)
    twin.set_state(copy.deepcopy(monitor.get_state()))
    twin.set_model(net)
    assert twin.diagnosis(1) == monitor.diagnosis(1)
    assert pickle.loads(pickle.dumps(monitor)).history == monitor.history


def test_functional_models_and_train_steps_of_ones_own() -> None:
    class Own(nx.Model):
        def train_step(self, data: Any) -> Any:
            x, y, _ = nx.utils.unpack_x_y_sample_weight(data)
            loss = self.compute_loss(x, y, self(x, training=True))
            weights = self.trainable_weights
            self.optimizer.apply_gradients(zip(nx.gradients(loss, weights), weights))
            return {"loss": loss}

    inputs = nx.Input((3,))
    shared = layers.Dense(3, name="shared")
    net = Own(inputs, shared(layers.Activation("tanh", name="bend")(shared(inputs))))
    net.compile("sgd", "mse")
    monitor = GradientMonitor()
    net.fit(X, X, callbacks=[monitor], verbose=0)
    assert set(monitor.history["activations"]) == {"shared", "bend"} == set(monitor.history["gradients"])
    assert monitor.history["weights"]["shared/kernel"]["gradient"][0] > 0


def test_what_is_not_finite_has_exploded(capsys: Any) -> None:
    net, monitor = course(1e20, 3), GradientMonitor(verbose=1)
    ones = np.ones((4, 2), np.float32)
    net.fit(ones, ones, epochs=2, callbacks=[monitor], verbose=0)
    assert monitor.diagnosis()["activations"]["verdict"] == "exploding"
    assert capsys.readouterr().out.count("activations exploding") == 1  # told once


def test_a_single_layer_has_no_verdict() -> None:
    net, monitor = course(0.5, 1), GradientMonitor()
    net.fit(np.ones((4, 2), np.float32), np.ones((4, 2), np.float32), callbacks=[monitor], verbose=0)
    assert monitor.diagnosis() == {} and monitor.report() == "nothing recorded"


@pytest.mark.parametrize(
    ("arguments", "match"),
    [
        ({"batches": 0}, "batches to be an integer of at least 1, got 0"),
        ({"low": 2.0}, "expected 0 < low < 1 < high, got low=2.0"),
        ({"high": 0.5}, "got low=0.01, high=0.5"),
    ],
)
def test_refusals(arguments: dict[str, Any], match: str) -> None:
    with pytest.raises(ValueError, match=match):
        GradientMonitor(**arguments)
