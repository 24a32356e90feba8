"""`Compiling`: what `compile` takes and keeps, and its way into files and back."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

from neuroxide import losses as losses_module
from neuroxide import metrics as metrics_module
from neuroxide import optimizers
from neuroxide.models.compiled import ACCURACY, CROSSENTROPY, CompiledLoss, CompiledMetrics
from neuroxide.utils import tree
from neuroxide.utils.arguments import check_names
from neuroxide.utils.registry import deserialize, serialize

if TYPE_CHECKING:
    from neuroxide.models.loops import FitSession


class Training:
    """What a model remembers of its training, apart from its layers."""

    def __init__(self) -> None:
        self.compiled = False
        self.optimizer: Any = None
        self.config: dict[str, Any] = {}
        self.loss: CompiledLoss | None = None
        self.metrics: CompiledMetrics | None = None
        self.tracker: Any = None
        self.nan_guard = False
        self.session: FitSession | None = None
        #: Lists gathered from the layers, valid for one structure version.
        self.version = -1
        self.trainable: list[Any] = []
        self.layer_metrics: list[Any] = []
        self.has_losses = True
        self.plain_step = self.plain_test = False


class Compiling:
    """`compile` and what was passed to it. A part of `Trainer`."""

    _trainer: Training
    stop_training: bool

    @check_names
    def compile(
        self,
        optimizer: Any = "rmsprop",
        loss: Any = None,
        loss_weights: Any = None,
        metrics: Any = None,
        weighted_metrics: Any = None,
        run_eagerly: bool = False,
        steps_per_execution: int = 1,
        jit_compile: Any = "auto",
        auto_scale_loss: bool = True,
        *,
        nan_guard: bool = False,
    ) -> None:
        """Choose how the model is trained.

        Args:
            optimizer: a name or an `Optimizer`.
            loss: a name, function or `Loss`; with several outputs also a list or dictionary with one for each.
            loss_weights: factors of the losses, as a list or dictionary.
            metrics: names, functions or `Metric`s; with several outputs a list of lists, or a dictionary by output.
            weighted_metrics: the same, weighted by `sample_weight` and `class_weight`.
            run_eagerly: accepted; everything runs eagerly.
            steps_per_execution: 1; larger numbers are not supported.
            jit_compile: "auto" or False; True is not supported.
            auto_scale_loss: accepted; it concerns half precision, which is not supported.
            nan_guard: check every training batch for NaN and infinity; the first raises `NonFiniteError`, names the
                layer, and leaves weights and optimizer as they were. One more pass over the gradients; with a
                `train_step` of one's own also a copy of the weights and the optimizers' state.

        Raises:
            ValueError: an argument that isn't supported, or an unknown name.
        """
        if steps_per_execution != 1:
            raise ValueError(f"compile: steps_per_execution={steps_per_execution!r} is not supported: leave it at 1")
        if jit_compile not in ("auto", False, None):
            raise ValueError("compile: jit_compile=True is not supported: kernels are compiled already, leave it out")
        training = self._trainer
        names = getattr(self, "output_names", None)
        training.optimizer = optimizers.get(optimizer)
        training.loss = None if loss is None else CompiledLoss(loss, loss_weights, names)
        training.metrics = None
        if metrics is not None or weighted_metrics is not None:
            training.metrics = CompiledMetrics(metrics, weighted_metrics, names)
        # A wrong name should be told of here, not in the first batch.
        _check_names(loss, metrics, weighted_metrics)
        training.tracker = metrics_module.Mean(name="loss")
        training.config = {
            "optimizer": training.optimizer,
            "loss": loss,
            "loss_weights": loss_weights,
            "metrics": metrics,
            "weighted_metrics": weighted_metrics,
            "nan_guard": nan_guard,
        }
        training.nan_guard = nan_guard
        training.compiled = True
        training.version = -1
        self.stop_training = False

    @property
    def compiled(self) -> bool:
        """Whether `compile` was called."""
        return self._trainer.compiled

    @property
    def optimizer(self) -> Any:
        """The optimizer; None before `compile`."""
        return self._trainer.optimizer

    @optimizer.setter
    def optimizer(self, value: Any) -> None:
        self._trainer.optimizer = value

    @property
    def loss(self) -> Any:
        """The loss as it was passed to `compile`."""
        return self._trainer.config.get("loss")

    def get_compile_config(self) -> dict[str, Any] | None:
        """The arguments of `compile` as plain values; None before it."""
        if not self.compiled:
            return None
        return {key: serialize(value) for key, value in self._trainer.config.items()}

    def compile_from_config(self, config: Mapping[str, Any]) -> None:
        """Compile as `get_compile_config` says, and create the optimizer's state."""
        kinds = {"optimizer": "optimizers", "loss": "losses", "metrics": "metrics", "weighted_metrics": "metrics"}
        known = {key: deserialize(value, None, kinds.get(key)) for key, value in config.items()}
        self.compile(**known)
        if self.built and self.optimizer is not None:  # type: ignore[attr-defined]
            self.optimizer.build(self._variables_to_train())  # type: ignore[attr-defined]


def _check_names(loss: Any, metrics: Any, weighted_metrics: Any) -> None:
    for entry in tree.flatten(loss):
        if isinstance(entry, str) and entry.lower() not in CROSSENTROPY:
            losses_module.get(entry)
    for entry in tree.flatten([metrics or [], weighted_metrics or []]):
        if isinstance(entry, str) and entry.lower() not in (*ACCURACY, *CROSSENTROPY):
            metrics_module.get(entry)
