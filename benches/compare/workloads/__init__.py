"""All workloads, one module for each family."""

from __future__ import annotations

from collections.abc import Iterator

from benches.compare.workload import Workload
from benches.compare.workloads import elementwise, fit, gemm, loss, networks, norm, optimizer, process, tape


def everything() -> Iterator[Workload]:
    """Every workload, in the order of the table."""
    for family in (gemm, networks, fit, tape, optimizer, loss, norm, elementwise, process):
        yield from family.workloads()
