"""What nested layer calls share: whether they train, and which outermost call they belong to."""

from __future__ import annotations

import itertools
import threading

serials = itertools.count(1)


class CallContext(threading.local):
    """State of the layer calls running in this thread.

    Attributes:
        training: What the nearest enclosing call was told; None when nobody said.
        depth: How many layer calls enclose this point.
        serial: Number of the outermost call; losses added by an earlier one are stale.
    """

    training: bool | None = None
    depth: int = 0
    serial: int = 0


CONTEXT = CallContext()
