"""Philox 4x32-10 of Salmon et al. (2011), with Python integers, and the distributions made from it."""

import math

import numpy as np

_MASK = 0xFFFFFFFF


def philox(counter, key):
    """Ten rounds on four 32-bit words of counter with two of key."""
    c0, c1, c2, c3 = counter
    k0, k1 = key
    for _ in range(10):
        p0, p1 = 0xD2511F53 * c0, 0xCD9E8D57 * c2
        c0, c1, c2, c3 = (p1 >> 32) ^ c1 ^ k0, p1 & _MASK, (p0 >> 32) ^ c3 ^ k1, p0 & _MASK
        k0, k1 = (k0 + 0x9E3779B9) & _MASK, (k1 + 0xBB67AE85) & _MASK
    return c0, c1, c2, c3


def random_bits(n, seed, stream):
    """Word i is word i % 4 of block i // 4; counter = (block low, block high, stream low, stream high), key = seed."""
    words = []
    for block in range(-(-n // 4)):
        counter = (block & _MASK, block >> 32, stream & _MASK, stream >> 32)
        words.extend(philox(counter, (seed & _MASK, seed >> 32)))
    return np.array(words[:n], dtype=np.uint32)


def dropout_mask(shape, rate, seed, stream, dtype_name):
    """1 / (1 − rate) where word i ≥ rate · 2³², otherwise 0."""
    n = math.prod(shape)
    keep = random_bits(n, seed, stream) >= np.uint64(round(rate * 2.0**32))
    return (keep / (1 - rate)).reshape(shape).astype(dtype_name)


def dropout(x, rate, seed, stream):
    return x * dropout_mask(x.shape, rate, seed, stream, x.dtype.name)


def alpha_dropout(x, rate, seed, stream, backward):
    """a · (x where kept, else α') + b; its slope times x, with `backward`."""
    keep = dropout_mask(x.shape, rate, seed, stream, "float64") > 0
    low = -1.6732632423543772 * 1.0507009873554805
    a = ((1 - rate) * (1 + rate * low**2)) ** -0.5
    wide = x.astype(np.float64)
    y = a * wide * keep if backward else a * np.where(keep, wide, low) - a * low * rate
    return y.astype(x.dtype)
