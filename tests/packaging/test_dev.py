"""The `dev` script: its help, its complaints about what a machine lacks, the Makefile's names."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[2]
COMMANDS = ["demo", "test", "check", "bench", "wheel", "docs", "help"]

pytestmark = pytest.mark.skipif(
    shutil.which("sh") is None or not (ROOT / "dev").is_file(), reason="needs a POSIX shell and a checkout"
)


def copy_of_dev(folder: Path) -> Path:
    """A checkout of nothing but what set-up reads, in a folder whose name has a space."""
    target = folder / "a checkout"
    target.mkdir()
    for name in ("dev", "pyproject.toml", "Cargo.toml", "Cargo.lock"):
        shutil.copy(ROOT / name, target / name)
    return target


def tools(folder: Path, *names: str, **scripts: str) -> str:
    """A PATH with the system tools `names` and small scripts, and nothing else."""
    target = folder / "tools"
    target.mkdir()
    for name in ("sh", "dirname", "cat", "cksum", "mkdir", "rm", "find", "head", "sed", "uname", "sleep", *names):
        found = shutil.which(name)
        if found is None:
            pytest.skip(f"this machine has no {name}")
        (target / name).symlink_to(found)
    for name, text in scripts.items():
        (target / name).write_text(f"#!/bin/sh\n{text}\n")
        (target / name).chmod(0o755)
    return str(target)


def dev(checkout: Path, *arguments: str, path: str) -> subprocess.CompletedProcess[str]:
    environment = {"HOME": str(checkout), "PATH": path}
    command = [str(checkout / "dev"), *arguments]
    return subprocess.run(command, env=environment, capture_output=True, text=True, timeout=60, cwd="/")


def test_help_lists_every_command_and_so_does_the_makefile(tmp_path: Path) -> None:
    done = dev(copy_of_dev(tmp_path), "help", path=os.environ["PATH"])
    assert done.returncode == 0
    for command in COMMANDS:
        assert f"./dev {command}" in done.stdout
    makefile = (ROOT / "Makefile").read_text()
    targets = next(line for line in makefile.splitlines() if line.startswith("help"))
    assert sorted(targets.rstrip(":").split()) == sorted(COMMANDS)


def test_unknown_command_is_refused(tmp_path: Path) -> None:
    done = dev(copy_of_dev(tmp_path), "tset", path=os.environ["PATH"])
    assert done.returncode == 1
    assert "unknown command 'tset'" in done.stderr


def test_without_python_one_line_says_so(tmp_path: Path) -> None:
    done = dev(copy_of_dev(tmp_path), "test", path=tools(tmp_path, python3="exit 1"))
    assert done.returncode == 1
    assert done.stderr.count("\n") == 1
    assert "no Python >= 3.10 found" in done.stderr
    assert "NEUROXIDE_PYTHON" in done.stderr


def test_old_python_is_passed_over(tmp_path: Path) -> None:
    old = "echo 'Python 3.9.1'; exit 1"
    # Makes no environment, so that the test ends there.
    script = f'[ "$2" = venv ] && exit 1; exec "{sys.executable}" "$@"'
    path = tools(tmp_path, python3=old, cc="exit 0", **{"python3.12": script})
    environment_made = dev(copy_of_dev(tmp_path), "test", path=path).stderr
    assert "no Python >= 3.10" not in environment_made
    assert "setting up .venv with Python 3" in environment_made


def test_without_venv_support_one_line_names_the_package(tmp_path: Path) -> None:
    # Answers the version question, refuses to import ensurepip.
    script = f'case "$2" in *ensurepip*) exit 1;; esac; exec "{sys.executable}" "$@"'
    done = dev(copy_of_dev(tmp_path), "test", path=tools(tmp_path, python3=script))
    assert done.returncode == 1
    assert done.stderr.count("\n") == 1
    major, minor = sys.version_info[:2]
    assert f"apt install python{major}.{minor}-venv" in done.stderr


def test_without_a_linker_one_line_names_the_package(tmp_path: Path) -> None:
    path = tools(tmp_path, python3=f'exec "{sys.executable}" "$@"')
    done = dev(copy_of_dev(tmp_path), "test", path=path)
    assert done.returncode == 1
    assert done.stderr.count("\n") == 1
    assert "no C linker" in done.stderr
    assert "build-essential" in done.stderr


def test_without_network_one_line_says_so(tmp_path: Path) -> None:
    # pip, but not venv, fails as it does when nothing can be reached.
    (tmp_path / "real").mkdir()
    checkout = copy_of_dev(tmp_path)
    path = tools(
        tmp_path,
        "grep",
        "tail",
        "cut",
        "touch",
        "chmod",
        cc="exit 0",
        python3=f"""[ "$2" = venv ] || exec "{sys.executable}" "$@"
            mkdir -p "$3/bin"
            echo 'echo "ERROR: Could not find a version that satisfies it" >&2; exit 1' >"$3/bin/python"
            chmod +x "$3/bin/python" """,
    )
    done = dev(checkout, "test", path=path)
    assert done.returncode == 1
    assert "pip could not install" in done.stderr
    assert "Could not find a version" in done.stderr
    assert "check the network" in done.stderr
    assert done.stderr.count("\n") == 2  # what it began, and what stopped it
