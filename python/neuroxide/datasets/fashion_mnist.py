"""Fashion-MNIST: articles of clothing, 60,000 for training and 10,000 for testing, 28×28."""

from __future__ import annotations

import os
from pathlib import Path

from neuroxide.datasets.images import IDX_NAMES, Split, data_folders, idx_files, load_idx
from neuroxide.utils.files import get_file

URL = "https://storage.googleapis.com/tensorflow/tf-keras-datasets/"
# As the set's authors publish them, in the order of IDX_NAMES.
MD5 = (
    "8d4fb7e6c68d591d4c3dfef9ec88bf0d",
    "25c81989df183df01b3e8a0aad5dffbe",
    "bef4ecab320f06d8554ea6380940ec79",
    "bb300cfdad3c16e7a12a480ee83cd310",
)
CLASSES = (
    "T-shirt/top",
    "Trouser",
    "Pullover",
    "Dress",
    "Coat",
    "Sandal",
    "Shirt",
    "Sneaker",
    "Bag",
    "Ankle boot",
)


def load_data(path: str | os.PathLike[str] | None = None) -> tuple[Split, Split]:
    """Loads Fashion-MNIST from a folder or the network.

    Args:
        path: a folder with the four IDX files, plain or .gz. None looks in `$NEUROXIDE_DATA/images/fashion_mnist`,
            `$NEUROXIDE_DATA/fashion_mnist` and the download cache, and downloads them (30 MB, checked by their
            MD5) when they are in none of them.

    Returns:
        `(x_train, y_train), (x_test, y_test)`: images uint8 of shape (N, 28, 28) with values 0 to 255, labels uint8 of
        shape (N,) with values 0 to 9, named by `CLASSES`.

    Raises:
        FileNotFoundError: `path` is given and lacks one of the files.
        ConnectionError: the files are nowhere and can't be downloaded.
        ValueError: the files are damaged or hold something else.

    Example:
        >>> from neuroxide.datasets import fashion_mnist
        >>> fashion_mnist.CLASSES[9]
        'Ankle boot'

    Source: H. Xiao, K. Rasul, R. Vollgraf, arXiv:1708.07747. Follows `keras.datasets.fashion_mnist`.
    """
    folders = data_folders("fashion_mnist") if path is None else [Path(path)]
    for folder in folders:
        paths = idx_files(folder)
        if paths is not None:
            return load_idx("fashion_mnist", paths)
    if path is not None:
        names = ", ".join(f"{name}.gz" for name in IDX_NAMES)
        raise FileNotFoundError(f"fashion_mnist: expected {path} to hold {names}")
    fetched = [
        Path(get_file(f"{name}.gz", f"{URL}{name}.gz", file_hash=digest, cache_subdir="datasets/fashion_mnist"))
        for name, digest in zip(IDX_NAMES, MD5)
    ]
    return load_idx("fashion_mnist", fetched)
