"""CIFAR-10: colour photographs in ten classes, 50,000 for training and 10,000 for testing, 32×32."""

from __future__ import annotations

import gzip
import os
import zlib
from pathlib import Path

import numpy as np

from neuroxide.datasets.images import Split, checked, data_folders, with_suffix
from neuroxide.datasets.streams import Stream, opened, read_up_to
from neuroxide.utils.files import get_file

ARCHIVE = "cifar-10-binary.tar.gz"
URL = f"https://www.cs.toronto.edu/~kriz/{ARCHIVE}"
MD5 = "c32a1d4ab5d03f1284b67883e8d87530"
CLASSES = ("airplane", "automobile", "bird", "cat", "deer", "dog", "frog", "horse", "ship", "truck")
TRAIN = tuple(f"data_batch_{number}.bin" for number in range(1, 6))
TEST = "test_batch.bin"
RECORD = 1 + 3 * 32 * 32
# A batch of the set has 10,000 records; far more than that is something else.
MOST_RECORDS = 100_000


def load_data(path: str | os.PathLike[str] | None = None) -> tuple[Split, Split]:
    """Loads CIFAR-10 from a folder, an archive, or the network.

    Args:
        path: a folder with `data_batch_1.bin` … `data_batch_5.bin` and `test_batch.bin` (plain or .gz) or with
            `cifar-10-binary.tar.gz`, or the path of that archive. None looks in `$NEUROXIDE_DATA/images/cifar10`,
            `$NEUROXIDE_DATA/cifar10` and the download cache, and downloads the archive (170 MB, checked by its MD5)
            when it is in none of them. The pickled Python version of the set is never read.

    Returns:
        `(x_train, y_train), (x_test, y_test)`: images uint8 of shape (N, 32, 32, 3) with values 0 to 255, channels red,
        green, blue; labels uint8 of shape (N, 1) with values 0 to 9, named by `CLASSES`.

    Raises:
        FileNotFoundError: `path` is given and lacks one of the files.
        ConnectionError: the files are nowhere and can't be downloaded.
        ValueError: the files are damaged or hold something else.

    Example:
        >>> from neuroxide.datasets import cifar10
        >>> cifar10.CLASSES[3]
        'cat'

    Source: A. Krizhevsky, "Learning multiple layers of features from tiny images", 2009. Follows
    `keras.datasets.cifar10`.
    """
    places = data_folders("cifar10") if path is None else [Path(path)]
    for place in places:
        found = _from_place(place)
        if found is not None:
            return found
    if path is not None:
        raise FileNotFoundError(f"cifar10: expected {path} to hold {ARCHIVE} or {', '.join(TRAIN)} and {TEST}")
    return _from_archive(Path(get_file(ARCHIVE, URL, file_hash=MD5, cache_subdir="datasets/cifar10")))


def read_records(path: str | os.PathLike[str]) -> Split:
    """Reads one file of CIFAR-10's binary records: a label byte, then 1,024 bytes each of red, green and blue.

    Args:
        path: the file, plain or gzipped.

    Returns:
        Images uint8 of shape (N, 32, 32, 3), and labels uint8 of shape (N, 1).

    Raises:
        ValueError: not a whole number of records, a label over 9, or damaged gzip.
        OSError: the file can't be opened.

    Source: the set's own description of its binary version.
    """
    with opened(path, "cifar10") as stream:
        return _parse(stream, os.fspath(path))


def _from_place(place: Path) -> tuple[Split, Split] | None:
    if place.is_file():
        return _from_archive(place)
    if (place / ARCHIVE).is_file():
        return _from_archive(place / ARCHIVE)
    files = [path for name in (*TRAIN, TEST) if (path := with_suffix(place, name)) is not None]
    if len(files) != len(TRAIN) + 1:
        return None
    return _joined([read_records(file) for file in files])


def _from_archive(path: Path) -> tuple[Split, Split]:
    """Reads the batches straight from the archive: nothing of it is unpacked to disk."""
    import tarfile  # slow to import, and rarely needed

    batches: dict[str, Split] = {}
    try:
        with tarfile.open(path, "r:gz") as archive:
            for member in archive:
                name = member.name.rsplit("/", 1)[-1]
                stream = archive.extractfile(member) if member.isfile() and name in (*TRAIN, TEST) else None
                if stream is not None:
                    batches[name] = _parse(stream, f"{name} in {path}")
    except (tarfile.TarError, EOFError, zlib.error, gzip.BadGzipFile) as error:
        raise ValueError(f"cifar10: {path} is no whole tar.gz archive: {error}") from error
    missing = [name for name in (*TRAIN, TEST) if name not in batches]
    if missing:
        raise ValueError(f"cifar10: expected {path} to hold {', '.join(missing)}; is it the binary version?")
    return _joined([batches[name] for name in (*TRAIN, TEST)])


def _joined(batches: list[Split]) -> tuple[Split, Split]:
    *train, test = batches
    return (np.concatenate([images for images, _ in train]), np.concatenate([labels for _, labels in train])), test


def _parse(stream: Stream, where: str) -> Split:
    # One byte more than allowed tells a file that goes on from one that ends.
    data = read_up_to(stream, MOST_RECORDS * RECORD + 1)
    if not data or len(data) % RECORD or len(data) > MOST_RECORDS * RECORD:
        raise ValueError(
            f"cifar10: expected {where} to hold 1 to {MOST_RECORDS} records of {RECORD} bytes, got {len(data)} bytes"
        )
    records = np.frombuffer(data, np.uint8).reshape(-1, RECORD)
    images = np.ascontiguousarray(records[:, 1:].reshape(-1, 3, 32, 32).transpose(0, 2, 3, 1))
    return checked("cifar10", images, records[:, :1].copy(), (32, 32, 3))
