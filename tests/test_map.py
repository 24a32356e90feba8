"""One operation has one stem in every room: kernel, binding, operation, reference, test, bench."""

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
}
# Stems that are called from elsewhere than `ops`, and from where.
ELSEWHERE = {
    "optimizer": "python/neuroxide/optimizers",
    "boxes": "python/neuroxide/vision/boxes.py",
    "nms": "python/neuroxide/vision/nms.py",
    "probe": "benches/compare",
}


def stems(folder, suffix):
    return {
        path.stem
        for path in (ROOT / folder).iterdir()
        if path.suffix == suffix or (path.is_dir() and any(path.iterdir()))
    }


KERNELS = sorted(stems("rust/kernels/src", ".rs") - set(NOT_OPERATIONS))


def test_there_are_kernels():
    assert {"elementwise", "activation", "gemm"} <= set(KERNELS)


@pytest.mark.parametrize("stem", KERNELS)
def test_every_kernel_has_its_rooms(stem):
    caller = ELSEWHERE.get(stem, f"python/neuroxide/ops/{stem}.py")
    tests = [f"tests/ops/test_{stem}.py", f"tests/core/test_{stem}.py"]
    rooms = [f"rust/bindings/src/{stem}.rs", caller]
    if stem != "probe":
        rooms += [f"tests/reference/{stem}.py", f"benches/bench_{stem}.py"]
        found = list(ROOT.glob(f"tests/*/test_{stem}*.py"))
        assert found, f"{stem}: expected a test, such as {' or '.join(tests)}"
    missing = [room for room in rooms if not (ROOT / room).exists()]
    assert not missing, f"{stem}: expected {', '.join(missing)}"


@pytest.mark.parametrize(
    "stem", sorted(stems("rust/bindings/src", ".rs") - {"lib", "array", "buffers", "sequence", "system"})
)
def test_every_binding_has_its_kernel(stem):
    assert stem in KERNELS, f"{stem}: a binding without a kernel of its name"
