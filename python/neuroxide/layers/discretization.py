"""Numbers into bins, by given boundaries or by the quantiles of data."""

from __future__ import annotations

from typing import Any

import numpy as np
import numpy.typing as npt

from neuroxide import ops
from neuroxide.layers.encoding import DataLayer, batches_of, encode, encoded_shape
from neuroxide.layers.graph import KerasTensor
from neuroxide.utils.registry import register_builtin

Array = npt.NDArray[Any]


class Discretization(DataLayer):
    """The bin of each number: i where boundaries[i−1] ≤ x < boundaries[i]. NaN lies in the last bin.

    With `num_bins` the boundaries are quantiles of the data that `adapt` sees, exact to about `epsilon`, by merging
    summaries of at most 1/epsilon values each (as Keras has it).

    Args:
        bin_boundaries: Boundaries that rise; n of them make n + 1 bins.
        num_bins: Number of bins to learn instead.
        epsilon: Share of the data by which a learnt boundary may be off.
        output_mode: ``"int"`` (int32), or an encoding of `CategoryEncoding`.
        sparse: False; sparse results are not supported.
        dtype: See `Layer`.
        name: The layer's name.
        **kwargs: `trainable`.

    Raises:
        ValueError: For wrong arguments, both or neither of boundaries and a number of bins, or calls before `adapt`.

    Example:
        >>> Discretization(bin_boundaries=[0.0, 1.0])(np.array([-1.0, 0.0, 0.5, 7.0])).numpy()
        array([0, 1, 1, 2], dtype=int32)
        >>> layer = Discretization(num_bins=2)
        >>> layer.adapt(np.array([1.0, 2.0, 3.0, 4.0]))
        >>> layer(np.array([1.0, 4.0])).numpy()
        array([0, 1], dtype=int32)
    """

    def __init__(
        self,
        bin_boundaries: Any = None,
        num_bins: int | None = None,
        epsilon: float = 0.01,
        output_mode: str = "int",
        sparse: bool = False,
        dtype: Any = None,
        name: str | None = None,
        **kwargs: Any,
    ) -> None:
        super().__init__(name=name, dtype=dtype, **kwargs)
        if (bin_boundaries is None) == (num_bins is None):
            given = "neither" if num_bins is None else "both"
            raise ValueError(f"discretization: expected either bin_boundaries or num_bins, got {given}")
        if num_bins is not None and (not isinstance(num_bins, (int, np.integer)) or num_bins < 1):
            raise ValueError(f"discretization: expected num_bins to be a positive integer, got {num_bins!r}")
        if not isinstance(epsilon, (int, float)) or not 0 < epsilon < 1:
            raise ValueError(f"discretization: expected epsilon in (0, 1), got {epsilon!r}")
        self.bin_boundaries = None if bin_boundaries is None else _rising(bin_boundaries)
        self.num_bins = None if num_bins is None else int(num_bins)
        self.epsilon = epsilon
        self.output_mode = self._check_mode(output_mode, sparse)
        self._summary: Array = np.zeros((2, 0), np.float32)
        self.built = True

    def adapt(self, data: Any, steps: int | None = None) -> None:
        """Take the boundaries from data: an array, or an iterable of batches.

        Raises:
            ValueError: When the boundaries were given, or there are no data.
        """
        self.reset_state()
        for batch in batches_of(data, steps):
            self.update_state(batch)
        self.finalize_state()

    def reset_state(self) -> None:
        """Forget the data seen."""
        if self.num_bins is None:
            raise ValueError("discretization: adapt is for layers made with num_bins, got one with bin_boundaries")
        self._summary = np.zeros((2, 0), np.float32)

    def update_state(self, data: Any) -> None:
        """Take in a batch."""
        values = np.sort(np.asarray(data, dtype=np.float32), axis=None)
        values = values[~np.isnan(values)]
        if values.size:
            step = max(values.size * self.epsilon, 1.0)
            edges = values[int(step - 1) :: int(step)]
            merged = np.concatenate([np.stack([edges, np.full_like(edges, step)]), self._summary], axis=1)
            self._summary = _compressed(merged[:, np.argsort(merged[0], kind="stable")], self.epsilon)

    def finalize_state(self) -> None:
        """Make boundaries of what was seen."""
        if not self._summary.size or self.num_bins is None:
            raise ValueError("discretization: expected data to adapt to, got none")
        self.bin_boundaries = _compressed(self._summary, 1.0 / self.num_bins)[0, :-1].tolist()

    def call(self, inputs: Any) -> Any:
        """The bins, encoded."""
        if self.bin_boundaries is None:
            raise ValueError("discretization: expected boundaries, got a layer that has none yet: call adapt first")
        x = ops.convert_to_tensor(inputs)
        if x.dtype.name != "float64":
            x = ops.cast(x, "float32" if x.dtype.kind == "f" else "float64")
        edges = np.asarray(self.bin_boundaries, dtype=x.dtype.name)
        dtype = "int32" if self.output_mode == "int" else self.dtype
        return encode(ops.digitize(x, edges), self.output_mode, len(edges) + 1, dtype)

    def _depth(self) -> int | None:
        return self.num_bins if self.bin_boundaries is None else len(self.bin_boundaries) + 1

    def compute_output_shape(self, input_shape: Any) -> tuple[int | None, ...]:
        """The input's shape, or its encoding's."""
        return encoded_shape(input_shape, self.output_mode, self._depth())

    def compute_output_spec(self, inputs: Any) -> Any:
        """The symbolic output."""
        dtype = "int32" if self.output_mode == "int" else self.dtype
        return KerasTensor(self.compute_output_shape(inputs.shape), dtype=dtype)

    def get_config(self) -> dict[str, Any]:
        """The constructor's arguments, with learnt boundaries."""
        return {
            "bin_boundaries": self.bin_boundaries,
            "num_bins": self.num_bins,
            "epsilon": self.epsilon,
            "output_mode": self.output_mode,
            "sparse": False,
            "name": self.name,
            "dtype": self.dtype,
        }

    @classmethod
    def from_config(cls, config: dict[str, Any]) -> Any:
        """A new layer from what `get_config` gave, with the boundaries that were learnt."""
        config = dict(config)
        boundaries = config.get("bin_boundaries")
        if boundaries is not None and config.get("num_bins") is not None:
            del config["bin_boundaries"]
            layer = super().from_config(config)
            layer.bin_boundaries = _rising(boundaries)
            return layer
        return super().from_config(config)


def _rising(boundaries: Any) -> list[float]:
    edges = np.asarray(boundaries, dtype=np.float64)
    if edges.ndim != 1 or np.isnan(edges).any() or (np.diff(edges) < 0).any():
        raise ValueError(f"discretization: expected bin_boundaries to be numbers that rise, got {boundaries!r}")
    return [float(edge) for edge in edges]


def _compressed(summary: Array, epsilon: float) -> Array:
    """A weighted sample (values that rise; weights) brought down to 1/epsilon values at equal shares of the weight."""
    if summary.shape[1] * epsilon < 1:
        return summary
    wanted = epsilon + np.arange(0.0, 1.0, epsilon)
    weight = summary[1].cumsum()
    share = weight / weight[-1]
    values = np.interp(wanted, share, summary[0])
    weights = np.diff(np.interp(wanted, share, weight), prepend=0.0)
    return np.stack([values, weights]).astype(np.float32)


register_builtin("layers", Discretization)
