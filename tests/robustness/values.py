"""What the text of a random call may name: arrays of every layout, and objects that lie or break."""

from __future__ import annotations

from typing import Any

import numpy as np


class Broken(ValueError):
    """Raised by the objects below; a call may pass it on."""


def array(
    shape: tuple[int, ...],
    dtype: str,
    fill: str = "normal",
    layout: str = "c",
    seed: int = 0,
    low: int = 0,
    high: int = 0,
) -> np.ndarray:
    """An array of the wanted shape and contents, laid out in memory as asked."""
    return _laid_out(_filled(shape, dtype, fill, np.random.default_rng(seed), low, high), layout)


def _filled(shape: tuple[int, ...], dtype: str, fill: str, rng: np.random.Generator, low: int, high: int) -> np.ndarray:
    if fill == "integers":
        return rng.integers(low, max(high, low + 1), shape).astype(dtype)
    if dtype == "bool":
        return rng.integers(0, 2, shape).astype(bool)
    if dtype in ("U3", "O"):
        return np.full(shape, "abc", dtype)
    values = rng.standard_normal(shape)
    if fill == "zeros":
        values = np.zeros(shape)
    elif fill == "mixed":
        values = rng.choice([np.nan, np.inf, -np.inf, 0.0, -0.0, 1.0], shape)
    elif fill != "normal":
        values = np.full(shape, {"nan": np.nan, "infinite": np.inf, "tiny": 1e-40, "huge": 1e38}[fill])
    if np.dtype(dtype).kind in "iu":
        values = np.clip(np.nan_to_num(values) * 3, 0, 100)
    with np.errstate(all="ignore"):
        return np.asarray(values).astype(dtype)


class Subclass(np.ndarray):
    """An ndarray by inheritance."""


def _laid_out(x: np.ndarray, layout: str) -> np.ndarray:
    if layout == "fortran":
        return np.asfortranarray(x)
    if layout == "strided":
        wide = np.zeros((*x.shape[:-1], 2 * x.shape[-1]), x.dtype) if x.ndim else np.zeros(2, x.dtype)
        wide[..., ::2] = x if x.ndim else x[None]
        return wide[..., ::2] if x.ndim else wide[::2].reshape(())
    if layout == "reversed":
        return x[::-1] if x.ndim else x
    if layout == "readonly":
        x.flags.writeable = False
        return x
    if layout == "broadcast":
        return np.broadcast_to(x.reshape(-1)[:1].reshape((1,) * x.ndim), x.shape) if x.size else x
    if layout == "unaligned" and x.dtype != object:
        raw = np.zeros(x.nbytes + 1, np.uint8)
        raw[1:] = np.frombuffer(np.ascontiguousarray(x).tobytes(), np.uint8)
        return raw[1:].view(x.dtype).reshape(x.shape) if x.size else x
    if layout == "swapped":
        return x.astype(x.dtype.newbyteorder())
    if layout == "subclass":
        return x.view(Subclass)
    return x


def claimed(shape: tuple[int, ...]) -> np.ndarray:
    """An array that claims more elements than the machine has memory."""
    return np.broadcast_to(np.float32(1), shape)


class BrokenArray:
    """Cannot be made an array, has no length, no number."""

    def __array__(self, *_: Any, **__: Any) -> np.ndarray:
        raise Broken("broken array")


class LyingArray:
    """Gives something that is no array."""

    def __array__(self, *_: Any, **__: Any) -> Any:
        return "no array"


class LyingInterface:
    """Describes memory that is not there."""

    @property
    def __array_interface__(self) -> dict[str, Any]:
        return {"shape": (2**40,), "typestr": "<f4", "data": None, "version": 3}


class BrokenNumber:
    """Every conversion to a number breaks."""

    def __float__(self) -> float:
        raise Broken("broken float")

    __index__ = __int__ = __bool__ = __float__  # type: ignore[assignment]


class BrokenLength:
    """A sequence whose length and items break."""

    def __len__(self) -> int:
        raise Broken("broken length")

    def __getitem__(self, _: Any) -> Any:
        raise Broken("broken item")

    def __iter__(self) -> Any:
        raise Broken("broken iteration")
