"""`SnapshotEnsemble`: several good models out of one run, by a learning rate that falls and starts again."""

from __future__ import annotations

import copy
import math
from typing import Any

from neuroxide.callbacks.callback import Callback, Logs


class SnapshotEnsemble(Callback):
    """Train one model through several cycles of the learning rate, and keep its weights at the end of each.

    Step t (from 0) of a cycle of T steps uses α(t) = α₀/2 · (1 + cos(π·t/T)): each cycle ends near 0, in a minimum;
    the jump back to α₀ leaves it for another one. The members that `ensemble()` returns cost no more training than one.

    Args:
        cycles: number of cycles, and of members; at least 1. Epochs must be at least as many; cycles differ by at most
            one epoch.
        learning_rate: α₀; None takes the optimizer's at the start.

    Attributes:
        snapshots: lists of weights, one for each finished cycle.

    Example:
        >>> import neuroxide as nx
        >>> model = nx.Sequential([nx.Input((2,)), nx.layers.Dense(1)])
        >>> model.compile("sgd", "mse")
        >>> snapshots = nx.callbacks.SnapshotEnsemble(cycles=3, learning_rate=0.1)
        >>> x, y = np.ones((8, 2), "float32"), np.ones((8, 1), "float32")
        >>> _ = model.fit(x, y, epochs=6, verbose=0, callbacks=[snapshots])
        >>> len(snapshots.ensemble().models)
        3

    Source: Huang et al. 2017, Snapshot Ensembles: Train 1, Get M for Free.
    """

    def __init__(self, cycles: int = 5, learning_rate: float | None = None) -> None:
        super().__init__()
        if isinstance(cycles, bool) or not isinstance(cycles, int) or cycles < 1:
            raise ValueError(f"SnapshotEnsemble: expected at least 1 cycle, got {cycles!r}")
        if learning_rate is not None and not learning_rate > 0:
            raise ValueError(f"SnapshotEnsemble: expected a learning rate above 0, got {learning_rate!r}")
        self.cycles = cycles
        self.learning_rate = learning_rate
        self.snapshots: list[list[Any]] = []
        self._top = 0.0
        self._ends: list[int] = []
        self._epoch = 0
        self._steps: int | None = None

    def on_train_begin(self, logs: Logs | None = None) -> None:
        """Plan the cycles."""
        params = self.params or {}
        epochs = int(params.get("epochs") or 0)
        if epochs < self.cycles:
            raise ValueError(f"SnapshotEnsemble: expected at least {self.cycles} epochs, one a cycle, got {epochs}")
        self._steps = params.get("steps")
        self._ends = [round(epochs * (i + 1) / self.cycles) for i in range(self.cycles)]
        self._top = self.learning_rate if self.learning_rate is not None else float(self.model.optimizer.learning_rate)
        self.snapshots = []

    def on_epoch_begin(self, epoch: int, logs: Logs | None = None) -> None:
        """Remember where in the run this is."""
        self._epoch = epoch

    def on_train_batch_begin(self, batch: int, logs: Logs | None = None) -> None:
        """Set this step's learning rate."""
        end = next(end for end in self._ends if self._epoch < end)
        start = max((other for other in self._ends if other < end), default=0)
        # Where the number of steps isn't known yet (a generator's first epoch), the rate changes by the epoch.
        inside = batch / self._steps if self._steps else 0.0
        done = (self._epoch - start + inside) / (end - start)
        self.model.optimizer.learning_rate = self._top / 2 * (1 + math.cos(math.pi * done))

    def on_epoch_end(self, epoch: int, logs: Logs | None = None) -> None:
        """Keep the weights where a cycle ends."""
        if self._steps is None:
            self._steps = (self.params or {}).get("steps")
        if epoch + 1 in self._ends:
            self.snapshots.append(self.model.get_weights())

    def ensemble(self) -> Any:
        """An `Ensemble` of copies of the model with the weights of each snapshot.

        Raises:
            ValueError: before the first cycle has ended.
        """
        from neuroxide.models import Ensemble

        if not self.snapshots:
            raise ValueError("SnapshotEnsemble: expected a finished cycle, got none: call fit with this callback first")
        members = []
        for weights in self.snapshots:
            member = copy.deepcopy(self.model)
            member.set_weights(weights)
            members.append(member)
        return Ensemble(members)

    def get_state(self) -> dict[str, Any]:
        """The snapshots so far and the top rate, which the optimizer no longer has."""
        return {"snapshots": self.snapshots, "top": self._top}

    def set_state(self, state: dict[str, Any]) -> None:
        """Go on from there."""
        self.snapshots, self._top = list(state["snapshots"]), float(state["top"])
