"""Calls one function of `_core` after another with random arguments, in a process that may be lost.

    python -m tests.robustness.worker LAST_CALL_FILE EXAMPLES SEED [NAME ...]

Prints one JSON object: `calls`, `accepted` and `compared` (with a reference) by name,
and `faults`, each with the call's text and what went wrong.
"""

from __future__ import annotations

import json
import os
import re
import sys
import time
import warnings
from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Any

import numpy as np
from hypothesis import HealthCheck, Phase, given, seed, settings
from hypothesis import strategies as st

from neuroxide import _core
from tests.robustness import answers, values
from tests.robustness.calls import FLOATS, Call, Maker, broken, of_signature
from tests.robustness.recipes import RECIPES

ALLOWED = (ValueError, TypeError, OverflowError, MemoryError, IndexError)
SECONDS = 5.0
PACE = 25e6  # bytes of an answer that any function makes in a second, beside other work
MEMORY = 3 << 30
IN_PLACE = tuple(name for name in dir(_core) if name.endswith("_step"))
UNREPEATABLE = ("empty", "pool_stats", "probe_fma", "probe_stream", "get_num_threads")


def public_functions() -> list[str]:
    """Every public callable of the extension."""
    return [name for name in dir(_core) if not name.startswith("_") and callable(getattr(_core, name))]


@dataclass
class Record:
    """What has happened so far."""

    calls: int = 0
    accepted: Counter[str] = field(default_factory=Counter)
    compared: Counter[str] = field(default_factory=Counter)
    faults: list[dict[str, str]] = field(default_factory=list)

    def fault(self, call: Call, what: str) -> None:
        self.faults.append({"name": call.name, "call": call.text, "what": what[:400]})


class Fault(AssertionError):
    """A call that ended in a way no call may end."""


NAMESPACE = {**vars(values), "np": np}


def arrays_in(argument: Any) -> Iterator[np.ndarray]:
    """The arrays of an argument that can be compared byte for byte."""
    if isinstance(argument, np.ndarray):
        if argument.dtype != object and argument.size < 1 << 20:
            yield argument
    elif isinstance(argument, list | tuple):
        for item in argument:
            yield from arrays_in(item)


def bytes_of(arguments: list[Any]) -> list[bytes]:
    return [x.tobytes() for x in arrays_in(arguments)]


def evaluate(call: Call) -> tuple[list[Any], dict[str, Any]]:
    """The arguments, made from their text; an argument named twice is one object."""
    made: dict[str, Any] = {}

    def value(argument: Any) -> Any:
        text = str(argument)
        if text not in made:
            items = getattr(argument, "items", None)
            made[text] = eval(text, NAMESPACE) if items is None else [value(item) for item in items]
        return made[text]

    return [value(a) for a in call.arguments], {key: value(a) for key, a in call.keywords}


def check(call: Call, record: Record) -> None:
    """Makes the call; raises `Fault` where it ends as no call may."""
    arguments, keywords = evaluate(call)
    function = getattr(_core, call.name)
    before = bytes_of(arguments)
    given = evaluate(call)[0] if call.name in IN_PLACE else arguments
    record.calls += 1
    start, result = time.perf_counter(), None
    try:
        result = function(*arguments, **keywords)
    except ALLOWED as error:
        refused(call, error)
        if bytes_of(arguments) != before:
            raise Fault("raised, but had changed an argument") from error
        return
    except BaseException as error:
        raise Fault(f"raised {type(error).__name__}: {error}") from error
    finally:
        if time.perf_counter() - start > SECONDS + getattr(result, "nbytes", 0) / PACE:
            raise Fault(f"took {time.perf_counter() - start:.1f} s")
    record.accepted[call.name] += 1
    accepted(call, arguments, keywords, before, result)
    compared(call, given, keywords, result, arguments, record)


def compared(
    call: Call, given: list[Any], keywords: dict[str, Any], result: Any, after: list[Any], record: Record
) -> None:
    """Checks the answer against the slow reference, where there is one."""
    try:
        what = answers.wrong(call.name, given, keywords, result, after)
    except (answers.Skip, OverflowError, MemoryError):  # of huge whole numbers, or huge arrays, in the reference
        return
    except Exception as error:
        raise Fault(f"accepted, but the reference raised {type(error).__name__}: {error}") from error
    if what:
        raise Fault(what)
    record.compared[call.name] += 1


def refused(call: Call, error: BaseException) -> None:
    """Checks the message: it begins with the function's name, or the argument parser notes the parameter."""
    text, notes = str(error), getattr(error, "__notes__", [""])
    named = rf"{call.name}:|(neuroxide\._core\.)?{call.name}(\.__new__)?\(\) "
    if isinstance(error, values.Broken) or re.match(named, text):
        return
    if not re.match("while processing '", notes[0]):
        raise Fault(f"message does not begin with the function's name: {type(error).__name__}: {text}")


def accepted(call: Call, arguments: list[Any], keywords: dict[str, Any], before: list[bytes], result: Any) -> None:
    """Checks what every result must keep: arguments untouched, memory of its own, the same bits again."""
    if call.name in IN_PLACE:
        return
    if bytes_of(arguments) != before:
        raise Fault("changed an argument")
    outputs = list(arrays_in(result if isinstance(result, tuple | list) else [result]))
    for output in outputs:
        if any(np.may_share_memory(output, argument) for argument in arrays_in(arguments)):
            raise Fault("result shares memory with an argument")
        if not output.flags.c_contiguous or not output.flags.writeable:
            raise Fault(f"result is not a plain array: {output.flags}")
    if call.name not in UNREPEATABLE:
        again = getattr(_core, call.name)(*arguments, **keywords)
        if bytes_of([again]) != bytes_of([result]):
            raise Fault("the same call gave other bits")


def one(random: Any, name: str) -> Call:
    """A random call of the function: a third of them right, the others broken."""
    make = Maker(random, random.choice(FLOATS))
    recipe = RECIPES.get(name)
    arguments = recipe(make) if recipe else of_signature(make, getattr(_core, name))
    call = Call(name, tuple(arguments))
    return call if random.random() < 0.35 else broken(make, call)


def fuzz(name: str, examples: int, number: int, last: int, record: Record) -> None:
    """Calls one function `examples` times; keeps the smallest failing call that hypothesis finds."""
    failing: list[tuple[Call, str]] = []

    @seed(number)
    @settings(
        max_examples=examples, database=None, deadline=None, suppress_health_check=list(HealthCheck),
        phases=(Phase.generate, Phase.shrink), report_multiple_bugs=False,
    )  # fmt: skip
    @given(st.randoms(use_true_random=False))
    def calls(random: Any) -> None:
        call = one(random, name)
        text = call.text.encode()
        os.pwrite(last, text, 0)
        os.ftruncate(last, len(text))
        try:
            check(call, record)
        except Fault as fault:
            failing.append((call, str(fault)))
            raise

    try:
        calls()
    except Fault:
        record.fault(*failing[-1])
    except Exception as error:
        if not failing:
            raise
        record.fault(failing[-1][0], f"{failing[-1][1]} ({type(error).__name__})")
    if name == "set_num_threads":
        _core.set_num_threads(2)


def limit_memory() -> None:
    """Absurd sizes must be refused, not swapped in."""
    try:
        import resource
    except ImportError:
        return
    with open("/proc/self/statm") as file:
        used = int(file.read().split()[0]) * resource.getpagesize()
    resource.setrlimit(resource.RLIMIT_AS, (used + MEMORY, used + MEMORY))


def main() -> None:
    """Runs the functions named, or all."""
    last = os.open(sys.argv[1], os.O_WRONLY | os.O_CREAT | os.O_TRUNC)
    examples, number, names = int(sys.argv[2]), int(sys.argv[3]), sys.argv[4:] or public_functions()
    warnings.simplefilter("ignore")
    _core.set_num_threads(2)
    limit_memory()
    record = Record()
    for name in names:
        fuzz(name, examples, number, last, record)
    print(json.dumps(vars(record)))


if __name__ == "__main__":
    main()
