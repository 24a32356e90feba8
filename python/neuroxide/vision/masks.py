"""Masks as COCO's run lengths. Names and results are those of pycocotools.mask."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, NamedTuple

import numpy as np
from numpy.typing import ArrayLike, NDArray

from neuroxide import _core
from neuroxide.vision.arrays import Array

__all__ = ["area", "decode", "encode", "frPyObjects", "iou", "merge", "toBbox"]

Rle = dict[str, Any]


class Runs(NamedTuple):
    """Masks in one array: mask i has counts[offsets[i]:offsets[i + 1]] and size (height, width) sizes[i]."""

    counts: NDArray[np.uint32]
    offsets: NDArray[np.int64]
    sizes: NDArray[np.int64]


def _is_polygons(segmentation: Any) -> bool:
    return isinstance(segmentation, (list, tuple)) and all(
        isinstance(part, (list, tuple, np.ndarray)) for part in segmentation
    )


def _from_polygons(func: str, objects: Sequence[Any], sizes: NDArray[np.int64]) -> tuple[Array, Array]:
    polygons, owner = [], []
    for i, parts in enumerate(objects):
        for part in parts:
            polygon = np.asarray(part, np.float64)
            if polygon.ndim != 1 or len(polygon) % 2 or len(polygon) < 6:
                raise ValueError(
                    f"{func}: expected a polygon [x0, y0, x1, y1, x2, y2, ...] in object {i}, got shape {polygon.shape}"
                )
            polygons.append(polygon)
            owner.append(i)
    points = np.concatenate([*polygons, np.zeros(0)]).reshape(-1, 2)
    starts = np.cumsum([0] + [len(polygon) // 2 for polygon in polygons], dtype=np.int64)
    return _core.rle_from_polygons(points, starts, np.array(owner, np.int64), sizes)


def _from_counts(func: str, objects: Sequence[Any]) -> tuple[Array, Array]:
    runs = []
    for i, rle in enumerate(objects):
        counts = np.asarray(rle["counts"])
        if counts.ndim != 1 or (counts.size and (counts.dtype.kind not in "iu" or counts.min() < 0)):
            raise ValueError(
                f"{func}: expected run lengths (a list of whole numbers) in object {i}, got {rle['counts']!r:.60}"
            )
        if counts.size and counts.max() > np.iinfo(np.uint32).max:
            raise ValueError(f"{func}: expected run lengths below 2**32 in object {i}, got {counts.max()}")
        runs.append(counts.astype(np.uint32))
    offsets = np.cumsum([0] + [len(counts) for counts in runs], dtype=np.int64)
    return np.concatenate([*runs, np.zeros(0, np.uint32)]), offsets


def _size(func: str, i: int, size: Any) -> tuple[int, int]:
    if isinstance(size, (list, tuple, np.ndarray)) and len(size) == 2:
        height, width = size
        if all(isinstance(n, (int, np.integer)) and 0 <= n < 2**62 for n in size):
            return int(height), int(width)
    raise ValueError(f"{func}: expected size (height, width) of mask {i} to be two whole numbers, got {size!r:.60}")


def to_runs(func: str, segmentations: Sequence[Any], sizes: Sequence[tuple[int, int]] | None = None) -> Runs:
    """Masks from RLE dictionaries (compressed or not) and, where `sizes` are given, lists of polygons."""
    count = len(segmentations)
    size = np.zeros((count, 2), np.int64) if sizes is None else np.array(sizes, np.int64).reshape(count, 2)
    kinds: dict[str, list[int]] = {"text": [], "counts": [], "polygons": []}
    for i, item in enumerate(segmentations):
        if isinstance(item, dict) and "counts" in item and "size" in item:
            own = _size(func, i, item["size"])
            if sizes is not None and own != tuple(size[i]):
                raise ValueError(f"{func}: expected mask {i} of its image's size {tuple(size[i].tolist())}, got {own}")
            size[i] = own
            kinds["text" if isinstance(item["counts"], (str, bytes)) else "counts"].append(i)
        elif sizes is not None and _is_polygons(item):
            kinds["polygons"].append(i)
        else:
            form = "a dictionary with size and counts" + ("" if sizes is None else ", or a list of polygons")
            raise ValueError(f"{func}: expected mask {i} to be {form}, got {item!r:.60}")
    parts: list[Array] = [np.zeros(0, np.uint32)] * count
    for kind, places in kinds.items():
        if not places:
            continue
        chosen = [segmentations[i] for i in places]
        if kind == "text":
            counts, offsets = _core.rle_from_texts([item["counts"] for item in chosen])
        elif kind == "counts":
            counts, offsets = _from_counts(func, chosen)
        else:
            counts, offsets = _from_polygons(func, chosen, size[places])
        if len(places) == count:
            return Runs(counts, offsets, size)
        for j, i in enumerate(places):
            parts[i] = counts[offsets[j] : offsets[j + 1]]
    offsets = np.cumsum([0] + [len(part) for part in parts], dtype=np.int64)
    return Runs(np.concatenate([*parts, np.zeros(0, np.uint32)]), offsets, size)


def _to_rles(runs: Runs) -> list[Rle]:
    texts = _core.rle_to_texts(*runs)
    return [{"size": size, "counts": text} for size, text in zip(runs.sizes.tolist(), texts)]


def _several(func: str, rles: Rle | Sequence[Rle]) -> Runs:
    return to_runs(func, [rles] if isinstance(rles, dict) else rles)


def encode(mask: ArrayLike) -> Rle | list[Rle]:
    """Compressed run lengths of a mask, or of several.

    Args:
        mask: array of shape (H, W), or (H, W, N) as pycocotools has it; uint8 or bool, anything but 0 is set.

    Returns:
        A dictionary {"size": [H, W], "counts": bytes}, or a list of N.

    Raises:
        ValueError: for another number of dimensions.

    Example:
        >>> encode(np.array([[0, 1], [1, 1]], np.uint8))
        {'size': [2, 2], 'counts': b'13'}
    """
    pixels = np.asarray(mask)
    if pixels.dtype.kind not in "iub":
        raise TypeError(f"encode: expected mask to be uint8 or bool, got {pixels.dtype}")
    if pixels.ndim not in (2, 3):
        raise ValueError(f"encode: expected mask of shape (H, W) or (H, W, N), got {pixels.shape}")
    stack = np.ascontiguousarray(np.moveaxis(pixels, -1, 0) if pixels.ndim == 3 else pixels[None]) != 0
    counts, offsets = _core.rle_encode(stack)
    found = _to_rles(Runs(counts, offsets, np.tile(np.array(stack.shape[1:], np.int64), (len(stack), 1))))
    return found if pixels.ndim == 3 else found[0]


def decode(rles: Rle | Sequence[Rle]) -> Array:
    """The mask (H, W) of uint8, 0 and 1, or masks (H, W, N) of a list.

    Example:
        >>> decode({"size": [2, 2], "counts": b"13"})
        array([[0, 1],
               [1, 1]], dtype=uint8)
    """
    stack = _core.rle_decode(*_several("decode", rles))
    return stack[0] if isinstance(rles, dict) else np.moveaxis(stack, 0, -1)


def area(rles: Rle | Sequence[Rle]) -> Any:
    """Number of pixels set: an int64 scalar, or an array (N,) for a list."""
    areas = _core.rle_measure(*_several("area", rles))[0]
    return areas[0] if isinstance(rles, dict) else areas


def toBbox(rles: Rle | Sequence[Rle]) -> Array:
    """Smallest box (x, y, width, height) around each mask: float64 (4,), or (N, 4) for a list; zeros where empty."""
    boxes = _core.rle_measure(*_several("toBbox", rles))[1]
    return boxes[0] if isinstance(rles, dict) else boxes


def iou(dt: Sequence[Rle], gt: Sequence[Rle], iscrowd: ArrayLike) -> Array:
    """Intersection over union (D, G) of masks; over the area of the detection where `iscrowd` (G,) is set.

    Raises:
        ValueError: for masks of different size.
    """
    crowd = np.ascontiguousarray(iscrowd, np.uint8)
    return _core.rle_iou(to_runs("iou", dt), to_runs("iou", gt), crowd)


def merge(rles: Sequence[Rle], intersect: bool = False) -> Rle:
    """The union, or intersection, of masks of one size.

    Example:
        >>> a, b = (encode(np.array([row], np.uint8)) for row in ([1, 1, 0], [0, 1, 1]))
        >>> decode(merge([a, b], intersect=True))
        array([[0, 1, 0]], dtype=uint8)
    """
    runs = to_runs("merge", rles)
    counts, offsets = _core.rle_merge(*runs, intersect)
    return _to_rles(Runs(counts, offsets, runs.sizes[:1]))[0]


def frPyObjects(pyobj: Any, h: int, w: int) -> Any:
    """Run lengths of polygons, of boxes (x, y, width, height), or of uncompressed run lengths, in an image (h, w).

    Args:
        pyobj: one {"size", "counts"}, or a list of them; a list of polygons [x0, y0, x1, y1, ...], one mask each; or
            an array (N, 4) of boxes.
        h: height of the image in pixels.
        w: width.

    Returns:
        A dictionary, or a list where `pyobj` is one.

    Example:
        >>> int(area(frPyObjects([[0, 0, 4, 0, 4, 2, 0, 2]], 4, 6))[0])
        8
    """
    if isinstance(pyobj, dict):
        return _to_rles(to_runs("frPyObjects", [pyobj]))[0]
    items = pyobj.tolist() if isinstance(pyobj, np.ndarray) else list(pyobj)
    if items and isinstance(items[0], dict):
        return _to_rles(to_runs("frPyObjects", items))
    if items and all(len(item) == 4 for item in items):
        items = [box_polygon(item) for item in items]
    return _to_rles(to_runs("frPyObjects", [[item] for item in items], [(h, w)] * len(items)))


def box_polygon(box: Sequence[float]) -> list[float]:
    """Outline of a box (x, y, width, height)."""
    x, y, w, h = box
    return [x, y, x, y + h, x + w, y + h, x + w, y]
