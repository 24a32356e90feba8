"""What the machine is doing and what it can do: load of other processes, caches, limits."""

from __future__ import annotations

import os
import time
from dataclasses import dataclass
from pathlib import Path


@dataclass(frozen=True)
class Load:
    """Cores kept busy by others, and cores the hypervisor withheld, over an interval."""

    others: float
    stolen: float

    @property
    def quiet(self) -> bool:
        return self.others < 0.1 and self.stolen < 0.05

    @property
    def disturbing(self) -> bool:
        """Coarser than `quiet`, for intervals of a few clock ticks."""
        return self.others > 0.25 or self.stolen > 0.15


class LoadMeter:
    """Measures `Load` between its making and `read`. Without /proc it reports a quiet machine."""

    def __init__(self) -> None:
        self._start = _jiffies()
        self._own = _own_seconds()
        self._wall = time.perf_counter()

    def read(self) -> Load:
        now, own, wall = _jiffies(), _own_seconds() - self._own, time.perf_counter() - self._wall
        if now is None or self._start is None or wall <= 0:
            return Load(0.0, 0.0)
        tick = os.sysconf("SC_CLK_TCK")
        busy, steal = ((after - before) / tick for after, before in zip(now, self._start))
        return Load(max(0.0, (busy - own) / wall), steal / wall)


def _jiffies() -> tuple[float, float] | None:
    """(busy, stolen) ticks of all processors since boot."""
    try:
        fields = [float(part) for part in Path("/proc/stat").read_text().split("\n", 1)[0].split()[1:]]
    except OSError:
        return None
    user, nice, system, _idle, _wait, irq, softirq, steal = fields[:8]
    return user + nice + system + irq + softirq, steal


def _own_seconds() -> float:
    times = os.times()
    return times.user + times.system + times.children_user + times.children_system


def wait_until_quiet(limit: float = 10.0, interval: float = 0.5) -> Load:
    """Watches the machine until it is quiet or `limit` seconds are over; the last reading."""
    deadline = time.perf_counter() + limit
    while True:
        meter = LoadMeter()
        time.sleep(interval)
        load = meter.read()
        if load.quiet or time.perf_counter() >= deadline:
            return load


# A virtual machine reports its whole socket's cache, hundreds of megabytes, of which a few cores hold a small share.
# Taken at its word it would make the probe copy gigabytes, and pass vectors of 16 million elements as cached.
BELIEVED = 64 << 20


def last_cache_bytes(caches: Path = Path("/sys/devices/system/cpu/cpu0/cache")) -> int:
    """Size of the largest cache, `BELIEVED` at most; 32 MiB where the system does not tell."""
    sizes = [
        int(text[:-1]) * {"K": 1 << 10, "M": 1 << 20}[text[-1]]
        for path in caches.glob("index*/size")
        if (text := path.read_text().strip())[-1:] in "KM" and text
    ]
    return min(max(sizes, default=32 << 20), BELIEVED)


def processor() -> str:
    """The processor's name as the system gives it."""
    try:
        for line in Path("/proc/cpuinfo").read_text().splitlines():
            if line.startswith("model name"):
                return line.split(":", 1)[1].strip()
    except OSError:
        pass
    return "unknown processor"


@dataclass(frozen=True)
class Limits:
    """Peak multiply-add rates (FLOP/s) and the best stream rate (bytes/s); None where not measured."""

    flops: dict[str, float]
    stream: float | None
    lines: tuple[str, ...]

    def seconds(self, flops: float, traffic: float, dtype: str) -> float | None:
        """Least time for `flops` operations of `dtype` and `traffic` bytes that the caches cannot hold."""
        bounds = []
        if flops and dtype in self.flops:
            bounds.append(flops / self.flops[dtype])
        if self.stream and traffic > 1.5 * last_cache_bytes():
            bounds.append(traffic / self.stream)
        return max(bounds, default=None)


def probe_limits(threads: int) -> Limits:
    """Peak FMA rate for each number of threads up to `threads`, and the best of plain and non-temporal streams."""
    try:
        from neuroxide import _core

        fma = {n: max(_core.probe_fma(0.15, n) for _ in range(3)) for n in range(1, threads + 1)}
        size = 8 * last_cache_bytes()
        plain = max(_core.probe_stream(size, False) for _ in range(5))
        direct = max(_core.probe_stream(size, True) for _ in range(5))
    except (ImportError, AttributeError) as missing:
        return Limits({}, None, (f"limits not probed: {missing}",))
    lines = (
        "peak FMA f32: " + ", ".join(f"{rate:.0f} GFLOP/s with {n} thread{'s'[: n > 1]}" for n, rate in fma.items()),
        f"copy stream: {plain:.1f} GB/s plain, {direct:.1f} GB/s non-temporal",
    )
    peak = fma[threads] * 1e9
    return Limits({"f32": peak, "f64": peak / 2}, max(plain, direct) * 1e9, lines)
