"""Writes licenses/third-party.txt: the notices of every crate that is linked into the wheel.

Usage: python tools/licences.py [--check]     with --check, only says whether the file is up to date
"""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path
from typing import Any

ROOT = Path(__file__).resolve().parent.parent
TARGET = ROOT / "licenses" / "third-party.txt"
EXTENSION = "neuroxide-python"
# Where a crate offers a choice, the shorter text serves; the last is what single-licence crates have.
PREFERRED = ("LICENSE-MIT", "LICENSE", "LICENSE.txt", "LICENSE.md", "LICENSE-APACHE", "COPYING")
HEADER = """\
neuroxide's wheel contains compiled code of the crates below, each under its own licence.
Made by tools/licences.py from Cargo's metadata; don't edit by hand.
"""
STANDARD_LIBRARY = """\
The Rust standard library
Licence: MIT OR Apache-2.0
https://github.com/rust-lang/rust
Copyright (c) The Rust Project Contributors
"""


def linked_packages(metadata: dict[str, Any]) -> list[dict[str, Any]]:
    """Crates reached from the extension through normal dependencies: no build scripts, no macros."""
    packages = {package["id"]: package for package in metadata["packages"]}
    nodes = {node["id"]: node for node in metadata["resolve"]["nodes"]}
    start = next(id for id, package in packages.items() if package["name"] == EXTENSION)
    seen, waiting = {start}, [start]
    while waiting:
        for dependency in nodes[waiting.pop()]["deps"]:
            id = dependency["pkg"]
            normal = any(kind["kind"] is None for kind in dependency["dep_kinds"])
            macro = any("proc-macro" in target["kind"] for target in packages[id]["targets"])
            if normal and not macro and id not in seen:
                seen.add(id)
                waiting.append(id)
    others = [packages[id] for id in seen if packages[id]["source"] is not None]
    return sorted(others, key=lambda package: (package["name"], package["version"]))


def notice(package: dict[str, Any]) -> str:
    folder = Path(package["manifest_path"]).parent
    for name in PREFERRED:
        if (folder / name).is_file():
            text = (folder / name).read_text(encoding="utf-8").strip()
            break
    else:
        raise SystemExit(f"licences: {package['name']} {package['version']} carries no licence file; add its notice")
    head = f"{package['name']} {package['version']}\nLicence: {package['license']}\n{package['repository'] or ''}"
    return f"{head.rstrip()}\n\n{text}\n"


def main() -> int:
    command = ["cargo", "metadata", "--locked", "--format-version", "1"]
    metadata = json.loads(subprocess.run(command, cwd=ROOT, check=True, capture_output=True).stdout)
    rule = "\n" + "-" * 100 + "\n\n"
    text = rule.join([HEADER, STANDARD_LIBRARY, *(notice(package) for package in linked_packages(metadata))])
    if "--check" in sys.argv[1:]:
        if TARGET.is_file() and TARGET.read_text(encoding="utf-8") == text:
            return 0
        print(f"licences: {TARGET.relative_to(ROOT)} is not up to date; run: python tools/licences.py")
        return 1
    TARGET.parent.mkdir(exist_ok=True)
    TARGET.write_text(text, encoding="utf-8")
    return 0


if __name__ == "__main__":
    sys.exit(main())
