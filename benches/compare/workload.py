"""What a workload is: sides that do the same work, and the numbers they must agree on."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

import numpy as np

from benches.compare.machine import Limits, LoadMeter
from benches.compare.rivals import Missing
from benches.compare.timing import Timing, interleave


@dataclass(frozen=True)
class Side:
    """One library's way: `run` does one unit of work, `result` gives the arrays to compare (before any timing)."""

    run: Callable[[], object]
    result: Callable[[], Sequence[Any]]


@dataclass(frozen=True)
class Workload:
    """The same work on every side.

    `sides` maps "ours" and rivals' names to functions that build a side, or raise `Missing`.
    `flops` and `traffic` (bytes that must move) are one unit's, for the share of the machine's limit.
    """

    name: str
    sides: Mapping[str, Callable[[], Side]]
    flops: float = 0.0
    traffic: float = 0.0
    dtype: str = "f32"
    rtol: float = 1e-4
    atol: float = 1e-5
    unit: str = "ms"
    on_request: bool = False
    measure: Callable[[Sequence[str]], dict[str, float]] | None = None


@dataclass
class Outcome:
    """What was measured: milliseconds (or megabytes) by side, and why a side is missing."""

    workload: Workload
    values: dict[str, float] = field(default_factory=dict)
    spread: dict[str, Timing] = field(default_factory=dict)
    missing: dict[str, str] = field(default_factory=dict)
    share: float | None = None
    disturbed: str = ""
    disagreement: str = ""


class Disagreement(AssertionError):
    """Two sides of a workload computed different things."""


def run(workload: Workload, rivals: Sequence[str], limits: Limits) -> Outcome:
    """Builds the sides, compares what they compute, then times them in turns."""
    outcome = Outcome(workload)
    if workload.measure is not None:
        outcome.values = workload.measure([name for name in rivals if name in workload.sides])
        return outcome
    built: dict[str, Side] = {}
    for name, build in workload.sides.items():
        if name != "ours" and name not in rivals:
            continue
        try:
            built[name] = build()
        except Missing as missing:
            outcome.missing[name] = str(missing)
    agree(workload, built)
    if not built:
        return outcome
    meter = LoadMeter()
    outcome.spread = interleave({name: side.run for name, side in built.items()})
    load = meter.read()
    if load.disturbing:
        outcome.disturbed = f"others {load.others:.2f} cores, stolen {load.stolen:.2f}"
    outcome.values = {name: timing.median * 1e3 for name, timing in outcome.spread.items()}
    least = limits.seconds(workload.flops, workload.traffic, workload.dtype)
    if least is not None and "ours" in outcome.spread:
        outcome.share = least / outcome.spread["ours"].median
    return outcome


def agree(workload: Workload, built: Mapping[str, Side]) -> None:
    """Raises `Disagreement` when two sides' results differ by more than the workload's tolerance."""
    first = ""
    expected: list[np.ndarray] = []
    for name, side in built.items():
        arrays = [np.asarray(part) for part in side.result()]
        if not first:
            first, expected = name, arrays
            continue
        if len(arrays) != len(expected):
            raise Disagreement(f"{workload.name}: {name} gives {len(arrays)} results, {first} {len(expected)}")
        for index, (got, want) in enumerate(zip(arrays, expected)):
            try:
                np.testing.assert_allclose(got, want, rtol=workload.rtol, atol=workload.atol)
            except AssertionError as error:
                raise Disagreement(f"{workload.name}: result {index} of {name} against {first}: {error}") from None
