"""Gradients compared with finite differences."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

import numpy as np

from neuroxide.autograd.rows import Rows
from neuroxide.autograd.tensor import Tensor
from neuroxide.autograd.transforms import gradients, no_grad
from neuroxide.autograd.variable import Variable
from neuroxide.backend import kernels

_COORDINATES = 48  # per parameter; larger ones are sampled, and one random direction covers the rest


class GradientCheck:
    """What `check_gradients` found.

    Attributes:
        differences: name of a parameter → ‖a − b‖ / (‖a‖ + ‖b‖), a its gradient, b central differences; 0 for 0 and 0.
        worst: the name with the largest difference.
        difference: that difference.
        verdict: "right" up to 1e-7, "probably right" up to 1e-5, "suspicious" up to 1e-3, "wrong" above.
    """

    def __init__(self, differences: dict[str, float]) -> None:
        self.differences = differences
        self.worst = max(differences, key=lambda name: _order(differences[name]))
        self.difference = differences[self.worst]

    @property
    def verdict(self) -> str:
        """The difference in words."""
        for bound, word in ((1e-7, "right"), (1e-5, "probably right"), (1e-3, "suspicious")):
            if self.difference <= bound:
                return word
        return "wrong"

    def __repr__(self) -> str:
        return f"GradientCheck({self.verdict}: {self.difference:.1e} at {self.worst})"


def check_gradients(
    fn: Callable[..., Any],
    *inputs: Any,
    variables: Sequence[Variable] = (),
    tolerance: float = 1e-6,
    epsilon: float = 1e-5,
    seed: int = 0,
) -> GradientCheck:
    """Compare gradients with central differences, in float64.

    The outputs y are weighed by random numbers r, so that L = Σ r·y; ∂L/∂θ is compared with (L(θ+ε) − L(θ−ε)) / 2ε
    along up to 48 coordinates and one random direction of every parameter θ.

    Args:
        fn: function of the inputs that returns a Tensor or a tuple or list of them: an operation, a layer, a loss.
        inputs: float64 arrays to differentiate by; whatever else (integers, numbers, strings) is passed as it is.
        variables: float64 Variables to differentiate by too.
        tolerance: the largest relative difference that passes.
        epsilon: step, relative to max(1, |θ|).
        seed: of the random weights and directions.

    Returns:
        A `GradientCheck` with the difference of every parameter.

    Raises:
        ValueError: where a gradient is wrong, naming the worst parameter and element; where fn gives two results for
            the same inputs, so that differences mean nothing; where there is nothing to check.
        TypeError: where a floating input or Variable is not float64.

    Example:
        >>> import numpy as np
        >>> from neuroxide import ops
        >>> check_gradients(ops.tanh, np.array([0.5, -1.0])).verdict
        'right'
    """
    random = np.random.default_rng(seed)
    arguments = [_argument(x, i) for i, x in enumerate(inputs)]
    parameters: dict[str, Any] = {
        f"input {i}": x for i, x in enumerate(arguments) if isinstance(x, Tensor) and x.dtype.kind == "f"
    }
    for variable in variables:
        if variable.dtype != np.float64:
            raise TypeError(f"check_gradients: expected variable {variable.path!r} to be float64, got {variable.dtype}")
        parameters[_fresh(variable.path, parameters)] = variable
    if not parameters:
        raise ValueError("check_gradients: expected at least one float64 input or Variable")

    weights: list[Any] = []

    def loss() -> tuple[float, list[Tensor]]:
        out = fn(*arguments)
        outputs = [y for y in (out if isinstance(out, (tuple, list)) else (out,)) if y.dtype.kind == "f"]
        if not weights:
            weights.extend(random.standard_normal(y.shape) for y in outputs)
        return float(sum(np.sum(r * np.asarray(y)) for r, y in zip(weights, outputs))), outputs

    _, outputs = loss()
    found = _gradients(outputs, weights, list(parameters.values()))
    with no_grad():
        if not np.array_equal(loss()[0], loss()[0], equal_nan=True):
            raise ValueError("check_gradients: expected fn to repeat its result; fix its random seed")
        pairs = {
            name: _compare(lambda: loss()[0], parameter, gradient, epsilon, random)
            for (name, parameter), gradient in zip(parameters.items(), found)
        }
    result = GradientCheck({name: _relative(a, b) for name, (a, b, _) in pairs.items()})
    if not result.difference <= tolerance:
        a, b, places = pairs[result.worst]
        at = int(np.argmax(np.nan_to_num(np.abs(a - b), nan=np.inf)))
        raise ValueError(
            f"check_gradients: expected relative differences of at most {tolerance:g}, got {result.difference:.2e} "
            f"({result.verdict}) for {result.worst}; worst at {places[at]}: gradient {a[at]:.9g}, "
            f"differences {b[at]:.9g}"
        )
    return result


def _argument(x: Any, i: int) -> Any:
    if not hasattr(x, "dtype") or isinstance(x, Variable):
        return x
    data = np.array(x, order="C")
    if data.dtype.kind == "f" and data.dtype != np.float64:
        raise TypeError(f"check_gradients: expected input {i} to be float64, got {data.dtype}")
    return Tensor(data, requires_grad=data.dtype.kind == "f")


def _fresh(name: str, taken: Any) -> str:
    candidates = (name if i == 0 else f"{name} ({i + 1})" for i in range(len(taken) + 1))
    return next(candidate for candidate in candidates if candidate not in taken)


def _gradients(outputs: list[Tensor], weights: list[Any], parameters: list[Tensor]) -> list[Any]:
    """Σ over outputs of the gradients of r·y, dense."""
    from neuroxide import ops

    pairs = [(y, r) for y, r in zip(outputs, weights) if y.requires_grad]
    if not pairs:
        return [np.zeros(p.shape) for p in parameters]
    total: Any = None
    for y, r in pairs:
        term = ops.sum(ops.multiply(y, r))
        total = term if total is None else ops.add(total, term)
    found = gradients(total, parameters)
    dense = [Tensor(g.to_dense()) if isinstance(g, Rows) else g for g in found]
    return [np.zeros(p.shape) if g is None else np.asarray(g) for p, g in zip(parameters, dense)]


def _compare(loss: Any, parameter: Tensor, gradient: Any, epsilon: float, random: Any) -> Any:
    """(gradient, differences, place) along coordinates and one direction."""
    k = kernels(parameter.data)
    shape = parameter.shape
    start = np.array(k.to_numpy(parameter.data)).reshape(-1)
    slope = gradient.reshape(-1)
    n = start.size

    def at(values: Any) -> float:
        k.copy_into(parameter.data, k.from_numpy(values.reshape(shape)))
        return float(loss())

    chosen = np.arange(n) if n <= _COORDINATES else np.sort(random.choice(n, _COORDINATES, replace=False))
    directions = [(i, epsilon * max(1.0, abs(start[i]))) for i in chosen]
    analytic, numeric = [float(slope[i]) for i in chosen], []
    for i, step in directions:
        above, below = start.copy(), start.copy()
        above[i] += step
        below[i] -= step
        numeric.append((at(above) - at(below)) / float(above[i] - below[i]))
    places = [f"[{', '.join(str(int(j)) for j in np.unravel_index(i, shape))}]" if shape else "[]" for i in chosen]
    if n > 1:
        direction = random.standard_normal(n)
        direction *= epsilon / np.linalg.norm(direction)
        numeric.append((at(start + direction) - at(start - direction)) / (2 * epsilon))
        analytic.append(float(np.sum(slope * direction)) / epsilon)
        places.append("a random direction")
    at(start)
    return np.array(analytic), np.array(numeric), places


def _relative(a: Any, b: Any) -> float:
    total = float(np.linalg.norm(a) + np.linalg.norm(b))
    distance = float(np.linalg.norm(a - b))
    if total < 1e-9:  # both are zero, up to the rounding of differences
        return distance
    return distance / total


def _order(difference: float) -> float:
    return np.inf if np.isnan(difference) else difference
