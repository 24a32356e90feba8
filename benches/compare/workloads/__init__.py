"""All workloads, one module for each family."""

from __future__ import annotations

from collections.abc import Iterator

from benches.compare.workload import Workload
from benches.compare.workloads import elementwise, embedding, gemm, loss, networks, optimizer, process, tape


def everything() -> Iterator[Workload]:
    """Every workload, in the order of the table."""
    for family in (gemm, networks, tape, optimizer, embedding, loss, elementwise, process):
        yield from family.workloads()
