"""`Perceptron`: Rosenblatt's unit with its own learning rule."""

from __future__ import annotations

from typing import Any

from neuroxide import ops
from neuroxide.autograd import no_grad
from neuroxide.layers.dense import Dense
from neuroxide.models.model import Model
from neuroxide.utils.registry import register_builtin


class Perceptron(Model):
    """One unit with a step: ŷ = 1 where x·w + b > 0, else 0; learns by w ← w + η Σ (y − ŷ)·x, b ← b + η Σ (y − ŷ).

    Weights start at zero, so η only scales them. With `fit(batch_size=1)` this is Rosenblatt's rule, which ends without
    mistakes after finitely many steps where a line separates the classes, and never settles where none does. The sum
    runs over the batch. NaN in x counts as class 0 and makes the weights NaN where the label is 1.

    Args:
        features: number of features D; inputs are (N, D), labels 0 and 1 of shape (N,) or (N, 1).
        learning_rate: η, above 0.
        name: the model's name.

    Raises:
        ValueError: fewer than one feature, or another learning rate.

    Example:
        >>> x = np.array([[0, 0], [0, 1], [1, 0], [1, 1]], "float32")
        >>> model = Perceptron(2)
        >>> model.compile(metrics=["accuracy"])
        >>> _ = model.fit(x, np.array([0, 0, 0, 1]), batch_size=1, epochs=20, verbose=0)
        >>> model.predict(x, verbose=0).ravel()
        array([0., 0., 0., 1.], dtype=float32)

    Source: Rosenblatt 1958; Minsky and Papert 1969.
    """

    def __init__(self, features: int, learning_rate: float = 1.0, name: str | None = None) -> None:
        super().__init__(name=name)
        if isinstance(features, bool) or not isinstance(features, int) or features < 1:
            raise ValueError(f"Perceptron: expected at least 1 feature, got {features!r}")
        if not learning_rate > 0:
            raise ValueError(f"Perceptron: expected a learning rate above 0, got {learning_rate!r}")
        self.features = features
        self.learning_rate = float(learning_rate)
        self.unit = Dense(1, kernel_initializer="zeros")
        self.unit.build((None, features))

    def call(self, inputs: Any, training: bool | None = None, mask: Any = None) -> Any:
        """The step of x·w + b, as numbers 0 and 1 of shape (N, 1)."""
        return ops.cast(ops.greater(self.unit(inputs), 0.0), self.dtype)

    def train_step(self, data: Any) -> dict[str, Any]:
        """One application of the rule to a batch."""
        from neuroxide.data import unpack_x_y_sample_weight

        x, y, weight = unpack_x_y_sample_weight(data)
        if y is None or weight is not None:
            raise ValueError("Perceptron: expected labels and no sample weights: its rule has no place for them")
        with no_grad():
            predicted = self(x, training=True)
            miss = ops.subtract(ops.reshape(ops.cast(y, self.dtype), (-1, 1)), predicted)
            change = ops.matmul(ops.transpose(ops.cast(x, self.dtype)), miss)
            self.unit.kernel.assign_add(ops.multiply(change, self.learning_rate))
            for bias in self.unit.weights[1:]:
                bias.assign_add(ops.multiply(ops.sum(miss, axis=0), self.learning_rate))
        return self.compute_metrics(x, y, predicted)

    def get_config(self) -> dict[str, Any]:
        """The constructor's arguments."""
        return {"features": self.features, "learning_rate": self.learning_rate, "name": self.name}


register_builtin("models", Perceptron)
register_builtin("layers", Perceptron)
