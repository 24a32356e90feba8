"""The generator against its definition and published vectors; distributions against their moments; dropout."""

import numpy as np
import pytest

from neuroxide import _core
from tests.reference import random as reference

DTYPES = ["float32", "float64"]
SEEDS = [(0, 0), (1, 2), (2**64 - 1, 2**64 - 1), (12345678901234567890, 987654321)]


@pytest.mark.parametrize("seed, stream", SEEDS)
@pytest.mark.parametrize("n", [0, 1, 3, 4, 63, 64, 65, 1000])
def test_bits(n, seed, stream):
    got = _core.random_bits(n, seed, stream)
    assert got.dtype == np.uint32
    np.testing.assert_array_equal(got, reference.random_bits(n, seed, stream))


def test_published_vectors():
    """Random123's kat_vectors for philox4x32-10: counter and key all zeros, and all ones."""
    assert [hex(w) for w in _core.random_bits(4, 0, 0)] == ["0x6627e8d5", "0xe169c58d", "0xbc57ac4c", "0x9b00dbd8"]
    ones = 0xFFFFFFFF
    assert reference.philox((ones,) * 4, (ones,) * 2) == (0x408F276D, 0x41C83B0E, 0xA20BC7C6, 0x6D5451FD)


@pytest.mark.parametrize("dtype", DTYPES)
def test_uniform(dtype):
    x = _core.random_uniform((1000, 333), -2.0, 3.0, 1, 2, dtype)
    assert x.dtype == dtype and x.shape == (1000, 333) and x.min() >= -2 and x.max() < 3
    unit = (x.ravel().astype("float64") + 2) / 5
    counts = np.bincount((unit * 100).astype(int), minlength=100)
    expected = x.size / 100
    assert ((counts - expected) ** 2 / expected).sum() < 160  # chi-square, 99 degrees of freedom: p < 1e-4
    assert (_core.random_uniform((5,), 1.5, 1.5, 1, 2, dtype) == 1.5).all()


def test_uniform_is_made_from_the_words():
    bits = reference.random_bits(200, 7, 8)
    np.testing.assert_array_equal(_core.random_uniform((200,), 0.0, 1.0, 7, 8, "float32"), (bits >> 8) / 2.0**24)
    pairs = bits.astype(np.uint64)
    wide = ((pairs[::2] | pairs[1::2] << np.uint64(32)) >> np.uint64(11)) / 2.0**53
    np.testing.assert_array_equal(_core.random_uniform((100,), 0.0, 1.0, 7, 8, "float64"), wide)


@pytest.mark.parametrize("dtype", DTYPES)
def test_normal(dtype):
    x = _core.random_normal((400_000,), 1.0, 2.0, 3, 4, dtype)
    z = (x.astype("float64") - 1) / 2
    n = len(z)
    assert abs(z.mean()) < 5 / np.sqrt(n) and abs(z.std() - 1) < 5 / np.sqrt(2 * n)
    assert abs((z**3).mean()) < 5 * np.sqrt(15 / n) and abs((z**4).mean() - 3) < 5 * np.sqrt(96 / n)
    assert abs(np.mean(z[::2] * z[1::2])) < 5 / np.sqrt(n / 2)
    assert abs(np.mean(np.abs(z) > 2) - 0.0455) < 0.002
    assert np.isfinite(x).all()


def test_normal_is_box_and_muller():
    u = _core.random_uniform((100,), 0.0, 1.0, 5, 6, "float64")
    radius, angle = np.sqrt(-2 * np.log(1 - u[::2])), 2 * np.pi * u[1::2]
    want = np.stack([radius * np.cos(angle), radius * np.sin(angle)], 1).ravel()
    np.testing.assert_allclose(_core.random_normal((100,), 0.0, 1.0, 5, 6, "float64"), want, rtol=1e-13, atol=1e-15)


@pytest.mark.parametrize("dtype", DTYPES)
def test_truncated_normal(dtype):
    x = _core.truncated_normal((200_000,), 1.0, 0.5, 3, 4, dtype)
    z = (x.astype("float64") - 1) / 0.5
    assert np.abs(z).max() <= 2 + 1e-6
    assert abs(z.mean()) < 0.01 and abs(z.std() - 0.87962566) < 0.006  # the truncated law's standard deviation


def test_an_element_depends_on_its_place_alone():
    for make in (_core.random_uniform, _core.random_normal, _core.truncated_normal):
        for dtype in DTYPES:
            long, short = make((70_000,), 0.0, 1.0, 1, 2, dtype), make((7, 11), 0.0, 1.0, 1, 2, dtype)
            np.testing.assert_array_equal(long[:77], short.ravel())
            assert (make((77,), 0.0, 1.0, 1, 3, dtype) != long[:77]).mean() > 0.9
    np.testing.assert_array_equal(_core.random_bits(70_001, 1, 2)[:77], _core.random_bits(77, 1, 2))


@pytest.mark.parametrize("n", [0, 1, 2, 31, 32, 33, 1000, 100_003])
def test_permutation(n):
    p = _core.permutation(n, 5, 6)
    assert p.dtype == np.int64
    np.testing.assert_array_equal(np.sort(p), np.arange(n))
    assert n < 31 or (p != np.arange(n)).mean() > 0.8


def test_permutations_are_equally_likely():
    counts = {}
    for seed in range(2400):
        key = tuple(_core.permutation(4, seed, 0))
        counts[key] = counts.get(key, 0) + 1
    assert len(counts) == 24
    assert sum((c - 100) ** 2 / 100 for c in counts.values()) < 60  # chi-square, 23 degrees of freedom: p < 4e-5


@pytest.mark.parametrize("dtype", DTYPES)
@pytest.mark.parametrize("rate", [0.0, 0.2, 0.5, 0.999, 1 - 2.0**-40])
def test_dropout(rate, dtype):
    x = np.random.default_rng(0).normal(size=(37, 41)).astype(dtype)
    want = reference.dropout_mask(x.shape, rate, 9, 10, dtype) if rate < 0.9999 else None
    mask = _core.dropout_mask(x.shape, rate, 9, 10, dtype)
    if want is not None:
        np.testing.assert_allclose(mask, want, rtol=1e-7)
    np.testing.assert_array_equal(_core.dropout(x, rate, 9, 10), x * mask)
    big = _core.dropout_mask((300_000,), rate, 9, 10, dtype)
    assert abs((big == 0).mean() - rate) < 0.005


@pytest.mark.parametrize("dtype", DTYPES)
@pytest.mark.parametrize("rate", [0.0, 0.2, 0.5, 0.999])
def test_alpha_dropout(rate, dtype):
    x = np.random.default_rng(0).normal(size=(37, 41)).astype(dtype)
    x[0, 0] = np.nan
    for backward in (False, True):
        got, want = _core.alpha_dropout(x, rate, 9, 10, backward), reference.alpha_dropout(x, rate, 9, 10, backward)
        assert got.dtype == dtype
        kept = reference.dropout_mask(x.shape, rate, 9, 10, dtype) > 0
        np.testing.assert_allclose(got[kept], want[kept], rtol=1e-6 if dtype == "float32" else 1e-13, atol=1e-6)
        np.testing.assert_allclose(got[~kept], 0 if backward else want[~kept], rtol=1e-6, atol=1e-6)
    with pytest.raises(ValueError, match="alpha_dropout: expected rate from 0 to below 1, got 1"):
        _core.alpha_dropout(x, 1.0, 0, 0, False)


def test_same_bits_for_any_number_of_threads():
    x = np.ones(200_001, "float32")
    threads = _core.get_num_threads()
    try:
        results = []
        for n in (1, 2, 3):
            _core.set_num_threads(n)
            results.append([_core.dropout(x, 0.3, 1, 2), _core.random_normal((200_001,), 0.0, 1.0, 1, 2, "float32")])
        for other in results[1:]:
            for a, b in zip(results[0], other):
                np.testing.assert_array_equal(a, b)
    finally:
        _core.set_num_threads(threads)


def test_errors():
    x = np.ones(3, "float32")
    for rate in (1.0, -0.1, float("nan")):
        with pytest.raises(ValueError, match="dropout: expected rate from 0 to below 1, got"):
            _core.dropout(x, rate, 0, 0)
    with pytest.raises(ValueError, match="random_uniform: expected finite low ≤ high, got 1 and 0"):
        _core.random_uniform((3,), 1.0, 0.0, 0, 0, "float32")
    with pytest.raises(ValueError, match="random_normal: expected finite mean and stddev ≥ 0, got 0 and -1"):
        _core.random_normal((3,), 0.0, -1.0, 0, 0, "float32")
    with pytest.raises(
        ValueError, match="random_normal: expected dtype to be that of a float32 or float64 array, got int32"
    ):
        _core.random_normal((3,), 0.0, 1.0, 0, 0, "int32")
    with pytest.raises(ValueError, match=r"random_uniform: an array of shape .* is too large"):
        _core.random_uniform((2**40, 2**40), 0.0, 1.0, 0, 0, "float32")
