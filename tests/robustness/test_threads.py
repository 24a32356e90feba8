"""Same bits for any number of threads, in forked children and from several Python threads; the GIL and memory."""

import os
import threading
import time
import warnings

import numpy as np
import pytest

from neuroxide import _core
from tests.robustness.big_calls import bits, calls, normal

CALLS = calls()


@pytest.fixture(autouse=True)
def keep_threads():
    before = _core.get_num_threads()
    yield
    _core.set_num_threads(before)


@pytest.mark.parametrize("name", CALLS)
def test_same_bits_for_one_two_and_three_threads(name):
    found = []
    for threads in (1, 2, 3):
        _core.set_num_threads(threads)
        found.append(bits(CALLS[name]()))
    assert found[0] == found[1] == found[2]


@pytest.mark.skipif(not hasattr(os, "fork"), reason="needs fork")
def test_same_bits_in_a_forked_child():
    _core.set_num_threads(2)
    expected = {name: bits(call()) for name, call in CALLS.items()}
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", DeprecationWarning)
        child = os.fork()
    if child == 0:
        try:
            wrong = [name for name, call in CALLS.items() if bits(call()) != expected[name]]
            os.write(2, f"wrong in the child: {wrong}\n".encode() * bool(wrong))
            os._exit(1 if wrong else 0)
        except BaseException as error:
            os.write(2, repr(error).encode())
            os._exit(2)
    assert os.waitpid(child, 0)[1] == 0
    # And the parent's pool still works.
    name = next(iter(CALLS))
    assert bits(CALLS[name]()) == expected[name]


def test_same_bits_from_eight_python_threads():
    _core.set_num_threads(2)
    expected = {name: bits(call()) for name, call in CALLS.items()}
    wrong: list[str] = []

    def work(shift: int) -> None:
        names = list(CALLS)
        wrong.extend(name for name in names[shift:] + names[:shift] if bits(CALLS[name]()) != expected[name])

    threads = [threading.Thread(target=work, args=(5 * k,)) for k in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert wrong == []


def test_other_python_threads_run_during_a_long_kernel():
    a = normal(1600, 1600).astype(np.float64)
    ticks: list[float] = []
    stop = threading.Event()

    def tick() -> None:
        while not stop.is_set():
            ticks.append(time.perf_counter())
            time.sleep(0.0005)

    thread = threading.Thread(target=tick)
    thread.start()
    try:
        _core.set_num_threads(1)
        start = time.perf_counter()
        for _ in range(3):
            _core.matmul(a, a)
        end = time.perf_counter()
    finally:
        stop.set()
        thread.join()
    during = sum(start < moment < end for moment in ticks)
    # Held, the GIL would let it run between the three calls at most.
    assert during > 10, f"{during} ticks in {end - start:.3f} s"


def test_repeated_calls_ask_the_system_for_no_memory():
    for call in CALLS.values():
        call()
    before = _core.pool_stats()
    for call in CALLS.values():
        for _ in range(3):
            call()
    after = _core.pool_stats()
    assert after["system_allocations"] == before["system_allocations"]
    assert after["live_bytes"] == before["live_bytes"]
    assert after["reuses"] > before["reuses"]
