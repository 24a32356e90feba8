"""The classic multi-layer perceptron on MNIST: 784-512-512-10 with dropout, RMSprop, 20 epochs.

Usage: NEUROXIDE_DATA=/path/to/data python examples/mnist_mlp.py [--epochs 20] [--seed 0]

Keras's old `mnist_mlp.py` reports 98.40 % test accuracy after 20 epochs with these settings.
"""

from __future__ import annotations

import argparse
import time

import numpy as np

import neuroxide as nx


def build() -> nx.Sequential:
    return nx.Sequential(
        [
            nx.Input((784,)),
            nx.layers.Dense(512, activation="relu"),
            nx.layers.Dropout(0.2),
            nx.layers.Dense(512, activation="relu"),
            nx.layers.Dropout(0.2),
            nx.layers.Dense(10, activation="softmax"),
        ]
    )


def main() -> None:
    parser = argparse.ArgumentParser(description="The classic MLP on MNIST.")
    parser.add_argument("--epochs", type=int, default=20)
    parser.add_argument("--batch-size", type=int, default=128)
    parser.add_argument("--seed", type=int, default=0)
    parser.add_argument("--data", help="folder with MNIST; default: NEUROXIDE_DATA, the cache, or the network")
    parser.add_argument("--limit", type=int, help="train on the first so many images")
    options = parser.parse_args()
    nx.utils.set_random_seed(options.seed)
    (x_train, y_train), (x_test, y_test) = nx.datasets.mnist.load_data(options.data)
    x_train, y_train = x_train[: options.limit], y_train[: options.limit]
    x_train = x_train.reshape(-1, 784).astype(np.float32) / 255
    x_test = x_test.reshape(-1, 784).astype(np.float32) / 255
    model = build()
    model.summary()
    model.compile(optimizer="rmsprop", loss="sparse_categorical_crossentropy", metrics=["accuracy"])
    start = time.perf_counter()
    model.fit(
        x_train,
        y_train,
        batch_size=options.batch_size,
        epochs=options.epochs,
        validation_data=(x_test, y_test),
        verbose=2,
    )
    seconds = time.perf_counter() - start
    loss, accuracy = model.evaluate(x_test, y_test, verbose=0)
    print(f"test loss {loss:.4f}, test accuracy {100 * accuracy:.2f} %, trained in {seconds:.1f} s")


if __name__ == "__main__":
    main()
