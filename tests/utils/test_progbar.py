"""The progress bar's texts: on a terminal, in a log, and the one line of verbose=2."""

import io
import re
import sys

import pytest

from neuroxide.utils import progbar
from neuroxide.utils.progbar import Progbar


class Terminal(io.StringIO):
    def isatty(self):
        return True


@pytest.fixture
def clock(monkeypatch):
    class Clock:
        now = 100.0

        def __call__(self):
            return self.now

    clock = Clock()
    monkeypatch.setattr(progbar.time, "perf_counter", clock)
    return clock


def run(monkeypatch, clock, out, steps=4, seconds=0.5, **options):
    monkeypatch.setattr(sys, "stdout", out)
    bar = Progbar(options.pop("target", steps), stateless_metrics=set(), **options)
    for step in range(1, steps + 1):
        clock.now += seconds
        bar.update(step, [("loss", 1 / step), ("tiny", 1e-5)], finalize=False)
    bar.update(steps, [("loss", 0.125)], finalize=True)
    return out.getvalue()


def test_a_log_gets_one_plain_line(monkeypatch, clock):
    text = run(monkeypatch, clock, io.StringIO())
    assert text == "4/4 ━━━━━━━━━━━━━━━━━━━━ 2s 500ms/step - loss: 0.1250 - tiny: 1.0000e-05\n"


def test_a_terminal_is_redrawn(monkeypatch, clock):
    text = run(monkeypatch, clock, Terminal())
    lines = text.split("\r")[1:]
    assert len(lines) == 5 and text.count("\n") == 1 and text.endswith("\n")
    plain = [re.sub(r"\x1b\[\d+m", "", line) for line in lines]
    assert plain[0].startswith("1/4 ━━━━━━━━━━━━━━━━━━━━ 1s 500ms/step - loss: 1.0000 - tiny: 1.0000e-05")
    assert plain[4].rstrip() == "4/4 ━━━━━━━━━━━━━━━━━━━━ 2s 500ms/step - loss: 0.1250 - tiny: 1.0000e-05"
    assert "\x1b[32m━━━━━\x1b[0m\x1b[37m━━━━━━━━━━━━━━━\x1b[0m" in lines[0]


def test_a_shorter_line_covers_the_longer(monkeypatch, clock):
    monkeypatch.setattr(sys, "stdout", out := Terminal())
    bar = Progbar(10, stateless_metrics=set())
    clock.now += 7200
    bar.update(1, [("loss", 1.0)])
    clock.now += 1
    bar.update(2, [("loss", 1.0)])
    first, second = (re.sub(r"\x1b\[\d+m", "", line) for line in out.getvalue().split("\r")[1:])
    assert "18:00:00" in first and len(second) == len(first)


def test_drawing_is_limited_in_time(monkeypatch, clock):
    text = run(monkeypatch, clock, Terminal(), steps=100, seconds=0.001)
    assert 2 <= text.count("\r") <= 5


def test_verbose_2_is_the_line_of_keras(monkeypatch, clock):
    text = run(monkeypatch, clock, io.StringIO(), verbose=2)
    assert text == "4/4 - 2s - 500ms/step - loss: 0.1250 - tiny: 1.0000e-05\n"


def test_verbose_0_is_silent(monkeypatch, clock):
    assert run(monkeypatch, clock, io.StringIO(), verbose=0) == ""


def test_unknown_length(monkeypatch, clock):
    text = run(monkeypatch, clock, Terminal(), target=None)
    assert "\r      1/Unknown \x1b[1m0s\x1b[0m 500ms/step" in text


def test_averages_of_stateless_metrics(monkeypatch, clock):
    monkeypatch.setattr(sys, "stdout", out := Terminal())
    bar = Progbar(10, stateful_metrics=["acc"])
    for step, value in enumerate([1.0, 2.0, 6.0], 1):
        clock.now += 1
        bar.update(step, [("loss", value), ("acc", value)])
    assert out.getvalue().rstrip().endswith("loss: 3.0000 - acc: 6.0000")


def test_an_output_without_box_characters(monkeypatch, clock):
    raw = io.BytesIO()
    run(monkeypatch, clock, out := Ascii(raw))
    out.flush()
    assert raw.getvalue().startswith(b"4/4 ==================== 2s")


class Ascii(io.TextIOWrapper):
    def __init__(self, raw):
        super().__init__(raw, "ascii")

    def getvalue(self):
        return ""


def test_both_kinds_of_metrics_are_refused():
    with pytest.raises(ValueError, match="got both"):
        Progbar(1, stateful_metrics=["a"], stateless_metrics=["b"])
