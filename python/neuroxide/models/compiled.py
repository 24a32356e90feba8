"""What `compile` was given, matched to a model's outputs: losses with weights, metrics, their names."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np

from neuroxide import losses as losses_module
from neuroxide import metrics as metrics_module
from neuroxide.autograd import Tensor, no_grad
from neuroxide.utils import tree
from neuroxide.utils.naming import suggest, to_snake_case

ACCURACY = ("accuracy", "acc")
CROSSENTROPY = ("crossentropy", "ce")


class OutputMap:
    """Flattens nests of one entry per output: by position, or by the outputs' names.

    Args:
        y_pred: outputs of a model, which decide the structure.
        names: the outputs' names, where the model knows them.
    """

    def __init__(self, y_pred: Any, names: Sequence[str] | None) -> None:
        self.single = not tree.is_nested(y_pred)
        self.count = len(tree.flatten(y_pred))
        if isinstance(y_pred, dict) and len(y_pred) == self.count:
            self.names: list[str] | None = [str(key) for key in tree.sorted_keys(y_pred)]
        else:
            self.names = list(names) if names is not None and len(names) == self.count else None

    def spread(self, value: Any, what: str, missing: bool = True) -> list[Any]:
        """One entry per output from a list, tuple or dictionary; None where a dictionary has none.

        Raises:
            ValueError: another number of entries, or unknown names.
        """
        if isinstance(value, dict):
            names = self.names or [f"output_{i + 1}" for i in range(self.count)]
            for key in value:
                if key not in names:
                    raise ValueError(f"{what}: expected the names of outputs {names}, got {key!r}{suggest(key, names)}")
            absent = [name for name in names if name not in value]
            if absent and not missing:
                raise ValueError(f"{what}: expected an entry for each output, got none for {absent}")
            return [value.get(name) for name in names]
        entries = tree.flatten(value) if what in ("y", "sample_weight") else list(value)
        if len(entries) != self.count:
            raise ValueError(f"{what}: expected {self.count} entries, one for each output, got {len(entries)}")
        return entries


class CompiledLoss:
    """The total loss: Σ weight · loss(y, ŷ) over the outputs that have one.

    Args:
        loss: a name, function or `Loss` for all outputs, or a list or dictionary with one for each (None for no loss).
        loss_weights: factors, as a list or dictionary.
        names: the outputs' names.
    """

    def __init__(self, loss: Any, loss_weights: Any, names: Sequence[str] | None) -> None:
        self._given, self._given_weights, self._names = loss, loss_weights, names
        self.built = False
        #: One mean for each loss, when there are several.
        self.metrics: list[Any] = []
        self._only: Any = None

    def build(self, y_true: Any, y_pred: Any) -> None:
        """Match losses and weights to the outputs."""
        outputs = self._outputs = OutputMap(y_pred, self._names)
        given = self._given
        if isinstance(given, (list, tuple, dict)):
            entries = outputs.spread(given, "loss")
        else:
            entries = [given] * outputs.count
        flat_pred = tree.flatten(y_pred)
        self._used = [i for i, entry in enumerate(entries) if entry is not None]
        flat_true = self._targets(y_true)
        self._losses = [resolve_loss(entries[i], flat_true[i], flat_pred[i]) for i in self._used]
        self._weights = self._spread_weights(outputs)
        if len(self._used) > 1:
            names = outputs.names or [f"output_{i + 1}" for i in range(outputs.count)]
            self.metrics = [metrics_module.Mean(name=f"{names[i]}_loss") for i in self._used]
        elif outputs.single and self._used:
            self._only = (self._losses[0], self._weights[0])
        self.built = True

    def _spread_weights(self, outputs: OutputMap) -> list[float | None]:
        weights = self._given_weights
        if weights is None:
            return [None] * len(self._used)
        if isinstance(weights, (int, float)):
            weights = [weights] * outputs.count
        spread = outputs.spread(weights, "loss_weights")
        for weight in spread:
            if weight is not None and not isinstance(weight, (int, float)):
                raise ValueError(f"loss_weights: expected numbers, got {weight!r}")
        return [spread[i] for i in self._used]

    def _targets(self, y_true: Any) -> list[Any]:
        """One target per output; where some outputs have no loss, targets for the others are enough."""
        outputs = self._outputs
        if outputs.single and not isinstance(y_true, dict):
            return [y_true[0] if isinstance(y_true, (list, tuple)) and len(y_true) == 1 else y_true]
        if isinstance(y_true, (list, tuple)) and len(tree.flatten(y_true)) == len(self._used) != outputs.count:
            targets: list[Any] = [None] * outputs.count
            for i, leaf in zip(self._used, tree.flatten(y_true)):
                targets[i] = leaf
            return targets
        if not tree.is_nested(y_true):
            if outputs.count == 1 or len(self._used) == 1:
                return [y_true] * outputs.count
            raise ValueError(f"y: expected {outputs.count} targets, one for each output, got one")
        return outputs.spread(y_true, "y")

    def __call__(self, y_true: Any, y_pred: Any, sample_weight: Any = None) -> Any:
        """The total, a scalar Tensor; None where no output has a loss."""
        if not self.built:
            self.build(y_true, y_pred)
        if self._only is not None and not isinstance(y_true, (list, tuple, dict)):
            loss, weight = self._only
            value = _checked(loss, y_true, y_pred, sample_weight)
            return value if weight is None else value * weight
        flat_pred, flat_true = tree.flatten(y_pred), self._targets(y_true)
        weights = spread_sample_weight(sample_weight, self._outputs)
        total: Any = None
        for position, i in enumerate(self._used):
            value = _checked(self._losses[position], flat_true[i], flat_pred[i], weights[i])
            if self.metrics:
                self.metrics[position].update_state(as_number(value), sample_weight=flat_pred[i].shape[0])
            weight = self._weights[position]
            value = value if weight is None else value * weight
            total = value if total is None else total + value
        return total


def _checked(loss: Any, y_true: Any, y_pred: Any, sample_weight: Any) -> Any:
    if y_true is None:
        raise ValueError(f"loss {getattr(loss, 'name', loss)!r}: expected y, got None: pass targets to fit or evaluate")
    return loss(y_true, y_pred, sample_weight)


def as_number(value: Any) -> float:
    """A scalar Tensor, array or number as a Python float."""
    return float(value.item()) if isinstance(value, (Tensor, np.ndarray)) else float(value)


def spread_sample_weight(sample_weight: Any, outputs: OutputMap) -> list[Any]:
    """One sample weight per output; one array counts for all."""
    if not tree.is_nested(sample_weight):
        return [sample_weight] * outputs.count
    return outputs.spread(sample_weight, "sample_weight")


def _task(y_true: Any, y_pred: Any) -> str:
    """Whether labels are binary, class numbers, or one-hot rows, judged by shapes as Keras does."""
    true_shape, pred_shape = tuple(y_true.shape), tuple(y_pred.shape)
    if pred_shape and pred_shape[-1] == 1:
        return "binary"
    if len(true_shape) < len(pred_shape) or (true_shape and true_shape[-1] == 1 and pred_shape[-1] > 1):
        return "sparse_categorical"
    return "categorical"


def resolve_loss(given: Any, y_true: Any, y_pred: Any) -> Any:
    """A `Loss` object; `crossentropy` becomes the kind that fits the shapes."""
    if isinstance(given, str) and given.lower() in CROSSENTROPY:
        given = f"{_task(y_true, y_pred)}_crossentropy"
    loss = losses_module.get(given)
    if isinstance(loss, losses_module.Loss):
        return loss
    name = given if isinstance(given, str) else _name_of(loss)
    return losses_module.LossFunctionWrapper(loss, name=name)


def resolve_metric(given: Any, y_true: Any, y_pred: Any) -> Any:
    """A `Metric` object; `accuracy` and `crossentropy` become the kind that fits the shapes, under the name given."""
    for names, ending in ((ACCURACY, "accuracy"), (CROSSENTROPY, "crossentropy")):
        if isinstance(given, str) and given.lower() in names:
            metric = metrics_module.get(f"{_task(y_true, y_pred)}_{ending}")
            metric.name = given
            return metric
    metric = metrics_module.get(given)
    if isinstance(metric, metrics_module.Metric):
        if isinstance(given, str):
            metric.name = given
        return metric
    return metrics_module.MeanMetricWrapper(metric, name=given if isinstance(given, str) else _name_of(metric))


def _name_of(function: Any) -> str:
    return getattr(function, "__name__", None) or to_snake_case(type(function).__name__)


class CompiledMetrics:
    """The metrics of all outputs, unweighted and weighted, and their names in logs.

    Args:
        metrics: a list for one output (or for each), or a dictionary by output.
        weighted_metrics: the same, updated with sample weights.
        names: the outputs' names.
    """

    def __init__(self, metrics: Any, weighted_metrics: Any, names: Sequence[str] | None) -> None:
        for what, value in (("metrics", metrics), ("weighted_metrics", weighted_metrics)):
            if value and not isinstance(value, (list, tuple, dict)):
                raise ValueError(
                    f"compile: expected {what} to be a list or dictionary, got {value!r}: pass [{value!r}]"
                )
        self._given, self._given_weighted, self._names = metrics or [], weighted_metrics or [], names
        self.built = False
        #: (metric, output number, whether it is weighted)
        self.entries: list[tuple[Any, int, bool]] = []
        self.names: list[str] = []

    @property
    def metrics(self) -> list[Any]:
        """All metrics; none before the first batch shows the shapes."""
        return [metric for metric, _, _ in self.entries]

    def build(self, y_true: Any, y_pred: Any) -> None:
        """Match metrics to outputs."""
        outputs = self._outputs = OutputMap(y_pred, self._names)
        flat_pred, flat_true = tree.flatten(y_pred), self._targets(y_true)
        for weighted, given in ((False, self._given), (True, self._given_weighted)):
            what = "weighted_metrics" if weighted else "metrics"
            for i, entries in enumerate(self._spread(given, outputs, what)):
                for entry in entries:
                    self._add(resolve_metric(entry, flat_true[i], flat_pred[i]), i, weighted, outputs)
        self.built = True

    def _spread(self, given: Any, outputs: OutputMap, what: str) -> list[list[Any]]:
        if not given:
            return [[] for _ in range(outputs.count)]
        if outputs.count == 1:
            flat = tree.flatten(given)
            return [[entry for entry in flat if entry is not None]]
        entries = outputs.spread(given, what)
        return [[] if e is None else list(e) if isinstance(e, (list, tuple)) else [e] for e in entries]

    def _add(self, metric: Any, output: int, weighted: bool, outputs: OutputMap) -> None:
        prefix = "" if outputs.count == 1 or outputs.names is None else f"{outputs.names[output]}_"
        name = f"{prefix}{metric.name}"
        if name in self.names and weighted:
            name = f"{prefix}weighted_{metric.name}"
        base, count = name, 0
        while name in self.names:
            count += 1
            name = f"{base}_{count}"
        self.names.append(name)
        self.entries.append((metric, output, weighted))

    def _targets(self, y_true: Any) -> list[Any]:
        outputs = self._outputs
        if outputs.single and not isinstance(y_true, dict):
            return [y_true[0] if isinstance(y_true, (list, tuple)) and len(y_true) == 1 else y_true]
        if not tree.is_nested(y_true):
            return [y_true] * outputs.count
        return outputs.spread(y_true, "y")

    def update_state(self, y_true: Any, y_pred: Any, sample_weight: Any = None) -> None:
        """Count a batch in, without recording."""
        if not self.built:
            self.build(y_true, y_pred)
        if not self.entries:
            return
        flat_pred = tree.flatten(y_pred)
        flat_true = self._targets(y_true)
        weights = spread_sample_weight(sample_weight, self._outputs) if sample_weight is not None else None
        with no_grad():
            for metric, i, weighted in self.entries:
                if weighted and weights is not None:
                    metric.update_state(flat_true[i], flat_pred[i], weights[i])
                else:
                    metric.update_state(flat_true[i], flat_pred[i])

    def result(self) -> dict[str, Any]:
        """Value by name."""
        return {name: entry[0].result() for name, entry in zip(self.names, self.entries)}

    def reset_state(self) -> None:
        """Forget all batches."""
        for metric, _, _ in self.entries:
            metric.reset_state()
