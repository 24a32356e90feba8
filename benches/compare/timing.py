"""Interleaved timing: every side gets its turn in each round, on a process that has come to rest."""

from __future__ import annotations

import gc
import statistics
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass

from benches.compare.machine import LoadMeter

TURN_SECONDS = 0.04
BATCH_SECONDS = 0.001
ROUNDS = 9
# A side that takes so long is called once a turn, in the first few rounds alone.
LONG_SECONDS = 0.3
LONG_ROUNDS = 3


@dataclass(frozen=True)
class Timing:
    """Seconds a call: median, and the tenth and ninetieth of a hundred."""

    median: float
    low: float
    high: float
    samples: int


def settle(limit: float = 1.0) -> bool:
    """Waits until no thread of this process is busy (BLAS and OpenMP workers spin after a call); False if one stays."""
    deadline = time.perf_counter() + limit
    while time.perf_counter() < deadline:
        cpu, wall = time.process_time(), time.perf_counter()
        time.sleep(0.004)
        if time.process_time() - cpu < 0.1 * (time.perf_counter() - wall):
            return True
    return False


def _repeat(run: Callable[[], object], calls: int) -> float:
    start = time.perf_counter()
    for _ in range(calls):
        run()
    return (time.perf_counter() - start) / calls


def _calibrate(run: Callable[[], object]) -> int:
    """Calls that fill one batch; 0 for a run that is long by itself."""
    if _repeat(run, 1) > LONG_SECONDS and _repeat(run, 1) > LONG_SECONDS:
        return 0
    single = min(_repeat(run, 1) for _ in range(3))
    return max(1, round(BATCH_SECONDS / max(single, 1e-7)))


def _turn(run: Callable[[], object], calls: int, seconds: float) -> list[float]:
    """One side's turn: an untimed start that wakes its threads and fills the caches, then batches."""
    settle()
    if calls == 0:
        return [_repeat(run, 1)]
    warm = time.perf_counter() + min(0.003, seconds / 4)
    run()
    while time.perf_counter() < warm:
        run()
    end = time.perf_counter() + seconds
    samples = [_repeat(run, calls)]
    while len(samples) < 2 or time.perf_counter() < end:
        samples.append(_repeat(run, calls))
    return samples


def interleave(
    sides: Mapping[str, Callable[[], object]], rounds: int = ROUNDS, seconds: float = TURN_SECONDS
) -> dict[str, Timing]:
    """Times each side in `rounds` turns, rotating; as many rounds again replace disturbed ones."""
    names = list(sides)
    calls = {name: _calibrate(sides[name]) for name in names}
    samples: dict[str, list[float]] = {name: [] for name in names}
    # Objects that libraries made while loading would otherwise be walked by collections inside the timed calls.
    gc.collect()
    gc.freeze()
    kept, spare = 0, rounds
    while kept < rounds:
        shift = kept % len(names)
        meter = LoadMeter()
        turn = [name for name in names[shift:] + names[:shift] if calls[name] or kept < LONG_ROUNDS]
        taken = {name: _turn(sides[name], calls[name], seconds) for name in turn}
        if spare and meter.read().disturbing:
            # Somebody else ran meanwhile: the round says nothing, and is done again.
            spare -= 1
            continue
        kept += 1
        for name, values in taken.items():
            samples[name] += values
    gc.unfreeze()
    return {name: summary(values) for name, values in samples.items()}


def summary(values: list[float]) -> Timing:
    """Median and spread of seconds a call."""
    ordered = sorted(values)
    last = len(ordered) - 1
    return Timing(statistics.median(ordered), ordered[round(0.1 * last)], ordered[round(0.9 * last)], len(ordered))
