"""Regions of interest: pooling, align, position-sensitive pooling; channels last."""

from __future__ import annotations

import operator
from typing import Any

import numpy as np

from neuroxide.autograd.differentiable import primitive
from neuroxide.autograd.tensor import Tensor
from neuroxide.backend import kernels
from neuroxide.ops.shapes import as_tensor


@primitive
def _roi_pool(maps: Any, rois: Any, size: tuple[int, int], scale: float) -> Any:
    k, shape = kernels(maps), maps.shape
    y, places = k.roi_pool(maps, rois, size, scale)

    def pullback(dy: Any, needs: Any) -> Any:
        return k.roi_pool_backward(rois, dy, places, shape) if needs[0] else None, None

    return y, pullback


@primitive
def _roi_align(maps: Any, rois: Any, size: tuple[int, int], scale: float, ratio: int, aligned: bool) -> Any:
    k, shape = kernels(maps), maps.shape

    def pullback(dy: Any, needs: Any) -> Any:
        return k.roi_align_backward(rois, dy, shape, scale, ratio, aligned) if needs[0] else None, None

    return k.roi_align(maps, rois, size, scale, ratio, aligned), pullback


@primitive
def _ps_roi_pool(maps: Any, rois: Any, size: tuple[int, int], scale: float) -> Any:
    k, shape = kernels(maps), maps.shape

    def pullback(dy: Any, needs: Any) -> Any:
        return k.ps_roi_pool_backward(rois, dy, shape, scale) if needs[0] else None, None

    return k.ps_roi_pool(maps, rois, size, scale), pullback


def _arguments(name: str, x: Any, boxes: Any, output_size: Any) -> tuple[Tensor, Any, tuple[int, int]]:
    """Maps, regions (K, 5) in their type, and (PH, PW)."""
    maps = as_tensor(x)
    if len(maps.shape) != 4:
        raise ValueError(f"{name}: expected input of shape (N, H, W, C), got {maps.shape}")
    dtype = maps.dtype
    if isinstance(boxes, (list, tuple)):
        each = [np.asarray(box, dtype).reshape(-1, 4) if np.size(box) == 0 else np.asarray(box, dtype) for box in boxes]
        wrong = next((i for i, box in enumerate(each) if box.ndim != 2 or box.shape[1] != 4), None)
        if wrong is not None or len(each) != maps.shape[0]:
            got = f"{len(each)} arrays" if wrong is None else f"{each[wrong].shape} at {wrong}"
            raise ValueError(
                f"{name}: expected boxes to be a list of {maps.shape[0]} arrays (L, 4), one per image, got {got}"
            )
        index = np.repeat(np.arange(len(each)), [len(box) for box in each]).astype(dtype)
        boxes = np.concatenate([index[:, None], np.concatenate([*each, np.zeros((0, 4), dtype)])], axis=1)
    rois = as_tensor(boxes)
    if len(rois.shape) != 2 or rois.shape[1] != 5:
        raise ValueError(f"{name}: expected boxes of shape (K, 5): image, x1, y1, x2, y2, got {rois.shape}")
    size = output_size if isinstance(output_size, (tuple, list)) else (output_size, output_size)
    if len(size) != 2:
        raise ValueError(f"{name}: expected output_size to be a number or (height, width), got {output_size!r}")
    height, width = (operator.index(n) for n in size)
    if height < 1 or width < 1:
        raise ValueError(f"{name}: expected output_size of at least 1, got {output_size!r}")
    return maps, rois, (height, width)


def roi_pool(input: Any, boxes: Any, output_size: Any, spatial_scale: float = 1.0) -> Tensor:
    """Cut each region into bins of whole pixels and take the maximum of each. Differentiable in `input`.

    Args:
        input: maps of shape (N, H, W, C), channels last (torchvision has them first), float32 or float64.
        boxes: array of shape (K, 5): image, x1, y1, x2, y2; or a list of one (L, 4) array per image.
        output_size: PH, PW, or one number for both.
        spatial_scale: pixels of the map per unit of the boxes.

    Returns:
        Tensor of shape (K, PH, PW, C). A bin without pixels is 0. Of equal pixels the first gets the gradient; NaN is
        never the maximum.

    Raises:
        ValueError: for other shapes, or an image index that is not in 0 … N − 1.

    Example:
        >>> x = np.arange(16.0).reshape(1, 4, 4, 1)
        >>> roi_pool(x, np.array([[0.0, 0, 0, 3, 3]]), 2).numpy()[0, :, :, 0]
        array([[ 5.,  7.],
               [13., 15.]])

    Source: Girshick 2015, arXiv 1504.08083; torchvision.ops.roi_pool.
    """
    maps, rois, size = _arguments("roi_pool", input, boxes, output_size)
    return _roi_pool(maps, rois, size, float(spatial_scale))


def roi_align(
    input: Any,
    boxes: Any,
    output_size: Any,
    spatial_scale: float = 1.0,
    sampling_ratio: int = -1,
    aligned: bool = False,
) -> Tensor:
    """Cut each region into bins and take the mean of bilinear samples of each. Differentiable in `input`.

    Args:
        input: maps of shape (N, H, W, C), channels last (torchvision has them first), float32 or float64.
        boxes: array of shape (K, 5): image, x1, y1, x2, y2; or a list of one (L, 4) array per image.
        output_size: PH, PW, or one number for both.
        spatial_scale: pixels of the map per unit of the boxes.
        sampling_ratio: points along each side of a bin, at most 1024; 0 or less: as many as the bin is long.
        aligned: whether the centres of pixels lie at whole numbers plus a half; otherwise at whole numbers, and
            regions are at least one pixel wide and high.

    Returns:
        Tensor of shape (K, PH, PW, C). Points more than a pixel outside the map count as 0.

    Raises:
        ValueError: for other shapes, or an image index that is not in 0 … N − 1.

    Example:
        >>> x = np.arange(16.0).reshape(1, 4, 4, 1)
        >>> roi_align(x, np.array([[0.0, 0, 0, 2, 2]]), 1, sampling_ratio=2).numpy().item()
        5.0

    Source: He et al. 2017, arXiv 1703.06870; torchvision.ops.roi_align.
    """
    maps, rois, size = _arguments("roi_align", input, boxes, output_size)
    return _roi_align(maps, rois, size, float(spatial_scale), max(operator.index(sampling_ratio), 0), bool(aligned))


def ps_roi_pool(input: Any, boxes: Any, output_size: Any, spatial_scale: float = 1.0) -> Tensor:
    """Cut each region into bins and take the mean of each, every bin from channels of its own.

    Output channel c of bin (i, j) is the mean of input channel (c·PH + i)·PW + j. Differentiable in `input`.

    Args:
        input: maps of shape (N, H, W, C) with C a multiple of PH·PW, channels last, float32 or float64.
        boxes: array of shape (K, 5): image, x1, y1, x2, y2; or a list of one (L, 4) array per image.
        output_size: PH, PW, or one number for both.
        spatial_scale: pixels of the map per unit of the boxes.

    Returns:
        Tensor of shape (K, PH, PW, C / (PH·PW)). A bin without pixels is 0. Bins end one pixel before the edge of the
        map, forward as in torchvision; the gradient is that of this forward pass (torchvision's includes the edge).

    Raises:
        ValueError: for other shapes, or an image index that is not in 0 … N − 1.

    Example:
        >>> x = np.ones((1, 4, 4, 4))
        >>> ps_roi_pool(x, np.array([[0.0, 0, 0, 2, 2]]), 2).shape
        (1, 2, 2, 1)

    Source: Dai et al. 2016, arXiv 1605.06409; torchvision.ops.ps_roi_pool.
    """
    maps, rois, size = _arguments("ps_roi_pool", input, boxes, output_size)
    return _ps_roi_pool(maps, rois, size, float(spatial_scale))
