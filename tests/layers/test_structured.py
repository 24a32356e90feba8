"""Layers for structured data: against Keras, adapting, saving, within models, what they refuse."""

from __future__ import annotations

import copy
import pickle
from typing import Any

import numpy as np
import pytest

import neuroxide as nx
from neuroxide import layers
from tests.fake_device import fake_device
from tests.golden.from_keras import golden, label

CASES = golden()["more"]["structured"]


def made(case: dict[str, Any]) -> Any:
    layer = getattr(layers, case["class"])(**case["arguments"])
    if case["adapt"] is not None:
        layer.adapt(np.array(case["adapt"]))
    return layer


def given(case: dict[str, Any]) -> Any:
    return [np.array(part) for part in case["x"]] if case["class"] == "HashedCrossing" else np.array(case["x"])


@pytest.mark.parametrize("case", CASES, ids=label)
def test_against_keras(case: dict[str, Any]) -> None:
    layer = made(case)
    if "vocabulary" in case:
        assert layer.get_vocabulary() == case["vocabulary"]
        assert layer.vocabulary_size() == len(case["vocabulary"])
    if "boundaries" in case:
        np.testing.assert_allclose(layer.bin_boundaries, case["boundaries"], rtol=1e-6)
    y = layer(given(case))
    if isinstance(case["output"][0], list) and isinstance(case["output"][0][0], str):
        assert y.tolist() == case["output"]
        return
    np.testing.assert_allclose(y.numpy(), np.array(case["output"]), rtol=2e-7)
    assert set(layer.get_config()) == set(case["config_keys"])


@pytest.mark.parametrize("case", CASES, ids=label)
def test_round_trips(case: dict[str, Any]) -> None:
    layer, x = made(case), given(case)
    expected = layer(x)
    for twin in (type(layer).from_config(layer.get_config()), copy.deepcopy(layer), pickle.loads(pickle.dumps(layer))):
        np.testing.assert_array_equal(np.asarray(twin(x)), np.asarray(expected))
        assert twin.get_config() == layer.get_config()


OF_NUMBERS = ("IntegerLookup", "Discretization", "Hashing", "CategoryEncoding")
IN_MODELS = [
    case
    for case in CASES
    if case["class"] in OF_NUMBERS and np.ndim(case["x"]) == 2 and np.array(case["x"]).dtype.kind in "if"
]


@pytest.mark.parametrize("case", IN_MODELS, ids=label)
def test_those_of_numbers_work_within_models(case: dict[str, Any], tmp_path: Any) -> None:
    layer, x = made(case), given(case)
    inputs = layers.Input(x.shape[1:], dtype=x.dtype.name if x.dtype.kind == "i" else "float32")
    y = layer(inputs)
    model = nx.Model(inputs, y)
    expected = layer(x)
    assert (y.dtype, y.shape[1:]) == (expected.dtype.name, expected.shape[1:])
    np.testing.assert_array_equal(model.predict(x, verbose=0), expected.numpy())
    model.save(tmp_path / "m.nx")
    np.testing.assert_array_equal(nx.models.load_model(tmp_path / "m.nx").predict(x, verbose=0), expected.numpy())
    with fake_device():
        np.testing.assert_array_equal(layer(nx.Tensor(x)).numpy(), expected.numpy())


def test_count_weights_against_keras() -> None:
    x, w, expected = golden()["more"]["count_weights"]
    y = layers.CategoryEncoding(4, "count")(np.array(x), count_weights=np.array(w))
    np.testing.assert_allclose(y.numpy(), np.array(expected), rtol=1e-6)


def test_strings_of_every_kind() -> None:
    layer = layers.StringLookup(vocabulary=["é", "b"])
    for x in (["é", "?"], np.array(["é", "?"]), np.array(["é", "?"], object), np.array(["é".encode(), b"?"])):
        assert layer(x).tolist() == [1, 0]
    assert layer("b").tolist() == 2
    assert layer(np.zeros((0, 2), str)).shape == (0, 2)


def test_a_vocabulary_from_a_file(tmp_path: Any) -> None:
    (tmp_path / "words.txt").write_text("cat\ndog\n", encoding="utf-8")
    layer = layers.StringLookup(vocabulary=str(tmp_path / "words.txt"))
    assert layer.get_vocabulary() == ["[UNK]", "cat", "dog"]
    (tmp_path / "numbers.txt").write_text("7\n5\n")
    assert layers.IntegerLookup(vocabulary=tmp_path / "numbers.txt")(np.array([5])).tolist() == [2]


def test_adapting_to_batches_and_again() -> None:
    layer = layers.StringLookup()
    layer.adapt(iter([np.array(["a", "b"]), np.array(["b"])]))
    assert layer.get_vocabulary(include_special_tokens=False) == ["b", "a"]
    layer.adapt(["c"])
    assert layer.get_vocabulary() == ["[UNK]", "c"]
    layer.adapt((np.array([word]) for word in "xyz"), steps=2)
    assert layer.get_vocabulary(include_special_tokens=False) == ["y", "x"]
    bins = layers.Discretization(num_bins=4, epsilon=0.001)
    data = np.random.default_rng(0).normal(size=20_000)
    bins.adapt(data.reshape(20, 1000)[i] for i in range(20))
    shares = np.bincount(bins(data).numpy(), minlength=4) / data.size
    np.testing.assert_allclose(shares, 0.25, atol=0.01)


def test_nan_lies_in_the_last_bin() -> None:
    assert layers.Discretization([0.0, 1.0])(np.array([np.nan, -np.inf, np.inf])).tolist() == [2, 0, 2]


def test_hashes_spread_evenly() -> None:
    counts = np.bincount(layers.Hashing(16)([f"user {i}" for i in range(16_000)]).numpy(), minlength=16)
    assert counts.min() > 850 and counts.max() < 1150


@pytest.mark.parametrize(
    ("act", "match"),
    [
        (
            lambda: layers.CategoryEncoding(),
            "num_tokens to be a positive integer, got None; .* IntegerLookup",
        ),
        (lambda: layers.CategoryEncoding(3, "multihot"), "unknown output_mode 'multihot'; did you mean 'multi_hot'"),
        (lambda: layers.CategoryEncoding(3, sparse=True), "category_encoding: argument 'sparse' is not supported"),
        (lambda: layers.CategoryEncoding(3, token=1), "unknown argument 'token'"),
        (
            lambda: layers.CategoryEncoding(3, name="c")([0, 3]),
            r"layer 'c' \(Cat.* num_tokens=3, got 3",
        ),
        (lambda: layers.CategoryEncoding(3)([-1]), "from 0 to below num_tokens=3, got -1"),
        (lambda: layers.CategoryEncoding(3)([1], count_weights=[1.0]), "no count_weights with output_mode 'multi_hot'"),
        (lambda: layers.CategoryEncoding(3, "count")([1, 2], count_weights=[1.0]), r"weights of shape \(2,\)"),
        (lambda: layers.StringLookup()(["a"]), "got a layer that has none yet: call adapt first"),
        (lambda: layers.StringLookup().adapt([]), "data to adapt to, got none"),
        (lambda: layers.StringLookup(vocabulary=["a"]).adapt(["b"]), "without a vocabulary to adapt, got one with"),
        (lambda: layers.StringLookup(vocabulary=["a", "a"]), r"each token once, got \['a'\] several times"),
        (lambda: layers.StringLookup(vocabulary=[]), "a vocabulary of at least one token, got none"),
        (lambda: layers.StringLookup(vocabulary=["a", "m"], mask_token="m"), "the reserved token 'm' at the start"),
        (lambda: layers.StringLookup(vocabulary=["a", "b"], max_tokens=2), "at most max_tokens=2, .* got 3"),
        (
            lambda: layers.StringLookup(vocabulary=["a"], num_oov_indices=0)(["b"]),
            r"got \['b'\]; with num_oov",
        ),
        (lambda: layers.StringLookup(max_tokens=1), "max_tokens above 1 or None, got 1"),
        (lambda: layers.StringLookup(pad_to_max_tokens=True), "max_tokens with pad_to_max_tokens, got None"),
        (lambda: layers.StringLookup(num_oov_indices=-1), "num_oov_indices of 0 or more, got -1"),
        (lambda: layers.StringLookup(output_mode="tfidf"), "unknown output_mode 'tfidf'; did you mean 'tf_idf'"),
        (lambda: layers.StringLookup(invert=True, output_mode="count"), "output_mode 'int' with invert, got 'count'"),
        (lambda: layers.StringLookup(vocabulary=["a"], output_mode="tf_idf"), "idf_weights with the vocabulary"),
        (lambda: layers.StringLookup(idf_weights=[1.0]), "idf_weights with output_mode 'tf_idf' alone"),
        (lambda: layers.StringLookup(vocabulary=["a"], output_mode="tf_idf", idf_weights=[1.0, 2.0]), r"shape \(1,\)"),
        (lambda: layers.StringLookup(vocabulry=["a"]), "unknown argument 'vocabulry'; did you mean 'vocabulary'"),
        (lambda: layers.IntegerLookup(salt=1), "oov_method 'farmhash' with a salt"),
        (lambda: layers.IntegerLookup(oov_method="farm"), "unknown oov_method 'farm'; did you mean 'farmhash'"),
        (lambda: layers.IntegerLookup(vocabulary_dtype="int32"), "expected vocabulary_dtype 'int64', got 'int32'"),
        (lambda: layers.Hashing(0), "hashing: expected num_bins to be a positive integer, got 0"),
        (lambda: layers.Hashing(3, salt=-1), r"expected salt to be a whole number in \[0, 2\*\*64\) or a pair"),
        (lambda: layers.Hashing(3, dtype="float32"), "expected dtype 'int32' or 'int64' with output_mode 'int'"),
        (lambda: layers.HashedCrossing(3)(np.array([1])), "a list of at least two inputs"),
        (lambda: layers.HashedCrossing(3)([np.array([1]), np.array([1, 2])]), r"of one shape, .* got \(1,\), \(2,\)"),
        (
            lambda: layers.HashedCrossing(3)([np.array([1.0]), np.array([1])]),
            "and integers, got float64, int64",
        ),
        (lambda: layers.HashedCrossing(3, "count"), "unknown output_mode 'count'"),
        (lambda: layers.Discretization(), "either bin_boundaries or num_bins, got neither"),
        (lambda: layers.Discretization([0.0], 3), "either bin_boundaries or num_bins, got both"),
        (lambda: layers.Discretization([1.0, 0.0]), "bin_boundaries to be numbers that rise"),
        (lambda: layers.Discretization(num_bins=0), "num_bins to be a positive integer, got 0"),
        (lambda: layers.Discretization(num_bins=2, epsilon=0), r"expected epsilon in \(0, 1\), got 0"),
        (lambda: layers.Discretization(num_bins=2)(np.ones(2)), "none yet: call adapt first"),
        (lambda: layers.Discretization(num_bins=2).adapt(np.array([np.nan])), "data to adapt to, got none"),
        (lambda: layers.Discretization([0.0]).adapt(np.ones(2)), "adapt is for layers made with num_bins"),
    ],
)
def test_refusals(act: Any, match: str) -> None:
    with pytest.raises(ValueError, match=match):
        act()


@pytest.mark.parametrize(
    ("act", "match"),
    [
        (lambda: layers.StringLookup(vocabulary=["a"], name="s")([1.0]), r"layer 's' .* expected strings, got float64"),
        (lambda: layers.StringLookup(vocabulary=["a"])(np.array(["a", None], object)), "expected strings, got None"),
        (lambda: layers.IntegerLookup(vocabulary=[1])(["a"]), "expected whole numbers, got <U1; StringLookup"),
        (lambda: layers.IntegerLookup(vocabulary=[1])([1.5]), "expected whole numbers, got float64"),
        (lambda: layers.Hashing(3)(np.array([1j])), "expected strings, bytes or integers, got complex128"),
        (lambda: layers.IntegerLookup(vocabulary=[1], invert=True)(["a"]), "numbers of tokens to invert, got <U1"),
    ],
)
def test_wrong_types(act: Any, match: str) -> None:
    with pytest.raises(TypeError, match=match):
        act()
