"""What a fresh process pays: import, memory, first step; and the size on disk, and a clean build."""

from __future__ import annotations

import importlib.metadata
import importlib.util
import os
import shutil
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Iterator, Sequence
from pathlib import Path

from benches.compare.workload import Workload

RUNS = 7
IMPORTS = {"ours": "neuroxide", "torch": "torch", "jax": "jax", "keras": "keras", "tensorflow": "tensorflow"}

IMPORT = """
import time
import numpy
start = time.perf_counter()
import {module}
print((time.perf_counter() - start) * 1e3)
"""

MEMORY = """
import numpy
def resident():
    with open("/proc/self/statm") as file:
        return int(file.read().split()[1]) * 4096 / 1e6
start = resident()
import {module}
print(resident() - start)
"""

FIRST_STEP = {
    "ours": """
import neuroxide as keras
x, y = data()
start = time.perf_counter()
from benches.compare.workloads.networks import keras_like, Problem
model = keras_like(problem, keras.layers, keras.models, keras.losses, keras.optimizers)
model.train_on_batch(x, y)
""",
    "keras": """
import keras
x, y = data()
start = time.perf_counter()
from benches.compare.workloads.networks import keras_like, Problem
model = keras_like(problem, keras.layers, keras.models, keras.losses, keras.optimizers)
model.train_on_batch(x, y)
""",
    "torch": """
import torch
x, y = data()
start = time.perf_counter()
networks._train_torch(problem).run()
""",
    "jax": """
import jax
x, y = data()
start = time.perf_counter()
networks._train_jax(problem).run()
""",
}

FIRST_STEP_FRAME = """
import time
from benches import shapes
from benches.compare.workloads import networks
problem = networks.Problem(*shapes.MLP, "Adam")
problem.weights
def data():
    return problem.data
{body}
print((time.perf_counter() - start) * 1e3)
"""


def in_fresh_process(program: str, runs: int = RUNS) -> float:
    """Median of the number that `program` prints last, each run in a process of its own."""
    values = []
    # An installed package has its byte code beside it.
    env = {name: value for name, value in os.environ.items() if name != "PYTHONDONTWRITEBYTECODE"}
    for _ in range(runs):
        done = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, timeout=120, env=env)
        if done.returncode != 0:
            raise RuntimeError(done.stderr.strip().rsplit("\n", 1)[-1])
        values.append(float(done.stdout.split()[-1]))
    return statistics.median(values)


def available(names: Sequence[str]) -> list[str]:
    """Ours and those of `names` that can be imported."""
    return [name for name in ("ours", *names) if name in IMPORTS and importlib.util.find_spec(IMPORTS[name])]


def _each(program: Callable[[str], str], runs: int = RUNS) -> Callable[[Sequence[str]], dict[str, float]]:
    def measure(rivals: Sequence[str]) -> dict[str, float]:
        values = {}
        for name in available(rivals):
            # One run beforehand brings the files into the system's cache.
            try:
                in_fresh_process(program(name), 1)
                values[name] = in_fresh_process(program(name), runs)
            except RuntimeError as error:
                print(f"{name}: {error}", file=sys.stderr)
        return values

    return measure


def installed_megabytes(module: str) -> float:
    """Size of a library's own files on disk, without what it depends on and without byte code."""
    if module == "neuroxide":
        spec = importlib.util.find_spec(module)
        folder = Path(spec.submodule_search_locations[0]) if spec and spec.submodule_search_locations else Path()
        files = [path for path in folder.rglob("*") if path.is_file() and path.suffix != ".pyc"]
    else:
        files = []
        for distribution in (module, f"{module}-cpu", f"{module}lib"):
            try:
                entries = importlib.metadata.files(distribution) or []
            except importlib.metadata.PackageNotFoundError:
                continue
            files += [path for entry in entries if (path := Path(str(entry.locate()))).is_file()]
    return sum(path.stat().st_size for path in files) / 1e6


def _build(_: Sequence[str]) -> dict[str, float]:
    cargo = shutil.which("cargo")
    if cargo is None:
        return {}
    with tempfile.TemporaryDirectory() as folder:
        start = time.perf_counter()
        subprocess.run(
            [cargo, "build", "--release", "--locked", "--quiet", "--target-dir", folder],
            check=True,
            cwd=Path(__file__).parents[3],
        )
        return {"ours": (time.perf_counter() - start) * 1e3}


def _nothing() -> None:
    raise NotImplementedError("measured in processes of its own")


def workloads() -> Iterator[Workload]:
    """Measured in subprocesses; the build only when it is named."""
    sides = dict.fromkeys(IMPORTS, _nothing)
    first = dict.fromkeys(FIRST_STEP, _nothing)

    def program(name: str) -> str:
        return FIRST_STEP_FRAME.format(body=FIRST_STEP.get(name, ""))

    def measure_first(rivals: Sequence[str]) -> dict[str, float]:
        return _each(program, 5)([name for name in rivals if name in FIRST_STEP])

    yield Workload("first training step after import", first, measure=measure_first)
    yield Workload("import over NumPy's own", sides, measure=_each(lambda n: IMPORT.format(module=IMPORTS[n])))
    yield Workload(
        "memory after import over NumPy's own",
        sides,
        measure=_each(lambda n: MEMORY.format(module=IMPORTS[n]), 3),
        unit="MB",
    )
    yield Workload(
        "installed size",
        sides,
        measure=lambda rivals: {name: installed_megabytes(IMPORTS[name]) for name in available(rivals)},
        unit="MB",
    )
    yield Workload("clean build", {"ours": _nothing}, measure=_build, on_request=True)
