"""A function of `neuroxide.ops` as a layer: what arithmetic on symbolic values becomes."""

from __future__ import annotations

from typing import Any

from neuroxide import ops
from neuroxide.layers.base import Layer
from neuroxide.utils import tree
from neuroxide.utils.naming import auto_name, suggest, to_snake_case
from neuroxide.utils.registry import register_builtin


class OpLayer(Layer):
    """Calls ``neuroxide.ops.<op>`` on whatever it is called on.

    Args:
        op: Name of a function in `neuroxide.ops`.

    Raises:
        ValueError: When there is no such function.

    Example:
        >>> OpLayer("add").name.startswith("add")
        True
    """

    def __init__(self, op: str, **kwargs: Any) -> None:
        kwargs.setdefault("name", None)
        if kwargs["name"] is None:
            kwargs["name"] = auto_name(to_snake_case(op))
        super().__init__(**kwargs)
        function = None if op.startswith("_") else getattr(ops, op, None)
        if not callable(function) or op not in getattr(ops, "__all__", (op,)):
            raise ValueError(f"ops: unknown function {op!r}{suggest(op, getattr(ops, '__all__', ()))}")
        self.op = op
        self._function = function
        self.built = True

    def _convert(self, value: Any) -> Any:
        # Axes and shapes are arguments of the function, and lists of numbers it converts itself.
        if isinstance(value, (list, tuple)):
            return tree.map_structure(super()._convert, value)
        return super()._convert(value)

    def call(self, *args: Any, **kwargs: Any) -> Any:
        """The function's value."""
        return self._function(*args, **kwargs)

    def get_config(self) -> dict[str, Any]:
        """The constructor's arguments."""
        return {**super().get_config(), "op": self.op}


register_builtin("layers", OpLayer)
