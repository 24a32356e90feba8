"""MNIST, Fashion-MNIST and CIFAR-10 from folders, archives, the cache and nowhere."""

from __future__ import annotations

import gzip
import io
import os
import pickle
import tarfile
import zipfile
from pathlib import Path
from types import ModuleType

import numpy as np
import pytest
from numpy.typing import NDArray

from neuroxide.datasets import cifar10, fashion_mnist, mnist
from neuroxide.datasets.npz import read_npz
from tests.datasets.test_idx import idx_bytes

NAMES = ("train-images-idx3-ubyte", "train-labels-idx1-ubyte", "t10k-images-idx3-ubyte", "t10k-labels-idx1-ubyte")
Arrays = tuple[NDArray[np.uint8], ...]

real_data = pytest.mark.skipif("NEUROXIDE_DATA" not in os.environ, reason="NEUROXIDE_DATA is not set")


@pytest.fixture(autouse=True)
def nothing_elsewhere(request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    """An empty cache, no data folder and no network, but for the tests of real data."""
    monkeypatch.setenv("NEUROXIDE_CACHE", str(tmp_path / "cache"))
    if "real" not in request.node.name:
        monkeypatch.delenv("NEUROXIDE_DATA", raising=False)

    def offline(url: str, **_: object) -> None:
        raise OSError("Network is unreachable")

    monkeypatch.setattr("urllib.request.urlopen", offline)


@pytest.fixture
def small() -> Arrays:
    rng = np.random.default_rng(3)
    sizes = [(7, 28, 28), (7,), (4, 28, 28), (4,)]
    return tuple(rng.integers(0, 10, size, np.uint8) for size in sizes)


def write_idx(folder: Path, arrays: Arrays, zipped: bool = True) -> Path:
    folder.mkdir(parents=True, exist_ok=True)
    for name, array in zip(NAMES, arrays):
        content = idx_bytes(array, 0x08)
        if zipped:
            (folder / f"{name}.gz").write_bytes(gzip.compress(content))
        else:
            (folder / name).write_bytes(content)
    return folder


def check(loaded: tuple[tuple[object, object], tuple[object, object]], arrays: Arrays) -> None:
    flat = [*loaded[0], *loaded[1]]
    for one, expected in zip(flat, arrays):
        assert isinstance(one, np.ndarray)
        np.testing.assert_array_equal(one, expected)


@pytest.mark.parametrize("zipped", [False, True])
@pytest.mark.parametrize("module", [mnist, fashion_mnist])
def test_folder_of_idx_files(tmp_path: Path, small: Arrays, module: ModuleType, zipped: bool) -> None:
    check(module.load_data(write_idx(tmp_path / "a folder", small, zipped)), small)


@pytest.mark.parametrize("place", ["images/{}", "{}"])
@pytest.mark.parametrize("name", ["mnist", "fashion_mnist"])
def test_data_folder(tmp_path: Path, small: Arrays, monkeypatch: pytest.MonkeyPatch, name: str, place: str) -> None:
    write_idx(tmp_path / place.format(name), small)
    monkeypatch.setenv("NEUROXIDE_DATA", str(tmp_path))
    check({"mnist": mnist, "fashion_mnist": fashion_mnist}[name].load_data(), small)


def test_mnist_npz_as_file_folder_and_cache(tmp_path: Path, small: Arrays) -> None:
    folder = tmp_path / "cache" / "datasets" / "mnist"
    folder.mkdir(parents=True)
    np.savez(folder / "mnist.npz", x_train=small[0], y_train=small[1], x_test=small[2], y_test=small[3])
    check(mnist.load_data(folder / "mnist.npz"), small)
    check(mnist.load_data(folder), small)
    check(mnist.load_data(), small)


@pytest.mark.parametrize("module", [mnist, fashion_mnist, cifar10])
def test_missing_files_are_named(tmp_path: Path, module: ModuleType) -> None:
    with pytest.raises(FileNotFoundError, match=r"expected .* to hold"):
        module.load_data(tmp_path / "nowhere")


@pytest.mark.parametrize("module", [mnist, fashion_mnist, cifar10])
def test_offline_says_where_to_put_the_file(module: ModuleType) -> None:
    with pytest.raises(ConnectionError, match=r"could not reach http.*unreachable.*put the file at .*cache"):
        module.load_data()


def test_labels_that_do_not_match_are_refused(tmp_path: Path, small: Arrays) -> None:
    short = write_idx(tmp_path / "short", (small[0], small[1][:5], small[2], small[3]))
    with pytest.raises(ValueError, match="mnist: expected 7 uint8 labels, one for each image, got uint8 of shape"):
        mnist.load_data(short)
    high = write_idx(tmp_path / "high", (small[0], small[1] + 10, small[2], small[3]))
    with pytest.raises(ValueError, match="expected labels from 0 to 9"):
        mnist.load_data(high)
    swapped = write_idx(tmp_path / "swapped", (small[1], small[0], small[2], small[3]))
    with pytest.raises(ValueError, match=r"expected uint8 images of shape \(N, 28, 28\), got uint8 of shape \(7,\)"):
        mnist.load_data(swapped)


def test_npz_with_a_pickle_is_refused_and_not_run(tmp_path: Path) -> None:
    class Trap:
        def __reduce__(self) -> tuple[object, tuple[str]]:
            return os.mkdir, (str(tmp_path / "trap"),)

    path = tmp_path / "mnist.npz"
    with zipfile.ZipFile(path, "w") as archive:
        for name in ("x_train", "y_train", "x_test", "y_test"):
            content = io.BytesIO()
            np.lib.format.write_array_header_1_0(content, {"descr": "|O", "fortran_order": False, "shape": (1,)})
            archive.writestr(f"{name}.npy", content.getvalue() + pickle.dumps(Trap()))
    with pytest.raises(ValueError, match="plain numbers"):
        mnist.load_data(path)
    assert not (tmp_path / "trap").exists()


def test_damaged_npz_is_refused(tmp_path: Path, small: Arrays) -> None:
    whole = io.BytesIO()
    np.savez_compressed(whole, x_train=small[0], y_train=small[1], x_test=small[2], y_test=small[3])
    content = whole.getvalue()
    path = tmp_path / "mnist.npz"
    for length in range(0, len(content), 97):
        path.write_bytes(content[:length])
        with pytest.raises(ValueError, match="read_npz"):
            mnist.load_data(path)
    np.savez(path, x_train=small[0])
    with pytest.raises(ValueError, match="to hold y_train, x_test, y_test, it holds x_train"):
        mnist.load_data(path)


def test_npz_of_absurd_size_is_refused(tmp_path: Path) -> None:
    header = io.BytesIO()
    np.lib.format.write_array_header_1_0(header, {"descr": "<f8", "fortran_order": False, "shape": (2**40, 2**40)})
    with zipfile.ZipFile(tmp_path / "file.npz", "w") as archive:
        archive.writestr("x.npy", header.getvalue())
    with pytest.raises(ValueError, match="over 1073741824 bytes"):
        read_npz(tmp_path / "file.npz", ["x"])


@pytest.mark.parametrize("text", ["{'descr': '<i8', 'shape': (3L,\n", '"""', "{'descr': [3]}", ""])
def test_npz_with_a_broken_header_is_refused(tmp_path: Path, text: str) -> None:
    with zipfile.ZipFile(tmp_path / "file.npz", "w") as archive:
        archive.writestr("x.npy", b"\x93NUMPY\x01\x00" + len(text).to_bytes(2, "little") + text.encode())
    with pytest.raises(ValueError, match="read_npz: "):
        read_npz(tmp_path / "file.npz", ["x"])


def records(count: int, seed: int) -> tuple[bytes, NDArray[np.uint8], NDArray[np.uint8]]:
    rng = np.random.default_rng(seed)
    images = rng.integers(0, 256, (count, 32, 32, 3), np.uint8)
    labels = rng.integers(0, 10, (count, 1), np.uint8)
    content = b"".join(bytes(label) + image.transpose(2, 0, 1).tobytes() for image, label in zip(images, labels))
    return content, images, labels


def test_cifar_from_folder_and_archive(tmp_path: Path) -> None:
    folder = tmp_path / "folder"
    folder.mkdir()
    made = [records(count, count) for count in (3, 1, 4, 1, 5, 2)]
    for name, (content, _, _) in zip((*cifar10.TRAIN, cifar10.TEST), made):
        (folder / name).write_bytes(content)
    with tarfile.open(tmp_path / cifar10.ARCHIVE, "w:gz") as archive:
        archive.add(folder, "cifar-10-batches-bin")
    expected = (
        np.concatenate([images for _, images, _ in made[:5]]),
        np.concatenate([labels for _, _, labels in made[:5]]),
        made[5][1],
        made[5][2],
    )
    check(cifar10.load_data(folder), expected)
    check(cifar10.load_data(tmp_path / cifar10.ARCHIVE), expected)
    check(cifar10.load_data(tmp_path), expected)
    (folder / cifar10.TEST).unlink()
    with pytest.raises(FileNotFoundError, match=r"test_batch\.bin"):
        cifar10.load_data(folder)


def test_cifar_records_are_checked(tmp_path: Path) -> None:
    content, _, _ = records(2, 0)
    path = tmp_path / "batch.bin"
    for damaged in (b"", content[:-1], content + b"\0"):
        path.write_bytes(damaged)
        with pytest.raises(ValueError, match="records of 3073 bytes"):
            cifar10.read_records(path)
    path.write_bytes(gzip.compress(content)[:-20])
    with pytest.raises(ValueError, match="damaged or cut short"):
        cifar10.read_records(path)
    path.write_bytes(b"\x0a" + content[1:])
    with pytest.raises(ValueError, match="labels from 0 to 9"):
        cifar10.read_records(path)
    path.write_bytes(gzip.compress(content)[:-20])
    with pytest.raises(ValueError, match="no whole tar"):
        cifar10.load_data(path)


@real_data
def test_real_mnist() -> None:
    (x_train, y_train), (x_test, y_test) = mnist.load_data()
    assert x_train.shape == (60000, 28, 28)
    assert x_test.shape == (10000, 28, 28)
    # Counts as the set's page gives them; mean as every tutorial's 0.1307.
    assert np.bincount(y_train).tolist() == [5923, 6742, 5958, 6131, 5842, 5421, 5918, 6265, 5851, 5949]
    assert np.bincount(y_test).tolist() == [980, 1135, 1032, 1010, 982, 892, 958, 1028, 974, 1009]
    assert abs(x_train.mean() / 255 - 0.1307) < 5e-5


@real_data
def test_real_cifar_records() -> None:
    path = Path(os.environ["NEUROXIDE_DATA"]) / "images" / "cifar10" / "cifar10_train_0000_2999.bin.gz"
    images, labels = cifar10.read_records(path)
    assert images.shape == (3000, 32, 32, 3)
    # The set's first training image is a frog.
    assert cifar10.CLASSES[int(labels[0, 0])] == "frog"
    assert images[0, 0, 0].tolist() == [59, 62, 63]
