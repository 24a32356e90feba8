"""Optimizer steps as Keras 3 writes them, one tensor at a time, in float64, in place."""

import functools

import numpy as np


def _update(array, values):
    array[...] = values


def _wide(*arrays):
    return [a.astype(np.float64) for a in arrays]


def _around(step):
    """What every step does before and after its rule, spelled out."""

    @functools.wraps(step)
    def run(params, grads, *rest, scales=None, decays=None, clip=None, moving=None, ema=0.0):
        changed = []
        for i, grad in enumerate(grads):
            g = grad.astype(np.float64) * (1.0 if scales is None else scales[i])
            changed.append(g if clip is None else np.clip(g, -clip, clip))
            if decays is not None:
                _update(params[i], params[i] * decays[i])
        step(params, changed, *rest)
        if moving is not None:
            ema_step(moving, params, ema)

    return run


def ema_step(averages, values, momentum):
    for average, value in zip(averages, values):
        a, w = _wide(average, value)
        _update(average, momentum * a + (1 - momentum) * w)


@_around
def sgd_step(params, grads, velocities, lr, momentum, nesterov, dampening=0.0):
    for i, (param, grad) in enumerate(zip(params, grads)):
        w, g = _wide(param, grad)
        if velocities is None:
            _update(param, w - lr * g)
            continue
        v = momentum * velocities[i].astype(np.float64) - lr * (1 - dampening) * g
        _update(velocities[i], v)
        _update(param, w + momentum * v - lr * g if nesterov else w + v)


@_around
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


@_around
def adam_step(params, grads, ms, vs, vhats, lr, beta_1, beta_2, epsilon, step):
    alpha = lr * np.sqrt(1 - float(beta_2) ** step) / (1 - beta_1**step)
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


def _moments(grad, m, v, beta_1, beta_2):
    new_m = beta_1 * m.astype(np.float64) + (1 - beta_1) * grad
    new_v = beta_2 * v.astype(np.float64) + (1 - beta_2) * grad**2
    _update(m, new_m)
    _update(v, new_v)
    return new_m, new_v


@_around
def adagrad_step(params, grads, accumulators, lr, epsilon):
    for param, g, accumulator in zip(params, grads, accumulators):
        a = accumulator.astype(np.float64) + g**2
        _update(accumulator, a)
        _update(param, param - lr * g / np.sqrt(a + epsilon))


@_around
def adadelta_step(params, grads, gradients, deltas, lr, rho, epsilon):
    for param, g, mean_gradient, mean_delta in zip(params, grads, gradients, deltas):
        a, d = _wide(mean_gradient, mean_delta)
        a = rho * a + (1 - rho) * g**2
        delta = -np.sqrt(d + epsilon) / np.sqrt(a + epsilon) * g
        _update(mean_gradient, a)
        _update(mean_delta, rho * d + (1 - rho) * delta**2)
        _update(param, param + lr * delta)


@_around
def adamax_step(params, grads, ms, norms, lr, beta_1, beta_2, epsilon, step):
    for param, g, m, norm in zip(params, grads, ms, norms):
        _update(m, beta_1 * m.astype(np.float64) + (1 - beta_1) * g)
        _update(norm, np.maximum(beta_2 * norm.astype(np.float64), np.abs(g)))
        _update(param, param - lr / (1 - beta_1**step) * m / (norm + epsilon))


@_around
def nadam_step(params, grads, ms, vs, lr, beta_1, beta_2, epsilon, step, product):
    u, ahead = (beta_1 * (1 - 0.5 * 0.96**t) for t in (step, step + 1))
    for param, g, m, v in zip(params, grads, ms, vs):
        new_m, new_v = _moments(g, m, v, beta_1, beta_2)
        hat = ahead * new_m / (1 - product * ahead) + (1 - u) * g / (1 - product)
        _update(param, param - lr * hat / (np.sqrt(new_v / (1 - beta_2**step)) + epsilon))


@_around
def lion_step(params, grads, ms, lr, beta_1, beta_2):
    for param, g, m in zip(params, grads, ms):
        _update(param, param - lr * np.sign(beta_1 * m.astype(np.float64) + (1 - beta_1) * g))
        _update(m, beta_2 * m.astype(np.float64) + (1 - beta_2) * g)


@_around
def ftrl_step(params, grads, accumulators, linears, lr, power, l1, l2, shrinkage, beta):
    for param, g, accumulator, linear in zip(params, grads, accumulators, linears):
        w, old, z = _wide(param, accumulator, linear)
        new = old + g**2
        z = z + g + 2 * shrinkage * w - (new**-power - old**-power) / lr * w
        quadratic = new**-power / lr + 2 * (l2 + beta / (2 * lr))
        _update(param, (np.clip(z, -l1, l1) - z) / quadratic)
        _update(linear, z)
        _update(accumulator, new)


@_around
def lamb_step(params, grads, ms, vs, lr, beta_1, beta_2, epsilon, step):
    for param, g, m, v in zip(params, grads, ms, vs):
        new_m, new_v = _moments(g, m, v, beta_1, beta_2)
        u = new_m / (1 - beta_1**step) / (np.sqrt(new_v / (1 - beta_2**step)) + epsilon)
        long, short = np.linalg.norm(param.astype(np.float64).ravel()), np.linalg.norm(u.ravel())
        ratio = long / short if long > 0 and short > 0 else 1.0
        _update(param, param - lr * ratio * u)
