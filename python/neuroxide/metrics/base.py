"""`Metric`, and the running sums that most metrics are.

Metrics see numbers, not tensors: their state is NumPy float64, and nothing they do is recorded.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np

from neuroxide import initializers
from neuroxide.autograd import Tensor, Variable, no_grad
from neuroxide.backend import kernels
from neuroxide.utils import registry
from neuroxide.utils.arguments import NamedArguments
from neuroxide.utils.naming import to_snake_case

Array = np.ndarray[Any, Any]


def as_numpy(x: Any) -> Array:
    """The values as a NumPy array, without a copy where that is possible."""
    if isinstance(x, Tensor):
        data = x.data
        return data if type(data) is np.ndarray else kernels(data).to_numpy(data)
    return np.asarray(x)


def same_rank(y_true: Array, y_pred: Array, label: str) -> tuple[Array, Array]:
    """Targets and predictions of one shape: a last axis of length 1 is dropped or added where only one has it.

    Raises:
        ValueError: When the shapes differ otherwise.
    """
    if y_true.ndim == y_pred.ndim + 1 and y_true.shape[-1] == 1:
        y_true, y_pred = (y_true, y_pred[:, None]) if y_pred.ndim == 1 else (y_true[..., 0], y_pred)
    elif y_pred.ndim == y_true.ndim + 1 and y_pred.shape[-1] == 1:
        y_true, y_pred = (y_true[:, None], y_pred) if y_true.ndim == 1 else (y_true, y_pred[..., 0])
    if y_true.shape != y_pred.shape:
        raise ValueError(f"{label}: expected y_true of shape {y_pred.shape} to match y_pred, got {y_true.shape}")
    return y_true, y_pred


class Metric(NamedArguments):
    """Base of the metrics: `update_state` takes in a batch, `result` gives the value so far.

    Subclasses keep their sums in plain attributes named in `_state` (numbers or NumPy arrays), or in variables made
    with `add_variable`; both are reset, saved and restored.

    Args:
        dtype: Dtype name of variables made with `add_variable`; float32 by default.
        name: Shown in histories; made from the class name by default.

    Example:
        >>> class Positives(Metric):
        ...     _state = ("count",)
        ...     count = 0
        ...     def update_state(self, y_true, y_pred, sample_weight=None):
        ...         self.count += int((np.asarray(y_pred) > 0).sum())
        ...     def result(self):
        ...         return self.count
        >>> metric = Positives()
        >>> metric(None, [1, -1, 2])
        2
    """

    _state: tuple[str, ...] = ()

    def __init__(self, dtype: Any = None, name: str | None = None) -> None:
        self.name = name or to_snake_case(type(self).__name__)
        self._dtype = np.dtype(dtype).name if dtype is not None else "float32"
        self._variables: list[Variable] = []

    @property
    def dtype(self) -> str:
        """Dtype name of variables made with `add_variable`."""
        return self._dtype

    @property
    def variables(self) -> list[Variable]:
        """Variables made with `add_variable`."""
        return list(self._variables)

    def add_variable(
        self,
        shape: Any = (),
        initializer: Any = "zeros",
        dtype: Any = None,
        aggregation: str | None = None,
        name: str | None = None,
    ) -> Variable:
        """A variable that `reset_state` sets back to zero and that saved training state includes.

        Args:
            shape: Its shape.
            initializer: Its first value.
            dtype: Dtype name; the metric's by default.
            aggregation: Accepted for Keras's sake; there is one replica.
            name: Shown in messages.

        Returns:
            A `Variable` that is not trainable.
        """
        value = initializers.get(initializer)(tuple(shape), dtype=dtype or self._dtype)
        variable = Variable(value, trainable=False, name=name or f"{self.name}_variable")
        self._variables.append(variable)
        return variable

    def add_weight(self, shape: Any = (), initializer: Any = "zeros", dtype: Any = None, name: Any = None) -> Variable:
        """The older name of `add_variable`; a name given in its place is understood."""
        if isinstance(shape, str):
            shape, name = (), shape
        return self.add_variable(shape=shape, initializer=initializer, dtype=dtype, name=name)

    def update_state(self, *args: Any, **kwargs: Any) -> Any:
        """Take in a batch. Subclasses write this."""
        raise NotImplementedError(
            f"{type(self).__name__}: write update_state(self, y_true, y_pred, sample_weight=None)"
        )

    def result(self) -> Any:
        """The value so far. Subclasses write this."""
        raise NotImplementedError(f"{type(self).__name__}: write result(self)")

    def reset_state(self) -> None:
        """Forget everything taken in."""
        for name in self._state:
            setattr(self, name, np.zeros_like(getattr(self, name)) if np.ndim(getattr(self, name)) else 0.0)
        for variable in self._variables:
            variable.assign(np.zeros(variable.shape, dtype=variable.dtype))

    reset_states = reset_state

    def get_state(self) -> dict[str, Any]:
        """The sums so far, as NumPy arrays by name: what a back-up of a training run keeps."""
        state = {name: np.array(getattr(self, name), dtype=np.float64) for name in self._state}
        return {**state, **{f"variable_{i}": v.numpy() for i, v in enumerate(self._variables)}}

    def set_state(self, state: dict[str, Any]) -> None:
        """Continue from what `get_state` gave.

        Raises:
            ValueError: When it is another metric's.
        """
        if set(state) != set(self.get_state()):
            raise ValueError(
                f"metric {self.name!r}: expected the state of a {type(self).__name__} with {sorted(self.get_state())}, "
                f"got {sorted(state)}"
            )
        for name in self._state:
            value = np.asarray(state[name])
            setattr(self, name, value.copy() if value.ndim else float(value))
        for i, variable in enumerate(self._variables):
            variable.assign(state[f"variable_{i}"])

    def __call__(self, *args: Any, **kwargs: Any) -> Any:
        """Take in a batch and give the value so far."""
        self.update_state(*args, **kwargs)
        return self.result()

    def get_config(self) -> dict[str, Any]:
        """The constructor's arguments."""
        return {"name": self.name, "dtype": self.dtype}

    @classmethod
    def from_config(cls, config: dict[str, Any]) -> Any:
        """A new metric from what `get_config` gave, with nothing taken in."""
        return cls(**config)

    def __repr__(self) -> str:
        return f"<{type(self).__name__} name={self.name}>"


def weigh_samples(values: Array, sample_weight: Any) -> tuple[Array, Any]:
    """Mean values per sample, times their weights, and the weights per sample (as Keras's metrics do)."""
    if sample_weight is None:
        return (values.mean(axis=tuple(range(1, values.ndim))) if values.ndim > 1 else values), None
    weights = np.asarray(as_numpy(sample_weight), dtype=np.float64)
    if weights.ndim == values.ndim + 1 and weights.shape[-1] == 1:
        weights = weights[..., 0]
    elif values.ndim == weights.ndim + 1 and values.shape[-1] == 1:
        values = values[..., 0]
    if values.ndim > weights.ndim:
        values = values.mean(axis=tuple(range(weights.ndim, values.ndim)))
    try:
        weights = np.broadcast_to(weights, values.shape)
    except ValueError:
        raise ValueError(
            f"metric: expected sample_weight of a shape like {values.shape}, got {np.shape(sample_weight)}"
        ) from None
    values = values * weights
    if values.ndim > 1:
        rest = tuple(range(1, values.ndim))
        return values.mean(axis=rest), weights.mean(axis=rest)
    return values, weights


def with_mask(y: Any, sample_weight: Any) -> Any:
    """Weights that are zero where the mask of predictions, or of values, rules an example out."""
    mask = y.mask if isinstance(y, Tensor) else None
    if mask is None:
        return sample_weight
    weights = as_numpy(mask).astype(np.float64)
    if sample_weight is None:
        return weights
    given = np.asarray(as_numpy(sample_weight), dtype=np.float64)
    if given.ndim == weights.ndim + 1 and given.shape[-1] == 1:
        given = given[..., 0]
    return weights * given.reshape(*given.shape, *(1,) * (weights.ndim - given.ndim))


class Mean(Metric):
    """Weighted mean of everything taken in: Σ w·x / Σ w; 0 for nothing.

    Args:
        name: Shown in histories.
        dtype: See `Metric`.

    Example:
        >>> metric = Mean()
        >>> metric.update_state([1, 3]); metric.update_state(5, sample_weight=2)
        >>> metric.result()
        3.5
    """

    _state = ("total", "count")

    def __init__(self, name: str | None = "mean", dtype: Any = None) -> None:
        super().__init__(dtype=dtype, name=name)
        self.total = 0.0
        self.count = 0.0

    def update_state(self, values: Any, sample_weight: Any = None) -> None:
        """Take in values, one mean per sample (first axis) when there are more axes."""
        if type(values) is float and sample_weight is None:
            self.total += values
            self.count += 1.0
            return
        array = as_numpy(values)
        if sample_weight is None:
            samples = array.shape[0] if array.shape else 1
            if samples and array.size:
                bits = array.dtype == bool
                total = np.count_nonzero(array) if bits else np.add.reduce(array, axis=None, dtype=np.float64)
                self.total += float(total) * samples / array.size
                self.count += samples
            return
        array, weights = weigh_samples(np.asarray(array, dtype=np.float64), sample_weight)
        self.total += float(array.sum())
        self.count += float(weights.sum())

    def result(self) -> float:
        """The mean so far."""
        return self.total / self.count if self.count else 0.0

    def reset_state(self) -> None:
        """Forget everything taken in."""
        self.total = self.count = 0.0
        super().reset_state()


class Sum(Metric):
    """Weighted sum of everything taken in: Σ w·x.

    Args:
        name: Shown in histories.
        dtype: See `Metric`.

    Example:
        >>> metric = Sum()
        >>> metric([1, 3], sample_weight=[1, 0])
        1.0
    """

    _state = ("total",)

    def __init__(self, name: str | None = "sum", dtype: Any = None) -> None:
        super().__init__(dtype=dtype, name=name)
        self.total = 0.0

    def update_state(self, values: Any, sample_weight: Any = None) -> None:
        """Take in values."""
        array = np.asarray(as_numpy(values), dtype=np.float64)
        if sample_weight is not None:
            weights = np.asarray(as_numpy(sample_weight), dtype=np.float64)
            if array.ndim > weights.ndim:
                weights = weights.reshape(*weights.shape, *(1,) * (array.ndim - weights.ndim))
            array = array * weights
        self.total += float(array.sum())

    def result(self) -> float:
        """The sum so far."""
        return self.total


class MeanMetricWrapper(Mean):
    """Mean of a function ``fn(y_true, y_pred, **kwargs)`` that gives one value per example.

    Args:
        fn: Function of arrays or tensors; a loss function will do.
        name: The function's name by default.
        dtype: See `Metric`.
        **kwargs: Handed to the function.

    Example:
        >>> metric = MeanMetricWrapper(lambda t, p: np.abs(np.asarray(t) - np.asarray(p)), name="distance")
        >>> metric([0.0, 1.0], [1.0, 1.0])
        0.5
    """

    def __init__(self, fn: Callable[..., Any], name: str | None = None, dtype: Any = None, **kwargs: Any) -> None:
        super().__init__(name=name or getattr(fn, "name", None) or getattr(fn, "__name__", None), dtype=dtype)
        self._fn = fn
        self._fn_kwargs = kwargs
        # Functions of NumPy arrays alone need no guard against being recorded.
        self._records = not getattr(fn, "__module__", "").startswith("neuroxide.metrics.")

    def update_state(self, y_true: Any, y_pred: Any, sample_weight: Any = None) -> None:  # type: ignore[override]
        """Take in a batch; examples that the mask of predictions or values rules out do not count."""
        if self._records:
            with no_grad():
                values = self._fn(y_true, y_pred, **self._fn_kwargs)
        else:
            values = self._fn(y_true, y_pred, **self._fn_kwargs)
        sample_weight = with_mask(values, with_mask(y_pred, sample_weight))
        super().update_state(values, sample_weight)

    def get_config(self) -> dict[str, Any]:
        """The constructor's arguments."""
        config = super().get_config()
        if type(self) is MeanMetricWrapper:
            config["fn"] = registry.serialize(self._fn, "metrics")
        return {**config, **registry.serialize(self._fn_kwargs)}

    @classmethod
    def from_config(cls, config: dict[str, Any]) -> Any:
        """A new metric from what `get_config` gave."""
        if isinstance(config.get("fn"), dict):
            config = {**config, "fn": registry.deserialize(config["fn"], kind="metrics")}
        return cls(**config)
