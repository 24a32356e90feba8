"""Who is asked before an optimiser takes a step: the guard against NaN, while it watches a batch."""

from __future__ import annotations

import contextlib
import threading
from collections.abc import Callable, Iterator
from typing import TYPE_CHECKING, Any

from neuroxide.autograd import Variable

if TYPE_CHECKING:
    from neuroxide.optimizers.base import Optimizer


class Asked(threading.local):
    """Who is asked, in one thread, before an optimiser changes anything."""

    before_step: Callable[[Optimizer, list[Variable], list[Any]], None] | None = None


ASKED = Asked()


@contextlib.contextmanager
def ask_before_steps(function: Callable[[Optimizer, list[Variable], list[Any]], None]) -> Iterator[None]:
    """Within it, every optimiser of this thread calls ``function(optimizer, weights, gradients)`` before each step;
    what that raises stops the step."""
    outer, ASKED.before_step = ASKED.before_step, function
    try:
        yield
    finally:
        ASKED.before_step = outer
