"""One operation has one stem in every room: kernel, binding, caller, reference, test, bench."""

import re
from functools import cache
from pathlib import Path

import pytest

ROOT = Path(__file__).parent.parent

# Kernel stems that are no operations, and why.
NOT_OPERATIONS = {
    "lib": "the list of modules",
    "simd": "the door to instruction sets",
    "threads": "the thread pool",
    "scratch": "working memory",
    "parts": "how a kernel's work is shared out",
    "broadcast": "the loops that broadcasting needs",
    "text": "tokens, words and n-grams, for bleu and chrf",
}
# Where a room has another name than its stem, and None where it needs none.
OTHER_ROOMS = {
    "movement": {
        "binding": "rust/bindings/src/reduce.rs",
        "reference": "tests/reference/reduce.py",
        "bench": "benches/bench_reduce.py",
    },
    "average_precision": {"test": "tests/vision/test_metrics.py"},
    "rle": {"test": "tests/vision/test_masks.py", "reference": "tests/reference/average_precision.py"},
    "probe": {"caller": "benches", "reference": None, "bench": None},  # is itself a measurement
}


def stems(folder):
    entries = (ROOT / folder).iterdir()
    return {path.stem for path in entries if path.suffix == ".rs" or (path.is_dir() and any(path.iterdir()))}


KERNELS = sorted(stems("rust/kernels/src") - set(NOT_OPERATIONS))
BINDINGS = sorted(stems("rust/bindings/src") - {"lib", "array", "buffers", "sequence", "system"})


@cache
def words(folder):
    """Every word of the Python files under a folder."""
    skipped = ("tests/reference", "tests/robustness")
    files = [p for p in (ROOT / folder).rglob("*.py") if not p.relative_to(ROOT).as_posix().startswith(skipped)]
    return {word for path in files for word in re.findall(r"\w+", path.read_text("utf-8"))}


def functions(binding):
    """The names a file of bindings gives to Python."""
    found = re.findall(r"#\[pyfunction\]\s*(?:#\[[^\]]*\]\s*)*(?:pub )?fn (\w+)", (ROOT / binding).read_text("utf-8"))
    return {name for name in found if not name.startswith("_")}


def test_there_are_kernels():
    assert {"elementwise", "activation", "gemm", "reduce", "softmax", "loss"} <= set(KERNELS)


@pytest.mark.parametrize("stem", KERNELS)
def test_every_kernel_has_its_rooms(stem):
    rooms = {
        "binding": f"rust/bindings/src/{stem}.rs",
        "reference": f"tests/reference/{stem}.py",
        "bench": f"benches/bench_{stem}.py",
        "caller": "python/neuroxide",
        **OTHER_ROOMS.get(stem, {}),
    }
    missing = [room for room in rooms.values() if room is not None and not (ROOT / room).exists()]
    assert not missing, f"{stem}: expected {', '.join(missing)}"
    assert "test" in rooms or list((ROOT / "tests").glob(f"*/test_*{stem}*.py")), f"{stem}: expected a test_{stem}.py"
    names = functions(rooms["binding"])
    if names:  # a file that makes its functions by macro names none here
        assert rooms["caller"] is None or names & words(rooms["caller"]), f"{stem}: nothing calls it from Python"


@pytest.mark.parametrize("stem", BINDINGS)
def test_every_binding_has_its_kernel(stem):
    assert stem in KERNELS, f"{stem}: a binding without a kernel of its name"


def test_every_family_of_operations_is_tested_and_traced():
    from tests.ops.cases import FAMILIES

    families = {path.stem for path in (ROOT / "python/neuroxide/ops").glob("*.py")} - {
        "__init__",
        "operators",
        "shapes",
        # Tested in rooms of their own: tests/vision, tests/ctc and tests/ops/test_ctc.py.
        "boxes",
        "ctc",
        "roi",
    }
    assert families == set(FAMILIES)
    for family in families:
        assert (ROOT / "tests/ops" / f"test_{family}.py").exists()
