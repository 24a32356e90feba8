"""The progress bar of `fit`: one updating line on a terminal or in a notebook, one line an epoch in a log."""

from __future__ import annotations

import os
import sys
import time
from collections.abc import Iterable
from typing import Any

Values = Iterable[tuple[str, Any]]

_BOLD, _GREEN, _WHITE, _OFF = "\x1b[1m", "\x1b[32m", "\x1b[37m", "\x1b[0m"


class Progbar:
    """Progress of a known or unknown number of steps.

    On a terminal and in notebooks the line is redrawn in place; elsewhere (a file, a pipe) only the finished line is
    printed, without colours.

    Args:
        target: number of steps; None when unknown.
        width: characters of the bar.
        verbose: 0 silent, 1 a bar, 2 one line at the end.
        interval: least seconds between two drawings.
        stateful_metrics: names whose values are shown as they are; the others are averaged over steps.
        stateless_metrics: the reverse: names to average; the others are shown as they are.
        unit_name: what a step is called.

    Example:
        >>> bar = Progbar(2, verbose=2)
        >>> bar.update(1, [("loss", 0.5)])
        >>> bar.seen
        1

    Source: Keras 3, `keras.utils.Progbar`.
    """

    def __init__(
        self,
        target: int | None,
        width: int = 20,
        verbose: int = 1,
        interval: float = 0.05,
        stateful_metrics: Iterable[str] | None = None,
        stateless_metrics: Iterable[str] | None = None,
        unit_name: str = "step",
    ) -> None:
        if stateful_metrics is not None and stateless_metrics is not None:
            raise ValueError("Progbar: expected stateful_metrics or stateless_metrics, got both")
        self.target, self.width, self.verbose = target, width, verbose
        self.interval, self.unit_name = interval, unit_name
        self._shown = None if stateful_metrics is None else set(stateful_metrics)
        self._averaged = None if stateless_metrics is None else set(stateless_metrics)
        self._redraws = _can_redraw()
        self._values: dict[str, tuple[float, float]] = {}
        self._start = time.perf_counter()
        self._last_drawn = float("-inf")
        self._after_first: float | None = None
        self._drawn_width = 0
        self.seen = 0

    def due(self) -> bool:
        """Whether an update now would be drawn, so that callers need not compute values for nothing."""
        return self.verbose == 1 and self._redraws and time.perf_counter() - self._last_drawn >= self.interval

    def tick(self, current: int) -> bool:
        """Count a step without values, and say whether an update would be drawn."""
        self.seen = current
        if current == 1 and self._after_first is None:
            self._after_first = time.perf_counter()
        return self.due()

    def update(self, current: int, values: Values | None = None, finalize: bool | None = None) -> None:
        """Show that `current` steps are done, with the latest `(name, value)` pairs; `finalize` ends the line."""
        if finalize is None:
            finalize = self.target is not None and current >= self.target
        self._record(current, values or (), finalize)
        now = time.perf_counter()
        if self.verbose == 1 and (finalize or (self._redraws and now - self._last_drawn >= self.interval)):
            self._draw(current, now, finalize)
            self._last_drawn = now
        elif self.verbose == 2 and finalize:
            head = f"{current}/{self.target} - " if self.target else ""
            _print(f"{head}{now - self._start:.0f}s -{self._pace(current, now)}{self._metrics()}\n")

    def add(self, n: int, values: Values | None = None) -> None:
        """`n` more steps are done."""
        self.update(self.seen + n, values)

    def _record(self, current: int, values: Values, finalize: bool) -> None:
        for name, value in values:
            value = float(value.mean() if getattr(value, "ndim", 0) else value)  # the mean of several numbers
            averages = name in self._averaged if self._averaged is not None else name not in (self._shown or ())
            if averages and not finalize:
                weight = max(current - self.seen, 1)
                total, count = self._values.get(name, (0.0, 0.0))
                self._values[name] = (total + value * weight, count + weight)
            else:
                self._values[name] = (value, 1)
        self.seen = current
        if current == 1 and self._after_first is None:
            self._after_first = time.perf_counter()

    def _draw(self, current: int, now: float, finalize: bool) -> None:
        plain, text = self._bar(current)
        if finalize or not self.target:
            elapsed = f"{now - self._start:.0f}s"
        else:
            elapsed = _clock(self._seconds_per_step(current, now) * (self.target - current))
        rest = self._pace(current, now) + self._metrics()
        total = len(plain) + 1 + len(elapsed) + len(rest)
        if self._redraws:
            line = f"\r{text} {_BOLD}{elapsed}{_OFF}{rest}" + " " * max(self._drawn_width - total, 0)
        else:
            line = f"{plain} {elapsed}{rest}"
        self._drawn_width = total
        _print(line + ("\n" if finalize else ""))

    def _bar(self, current: int) -> tuple[str, str]:
        if not self.target:
            text = f"{current:7d}/Unknown"
            return text, text
        count = f"{current:{len(str(self.target))}d}/{self.target}"
        done = min(int(self.width * current / self.target), self.width)
        full, empty = "━" * done, "━" * (self.width - done)
        return f"{count} {full}{empty}", f"{_BOLD}{count}{_OFF} {_GREEN}{full}{_OFF}{_WHITE}{empty}{_OFF}"

    def _seconds_per_step(self, current: int, now: float) -> float:
        # The first step pays for building and warming up, so it is left out once there are others.
        if not current:
            return 0.0
        if self._after_first is not None and current > 1:
            return (now - self._after_first) / (current - 1)
        return (now - self._start) / current

    def _pace(self, current: int, now: float) -> str:
        seconds = self._seconds_per_step(current, now)
        if seconds >= 1 or seconds == 0:
            return f" {seconds:.0f}s/{self.unit_name}"
        if seconds >= 1e-3:
            return f" {seconds * 1e3:.0f}ms/{self.unit_name}"
        return f" {seconds * 1e6:.0f}us/{self.unit_name}"

    def _metrics(self) -> str:
        parts = []
        for name, (total, count) in self._values.items():
            value = total / max(1, count)
            parts.append(f" - {name}: {value:.4f}" if abs(value) > 1e-3 else f" - {name}: {value:.4e}")
        return "".join(parts)


def _clock(seconds: float) -> str:
    if seconds > 3600:
        return f"{seconds // 3600:.0f}:{seconds % 3600 // 60:02.0f}:{seconds % 60:02.0f}"
    return f"{seconds // 60:.0f}:{seconds % 60:02.0f}" if seconds > 60 else f"{int(seconds)}s"


def _can_redraw() -> bool:
    if "ipykernel" in sys.modules or "PYCHARM_HOSTED" in os.environ:
        return True
    return bool(getattr(sys.stdout, "isatty", lambda: False)())


def _print(text: str) -> None:
    try:
        sys.stdout.write(text)
    except UnicodeEncodeError:
        sys.stdout.write(text.replace("━", "="))
    sys.stdout.flush()


def print_message(text: str) -> None:
    """A line on standard output, flushed."""
    _print(text + "\n")
