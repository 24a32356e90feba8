"""MNIST: handwritten digits, 60,000 for training and 10,000 for testing, 28×28."""

from __future__ import annotations

import os
from pathlib import Path

from neuroxide.datasets.images import Split, checked, data_folders, idx_files, load_idx
from neuroxide.datasets.npz import read_npz
from neuroxide.utils.files import get_file

URL = "https://storage.googleapis.com/tensorflow/tf-keras-datasets/mnist.npz"
SHA256 = "731c5ac602752760c8e48fbffcf8c3b850d9dc2a2aedcf2cc48468fc17b673d1"


def load_data(path: str | os.PathLike[str] | None = None) -> tuple[Split, Split]:
    """Loads MNIST from a folder, an archive, or the network.

    Args:
        path: a folder with the four IDX files (plain or .gz) or `mnist.npz`, or the path of such an .npz file.
            None looks in `$NEUROXIDE_DATA/images/mnist`, `$NEUROXIDE_DATA/mnist` and the download cache, and
            downloads `mnist.npz` (11 MB, checked by its SHA-256) when it is in none of them.

    Returns:
        `(x_train, y_train), (x_test, y_test)`: images uint8 of shape (N, 28, 28) with values 0 to 255, labels uint8 of
        shape (N,) with values 0 to 9.

    Raises:
        FileNotFoundError: `path` is given and holds no such files.
        ConnectionError: the files are nowhere and can't be downloaded.
        ValueError: the files are damaged or hold something else.

    Example:
        >>> from neuroxide.datasets import mnist
        >>> mnist.load_data("/no/such/folder")  # doctest: +ELLIPSIS
        Traceback (most recent call last):
        FileNotFoundError: mnist: expected /no/such/folder to hold mnist.npz or ...

    Source: Y. LeCun, C. Cortes, C. Burges, "The MNIST database of handwritten digits". Follows `keras.datasets.mnist`.
    """
    if path is not None:
        given = Path(path)
        found = _from_folder(given) if given.is_dir() else _from_npz(given)
        if found is None:
            raise FileNotFoundError(
                f"mnist: expected {given} to hold mnist.npz or train-images-idx3-ubyte.gz, train-labels-idx1-ubyte.gz, "
                "t10k-images-idx3-ubyte.gz and t10k-labels-idx1-ubyte.gz"
            )
        return found
    for folder in data_folders("mnist"):
        found = _from_folder(folder)
        if found is not None:
            return found
    return _read(Path(get_file("mnist.npz", URL, file_hash=SHA256, cache_subdir="datasets/mnist")))


def _from_folder(folder: Path) -> tuple[Split, Split] | None:
    paths = idx_files(folder)
    return load_idx("mnist", paths) if paths else _from_npz(folder / "mnist.npz")


def _from_npz(path: Path) -> tuple[Split, Split] | None:
    return _read(path) if path.is_file() else None


def _read(path: Path) -> tuple[Split, Split]:
    arrays = read_npz(path, ("x_train", "y_train", "x_test", "y_test"))
    train = checked("mnist", arrays["x_train"], arrays["y_train"], (28, 28))
    return train, checked("mnist", arrays["x_test"], arrays["y_test"], (28, 28))
