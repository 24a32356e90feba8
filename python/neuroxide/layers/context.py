"""What nested layer calls share: whether they train, and which outermost call they belong to."""

from __future__ import annotations

import itertools
import threading

serials = itertools.count(1)


class Level:
    """Where one thread stands among nested layer calls.

    Attributes:
        training: What the nearest enclosing call was told; None when nobody said.
        depth: How many layer calls enclose this point.
        serial: Number of the outermost call; losses added by an earlier one are stale.
    """

    __slots__ = ("depth", "serial", "training")

    def __init__(self) -> None:
        self.training: bool | None = None
        self.depth = 0
        self.serial = 0


class CallContext(threading.local):
    """The level of each thread, behind one look-up: an attribute of a `threading.local` costs several plain ones."""

    def __init__(self) -> None:
        self.level = Level()


CONTEXT = CallContext()
