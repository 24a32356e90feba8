"""`neuroxide bleu` against what sacrebleu's command prints."""

from __future__ import annotations

import gzip
import io
import json
import re
import sys
from pathlib import Path

import pytest

import neuroxide as nx
from neuroxide import cli
from neuroxide.text.table import fancy_grid
from tests.text.corpus import systems

GOLDEN = json.loads((Path(__file__).parents[1] / "golden" / "bleu.json").read_text("utf-8"))["commands"]


@pytest.fixture(autouse=True)
def folder(tmp_path, monkeypatch):
    named, references = systems()
    files = dict(named) | {f"ref{r}": stream for r, stream in enumerate(references)}
    files["both"] = ["\t".join(texts) for texts in zip(*references)]
    for name, lines in files.items():
        (tmp_path / name).write_text("".join(f"{line}\n" for line in lines), "utf-8", newline="\n")
    monkeypatch.chdir(tmp_path)
    for name in ("SACREBLEU_SEED", "SACREBLEU_FORMAT"):
        monkeypatch.delenv(name, raising=False)
    return tmp_path


@pytest.mark.parametrize("case", GOLDEN, ids=lambda case: " ".join(case["arguments"]))
def test_prints_what_sacrebleu_prints(case, capsys):
    assert cli.main(["bleu", *case["arguments"]]) == 0
    printed = capsys.readouterr().out.replace(f"neuroxide-{nx.__version__}", "VERSION")
    assert printed == case["printed"]


def test_standard_input(monkeypatch, capsys, folder):
    content = (folder / "A").read_bytes()
    monkeypatch.setattr(sys, "stdin", io.TextIOWrapper(io.BytesIO(content)))
    assert cli.main(["bleu", "ref0", "-b"]) == 0
    alone = capsys.readouterr().out
    assert cli.main(["bleu", "ref0", "-b", "-i", "A"]) == 0
    assert capsys.readouterr().out == alone
    assert float(alone) == pytest.approx(41.1)


def test_systems_on_standard_input(monkeypatch, capsys, folder):
    rows = zip(*((folder / name).read_text("utf-8").split("\n") for name in "AB"))
    content = "\n".join("\t".join(row) for row in rows if any(row)).encode()
    monkeypatch.setattr(sys, "stdin", io.TextIOWrapper(io.BytesIO(content)))
    assert cli.main(["bleu", "ref0", "-pbs", "-pbsn", "20"]) == 0
    first, second = json.loads(capsys.readouterr().out)
    assert (first["system"], second["system"]) == ("Baseline", "System 1")
    assert second["BLEU"]["p_value"] > 0.01


def test_paired_table(capsys):
    assert cli.main(["bleu", "ref0", "-i", "A", "B", "C", "-par", "-parn", "60", "-f", "text"]) == 0
    printed = capsys.readouterr().out
    assert re.search(r"│ +Baseline: A │ +41\.1 +│", printed)
    assert "Paired approximate randomization test with 60 trials" in printed
    assert "nrefs:1|ar:60|seed:12345|case:mixed" in printed
    assert "\033" not in printed
    assert re.search(r"\(p = 0\.\d{4}\)\*", printed)


def test_gzip_and_encoding(capsys, folder):
    (folder / "ref0.gz").write_bytes(gzip.compress((folder / "ref0").read_bytes()))
    assert cli.main(["bleu", "ref0.gz", "-i", "ref0", "-b"]) == 0
    assert capsys.readouterr().out == "100.0\n"
    (folder / "latin").write_bytes("é ü\n".encode("latin-1"))
    assert cli.main(["bleu", "latin", "-i", "latin", "-b", "-e", "latin-1", "-m", "chrf"]) == 0
    assert capsys.readouterr().out == "100.0\n"


def test_format_of_the_environment(monkeypatch, capsys):
    monkeypatch.setenv("SACREBLEU_FORMAT", "text")
    assert cli.main(["bleu", "ref0", "-i", "ref0"]) == 0
    assert capsys.readouterr().out.startswith("BLEU|nrefs:1|case:mixed|eff:no|tok:13a|smooth:exp|version:neuroxide-")


def test_warnings_go_to_standard_error(capsys, folder):
    (folder / "tokenized").write_text("A line .\n" * 100)
    assert cli.main(["bleu", "tokenized", "-i", "tokenized", "-b"]) == 0
    assert "100 hypotheses end in a full stop" in capsys.readouterr().err
    assert cli.main(["bleu", "tokenized", "-i", "tokenized", "-b", "-q"]) == 0
    assert capsys.readouterr().err == ""


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (["-i", "A"], "expected files of references, before -i"),
        (["nowhere", "-i", "A"], "No such file"),
        (["ref0", "-i", "short"], "as many lines in short as in ref0, got 1 and 40"),
        (["ref0", "-i", "bad"], "bad, line 2: expected utf-8, got the byte 0xff: invalid start byte"),
        (["ref0", "-i", "A", "-e", "utf-99"], "--encoding: expected the name of an encoding, got 'utf-99'"),
        (["bad.gz", "-i", "A"], "bad.gz: expected gzipped text"),
        (["ref0", "-nr", "2", "-i", "A"], "ref0, line 1: expected 2 fields, got 1"),
        (["ref0", "ref1", "-nr", "2", "-i", "A"], "a single file of references"),
        (["empty", "-i", "empty"], "at least one sentence in empty, got none"),
        (["ref0", "-i", "A", "A"], "expected each system once, got A again"),
        (["ref0", "-i"], "expected files after -i"),
        (["ref0", "-i", "A", "-pbs"], "expected several systems for a paired test"),
        (["ref0", "-i", "A", "B", "-ci"], "expected one system with --confidence"),
        (["ref0", "-i", "A", "-sl", "-m", "bleu", "chrf"], "one metric and no test with --sentence-level"),
        (["ref0", "-i", "A", "-l", "en-ja"], "MeCab is not part of neuroxide"),
    ],
)
def test_mistakes_are_one_line(arguments, message, capsys, folder):
    (folder / "short").write_text("one line\n")
    (folder / "empty").write_text("")
    (folder / "bad").write_bytes(b"fine\nnot \xff fine\n")
    (folder / "bad.gz").write_bytes(b"plain")
    assert cli.main(["bleu", *arguments]) == 1
    error = capsys.readouterr().err
    assert message in error and error.startswith("neuroxide bleu: ") and error.count("\n") == 1


def test_cells_of_several_lines():
    printed = fancy_grid({"System": ["a", "long name"], "BLEU": ["1.0\n\033[31m(p = 0.5)\033[0m", "2.0"]})
    assert printed.split("\n")[3:5] == ["│         a │    1.0    │", "│           │ \033[31m(p = 0.5)\033[0m │"]
