"""Typed surface of the extension; stubtest holds it to what is compiled.

One section per stem of rust/bindings/src. Arrays are C-contiguous, float32 or float64, unless said.
"""

from typing import Any, TypedDict

from numpy.typing import NDArray

_Array = NDArray[Any]

__version__: str

# system

class _PoolStats(TypedDict):
    system_allocations: int
    reuses: int
    cached_bytes: int
    live_bytes: int

def get_num_threads() -> int: ...
def set_num_threads(n: int) -> None: ...
def isa() -> str: ...
def empty_cache() -> None: ...
def pool_stats() -> _PoolStats: ...
def empty(shape: tuple[int, ...], dtype: str) -> _Array: ...

# boxes: kind is iou, giou, diou or ciou

def box_overlap(a: _Array, b: _Array, kind: str, eps: float) -> _Array: ...
def aligned_box_overlap(a: _Array, b: _Array, kind: str, eps: float) -> _Array: ...
def aligned_box_overlap_backward(a: _Array, b: _Array, dy: _Array, kind: str, eps: float) -> tuple[_Array, _Array]: ...

# nms

def nms(boxes: _Array, scores: _Array, iou_threshold: float) -> _Array: ...
def batched_nms(boxes: _Array, scores: _Array, classes: _Array, iou_threshold: float) -> _Array: ...
def soft_nms(
    boxes: _Array, scores: _Array, method: str, iou_threshold: float, sigma: float, score_threshold: float
) -> tuple[_Array, _Array]: ...
