"""`GradientMonitor`: how activations and gradients change from layer to layer."""

from __future__ import annotations

import math
from collections.abc import Callable
from typing import Any

import numpy as np

from neuroxide.autograd import Rows, Tensor
from neuroxide.backend import kernels
from neuroxide.callbacks.callback import Callback, Logs
from neuroxide.utils import tree
from neuroxide.utils.progbar import print_message

# What is kept of an array: count, sum, sum of squares, zeros.
Sums = list[float]


class GradientMonitor(Callback):
    """Record statistics of activations and gradients by layer, and tell when they vanish or explode.

    Looks at the first batches of each epoch: outputs of all layers, gradients of the loss with respect to those outputs
    (to their logits, where the loss takes these), weights and their gradients. With L layers each of which multiplies
    by 0.5, the last output is 0.5^L of the input, and so is the gradient that arrives at the first: both vanish; with
    1.5 they explode.

    Args:
        batches: how many batches of each epoch are looked at, ≥ 1.
        low: a root mean square that has fallen to less than this share, across all layers, has vanished.
        high: one that has grown to more than this multiple has exploded.
        verbose: 1 tells when an epoch's verdict is another than that of the epoch before.

    Raises:
        ValueError: values out of range.

    Attributes:
        history: ``{"epoch": [...], "activations": {layer: {"mean", "std", "rms", "zeros"}}, "gradients": {layer: the
            same}, "weights": {path: {"rms", "gradient"}}}``, a list by epoch in each. "rms" is √(mean of squares),
            "zeros" the share of zeros, "gradient" the rms of a weight's gradient.

    Example:
        >>> import neuroxide as nx
        >>> deep = nx.Sequential([nx.Input((2,))])
        >>> for _ in range(20):
        ...     deep.add(nx.layers.Dense(2, use_bias=False, kernel_initializer=nx.initializers.Identity(0.5)))
        >>> deep.compile("sgd", "mse")
        >>> monitor = nx.callbacks.GradientMonitor()
        >>> _ = deep.fit(np.ones((4, 2), np.float32), np.ones((4, 2), np.float32), callbacks=[monitor], verbose=0)
        >>> monitor.diagnosis()["activations"]["verdict"]
        'vanishing'

    Source: Ng, Improving Deep Neural Networks, week 1 (vanishing and exploding gradients); Glorot and Bengio 2010.
    """

    def __init__(self, batches: int = 1, low: float = 0.01, high: float = 100.0, verbose: int = 0) -> None:
        super().__init__()
        if not isinstance(batches, int) or batches < 1:
            raise ValueError(f"GradientMonitor: expected batches to be an integer of at least 1, got {batches!r}")
        if not 0 < low < 1 < high:
            raise ValueError(f"GradientMonitor: expected 0 < low < 1 < high, got low={low!r}, high={high!r}")
        self.batches = batches
        self.low = low
        self.high = high
        self.verbose = verbose
        self._watched: list[Any] = []
        self._reset()

    def _reset(self) -> None:
        self.history: dict[str, Any] = {"epoch": [], "activations": {}, "gradients": {}, "weights": {}}
        self._sums: dict[str, dict[str, Sums]] = {}
        self._told = ""

    # -- watching ----------------------------------------------------------------------------------------------------

    def on_train_begin(self, logs: Logs | None = None) -> None:
        """Start anew."""
        self._release()
        self._reset()

    def on_train_batch_begin(self, batch: int, logs: Logs | None = None) -> None:
        """Watch this batch if it is one of the first."""
        if batch < self.batches and not self._watched:
            self._watch()
        elif batch >= self.batches:
            self._release()

    def _watch(self) -> None:
        names: set[str] = set()
        for layer in self.model._all_layers():
            if (
                layer is self.model
                or any(True for _ in layer._sublayer_items())
                or type(layer).__name__ == "InputLayer"
            ):
                continue
            name = layer.name
            while name in names:
                name += "'"
            names.add(name)
            layer.__dict__["call"] = self._watched_call(name, layer.call)
            self._watched.append((layer, "call"))
        optimizer = self.model.optimizer
        if optimizer is not None:
            optimizer.__dict__["apply"] = self._watched_apply(optimizer.apply)
            self._watched.append((optimizer, "apply"))

    def _release(self) -> None:
        """Leave layers and optimizer as they were; called too when training ends with an error."""
        for owner, name in self._watched:
            owner.__dict__.pop(name, None)
        self._watched = []

    def _watched_call(self, name: str, call: Callable[..., Any]) -> Callable[..., Any]:
        def watched(*args: Any, **kwargs: Any) -> Any:
            outputs = call(*args, **kwargs)
            for output in tree.flatten(outputs):
                if isinstance(output, Tensor) and output.dtype.kind == "f":
                    self._add("activations", name, output.data)
                    self._watch_gradient(name, output)
            return outputs

        return watched

    def _watch_gradient(self, name: str, output: Tensor) -> None:
        logits = getattr(output, "logits", None)
        node = getattr(output if logits is None else logits, "node", None)
        pullback = getattr(node, "pullback", None)
        if not callable(pullback):
            return

        def watched(dy: Any, *needs: Any) -> Any:
            self._add("gradients", name, dy)
            return pullback(dy, *needs)

        node.pullback = watched  # type: ignore[union-attr]

    def _watched_apply(self, apply: Callable[..., Any]) -> Callable[..., Any]:
        def watched(grads: Any, trainable_variables: Any = None) -> Any:
            grads = list(grads)
            optimizer = self.model.optimizer
            variables = optimizer._trainable_variables if trainable_variables is None else list(trainable_variables)
            for gradient, variable in zip(grads, variables):
                if gradient is not None:
                    array = gradient.values if isinstance(gradient, Rows) else gradient
                    self._add("weights", variable.path, variable.data)
                    self._add("weight gradients", variable.path, array.data if isinstance(array, Tensor) else array)
            return apply(grads, variables)

        return watched

    def _add(self, kind: str, name: str, array: Any) -> None:
        values = np.asarray(kernels(array).to_numpy(array), np.float64)
        more = (values.size, values.sum(), np.square(values).sum(), values.size - np.count_nonzero(values))
        sums = self._sums.setdefault(kind, {}).setdefault(name, [0.0] * 4)
        for i, value in enumerate(more):
            sums[i] += float(value)

    # -- keeping -----------------------------------------------------------------------------------------------------

    def on_epoch_end(self, epoch: int, logs: Logs | None = None) -> None:
        """Keep the statistics."""
        self._release()
        if not self._sums:
            return
        self.history["epoch"].append(epoch)
        for kind in ("activations", "gradients"):
            for name, sums in self._sums.get(kind, {}).items():
                for key, value in _statistics(sums).items():
                    self._keep(kind, name, key, value)
        grads = self._sums.get("weight gradients", {})
        for path, sums in self._sums.get("weights", {}).items():
            self._keep("weights", path, "rms", _statistics(sums)["rms"])
            self._keep("weights", path, "gradient", _statistics(grads[path])["rms"])
        self._sums = {}
        if self.verbose > 0:
            verdict = "; ".join(f"{kind} {found['verdict']}" for kind, found in self.diagnosis().items())
            if verdict != self._told:
                print_message(f"Epoch {epoch + 1}: {self.report()}")
            self._told = verdict

    def _keep(self, kind: str, name: str, key: str, value: float) -> None:
        kept = self.history[kind].setdefault(name, {}).setdefault(key, [])
        # A layer that appears later, or not in every epoch, has gaps.
        kept += [math.nan] * (len(self.history["epoch"]) - 1 - len(kept))
        kept.append(value)

    # -- judging -----------------------------------------------------------------------------------------------------

    def diagnosis(self, epoch: int = -1) -> dict[str, dict[str, Any]]:
        """Whether activations and gradients vanish or explode.

        Args:
            epoch: Index into the epochs recorded; the last by default.

        Returns:
            For "activations" (from the first layer to the last) and "gradients" (from the last layer to the first):
            "verdict" ("vanishing", "exploding" or "steady"), "ratio" of the root mean square at the end to that at the
            beginning, "factor" by which a layer changes it on average, and the names "from" and "to". Layers without
            weights don't count where two others have some. Empty before the first epoch, and for a single layer.

        Raises:
            IndexError: no such epoch.
        """
        found: dict[str, dict[str, Any]] = {}
        for kind in ("activations", "gradients"):
            layers = self.history[kind]
            with_weights = {layer.name for layer in self.model._all_layers() if layer.weights}
            names = [name for name in layers if name.rstrip("'") in with_weights]
            names = names if len(names) > 1 else list(layers)
            # Gradients are recorded as they arrive: from the last layer to the first.
            if len(names) > 1:
                first, last = (layers[name]["rms"][epoch] for name in (names[0], names[-1]))
                found[kind] = {"from": names[0], "to": names[-1], **self._judge(first, last, len(names) - 1)}
        return found

    def _judge(self, first: float, last: float, layers: int) -> dict[str, Any]:
        if not (math.isfinite(first) and math.isfinite(last)):
            return {"verdict": "exploding", "ratio": math.inf, "factor": math.inf}
        ratio = last / first if first else (math.inf if last else 1.0)
        verdict = "vanishing" if ratio < self.low else "exploding" if ratio > self.high else "steady"
        return {"verdict": verdict, "ratio": ratio, "factor": ratio ** (1.0 / layers)}

    def report(self, epoch: int = -1) -> str:
        """`diagnosis` as a text."""
        lines = [
            f"{kind} {found['verdict']}: {found['factor']:.3g} times a layer, {found['ratio']:.3g} from "
            f"{found['from']!r} to {found['to']!r}"
            for kind, found in self.diagnosis(epoch).items()
        ]
        return "; ".join(lines) or "nothing recorded"

    # -- state -------------------------------------------------------------------------------------------------------

    def get_state(self) -> dict[str, Any]:
        """Everything recorded so far."""
        return {"history": self.history, "sums": self._sums, "told": self._told}

    def set_state(self, state: dict[str, Any]) -> None:
        """Go on from there."""
        self.history, self._sums, self._told = state["history"], state["sums"], state["told"]

    def __getstate__(self) -> dict[str, Any]:
        return {**self.__dict__, "_watched": []}


def _statistics(sums: Sums) -> dict[str, float]:
    count, total, squares, zeros = sums
    if not count:
        return dict.fromkeys(("mean", "std", "rms", "zeros"), math.nan)
    mean = total / count
    variance = squares / count - mean * mean
    std = math.sqrt(max(variance, 0.0)) if not math.isnan(variance) else math.nan
    return {"mean": mean, "std": std, "rms": math.sqrt(squares / count), "zeros": zeros / count}
