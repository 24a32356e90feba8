"""`FeatureSpace`: each kind of column by hand, crosses, forms of data, files, errors; and against Keras."""

from __future__ import annotations

import pickle
from typing import Any

import numpy as np
import pytest

import neuroxide as nx
from neuroxide.utils import FeatureSpace

TABLE = {
    "age": np.array([20.0, 30.0, 40.0, 50.0], np.float32),
    "price": np.array([1.0, 2.0, 3.0, 4.0], np.float32),
    "rooms": np.array([1, 2, 2, 5]),
    "town": np.array(["Bonn", "Ulm", "Bonn", "Trier"]),
    "street": np.array(["a", "b", "c", "a"]),
}


def everything(space: Any, output_mode: str = "concat") -> Any:
    """A space with every kind of feature, of ours or of Keras."""
    return space(
        {
            "age": "float_normalized",
            "price": space.float_rescaled(scale=0.5, offset=1.0),
            "rooms": space.integer_categorical(num_oov_indices=2),
            "town": "string_categorical",
            "street": space.string_hashed(num_bins=4),
        },
        crosses=[("town", "rooms"), space.cross(("street", "town"), crossing_dim=5)],
        crossing_dim=6,
        output_mode=output_mode,
    )


def test_columns_come_in_the_order_of_their_names_and_crosses_last() -> None:
    space = everything(FeatureSpace)
    space.adapt(TABLE)
    vector = space(TABLE).numpy()
    parts = everything(FeatureSpace, "dict")
    parts.adapt(TABLE)
    found = {name: x.numpy() for name, x in parts(TABLE).items()}
    assert list(found) == ["age", "price", "rooms", "street", "town", "street_X_town", "town_X_rooms"]
    assert [x.shape[1] for x in found.values()] == [1, 1, 5, 4, 4, 5, 6]
    np.testing.assert_array_equal(vector, np.concatenate(list(found.values()), axis=1))
    np.testing.assert_allclose(found["age"][:, 0], (TABLE["age"] - 35) / np.sqrt(125), rtol=1e-6)
    np.testing.assert_allclose(found["price"][:, 0], [1.5, 2.0, 2.5, 3.0])
    for name in list(found)[2:]:
        np.testing.assert_array_equal(found[name].sum(axis=1), 1)
    assert found["town"].argmax(1).tolist() == [1, 2, 1, 3], "the most frequent first; 0 is for the unknown"


def test_unknown_words_integers_and_bins() -> None:
    space = FeatureSpace(
        {
            "town": FeatureSpace.string_categorical(output_mode="int"),
            "age": FeatureSpace.float_discretized(2, output_mode="int"),
            "price": FeatureSpace.float_discretized(3, bin_boundaries=[1.5, 3.5], output_mode="int"),
            "rooms": "float",
        },
        output_mode="dict",
    )
    space.adapt(TABLE)
    new = {"town": ["Kiel", "Ulm"], "age": [10.0, 99.0], "price": [1.0, 2.0], "rooms": [3, 4], "other": ["x", "y"]}
    found = {name: x.tolist() for name, x in space(new).items()}
    assert found == {"age": [[0], [1]], "price": [[0], [1]], "rooms": [[3.0], [4.0]], "town": [[0], [2]]}


def test_one_row_has_no_batch_axis() -> None:
    space = everything(FeatureSpace)
    space.adapt(TABLE)
    rows = space(TABLE).numpy()
    np.testing.assert_array_equal(space({name: column[1] for name, column in TABLE.items()}).numpy(), rows[1])


def test_configurations_pickles_and_weights_keep_what_was_learnt() -> None:
    space = everything(FeatureSpace)
    space.adapt(TABLE)
    expected = space(TABLE).numpy()
    twin = FeatureSpace.from_config(space.get_config())
    twin.preprocessors["age"].build((None, 1))
    twin.set_weights(space.get_weights())
    assert twin.get_config() == space.get_config()
    for again in (twin, pickle.loads(pickle.dumps(space))):
        np.testing.assert_array_equal(again(TABLE).numpy(), expected)
        again.adapt({name: column[:2] for name, column in TABLE.items()})  # given vocabularies stay


def test_a_network_learns_from_it() -> None:
    rng = np.random.default_rng(0)
    table = {"size": rng.normal(size=200), "kind": rng.choice(["flat", "house"], 200)}
    y = table["size"] + 2.0 * (table["kind"] == "house")
    space = FeatureSpace({"size": "float_normalized", "kind": "string_categorical"})
    space.adapt(table)
    x = space(table).numpy()
    model = nx.Sequential([nx.Input((x.shape[1],)), nx.layers.Dense(1)])
    model.compile(nx.optimizers.Adam(0.1), "mse")
    model.fit(x, y, epochs=30, verbose=0)
    assert model.evaluate(x, y, verbose=0) < 1e-3


@pytest.mark.parametrize(
    ("act", "match"),
    [
        (lambda: FeatureSpace({}), "expected at least one feature, got none"),
        (lambda: FeatureSpace({"a": "flaot"}), "unknown kind 'flaot' of feature 'a'; did you mean 'float'"),
        (
            lambda: FeatureSpace({"a": "float"}, output_mode="list"),
            "unknown output_mode 'list'; known are",
        ),
        (lambda: FeatureSpace({"a": "float"}, crosses=[("a", "b")]), "unknown feature 'b' in a cross"),
        (lambda: FeatureSpace({"a": "float"}, crosses=["ab"]), "cross: expected two features or more, got 'ab'"),
        (lambda: FeatureSpace.cross(("a", "b"), 3, "hot"), "cross: unknown output_mode 'hot'; did you mean 'one_hot'"),
        (lambda: FeatureSpace.integer_hashed(3, output_mode="hot"), "feature: unknown output_mode 'hot'"),
        (
            lambda: FeatureSpace({"town": "string_categorical"})(TABLE),
            r"string_lookup: .* call adapt",
        ),
        (lambda: FeatureSpace({"a": "float"})({"b": [1.0]}), "feature_space: expected a column 'a', got 'b'"),
        (lambda: FeatureSpace({"a": "float"})([1.0]), "expected columns by name, got list"),
        (
            lambda: FeatureSpace({"a": FeatureSpace.integer_hashed(3, output_mode="int")})({"a": [1]}),
            "expected features of floats to concatenate, got int64 for 'a': encode it as 'one_hot'",
        ),
        (
            lambda: FeatureSpace({"a": FeatureSpace.feature("int32", nx.layers.Identity(), "one_hot")})({"a": [1]}),
            "knows its number of categories for the one-hot feature 'a', got Identity",
        ),
    ],
)
def test_refused(act: Any, match: str) -> None:
    with pytest.raises(ValueError, match=match):
        act()


@pytest.mark.peers
@pytest.mark.filterwarnings("ignore")
@pytest.mark.parametrize("output_mode", ["concat", "dict"])
def test_as_keras(output_mode: str) -> None:
    keras = pytest.importorskip("keras")
    theirs, ours = (everything(space, output_mode) for space in (keras.utils.FeatureSpace, FeatureSpace))
    theirs.adapt(TABLE)
    ours.adapt(TABLE)
    expected, found = theirs(TABLE), ours(TABLE)
    if output_mode == "concat":
        expected, found = {"all": expected}, {"all": found}
    assert list(found) == list(expected)
    for name, x in found.items():
        np.testing.assert_allclose(x.numpy(), np.asarray(expected[name]), rtol=1e-5, atol=1e-6, err_msg=name)
