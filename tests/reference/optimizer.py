"""Optimizer steps as Keras 3 writes them, one tensor at a time, in float64, in place."""

import numpy as np


def _update(array, values):
    array[...] = values


def _wide(*arrays):
    return [a.astype(np.float64) for a in arrays]


def sgd_step(params, grads, velocities, lr, momentum, nesterov):
    for i, (param, grad) in enumerate(zip(params, grads)):
        w, g = _wide(param, grad)
        if velocities is None:
            _update(param, w - lr * g)
            continue
        v = momentum * velocities[i].astype(np.float64) - lr * g
        _update(velocities[i], v)
        _update(param, w + momentum * v - lr * g if nesterov else w + v)


def rmsprop_step(params, grads, velocities, momentums, averages, lr, rho, momentum, epsilon):
    for i, (param, grad) in enumerate(zip(params, grads)):
        w, g, v = _wide(param, grad, velocities[i])
        v = rho * v + (1 - rho) * g**2
        _update(velocities[i], v)
        denominator = v + epsilon
        if averages is not None:
            average = rho * averages[i].astype(np.float64) + (1 - rho) * g
            _update(averages[i], average)
            denominator = v - average**2 + epsilon
        increment = lr * g / np.sqrt(denominator)
        if momentums is not None:
            increment = momentum * momentums[i].astype(np.float64) + increment
            _update(momentums[i], increment)
        _update(param, w - increment)


def adam_step(params, grads, ms, vs, vhats, lr, beta_1, beta_2, epsilon, step):
    alpha = lr * np.sqrt(1 - beta_2**step) / (1 - beta_1**step)
    for i, (param, grad) in enumerate(zip(params, grads)):
        w, g, m, v = _wide(param, grad, ms[i], vs[i])
        m += (g - m) * (1 - beta_1)
        v += (g**2 - v) * (1 - beta_2)
        _update(ms[i], m)
        _update(vs[i], v)
        if vhats is not None:
            v = np.maximum(vhats[i], v)
            _update(vhats[i], v)
        _update(param, w - m * alpha / (np.sqrt(v) + epsilon))
