"""Step functions: what a search asks of a model, and the state that it carries from step to step."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray

from neuroxide.autograd.tensor import Tensor
from neuroxide.backend import kernels

Step = Callable[[Any, Any], Any]


def as_numpy(x: Any) -> NDArray[Any]:
    """An array or Tensor of any library as a NumPy array."""
    if isinstance(x, Tensor):
        return np.asarray(kernels(x.data).to_numpy(x.data))
    return np.asarray(x.detach() if hasattr(x, "detach") else x)


def as_logits(name: str, logits: Any, rows: int, vocabulary: int | None = None) -> NDArray[Any]:
    """Logits (rows, V) as the kernels take them."""
    data = as_numpy(logits)
    if data.dtype.kind not in "fiub":
        raise TypeError(f"{name}: expected the step function's logits to be numbers, got dtype {data.dtype}")
    if data.dtype not in (np.float32, np.float64):
        data = data.astype(np.float32)
    wanted = f"({rows}, {'vocabulary' if vocabulary is None else vocabulary})"
    fits = data.ndim == 2 and data.shape[0] == rows and data.shape[1] > 0
    if not fits or vocabulary not in (None, data.shape[1]):
        raise ValueError(f"{name}: expected the step function to return logits of shape {wanted}, got {data.shape}")
    return np.ascontiguousarray(data, data.dtype.newbyteorder("="))


def call(name: str, step: Step, tokens: Any, state: Any) -> tuple[Any, Any]:
    """`step(tokens, state)`, which has to give two things."""
    found = step(tokens, state)
    if not isinstance(found, (tuple, list)) or len(found) != 2:
        kind = f"{len(found)} values" if isinstance(found, (tuple, list)) else type(found).__name__
        raise TypeError(
            f"{name}: expected the step function to return (logits, state), got {kind}; "
            "wrap a model that maps tokens to logits in decoding.from_model"
        )
    return found[0], found[1]


def reorder(state: Any, rows: Any, expected: int | None = None, name: str = "reorder", path: str = "state") -> Any:
    """A state whose row i is row `rows[i]` of the old one.

    Arrays and Tensors (other libraries' too) are taken from along their first axis, wherever they are in dictionaries,
    lists and tuples. None, numbers, strings and arrays without axes stay as they are; an object with a method
    `reorder(rows)` is asked for its own.

    Args:
        state: the state.
        rows: int64 array (R',), rows of the old state.
        expected: rows that each array has to have; not checked for None.
        name, path: for messages.

    Raises:
        ValueError: for an array with another number of rows.
        TypeError: for an object of an unknown kind.

    Example:
        >>> reorder({"h": np.array([[1.0], [2.0]]), "t": 3}, np.array([1, 1, 0]))["h"].ravel().tolist()
        [2.0, 2.0, 1.0]
    """
    if state is None or isinstance(state, (bool, int, float, str, np.generic)):
        return state
    if hasattr(state, "reorder"):
        return state.reorder(rows)
    if isinstance(state, dict):
        return {k: reorder(part, rows, expected, name, f"{path}[{k!r}]") for k, part in state.items()}
    if isinstance(state, (tuple, list)):
        parts = [reorder(part, rows, expected, name, f"{path}[{i}]") for i, part in enumerate(state)]
        return type(state)(*parts) if hasattr(state, "_fields") else type(state)(parts)
    shape = getattr(state, "shape", None)
    if shape is None:
        raise TypeError(
            f"{name}: expected {path} to be an array, a container of arrays or an object with a method reorder(rows), "
            f"got {type(state).__name__}"
        )
    if not len(shape):
        return state
    if expected is not None and shape[0] != expected:
        raise ValueError(f"{name}: expected {path} to have a row for each of {expected} sequences, got {tuple(shape)}")
    if isinstance(state, np.ndarray):
        return state.take(rows, axis=0)
    if isinstance(state, Tensor):
        k = kernels(state.data)
        return Tensor(k.take_axis(state.data, k.from_numpy(rows), 0))
    return state[rows]


class _Prefix(NamedTuple):
    tokens: Any
    context: Any


class _FromModel:
    """See `from_model`."""

    def __init__(self, model: Callable[..., Any], window: int | None) -> None:
        self.model, self.window = model, window

    def __call__(self, tokens: Any, state: Any) -> tuple[Any, Any]:
        column = np.asarray(tokens)[:, None]
        if isinstance(state, _Prefix):
            prefix, context = np.concatenate([state.tokens, column], axis=1), state.context
        else:
            prefix, context = column, state
        if self.window is not None:
            prefix = np.ascontiguousarray(prefix[:, -self.window :])
        logits = as_numpy(self.model(prefix) if context is None else self.model(prefix, context))
        if logits.ndim == 3:
            if logits.shape[1] != prefix.shape[1]:
                raise ValueError(
                    f"from_model: expected logits of shape {(*prefix.shape, 'vocabulary')} for tokens of shape "
                    f"{prefix.shape}, got {logits.shape}"
                )
            logits = logits[:, -1]
        return logits, _Prefix(prefix, context)


def from_model(model: Callable[..., Any], window: int | None = None) -> Step:
    """A step function from a model that maps all tokens so far to logits.

    Args:
        model: `model(tokens)`, or `model(tokens, state)` where the search is given a state: tokens (N, T) int64 to
            logits (N, T, V), of which the last step's count, or (N, V).
        window: most tokens the model is shown, the last ones; all of them by default.

    Returns:
        A step function. Each step runs the model over the whole prefix: models with a state of their own do less.

    Example:
        >>> from neuroxide.decoding import greedy
        >>> after = np.log([[0.1, 0.9], [0.9, 0.1]])
        >>> greedy(from_model(lambda tokens: after[tokens]), [0], max_length=4).best[0].tolist()
        [1, 0, 1, 0]
    """
    if window is not None and window < 1:
        raise ValueError(f"from_model: expected window to be at least 1, got {window}")
    return _FromModel(model, window)


def as_step(name: str, step: Any) -> Step:
    """A step function as it is, and a model of ours as one."""
    if hasattr(step, "compute_output_shape") and hasattr(step, "weights"):
        return from_model(step)
    if not callable(step):
        raise TypeError(f"{name}: expected a step function or a model, got {type(step).__name__}")
    return step  # type: ignore[no-any-return]


class _Seen(NamedTuple):
    tokens: Any
    inner: Any


def penalize_repeats(step: Any, penalty: float) -> Step:
    """A step function that lowers the logits of tokens that came before: l / penalty for l > 0, else l · penalty.

    Args:
        step: step function or model.
        penalty: above 0; 1 changes nothing.

    Example:
        >>> from neuroxide.decoding import greedy
        >>> step = penalize_repeats(lambda tokens, state: (np.array([[2.0, 1.9]]), state), 1.2)
        >>> greedy(step, [0], max_length=1).best[0].tolist()  # 0 came before: 2 / 1.2 < 1.9
        [1]

    Source: Keskar et al. 2019, "CTRL: a conditional transformer language model", section 4.1.
    """
    if not penalty > 0:
        raise ValueError(f"penalize_repeats: expected a penalty above 0, got {penalty}")
    inner = as_step("penalize_repeats", step)

    def penalized(tokens: Any, state: Any) -> tuple[Any, Any]:
        column = np.asarray(tokens)[:, None]
        if isinstance(state, _Seen):
            seen, state = np.concatenate([state.tokens, column], axis=1), state.inner
        else:
            seen = column
        logits, state = call("penalize_repeats", inner, tokens, state)
        logits = np.array(as_logits("penalize_repeats", logits, len(seen)))
        chosen = np.take_along_axis(logits, seen, 1)
        np.put_along_axis(logits, seen, np.where(chosen > 0, chosen / penalty, chosen * penalty), 1)
        return logits, _Seen(seen, state)

    return penalized
