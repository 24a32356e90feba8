"""The other libraries: how each is loaded, told its threads, and named with its version."""

from __future__ import annotations

import importlib
import importlib.metadata
import importlib.util
import os
from types import ModuleType
from typing import Any

RIVALS = (
    "numpy",
    "torch",
    "jax",
    "keras",
    "tensorflow",
    "onnxruntime",
    "torchvision",
    "powerboxes",
    "cv2",
    "pycocotools",
    "faster_coco_eval",
    "fast_ctc_decode",
    "sklearn",
    "sacrebleu",
    "jiwer",
)
# Distributions that bear another name than what is imported.
DISTRIBUTIONS = {"tensorflow": "tensorflow-cpu", "cv2": "opencv-python-headless", "sklearn": "scikit-learn"}


def environment(threads: int) -> dict[str, str]:
    """Variables that must stand before any of the libraries is loaded."""
    count = str(threads)
    return {
        **dict.fromkeys(
            (
                "OMP_NUM_THREADS",
                "OPENBLAS_NUM_THREADS",
                "MKL_NUM_THREADS",
                "NEUROXIDE_NUM_THREADS",
                "TF_NUM_INTRAOP_THREADS",
                "RAYON_NUM_THREADS",
                "NPROC",
            ),
            count,
        ),
        "TF_NUM_INTEROP_THREADS": "1",
        "XLA_FLAGS": f"--xla_cpu_multi_thread_eigen={'true' if threads > 1 else 'false'}",
        "JAX_PLATFORMS": "cpu",
        "KERAS_BACKEND": os.environ.get("KERAS_BACKEND", "jax"),
        "CUDA_VISIBLE_DEVICES": "",
        "TF_CPP_MIN_LOG_LEVEL": "3",
        "GRPC_VERBOSITY": "ERROR",
        # Memory stays with the process between calls: fresh pages would otherwise dominate large outputs.
        "MALLOC_MMAP_MAX_": "0",
        "MALLOC_TRIM_THRESHOLD_": str(1 << 40),
        "MALLOC_TOP_PAD_": str(64 << 20),
    }


_loaded: dict[str, ModuleType | None] = {}


class Missing(Exception):
    """A side that cannot take part: its library, or a part of it, is not there."""


def load(name: str, threads: int | None = None) -> Any:
    """The library `name` with its thread count set, or raises `Missing`."""
    if name not in _loaded:
        try:
            module = importlib.import_module(name)
            _set_threads(name, module, threads or int(os.environ.get("OMP_NUM_THREADS", "1")))
            _loaded[name] = module
        except ImportError:
            _loaded[name] = None
    module = _loaded[name]
    if module is None:
        raise Missing(f"{name} is not installed")
    return module


def _set_threads(name: str, module: Any, threads: int) -> None:
    if name == "torch":
        module.set_num_threads(threads)
        module.set_num_interop_threads(1)
    elif name == "tensorflow":
        module.config.threading.set_intra_op_parallelism_threads(threads)
        module.config.threading.set_inter_op_parallelism_threads(1)
    elif name == "torchvision":
        load("torch", threads)
    elif name == "cv2":
        module.setNumThreads(threads)


def installed(name: str) -> bool:
    """Whether the library can be found; it is not loaded."""
    return importlib.util.find_spec(name) is not None


def version(name: str) -> str:
    """The installed version of a rival, as its distribution says."""
    for distribution in (name, DISTRIBUTIONS.get(name, name)):
        try:
            return importlib.metadata.version(distribution)
        except importlib.metadata.PackageNotFoundError:
            continue
    return ""


def ours(name: str) -> Any:
    """The part `name` of neuroxide (`_core.matmul`, `models.Sequential`), or raises `Missing`."""
    try:
        part: Any = importlib.import_module("neuroxide")
        for step in name.split("."):
            if not hasattr(part, step):
                part = importlib.import_module(f"{part.__name__}.{step}")
            else:
                part = getattr(part, step)
        return part
    except (ImportError, AttributeError) as error:
        raise Missing(f"neuroxide.{name}: {error}") from None
