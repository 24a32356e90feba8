"""Products, as explicit sums of outer products in float64."""

import numpy as np

from tests.reference import activation as _activation

_FUSED = {
    "linear": (lambda z: z, lambda y, dy: dy),
    "relu": (_activation.relu, _activation.relu_backward),
    "tanh": (_activation.tanh, _activation.tanh_backward),
    "sigmoid": (_activation.sigmoid, _activation.sigmoid_backward),
}


def _product(a, b):
    """(M, K) by (K, N): one rank-one term per k."""
    out = np.zeros((a.shape[0], b.shape[1]))
    for k in range(a.shape[1]):
        out += np.outer(a[:, k].astype(np.float64), b[k].astype(np.float64))
    return out


def matmul(a, b, transpose_a=False, transpose_b=False):
    if transpose_a:
        a = np.swapaxes(a, -1, -2)
    if transpose_b:
        b = np.swapaxes(b, -1, -2)
    lead = a.shape[:-2] or b.shape[:-2]
    a = np.broadcast_to(a, lead + a.shape[-2:])
    b = np.broadcast_to(b, lead + b.shape[-2:])
    out = np.empty((*lead, a.shape[-2], b.shape[-1]), a.dtype)
    for index in np.ndindex(lead):
        out[index] = _product(a[index], b[index])
    return out


def dense_forward(x, w, b=None, activation="linear"):
    z = matmul(x, w) if b is None else matmul(x, w) + b
    return _FUSED[activation][0](z)


def dense_backward(x, w, y, dy, activation="linear", need_dx=True, need_dw=True, need_db=True):
    dz = _FUSED[activation][1](y, dy)
    return (
        matmul(dz, w, transpose_b=True) if need_dx else None,
        matmul(x, dz, transpose_a=True) if need_dw else None,
        dz.sum(axis=0, dtype=np.float64).astype(dz.dtype) if need_db else None,
    )
