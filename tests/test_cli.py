"""The command line, and the demo from data to pictures with a model small enough to be quick."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest

import neuroxide as nx
from neuroxide import cli, demo
from neuroxide.datasets import digits


def run(*arguments: str, cwd: Path, **variables: str) -> subprocess.CompletedProcess[str]:
    command = [sys.executable, "-m", "neuroxide.cli", *arguments]
    environment = {**os.environ, "PYTHONPATH": str(Path(nx.__file__).parents[1]), **variables}
    return subprocess.run(command, cwd=cwd, env=environment, capture_output=True, text=True, timeout=300)


def test_info_names_what_a_bug_report_needs(capsys: pytest.CaptureFixture[str]) -> None:
    assert cli.main(["info"]) == 0
    shown = capsys.readouterr().out
    for words in (nx.__version__, "instruction set", "threads", f"numpy            {np.__version__}", "output pool"):
        assert words in shown


def test_info_version(capsys: pytest.CaptureFixture[str]) -> None:
    assert cli.main(["info", "--version"]) == 0
    assert capsys.readouterr().out == f"{nx.__version__}\n"


def test_info_follows_the_environment(tmp_path: Path) -> None:
    shown = run("info", cwd=tmp_path, NEUROXIDE_ISA="baseline", NEUROXIDE_NUM_THREADS="1").stdout
    assert "baseline" in shown
    assert "threads          1\n" in shown


def test_no_command_prints_help(capsys: pytest.CaptureFixture[str]) -> None:
    assert cli.main([]) == 2
    assert "demo" in capsys.readouterr().out


@pytest.mark.parametrize("arguments", [["dmeo"], ["demo", "--epochs", "0"], ["demo", "--verbose", "3"]])
def test_wrong_arguments_are_refused(arguments: list[str], capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(SystemExit, match="2"):
        cli.main(arguments)
    assert "usage:" in capsys.readouterr().err


def test_demo(tmp_path: Path) -> None:
    """The whole of it, as a user runs it: at least 97 % of the test digits, same bits in a new process, pictures."""
    done = run("demo", "--out", "a folder", "--verbose", "2", cwd=tmp_path)
    assert done.returncode == 0, done.stderr
    assert done.stderr == ""
    accuracy = float(done.stdout.split("Test accuracy: ")[1].split(" %")[0])
    assert accuracy >= 97
    for words in ("Total params: 50,826", "Epoch 40/40", "recall", "the same bits"):
        assert words in done.stdout
    written = sorted(path.name for path in (tmp_path / "a folder").iterdir())
    assert written == ["confusion-matrix.png", "digits.nx", "learning-curves.png", "mistakes.png"]
    model = nx.models.load_model(tmp_path / "a folder" / "digits.nx")
    _, (x_test, y_test) = digits.load_data()
    again = 100 * float((np.asarray(model.predict(x_test, verbose=0)).argmax(axis=1) == y_test).mean())
    assert round(again, 2) == accuracy


def test_demo_does_not_depend_on_threads(tmp_path: Path) -> None:
    # The .nx file holds every weight; same seed, same bits.
    for threads in ("1", "3"):
        options = ("--out", threads, "--epochs", "2", "--verbose", "0")
        done = run("demo", *options, cwd=tmp_path, NEUROXIDE_NUM_THREADS=threads)
        assert done.returncode == 0, done.stderr
    one, three = (nx.models.load_model(tmp_path / threads / "digits.nx") for threads in ("1", "3"))
    for a, b in zip(one.get_weights(), three.get_weights()):
        assert a.tobytes() == b.tobytes()


def test_demo_says_when_bits_differ(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setattr(demo, "RELOAD", demo.RELOAD.replace("verbose=0)", "verbose=0) + 1"))
    assert demo.run(tmp_path, epochs=1, verbose=0) == 1
    assert "NOT THE SAME BITS" in capsys.readouterr().out


def test_demo_into_a_file_is_an_error_line(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    (tmp_path / "taken").write_text("")
    assert cli.main(["demo", "--out", str(tmp_path / "taken"), "--epochs", "1"]) == 1
    assert "neuroxide demo: " in capsys.readouterr().err
