"""Everything that shares a name with Keras against Keras: the golden file by default, live with `-m peers`.

A difference is told by its place in the record: `inference.gradients.0: expected …`.
"""

from __future__ import annotations

import functools
import importlib.util
import inspect
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import numpy as np
import pytest

import neuroxide as nx
from neuroxide.utils import naming
from tests.parity import golden
from tests.parity.cases import Case
from tests.parity.libraries import Keras, Ours
from tests.parity.records import record, signature
from tests.parity.tables import KNOWN, NOT_COMPARED, REFUSED, TABLES

ROOT = Path(__file__).parents[2]
OURS = Ours()

# Keras rounds constants (slopes, rates, thresholds) to float32 even in float64; the file keeps seven digits.
TOLERANCE = {"rtol": 3e-6, "atol": 2e-6}
STATISTICS = {"rtol": 0.03, "atol": 0.01}


@functools.cache
def shared(kind: str) -> frozenset[str]:
    """The names of Keras that ours has too."""
    return frozenset(OURS.shared(kind, golden.read()["names"][kind]))


def has(kind: str, name: str) -> bool:
    """Whether ours has the name too."""
    return name in shared(kind)


CASES = [(kind, case) for kind, cases in TABLES.items() for case in cases if has(kind, case.name)]
NAMES = [
    (kind, name, arguments)
    for kind, names in golden.read()["names"].items()
    for name, arguments in names.items()
    if has(kind, name) and name not in ("deserialize", "get", "serialize")
]


@pytest.fixture(autouse=True)
def float64() -> Iterator[None]:
    """Both libraries in float64, and names counted from the start."""
    before = nx.config.floatx()
    nx.config.set_floatx("float64")
    naming.reset_names()
    yield
    nx.config.set_floatx(before)


def differences(found: Any, expected: Any, place: str = "") -> list[str]:
    """Where two records differ."""
    if isinstance(expected, dict) and isinstance(found, dict):
        keys = sorted(set(found) | set(expected))
        parts = []
        for key in keys:
            if key not in found or key not in expected:
                parts.append(f"{place}.{key}: only {'expected' if key in expected else 'found'}")
            else:
                parts += differences(found[key], expected[key], f"{place}.{key}")
        return parts
    if isinstance(expected, np.ndarray) or isinstance(found, np.ndarray):
        tolerance = STATISTICS if place.endswith("statistics") else TOLERANCE
        if np.shape(found) != np.shape(expected):
            return [f"{place}: expected shape {np.shape(expected)}, found {np.shape(found)}"]
        close = np.allclose(np.asarray(found, float), np.asarray(expected, float), equal_nan=True, **tolerance)
        return (
            [] if close else [f"{place}: expected {np.asarray(expected).tolist()}, found {np.asarray(found).tolist()}"]
        )
    if isinstance(expected, list) and isinstance(found, list) and len(expected) == len(found):
        return [d for i, (f, e) in enumerate(zip(found, expected)) for d in differences(f, e, f"{place}.{i}")]
    if isinstance(expected, float) or isinstance(found, float):
        try:
            return [] if np.isclose(found, expected, **TOLERANCE) else [f"{place}: expected {expected}, found {found}"]
        except TypeError:
            pass
    return [] if found == expected else [f"{place}: expected {expected!r}, found {found!r}"]


def compared(kind: str, case: Case, expected: Any) -> list[str]:
    """Where ours differs from Keras's record. Arguments that Keras forgets to put in configurations may be in ours."""
    found = record(OURS, kind, case)
    if "config" in found:
        arguments = dict(signature(getattr(OURS.module(kind), case.name)))
        kept = {key: v for key, v in found["config"].items() if key in expected["config"] or key not in arguments}
        found["config"] = kept
    return [d for d in differences(found, expected) if f"{kind}.{case.name}{d.partition(':')[0]}" not in KNOWN]


@pytest.mark.parametrize(("kind", "case"), CASES, ids=lambda x: x.label if isinstance(x, Case) else x)
def test_as_keras(kind: str, case: Case) -> None:
    expected = golden.read()["cases"][kind].get(case.label)
    assert expected is not None, "the golden file lacks this line: run python -m tests.parity.make"
    assert not (found := compared(kind, case, expected)), "\n".join(found)


@pytest.mark.parametrize(("kind", "name", "theirs"), NAMES, ids=lambda x: x if isinstance(x, str) else "")
def test_arguments_come_in_the_same_order_with_the_same_defaults(kind: str, name: str, theirs: Any) -> None:
    thing = getattr(OURS.module(kind), name)
    given = dict(signature(thing))
    bases = [base for base in inspect.getmro(thing)[1:] if inspect.isclass(thing)] if inspect.isclass(thing) else []
    inherited = {key: default for base in reversed(bases) for key, default in signature(base)}
    wanted = [(key, default) for key, default in theirs if key not in REFUSED]
    own = [key for key in given if key in dict(wanted)]
    assert own == [key for key, _ in wanted if key in given], "the order"
    for key, default in wanted:
        if key not in given and key not in inherited:
            assert key in ("kwargs", "name", "dtype"), f"lacks {key}"
            continue
        found = given.get(key, inherited.get(key))
        assert _same_default(found, default), f"{key}: expected {default}, found {found}"


def _same_default(found: Any, expected: str) -> bool:
    try:
        return bool(float(found) == float(expected))
    except ValueError:
        return bool(found == expected)


def test_every_shared_name_is_compared_or_has_a_reason() -> None:
    compared = {(kind, case.name) for kind, cases in TABLES.items() for case in cases}
    # Functions under which a class computes, and aliases, come with their class.
    missing = []
    for kind, name, _ in NAMES:
        thing = getattr(OURS.module(kind), name)
        twins = {other for k, other in compared if k == kind and getattr(OURS.module(kind), other, None) is thing}
        if (kind, name) in compared or twins or name in NOT_COMPARED.get(kind, {}) or _comes_with_a_class(kind, name):
            continue
        missing.append(f"{kind}.{name}")
    assert not missing, f"add a line to tests/parity/tables.py for {', '.join(missing)}"


def _comes_with_a_class(kind: str, name: str) -> bool:
    records = golden.read()["cases"]
    functions = {entry.get("function") for k in ("losses", "metrics") for entry in records[k].values()}
    return kind in ("losses", "metrics") and name in functions


def test_the_list_in_the_docs_is_up_to_date() -> None:
    spec = importlib.util.spec_from_file_location("keras_parity", ROOT / "tools" / "keras_parity.py")
    assert spec is not None and spec.loader is not None
    tool = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(tool)
    path = ROOT / "docs" / "keras_parity.md"
    assert path.read_text("utf-8") == tool.page(), "run python tools/keras_parity.py"


@pytest.mark.peers
@pytest.mark.filterwarnings("ignore")
@pytest.mark.parametrize("kind", TABLES)
def test_live(kind: str) -> None:
    pytest.importorskip("keras")
    pytest.importorskip("tensorflow")
    keras = Keras()
    wrong = []
    for case in [case for k, case in CASES if k == kind]:
        keras.root.utils.clear_session()
        naming.reset_names()
        found = compared(kind, case, record(keras, kind, case))
        if found:
            wrong += [case.label, *(f"  {line}" for line in found)]
    assert not wrong, "\n".join(wrong)


def test_the_tables_need_no_keras() -> None:
    code = "import sys, tests.parity.tables, tests.parity.records; sys.exit('keras' in sys.modules)"
    assert subprocess.run([sys.executable, "-c", code], cwd=ROOT, check=False).returncode == 0
