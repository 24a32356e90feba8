"""FarmHash's Fingerprint64 and SipHash-2-4 on Python integers."""

import numpy as np

MASK = (1 << 64) - 1
K0, K1, K2 = 0xC3A5C85C97CB3127, 0xB492B66FBE98F273, 0x9AE16A3B2F90404F


def _right(x, n):
    x &= MASK
    return (x >> n | x << (64 - n)) & MASK


def _mix(x):
    x &= MASK
    return x ^ x >> 47


def _join(u, v, mul):
    a = _mix((u ^ v) * mul)
    return _mix(((v & MASK) ^ a) * mul) * mul & MASK


def farm(s):
    n = len(s)

    def word(i, size=8):
        return int.from_bytes(s[i : i + size], "little")

    def weak(i, a, b):
        a = a + word(i) & MASK
        b = _right(b + a + word(i + 24), 21)
        c = a
        a = a + word(i + 8) + word(i + 16) & MASK
        return a + word(i + 24) & MASK, b + _right(a, 44) + c & MASK

    mul = K2 + 2 * n & MASK
    if n == 0:
        return K2
    if n < 4:
        y, z = s[0] + (s[n // 2] << 8), n + (s[-1] << 2)
        return _mix((y * K2 & MASK) ^ (z * K0 & MASK)) * K2 & MASK
    if n < 8:
        return _join((word(0, 4) << 3) + n, word(n - 4, 4), mul)
    if n <= 16:
        a, b = word(0) + K2 & MASK, word(n - 8)
        return _join(_right(b, 37) * mul + a & MASK, (_right(a, 25) + b) * mul & MASK, mul)
    if n <= 64:
        a = word(0) * (K1 if n <= 32 else K2) & MASK
        b, c, d = word(8), word(n - 8) * mul & MASK, word(n - 16) * K2 & MASK
        y = _right(a + b, 43) + _right(c, 30) + d & MASK
        z = _join(y, a + _right(b + K2, 18) + c & MASK, mul)
        if n <= 32:
            return z
        e, f = word(16) * mul & MASK, word(24)
        g, h = (y + word(n - 32)) * mul & MASK, (z + word(n - 24)) * mul & MASK
        return _join(_right(e + f, 43) + _right(g, 30) + h & MASK, e + _right(f + a, 18) + g & MASK, mul)
    x, y = 81 * K2 + word(0) & MASK, 81 * K1 + 113 & MASK
    z = _mix(y * K2 + 113) * K2 & MASK
    v = w = (0, 0)

    def block(i, mul, k, x, y, z, v, w):
        x = _right(x + y + v[0] + word(i + 8), 37) * mul & MASK
        y = _right(y + v[1] + word(i + 48), 42) * mul & MASK
        x ^= w[1] * k & MASK
        y = y + v[0] * k + word(i + 40) & MASK
        z = _right(z + w[0], 33) * mul & MASK
        return z, y, x, weak(i, v[1] * mul, x + w[0]), weak(i + 32, z + w[1], y + word(i + 16))

    for i in range((n - 1) // 64):
        x, y, z, v, w = block(64 * i, K1, 1, x, y, z, v, w)
    mul = K1 + 2 * (z & 0xFF) & MASK
    first = w[0] + (n - 1 & 63) & MASK
    second = v[0] + first & MASK
    w, v = (first + second & MASK, w[1]), (second, v[1])
    x, y, z, v, w = block(n - 64, mul, 9, x, y, z, v, w)
    one = _join(v[0], w[0], mul) + _mix(y) * K0 + z & MASK
    return _join(one, _join(v[1], w[1], mul) + x & MASK, mul)


def sip(s, key):
    v = [c ^ key[i % 2] for i, c in enumerate((0x736F6D6570736575, 0x646F72616E646F6D, 0x6C7967656E657261,
                                               0x7465646279746573))]  # fmt: skip

    def left(x, n):
        return _right(x, 64 - n)

    def rounds(count):
        for _ in range(count):
            v[0] = v[0] + v[1] & MASK
            v[1] = left(v[1], 13) ^ v[0]
            v[0] = left(v[0], 32)
            v[2] = v[2] + v[3] & MASK
            v[3] = left(v[3], 16) ^ v[2]
            v[0] = v[0] + v[3] & MASK
            v[3] = left(v[3], 21) ^ v[0]
            v[2] = v[2] + v[1] & MASK
            v[1] = left(v[1], 17) ^ v[2]
            v[2] = left(v[2], 32)

    padded = s + bytes(7 - len(s) % 8) + bytes([len(s) % 256])
    for i in range(0, len(padded), 8):
        m = int.from_bytes(padded[i : i + 8], "little")
        v[3] ^= m
        rounds(2)
        v[0] ^= m
    v[2] ^= 0xFF
    rounds(4)
    return v[0] ^ v[1] ^ v[2] ^ v[3]


def fingerprints(texts, key=None):
    raw = [text.encode() if isinstance(text, str) else text for text in texts]
    return np.array([farm(s) if key is None else sip(s, key) for s in raw], dtype=np.uint64)
