"""`FeatureSpace`: a table's columns, each in its own way, as one vector for each row."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np

from neuroxide import layers, ops
from neuroxide.layers.encoding import DataLayer, encode, values_of
from neuroxide.utils import registry
from neuroxide.utils.naming import suggest

_MODES = ("one_hot", "int", "float")


class Feature:
    """How a column becomes numbers; made by the class methods of `FeatureSpace`.

    Args:
        dtype: Of the column: ``"float32"``, ``"int32"`` or ``"string"``.
        preprocessor: The layer that is called on it.
        output_mode: ``"one_hot"``, ``"int"`` or ``"float"``.

    Raises:
        ValueError: For another mode.
    """

    def __init__(self, dtype: str, preprocessor: Any, output_mode: str) -> None:
        if output_mode not in _MODES:
            raise ValueError(f"feature: unknown output_mode {output_mode!r}{suggest(output_mode, _MODES)}")
        if isinstance(preprocessor, dict):
            preprocessor = registry.deserialize(preprocessor, kind="layers")
        self.dtype, self.preprocessor, self.output_mode = dtype, preprocessor, output_mode

    def get_config(self) -> dict[str, Any]:
        """The constructor's arguments, the preprocessor with what it learnt."""
        preprocessor = registry.serialize(self.preprocessor, "layers")
        return {"dtype": self.dtype, "preprocessor": preprocessor, "output_mode": self.output_mode}


class Cross:
    """Several features together, hashed to one category.

    Args:
        feature_names: Two or more features.
        crossing_dim: Number of bins.
        output_mode: ``"one_hot"`` or ``"int"``.

    Raises:
        ValueError: For another mode, or fewer than two features.
    """

    def __init__(self, feature_names: Sequence[str], crossing_dim: int, output_mode: str = "one_hot") -> None:
        if output_mode not in ("one_hot", "int"):
            raise ValueError(f"cross: unknown output_mode {output_mode!r}{suggest(output_mode, ('one_hot', 'int'))}")
        if isinstance(feature_names, str) or len(feature_names) < 2:
            raise ValueError(f"cross: expected two features or more, got {feature_names!r}")
        self.feature_names, self.crossing_dim, self.output_mode = tuple(feature_names), crossing_dim, output_mode

    @property
    def name(self) -> str:
        """The features' names, joined."""
        return "_X_".join(self.feature_names)

    def get_config(self) -> dict[str, Any]:
        """The constructor's arguments."""
        return {**vars(self), "feature_names": list(self.feature_names)}


class FeatureSpace(DataLayer):
    """Encodes the columns of a table: numbers scaled, words and numbers of categories one-hot, pairs crossed.

    It is adapted on the training rows, and called on columns before a model, as layers that read words are.
    The encoded features stand in the order of their names, crosses after them.

    Args:
        features: Column → how it is encoded: ``"float"``, ``"float_normalized"``, ``"float_rescaled"``,
            ``"float_discretized"``, ``"integer_categorical"``, ``"string_categorical"``, ``"integer_hashed"``,
            ``"string_hashed"``, or what the class methods of these names give.
        output_mode: ``"concat"`` for one vector a row, ``"dict"`` for each feature by its name.
        crosses: Tuples of features, or what `FeatureSpace.cross` gives: hashed together.
        crossing_dim: Bins of a cross.
        hashing_dim: Bins of hashed features.
        num_discretization_bins: Bins of discretised features.
        name: The layer's name.

    Raises:
        ValueError: For unknown features, kinds or modes, columns that are missing, and calls before `adapt` where that
            is needed.

    Example:
        >>> table = {"age": np.array([20.0, 30.0, 40.0]), "town": np.array(["Bonn", "Ulm", "Bonn"])}
        >>> space = FeatureSpace({"age": "float_normalized", "town": "string_categorical"})
        >>> space.adapt(table)
        >>> space(table).numpy().round(1)
        array([[-1.2,  0. ,  1. ,  0. ],
               [ 0. ,  0. ,  0. ,  1. ],
               [ 1.2,  0. ,  1. ,  0. ]], dtype=float32)

    Source: Keras 3, `keras.utils.FeatureSpace`.
    """

    def __init__(
        self,
        features: Mapping[str, Any],
        output_mode: str = "concat",
        crosses: Any = None,
        crossing_dim: int = 32,
        hashing_dim: int = 32,
        num_discretization_bins: int = 32,
        name: str | None = None,
        **kwargs: Any,
    ) -> None:
        super().__init__(name=name, **kwargs)
        if not features:
            raise ValueError("feature_space: expected at least one feature, got none")
        if output_mode not in ("concat", "dict"):
            raise ValueError(
                f"feature_space: unknown output_mode {output_mode!r}{suggest(output_mode, ('concat', 'dict'))}"
            )
        self.output_mode = output_mode
        self.crossing_dim = crossing_dim
        self.hashing_dim = hashing_dim
        self.num_discretization_bins = num_discretization_bins
        self.features = {key: self._feature(key, value) for key, value in features.items()}
        self.crosses = [self._cross(value) for value in crosses or ()]
        self.preprocessors = {key: feature.preprocessor for key, feature in self.features.items()}
        self.crossers = {cross.name: layers.HashedCrossing(cross.crossing_dim) for cross in self.crosses}
        self.built = True

    # -- kinds of features -------------------------------------------------------------------------------------------

    @classmethod
    def feature(cls, dtype: str, preprocessor: Any, output_mode: str) -> Feature:
        """A column encoded by a layer of one's own."""
        return Feature(dtype, preprocessor, output_mode)

    @classmethod
    def cross(cls, feature_names: Sequence[str], crossing_dim: int, output_mode: str = "one_hot") -> Cross:
        """Several features together, hashed into so many bins."""
        return Cross(feature_names, crossing_dim, output_mode)

    @classmethod
    def float(cls, name: str | None = None) -> Feature:
        """Numbers as they are."""
        return Feature("float32", layers.Identity(name=name), "float")

    @classmethod
    def float_rescaled(cls, scale: Any = 1.0, offset: Any = 0.0, name: str | None = None) -> Feature:
        """Numbers · scale + offset."""
        return Feature("float32", layers.Rescaling(scale, offset, name=name), "float")

    @classmethod
    def float_normalized(cls, name: str | None = None) -> Feature:
        """Numbers brought to mean 0 and variance 1."""
        return Feature("float32", layers.Normalization(axis=-1, name=name), "float")

    @classmethod
    def float_discretized(
        cls, num_bins: int, bin_boundaries: Any = None, output_mode: str = "one_hot", name: str | None = None
    ) -> Feature:
        """Numbers put into bins of equal counts, or between given boundaries."""
        bins = {"num_bins": num_bins} if bin_boundaries is None else {"bin_boundaries": bin_boundaries}
        return Feature("float32", layers.Discretization(name=name, **bins), output_mode)

    @classmethod
    def integer_categorical(
        cls,
        max_tokens: int | None = None,
        num_oov_indices: int = 1,
        output_mode: str = "one_hot",
        name: str | None = None,
    ) -> Feature:
        """Whole numbers that stand for categories, looked up."""
        layer = layers.IntegerLookup(max_tokens=max_tokens, num_oov_indices=num_oov_indices, name=name)
        return Feature("int32", layer, output_mode)

    @classmethod
    def string_categorical(
        cls,
        max_tokens: int | None = None,
        num_oov_indices: int = 1,
        output_mode: str = "one_hot",
        name: str | None = None,
    ) -> Feature:
        """Words that stand for categories, looked up."""
        layer = layers.StringLookup(max_tokens=max_tokens, num_oov_indices=num_oov_indices, name=name)
        return Feature("string", layer, output_mode)

    @classmethod
    def integer_hashed(cls, num_bins: int, output_mode: str = "one_hot", name: str | None = None) -> Feature:
        """Whole numbers hashed into bins."""
        return Feature("int32", layers.Hashing(num_bins, name=name), output_mode)

    @classmethod
    def string_hashed(cls, num_bins: int, output_mode: str = "one_hot", name: str | None = None) -> Feature:
        """Words hashed into bins."""
        return Feature("string", layers.Hashing(num_bins, name=name), output_mode)

    def _feature(self, name: str, given: Any) -> Feature:
        if isinstance(given, Feature):
            return given
        if isinstance(given, dict):
            return Feature(**given)
        sizes = {
            "float_discretized": (self.num_discretization_bins,),
            "integer_hashed": (self.hashing_dim,),
            "string_hashed": (self.hashing_dim,),
        }
        kinds = ("float", "float_normalized", "float_rescaled", "integer_categorical", "string_categorical", *sizes)
        if given not in kinds:
            raise ValueError(f"feature_space: unknown kind {given!r} of feature {name!r}{suggest(given, kinds)}")
        made: Feature = getattr(self, given)(*sizes.get(given, ()))
        return made

    def _cross(self, given: Any) -> Cross:
        if isinstance(given, dict):
            given = Cross(**given)
        cross = given if isinstance(given, Cross) else Cross(given, self.crossing_dim)
        for name in cross.feature_names:
            if name not in self.features:
                raise ValueError(f"feature_space: unknown feature {name!r} in a cross{suggest(name, self.features)}")
        return cross

    # -- use ---------------------------------------------------------------------------------------------------------

    def adapt(self, data: Mapping[str, Any]) -> None:
        """Learn means, boundaries and vocabularies from columns: the training rows alone.

        Args:
            data: Column → array (N,) or (N, 1), as `data.read_csv` gives it.

        Raises:
            ValueError: When a column is missing or empty.
        """
        for name, layer in self.preprocessors.items():
            column = self._column(data, name)
            if hasattr(layer, "adapt") and not _has_all(layer):
                layer.adapt(column)

    def _column(self, data: Mapping[str, Any], name: str) -> Any:
        if not isinstance(data, Mapping):
            raise ValueError(f"feature_space: expected columns by name, got {type(data).__name__}")
        if name not in data:
            raise ValueError(f"feature_space: expected a column {name!r}, got {', '.join(map(repr, data))}")
        column = values_of(data[name])
        if self.features[name].dtype == "float32" and column.dtype.kind != "f":
            column = column.astype(np.float32)
        return column if column.ndim > 1 else column.reshape(-1, 1)

    def call(self, data: Mapping[str, Any]) -> Any:
        """The encoded rows.

        Args:
            data: Column → array (N,) or (N, 1), or a single value for a single row. Other columns are left alone.

        Returns:
            Tensor (N, features), or a dictionary of tensors; without the first axis for a single row.
        """
        coded = {name: ops.convert_to_tensor(layer(self._column(data, name))) for name, layer in self._in_order()}
        for cross in sorted(self.crosses, key=lambda cross: cross.name):
            coded[cross.name] = self.crossers[cross.name]([coded[name] for name in cross.feature_names])
        single = all(np.ndim(data[name]) == 0 for name in self.features)
        found = {name: self._encoded(name, x, single) for name, x in coded.items()}
        return found if self.output_mode == "dict" else ops.concatenate(list(found.values()), axis=-1)

    def _in_order(self) -> list[tuple[str, Any]]:
        return sorted(self.preprocessors.items())

    def _encoded(self, name: str, x: Any, single: bool) -> Any:
        made = self.features.get(name) or next(cross for cross in self.crosses if cross.name == name)
        if made.output_mode == "one_hot":
            x = encode(x, "multi_hot", self._categories(name), self.dtype)
        elif self.output_mode == "concat" and x.dtype.kind != "f":
            raise ValueError(
                f"feature_space: expected features of floats to concatenate, got {x.dtype.name} for {name!r}: "
                "encode it as 'one_hot', or take output_mode='dict'"
            )
        elif x.dtype.kind == "f":
            x = ops.cast(x, self.dtype)
        return x[0] if single else x

    def _categories(self, name: str) -> int:
        layer: Any = self.preprocessors.get(name) or self.crossers[name]
        size = layer.vocabulary_size() if hasattr(layer, "vocabulary_size") else getattr(layer, "num_bins", None)
        if size is None and getattr(layer, "bin_boundaries", None) is not None:
            size = len(layer.bin_boundaries) + 1
        size = getattr(layer, "num_tokens", None) if size is None else size
        if size is None:
            raise ValueError(
                f"feature_space: expected a layer that knows its number of categories for the one-hot feature "
                f"{name!r}, got {type(layer).__name__}: take output_mode='int'"
            )
        return int(size)

    def get_config(self) -> dict[str, Any]:
        """The constructor's arguments, with vocabularies and boundaries that were learnt (means are weights)."""
        return {
            **super().get_config(),
            "features": {name: feature.get_config() for name, feature in self.features.items()},
            "output_mode": self.output_mode,
            "crosses": [cross.get_config() for cross in self.crosses],
            "crossing_dim": self.crossing_dim,
            "hashing_dim": self.hashing_dim,
            "num_discretization_bins": self.num_discretization_bins,
        }


def _has_all(layer: Any) -> bool:
    """Whether the layer was made with what it would learn."""
    if isinstance(layer, layers.Discretization):
        return layer.num_bins is None
    return getattr(layer, "input_mean", None) is not None or getattr(layer, "_fixed", False)


registry.register_builtin("layers", FeatureSpace)
