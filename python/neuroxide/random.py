"""Random seeds and counter-based generators.

Every random array is a pure function of (seed, stream, element index), so results depend neither on the
number of threads nor on the order in which workers run. A `SeedGenerator` hands out streams one by one; its
whole state is two integers.
"""

from __future__ import annotations

import os
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

_MASK = (1 << 64) - 1


def mix(*values: int) -> int:
    """Hash integers to 64 bits (splitmix64 finaliser; Steele, Lea and Flood 2014)."""
    state = 0x9E3779B97F4A7C15
    for value in values:
        state = (state ^ (value & _MASK)) & _MASK
        state = (state + 0x9E3779B97F4A7C15) & _MASK
        state = ((state ^ (state >> 30)) * 0xBF58476D1CE4E5B9) & _MASK
        state = ((state ^ (state >> 27)) * 0x94D049BB133111EB) & _MASK
        state ^= state >> 31
    return state


class SeedGenerator:
    """Hands out (seed, stream) pairs, a new stream at each call.

    Args:
        seed: Any integer; None takes one from the global generator (see `neuroxide.utils.set_random_seed`).
        name: Kept for the configuration.

    Raises:
        ValueError: When the seed is not an integer.

    Example:
        >>> generator = SeedGenerator(7)
        >>> generator.next(), generator.next()
        ((7, 0), (7, 1))
        >>> generator.state
        (7, 2)
    """

    def __init__(self, seed: int | None = None, name: str | None = None) -> None:
        if seed is None:
            seed = make_default_seed()
        if isinstance(seed, bool) or not hasattr(seed, "__index__"):
            raise ValueError(f"SeedGenerator: expected seed to be an integer or None, got {seed!r}")
        self.initial_seed = int(seed)
        self.name = name or "seed_generator"
        self._seed = self.initial_seed & _MASK
        self._counter = 0

    def next(self) -> tuple[int, int]:
        """The next pair; both fit in 64 bits."""
        stream = self._counter
        self._counter = stream + 1
        return self._seed, stream

    @property
    def state(self) -> tuple[int, int]:
        """(seed, number of streams handed out); assign it to continue from there."""
        return self._seed, self._counter

    @state.setter
    def state(self, value: tuple[int, int]) -> None:
        seed, counter = value
        self._seed, self._counter = int(seed) & _MASK, int(counter)

    def get_config(self) -> dict[str, Any]:
        """The constructor's arguments."""
        return {"seed": self.initial_seed, "name": self.name}

    @classmethod
    def from_config(cls, config: dict[str, Any]) -> SeedGenerator:
        """A generator at the start of its sequence."""
        return cls(**config)

    def __repr__(self) -> str:
        return f"SeedGenerator(seed={self._seed}, counter={self._counter})"


_lock = threading.Lock()
_global = SeedGenerator(int.from_bytes(os.urandom(8), "little"))


def global_generator() -> SeedGenerator:
    """The generator that seeds everything that was given no seed."""
    return _global


def make_default_seed() -> int:
    """A fresh 32-bit seed from the global generator."""
    with _lock:
        seed, stream = _global.next()
    return mix(seed, stream) >> 32


@contextmanager
def seed_scope(seed: int | None) -> Iterator[None]:
    """Seed the global generator inside a `with` block, and put it back after; None changes nothing.

    Example:
        >>> with seed_scope(1):
        ...     first = make_default_seed()
        >>> with seed_scope(1):
        ...     first == make_default_seed()
        True
    """
    if seed is None:
        yield
        return
    before = _global.state
    _global.state = (seed, 0)
    try:
        yield
    finally:
        _global.state = before


def draw(seed: int | SeedGenerator | None) -> tuple[int, int]:
    """(seed, stream) for one draw: an integer always gives the same one, a generator its next, None a fresh one."""
    if isinstance(seed, SeedGenerator):
        return seed.next()
    if seed is None:
        return make_default_seed(), 0
    if isinstance(seed, bool) or not hasattr(seed, "__index__"):
        raise ValueError(f"random: expected seed to be an integer, a SeedGenerator or None, got {seed!r}")
    return int(seed) & _MASK, 0
