"""Command line: prepares the environment, starts itself again in it, and prints the table as it is measured."""

from __future__ import annotations

import argparse
import fnmatch
import json
import os
import sys
from pathlib import Path

from benches.compare import rivals as libraries

PREPARED = "NEUROXIDE_COMPARE_THREADS"


def arguments(argv: list[str]) -> argparse.Namespace:
    """The parsed command line."""
    cpus = len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1
    parser = argparse.ArgumentParser(prog="python -m benches.compare", description=__doc__)
    parser.add_argument("--only", metavar="PATTERN", help="part of a workload's name, or a glob; several with commas")
    parser.add_argument("--threads", type=int, default=min(2, cpus), help="of every library (default %(default)s)")
    parser.add_argument("--rivals", metavar="A,B", default=",".join(libraries.RIVALS), help="default %(default)s")
    parser.add_argument("--json", metavar="FILE", type=Path, help="write the rows there too")
    parser.add_argument("--strict", action="store_true", help="refuse to run on a machine that is not quiet")
    parser.add_argument("--list", action="store_true", help="print the names of the workloads and stop")
    chosen = parser.parse_args(argv)
    if not 1 <= chosen.threads <= cpus:
        parser.error(f"--threads: expected 1 to {cpus} (the processors of this process), got {chosen.threads}")
    chosen.rivals = [name for name in chosen.rivals.split(",") if name]
    unknown = sorted(set(chosen.rivals) - set(libraries.RIVALS))
    if unknown:
        parser.error(f"--rivals: unknown {', '.join(unknown)}; known: {', '.join(libraries.RIVALS)}")
    return chosen


def matches(name: str, only: str | None, on_request: bool) -> bool:
    """Whether a workload is asked for; those on request must be named."""
    if not only:
        return not on_request
    return any(
        fnmatch.fnmatchcase(name, pattern) if set("*?[") & set(pattern) else pattern in name
        for pattern in only.split(",")
    )


def restart(threads: int) -> None:
    """Replaces this process by one with as many processors as threads, and the libraries' variables set."""
    if os.environ.get(PREPARED) == str(threads):
        return
    if hasattr(os, "sched_setaffinity"):
        os.sched_setaffinity(0, set(sorted(os.sched_getaffinity(0))[:threads]))
    environment = {**os.environ, **libraries.environment(threads), PREPARED: str(threads)}
    os.execve(sys.executable, [sys.executable, "-m", "benches.compare", *sys.argv[1:]], environment)


def main() -> int:
    """Runs the comparison; 0 when nothing measured misses its target, 1 otherwise."""
    chosen = arguments(sys.argv[1:])
    restart(chosen.threads)

    from benches.compare import machine, report, targets, workload, workloads

    asked = [w for w in workloads.everything() if matches(w.name, chosen.only, w.on_request)]
    if chosen.list:
        print("\n".join(w.name for w in asked))
        return 0
    if not asked:
        print(f"no workload matches {chosen.only!r}; --list shows the names", file=sys.stderr)
        return 2
    load = machine.wait_until_quiet()
    if not load.quiet:
        print(f"machine not quiet: others keep {load.others:.2f} cores busy, {load.stolen:.2f} stolen", file=sys.stderr)
        if chosen.strict:
            return 3
    limits = machine.probe_limits(chosen.threads)
    print(f"{machine.processor()}, {chosen.threads} thread(s)")
    print("\n".join(limits.lines))
    conditions = targets.load()
    table = report.Table(asked, [name for name in chosen.rivals if libraries.installed(name)], conditions)
    print(", ".join(f"{name} {libraries.version(name)}" for name in table.rivals) + "\n")
    print(table.head(), flush=True)
    rows = []
    for work in asked:
        try:
            outcome = workload.run(work, chosen.rivals, limits)
        except workload.Disagreement as disagreement:
            outcome = workload.Outcome(work, disagreement=str(disagreement))
        rows.append(report.row(outcome, conditions, libraries.version))
        print(table.row(rows[-1]), flush=True)
    means = report.mean_rows(rows, conditions)
    rows += means
    print("\n".join([*map(table.row, means), *report.notes(rows)]))
    if chosen.json:
        chosen.json.write_text(json.dumps(rows, indent=1) + "\n", encoding="utf-8")
    return int(any(entry["meets"] is False for entry in rows))


if __name__ == "__main__":
    sys.exit(main())
