"""Categories hashed into a fixed number of bins."""

from __future__ import annotations

from typing import Any

import numpy as np

from neuroxide import config
from neuroxide.autograd import Tensor
from neuroxide.layers.encoding import DataLayer, encode, encoded_shape, values_of
from neuroxide.utils.hashing import cross_fingerprints, hash_buckets
from neuroxide.utils.registry import register_builtin


def checked_salt(label: str, salt: Any) -> list[int] | None:
    """Two words of a key from a `salt` argument: None, one whole number, or two."""
    if salt is None:
        return None
    pair = list(salt) if isinstance(salt, (list, tuple)) else [salt, salt]
    if len(pair) != 2 or any(isinstance(n, bool) or not isinstance(n, int) or not 0 <= n < 2**64 for n in pair):
        raise ValueError(f"{label}: expected salt to be a whole number in [0, 2**64) or a pair of them, got {salt!r}")
    return pair


class Hashing(DataLayer):
    """hash(x) mod num_bins, for strings and integers: the same numbers on every machine, and Keras's.

    The hash is FarmHash's Fingerprint64 of the text (an integer's decimal digits), or SipHash-2-4 with a salt.

    Args:
        num_bins: Number of bins, that of the mask included.
        mask_value: A value that is put in bin 0, which then nothing else is put in; None for no such value.
        salt: One or two whole numbers that nobody can foresee the bins without.
        output_mode: ``"int"``, or an encoding of `CategoryEncoding`.
        sparse: False; sparse results are not supported.
        **kwargs: `name`, `dtype` (int64 for ``"int"``, else float32).

    Raises:
        ValueError: For wrong arguments.
        TypeError: For values that are neither strings nor numbers.

    Example:
        >>> Hashing(num_bins=3)([["A"], ["B"], ["C"], ["D"], ["E"]]).numpy().ravel()
        array([1, 0, 1, 1, 2])
    """

    def __init__(
        self,
        num_bins: int,
        mask_value: Any = None,
        salt: Any = None,
        output_mode: str = "int",
        sparse: bool = False,
        **kwargs: Any,
    ) -> None:
        if kwargs.get("dtype") is None:
            kwargs["dtype"] = "int64" if output_mode == "int" else config.floatx()
        super().__init__(**kwargs)
        if isinstance(num_bins, bool) or not isinstance(num_bins, (int, np.integer)) or num_bins <= 0:
            raise ValueError(f"hashing: expected num_bins to be a positive integer, got {num_bins!r}")
        self.output_mode = self._check_mode(output_mode, sparse)
        if self.output_mode == "int" and self.dtype not in ("int32", "int64"):
            raise ValueError(f"hashing: expected dtype 'int32' or 'int64' with output_mode 'int', got {self.dtype!r}")
        self.num_bins = int(num_bins)
        self.mask_value = mask_value
        self.salt = checked_salt("hashing", salt)
        self.built = True

    def call(self, inputs: Any) -> Any:
        """The bins, encoded."""
        values = values_of(inputs)
        bins, masked = self.num_bins, None
        if self.mask_value is not None and bins > 1:
            bins -= 1
            masked = values == self.mask_value
        if values.dtype.kind in "fb":
            values = values.astype(np.int64)
        hashed = hash_buckets(values, bins, None if self.salt is None else (self.salt[0], self.salt[1]))
        if masked is not None:
            hashed = np.where(masked, 0, hashed + 1)
        return encode(Tensor(hashed), self.output_mode, self.num_bins, self.dtype)

    def compute_output_shape(self, input_shape: Any) -> tuple[int | None, ...]:
        """The input's shape, or its encoding's."""
        return encoded_shape(input_shape, self.output_mode, self.num_bins)

    def get_config(self) -> dict[str, Any]:
        """The constructor's arguments."""
        return {
            **super().get_config(),
            "num_bins": self.num_bins,
            "salt": self.salt,
            "mask_value": self.mask_value,
            "output_mode": self.output_mode,
            "sparse": False,
        }


class HashedCrossing(DataLayer):
    """The hash of several features together, mod num_bins: what two of them mean at once, as one category.

    Args:
        num_bins: Number of bins.
        output_mode: ``"int"`` or ``"one_hot"``.
        sparse: False; sparse results are not supported.
        name: The layer's name.
        dtype: int64 for ``"int"``, else float32.
        **kwargs: `trainable`.

    Raises:
        ValueError: For wrong arguments, fewer than two inputs, or inputs of different shapes or with more than one
            value each example.

    Example:
        >>> HashedCrossing(num_bins=5)((np.array(["A", "B", "A"]), np.array([101, 101, 101]))).numpy()
        array([1, 4, 1])
    """

    _modes = ("int", "one_hot")

    def __init__(
        self,
        num_bins: int,
        output_mode: str = "int",
        sparse: bool = False,
        name: str | None = None,
        dtype: Any = None,
        **kwargs: Any,
    ) -> None:
        if dtype is None:
            dtype = "int64" if output_mode == "int" else config.floatx()
        super().__init__(name=name, dtype=dtype, **kwargs)
        if isinstance(num_bins, bool) or not isinstance(num_bins, (int, np.integer)) or num_bins <= 0:
            raise ValueError(f"hashed_crossing: expected num_bins to be a positive integer, got {num_bins!r}")
        self.num_bins = int(num_bins)
        self.output_mode = self._check_mode(output_mode, sparse)
        self.built = True

    def call(self, inputs: Any) -> Any:
        """The bins, encoded."""
        if not isinstance(inputs, (list, tuple)) or len(inputs) < 2:
            raise ValueError("hashed_crossing: expected a list of at least two inputs, got another")
        columns = [values_of(x) for x in inputs]
        shapes = [column.shape for column in columns]
        if len(set(shapes)) > 1 or len(shapes[0]) > 2 or (len(shapes[0]) == 2 and shapes[0][1] != 1):
            raise ValueError(
                f"hashed_crossing: expected inputs of one shape, (), (N,) or (N, 1), got {', '.join(map(str, shapes))}"
            )
        if any(column.dtype.kind not in "iubUSO" for column in columns):
            kinds = ", ".join(str(column.dtype) for column in columns)
            raise ValueError(f"hashed_crossing: expected strings and integers, got {kinds}")
        hashed = (cross_fingerprints(columns) % np.uint64(self.num_bins)).astype(np.int64)
        return encode(Tensor(hashed), self.output_mode, self.num_bins, self.dtype)

    def compute_output_shape(self, input_shape: Any) -> tuple[int | None, ...]:
        """The first input's shape, or its encoding's."""
        return encoded_shape(input_shape[0], self.output_mode, self.num_bins)

    def get_config(self) -> dict[str, Any]:
        """The constructor's arguments."""
        return {
            "num_bins": self.num_bins,
            "output_mode": self.output_mode,
            "sparse": False,
            "name": self.name,
            "dtype": self.dtype,
        }


register_builtin("layers", Hashing, HashedCrossing)
