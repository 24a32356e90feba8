"""The UCI optical digits, embedded in the package: 1,797 images of 8×8."""

from __future__ import annotations

from importlib import resources

import numpy as np
from numpy.typing import NDArray

from neuroxide.datasets.idx import read_idx

Split = tuple[NDArray[np.uint8], NDArray[np.uint8]]


def load_data() -> tuple[Split, Split]:
    """Loads the handwritten digits that ship with the package; no file or network is needed.

    The split is fixed and balanced: with the images ordered by digit, and within a digit as UCI has
    them, images 0, 5, 10, … are for testing. (The original order would leave other writers to the
    test set than to the training set.)

    Returns:
        `(x_train, y_train), (x_test, y_test)`: images uint8 of shape (1437, 8, 8) and (360, 8, 8) with values
        0 to 16, labels uint8 of shape (1437,) and (360,) with values 0 to 9. Fresh arrays at every call.

    Example:
        >>> from neuroxide.datasets import digits
        >>> (x_train, y_train), (x_test, y_test) = digits.load_data()
        >>> x_train.shape, x_test.shape, int(x_train.max())
        ((1437, 8, 8), (360, 8, 8), 16)

    Source: E. Alpaydin, C. Kaynak, "Optical Recognition of Handwritten Digits", UCI Machine Learning Repository,
    doi:10.24432/C50P49, CC BY 4.0: the original's test set, 13 writers.
    """
    folder = resources.files("neuroxide.datasets") / "data"
    with resources.as_file(folder / "digits-images-idx3-ubyte.gz") as path:
        images = read_idx(path)
    with resources.as_file(folder / "digits-labels-idx1-ubyte.gz") as path:
        labels = read_idx(path)
    by_digit = np.argsort(labels, kind="stable")
    test = np.zeros(len(labels), bool)
    test[by_digit[::5]] = True
    return (images[~test], labels[~test]), (images[test], labels[test])
