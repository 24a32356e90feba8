"""Networks as scikit-learn estimators: `NeuralClassifier`, `NeuralRegressor`, `NeuralTransformer`."""

from __future__ import annotations

import copy
import inspect
from collections.abc import Callable, Mapping
from typing import Any

import numpy as np

from neuroxide import ops
from neuroxide import random as _random
from neuroxide.layers import Dense, Input
from neuroxide.models import Model, Sequential, clone_model
from neuroxide.utils.naming import suggest, to_snake_case
from neuroxide.utils.numerical import to_categorical

try:
    from sklearn.base import (
        BaseEstimator,
        ClassifierMixin,
        ClassNamePrefixFeaturesOutMixin,
        RegressorMixin,
        TransformerMixin,
    )
    from sklearn.utils import check_random_state
    from sklearn.utils.multiclass import check_classification_targets, type_of_target
    from sklearn.utils.validation import check_is_fitted, column_or_1d, validate_data
except ImportError as error:
    raise ImportError(
        "neuroxide.sklearn needs scikit-learn 1.6 or newer: install it with pip install 'neuroxide[sklearn]'"
    ) from error

__all__ = ["NeuralClassifier", "NeuralRegressor", "NeuralTransformer"]

PREFIX = "model__"


class _Neural(BaseEstimator):
    """What the three share: parameters, building, training."""

    def __init__(
        self,
        model: Model | Callable[..., Model] | None = None,
        *,
        optimizer: Any = None,
        loss: Any = None,
        metrics: Any = None,
        learning_rate: float | None = None,
        epochs: int = 20,
        batch_size: int = 32,
        validation_split: float = 0.0,
        callbacks: Any = None,
        verbose: Any = 0,
        warm_start: bool = False,
        random_state: Any = None,
        model_kwargs: Mapping[str, Any] | None = None,
        fit_kwargs: Mapping[str, Any] | None = None,
    ) -> None:
        self.model = model
        self.optimizer = optimizer
        self.loss = loss
        self.metrics = metrics
        self.learning_rate = learning_rate
        self.epochs = epochs
        self.batch_size = batch_size
        self.validation_split = validation_split
        self.callbacks = callbacks
        self.verbose = verbose
        self.warm_start = warm_start
        self.random_state = random_state
        self.model_kwargs = model_kwargs
        self.fit_kwargs = fit_kwargs

    def get_params(self, deep: bool = True) -> dict[str, Any]:
        """Arguments of the constructor; with `deep` also `model__NAME` for each of `model_kwargs`."""
        # A network's own methods are no parameters of this estimator, so nothing deeper is asked for.
        params: dict[str, Any] = super().get_params(deep=False)
        if deep:
            params.update({PREFIX + name: value for name, value in (self.model_kwargs or {}).items()})
        return params

    def set_params(self, **params: Any) -> Any:
        """Change arguments of the constructor; `model__NAME=value` changes one of `model_kwargs`."""
        inner = {name: params.pop(name) for name in list(params) if name.startswith(PREFIX)}
        known = self._get_param_names()
        for name, value in params.items():
            if name not in known:
                raise ValueError(f"{type(self).__name__}: invalid parameter {name!r}{suggest(name, known)}")
            setattr(self, name, value)
        if inner:
            changed = {name.removeprefix(PREFIX): value for name, value in inner.items()}
            self.model_kwargs = {**(self.model_kwargs or {}), **changed}
        return self

    def _fit(self, X: Any, y: Any, again: bool, epochs: int | None, given: dict[str, Any]) -> None:
        state = check_random_state(self.random_state)
        fresh = not (again and hasattr(self, "model_"))
        # Only a seed that was asked for replaces the library's own generator, and only during this call.
        with _random.seed_scope(None if self.random_state is None else int(state.randint(1 << 31))):
            if fresh:
                self.model_ = self._compiled(self._built(X, y), X)
                self.history_: dict[str, list[float]] = {}
            options = {
                "epochs": self.epochs if epochs is None else epochs,
                "batch_size": self.batch_size,
                "validation_split": self.validation_split,
                "callbacks": copy.deepcopy(self.callbacks),
                "verbose": self.verbose,
                **(self.fit_kwargs or {}),
                **given,
            }
            history = self.model_.fit(X, self._targets(y), **options)
        for name, values in history.history.items():
            self.history_.setdefault(name, []).extend(values)

    def _built(self, X: Any, y: Any) -> Model:
        if isinstance(self.model, Model):
            model = self._copy(self.model)
        else:
            builder = self._default_model if self.model is None else self.model
            if not callable(builder):
                raise TypeError(
                    f"{type(self).__name__}: expected model to be a Model or a function that returns one, "
                    f"got {type(self.model).__name__}"
                )
            offered = {"X": X, "y": y, **self._facts(X, y)}
            model = builder(**_accepted(builder, offered), **(self.model_kwargs or {}))
            if not isinstance(model, Model):
                raise TypeError(
                    f"{type(self).__name__}: expected the model function to return a Model, got {type(model).__name__}"
                )
        model(np.asarray(X[:1], np.float32), training=False)
        return model

    def _copy(self, model: Model) -> Model:
        new: Model = clone_model(model)
        config = model.get_compile_config() if model.compiled else None
        if config is not None:
            new.compile_from_config(config)
        return new

    def _compiled(self, model: Model, X: Any) -> Model:
        if not model.compiled or self.loss is not None or self.optimizer is not None or self.metrics is not None:
            known = model.get_compile_config() or {} if model.compiled else {}
            loss = self.loss if self.loss is not None else known.get("loss")
            optimizer = self.optimizer if self.optimizer is not None else known.get("optimizer", "adam")
            metrics = self.metrics if self.metrics is not None else known.get("metrics")
            model.compile(
                optimizer=copy.deepcopy(optimizer),
                loss=copy.deepcopy(loss) if loss is not None else self._default_loss(model, X),
                metrics=copy.deepcopy(metrics),
            )
        if self.learning_rate is not None:
            model.optimizer.learning_rate = self.learning_rate
        return model

    def _checked(self, X: Any, reset: bool = False) -> Any:
        return validate_data(self, X, reset=reset, allow_nd=True)

    def _outputs(self, X: Any) -> Any:
        check_is_fitted(self, "model_")
        return self._run(self.model_, self._checked(X))

    def _run(self, model: Model, X: Any) -> Any:
        # A product with one row adds up in another order than one with several, and scikit-learn expects that a row's
        # prediction does not depend on the rows beside it.
        rows = np.concatenate([X, X]) if len(X) == 1 else X
        return model.predict(rows, batch_size=max(self.batch_size or 32, 256), verbose=0)[: len(X)]

    def _facts(self, X: Any, y: Any) -> dict[str, Any]:
        return {"n_features_in": X.shape[1]}

    def _targets(self, y: Any) -> Any:
        return y

    def _default_model(self, X: Any, y: Any) -> Model:
        raise NotImplementedError

    def _default_loss(self, model: Model, X: Any) -> Any:
        return "mean_squared_error"

    def __sklearn_tags__(self) -> Any:
        tags = super().__sklearn_tags__()
        tags.non_deterministic = self.random_state is None
        return tags


class NeuralClassifier(ClassifierMixin, _Neural):
    """A network as a scikit-learn classifier.

    Args:
        model: a `Model` (copied, never trained itself), or a function that returns one; it is called with those of
            X, y, n_features_in and n_classes that its signature names, and with `model_kwargs`. None makes one hidden
            layer of 100 ReLU units. An output of one unit is the probability of the second class; otherwise one
            unit a class. Outputs without softmax or sigmoid are taken for logits.
        optimizer, loss, metrics: as in `Model.compile`; None keeps those of a compiled model, else Adam and the
            cross-entropy that fits the output.
        learning_rate: the optimizer's, if not None.
        epochs, batch_size, validation_split, callbacks, verbose: as in `Model.fit`.
        warm_start: whether `fit` goes on from the weights it left last time.
        random_state: seed of weights, shuffling and dropout: None, an integer or a numpy.random.RandomState.
        model_kwargs: arguments for the model function; `model__NAME` sets one of them in searches.
        fit_kwargs: further arguments for `Model.fit`.

    Attributes:
        model_: the trained network.
        history_: the values of every epoch, by name.
        classes_: the labels, sorted.
        n_features_in_, feature_names_in_: as in scikit-learn.

    Raises:
        ValueError: data that scikit-learn refuses (NaN, lengths that differ), or a single class.

    Example:
        >>> X = np.array([[0.0], [0.1], [0.9], [1.0]] * 8)
        >>> y = np.array(["low", "low", "high", "high"] * 8)
        >>> NeuralClassifier(epochs=40, learning_rate=0.05, random_state=0).fit(X, y).predict([[0.0], [1.0]])
        array(['low', 'high'], dtype='<U4')

    Follows `keras.wrappers.SKLearnClassifier`; any sklearn tool takes it.
    """

    def fit(self, X: Any, y: Any, **kwargs: Any) -> NeuralClassifier:
        """Train on X (N, F, …) and labels y (N,); further arguments, such as `sample_weight`, go to `Model.fit`."""
        X, y = self._labelled(X, y)
        if not (self.warm_start and hasattr(self, "model_")):
            self.classes_ = np.unique(y)
        return self._train(X, y, self.warm_start, None, kwargs)

    def partial_fit(self, X: Any, y: Any, classes: Any = None, **kwargs: Any) -> NeuralClassifier:
        """Train for one epoch from the present weights; `classes` names all labels at the first call."""
        first = not hasattr(self, "model_")
        X, y = self._labelled(X, y, reset=first)
        if first:
            self.classes_ = np.unique(y if classes is None else np.asarray(classes))
        return self._train(X, y, True, 1, kwargs)

    def predict_proba(self, X: Any) -> Any:
        """Probabilities of shape (N, classes), in the order of `classes_`."""
        out = self._outputs(X)
        out = out.reshape(len(out), -1)
        if self._from_logits:
            out = ops.convert_to_numpy(ops.softmax(out) if out.shape[1] > 1 else ops.sigmoid(out))
        return np.hstack([1 - out, out]) if out.shape[1] == 1 else out

    def predict(self, X: Any) -> Any:
        """The most probable label of each row; the first in `classes_` where several are."""
        likely = np.argmax(self.predict_proba(X), axis=1)
        return self.classes_[likely]

    def _labelled(self, X: Any, y: Any, reset: bool = True) -> tuple[Any, Any]:
        X, y = validate_data(self, X, y, reset=reset, allow_nd=True)
        check_classification_targets(y)
        return X, column_or_1d(y, warn=True)

    def _train(self, X: Any, y: Any, again: bool, epochs: int | None, kwargs: dict[str, Any]) -> NeuralClassifier:
        if len(self.classes_) < 2:
            raise ValueError(f"NeuralClassifier: expected at least two classes, got one class: {self.classes_[0]!r}")
        unknown = np.setdiff1d(y, self.classes_)
        if len(unknown):
            raise ValueError(f"NeuralClassifier: expected labels among the classes {self.classes_}, got {unknown}")
        self._fit(X, np.searchsorted(self.classes_, y), again, epochs, kwargs)
        return self

    def _facts(self, X: Any, y: Any) -> dict[str, Any]:
        return {**super()._facts(X, y), "n_classes": len(self.classes_)}

    def _default_model(self, X: Any, y: Any) -> Model:
        units = len(self.classes_)
        last = Dense(1, "sigmoid") if units == 2 else Dense(units, "softmax")
        return Sequential([Input(X.shape[1:]), Dense(100, "relu"), last])

    def _default_loss(self, model: Model, X: Any) -> Any:
        from neuroxide.losses import BinaryCrossentropy, SparseCategoricalCrossentropy

        out = model(np.asarray(X[:1], np.float32), training=False)
        kind = BinaryCrossentropy if out.shape[-1] == 1 else SparseCategoricalCrossentropy
        return kind(from_logits=out.logits is None)

    @property
    def _from_logits(self) -> bool:
        loss = self.model_.loss
        return hasattr(loss, "get_config") and bool(loss.get_config().get("from_logits", False))

    def _targets(self, y: Any) -> Any:
        loss = self.model_.loss
        name = loss if isinstance(loss, str) else getattr(loss, "name", None) or getattr(loss, "__name__", "")
        if "sparse" in to_snake_case(str(name)):
            return y
        units = self.model_(np.zeros((1, *self._shape_in), np.float32), training=False).shape[-1]
        return y.astype(np.float32)[:, None] if units == 1 else to_categorical(y, len(self.classes_))

    def _fit(self, X: Any, y: Any, again: bool, epochs: int | None, given: dict[str, Any]) -> None:
        self._shape_in = X.shape[1:]
        super()._fit(X, y, again, epochs, given)


class NeuralRegressor(RegressorMixin, _Neural):
    """A network as a scikit-learn regressor, for one target or several.

    Args:
        model: as in `NeuralClassifier`, with n_outputs in place of n_classes.
        optimizer, loss, metrics: as in `NeuralClassifier`; mean squared error where none is given.
        learning_rate, epochs, batch_size, validation_split, callbacks, verbose, warm_start, random_state,
        model_kwargs, fit_kwargs: as in `NeuralClassifier`.

    Attributes:
        model_, history_, n_features_in_, feature_names_in_: as in `NeuralClassifier`.

    Example:
        >>> X = np.linspace(-1, 1, 64)[:, None]
        >>> model = NeuralRegressor(epochs=60, learning_rate=0.01, random_state=0).fit(X, 3 * X[:, 0])
        >>> model.score(X, 3 * X[:, 0]) > 0.99
        True

    Follows `keras.wrappers.SKLearnRegressor`.
    """

    def fit(self, X: Any, y: Any, **kwargs: Any) -> NeuralRegressor:
        """Train on X (N, F, …) and y (N,) or (N, outputs); further arguments go to `Model.fit`."""
        return self._train(X, y, True, self.warm_start, None, kwargs)

    def partial_fit(self, X: Any, y: Any, **kwargs: Any) -> NeuralRegressor:
        """Train for one epoch from the present weights."""
        return self._train(X, y, not hasattr(self, "model_"), True, 1, kwargs)

    def predict(self, X: Any) -> Any:
        """Predictions in the shape of the y that was fitted, float64 as scikit-learn's regressors give them."""
        out = self._outputs(X).astype(np.float64)
        return out.reshape(len(out)) if self._one_target else out.reshape(len(out), -1)

    def _train(
        self, X: Any, y: Any, reset: bool, again: bool, epochs: int | None, kwargs: dict[str, Any]
    ) -> NeuralRegressor:
        X, y = validate_data(self, X, y, reset=reset, allow_nd=True, multi_output=True, y_numeric=True)
        self._one_target = y.ndim == 1
        self._fit(X, y.astype(np.float32).reshape(len(y), -1), again, epochs, kwargs)
        return self

    def _facts(self, X: Any, y: Any) -> dict[str, Any]:
        return {**super()._facts(X, y), "n_outputs": y.shape[1]}

    def _default_model(self, X: Any, y: Any) -> Model:
        return Sequential([Input(X.shape[1:]), Dense(100, "relu"), Dense(y.shape[1])])

    def __sklearn_tags__(self) -> Any:
        tags = super().__sklearn_tags__()
        tags.target_tags.multi_output = True
        return tags


class NeuralTransformer(ClassNamePrefixFeaturesOutMixin, TransformerMixin, _Neural):
    """A network as a scikit-learn transformer: what a layer says of the data.

    Args:
        model: as in `NeuralClassifier`. None makes an autoencoder F → code → F, half as wide in the middle.
        layer: name of the layer whose output `transform` gives; None for the model's output, or for the code where
            `model` is None too.
        optimizer, loss, metrics, learning_rate, epochs, batch_size, validation_split, callbacks, verbose, warm_start,
        random_state, model_kwargs, fit_kwargs: as in `NeuralRegressor`.

    `fit(X)` trains the model to give X back, `fit(X, y)` to give y.

    Example:
        >>> X = np.random.RandomState(0).rand(32, 6)
        >>> NeuralTransformer(epochs=2, random_state=0).fit_transform(X).shape
        (32, 3)

    Follows `keras.wrappers.SKLearnTransformer`.
    """

    def __init__(
        self,
        model: Model | Callable[..., Model] | None = None,
        *,
        layer: str | None = None,
        optimizer: Any = None,
        loss: Any = None,
        metrics: Any = None,
        learning_rate: float | None = None,
        epochs: int = 20,
        batch_size: int = 32,
        validation_split: float = 0.0,
        callbacks: Any = None,
        verbose: Any = 0,
        warm_start: bool = False,
        random_state: Any = None,
        model_kwargs: Mapping[str, Any] | None = None,
        fit_kwargs: Mapping[str, Any] | None = None,
    ) -> None:
        super().__init__(
            model,
            optimizer=optimizer,
            loss=loss,
            metrics=metrics,
            learning_rate=learning_rate,
            epochs=epochs,
            batch_size=batch_size,
            validation_split=validation_split,
            callbacks=callbacks,
            verbose=verbose,
            warm_start=warm_start,
            random_state=random_state,
            model_kwargs=model_kwargs,
            fit_kwargs=fit_kwargs,
        )
        self.layer = layer

    def fit(self, X: Any, y: Any = None, **kwargs: Any) -> NeuralTransformer:
        """Train the model to give y, or X itself; further arguments go to `Model.fit`."""
        if y is None:
            X = self._checked(X, reset=True)
            y = X
        else:
            type_of_target(y, raise_unknown=True)
            X, y = validate_data(self, X, y, allow_nd=True, multi_output=True, y_numeric=True)
        self._fit(X, y if y.ndim > 1 else y[:, None], self.warm_start, None, kwargs)
        wanted = self.layer or ("code" if self.model is None else None)
        self.encoder_ = self.model_ if wanted is None else self._cut(wanted)
        self._n_features_out = int(np.prod(self._encode(X[:1]).shape[1:]))
        return self

    def transform(self, X: Any) -> Any:
        """The layer's output for X, of shape (N, units) or as the layer gives it, in X's floating type."""
        check_is_fitted(self, "encoder_")
        return self._encode(self._checked(X))

    def _encode(self, X: Any) -> Any:
        out = self._run(self.encoder_, X)
        return out.astype(X.dtype) if X.dtype.kind == "f" else out

    def _cut(self, name: str) -> Model:
        if not self.model_.inputs:
            raise ValueError(f"NeuralTransformer: layer={name!r} needs a Sequential or functional model with an Input")
        return Model(self.model_.inputs[0], self.model_.get_layer(name).output)

    def _default_model(self, X: Any, y: Any) -> Model:
        wide = int(np.prod(X.shape[1:]))
        code = Dense(max(1, wide // 2), "tanh", name="code")
        return Sequential([Input(X.shape[1:]), code, Dense(y.shape[1])])


def _accepted(function: Callable[..., Any], offered: dict[str, Any]) -> dict[str, Any]:
    """Those of the offered arguments that the function names, or all where it takes any."""
    parameters = inspect.signature(function).parameters
    if any(p.kind is p.VAR_KEYWORD for p in parameters.values()):
        return offered
    return {name: value for name, value in offered.items() if name in parameters}
