"""How docstrings are read for the site: examples as code, no types beside arguments, whose texts say them."""

from typing import Any

import griffe


class Docstrings(griffe.Extension):
    """Changes what griffe has read, before it is rendered."""

    def on_object(self, *, obj: Any, **kwargs: Any) -> None:
        """Name the section of examples as griffe expects it."""
        if obj.docstring is not None:
            obj.docstring.value = obj.docstring.value.replace("\nExample:\n", "\nExamples:\n")

    def on_function(self, *, func: Any, **kwargs: Any) -> None:
        """Leave annotations out."""
        func.returns = None
        for parameter in func.parameters:
            parameter.annotation = None
