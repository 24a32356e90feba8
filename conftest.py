"""Examples in docstrings may use `np` and `nx` without importing them, and start from the same seed."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest

import neuroxide as nx


@pytest.fixture(autouse=True)
def _names_of_examples(request: pytest.FixtureRequest) -> None:
    if "doctest_namespace" in request.fixturenames or isinstance(request.node, pytest.DoctestItem):
        namespace: dict[str, Any] = request.getfixturevalue("doctest_namespace")
        namespace.update(np=np, nx=nx)
