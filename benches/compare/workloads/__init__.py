"""All workloads, one module for each family."""

from __future__ import annotations

from collections.abc import Iterator
from importlib import import_module
from pathlib import Path

from benches.compare.workload import Workload

# The families that tell of the foundations come first in the table, the others after them by name.
FIRST = ("gemm", "networks", "tape", "optimizer", "loss", "norm", "elementwise")


def everything() -> Iterator[Workload]:
    """Every workload, in the order of the table."""
    found = sorted(path.stem for path in Path(__file__).parent.glob("[a-z]*.py"))
    for family in [*FIRST, *(name for name in found if name not in FIRST)]:
        yield from import_module(f"{__name__}.{family}").workloads()
