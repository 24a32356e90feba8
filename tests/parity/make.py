"""Writes `golden.npz`: Keras's side of every line of the tables. Run where Keras and TensorFlow are installed:

python -m tests.parity.make                    the lines that the file lacks
python -m tests.parity.make --anew [kind …]    all lines, or those of some kinds
"""

from __future__ import annotations

import inspect
import sys
import traceback
import warnings
from typing import Any

from tests.parity import golden
from tests.parity.libraries import Keras
from tests.parity.records import record, signature
from tests.parity.tables import TABLES


def names_of(module: Any) -> dict[str, Any]:
    """Classes and functions of a module of Keras, with their arguments."""
    return {
        name: signature(value)
        for name, value in vars(module).items()
        if not name.startswith("_") and (inspect.isclass(value) or inspect.isfunction(value))
    }


def main(kinds: list[str], anew: bool) -> None:
    warnings.simplefilter("ignore")
    library = Keras()
    before = golden.read() if golden.PATH.exists() else {"cases": {}}
    content: dict[str, Any] = {"made_with": f"keras {library.root.__version__}", "names": {}, "cases": {}}
    failed = made = 0
    for kind, cases in TABLES.items():
        content["names"][kind] = names_of(library.module(kind))
        known = before["cases"].get(kind, {})
        found = content["cases"][kind] = {}
        for case in cases:
            if case.label in known and not (anew and (not kinds or kind in kinds)):
                found[case.label] = known[case.label]
                continue
            library.root.utils.clear_session()
            try:
                found[case.label] = record(library, kind, case)
                made += 1
            except Exception:
                failed += 1
                print(f"{kind}: {case.label}", file=sys.stderr)
                traceback.print_exc(limit=-3)
    golden.write(content)
    print(f"{golden.PATH.stat().st_size} bytes, {made} cases made, {failed} failed")


if __name__ == "__main__":
    main([a for a in sys.argv[1:] if a != "--anew"], "--anew" in sys.argv)
