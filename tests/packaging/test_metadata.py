"""What the wheel says about itself, and that the files it promises are there."""

from __future__ import annotations

import re
from importlib import metadata
from pathlib import Path

import pytest

import neuroxide

ROOT = Path(__file__).resolve().parents[2]

try:
    DISTRIBUTION = metadata.distribution("neuroxide")
except metadata.PackageNotFoundError:
    DISTRIBUTION = None

installed = pytest.mark.skipif(DISTRIBUTION is None, reason="neuroxide is on the path, not installed")


def test_version_is_cargos() -> None:
    declared = re.search(r'^version = "(.+)"$', (ROOT / "Cargo.toml").read_text(), re.MULTILINE)
    assert declared is not None
    assert neuroxide.__version__ == declared[1]


@installed
def test_metadata() -> None:
    assert DISTRIBUTION is not None
    about = DISTRIBUTION.metadata
    assert about["Version"] == neuroxide.__version__
    assert about["License-Expression"] == "Apache-2.0"
    assert about["Requires-Python"] == ">=3.10"
    licences = about.get_all("License-File") or []
    assert "LICENSE" in licences
    assert "licenses/third-party.txt" in licences
    needed = [line for line in DISTRIBUTION.requires or [] if "extra ==" not in line]
    assert [re.split(r"[<>=]", line)[0].strip() for line in needed] == ["numpy"]
    scripts = {entry.name: entry.value for entry in DISTRIBUTION.entry_points if entry.group == "console_scripts"}
    assert scripts == {"neuroxide": "neuroxide.cli:main"}


def test_notices_name_the_crates_that_are_linked() -> None:
    text = (ROOT / "licenses" / "third-party.txt").read_text(encoding="utf-8")
    for crate in ("pyo3", "numpy", "ndarray"):
        assert re.search(rf"^{crate} [0-9.]+$", text, re.MULTILINE), crate
    assert "Permission is hereby granted" in text


def test_package_is_typed() -> None:
    assert (Path(neuroxide.__file__).parent / "py.typed").is_file()
    assert (Path(neuroxide.__file__).parent / "_core.pyi").is_file()
