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
# Where a room has another name than its stem, and None where it needs none.
OTHER_ROOMS = {
    "movement": {
        "binding": "rust/bindings/src/reduce.rs",
        "reference": "tests/reference/reduce.py",
        "bench": "benches/bench_reduce.py",
    },
    "optimizer": {"caller": "python/neuroxide/optimizers/base.py", "test": "tests/core/test_optimizer.py"},
    "boxes": {"caller": "python/neuroxide/vision/boxes.py", "test": "tests/vision/test_boxes.py"},
    "nms": {"caller": "python/neuroxide/vision/nms.py", "test": "tests/vision/test_nms.py"},
    "average_precision": {"caller": "python/neuroxide/vision/detection.py", "test": "tests/vision/test_metrics.py"},
    "rle": {
        "caller": "python/neuroxide/vision/masks.py",
        "test": "tests/vision/test_masks.py",
        "reference": "tests/reference/average_precision.py",
    },
    "probe": {"caller": "benches/compare/machine.py", "test": None, "reference": None, "bench": None},
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
    rooms = {
        "binding": f"rust/bindings/src/{stem}.rs",
        "caller": f"python/neuroxide/ops/{stem}.py",
        "reference": f"tests/reference/{stem}.py",
        "test": f"tests/ops/test_{stem}.py",
        "bench": f"benches/bench_{stem}.py",
        **OTHER_ROOMS.get(stem, {}),
    }
    missing = [room for room in rooms.values() if room is not None and not (ROOT / room).exists()]
    assert not missing, f"{stem}: expected {', '.join(missing)}"


@pytest.mark.parametrize(
    "stem", sorted(stems("rust/bindings/src", ".rs") - {"lib", "array", "buffers", "sequence", "system"})
)
def test_every_binding_has_its_kernel(stem):
    assert stem in KERNELS, f"{stem}: a binding without a kernel of its name"
