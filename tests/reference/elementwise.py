"""Element by element, with NumPy's broadcasting. Python scalars are weak."""

import math

import numpy as np

_erf = np.vectorize(math.erf, otypes=[np.float64])


def _like(x, values):
    return np.asarray(values, dtype=x.dtype)


def _quiet(fn):
    def call(*args):
        with np.errstate(all="ignore"):
            return np.asarray(fn(*args))

    call.__name__ = fn.__name__
    return call


add = _quiet(np.add)
subtract = _quiet(np.subtract)
multiply = _quiet(np.multiply)
divide = _quiet(np.divide)
maximum = _quiet(np.maximum)
minimum = _quiet(np.minimum)
equal = _quiet(np.equal)
not_equal = _quiet(np.not_equal)
less = _quiet(np.less)
less_equal = _quiet(np.less_equal)
greater = _quiet(np.greater)
greater_equal = _quiet(np.greater_equal)
negative = _quiet(np.negative)
absolute = _quiet(np.absolute)
sign = _quiet(np.sign)
square = _quiet(np.square)
sqrt = _quiet(np.sqrt)
reciprocal = _quiet(np.reciprocal)
exp = _quiet(np.exp)
expm1 = _quiet(np.expm1)
log = _quiet(np.log)
log1p = _quiet(np.log1p)
sin = _quiet(np.sin)
cos = _quiet(np.cos)
floor = _quiet(np.floor)


def power(a, b):
    with np.errstate(all="ignore"):
        return np.asarray(np.float_power(a, b), dtype=np.result_type(a, b))


def where(cond, a, b):
    dtype = np.result_type(a, b) if not (np.isscalar(a) and np.isscalar(b)) else np.float32
    return np.asarray(np.where(cond, a, b), dtype=dtype)


def erf(x):
    return _like(x, _erf(x) if x.size else x)


def clip(x, low, high):
    return np.where(np.isnan(x), x, np.minimum(np.maximum(x, x.dtype.type(low)), x.dtype.type(high)))


def cast(x, dtype_name):
    with np.errstate(all="ignore"):
        return x.astype(dtype_name)


def power_backward(a, b, dy, which):
    """which 0: dy · b · a^(b−1), and 0 where b is 0; which 1: dy · a^b · log a, and 0 where a is 0 and b ≥ 0."""
    with np.errstate(all="ignore"):
        if which == 0:
            slope = np.where(np.equal(b, 0), 0, b * np.float_power(a, np.subtract(b, 1)))
        else:
            slope = np.where(np.equal(a, 0) & np.greater_equal(b, 0), 0, np.float_power(a, b) * np.log(a))
        return _like(dy, dy * slope)


def absolute_backward(x, dy):
    return dy * np.sign(x)


def sqrt_backward(y, dy):
    with np.errstate(all="ignore"):
        return dy / (2 * y)


def square_backward(x, dy):
    return 2 * x * dy


def erf_backward(x, dy):
    return _like(x, dy * (2 / math.sqrt(math.pi)) * np.exp(-np.square(x.astype(np.float64))))


def clip_backward(x, dy, low, high):
    """dy inside [low, high], ends included; zero outside and for NaN."""
    return np.where((x >= low) & (x <= high), dy, dy.dtype.type(0))


def maximum_backward(a, b, dy):
    half = dy.dtype.type(0.5)
    da = np.where(np.equal(a, b), half, np.greater(a, b)) * dy
    db = np.where(np.equal(a, b), half, np.less(a, b)) * dy
    return _like(dy, da), _like(dy, db)


def minimum_backward(a, b, dy):
    return maximum_backward(np.negative(a), np.negative(b), dy)
