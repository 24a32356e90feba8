"""`Ensemble`: a model that averages the outputs of others."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from neuroxide import ops
from neuroxide.models.model import Model
from neuroxide.utils import tree
from neuroxide.utils.registry import deserialize, register_builtin, serialize


class Ensemble(Model):
    """The average of models' outputs: ŷ = Σ wᵢ·ŷᵢ, with weights wᵢ that sum to one.

    It is a `Model`: `predict`, `compile` and `evaluate`, `save` work as for any other. Averages of probabilities are
    probabilities; compile it with a loss for probabilities (`from_logits=False`).

    Args:
        models: models of one output structure, which take the same inputs.
        weights: one number of at least 0 for each model; they are divided by their sum. None weighs all alike.
        name: the model's name.

    Raises:
        ValueError: no models, or weights that don't fit.

    Example:
        >>> import neuroxide as nx
        >>> members = [nx.Sequential([nx.Input((4,)), nx.layers.Dense(3, "softmax")]) for _ in range(5)]
        >>> x = np.ones((2, 4), "float32")
        >>> mean = np.mean([member.predict(x, verbose=0) for member in members], axis=0)
        >>> np.allclose(nx.models.Ensemble(members).predict(x, verbose=0), mean)
        True

    Source: Hansen and Salamon 1990; the course's model ensembles. With `callbacks.SnapshotEnsemble`, Huang et al. 2017.
    """

    def __init__(self, models: Sequence[Any], weights: Sequence[float] | None = None, name: str | None = None) -> None:
        super().__init__(name=name)
        if not isinstance(models, (list, tuple)) or not models or not all(isinstance(m, Model) for m in models):
            raise ValueError(f"Ensemble: expected a list of at least one Model, got {models!r:.80}")
        given = [1.0] * len(models) if weights is None else [float(weight) for weight in weights]
        if len(given) != len(models) or not all(weight >= 0 for weight in given) or not 0 < sum(given) < float("inf"):
            raise ValueError(f"Ensemble: expected {len(models)} weights of at least 0, not all 0, got {weights}")
        self.models = list(models)
        # As given: shares divided once more would differ in their last bits after loading.
        self.weights_given = given
        self.shares = [weight / sum(given) for weight in given]

    def call(self, inputs: Any, training: bool | None = None, mask: Any = None) -> Any:
        """Average the models' outputs, structure by structure."""
        outputs = [model(inputs, training=training) for model in self.models]
        flat = [tree.flatten(output) for output in outputs]
        if any(len(leaves) != len(flat[0]) for leaves in flat):
            raise ValueError(f"Ensemble {self.name!r}: expected models with {len(flat[0])} outputs each")
        means = []
        for leaves in zip(*flat):
            total: Any = None
            for share, leaf in zip(self.shares, leaves):
                if leaf.shape != leaves[0].shape:
                    raise ValueError(
                        f"Ensemble {self.name!r}: expected outputs of one shape, got {leaves[0].shape} and {leaf.shape}"
                    )
                term = ops.multiply(leaf, share)
                total = term if total is None else ops.add(total, term)
            means.append(total)
        return tree.pack_like(outputs[0], means)

    def get_config(self) -> dict[str, Any]:
        """The models' configurations and the weights."""
        return {
            "models": [serialize(model, "models") for model in self.models],
            "weights": list(self.weights_given),
            "name": self.name,
        }

    @classmethod
    def from_config(cls, config: dict[str, Any], custom_objects: Any = None) -> Ensemble:
        """A new ensemble with fresh weights from what `get_config` gave."""
        models = [deserialize(model, custom_objects, "models") for model in config["models"]]
        return cls(models, config.get("weights"), config.get("name"))


register_builtin("models", Ensemble)
register_builtin("layers", Ensemble)
