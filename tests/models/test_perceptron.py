"""Single units: the perceptron's rule, and logistic regression against scikit-learn's optimum."""

import numpy as np
import pytest

import neuroxide as nx
from neuroxide.models import Perceptron


def rosenblatt(x: np.ndarray, y: np.ndarray, passes: int) -> tuple[np.ndarray, float]:
    w, b = np.zeros(x.shape[1]), 0.0
    for _ in range(passes):
        for row, label in zip(x, y):
            miss = label - float(row @ w + b > 0)
            w, b = w + miss * row, b + miss
    return w, b


def test_the_rule_example_by_example():
    rng = np.random.default_rng(0)
    x = rng.integers(-3, 4, (40, 3)).astype(np.float32)  # small integers: sums are exact
    y = (x @ [1.0, -2.0, 0.5] > 0.2).astype(np.int64)
    y[:3] = 1 - y[:3]  # not separable
    model = Perceptron(3)
    model.compile(metrics=["accuracy"])
    model.fit(x, y, batch_size=1, epochs=4, shuffle=False, verbose=0)
    w, b = rosenblatt(x, y, 4)
    np.testing.assert_array_equal(model.unit.kernel.numpy()[:, 0], w)
    assert model.unit.bias.numpy() == b


def test_it_ends_on_separable_data_and_the_border_is_class_0():
    x = np.array([[0, 0], [0, 1], [1, 0], [1, 1]], np.float32)
    model = Perceptron(2)
    assert not model.predict(x, verbose=0).any()  # w = 0: everything lies on the border
    model.compile(metrics=["accuracy"])
    history = model.fit(x, [0, 1, 1, 1], batch_size=1, epochs=10, verbose=0).history
    assert history["accuracy"][-3:] == [1.0, 1.0, 1.0]
    before = model.get_weights()
    model.fit(x, [0, 1, 1, 1], batch_size=4, epochs=2, verbose=0)
    assert all(np.array_equal(a, b) for a, b in zip(before, model.get_weights()))


def test_learning_rate_scales_and_files_keep_it(tmp_path):
    x, y = np.array([[1.0, 2.0], [-1.0, 1.0]], np.float32), np.array([[1], [0]])
    model = Perceptron(2, learning_rate=0.25)
    model.compile()
    model.train_on_batch(x, y)
    np.testing.assert_array_equal(model.unit.kernel.numpy()[:, 0], [0.25, 0.5])
    model.save(tmp_path / "p.nx")
    again = nx.models.load_model(tmp_path / "p.nx")
    assert again.learning_rate == 0.25 and np.array_equal(again.predict(x, verbose=0), model.predict(x, verbose=0))


@pytest.mark.parametrize(
    ("make", "message"),
    [
        (lambda: Perceptron(0), "at least 1 feature, got 0"),
        (lambda: Perceptron(2, learning_rate=0), "learning rate above 0"),
        (lambda: Perceptron(2)(np.zeros((1, 3), np.float32)), r"\(1, 3\)"),
    ],
)
def test_refused(make, message):
    with pytest.raises(ValueError, match=message):
        make()
    model = Perceptron(1)
    model.compile()
    with pytest.raises(ValueError, match="no sample weights"):
        model.fit(np.zeros((2, 1)), [0, 1], sample_weight=np.ones(2), verbose=0)


def test_logistic_regression_reaches_scikit_learns_unpenalised_weights():
    linear = pytest.importorskip("sklearn.linear_model")
    rng = np.random.default_rng(1)
    x = rng.standard_normal((300, 4))
    y = (x @ [1.0, -1.0, 0.5, 0.0] + rng.logistic(size=300) > 0).astype(np.int64)  # not separable
    model = nx.Sequential(
        [
            nx.Input((4,), dtype="float64"),
            nx.layers.Dense(1, "sigmoid", kernel_initializer="zeros", dtype="float64"),
        ]
    )
    model.compile(nx.optimizers.SGD(1.0), nx.losses.BinaryCrossentropy(dtype="float64"))
    model.fit(x, y, batch_size=300, epochs=600, shuffle=False, verbose=0)
    peer = linear.LogisticRegression(C=np.inf, tol=1e-12, max_iter=10_000).fit(x, y)
    kernel, bias = model.get_weights()
    np.testing.assert_allclose(kernel[:, 0], peer.coef_[0], rtol=1e-5, atol=1e-6)
    np.testing.assert_allclose(bias, peer.intercept_, rtol=1e-5, atol=1e-6)
