"""The layers: gradients, randomness, adapting, masks, copies, and what they refuse."""

from __future__ import annotations

import copy
import pickle
from typing import Any

import numpy as np
import pytest

import neuroxide as nx
from neuroxide import activations, initializers, layers, ops
from tests.golden.from_keras import golden, label

rng = np.random.default_rng(5)


@pytest.mark.parametrize("case", golden()["layers"], ids=label)
def test_gradient(case: dict[str, Any]) -> None:
    layer = getattr(layers, case["class"])(**case["arguments"], dtype="float64")
    xs = [np.array(x) for x in case["inputs"]]
    y = layer([nx.Tensor(x) for x in xs] if len(xs) > 1 else nx.Tensor(xs[0]))
    weights = [w.numpy() for w in layer.trainable_weights]
    dy = rng.normal(size=y.shape)

    def value(*arrays: Any) -> Any:
        inputs, values = arrays[: len(xs)], arrays[len(xs) :]
        names = [path for path, _ in layer.named_weights()][: len(values)]
        for name, tensor in zip(names, values):
            object.__setattr__(layer, name, tensor)
        return ops.sum(layer(list(inputs) if len(xs) > 1 else inputs[0]) * dy)

    nx.check_gradients(value, *xs, *weights)


@pytest.mark.parametrize("clone", [copy.deepcopy, lambda layer: pickle.loads(pickle.dumps(layer))])
@pytest.mark.parametrize("case", golden()["layers"], ids=label)
def test_copies(case: dict[str, Any], clone: Any) -> None:
    layer = getattr(layers, case["class"])(**case["arguments"], dtype="float64")
    xs = [nx.Tensor(np.array(x)) for x in case["inputs"]]
    inputs = xs if len(xs) > 1 else xs[0]
    expected = layer(inputs).numpy()
    np.testing.assert_array_equal(clone(layer)(inputs).numpy(), expected)


def test_dense_remembers_logits() -> None:
    for activation in ("sigmoid", "softmax"):
        layer = layers.Dense(3, activation=activation)
        y = layer(np.ones((2, 4), np.float32))
        with nx.no_grad():
            again = layer(np.ones((2, 4), np.float32))
        for output in (y, again):
            np.testing.assert_allclose(output.logits.numpy(), np.ones((2, 4)) @ layer.kernel.numpy(), rtol=1e-5)


@pytest.mark.parametrize("activation", ["linear", "relu", "tanh"])
def test_fused_activations_equal_those_applied_after(activation: str) -> None:
    fused = layers.Dense(5, activation=activation)
    x = rng.normal(size=(7, 3)).astype(np.float32)
    y = fused(x)
    separate = layers.Dense(5)
    separate.build((7, 3))
    separate.set_weights(fused.get_weights())
    np.testing.assert_array_equal(activations.get(activation)(separate(x)).numpy(), y.numpy())


def test_dense_of_integers_and_of_no_rows() -> None:
    layer = layers.Dense(2, kernel_initializer="ones")
    assert layer(np.array([[1, 2]])).numpy().tolist() == [[3.0, 3.0]]
    assert layer(np.zeros((0, 2))).shape == (0, 2)


def test_dense_regularization_reaches_the_losses() -> None:
    layer = layers.Dense(2, kernel_initializer="ones", kernel_regularizer="l2", bias_regularizer=lambda b: ops.sum(b))
    layer(np.ones((1, 3)))
    assert [float(value) for value in layer.losses] == pytest.approx([0.06, 0.0])
    layer.trainable = False
    assert layer.losses == []


def test_dropout() -> None:
    layer = layers.Dropout(0.25, seed=3)
    x = np.ones((200, 50), np.float32)
    y = layer(x, training=True).numpy()
    assert set(np.unique(y).tolist()) == {0.0, float(np.float32(1) / np.float32(0.75))}
    assert (y == 0).mean() == pytest.approx(0.25, abs=0.02)
    assert y.mean() == pytest.approx(1.0, abs=0.02)
    assert not np.array_equal(layer(x, training=True).numpy(), y)
    twin = layers.Dropout(0.25, seed=3)
    np.testing.assert_array_equal(twin(x, training=True).numpy(), y)
    np.testing.assert_array_equal(layer(x).numpy(), x)
    assert layers.Dropout(0.0)(x, training=True).numpy().sum() == x.size
    assert layers.Dropout(1.0)(x, training=True).numpy().sum() == 0.0


def test_dropout_gradient_uses_the_mask_of_the_value() -> None:
    x = nx.Tensor(np.ones((30, 30)), requires_grad=True)
    y = layers.Dropout(0.5, seed=1, dtype="float64")(x, training=True)
    y.backward(np.ones((30, 30)))
    np.testing.assert_array_equal(x.grad.numpy(), y.numpy())


def test_dropout_bits_do_not_depend_on_threads() -> None:
    x = np.ones((500, 400), np.float32)
    before = nx._core.get_num_threads()
    results = []
    try:
        for threads in (1, 2, 3):
            nx._core.set_num_threads(threads)
            results.append(layers.Dropout(0.3, seed=9)(x, training=True).numpy())
    finally:
        nx._core.set_num_threads(before)
    assert all(np.array_equal(results[0], r) for r in results[1:])


def test_dropout_noise_shape() -> None:
    y = layers.Dropout(0.5, noise_shape=(None, 1, 4), seed=1)(np.ones((6, 5, 4), np.float32), training=True).numpy()
    assert (y == y[:, :1]).all()
    assert 0 < (y == 0).mean() < 1


def test_dropout_state_continues() -> None:
    x = np.ones((4, 4), np.float32)
    layer = layers.Dropout(0.5, seed=2)
    layer(x, training=True)
    [(path, generator)] = layer.named_seed_generators()
    assert path == "seed_generator"
    state = generator.state
    y = layer(x, training=True).numpy()
    generator.state = state
    np.testing.assert_array_equal(layer(x, training=True).numpy(), y)


def test_same_global_seed_same_model() -> None:
    results = []
    for _ in range(2):
        nx.utils.set_random_seed(4)
        results.append(layers.Dropout(0.5)(layers.Dense(8)(np.ones((3, 2), np.float32)), training=True).numpy())
    np.testing.assert_array_equal(*results)


def test_normalization_adapts_to_arrays_and_batches() -> None:
    x = rng.normal(3.0, 2.0, size=(101, 4))
    whole, parts, pairs = layers.Normalization(), layers.Normalization(), layers.Normalization()
    whole.adapt(x)
    parts.adapt([x[:30], x[30:60], x[60:]])
    pairs.adapt((x[i : i + 7], None) for i in range(0, 101, 7))
    for layer in (whole, parts, pairs):
        np.testing.assert_allclose(layer.adapt_mean.numpy(), x.mean(0), rtol=1e-6)
        np.testing.assert_allclose(layer.adapt_variance.numpy(), x.var(0), rtol=1e-6)
    y = whole(x).numpy()
    np.testing.assert_allclose(y.mean(0), 0, atol=1e-6)
    np.testing.assert_allclose(y.std(0), 1, rtol=1e-5)
    back = layers.Normalization(invert=True)
    back.adapt(x)
    np.testing.assert_allclose(back(y).numpy(), x, rtol=1e-4, atol=1e-5)
    assert [w.shape for w in whole.get_weights()] == [(4,), (4,), ()]
    assert whole.trainable_weights == []


def test_normalization_follows_weights_set_later() -> None:
    layer = layers.Normalization(axis=None)
    layer.adapt(np.array([[1.0], [3.0]]))
    assert layer(np.array([[3.0]])).numpy().tolist() == [[1.0]]
    layer.set_weights([0.0, 4.0, 0])
    assert layer(np.array([[3.0]])).numpy().tolist() == [[1.5]]
    twin = pickle.loads(pickle.dumps(layer))
    assert twin(np.array([[3.0]])).numpy().tolist() == [[1.5]]


def test_rescaling_takes_bytes() -> None:
    y = layers.Rescaling(1 / 255)(np.array([[0, 255]], np.uint8))
    assert y.dtype == np.float32
    assert y.numpy().tolist() == [[0.0, 1.0]]


def test_masks_of_joined_inputs() -> None:
    a, b = nx.Tensor(np.ones((2, 3, 1))), nx.Tensor(np.ones((2, 3, 1)))
    a.mask = nx.Tensor(np.array([[True, False, False]] * 2))
    b.mask = nx.Tensor(np.array([[False, True, False]] * 2))
    assert layers.Add(dtype="float64")([a, b]).mask.numpy().tolist() == [[True, True, False]] * 2
    joined = layers.Concatenate(dtype="float64")([a, b])
    assert joined.mask.numpy().tolist() == [[True, True, False]] * 2
    assert layers.Dense(1, dtype="float64")(a).mask is a.mask


def test_softmax_with_a_mask() -> None:
    x = nx.Tensor(np.zeros((2, 3)))
    y = layers.Softmax(dtype="float64")(x, mask=np.array([[True, True, False], [False, False, False]]))
    assert y.numpy().tolist() == [[0.5, 0.5, 0.0], [0.0, 0.0, 0.0]]


def test_functional_forms_of_joins() -> None:
    a, b = np.array([[1.0, 4.0]]), np.array([[3.0, 2.0]])
    expected = {"add": [4, 6], "subtract": [-2, 2], "multiply": [3, 8], "average": [2, 3], "maximum": [3, 4]}
    for name, values in expected.items():
        assert getattr(layers, name)([a, b]).numpy().tolist() == [values]
    assert layers.minimum([a, b]).numpy().tolist() == [[1, 2]]
    assert layers.concatenate([a, b], axis=0).shape == (2, 2)


def test_arithmetic_on_symbolic_values() -> None:
    x = layers.Input((4,))
    y = ops.exp(x) + 2.0 * x[:, :1]
    assert y.shape == (None, 4)
    assert type(y.node.operation).__name__ == "OpLayer"


@pytest.mark.parametrize("name", ["relu", "elu", "selu", "gelu", "silu", "softplus", "mish", "softmax", "hard_silu"])
def test_activations_are_finite_at_extremes(name: str) -> None:
    for dtype in (np.float32, np.float64):
        y = activations.get(name)(nx.Tensor(np.array([[-1e4, 0.0, 1e4]], dtype))).numpy()
        assert np.isfinite(y).all()


def test_hardmax_takes_the_first_maximum() -> None:
    x = nx.Tensor(np.array([[[1.0, 3.0], [3.0, 3.0]]]))
    assert activations.hardmax(x).numpy().tolist() == [[[0, 1], [1, 0]]]
    assert activations.hardmax(x, axis=1).numpy().tolist() == [[[0, 1], [1, 0]]]


DEVIATIONS = {
    "GlorotUniform": (2 / 500) ** 0.5, "GlorotNormal": (2 / 500) ** 0.5, "HeNormal": (2 / 300) ** 0.5,
    "HeUniform": (2 / 300) ** 0.5, "LecunNormal": (1 / 300) ** 0.5, "LecunUniform": (1 / 300) ** 0.5,
    "RandomNormal": 0.05, "RandomUniform": 0.1 / 12**0.5, "TruncatedNormal": 0.05 * 0.87962566,
    "VarianceScaling": (1 / 300) ** 0.5,
}  # fmt: skip


@pytest.mark.parametrize("name", DEVIATIONS)
@pytest.mark.parametrize("dtype", ["float32", "float64"])
def test_initializer_moments(name: str, dtype: str) -> None:
    initializer = getattr(initializers, name)(seed=1)
    values = initializer((300, 200), dtype=dtype)
    assert values.dtype == dtype
    assert values.std() == pytest.approx(DEVIATIONS[name], rel=0.015)
    assert abs(values.mean()) < 0.02 * DEVIATIONS[name]
    np.testing.assert_array_equal(values, initializer((300, 200), dtype=dtype))
    twin = initializers.deserialize(initializers.serialize(initializer))
    np.testing.assert_array_equal(values, twin((300, 200), dtype=dtype))
    assert not np.array_equal(values, getattr(initializers, name)()((300, 200), dtype=dtype))


def test_initializers_with_generators_move_on() -> None:
    generator = nx.random.SeedGenerator(3)
    initializer = initializers.RandomNormal(seed=generator)
    assert not np.array_equal(initializer((3,)), initializer((3,)))


def test_orthogonal() -> None:
    for shape in ((5, 3), (3, 5), (2, 3, 4)):
        q = initializers.Orthogonal(gain=2.0, seed=1)(shape, dtype="float64").reshape(-1, shape[-1])
        small = q.T @ q if q.shape[0] >= q.shape[1] else q @ q.T
        np.testing.assert_allclose(small, 4 * np.eye(len(small)), atol=1e-12)


def test_fans_of_convolutions() -> None:
    assert initializers.compute_fans((3, 3, 8, 16)) == (72, 144)
    assert initializers.compute_fans((7,)) == (7, 7)
    assert initializers.compute_fans(()) == (1, 1)


X = np.ones((2, 3), np.float32)


@pytest.mark.parametrize(
    ("act", "match"),
    [
        (lambda: layers.Dense(0), "units to be a positive integer, got 0"),
        (lambda: layers.Dense(2.5), "units to be a positive integer, got 2.5"),
        (lambda: layers.Dense(2, activation="rellu"), "unknown name 'rellu'; did you mean 'relu'"),
        (lambda: layers.Dense(2, kernel_initializer="glorot"), "unknown name 'glorot'"),
        (lambda: layers.Dense(2, kernel_regularizer="l3"), "unknown name 'l3'"),
        (lambda: layers.Dense(2, kernel_constraint="maxnorm"), "did you mean 'max_norm'"),
        (lambda: layers.Dense(2, lora_rank=4), "dense: argument 'lora_rank' is not supported"),
        (lambda: layers.Dense(2, unit=4), "unknown argument 'unit'; did you mean 'units'"),
        (lambda: layers.Dense(2, name="d")(np.ones(3)), r"layer 'd' \(Dense\): dense: expected inputs of at least 2"),
        (lambda: layers.Dense(2)(layers.Input((None,))), "last axis of the inputs to have a known size"),
        (lambda: layers.Dropout(1.5), r"rate to be a number in \[0, 1\], got 1.5"),
        (lambda: layers.Dropout("a"), r"rate to be a number in \[0, 1\], got 'a'"),
        (lambda: layers.Dropout(0.5, seed="x"), "expected seed to be an integer"),
        (lambda: layers.Dropout(0.5, noise_shape=(1,))(X, training=True), "noise_shape to have 2 axes"),
        (lambda: layers.Flatten(data_format="channels_first"), "'data_format' is not supported"),
        (lambda: layers.Reshape((2, -1, -1)), "at most one -1"),
        (lambda: layers.Reshape((2, 2))(X), r"target_shape \(2, 2\) \(4 numbers each\), got shape \(2, 3\)"),
        (lambda: layers.Reshape((-1, 2))(layers.Input((3,))), "inputs that fit target_shape"),
        (lambda: layers.Add()(X), "expected a list of at least 1 inputs, got one of shape"),
        (lambda: layers.Subtract()([X, X, X]), "exactly 2 inputs, got a list of 3"),
        (lambda: layers.Add()([layers.Input((3,)), layers.Input((4,))]), "whose shapes broadcast"),
        (lambda: layers.Concatenate()([X, X[:1]]), r"agree except along axis 1, got \(2, 3\), \(1, 3\)"),
        (lambda: layers.Concatenate(axis=2)([X, X]), r"axis in \[-2, 2\), got 2"),
        (lambda: layers.LeakyReLU(-1), "negative_slope to be a number >= 0, got -1"),
        (lambda: layers.ReLU(max_value=-1), "max_value to be a number >= 0, got -1"),
        (lambda: layers.Normalization(mean=1.0), "both mean and variance, or neither"),
        (lambda: layers.Normalization(axis=0), "not to be the batch axis 0"),
        (lambda: layers.Normalization(axis=3)(X), r"expected axes in \[-2, 2\), got \(3,\)"),
        (lambda: layers.Normalization(mean=[1.0, 2.0], variance=[1.0, 1.0])(X), r"mean of a shape like \(3,\)"),
        (lambda: layers.Normalization().adapt([]), "expected data to adapt to, got none"),
        (lambda: layers.Normalization().adapt([X, np.ones((2, 4))]), r"data of shape \(None, 3\), got \(2, 4\)"),
        (lambda: layers.Normalization(mean=0.0, variance=1.0).adapt(X), "made without mean and variance"),
        (lambda: initializers.VarianceScaling(scale=0), "scale to be positive, got 0"),
        (lambda: initializers.VarianceScaling(mode="fan"), "mode 'fan_in', 'fan_out' or 'fan_avg', got 'fan'"),
        (lambda: initializers.VarianceScaling(distribution="x"), "expected distribution"),
        (lambda: initializers.GlorotUniform(input_axes=0), "input_axes and output_axes, or neither, got 0 and None"),
        (lambda: initializers.RandomNormal(seed=1.5), "seed to be an integer"),
        (lambda: initializers.Identity()((2, 2, 2)), r"a shape of two axes, got \(2, 2, 2\)"),
        (lambda: initializers.Orthogonal()((2,)), r"at least two axes, got \(2,\)"),
        (lambda: initializers.Constant(np.ones(3))((2,)), r"broadcasts to shape \(2,\), got shape \(3,\)"),
        (lambda: initializers.RandomNormal()((2,), dtype="int32"), "dtype 'float32' or 'float64', got 'int32'"),
        (lambda: nx.regularizers.L2(-1.0), "l2 to be a finite number >= 0, got -1.0"),
        (lambda: nx.regularizers.L1(np.nan), "l1 to be a finite number >= 0, got nan"),
        (lambda: nx.regularizers.get(3), "expected a name, a Regularizer or a function, got 3"),
        (lambda: activations.get(3), "expected a name, a function or None, got 3"),
        (lambda: layers.Activation("Relu6"), "did you mean 'relu6'"),
    ],
)
def test_refusals(act: Any, match: str) -> None:
    with pytest.raises(ValueError, match=match):
        act()


def test_a_wrong_width_names_the_layer_and_both_shapes() -> None:
    layer = layers.Dense(2, name="out")
    layer(X)
    with pytest.raises(ValueError, match=r"layer 'out' \(Dense\): dense: expected .*\(2, 4\).*\(3, 2\)|\(4, N\)"):
        layer(np.ones((2, 4), np.float32))
    with pytest.raises(ValueError, match=r"layer 'out' \(Dense\): dense: expected x of shape \(…, 3\)"):
        layer(layers.Input((4,)))


@pytest.mark.parametrize(
    ("make", "error", "match"),
    [
        (lambda: nx.layers.Embedding(3, 2)(np.array([[0.5]])), ValueError, "embedding: expected whole numbers"),
        (lambda: nx.layers.Embedding(3, 2)(np.array([[np.nan]])), ValueError, "embedding: expected whole numbers"),
        (lambda: nx.layers.CategoryEncoding(3)(np.array([0.5])), ValueError, "category_encoding: expected whole"),
        (lambda: nx.layers.Rescaling("a"), TypeError, "rescaling: expected scale to hold numbers, got 'a'"),
        (lambda: nx.layers.Normalization().adapt(np.array(["a"])), TypeError, "normalization: expected data to hold"),
        (lambda: nx.Input((3,), dtype="flaot32"), ValueError, "input: unknown dtype 'flaot32'; did you mean 'float32'"),
        (lambda: nx.Input((3,), dtype={"a": 1}), ValueError, r"input: unknown dtype \{'a': 1\}; known are bool"),
        (lambda: nx.Input((3,), dtype="string"), ValueError, r"input: expected a dtype of numbers, .* StringLookup"),
        (lambda: nx.Input((3,), dtype=str), ValueError, "input: expected a dtype of numbers"),
    ],
)
def test_values_that_are_no_numbers_of_the_right_kind(make, error, match):
    with pytest.raises(error, match=match):
        make()


def test_whole_numbers_may_be_floats():
    assert nx.layers.Embedding(3, 2)(np.array([[2.0, 0.0]])).shape == (1, 2, 2)


def test_batch_norm_names_the_mask():
    layer = nx.layers.BatchNormalization()
    with pytest.raises(ValueError, match=r"expected a mask of shape \(2, 3\) to match .* \(2, 4\)"):
        layer(np.ones((2, 3, 4), np.float32), training=True, mask=np.ones((2, 4), bool))
