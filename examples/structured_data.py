"""Tables with numbers and categories: the price of Californian houses, and who survived the Titanic.

Usage: python examples/structured_data.py california|titanic --data table.csv [--epochs 40] [--seed 0]

Without --data, `tabular/california_housing.csv` or `tabular/titanic_train.csv` of the folder NEUROXIDE_DATA is read. A
fifth of the rows is kept for the test; everything that is learnt from data, medians and vocabularies too, is learnt
from the others.
"""

from __future__ import annotations

import argparse
import os
import sys
import time
from pathlib import Path
from typing import Any

import numpy as np

import neuroxide as nx
from neuroxide import layers

Table = dict[str, np.ndarray]
FILES = {"california": "california_housing.csv", "titanic": "titanic_train.csv"}


def filled(column: np.ndarray, train: np.ndarray) -> np.ndarray:
    """Missing values as the median of the rows trained on."""
    return np.where(np.isnan(column), np.nanmedian(column[train]), column)


def lookup(column: np.ndarray, train: np.ndarray) -> tuple[np.ndarray, int]:
    """The numbers of a column's words, and how many there are."""
    layer = layers.StringLookup()
    layer.adapt(column[train])
    return layer(column[:, None]).numpy(), layer.vocabulary_size()


def scaled(name: str, column: np.ndarray, train: np.ndarray) -> tuple[Any, Any]:
    """An input for numbers and its normalised value."""
    entry = nx.Input((column.shape[1],), name=name)
    normalization = layers.Normalization()
    normalization.adapt(column[train])
    return entry, normalization(entry)


def california(table: Table, train: np.ndarray) -> tuple[nx.Model, dict[str, np.ndarray], np.ndarray]:
    """A regression of the price in 100,000 dollars; the place is crossed into squares with a vector each."""
    numbers = ["housing_median_age", "total_rooms", "total_bedrooms", "population", "households", "median_income"]
    columns = np.stack([filled(table[name].astype(np.float64), train) for name in numbers], axis=1)
    columns[:, 1:5] = np.log1p(columns[:, 1:5])
    place = []
    for name in ("longitude", "latitude"):
        bins = layers.Discretization(num_bins=40)
        bins.adapt(table[name][train])
        place.append(bins(table[name]).numpy())
    square = layers.HashedCrossing(2000)(place).numpy()[:, None]
    shore, shores = lookup(table["ocean_proximity"], train)
    where = np.stack([table["longitude"], table["latitude"]], axis=1)
    x = {"numbers": columns, "where": where, "square": square, "shore": shore}

    entry, value = scaled("numbers", columns, train)
    spot, position = scaled("where", where, train)
    squares = nx.Input((1,), dtype="int64", name="square")
    kind = nx.Input((1,), dtype="int64", name="shore")
    merged = layers.concatenate(
        [
            value,
            position,
            layers.Flatten()(layers.Embedding(2000, 8)(squares)),
            layers.CategoryEncoding(shores, "one_hot")(kind),
        ]
    )
    hidden = layers.Dense(64, activation="relu")(merged)
    hidden = layers.Dropout(0.1)(layers.Dense(64, activation="relu")(hidden))
    model = nx.Model({"numbers": entry, "where": spot, "square": squares, "shore": kind}, layers.Dense(1)(hidden))
    model.compile(nx.optimizers.Adam(1e-3), loss="mse", metrics=["mae"])
    return model, x, table["median_house_value"][:, None] / 1e5


def titanic(table: Table, train: np.ndarray) -> tuple[nx.Model, dict[str, np.ndarray], np.ndarray]:
    """A classification of who survived, from class, sex, age, family, fare, port and the title in the name."""
    title = np.array([name.split(", ")[-1].split(".")[0] for name in table["Name"]])
    family = (table["SibSp"] + table["Parch"]).astype(np.float64)
    age = table["Age"].astype(np.float64)
    numbers = np.stack([filled(age, train), np.isnan(age), np.log1p(table["Fare"]), family], axis=1)
    x: dict[str, np.ndarray] = {"numbers": numbers}
    entry, value = scaled("numbers", numbers, train)
    entries, parts = {"numbers": entry}, [value]
    for name, column in (("sex", table["Sex"]), ("port", table["Embarked"]), ("title", title)):
        x[name], size = lookup(column, train)
        entries[name] = nx.Input((1,), dtype="int64", name=name)
        parts.append(layers.CategoryEncoding(size, "one_hot")(entries[name]))
    x["class"] = table["Pclass"][:, None]
    entries["class"] = nx.Input((1,), dtype="int64", name="class")
    parts.append(layers.IntegerLookup(vocabulary=[1, 2, 3], num_oov_indices=0, output_mode="one_hot")(entries["class"]))
    hidden = layers.Dense(32, activation="relu", kernel_regularizer=nx.regularizers.L2(1e-3))(layers.concatenate(parts))
    hidden = layers.Dropout(0.3)(hidden)
    model = nx.Model(entries, layers.Dense(1, activation="sigmoid")(hidden))
    model.compile(nx.optimizers.Adam(3e-3), loss="binary_crossentropy", metrics=["accuracy"])
    return model, x, table["Survived"][:, None]


def main() -> None:
    parser = argparse.ArgumentParser(description="Networks on tables.")
    parser.add_argument("table", choices=sorted(FILES))
    parser.add_argument("--data", type=Path, help="the CSV file")
    parser.add_argument("--epochs", type=int, default=40)
    parser.add_argument("--seed", type=int, default=0)
    options = parser.parse_args()
    path = options.data or Path(os.environ.get("NEUROXIDE_DATA", ".")) / "tabular" / FILES[options.table]
    if not path.exists():
        sys.exit(f"{path}: no such file; pass --data, or set NEUROXIDE_DATA to a folder with tabular/{path.name}")
    nx.utils.set_random_seed(options.seed)
    table = nx.data.read_csv(path, dtypes={"Cabin": str, "Ticket": str} if options.table == "titanic" else None)
    count = len(next(iter(table.values())))
    order = np.random.default_rng(options.seed).permutation(count)
    test, train = order[: count // 5], order[count // 5 :]
    model, x, y = (california if options.table == "california" else titanic)(table, train)
    start = time.perf_counter()
    model.fit(
        {name: column[train] for name, column in x.items()},
        y[train],
        batch_size=128 if options.table == "california" else 32,
        epochs=options.epochs,
        verbose=2,
    )
    seconds = time.perf_counter() - start
    loss, metric = model.evaluate({name: column[test] for name, column in x.items()}, y[test], verbose=0)
    if options.table == "california":
        plain = np.abs(y[test] - np.median(y[train])).mean()
        print(f"test error: {1e5 * metric:,.0f} dollars on average, root mean square {1e5 * loss**0.5:,.0f}; "
              f"{1e5 * plain:,.0f} for always the median; trained in {seconds:.1f} s")  # fmt: skip
    else:
        plain = max(y[test].mean(), 1 - y[test].mean())
        print(
            f"test accuracy {100 * metric:.1f} %, {100 * plain:.1f} % for the larger class; trained in {seconds:.1f} s"
        )


if __name__ == "__main__":
    main()
