"""Reads targets.toml and judges outcomes by it."""

from __future__ import annotations

import fnmatch
import math
import re
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

PATH = Path(__file__).parent.parent / "targets.toml"


@dataclass(frozen=True)
class Target:
    """One entry of targets.toml."""

    name: str
    workloads: tuple[str, ...]
    ratio: float | None = None
    geometric_mean: float | None = None
    share: float | None = None
    max_ms: float | None = None
    max_mb: float | None = None
    max_percent: float | None = None
    against: tuple[str, ...] | None = None
    mark: str = ""

    def covers(self, workload: str) -> bool:
        return any(fnmatch.fnmatchcase(workload, pattern) for pattern in self.workloads)

    def text(self) -> str:
        """The conditions on one workload, as the table shows them."""
        rival = f" {'/'.join(self.against)}" if self.against else ""
        parts = []
        if self.ratio is not None:
            parts.append(f">= {self.ratio:g}x{rival}")
        if self.share is not None:
            parts.append(f">= {self.share:.0%} of limit")
        if self.max_ms is not None:
            parts.append(f"<= {duration(self.max_ms)}")
        if self.max_mb is not None:
            parts.append(f"<= {self.max_mb:g} MB")
        if self.max_percent is not None:
            parts.append(f"<= {self.max_percent:g} %")
        return ", ".join(parts)

    def ratio_of(self, ours: float | None, rivals: Mapping[str, float]) -> float | None:
        """Best time of the rivals that count, over ours."""
        times = [value for name, value in rivals.items() if self.against is None or name in self.against]
        return min(times) / ours if ours and times else None

    def met(self, ours: float | None, rivals: Mapping[str, float], share: float | None) -> bool | None:
        """Whether one workload meets this entry; None where something needed was not measured."""
        verdicts: list[bool | None] = []
        if self.ratio is not None:
            ratio = self.ratio_of(ours, rivals)
            verdicts.append(None if ratio is None else ratio >= self.ratio)
        if self.share is not None:
            verdicts.append(None if share is None else share >= self.share)
        limits = [most for most in (self.max_ms, self.max_mb, self.max_percent) if most is not None]
        verdicts += [None if ours is None else ours <= most for most in limits]
        return all_of(verdicts)


def all_of(verdicts: Iterable[bool | None]) -> bool | None:
    """False when one is false, else None when one is unknown, else True; None for none at all."""
    known = list(verdicts)
    if False in known:
        return False
    return None if not known or None in known else True


def geometric_mean(values: Sequence[float]) -> float:
    """exp of the mean logarithm."""
    return math.exp(sum(map(math.log, values)) / len(values))


def duration(ms: float) -> str:
    """A time in the unit that suits it."""
    for least, scale, unit in ((1000.0, 1e-3, "s"), (1.0, 1.0, "ms")):
        if ms >= least:
            return f"{ms * scale:.3g} {unit}"
    return f"{ms * 1e3:.3g} us"


def load(path: Path = PATH) -> list[Target]:
    """All entries; `ValueError` names an unknown key."""
    targets = []
    for entry in parse(path.read_text(encoding="utf-8")):
        lists = {key: tuple(value) for key, value in entry.items() if isinstance(value, list)}
        try:
            targets.append(Target(**{**entry, **lists}))
        except TypeError as error:
            raise ValueError(f"targets: {entry.get('name', '?')}: {error}") from None
    return targets


def parse(text: str) -> list[dict[str, Any]]:
    """The `[[target]]` tables of a file. tomllib is not in Python 3.10, so its small subset is read here there."""
    try:
        import tomllib
    except ImportError:
        return _parse_subset(text)
    return list(tomllib.loads(text)["target"])


def _parse_subset(text: str) -> list[dict[str, Any]]:
    entries: list[dict[str, Any]] = []
    for number, raw in enumerate(text.splitlines(), 1):
        line = raw.strip()
        if not line or line.startswith("#"):
            continue
        if line == "[[target]]":
            entries.append({})
            continue
        match = re.fullmatch(r"(\w+) = (.+)", line)
        if match is None or not entries:
            raise ValueError(f"targets: line {number} not understood: {line}")
        key, value = match.groups()
        strings = re.findall(r'"([^"]*)"', value)
        entries[-1][key] = strings if value.startswith("[") else strings[0] if strings else float(value)
    return entries
