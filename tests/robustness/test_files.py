"""Damaged, truncated and hostile files: each a ValueError that names the reader, or the content that was written."""

import json
import os
import subprocess
import sys
from pathlib import Path

import pytest

from tests.robustness.file_worker import READERS

ROOT = Path(__file__).parents[2]


def run_worker(tmp_path, examples, seed, *names):
    paths = [str(ROOT), str(ROOT / "python"), os.environ.get("PYTHONPATH", "")]
    done = subprocess.run(
        [sys.executable, "-X", "faulthandler", "-m", "tests.robustness.file_worker"]
        + [str(tmp_path), str(examples), str(seed), *names],
        env={**os.environ, "PYTHONPATH": os.pathsep.join(filter(None, paths))},
        capture_output=True,
        text=True,
        timeout=3600,
    )
    assert done.returncode == 0, done.stderr[-3000:]
    report = json.loads(done.stdout)
    faults = [f"{fault['file']}: {fault['what']}" for fault in report["faults"]]
    assert not faults, "\n".join(faults)
    return report


def test_readers_refuse_damage(tmp_path):
    report = run_worker(tmp_path, 800, 1)
    assert report["cases"] == 800 * len(READERS)
    # Some damage must be harmless, or the readers refuse everything.
    assert all(report["accepted"].get(name, 0) > 0 for name in READERS)


@pytest.mark.slow
@pytest.mark.parametrize("name", READERS)
def test_readers_refuse_much_damage(tmp_path, name):
    run_worker(tmp_path, 60_000, 2, name)
