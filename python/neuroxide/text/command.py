"""`neuroxide bleu`: sacrebleu's command line for files of references and hypotheses."""

from __future__ import annotations

import argparse
import gzip
import json
import os
import sys
import warnings
from typing import Any

from neuroxide.text.bleu import BLEU
from neuroxide.text.chrf import CHRF
from neuroxide.text.scoring import Metric
from neuroxide.text.significance import PairedTest, Result
from neuroxide.text.table import fancy_grid

__all__ = ["add_arguments", "run"]

FORMATS = ("json", "text")


class CommandError(Exception):
    """What is wrong with files or options, in one line."""


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Adds what `neuroxide bleu` understands to a parser."""
    add = parser.add_argument
    add("refs", nargs="*", help="files of references, one sentence a line; before -i")
    add("-i", "--input", nargs="*", help="files of hypotheses; standard input where none are given")
    add("-nr", "--num-refs", type=int, default=1, help="references in one file, tabs between them (%(default)s)")
    add("-e", "--encoding", default="utf-8", help="of all files (%(default)s)")
    add("-m", "--metrics", nargs="+", choices=("bleu", "chrf"), default=["bleu"], help="(bleu)")
    add("-sl", "--sentence-level", action="store_true", help="a score for each sentence")
    add("-l", "--language-pair", metavar="PAIR", help="such as en-zh: chooses the tokenizer by the target")

    bleu = parser.add_argument_group("BLEU").add_argument
    bleu("-s", "--smooth-method", choices=tuple(BLEU.SMOOTH_DEFAULTS), default="exp", help="(%(default)s)")
    bleu("-sv", "--smooth-value", type=float, help="of floor (0.1) and add-k (1)")
    bleu("-tok", "--tokenize", choices=BLEU.TOKENIZERS, help="(13a; zh where that is the target language)")
    bleu("-lc", "--lowercase", action="store_true", help="ignore case")
    bleu("--force", action="store_true", help="keep quiet about text that looks tokenized")

    chrf = parser.add_argument_group("chrF").add_argument
    chrf("-cc", "--chrf-char-order", type=int, default=CHRF.CHAR_ORDER, help="(%(default)s)")
    chrf("-cw", "--chrf-word-order", type=int, default=CHRF.WORD_ORDER, help="(%(default)s; 2 is chrF++)")
    chrf("--chrf-beta", type=int, default=CHRF.BETA, help="weight of recall (%(default)s)")
    chrf("--chrf-whitespace", action="store_true", help="count white space as characters")
    chrf("--chrf-lowercase", action="store_true", help="ignore case")
    chrf("--chrf-eps-smoothing", action="store_true", help="as chrF++.py, NLTK and Moses")

    tests = parser.add_argument_group("significance; SACREBLEU_SEED is the seed (12345)")
    tests.add_argument("-ci", "--confidence", action="store_true", help="95 %% interval by bootstrap, for one system")
    tests.add_argument("-cin", "--confidence-n", type=int, default=1000, help="resamples (%(default)s)")
    kind = tests.add_mutually_exclusive_group()
    kind.add_argument("-par", "--paired-ar", action="store_true", help="approximate randomization against the first")
    kind.add_argument("-pbs", "--paired-bs", action="store_true", help="paired bootstrap against the first system")
    tests.add_argument("-parn", "--paired-ar-n", type=int, default=10000, help="trials (%(default)s)")
    tests.add_argument("-pbsn", "--paired-bs-n", type=int, default=1000, help="resamples (%(default)s)")

    output = parser.add_argument_group("output").add_argument
    output("-q", "--quiet", action="store_true", help="no warnings")
    output("-sh", "--short", action="store_true", help="short signatures")
    output("-b", "--score-only", action="store_true", help="the number alone")
    output("-w", "--width", type=int, default=1, help="digits after the point (%(default)s)")
    output("-nc", "--no-color", action="store_true", help="no colours on a terminal")
    output("-f", "--format", choices=FORMATS, default="json", help="(%(default)s; SACREBLEU_FORMAT overrides it)")


def run(options: argparse.Namespace) -> int:
    """Runs the command; returns the exit status."""
    for stream in (sys.stdout, sys.stderr):
        if hasattr(stream, "reconfigure"):
            stream.reconfigure(encoding="utf-8")
    asked = os.environ.get("SACREBLEU_FORMAT", "").lower()
    if asked in FORMATS:
        options.format = asked
    with warnings.catch_warnings(record=True) as caught:
        warnings.simplefilter("always")
        try:
            _score(options)
            status = 0
        except (CommandError, OSError, ValueError) as error:
            print(f"neuroxide bleu: {error}", file=sys.stderr)
            status = 1
    for message in {str(warning.message): None for warning in caught}:
        if not options.quiet:
            print(f"neuroxide bleu: {message}", file=sys.stderr)
    return status


def _score(options: argparse.Namespace) -> None:
    if not options.refs:
        raise CommandError("expected files of references, before -i; test sets are not downloaded")
    if options.num_refs < 1 or (options.num_refs > 1 and len(options.refs) > 1):
        raise CommandError("expected --num-refs of 1 or more, and a single file of references where it is above 1")
    references = _references(options)
    systems = _systems(options)
    for name, lines in systems:
        for path, stream in references:
            if len(stream) != len(lines):
                raise CommandError(f"expected as many lines in {name} as in {path}, got {len(lines)} and {len(stream)}")
        if not lines:
            raise CommandError(f"expected at least one sentence in {name}, got none")
    streams = [stream for _, stream in references]
    paired = options.paired_ar or options.paired_bs
    if options.sentence_level:
        if len(systems) > 1 or len(options.metrics) > 1 or options.confidence or paired:
            raise CommandError("expected one system, one metric and no test with --sentence-level")
        return _sentences(options, systems[0][1], streams)
    if paired and len(systems) == 1:
        raise CommandError("expected several systems for a paired test, got one")
    if options.confidence and len(systems) > 1:
        raise CommandError("expected one system with --confidence; compare several with --paired-bs or --paired-ar")
    if len(systems) == 1:
        return _single(options, systems[0][1], streams)
    _several(options, systems, streams, paired)


def _metrics(options: argparse.Namespace, references: list[list[str]]) -> dict[str, Metric[Any]]:
    """The metrics that were asked for, by name."""
    language = (options.language_pair or "").partition("-")[2]
    made: dict[str, Metric[Any]] = {}
    for name in sorted(set(options.metrics)):
        if name == "bleu":
            made["BLEU"] = BLEU(
                lowercase=options.lowercase,
                force=options.force,
                tokenize=options.tokenize,
                smooth_method=options.smooth_method,
                smooth_value=options.smooth_value,
                effective_order=options.sentence_level,
                trg_lang=language,
                references=references,
            )
        else:
            made["CHRF"] = CHRF(
                char_order=options.chrf_char_order,
                word_order=options.chrf_word_order,
                beta=options.chrf_beta,
                lowercase=options.chrf_lowercase,
                whitespace=options.chrf_whitespace,
                eps_smoothing=options.chrf_eps_smoothing,
                references=references,
            )
    return made


def _sentences(options: argparse.Namespace, hypotheses: list[str], references: list[list[str]]) -> None:
    (metric,) = _metrics(options, references).values()
    for hypothesis, *of_sentence in zip(hypotheses, *references):
        score = metric.sentence_score(hypothesis, of_sentence)
        print(score.format(options.width, options.score_only, metric.get_signature().format(options.short)))


def _single(options: argparse.Namespace, hypotheses: list[str], references: list[list[str]]) -> None:
    is_json = options.format == "json"
    shown = []
    for metric in _metrics(options, references).values():
        score = metric.corpus_score(hypotheses, None, options.confidence_n if options.confidence else 1)
        signature = metric.get_signature().format(options.short and not is_json)
        shown.append(score.format(options.width, options.score_only, signature, is_json))
    if is_json:
        print(shown[0] if len(shown) == 1 else "[\n" + ",\n".join(shown) + "\n]")
        return
    wide = max(line.find("=") for line in shown)
    for line in shown:
        print(" " * (wide - line.find("=")) * (len(shown) > 1 and "=" in line) + line)


def _several(
    options: argparse.Namespace, systems: list[tuple[str, list[str]]], references: list[list[str]], paired: bool
) -> None:
    metrics = _metrics(options, references)
    columns: dict[str, list[Any]]
    if paired:
        first = "Baseline" if options.input is None else f"Baseline: {systems[0][0]}"
        named = [(first, systems[0][1]), *((name, lines) for name, lines in systems[1:] if name != systems[0][0])]
        kind, trials = ("bs", options.paired_bs_n) if options.paired_bs else ("ar", options.paired_ar_n)
        found, columns = PairedTest(named, metrics, None, kind, trials)()
        signatures = {name: signature.format(options.short) for name, signature in found.items()}
    else:
        columns, signatures = {"System": [name for name, _ in systems]}, {}
        for _, lines in systems:
            for metric in metrics.values():
                score = metric.corpus_score(lines, None)
                signatures[score.name] = metric.get_signature().format(options.short)
                columns.setdefault(score.name, []).append(score.format(options.width, True))
    if options.format == "json":
        print(json.dumps(_rows(columns), indent=4))
        return
    print(fancy_grid(_cells(columns, options.width, _is_colored(options))))
    print()
    if paired:
        print(_explanation(options, columns["System"][0]))
    print("-----------------\nMetric signatures\n-----------------")
    for name, signature in signatures.items():
        print(f" - {name:<10} {signature}")


def _is_colored(options: argparse.Namespace) -> bool:
    return not options.no_color and not os.environ.get("NO_COLOR") and sys.stdout.isatty()


def _rows(columns: dict[str, list[Any]]) -> list[dict[str, Any]]:
    """One object for each system."""
    others = [name for name in columns if name != "System"]
    plain = {name: [vars(v) if isinstance(v, Result) else v for v in columns[name]] for name in others}
    return [{"system": name, **{o: plain[o][i] for o in others}} for i, name in enumerate(columns["System"])]


def _cells(columns: dict[str, list[Any]], width: int, colored: bool) -> dict[str, list[str]]:
    """Columns of text: scores with intervals and p-values."""
    cells: dict[str, list[str]] = {}
    for name, values in columns.items():
        title, shown = name, []
        for value in values:
            if not isinstance(value, Result):
                shown.append(value)
                continue
            text = f"{value.score:.{width}f}"
            if value.mean is not None:
                title = f"{name} (μ ± 95% CI)"
                text += f" ({value.mean:.{width}f} ± {value.ci:.{width}f})"
            if value.p_value is not None:
                chance = f"(p = {value.p_value:.4f})"
                if value.p_value <= 0.05:
                    chance += "*"
                elif colored:
                    chance = f"\033[31m{chance}\033[0m"
                text += f"\n{chance}"
            shown.append(text)
        cells[title] = shown
    return cells


def _explanation(options: argparse.Namespace, baseline: str) -> str:
    """What a paired test did and how to read it."""
    if options.paired_bs:
        title = f"Paired bootstrap resampling test with {options.paired_bs_n} resampling trials"
        given = "Scores, means of resampled scores and 95 % intervals are those of each system."
    else:
        title = f"Paired approximate randomization test with {options.paired_ar_n} trials"
        given = "Scores are those of each system."
    line = "-" * len(title)
    return "\n".join(
        (
            f"{line}\n{title}\n{line}",
            f" - Each system is compared with {baseline}. {given}",
            " - p is about the probability of a difference as large or larger if both systems were equally good.",
            " - Below 0.05, marked with *, the difference is hardly chance; it says nothing about its size.",
            "",
        )
    )


def _references(options: argparse.Namespace) -> list[tuple[str, list[str]]]:
    """(where it came from, lines) of each stream of references."""
    if options.num_refs == 1:
        return [(path, _lines(path, options.encoding)) for path in options.refs]
    (path,) = options.refs
    streams: list[list[str]] = [[] for _ in range(options.num_refs)]
    for number, line in enumerate(_lines(path, options.encoding), 1):
        fields = line.split("\t", options.num_refs - 1)
        if len(fields) != options.num_refs:
            raise CommandError(f"{path}, line {number}: expected {options.num_refs} fields, got {len(fields)}")
        for stream, text in zip(streams, fields):
            stream.append(text)
    return [(path, stream) for stream in streams]


def _systems(options: argparse.Namespace) -> list[tuple[str, list[str]]]:
    """(name, hypotheses) of each system; tabs part systems on standard input."""
    if options.input is not None:
        if not options.input:
            raise CommandError("expected files after -i, got none")
        repeated = {path for path in options.input if options.input.count(path) > 1}
        if repeated - ({options.input[0]} if options.paired_ar or options.paired_bs else set()):
            raise CommandError(f"expected each system once, got {sorted(repeated)[0]} again")
        return [(path, _lines(path, options.encoding)) for path in options.input]
    buffer = getattr(sys.stdin, "buffer", None)
    content = buffer.read() if buffer is not None else sys.stdin.read().encode(options.encoding)
    rows = [line.split("\t") for line in _decoded("standard input", content, options.encoding)]
    count = len(rows[0]) if rows else 1
    for number, row in enumerate(rows, 1):
        if len(row) != count:
            raise CommandError(f"standard input, line {number}: expected {count} systems as in line 1, got {len(row)}")
    names = [f"System {i + 1}" for i in range(count)] if count > 1 else ["standard input"]
    if options.paired_ar or options.paired_bs:
        names = ["Baseline", *(f"System {i + 1}" for i in range(count - 1))]
    return [(name, [row[i].rstrip() for row in rows]) for i, name in enumerate(names)]


def _lines(path: str, encoding: str) -> list[str]:
    opened = gzip.open if path.endswith(".gz") else open
    try:
        with opened(path, "rb") as file:
            content = file.read()
    except (gzip.BadGzipFile, EOFError) as error:
        raise CommandError(f"{path}: expected gzipped text: {error}") from None
    return _decoded(path, content, encoding)


def _decoded(name: str, content: bytes, encoding: str) -> list[str]:
    """The lines, without white space at their ends."""
    try:
        text = content.decode(encoding)
    except LookupError:
        raise CommandError(f"--encoding: expected the name of an encoding, got {encoding!r}") from None
    except UnicodeDecodeError as error:
        number = content.count(b"\n", 0, error.start) + 1
        raise CommandError(
            f"{name}, line {number}: expected {encoding}, got the byte 0x{content[error.start]:02x}: {error.reason}"
        ) from None
    lines = text.split("\n")
    if not lines[-1]:
        lines.pop()
    return [line.rstrip() for line in lines]
