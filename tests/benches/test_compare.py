"""The comparison's own machinery: targets, timing, agreement, report, command line."""

import json
import math
import os
import subprocess
import sys
import time
from pathlib import Path

import numpy as np
import pytest

from benches import shapes
from benches.compare import machine, report, rivals, targets, timing, workload, workloads
from benches.compare.__main__ import matches
from benches.compare.rivals import Missing
from benches.compare.workload import Disagreement, Outcome, Side, Workload

ROOT = Path(__file__).parents[2]
NO_LIMITS = machine.Limits({}, None, ())


def side(value, seconds=0.0):
    return lambda: Side(lambda: time.sleep(seconds), lambda: [np.float32(value)])


def absent():
    raise Missing("not here")


def test_every_target_covers_a_workload_and_every_workload_name_is_unique():
    names = [work.name for work in workloads.everything()]
    assert len(names) == len(set(names))
    for target in targets.load():
        for pattern in target.workloads:
            covered = targets.Target("", (pattern,))
            assert any(covered.covers(name) for name in names), pattern


def test_every_workload_has_a_target():
    listed = targets.load()
    assert [w.name for w in workloads.everything() if not any(t.covers(w.name) for t in listed)] == []


def test_workloads_are_there_without_the_test_framework():
    code = "import sys; sys.modules['pytest'] = None; from benches.compare.workloads import everything; [*everything()]"
    assert subprocess.run([sys.executable, "-c", code], cwd=ROOT, check=False).returncode == 0


def test_reader_for_python_without_tomllib_agrees_with_tomllib():
    tomllib = pytest.importorskip("tomllib")
    text = targets.PATH.read_text()
    assert targets._parse_subset(text) == tomllib.loads(text)["target"]


def test_unknown_key_in_targets_is_named(tmp_path):
    path = tmp_path / "targets.toml"
    path.write_text('[[target]]\nname = "GEMM"\nratoi = 2.0\n')
    with pytest.raises(ValueError, match=r"GEMM.*ratoi"):
        targets.load(path)


@pytest.mark.parametrize(
    ("target", "ours", "others", "share", "met"),
    [
        (targets.Target("", (), ratio=2.0), 1.0, {"numpy": 2.0, "torch": 3.0}, None, True),
        (targets.Target("", (), ratio=2.0), 1.0, {"numpy": 1.9, "torch": 3.0}, None, False),
        (targets.Target("", (), ratio=2.0, against=("torch",)), 1.0, {"numpy": 1.9, "torch": 3.0}, None, True),
        (targets.Target("", (), ratio=2.0, against=("torch",)), 1.0, {"numpy": 1.9}, None, None),
        (targets.Target("", (), share=0.9), 1.0, {}, 0.89, False),
        (targets.Target("", (), share=0.9), 1.0, {}, None, None),
        (targets.Target("", (), max_ms=0.5), 0.5, {}, None, True),
        (targets.Target("", (), max_ms=0.5, ratio=2.0), 0.6, {}, None, False),
        (targets.Target("", (), max_ms=0.5), None, {}, None, None),
    ],
)
def test_target_judges_what_was_measured(target, ours, others, share, met):
    assert target.met(ours, others, share) is met


def test_geometric_mean_row_counts_only_the_rivals_named():
    target = targets.Target("both", ("w *",), geometric_mean=3.0, against=("numpy",))
    rows = [
        {"workload": name, "ours_ms": 1.0, "rivals": {"numpy": {"ms": ms}, "torch": {"ms": 0.1}}}
        for name, ms in (("w a", 2.0), ("w b", 8.0), ("other", 1.0))
    ]
    (mean,) = report.mean_rows(rows, [target])
    assert mean["ratio"] == pytest.approx(4.0)
    assert mean["meets"] is True


def test_row_has_the_promised_fields_and_blanks_for_the_missing():
    work = Workload("w", {"ours": side(1), "numpy": side(1), "torch": absent})
    outcome = workload.run(work, ["numpy", "torch"], NO_LIMITS)
    row = report.row(outcome, [targets.Target("t", ("w",), ratio=0.1)], lambda name: "1.2")
    promised = {"workload", "ours_ms", "rivals", "best_rival", "ratio", "share_of_limit", "target", "meets"}
    assert promised <= set(row)
    assert row["rivals"] == {"numpy": {"ms": outcome.values["numpy"], "version": "1.2"}}
    assert row["ratio"] == pytest.approx(row["rivals"]["numpy"]["ms"] / row["ours_ms"])
    assert row["meets"] is True
    assert row["missing"] == {"torch": "not here"}
    assert json.loads(json.dumps(row)) == row
    assert any("torch: not here" in note for note in report.notes([row]))


def test_table_is_printed_row_by_row_in_columns_fixed_beforehand():
    works = [Workload("short", {"ours": side(1), "numpy": side(1)}), Workload("a longer name", {"ours": side(1)})]
    listed = [targets.Target("t", ("short",), ratio=1.0, max_ms=1000.0)]
    table = report.Table(works, ["numpy", "torch"], listed)
    assert table.rivals == ["numpy"]  # no workload has a side of torch
    outcome = Outcome(
        works[0],
        {"ours": 0.5, "numpy": 999.6},
        {"ours": timing.Timing(5e-4, 4e-4, 1e-3, 9)},
        share=0.12,
        disturbed="others 1.00 cores, stolen 0.00",
    )
    row = report.row(outcome, listed, lambda name: "1.2")
    head, line, filled = [*table.head().splitlines(), table.row(row)]
    empty = table.row(report.row(Outcome(works[1]), listed, lambda name: ""))
    assert " ".join(filled.split()) == "short 500 us -20% +100% * 1e+03 ms 1999.20x numpy 12% >= 1x, <= 1 s yes"
    assert line == "-" * len(head)
    assert filled.index(">= 1x, <= 1 s") == head.index("target")
    assert filled.index("1e+03 ms") + len("1e+03 ms") == head.index("numpy") + len("numpy")
    assert empty == "a longer name"


def test_rivals_alone_leave_ours_blank():
    outcome = workload.run(Workload("w", {"ours": absent, "numpy": side(1)}), ["numpy"], NO_LIMITS)
    row = report.row(outcome, targets.load(), lambda name: "")
    assert row["ours_ms"] is None and row["ratio"] is None and row["best_rival"] == "numpy"


def test_sides_that_disagree_are_not_timed():
    work = Workload("w", {"ours": side(1.0), "numpy": side(1.1)})
    with pytest.raises(Disagreement, match="numpy against ours"):
        workload.run(work, ["numpy"], NO_LIMITS)


def test_row_of_a_disagreement_misses_its_target():
    row = report.row(Outcome(Workload("w", {}), disagreement="w: differs"), [], lambda name: "")
    assert row["meets"] is False
    assert report.notes([row]) == ["not timed, w: differs"]


def test_interleaved_times_come_out_right():
    times = timing.interleave(
        {"fast": lambda: time.sleep(0.002), "slow": lambda: time.sleep(0.008)}, rounds=3, seconds=0.01
    )
    assert 0.002 <= times["fast"].median < times["slow"].median
    assert times["slow"].median >= 0.008
    assert times["slow"].low <= times["slow"].median <= times["slow"].high


def test_settle_tells_when_a_thread_stays_busy(monkeypatch):
    with monkeypatch.context() as patch:
        patch.setattr(time, "process_time", time.perf_counter)  # as if a thread took every moment
        assert not timing.settle(limit=0.05)
    monkeypatch.setattr(time, "process_time", lambda: 0.0)
    assert timing.settle(limit=5.0)


def test_share_of_limit_is_the_larger_bound():
    limits = machine.Limits({"f32": 100.0, "f64": 50.0}, 10.0, ())
    big = 4.0 * machine.last_cache_bytes()
    assert limits.seconds(1000.0, 0.0, "f32") == 10.0
    assert limits.seconds(1000.0, 0.0, "f64") == 20.0
    assert limits.seconds(1.0, big, "f32") == big / 10.0
    assert limits.seconds(0.0, 1000.0, "f32") is None  # the caches hold it


@pytest.mark.parametrize(
    ("sizes", "believed"), [(["48K", "2048K", "32M"], 32 << 20), (["2048K", "491520K"], 64 << 20), ([], 32 << 20)]
)
def test_cache_of_a_whole_socket_is_not_believed(tmp_path, sizes, believed):
    for level, size in enumerate(sizes):
        (tmp_path / f"index{level}").mkdir()
        (tmp_path / f"index{level}" / "size").write_text(f"{size}\n")
    assert machine.last_cache_bytes(tmp_path) == believed
    assert 8 * believed <= 1 << 30  # the stream probe
    assert 1.5 * believed < 2 * 4 * shapes.VECTOR["16M"]  # vectors from memory are measured against the stream


def test_geometric_mean_and_units():
    assert targets.geometric_mean([1.0, 4.0]) == pytest.approx(2.0)
    assert targets.duration(0.0123) == "12.3 us"
    assert targets.duration(1.5) == "1.5 ms"
    assert targets.duration(2500.0) == "2.5 s"
    assert targets.all_of([True, None]) is None
    assert targets.all_of([None, False]) is False
    assert targets.all_of([]) is None
    assert math.isclose(timing.summary([3.0, 1.0, 2.0]).median, 2.0)


@pytest.mark.parametrize(
    ("only", "wanted"),
    [(None, False), ("build", True), ("clean *", True), ("gemm,clean", True), ("gemm", False)],
)
def test_only_takes_parts_of_names_and_globs(only, wanted):
    assert matches("clean build", only, on_request=True) is wanted


def test_environment_sets_threads_of_every_library_before_import():
    variables = rivals.environment(3)
    for name in ("OMP_NUM_THREADS", "OPENBLAS_NUM_THREADS", "MKL_NUM_THREADS", "NEUROXIDE_NUM_THREADS"):
        assert variables[name] == "3"


def run_compare(*arguments):
    environment = {**os.environ, "PYTHONPATH": os.pathsep.join(filter(None, ["python", os.environ.get("PYTHONPATH")]))}
    return subprocess.run(
        [sys.executable, "-m", "benches.compare", *arguments],
        cwd=ROOT,
        env=environment,
        capture_output=True,
        text=True,
        timeout=120,
    )


def test_command_line_prints_the_table_and_writes_json(tmp_path):
    path = tmp_path / "rows.json"
    done = run_compare("--only", "gemm f32 256*", "--rivals", "numpy", "--threads", "1", "--json", str(path))
    assert done.returncode in (0, 1), done.stderr
    assert "gemm f32 256x256x256" in done.stdout
    row = json.loads(path.read_text())[0]
    assert row["best_rival"] == "numpy" and row["rivals"]["numpy"]["version"] == np.__version__


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (["--rivals", "numpy,troch"], "unknown troch; known: numpy, torch"),
        (["--threads", "0"], "expected 1 to"),
        (["--only", "no such thing"], "no workload matches 'no such thing'"),
    ],
)
def test_command_line_refuses_what_it_does_not_know(arguments, message):
    done = run_compare(*arguments)
    assert done.returncode == 2
    assert message in done.stderr


def test_missing_part_of_ours_is_missing_not_an_error():
    with pytest.raises(Missing, match="no_such_function"):
        rivals.ours("_core.no_such_function")


def test_outcome_without_sides_makes_a_blank_row():
    row = report.row(Outcome(Workload("w", {})), [], lambda name: "")
    assert row["ours_ms"] is None and row["meets"] is None and row["target"] is None
