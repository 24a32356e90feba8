"""What `neuroxide demo` does: handwritten digits from data to a saved model, in a few seconds."""

from __future__ import annotations

import hashlib
import subprocess
import sys
import time
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

import neuroxide as nx
from neuroxide.datasets import digits
from neuroxide.visualization import confusion_matrix, confusion_table, image_grid, learning_curves

Array = NDArray[Any]

# What the new process runs: it shares nothing with this one but the two files.
RELOAD = """
import sys
import numpy as np
import neuroxide as nx
model = nx.models.load_model(sys.argv[1])
np.save(sys.argv[3], model.predict(np.load(sys.argv[2]), verbose=0))
"""
MOST_PICTURES = 24


def build() -> Any:
    """The demo's network: 8×8 pixels, two hidden layers, ten probabilities."""
    return nx.Sequential(
        [
            nx.Input((8, 8)),
            nx.layers.Rescaling(1 / 16),
            nx.layers.Flatten(),
            nx.layers.Dense(256, activation="relu"),
            nx.layers.Dropout(0.3),
            nx.layers.Dense(128, activation="relu"),
            nx.layers.Dropout(0.2),
            nx.layers.Dense(10, activation="softmax"),
        ],
        name="digits",
    )


def run(out: Path, *, epochs: int = 40, seed: int = 0, verbose: int = 1) -> int:
    """Trains, tests, saves, loads in a new process and draws; returns 0 when the predictions are the same bits.

    Args:
        out: folder for the model and the pictures; made if missing.
        epochs: passes over the training images.
        seed: same seed, same result, to the bit.
        verbose: as in `fit`.

    Raises:
        OSError: the folder can't be written.
    """
    out.mkdir(parents=True, exist_ok=True)
    nx.utils.set_random_seed(seed)
    (x_train, y_train), (x_test, y_test) = digits.load_data()
    # Shuffled, so that the tenth held out for validation has digits of every writer.
    order = np.random.default_rng(seed).permutation(len(x_train))
    x_train, y_train = x_train[order], y_train[order]
    print(f"{len(x_train):,} handwritten digits of 8×8 pixels to learn from, {len(x_test)} to be tested on.\n")
    model = build()
    model.compile(optimizer="adam", loss="sparse_categorical_crossentropy", metrics=["accuracy"])
    model.summary()
    start = time.perf_counter()
    history = model.fit(x_train, y_train, batch_size=32, epochs=epochs, validation_split=0.1, verbose=verbose)
    seconds = time.perf_counter() - start
    probabilities = np.asarray(model.predict(x_test, verbose=0))
    predicted = probabilities.argmax(axis=1)
    accuracy = float((predicted == y_test).mean())
    print(f"\nTrained in {seconds:.1f} s. Test accuracy: {100 * accuracy:.2f} % of {len(x_test)} digits never seen.\n")
    print("Confusion matrix (true digits down, predicted across):\n")
    print(confusion_table(y_test, predicted))
    same = _reload(model, out, x_test, probabilities)
    _draw(out, history, x_test, y_test, probabilities)
    return 0 if same else 1


def _reload(model: Any, out: Path, x_test: Array, probabilities: Array) -> bool:
    """Saves the model, predicts with it in a new process, and compares the bits."""
    saved, asked, answered = out / "digits.nx", out / "asked.npy", out / "answered.npy"
    model.save(saved)
    np.save(asked, x_test)
    subprocess.run([sys.executable, "-c", RELOAD, str(saved), str(asked), str(answered)], check=True)
    again = np.load(answered)
    asked.unlink()
    answered.unlink()
    same = bool(again.dtype == probabilities.dtype and again.tobytes() == probabilities.tobytes())
    print(f"\nSaved {saved} ({saved.stat().st_size:,} bytes) and loaded it in a new process:")
    print(f"  predictions here   {_fingerprint(probabilities)}")
    print(f"  predictions there  {_fingerprint(again)}  {'the same bits' if same else 'NOT THE SAME BITS'}")
    return same


def _fingerprint(array: Array) -> str:
    return "sha256 " + hashlib.sha256(np.ascontiguousarray(array).tobytes()).hexdigest()[:16]


def _draw(out: Path, history: Any, x_test: Array, y_test: Array, probabilities: Array) -> None:
    predicted = probabilities.argmax(axis=1)
    wrong = np.flatnonzero(predicted != y_test)
    sure = probabilities.max(axis=1)
    # The surest mistakes first; with none to show, the digits it was least sure of.
    shown = wrong[np.argsort(-sure[wrong], kind="stable")] if wrong.size else np.argsort(sure, kind="stable")[:12]
    shown = shown[:MOST_PICTURES]
    title = f"The {wrong.size} digits it got wrong" if wrong.size > 1 else "The one digit it got wrong"
    subtitle = f"of {len(y_test)} it had never seen, the surest mistakes first"
    if not wrong.size:
        title, subtitle = "None wrong; the digits it was least sure of", f"of {len(y_test)} it had never seen"
    captions = [f"is {y_test[n]}, read as {predicted[n]}\n{100 * sure[n]:.0f} % sure" for n in shown]
    pictures = {name: out / f"{name}.png" for name in ("learning-curves", "mistakes", "confusion-matrix")}
    try:
        learning_curves(history, title="Learning to read digits", path=pictures["learning-curves"])
        image_grid(x_test[shown], captions, title=title, subtitle=subtitle, path=pictures["mistakes"])
        confusion_matrix(y_test, predicted, path=pictures["confusion-matrix"])
    except ImportError as error:
        print(f"\nNo pictures: {error}")
        return
    print("\nPictures:")
    for path in pictures.values():
        print(f"  {path}")
