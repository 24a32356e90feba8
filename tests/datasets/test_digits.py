"""The embedded digits: the very bytes of UCI's set, and a split that never changes."""

from __future__ import annotations

import hashlib
from importlib import resources

import numpy as np
import pytest

from neuroxide.datasets import digits, read_idx

# Of scikit-learn 1.9.1's load_digits(), images and target as uint8.
IMAGES_SHA256 = "8f26b2bd9d135c256808f68f14fdabddde6d9c7f869ae419704b051f0f14b3b3"
LABELS_SHA256 = "8ba4f891220f5e4c9c819638d1602d74b83618f167043c6da52a2a247841ddf0"


def test_files_hold_what_scikit_learn_has() -> None:
    folder = resources.files("neuroxide.datasets") / "data"
    with resources.as_file(folder / "digits-images-idx3-ubyte.gz") as path:
        assert hashlib.sha256(read_idx(path).tobytes()).hexdigest() == IMAGES_SHA256
    with resources.as_file(folder / "digits-labels-idx1-ubyte.gz") as path:
        assert hashlib.sha256(read_idx(path).tobytes()).hexdigest() == LABELS_SHA256


@pytest.mark.peers
def test_against_scikit_learn() -> None:
    bunch = pytest.importorskip("sklearn.datasets").load_digits()
    (x_train, y_train), (x_test, y_test) = digits.load_data()
    ours = {(image.tobytes(), int(label)) for image, label in zip([*x_train, *x_test], [*y_train, *y_test])}
    theirs = {(image.astype(np.uint8).tobytes(), int(label)) for image, label in zip(bunch.images, bunch.target)}
    assert ours == theirs


def test_split_is_balanced_and_complete() -> None:
    (x_train, y_train), (x_test, y_test) = digits.load_data()
    assert x_train.shape == (1437, 8, 8)
    assert x_test.shape == (360, 8, 8)
    assert x_train.dtype == y_train.dtype == x_test.dtype == y_test.dtype == np.uint8
    assert (x_train.min(), x_train.max()) == (0, 16)
    np.testing.assert_array_equal(np.bincount(y_test), [36, 36, 36, 36, 37, 36, 36, 36, 35, 36])
    np.testing.assert_array_equal(
        np.bincount(y_train) + np.bincount(y_test), [178, 182, 177, 183, 181, 182, 181, 179, 174, 180]
    )


def test_split_is_fixed() -> None:
    (x_train, y_train), (x_test, y_test) = digits.load_data()
    digest = hashlib.sha256(b"".join(part.tobytes() for part in (x_train, y_train, x_test, y_test))).hexdigest()
    assert digest == "b086734a4c7e9fe9069104bd8f90442e31ebf255ae7dbec23a9030a760bdcc42"


def test_calls_share_no_memory() -> None:
    first, second = digits.load_data(), digits.load_data()
    first[0][0][:] = 0
    assert second[0][0].any()


def test_notice_ships_with_the_data() -> None:
    notice = (resources.files("neuroxide.datasets") / "data" / "digits-LICENSE.txt").read_text(encoding="utf-8")
    for words in ("Alpaydin", "Kaynak", "CC BY 4.0", "UCI Machine Learning Repository"):
        assert words in notice
