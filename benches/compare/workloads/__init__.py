"""All workloads, one module for each family."""

from __future__ import annotations

from collections.abc import Iterator

from benches.compare.workload import Workload
from benches.compare.workloads import elementwise, gemm, loss, networks, optimizer, process, tape, text


def everything() -> Iterator[Workload]:
    """Every workload, in the order of the table."""
    for family in (gemm, networks, tape, optimizer, loss, elementwise, text, process):
        yield from family.workloads()
