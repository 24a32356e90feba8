"""Checks the built wheel against its budgets: size, installed size, time and memory of the import.

Usage: python tools/budgets.py [--wheel-only] dist
"""

from __future__ import annotations

import argparse
import os
import subprocess
import sys
import tempfile
import time
from pathlib import Path

WHEEL_MB = 10.0
INSTALLED_MB = 15.0
IMPORT_S = 0.1
MEMORY_MB = 15.0
ROUNDS = 15

# Runs alone, so that what it prints is the peak memory of one interpreter with one import.
PEAK = "import resource, sys; print(resource.getrusage(resource.RUSAGE_SELF).ru_maxrss)"


def run(code: str, site: Path) -> tuple[float, float]:
    """Seconds and peak megabytes of a fresh interpreter that executes `code` with `site` on its path."""
    environment = {**os.environ, "PYTHONPATH": str(site)}
    # A user's second import finds bytecode; measure that one.
    environment.pop("PYTHONDONTWRITEBYTECODE", None)
    start = time.perf_counter()
    # The folder keeps the checkout out of the way: what is measured is the installed package.
    done = subprocess.run(
        [sys.executable, "-c", f"{code}; {PEAK}"], env=environment, cwd=site, check=True, capture_output=True, text=True
    )
    seconds = time.perf_counter() - start
    unit = 1 if sys.platform == "darwin" else 1024
    return seconds, int(done.stdout.split()[-1]) * unit / 1e6


def folder_megabytes(folder: Path) -> float:
    return sum(file.stat().st_size for file in folder.rglob("*") if file.is_file()) / 1e6


def check_import(site: Path) -> list[tuple[str, float, float, str]]:
    """The best of interleaved runs: noise only ever adds, and a slow spell hits both alike."""
    both = {"import numpy": (9e9, 9e9), "import neuroxide": (9e9, 9e9)}
    for code in both:  # the first run compiles bytecode
        run(code, site)
    for _ in range(ROUNDS):
        for code, best in both.items():
            measured = run(code, site)
            both[code] = (min(best[0], measured[0]), min(best[1], measured[1]))
    numpy, ours = both["import numpy"], both["import neuroxide"]
    print(f"import numpy {numpy[0]:.3f} s, {numpy[1]:.1f} MB; import neuroxide {ours[0]:.3f} s, {ours[1]:.1f} MB")
    return [
        ("import over NumPy's own", ours[0] - numpy[0], IMPORT_S, "s"),
        ("memory over NumPy's own", ours[1] - numpy[1], MEMORY_MB, "MB"),
    ]


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0] if __doc__ else None)
    parser.add_argument("dist", type=Path)
    parser.add_argument("--wheel-only", action="store_true", help="look at the file's size alone")
    arguments = parser.parse_args()
    wheels = sorted(arguments.dist.glob("*.whl"))
    if len(wheels) != 1:
        print(f"budgets: expected one wheel in {arguments.dist}, got {len(wheels)}; run ./dev wheel first")
        return 1
    figures = [("wheel", wheels[0].stat().st_size / 1e6, WHEEL_MB, "MB")]
    if not arguments.wheel_only:
        with tempfile.TemporaryDirectory() as folder:
            site = Path(folder)
            install = [sys.executable, "-m", "pip", "install", "--quiet", "--no-deps", "--no-index", "--target", folder]
            subprocess.run([*install, str(wheels[0])], check=True)
            figures.append(("installed", folder_megabytes(site), INSTALLED_MB, "MB"))
            figures.extend(check_import(site))
    broken = 0
    for name, value, limit, unit in figures:
        verdict = "ok" if value <= limit else "OVER BUDGET"
        broken += value > limit
        print(f"{name:<26}{value:8.3f} {unit:<3} of {limit:g} {unit}: {verdict}")
    return 1 if broken else 0


if __name__ == "__main__":
    sys.exit(main())
