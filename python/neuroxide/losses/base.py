"""`Loss`, and how per-example losses become one number."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np

from neuroxide import config, ops
from neuroxide.autograd import Tensor
from neuroxide.backend import kernels
from neuroxide.utils import registry, tree
from neuroxide.utils.arguments import NamedArguments, refuse_words
from neuroxide.utils.naming import suggest, to_snake_case

REDUCTIONS = ("sum_over_batch_size", "sum", "mean", "mean_with_sample_weight", "none", None)


def check_reduction(reduction: Any) -> Any:
    """The reduction, when it is one.

    Raises:
        ValueError: When it is not.
    """
    if reduction not in REDUCTIONS:
        known = [r for r in REDUCTIONS if r is not None]
        raise ValueError(f"loss: unknown reduction {reduction!r}{suggest(reduction, known)}")
    return reduction


def as_pred(x: Any) -> Tensor:
    """A prediction as a floating tensor."""
    if isinstance(x, Tensor):
        return x if x.data.dtype.kind == "f" else ops.cast(x, config.floatx())
    array = np.asarray(x)
    if array.dtype.kind != "f" or isinstance(x, (float, list, tuple)):
        array = array.astype(config.floatx())
    return Tensor(array)


def like(x: Any, reference: Tensor, label: str = "loss", name: str = "y_true") -> Tensor:
    """Targets or weights as a constant tensor of the reference's dtype, on its device."""
    dtype = reference.data.dtype
    if isinstance(x, Tensor):
        return x if x.data.dtype == dtype else ops.cast(x, dtype.name)
    if type(x) is not np.ndarray or x.dtype != dtype or not x.flags.c_contiguous:
        if hasattr(x, "__neuroxide_function__"):
            raise TypeError("loss: expected values, got a symbolic input; losses are given to compile")
        x = np.asarray(x)
        refuse_words(label, name, x)
        x = np.asarray(x, dtype=dtype, order="C")
    return Tensor(kernels(reference.data).from_numpy(x))


def same_rank(y_true: Tensor, y_pred: Tensor) -> tuple[Tensor, Tensor]:
    """Drop or add a last axis of length 1 where the ranks differ by exactly one."""
    rank_true, rank_pred = len(y_true.shape), len(y_pred.shape)
    if rank_true == rank_pred:
        return y_true, y_pred
    if rank_true == rank_pred + 1 and y_true.shape[-1] == 1:
        if rank_pred == 1:
            return y_true, ops.expand_dims(y_pred, -1)
        return ops.squeeze(y_true, -1), y_pred
    if rank_pred == rank_true + 1 and y_pred.shape[-1] == 1:
        if rank_true == 1:
            return ops.expand_dims(y_true, -1), y_pred
        return y_true, ops.squeeze(y_pred, -1)
    return y_true, y_pred


def check_shapes(label: str, y_true: Tensor, y_pred: Tensor) -> None:
    """Refuse targets whose shape is not that of the predictions."""
    if y_true.shape != y_pred.shape:
        raise ValueError(
            f"{label}: expected y_true of shape {tuple(y_pred.shape)} to match y_pred, got {tuple(y_true.shape)}"
        )


def reduce_weighted(
    values: Any, sample_weight: Any = None, mask: Any = None, reduction: Any = "sum", label: str = "loss"
) -> Any:
    """Weight per-example losses and reduce them.

    With ``"sum_over_batch_size"`` (or ``"mean"``) Σ wᵢ·lᵢ is divided by the number of losses; where there is a mask, by
    the number that it lets through. ``"mean_with_sample_weight"`` divides by Σ wᵢ. Nothing at all gives 0.
    A loss that is one number for the whole batch is repeated for each weight.

    Args:
        values: Tensor of losses, shape (N, …).
        sample_weight: Weights, aligned with the first axes of the losses.
        mask: True where a loss counts, aligned the same way.
        reduction: One of `REDUCTIONS`.
        label: The loss's name, for errors.

    Returns:
        Scalar tensor, or the weighted losses without a reduction.
    """
    mean = reduction in ("sum_over_batch_size", "mean")
    if sample_weight is None and mask is None:
        if reduction is None or reduction == "none" or not values.shape:
            return values
        return ops.mean(values) if mean and values.size else _mean_or_sum(values, None, reduction)
    if not values.shape:  # one loss for the whole batch counts once for each weight, as in Keras
        values = ops.broadcast_to(values, like(mask if sample_weight is None else sample_weight, values).shape)
    weights = None
    if sample_weight is not None:
        weights = _aligned(like(sample_weight, values, label, "sample_weight"), values, label, "sample_weight")
    if mask is not None:
        counted = _aligned(like(mask, values), values, label, "mask")
        if mean:
            kept = float(counted.numpy().sum())
            counted = counted * (counted.size / kept if kept else 0.0)
        weights = counted if weights is None else weights * counted
    values = values * weights
    if reduction is None or reduction == "none" or not values.shape:
        return values
    return _mean_or_sum(values, weights, reduction)


def _mean_or_sum(values: Any, weights: Any, reduction: Any) -> Any:
    total = ops.sum(values)
    if reduction == "sum":
        return total
    divisor = float(values.size)
    if reduction == "mean_with_sample_weight" and weights is not None:
        divisor = float(weights.numpy().sum())
    return total / divisor if divisor else total * 0.0


def _aligned(weights: Tensor, values: Any, label: str, name: str) -> Any:
    """Weights with axes of length 1 added so that they broadcast along the losses' last axes."""
    given, wanted = tuple(weights.shape), tuple(values.shape)
    shape = given
    if len(shape) == len(wanted) + 1 and shape[-1] == 1:
        shape = shape[:-1]
    if len(shape) < len(wanted) and shape:
        shape = (*shape, *(1,) * (len(wanted) - len(shape)))
    if len(shape) > len(wanted) or any(a not in (1, b) for a, b in zip(shape, wanted)):
        raise ValueError(
            f"{label}: expected {name} of shape {wanted}, one for each loss, or of its first axes, got {given}"
        )
    return weights if shape == given else ops.reshape(weights, shape)


class Loss(NamedArguments):
    """Base of the losses. Subclasses write `call(y_true, y_pred)`, which returns one loss per example.

    Args:
        name: Shown in histories; made from the class name by default.
        reduction: ``"sum_over_batch_size"`` (the mean over all losses), ``"sum"``, ``"mean"``,
            ``"mean_with_sample_weight"``, ``"none"`` or None.
        dtype: Dtype that predictions are cast to; by default they keep theirs.

    Raises:
        ValueError: For an unknown reduction.

    Example:
        >>> class Cubic(Loss):
        ...     def call(self, y_true, y_pred):
        ...         return ops.mean(ops.absolute(y_true - y_pred) ** 3.0, axis=-1)
        >>> float(Cubic()(np.zeros((2, 1)), nx.Tensor([[1.0], [3.0]])))
        14.0
    """

    # Losses of class numbers look at the targets as they are; all others get them in the predictions' dtype.
    _casts_targets = True

    def __init__(
        self, name: str | None = None, reduction: str | None = "sum_over_batch_size", dtype: Any = None
    ) -> None:
        self.name = name or to_snake_case(type(self).__name__)
        self.reduction = check_reduction(reduction)
        self.dtype = None if dtype is None else np.dtype(dtype).name

    def __call__(self, y_true: Any, y_pred: Any, sample_weight: Any = None) -> Any:
        """The reduced loss.

        Args:
            y_true: Targets.
            y_pred: Predictions, (N, …); their mask, if any, says which losses count.
            sample_weight: Weights of the losses, aligned with their first axes.

        Returns:
            Scalar tensor, or one loss per example with reduction None.
        """
        if isinstance(y_pred, (list, tuple, dict)) and tree.flatten(y_pred) and _holds_tensors(y_pred):
            mask = None
            y_pred = tree.map_structure(self._prediction, y_pred)
            first = tree.flatten(y_pred)[0]
            y_true = tree.map_structure(lambda y: like(y, first, self.name), y_true) if self._casts_targets else y_true
        else:
            y_pred = self._prediction(y_pred)
            mask = y_pred.mask
            if self._casts_targets:
                y_true = like(y_true, y_pred, self.name)
        values = self.call(y_true, y_pred)
        own = values.mask if isinstance(values, Tensor) else None
        if own is not None and own is not mask:
            mask = own if mask is None else ops.logical_and(mask, own)
        return reduce_weighted(values, sample_weight, mask, self.reduction, self.name)

    def _prediction(self, y_pred: Any) -> Tensor:
        prediction = as_pred(y_pred)
        if self.dtype is not None and prediction.data.dtype.name != self.dtype:
            prediction = ops.cast(prediction, self.dtype)
        return prediction

    def call(self, y_true: Any, y_pred: Any) -> Any:
        """One loss per example. Subclasses write this."""
        raise NotImplementedError(f"{type(self).__name__}: write a call(self, y_true, y_pred) method")

    def get_config(self) -> dict[str, Any]:
        """The constructor's arguments."""
        return {"name": self.name, "reduction": self.reduction}

    @classmethod
    def from_config(cls, config: dict[str, Any]) -> Any:
        """A new loss from what `get_config` gave."""
        return cls(**config)

    def __repr__(self) -> str:
        return f"<{type(self).__name__} name={self.name}, reduction={self.reduction}>"


def _holds_tensors(structure: Any) -> bool:
    return all(hasattr(leaf, "shape") for leaf in tree.flatten(structure))


class LossFunctionWrapper(Loss):
    """A loss made of a function ``fn(y_true, y_pred, **kwargs)`` that gives one loss per example.

    Args:
        fn: The function.
        reduction: See `Loss`.
        name: The function's name by default.
        dtype: See `Loss`.
        **kwargs: Handed to the function.

    Example:
        >>> loss = LossFunctionWrapper(lambda t, p: ops.mean(ops.square(t - p), axis=-1), name="mine")
        >>> float(loss(np.zeros((1, 2)), nx.Tensor([[1.0, 3.0]])))
        5.0
    """

    def __init__(
        self,
        fn: Callable[..., Any],
        reduction: str | None = "sum_over_batch_size",
        name: str | None = None,
        dtype: Any = None,
        **kwargs: Any,
    ) -> None:
        super().__init__(name=name or getattr(fn, "__name__", None), reduction=reduction, dtype=dtype)
        self.fn = fn
        self._fn_kwargs = kwargs
        self._casts_targets = getattr(fn, "_casts_targets", True)
        self._first_look = getattr(fn, "_first_look", None)

    def call(self, y_true: Any, y_pred: Any) -> Any:
        """One loss per example."""
        if self._casts_targets and isinstance(y_true, Tensor) and isinstance(y_pred, Tensor):
            y_true, y_pred = same_rank(y_true, y_pred)
        if self._first_look is not None:
            look, self._first_look = self._first_look, None
            look(y_true, y_pred, **self._fn_kwargs)
        return self.fn(y_true, y_pred, **self._fn_kwargs)

    def get_config(self) -> dict[str, Any]:
        """The constructor's arguments."""
        config = super().get_config()
        if type(self) is LossFunctionWrapper:
            config["fn"] = registry.serialize(self.fn, "losses")
        return {**config, **registry.serialize(self._fn_kwargs)}

    @classmethod
    def from_config(cls, config: dict[str, Any]) -> Any:
        """A new loss from what `get_config` gave."""
        if isinstance(config.get("fn"), dict):
            config = {**config, "fn": registry.deserialize(config["fn"], kind="losses")}
        return cls(**config)
