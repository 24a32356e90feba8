"""Thousands of random calls to every public function of `_core`: a clear error or a right answer, never a crash."""

import json
import os
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest

from neuroxide import _core
from tests.robustness.answers import ANSWERS
from tests.robustness.calls import Call, Text
from tests.robustness.worker import Fault, Record, check, public_functions

ROOT = Path(__file__).parents[2]
DEFAULT_EXAMPLES = 60
GROUPS = 4


def run_worker(tmp_path, names, examples, seed, timeout):
    last = tmp_path / "last_call"
    paths = [str(ROOT), str(ROOT / "python"), os.environ.get("PYTHONPATH", "")]
    command = [sys.executable, "-X", "faulthandler", "-m", "tests.robustness.worker"]
    try:
        done = subprocess.run(
            [*command, str(last), str(examples), str(seed), *names],
            cwd=ROOT,
            env={**os.environ, "PYTHONPATH": os.pathsep.join(filter(None, paths))},
            capture_output=True,
            text=True,
            timeout=timeout,
        )
    except subprocess.TimeoutExpired:
        pytest.fail(f"no end after {timeout} s in the call {last.read_text()}")
    if done.returncode != 0:
        pytest.fail(f"process died with {done.returncode} in the call {last.read_text()}\n{done.stderr[-3000:]}")
    return json.loads(done.stdout)


def judge(report, names):
    faults = [f"{fault['call']}\n    {fault['what']}" for fault in report["faults"]]
    assert not faults, f"{len(faults)} functions at fault:\n" + "\n".join(faults)
    never = [name for name in names if not report["accepted"].get(name)]
    assert not never, f"no call of these was ever accepted; give them a recipe in recipes.py: {never}"
    alone = [name for name in names if name in ANSWERS and not report["compared"].get(name)]
    assert not alone, f"no answer of these was ever compared with its reference: {alone}"


@pytest.mark.parametrize("group", range(GROUPS))
def test_no_call_crashes_hangs_or_answers_wrongly(tmp_path, group):
    names = public_functions()[group::GROUPS]
    report = run_worker(tmp_path, names, DEFAULT_EXAMPLES, 1, timeout=120)
    judge(report, names)
    assert report["calls"] >= DEFAULT_EXAMPLES * len(names) / 4


@pytest.mark.slow
@pytest.mark.parametrize("seed", range(8))
def test_many_more_calls(tmp_path, seed):
    names = public_functions()
    judge(run_worker(tmp_path, names, 1500, 1000 + seed, timeout=3600), names)


def test_every_function_is_in_the_list():
    assert {"empty", "set_num_threads", "isa"} <= set(public_functions())
    assert all(callable(getattr(_core, name)) for name in public_functions())


def test_checker_sees_a_crash(tmp_path, monkeypatch):
    """The parent tells which call killed the worker."""
    last = tmp_path / "last_call"
    program = f"import os; open({str(last)!r}, 'w').write('boom(1)'); os.abort()"
    monkeypatch.setattr(sys, "executable", str(_script(tmp_path, program)))
    with pytest.raises(pytest.fail.Exception, match=r"boom\(1\)"):
        run_worker(tmp_path, [], 1, 1, timeout=60)


def _script(folder, program):
    path = folder / "python"
    # A shell starts it: a first line that names an interpreter cannot hold a path with a space.
    source = folder / "program.py"
    source.write_text(f"{program}\n")
    path.write_text(f'#!/bin/sh\nexec "{sys.executable}" "{source}" "$@"\n')
    path.chmod(0o755)
    return path


@pytest.mark.parametrize(
    ("function", "what"),
    [
        (lambda n: (_ for _ in ()).throw(RuntimeError("odd")), "raised RuntimeError"),
        (lambda n: (_ for _ in ()).throw(ValueError("no name here")), "does not begin with the function's name"),
        (lambda x: x, "shares memory"),
        (lambda x: x.fill(7), "changed an argument"),
    ],
)
def test_checker_sees_each_kind_of_fault(monkeypatch, function, what):
    monkeypatch.setattr(_core, "isa", function)
    with pytest.raises(Fault, match=what):
        check(Call("isa", (Text("np.zeros(3)"),)), Record())


def test_checker_sees_a_wrong_answer(monkeypatch):
    right = _core.exp
    monkeypatch.setattr(_core, "exp", lambda x: right(x) * np.float32(1 + 1e-4))
    with pytest.raises(Fault, match="part 0 of the answer is wrong: "):
        check(Call("exp", (Text("np.ones(3, 'float32')"),)), Record())
