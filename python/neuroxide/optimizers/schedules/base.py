"""`LearningRateSchedule`: the base of learning rates that change with the step."""

from __future__ import annotations

from typing import Any

from neuroxide.utils.arguments import NamedArguments, check_numbers
from neuroxide.utils.naming import to_snake_case


class LearningRateSchedule(NamedArguments):
    """Base: a callable from the number of steps taken to a learning rate.

    Example:
        >>> class Halving(LearningRateSchedule):
        ...     def __call__(self, step):
        ...         return 0.1 * 0.5 ** (step // 100)
        >>> Halving()(250)
        0.025
    """

    def __call__(self, step: Any) -> Any:
        """The learning rate of this step, counted from 0."""
        raise NotImplementedError(f"{type(self).__name__}: write __call__(self, step)")

    def get_config(self) -> dict[str, Any]:
        """The constructor's arguments."""
        raise NotImplementedError(f"{type(self).__name__}: write get_config to save models that use it")

    @classmethod
    def from_config(cls, config: dict[str, Any]) -> Any:
        """A new schedule from what `get_config` gave."""
        return cls(**config)

    def _describe(self, *names: str) -> dict[str, Any]:
        return {name: getattr(self, name) for name in names}

    def _check(self, least: float = 0.0, above: float | None = None, **values: Any) -> None:
        """Raise unless the values are numbers ≥ least (> above where that is given), by name."""
        check_numbers(to_snake_case(type(self).__name__), least=least, above=above, **values)
