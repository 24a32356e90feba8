"""What the image sets share: finding the files, and checking what they hold."""

from __future__ import annotations

import os
from collections.abc import Sequence
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from neuroxide.datasets.idx import read_idx
from neuroxide.utils.files import cache_folder

Images = NDArray[np.uint8]
Split = tuple[Images, Images]

IDX_NAMES = ("train-images-idx3-ubyte", "train-labels-idx1-ubyte", "t10k-images-idx3-ubyte", "t10k-labels-idx1-ubyte")


def data_folders(name: str) -> list[Path]:
    """Where a set may lie already: under `NEUROXIDE_DATA`, then in the download cache."""
    folders = []
    root = os.environ.get("NEUROXIDE_DATA")
    if root:
        folders += [Path(root) / "images" / name, Path(root) / name]
    return [*folders, cache_folder() / "datasets" / name]


def with_suffix(folder: Path, name: str) -> Path | None:
    """The file `name` of a folder, plain or gzipped; None where there is neither."""
    return next((folder / each for each in (name, f"{name}.gz") if (folder / each).is_file()), None)


def idx_files(folder: Path) -> list[Path] | None:
    """The four IDX files of an MNIST-like set; None unless all are there."""
    found = [with_suffix(folder, name) for name in IDX_NAMES]
    whole = [path for path in found if path is not None]
    return whole if len(whole) == len(found) else None


def load_idx(name: str, paths: Sequence[Path]) -> tuple[Split, Split]:
    """Train and test sets from the four files of `IDX_NAMES`, in that order, checked."""
    x_train, y_train, x_test, y_test = (read_idx(path) for path in paths)
    return checked(name, x_train, y_train, (28, 28)), checked(name, x_test, y_test, (28, 28))


def checked(name: str, images: Images, labels: Images, size: tuple[int, ...]) -> Split:
    """The pair itself, once shapes, types and labels are what the set must have."""
    if images.dtype != np.uint8 or images.shape[1:] != size or images.ndim != 1 + len(size):
        raise ValueError(f"{name}: expected uint8 images of shape (N, {', '.join(map(str, size))}), got {_say(images)}")
    if labels.dtype != np.uint8 or labels.size != len(images) or labels.shape[0] != len(images):
        raise ValueError(f"{name}: expected {len(images)} uint8 labels, one for each image, got {_say(labels)}")
    if labels.size and labels.max() > 9:
        raise ValueError(f"{name}: expected labels from 0 to 9, got {int(labels.max())}")
    return images, labels


def _say(array: Images) -> str:
    return f"{array.dtype} of shape {array.shape}"
