"""Sums of products along named axes, brought to the form of one matrix product."""

from __future__ import annotations

import math
from typing import Any

from neuroxide.autograd.tensor import Tensor
from neuroxide.ops.gemm import matmul
from neuroxide.ops.movement import broadcast_to, reshape, transpose
from neuroxide.ops.reduce import sum as sum_of
from neuroxide.ops.shapes import as_tensor, whole

# Labels of an axis; those under an ellipsis are numbers, counted from the last one.
Label = str | int


@whole
def einsum(subscripts: str, *operands: Any) -> Tensor:
    """The sum of products that Einstein's notation names: `"ab,bc->ac"` is the matrix product.

    Each letter is an axis. Letters that are not in the output are summed over; of two operands, axes with the same
    letter go together. ``...`` stands for any number of further axes, which broadcast. Without ``->`` the output has
    the letters that occur once, in alphabetical order, after those of ``...``.

    Args:
        subscripts: Letters of each operand, with commas between them, and after ``->`` those of the output.
        *operands: One or two floating arrays.

    Returns:
        Tensor with the axes of the output.

    Raises:
        ValueError: For subscripts that can't be read, repeat a letter within an operand, or do not fit the operands.

    Example:
        >>> from neuroxide import ops
        >>> ops.einsum("ab,cb->ca", [[1.0, 2.0]], [[3.0, 4.0], [5.0, 6.0]]).tolist()
        [[11.0], [17.0]]

    Source: `numpy.einsum`.
    """
    tensors = [as_tensor(operand) for operand in operands]
    inputs, output = read_subscripts(subscripts, [len(tensor.shape) for tensor in tensors])
    sizes = _sizes(subscripts, tensors, inputs)
    if len(tensors) == 1:
        result: Tensor = _arranged(*_summed(tensors[0], inputs[0], set(output)), output)
        return result
    (a, of_a), (b, of_b) = (
        _summed(x, own, {*output, *other}) for x, own, other in zip(tensors, inputs, reversed(inputs))
    )
    batch = [label for label in output if label in of_a and label in of_b]
    inner = [label for label in of_a if label in of_b and label not in output]
    rows = [label for label in output if label in of_a and label not in of_b]
    columns = [label for label in output if label in of_b and label not in of_a]
    a = _spread(_arranged(a, of_a, [*batch, *rows, *inner]), [*batch, *rows, *inner], {*batch, *inner}, sizes)
    b = _spread(_arranged(b, of_b, [*batch, *inner, *columns]), [*batch, *inner, *columns], {*batch, *inner}, sizes)
    lengths = [math.prod(sizes[label] for label in group) for group in (batch, rows, inner, columns)]
    front = lengths[:1] if batch else []
    product = matmul(reshape(a, (*front, lengths[1], lengths[2])), reshape(b, (*front, lengths[2], lengths[3])))
    found = [*batch, *rows, *columns]
    result = _arranged(reshape(product, tuple(sizes[label] for label in found)), found, output)
    return result


def read_subscripts(subscripts: str, ndims: list[int]) -> tuple[list[list[Label]], list[Label]]:
    """The labels of each operand's axes, and of the output's.

    Args:
        subscripts: As `einsum` takes them.
        ndims: Numbers of axes of the operands.

    Raises:
        ValueError: When they can't be read or do not fit.
    """
    if not isinstance(subscripts, str):
        raise ValueError(f"einsum: expected subscripts such as 'ab,bc->ac', got {subscripts!r}")
    left, arrow, right = subscripts.replace(" ", "").partition("->")
    parts = left.split(",")
    if len(parts) != len(ndims) or not 1 <= len(parts) <= 2:
        raise ValueError(f"einsum: expected one or two operands as in {subscripts!r}, got {len(ndims)}")
    inputs = [_labels(subscripts, part, ndim) for part, ndim in zip(parts, ndims)]
    there = [label for labels in inputs for label in labels]
    hidden: list[Label] = sorted({label for label in there if isinstance(label, int)})
    if not arrow:
        once = sorted(label for label in there if isinstance(label, str) and there.count(label) == 1)
        return inputs, [*hidden, *once]
    before, dots, after = right.partition("...")
    output: list[Label] = [*before, *(hidden if dots else []), *after]
    strange = [label for label in output if label not in there]
    if strange or len(set(output)) != len(output):
        raise ValueError(f"einsum: expected each letter of the output once and in an operand, got {subscripts!r}")
    return inputs, output


def _labels(subscripts: str, part: str, ndim: int) -> list[Label]:
    before, dots, after = part.partition("...")
    letters = before + after
    if any(not letter.isalpha() for letter in letters) or len(set(letters)) != len(letters):
        raise ValueError(f"einsum: expected each operand to have letters, each once, got {subscripts!r}")
    more = ndim - len(letters)
    if more < 0 or (more and not dots):
        raise ValueError(f"einsum: expected {len(letters)} axes for {part!r} of {subscripts!r}, got {ndim}")
    return [*before, *range(-more, 0), *after]


def _sizes(subscripts: str, tensors: list[Any], inputs: list[list[Label]]) -> dict[Label, int]:
    sizes: dict[Label, int] = {}
    for tensor, labels in zip(tensors, inputs):
        for label, size in zip(labels, tensor.shape):
            if sizes.get(label, 1) == 1:
                sizes[label] = size
            elif size not in (1, sizes[label]):
                shapes = ", ".join(str(tuple(x.shape)) for x in tensors)
                raise ValueError(f"einsum: expected shapes that fit {subscripts!r}, got {shapes}")
    return sizes


def _summed(x: Any, labels: list[Label], kept: set[Label]) -> tuple[Any, list[Label]]:
    """x summed over the axes that nothing else needs."""
    axes = tuple(i for i, label in enumerate(labels) if label not in kept)
    return (sum_of(x, axes), [label for label in labels if label in kept]) if axes else (x, labels)


def _arranged(x: Any, labels: list[Label], wanted: list[Label]) -> Any:
    return x if labels == wanted else transpose(x, tuple(labels.index(label) for label in wanted))


def _spread(x: Any, labels: list[Label], shared: set[Label], sizes: dict[Label, int]) -> Any:
    """x with shared axes of length 1 repeated."""
    shape = tuple(sizes[label] if label in shared else size for label, size in zip(labels, x.shape))
    return x if shape == tuple(x.shape) else broadcast_to(x, shape)
