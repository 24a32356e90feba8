"""A dense layer along any axes."""

from __future__ import annotations

from typing import Any

from neuroxide import activations, constraints, initializers, ops, regularizers
from neuroxide.initializers import VarianceScaling
from neuroxide.layers.base import Layer
from neuroxide.layers.spec import activated_shape
from neuroxide.ops.einsum import read_subscripts
from neuroxide.utils.registry import register_builtin


class EinsumDense(Layer):
    """y = activation(einsum(equation, x, kernel) + bias): a dense layer along any axes, several at once too.

    ``"...x,xy->...y"`` is `Dense`; ``"abc,cde->abde"`` splits its outputs into axes d and e, as attention does for its
    heads; ``"abc,bcd->abd"`` has a kernel of its own for each b.

    Args:
        equation: ``inputs,kernel->outputs`` in the notation of `ops.einsum`.
        output_shape: Sizes of the outputs' letters, without the batch (the first letter, or what is under a leading
            ``...``); None for those that the inputs have. A whole number for one.
        activation: Name or function; None is linear.
        bias_axes: Letters of the outputs that the bias has; None for no bias.
        kernel_initializer: Initialiser of the kernel; fans are counted by the equation.
        bias_initializer: Initialiser of the bias.
        kernel_regularizer: Penalty on the kernel.
        bias_regularizer: Penalty on the bias.
        kernel_constraint: Applied to the kernel after each step of an optimizer.
        bias_constraint: The same for the bias.
        **kwargs: `name`, `dtype`, `trainable`, `activity_regularizer`. Keras's arguments for LoRA and quantisation
            raise.

    Raises:
        ValueError: For wrong arguments, or inputs that do not fit the equation and `output_shape`.

    Example:
        >>> layer = EinsumDense("abc,cde->abde", output_shape=(None, 2, 3), bias_axes="de")
        >>> layer(np.ones((4, 5, 6))).shape, layer.kernel.shape, layer.bias.shape
        ((4, 5, 2, 3), (6, 2, 3), (2, 3))

    Source: Keras 3, `keras.layers.EinsumDense`.
    """

    _unsupported = frozenset({"lora_rank", "lora_alpha", "gptq_unpacked_column_size", "quantization_config"})

    def __init__(
        self,
        equation: str,
        output_shape: Any,
        activation: Any = None,
        bias_axes: str | None = None,
        kernel_initializer: Any = "glorot_uniform",
        bias_initializer: Any = "zeros",
        kernel_regularizer: Any = None,
        bias_regularizer: Any = None,
        kernel_constraint: Any = None,
        bias_constraint: Any = None,
        **kwargs: Any,
    ) -> None:
        super().__init__(**kwargs)
        left, arrow, self._outputs = (
            equation.replace(" ", "").partition("->") if isinstance(equation, str) else [""] * 3
        )
        self._inputs, comma, self._weights = left.partition(",")
        if not (arrow and comma and self._weights.isalpha()):
            raise ValueError(f"einsum_dense: expected an equation such as 'abc,cd->abd', got {equation!r}")
        self.equation = equation
        self.partial_output_shape = tuple(output_shape) if isinstance(output_shape, (list, tuple)) else (output_shape,)
        for size in self.partial_output_shape:
            if size is not None and (isinstance(size, bool) or not isinstance(size, int) or size < 1):
                raise ValueError(f"einsum_dense: expected output_shape to hold sizes or None, got {output_shape!r}")
        strange = sorted(set(bias_axes or "") - set(self._outputs.replace(".", "")))
        if strange:
            raise ValueError(f"einsum_dense: expected bias_axes among the outputs {self._outputs!r}, got {bias_axes!r}")
        self.bias_axes = bias_axes
        self.activation = activations.get(activation)
        self.kernel_initializer = initializers.get(kernel_initializer)
        self.bias_initializer = initializers.get(bias_initializer)
        self.kernel_regularizer = regularizers.get(kernel_regularizer)
        self.bias_regularizer = regularizers.get(bias_regularizer)
        self.kernel_constraint = constraints.get(kernel_constraint)
        self.bias_constraint = constraints.get(bias_constraint)

    def _sizes(self, input_shape: Any) -> tuple[list[Any], dict[Any, int | None]]:
        """The labels of the outputs, and the size of each label, for inputs of a shape."""
        kernel = len(self._weights)
        (inputs, _), outputs = read_subscripts(self.equation, [len(input_shape), kernel])
        sizes: dict[Any, int | None] = dict(zip(inputs, input_shape))
        # The batch is the first letter, unless it is under the dots.
        named = [label for label in outputs if isinstance(label, str)]
        named = named if self._outputs.startswith("...") else named[1:]
        if len(named) != len(self.partial_output_shape):
            raise ValueError(
                f"einsum_dense: expected output_shape to have a size for each of {''.join(named)!r}, "
                f"got {self.partial_output_shape}"
            )
        for label, size in zip(named, self.partial_output_shape):
            if size is not None and sizes.get(label) not in (None, size):
                raise ValueError(
                    f"einsum_dense: expected size {size} along {label!r} as in output_shape, got inputs of shape "
                    f"{tuple(input_shape)}"
                )
            sizes[label] = sizes.get(label) if size is None else size
        return outputs, sizes

    def build(self, input_shape: Any) -> None:
        """Create the kernel, and the bias where it has axes."""
        outputs, sizes = self._sizes(input_shape)
        unknown = [label for label in self._weights if sizes.get(label) is None]
        if unknown:
            raise ValueError(
                f"einsum_dense: expected known sizes along {', '.join(map(repr, unknown))}, got inputs of shape "
                f"{tuple(input_shape)} and output_shape {self.partial_output_shape}"
            )
        initializer = self.kernel_initializer
        if isinstance(initializer, VarianceScaling) and initializer.input_axes is None:
            axes: dict[str, list[int]] = {"input_axes": [], "output_axes": []}
            for i, label in enumerate(self._weights):
                axes["output_axes" if label in outputs else "input_axes"].append(i)
            initializer = type(initializer).from_config({**initializer.get_config(), "seed": initializer.seed, **axes})
        self.kernel = self.add_weight(
            tuple(sizes[label] for label in self._weights), initializer, name="kernel",
            regularizer=self.kernel_regularizer, constraint=self.kernel_constraint,
        )  # fmt: skip
        self.bias = None
        if self.bias_axes is not None:
            first = min(outputs.index(label) for label in self.bias_axes)
            axes_of_bias = set(self.bias_axes)
            shape = tuple(sizes[label] if label in axes_of_bias else 1 for label in outputs[first:])
            self.bias = self.add_weight(
                shape, self.bias_initializer, name="bias",
                regularizer=self.bias_regularizer, constraint=self.bias_constraint,
            )  # fmt: skip

    def call(self, inputs: Any) -> Any:
        """The outputs."""
        y = ops.einsum(self.equation, inputs, self.kernel)
        y = y if self.bias is None else y + self.bias
        return y if self.activation is activations.linear else self.activation(y)

    def compute_output_shape(self, input_shape: Any) -> tuple[int | None, ...]:
        """The sizes of the outputs' letters: as in Keras, those that `output_shape` leaves open stay open."""
        outputs, sizes = self._sizes(input_shape)
        given = iter(self.partial_output_shape)
        batch = None if self._outputs.startswith("...") else outputs[0]
        shape = tuple(next(given) if isinstance(label, str) and label != batch else sizes[label] for label in outputs)
        return activated_shape(self.activation, shape, self.dtype)

    def get_config(self) -> dict[str, Any]:
        """The constructor's arguments."""
        return {
            **super().get_config(),
            "equation": self.equation,
            "output_shape": self.partial_output_shape,
            "activation": activations.serialize(self.activation),
            "bias_axes": self.bias_axes,
            "kernel_initializer": initializers.serialize(self.kernel_initializer),
            "bias_initializer": initializers.serialize(self.bias_initializer),
            "kernel_regularizer": regularizers.serialize(self.kernel_regularizer),
            "bias_regularizer": regularizers.serialize(self.bias_regularizer),
            "activity_regularizer": regularizers.serialize(self.activity_regularizer),
            "kernel_constraint": constraints.serialize(self.kernel_constraint),
            "bias_constraint": constraints.serialize(self.bias_constraint),
        }


register_builtin("layers", EinsumDense)
