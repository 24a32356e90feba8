"""Make `bleu.json`: BLEU, chrF, significance by sacrebleu, error rates by jiwer. Run with Python that has both."""

import json
import logging
import os
import pathlib
import random
import subprocess
import sys
import tempfile

import jiwer
import sacrebleu
from sacrebleu.metrics import BLEU, CHRF
from sacrebleu.significance import PairedTest

from tests.text.corpus import corpus, line, systems

logging.disable(logging.CRITICAL)
os.environ.pop("SACREBLEU_SEED", None)


FIELDS = ("score", "counts", "totals", "precisions", "bp", "sys_len", "ref_len")


def unsigned(signature):
    """Without the version."""
    return str(signature).rsplit("|", 1)[0]


def bleu_case(rng):
    hypotheses, references = corpus(rng)
    options = {
        "lowercase": rng.random() < 0.3,
        "tokenize": rng.choice(["13a", "13a", "intl", "zh", "char", "none"]),
        "smooth_method": rng.choice(["exp", "floor", "add-k", "none"]),
        "smooth_value": rng.choice([None, None, 0.5, 2]),
        "effective_order": rng.random() < 0.5,
        "max_ngram_order": rng.choice([4, 4, 1, 6]),
    }
    metric = BLEU(**options)
    score = metric.corpus_score(hypotheses, references)
    first = [stream[0] for stream in references]
    return {
        "options": options,
        "hypotheses": hypotheses,
        "references": references,
        "tokens": [metric._preprocess_segment(text).split() for text in hypotheses],
        **{
            name: getattr(score, name)
            for name in ("score", "counts", "totals", "precisions", "bp", "sys_len", "ref_len")
        },
        "text": str(score),
        "signature": unsigned(metric.get_signature()),
        "sentence": metric.sentence_score(hypotheses[0], first).score,
    }


def chrf_case(rng):
    hypotheses, references = corpus(rng)
    options = {
        "char_order": rng.choice([6, 6, 3]),
        "word_order": rng.choice([0, 2, 1]),
        "beta": rng.choice([2, 3, 1]),
        "lowercase": rng.random() < 0.3,
        "whitespace": rng.random() < 0.3,
        "eps_smoothing": rng.random() < 0.4,
    }
    metric = CHRF(**options)
    score = metric.corpus_score(hypotheses, references)
    return {
        "options": options,
        "hypotheses": hypotheses,
        "references": references,
        "score": score.score,
        "text": str(score),
        "signature": unsigned(metric.get_signature()),
    }


def rates_case(rng):
    references = [line(rng) for _ in range(3)]
    hypotheses = [line(rng) if rng.random() < 0.3 else text.replace("a", rng.choice("ab ")) for text in references]
    words, characters = jiwer.process_words(references, hypotheses), jiwer.process_characters(references, hypotheses)
    counts = ("hits", "substitutions", "deletions", "insertions")
    return {
        "references": references,
        "hypotheses": hypotheses,
        "words": {name: getattr(words, name) for name in ("wer", "mer", "wil", "wip", *counts)},
        "characters": {name: getattr(characters, name) for name in ("cer", *counts)},
        "alignments": [[list(vars(chunk).values()) for chunk in chunks] for chunks in words.alignments],
    }


def significance():
    named, references = systems()
    score = BLEU().corpus_score(named[0][1], references, n_bootstrap=100)
    chrf = CHRF().corpus_score(named[0][1], references, n_bootstrap=100)
    cases = {"bleu": [score._mean, score._ci], "chrf": [float(chrf._mean), float(chrf._ci)], "text": str(score)}
    for kind, options in (("bs", {"n_samples": 100}), ("ar", {"n_samples": 100, "n_ar_confidence": 50})):
        metrics = {"BLEU": BLEU(references=references), "CHRF": CHRF(word_order=2, references=references)}
        signatures, columns = PairedTest(named, metrics, None, kind, **options)()
        cases[kind] = {
            "options": options,
            "signatures": {name: unsigned(signature) for name, signature in signatures.items()},
            "columns": {
                name: [v if isinstance(v, str) else {k: x and float(x) for k, x in vars(v).items()} for v in values]
                for name, values in columns.items()
            },
        }
    return cases


COMMANDS = (
    ("ref0", "ref1", "-i", "A"),
    ("ref0", "-i", "A", "-f", "text", "-w", "3"),
    ("ref0", "-i", "A", "-m", "bleu", "chrf", "-cw", "2", "-f", "text", "-sh"),
    ("ref0", "-i", "A", "-m", "chrf", "bleu"),
    ("ref0", "ref1", "-i", "A", "-b", "-tok", "intl", "-lc"),
    ("ref0", "-i", "A", "-s", "floor", "-sv", "0.3", "--confidence", "-cin", "50"),
    ("ref0", "-i", "A", "-sl", "-w", "4"),
    ("ref0", "-i", "A", "B", "-f", "text"),
    ("ref0", "ref1", "-i", "A", "B", "C", "-m", "bleu", "chrf", "-f", "text", "--width", "2"),
    ("ref0", "-i", "A", "B", "C", "--paired-bs", "-pbsn", "50"),
    ("both", "-nr", "2", "-i", "A", "-l", "en-zh"),
)


def commands():
    """What sacrebleu's command line prints; versions left out."""
    named, references = systems()
    cases = []
    with tempfile.TemporaryDirectory() as folder:
        files = dict(named) | {f"ref{r}": stream for r, stream in enumerate(references)}
        files["both"] = ["\t".join(texts) for texts in zip(*references)]
        for name, texts in files.items():
            pathlib.Path(folder, name).write_text("".join(f"{text}\n" for text in texts), "utf-8")
        environment = {**os.environ, "NO_COLOR": "1"}
        for arguments in COMMANDS:
            command = [sys.executable, "-m", "sacrebleu", *arguments]
            done = subprocess.run(command, cwd=folder, env=environment, capture_output=True, check=True)
            text = done.stdout.decode("utf-8").replace(sacrebleu.__version__, "VERSION")
            cases.append({"arguments": arguments, "printed": text})
    return cases


if __name__ == "__main__":
    rng = random.Random(5)
    content = {
        "sacrebleu": sacrebleu.__version__,
        "bleu": [bleu_case(rng) for _ in range(40)],
        "chrf": [chrf_case(rng) for _ in range(15)],
        "rates": [rates_case(rng) for _ in range(15)],
        "significance": significance(),
        "commands": commands(),
    }
    text = json.dumps(content, ensure_ascii=False, separators=(",", ":"))
    pathlib.Path(__file__).with_name("bleu.json").write_text(text + "\n", "utf-8")
