"""`Trainer`: what happens to one batch in training, testing and prediction."""

from __future__ import annotations

import warnings
from collections.abc import Mapping
from typing import Any

import numpy as np

from neuroxide import metrics as metrics_module
from neuroxide.autograd import Tensor, gradients, no_grad
from neuroxide.data.unpack import as_arrays, class_weights_of, unpack_x_y_sample_weight
from neuroxide.layers.tracking import structure_version
from neuroxide.models.compiled import as_number
from neuroxide.models.compiling import Compiling, Training
from neuroxide.models.loops import Loops
from neuroxide.utils import tree

Logs = dict[str, float]


class Trainer(Compiling, Loops):
    """The training half of `Model`."""

    _trainer: Training
    stop_training: bool
    history: Any

    def _init_training(self) -> None:
        self.__dict__["_trainer"] = Training()
        self.__dict__["stop_training"] = False
        self.__dict__["history"] = None

    def _structure_changed(self) -> None:
        self._trainer.version = -1

    # -- metrics -----------------------------------------------------------------------------------------------------

    @property
    def metrics(self) -> list[Any]:
        """The loss's mean, compiled metrics, and the metrics held by layers and attributes."""
        training = self._trainer
        own: list[Any] = [] if training.tracker is None else [training.tracker]
        if training.metrics is not None:
            own += training.metrics.metrics
        if training.loss is not None:
            own += training.loss.metrics
        self._refresh()
        return own + training.layer_metrics

    @property
    def metrics_names(self) -> list[str]:
        """Names of `metrics`."""
        return [metric.name for metric in self.metrics]

    def reset_metrics(self) -> None:
        """Start all metrics anew."""
        for metric in self.metrics:
            metric.reset_state()

    def get_metrics_result(self) -> Logs:
        """Value of each metric by its name in logs."""
        training = self._trainer
        result: Logs = {}
        if training.tracker is not None:
            result["loss"] = training.tracker.result()
        if training.metrics is not None:
            result.update(training.metrics.result())
        self._refresh()
        more = training.layer_metrics
        for metric in more if training.loss is None else [*training.loss.metrics, *more]:
            value = metric.result()
            result.update(value if isinstance(value, dict) else {metric.name: value})
        return result

    def _refresh(self) -> None:
        """Gather lists from the layers again if the structure has changed."""
        training = self._trainer
        version = structure_version()
        if training.version == version:
            return
        training.trainable = self.trainable_weights  # type: ignore[attr-defined]
        training.layer_metrics = _metrics_of(self)
        training.has_losses = any(_may_add_losses(layer) for layer in self._all_layers())  # type: ignore[attr-defined]
        cls = type(self)
        training.plain_step = cls.train_step is Trainer.train_step and cls.compute_metrics is Trainer.compute_metrics
        training.plain_test = cls.test_step is Trainer.test_step and cls.compute_metrics is Trainer.compute_metrics
        # Gathering may itself have made weights; only a quiet version counts.
        training.version = version if structure_version() == version else -1

    def _variables_to_train(self) -> list[Any]:
        self._refresh()
        return self._trainer.trainable

    # -- steps, which users override ---------------------------------------------------------------------------------

    def compute_loss(
        self, x: Any = None, y: Any = None, y_pred: Any = None, sample_weight: Any = None, training: bool = True
    ) -> Any:
        """The scalar to minimise: the compiled loss plus the losses of layers (regularisers, `add_loss`).

        Args:
            x: inputs of the batch; unused here.
            y: targets.
            y_pred: outputs.
            sample_weight: weights of the samples.
            training: whether this is a training batch; unused here.
        Raises:
            ValueError: there is no loss at all.
        """
        state = self._trainer
        total = None if state.loss is None else state.loss(y, y_pred, sample_weight)
        if state.has_losses:
            for loss in self.losses:  # type: ignore[attr-defined]
                total = loss if total is None else total + loss
        if total is None:
            raise ValueError("fit: expected a loss, got none: pass loss=… to compile, or call add_loss in a layer")
        return total

    def compute_metrics(self, x: Any, y: Any, y_pred: Any, sample_weight: Any = None) -> Logs:
        """Count a batch into the compiled metrics and return the values of all."""
        if self._trainer.metrics is not None:
            self._trainer.metrics.update_state(y, y_pred, sample_weight)
        return self.get_metrics_result()

    def train_step(self, data: Any) -> Logs:
        """What happens to a training batch; override it to train differently.

        Args:
            data: `(x, y, sample_weight)`.
        Returns:
            Values for logs by name.

        Example:
            >>> import neuroxide as nx
            >>> class Mine(nx.Sequential):
            ...     def train_step(self, data):
            ...         x, y, _ = nx.utils.unpack_x_y_sample_weight(data)
            ...         loss = self.compute_loss(x, y, self(x, training=True))
            ...         weights = self.trainable_weights
            ...         self.optimizer.apply(nx.gradients(loss, weights), weights)
            ...         return {"loss": loss}
        """
        x, y, sample_weight = unpack_x_y_sample_weight(data)
        y_pred = self(x, training=True)  # type: ignore[operator]
        loss = self.compute_loss(x=x, y=y, y_pred=y_pred, sample_weight=sample_weight, training=True)
        self._track_loss(loss, x)
        self._descend(loss)
        return self.compute_metrics(x, y, y_pred, sample_weight)

    def test_step(self, data: Any) -> Logs:
        """What happens to a batch in `evaluate`; runs without recording."""
        x, y, sample_weight = unpack_x_y_sample_weight(data)
        y_pred = self(x, training=False)  # type: ignore[operator]
        loss = self.compute_loss(x=x, y=y, y_pred=y_pred, sample_weight=sample_weight, training=False)
        self._track_loss(loss, x)
        return self.compute_metrics(x, y, y_pred, sample_weight)

    def predict_step(self, data: Any) -> Any:
        """What happens to a batch in `predict`; runs without recording."""
        x, _, _ = unpack_x_y_sample_weight(data)
        return self(x, training=False)  # type: ignore[operator]

    def _track_loss(self, loss: Any, x: Any) -> None:
        count = len(x) if type(x) is np.ndarray else len(next(leaf for leaf in tree.flatten(x) if leaf is not None))
        tracker = self._trainer.tracker
        tracker.total += as_number(loss) * count
        tracker.count += count

    def _descend(self, loss: Any) -> None:
        """One step of the optimizer down the gradient of `loss`."""
        weights = self._variables_to_train()
        if not weights:
            if not self._trainer.session or not self._trainer.session.warned:
                warnings.warn(f"model {getattr(self, 'name', '')!r}: no weight is trainable", stacklevel=2)
            if self._trainer.session:
                self._trainer.session.warned = True
            return
        self._trainer.optimizer.apply(gradients(loss, weights), weights)

    # -- batches -----------------------------------------------------------------------------------------------------

    def _train_batch(self, data: Any) -> Any:
        """Train on a batch. Returns what `train_step` did, or None where it isn't overridden: then metrics know."""
        training = self._trainer
        self._refresh()
        if training.nan_guard:
            from neuroxide.models.guard import guarded_step

            return guarded_step(self, data)
        if not training.plain_step:
            return self.train_step(data)
        x, y, sample_weight = data
        y_pred = self(x, training=True)  # type: ignore[operator]
        loss = self.compute_loss(x=x, y=y, y_pred=y_pred, sample_weight=sample_weight, training=True)
        self._track_loss(loss, x)
        self._descend(loss)
        if training.metrics is not None:
            training.metrics.update_state(y, y_pred, sample_weight)
        return None

    def _test_batch(self, data: Any) -> Any:
        """As `_train_batch`, for testing; called without recording."""
        training = self._trainer
        self._refresh()
        if not training.plain_test:
            return self.test_step(data)
        x, y, sample_weight = data
        y_pred = self(x, training=False)  # type: ignore[operator]
        loss = self.compute_loss(x=x, y=y, y_pred=y_pred, sample_weight=sample_weight, training=False)
        self._track_loss(loss, x)
        if training.metrics is not None:
            training.metrics.update_state(y, y_pred, sample_weight)
        return None

    def _test_batch_quietly(self, data: Any) -> None:
        """Run a batch so that metrics take their form, and forget it."""
        with no_grad():
            self._test_batch(data)
        self.reset_metrics()

    def _logs(self, step_logs: Any) -> Logs:
        """Logs as floats, in the order of names, as Keras has them."""
        logs = self.get_metrics_result() if step_logs is None else step_logs
        return plain_logs(logs)

    def train_on_batch(
        self,
        x: Any,
        y: Any = None,
        sample_weight: Any = None,
        class_weight: Mapping[int, float] | None = None,
        return_dict: bool = False,
    ) -> Any:
        """One training step on one batch.

        Args:
            x: inputs, batch first.
            y: targets.
            sample_weight: weights of the samples.
            class_weight: weights by class number; not with sample_weight.
            return_dict: a dictionary instead of a list.
        Returns:
            The loss, or a list of loss and metrics, or a dictionary: means since the last `reset_metrics`, as in Keras.
        """
        self._require_compiled("train_on_batch")
        if class_weight is not None:
            if sample_weight is not None:
                raise ValueError("train_on_batch: expected class_weight or sample_weight, got both")
            sample_weight = class_weights_of(y, class_weight)
        result = self._train_batch(_batch(x, y, sample_weight))
        if result is None and not return_dict and self._only_loss():
            return self._trainer.tracker.result()
        logs = self._logs(result)
        return logs if return_dict else self._in_order(logs)

    def _only_loss(self) -> bool:
        training = self._trainer
        return training.metrics is None and not training.layer_metrics and not (training.loss and training.loss.metrics)

    def test_on_batch(self, x: Any, y: Any = None, sample_weight: Any = None, return_dict: bool = False) -> Any:
        """Loss and metrics of one batch. Returns as `train_on_batch`."""
        self._require_compiled("test_on_batch")
        self.reset_metrics()
        with no_grad():
            logs = self._logs(self._test_batch(_batch(x, y, sample_weight)))
        return logs if return_dict else self._in_order(logs)

    def predict_on_batch(self, x: Any) -> Any:
        """Outputs for one batch, as NumPy arrays."""
        if type(x) is not np.ndarray:
            x = as_arrays(x, "x")
        with no_grad():
            outputs = self.predict_step((x,))
        return own_array(outputs, x) if isinstance(outputs, Tensor) else tree.map_structure(own_array, outputs)

    def _in_order(self, logs: Logs) -> Any:
        """Values with the loss first, then metrics as compiled, then anything else by name."""
        names = [name for name in self.get_metrics_result() if name in logs]
        values = [logs[name] for name in [*names, *sorted(logs.keys() - set(names))]]
        return values[0] if len(values) == 1 else values

    def _require_compiled(self, what: str) -> None:
        if not self._trainer.compiled:
            raise ValueError(f"{what}: expected a compiled model: call compile(optimizer, loss) first")

    def _training_state_for_copy(self, state: dict[str, Any]) -> dict[str, Any]:
        """Layer state for pickle and deepcopy: no session; history, if any, without its model."""
        import copy

        training = copy.copy(self._trainer)
        training.session, training.version, training.trainable, training.layer_metrics = None, -1, [], []
        state["_trainer"] = training
        state["history"] = None
        return state


def plain_logs(logs: Mapping[str, Any]) -> Logs:
    """Numbers by name, sorted by name; nested dictionaries are spread, metrics of several numbers stay arrays."""
    result: Logs = {}
    for name in sorted(logs):
        value = logs[name]
        if isinstance(value, dict):
            result.update(plain_logs(value))
        else:
            several = isinstance(value, np.ndarray) and value.size != 1
            result[name] = value if several or type(value) is float else as_number(value)
    return result


def own_array(output: Any, given: Any = None) -> Any:
    """A writable array of a Tensor's values, copied only if its memory is someone else's."""
    from neuroxide.backend import kernels

    data = output.data if isinstance(output, Tensor) else output
    array = kernels(data).to_numpy(data)
    owned = type(array) is np.ndarray and array.flags.writeable and array.base is None and array is not given
    return array if owned else np.array(array)


def _batch(x: Any, y: Any, sample_weight: Any) -> tuple[Any, Any, Any]:
    x = x if type(x) is np.ndarray else as_arrays(x, "x")
    y = y if y is None or type(y) is np.ndarray else as_arrays(y, "y")
    if sample_weight is not None and type(sample_weight) is not np.ndarray:
        sample_weight = as_arrays(sample_weight, "sample_weight")
    if type(x) is np.ndarray and (x.ndim == 0 or x.shape[0] == 0):
        raise ValueError(f"data: expected at least one sample, got x of shape {x.shape}")
    if type(x) is np.ndarray and type(y) is np.ndarray and (y.ndim == 0 or x.shape[0] != y.shape[0]):
        raise ValueError(f"data: expected arrays of the same number of samples, got x: {x.shape}, y: {y.shape}")
    return x, y, sample_weight


def _metrics_of(model: Any) -> list[Any]:
    """Metrics that the user put on the model or its layers."""
    found: dict[int, Any] = {}
    for layer in model._all_layers():
        for name, value in list(layer.__dict__.items()):
            if name == "_trainer":
                continue
            for leaf in tree.flatten(value) if tree.is_nested(value) else [value]:
                if isinstance(leaf, metrics_module.Metric):
                    found[id(leaf)] = leaf
    return list(found.values())


def _may_add_losses(layer: Any) -> bool:
    """Whether a layer may contribute to `losses`: built-in ones without regularisers never do."""
    if layer._regularized or layer.activity_regularizer is not None or layer._added_losses:
        return True
    if isinstance(layer, Trainer):
        return type(layer).call is not _graph_call()  # type: ignore[attr-defined]
    return bool(layer._nested)


def _graph_call() -> Any:
    from neuroxide.models.model import Model

    return Model.call
