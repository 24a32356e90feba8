"""The loops over epochs and batches: `fit`, `evaluate`, `predict`, and the place of a run that back-ups hold."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any

import numpy as np

from neuroxide.autograd import no_grad
from neuroxide.callbacks.callback import Callback
from neuroxide.callbacks.callback_list import CallbackList
from neuroxide.data.adapters import Feed, make_feed
from neuroxide.data.unpack import as_arrays, train_validation_split, unpack_x_y_sample_weight
from neuroxide.random import global_generator
from neuroxide.utils import tree
from neuroxide.utils.arguments import check_names

if TYPE_CHECKING:
    from neuroxide.models.compiling import Training


class FitSession:
    """A running `fit`: everything besides weights that decides what comes next.

    Attributes:
        epoch: the running epoch, or the next one between epochs.
        in_epoch: whether batches of `epoch` are being trained.
        last: what the last batch's `train_step` returned as plain numbers, where it is overridden.
    """

    def __init__(self, feed: Feed, callbacks: CallbackList, epochs: int, epoch: int) -> None:
        self.feed, self.callbacks, self.epochs, self.epoch = feed, callbacks, epochs, epoch
        self.in_epoch = False
        self.resuming = False
        self.last: dict[str, float] | None = None
        self.validation: Feed | None = None
        self.warned = False


class Loops:
    """`fit`, `evaluate` and `predict`. A part of `Trainer`."""

    _trainer: Training
    stop_training: bool
    history: Any

    @check_names
    def fit(
        self,
        x: Any = None,
        y: Any = None,
        batch_size: int | None = None,
        epochs: int = 1,
        verbose: Any = "auto",
        callbacks: Any = None,
        validation_split: float = 0.0,
        validation_data: Any = None,
        shuffle: bool | str = True,
        class_weight: Mapping[int, float] | None = None,
        sample_weight: Any = None,
        initial_epoch: int = 0,
        steps_per_epoch: int | None = None,
        validation_steps: int | None = None,
        validation_batch_size: int | None = None,
        validation_freq: int | Sequence[int] = 1,
    ) -> Any:
        """Train for a number of epochs.

        Args:
            x: inputs: arrays (N, …), a list or dictionary of them, a `PyDataset`, a generator or another iterable of
                batches `(x, y)` or `(x, y, sample_weight)`.
            y: targets (N, …); None where x yields them.
            batch_size: samples of a batch, 32 by default; the last batch of an epoch may be smaller.
            epochs: the epoch to stop after.
            verbose: 0 silent, 1 or "auto" a progress bar, 2 a line an epoch.
            callbacks: a list of `Callback`s.
            validation_split: fraction of the samples, the last ones, kept for validation.
            validation_data: `(x, y)`, `(x, y, sample_weight)`, or any source of batches.
            shuffle: whether samples (or a `PyDataset`'s batches) are put in a new order each epoch; "batch" keeps
                the samples of a batch together.
            class_weight: weights by class number.
            sample_weight: weights of the samples (N,), or by output.
            initial_epoch: the epoch to start from.
            steps_per_epoch: batches of an epoch, where it isn't one pass over the data.
            validation_steps: batches of validation data to use.
            validation_batch_size: samples of a validation batch; batch_size by default.
            validation_freq: validate every so many epochs, or in the epochs listed (from 1).
        Returns:
            The `History`: `history.history` holds a list of values for each name.
        Raises:
            ValueError: data or arguments that don't fit together.

        Example:
            >>> import neuroxide as nx
            >>> model = nx.Sequential([nx.Input((2,)), nx.layers.Dense(1)])
            >>> model.compile("sgd", "mse")
            >>> history = model.fit(np.ones((8, 2)), np.ones((8, 1)), epochs=3, verbose=0)
            >>> len(history.history["loss"])
            3
        """
        self._require_compiled("fit")  # type: ignore[attr-defined]
        for name, value in (("epochs", epochs), ("initial_epoch", initial_epoch)):
            if isinstance(value, bool) or not isinstance(value, (int, np.integer)) or value < 0:
                raise ValueError(f"fit: expected {name} to be a whole number from 0 on, got {value!r}")
        _check_frequency(validation_freq)
        if validation_split and validation_data is None:
            parts = (as_arrays(x, "x"), as_arrays(y, "y"), as_arrays(sample_weight, "sample_weight"))
            (x, y, sample_weight), validation_data = train_validation_split(parts, validation_split)
        key = global_generator().next
        feed = make_feed(x, y, sample_weight, batch_size, steps_per_epoch, shuffle, class_weight, key)
        validation = None
        if validation_data is not None:
            val_x, val_y, val_weight = unpack_x_y_sample_weight(validation_data)
            size = validation_batch_size or batch_size if y is not None or val_y is not None else None
            validation = make_feed(val_x, val_y, val_weight, size, validation_steps, who="fit: validation_data")
        if not isinstance(callbacks, CallbackList):
            callbacks = CallbackList(
                callbacks,
                add_history=True,
                add_progbar=verbose != 0,
                model=self,
                verbose=verbose,
                epochs=epochs,
                steps=feed.num_batches,
            )
        session = FitSession(feed, callbacks, int(epochs), int(initial_epoch))
        session.validation = validation
        return self._run(session, validation_freq)

    def _run(self, session: FitSession, validation_freq: int | Sequence[int]) -> Any:
        callbacks, feed = session.callbacks, session.feed
        self.stop_training = False
        self._trainer.session = session
        try:
            self._prepare(feed)
            callbacks.on_train_begin()
            logs: dict[str, float] | None = None
            # A restored session has its place, and perhaps the wish to stop, from the back-up.
            while session.epoch < session.epochs and not (self.stop_training and not session.resuming):
                if self.stop_training and not session.in_epoch:
                    break
                logs = self._epoch(session, validation_freq)
            if hasattr(self._trainer.optimizer, "finalize_variable_values") and session.epochs > 0:
                self._trainer.optimizer.finalize_variable_values(self._variables_to_train())  # type: ignore[attr-defined]
            callbacks.on_train_end(logs)
        finally:
            feed.close()
            if session.validation is not None:
                session.validation.close()
            for callback in callbacks:
                if isinstance(callback, Callback):
                    callback._release()
            self._trainer.session = None
        return self.history

    def _epoch(self, session: FitSession, validation_freq: int | Sequence[int]) -> dict[str, float]:
        callbacks, resuming = session.callbacks, session.resuming
        session.resuming = False
        epoch = session.epoch
        if resuming:
            callbacks.on_epoch_resume(epoch)
        else:
            self.reset_metrics()  # type: ignore[attr-defined]
            callbacks.on_epoch_begin(epoch)
            session.last = None
        session.in_epoch = True
        if not (resuming and self.stop_training):
            self._batches(session, resuming)
        logs = self._epoch_logs(session)
        if session.validation is not None and _should_validate(epoch, validation_freq):
            values = self._evaluate(session.validation, callbacks)
            logs.update((f"val_{name}", value) for name, value in values.items())
        session.in_epoch = False
        session.epoch = epoch + 1
        callbacks.on_epoch_end(epoch, logs)
        return logs

    def _batches(self, session: FitSession, resuming: bool) -> None:
        callbacks, feed = session.callbacks, session.feed
        begin, end = callbacks.train_batch_hooks()
        train = self._train_batch  # type: ignore[attr-defined]
        for data in feed.epoch(resume=resuming):
            step = feed.step - 1
            if begin is not None:
                begin(step)
            result = train(data)
            if result is not None:
                session.last = self._logs(result)  # type: ignore[attr-defined]
            if end is not None and callbacks.wants_train_batch_end(step):
                end(step, self._logs(None) if result is None else session.last)  # type: ignore[attr-defined]
            if self.stop_training:
                break

    def _epoch_logs(self, session: FitSession) -> dict[str, float]:
        metrics: dict[str, float] = self._logs(None)  # type: ignore[attr-defined]
        if session.last is None or session.last.keys() == metrics.keys():
            return metrics
        # train_step reports things of its own: those of the last batch stand for the epoch, as in Keras.
        return dict(session.last)

    def _prepare(self, feed: Feed) -> None:
        """Make weights and the optimizer's state before the first batch: a back-up may be restored into them."""
        if not self.built and self._can_call():  # type: ignore[attr-defined]
            sample = feed.peek()
            if sample is not None:
                with no_grad():
                    self(sample[0], training=False)  # type: ignore[operator]
        optimizer = self._trainer.optimizer
        if optimizer is not None and self.built and not optimizer.built:  # type: ignore[attr-defined]
            optimizer.build(self._variables_to_train())  # type: ignore[attr-defined]

    def _can_call(self) -> bool:
        from neuroxide.models.model import Model

        return type(self).call is not Model.call or bool(self.__dict__.get("_stack"))  # type: ignore[attr-defined]

    # -- evaluate ----------------------------------------------------------------------------------------------------

    @check_names
    def evaluate(
        self,
        x: Any = None,
        y: Any = None,
        batch_size: int | None = None,
        verbose: Any = "auto",
        sample_weight: Any = None,
        steps: int | None = None,
        callbacks: Any = None,
        return_dict: bool = False,
    ) -> Any:
        """Loss and metrics over data.

        Args:
            x, y, batch_size, sample_weight: as in `fit`.
            verbose: 0 silent, 1 or "auto" a progress bar, 2 a line.
            steps: number of batches; all by default.
            callbacks: a list of `Callback`s.
            return_dict: a dictionary instead of a list.
        Returns:
            The loss, or a list of the loss and metrics in the order of `compile`, or a dictionary.
        """
        self._require_compiled("evaluate")  # type: ignore[attr-defined]
        feed = make_feed(x, y, sample_weight, batch_size, steps, who="evaluate")
        if not isinstance(callbacks, CallbackList):
            callbacks = CallbackList(
                callbacks, add_progbar=verbose != 0, model=self, verbose=verbose, epochs=1, steps=feed.num_batches
            )
        try:
            logs = self._evaluate(feed, callbacks)
        finally:
            feed.close()
        return logs if return_dict else self._in_order(logs)  # type: ignore[attr-defined]

    def _evaluate(self, feed: Feed, callbacks: CallbackList) -> dict[str, float]:
        callbacks.on_test_begin()
        self.reset_metrics()  # type: ignore[attr-defined]
        hooks = callbacks.has_test_batch_hooks()
        last: Any = None
        with no_grad():
            for data in feed.epoch():
                step = feed.step - 1
                if hooks:
                    callbacks.on_test_batch_begin(step)
                last = self._test_batch(data)  # type: ignore[attr-defined]
                if hooks or callbacks.wants_test_batch_end(step):
                    callbacks.on_test_batch_end(step, self._logs(last))  # type: ignore[attr-defined]
        logs: dict[str, float] = self._logs(None)  # type: ignore[attr-defined]
        if last is not None:
            own = self._logs(last)  # type: ignore[attr-defined]
            logs = logs if own.keys() == logs.keys() else own
        callbacks.on_test_end(logs)
        return logs

    # -- predict -----------------------------------------------------------------------------------------------------

    @check_names
    def predict(
        self,
        x: Any,
        batch_size: int | None = None,
        verbose: Any = "auto",
        steps: int | None = None,
        callbacks: Any = None,
    ) -> Any:
        """Outputs for data, as NumPy arrays. Safe to call from several threads at once.

        Args:
            x: inputs as in `fit`; what a source of batches yields beside inputs is ignored.
            batch_size: samples of a batch, 32 by default.
            verbose: 0 silent, 1 or "auto" a progress bar, 2 a line.
            steps: number of batches; all by default.
            callbacks: a list of `Callback`s.
        Returns:
            An array (N, …), or the nest of arrays that the model gives.
        """
        feed = make_feed(x, None, None, batch_size, steps, who="predict")
        if not isinstance(callbacks, CallbackList):
            callbacks = CallbackList(
                callbacks, add_progbar=verbose != 0, model=self, verbose=verbose, epochs=1, steps=feed.num_batches
            )
        callbacks.on_predict_begin()
        hooks = callbacks.has_predict_batch_hooks()
        gather = Gather(getattr(feed.source, "num_samples", None) if steps is None else None)
        try:
            with no_grad():
                for data in feed.epoch():
                    step = feed.step - 1
                    if hooks:
                        callbacks.on_predict_batch_begin(step)
                    outputs = self.predict_step(data)  # type: ignore[attr-defined]
                    gather.add(outputs)
                    if hooks:
                        callbacks.on_predict_batch_end(step, {"outputs": outputs})
        finally:
            feed.close()
        callbacks.on_predict_end()
        return gather.result()


class Gather:
    """Outputs of batches, put together along the first axis.

    Args:
        total: number of samples, where known: outputs are then written in place.
    """

    def __init__(self, total: int | None) -> None:
        self.total = total
        self.structure: Any = None
        self.parts: list[list[Any]] = []
        self.whole: list[Any] = []
        self.done = 0

    def add(self, outputs: Any) -> None:
        """The outputs of the next batch."""
        from neuroxide.models.training import own_array

        leaves = [own_array(leaf) for leaf in tree.flatten(outputs)]
        if self.structure is None:
            self.structure = outputs if tree.is_nested(outputs) else 0
            self.parts = [[] for _ in leaves]
            if self.total is not None and self._fits(leaves, self.total):
                self.whole = [np.empty((self.total, *leaf.shape[1:]), leaf.dtype) for leaf in leaves]
        count = len(leaves[0]) if leaves and leaves[0].ndim else 0
        rows = bool(self.whole) and self.done + count <= len(self.whole[0])
        if rows and all(leaf.shape == (count, *whole.shape[1:]) for leaf, whole in zip(leaves, self.whole)):
            for whole, leaf in zip(self.whole, leaves):
                whole[self.done : self.done + count] = leaf
            self.done += count
            return
        self._spill()
        for part, leaf in zip(self.parts, leaves):
            part.append(leaf)

    @staticmethod
    def _fits(leaves: list[Any], total: int) -> bool:
        return all(leaf.ndim and len(leaf) <= total for leaf in leaves)

    def _spill(self) -> None:
        """Outputs don't have one row a sample after all: keep what there is as parts."""
        for part, whole in zip(self.parts, self.whole):
            part.append(whole[: self.done])
        self.whole, self.total = [], None

    def result(self) -> Any:
        """The nest of whole arrays."""
        if self.structure is None:
            raise ValueError("predict: expected at least one batch, got none")
        if self.whole:
            leaves = [whole[: self.done] if self.done < len(whole) else whole for whole in self.whole]
        else:
            leaves = [_join(part) for part in self.parts]
        return tree.pack_like(self.structure, leaves) if tree.is_nested(self.structure) else leaves[0]


def _join(parts: list[Any]) -> Any:
    if any(part.ndim == 0 for part in parts):
        raise ValueError("predict: expected outputs with a batch axis, got a single value")
    try:
        return np.concatenate(parts)
    except ValueError as error:
        shapes = sorted({part.shape[1:] for part in parts})
        raise ValueError(f"predict: expected outputs of one shape, got {shapes}: use predict_on_batch") from error


def _check_frequency(frequency: Any) -> None:
    if isinstance(frequency, (int, np.integer)) and frequency >= 1:
        return
    if isinstance(frequency, (list, tuple, set, range)):
        return
    raise ValueError(f"fit: expected validation_freq to be an integer >= 1 or a list of epochs, got {frequency!r}")


def _should_validate(epoch: int, frequency: int | Sequence[int]) -> bool:
    return (epoch + 1) % frequency == 0 if isinstance(frequency, (int, np.integer)) else (epoch + 1) in frequency
