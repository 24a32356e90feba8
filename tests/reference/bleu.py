"""BLEU's counts from their definitions: the tokenizers' regular expressions one after the other, counters of tuples."""

from __future__ import annotations

import re
import unicodedata
from collections import Counter

# Substitutions of mteval-v13a in their order.
WESTERN = (
    (r"([{-~\[-` -&(-+:-@/])", r" \1 "),
    (r"([^0-9])([.,])", r"\1 \2 "),
    (r"([.,])([^0-9])", r" \1 \2"),
    (r"([0-9])(-)", r"\1 \2 "),
)
CHINESE = (
    "\u3400-\u4db5\u4e00-\u9fbb\uf900-\ufa2d\ufa30-\ufa6a\ufa70-\ufad9\u2001-\u2a6d\uff00-\uffef\u2e80-\u2eff"
    "\u3000-\u303f\u31c0-\u31ef\u2f00-\u2fdf\u2ff0-\u2fff\u3100-\u312f\u31a0-\u31bf\ufe10-\ufe1f\ufe30-\ufe4f"
    "\u2600-\u26ff\u2700-\u27bf\u3200-\u33ff"
)


def _western(line: str) -> str:
    for pattern, replacement in WESTERN:
        line = re.sub(pattern, replacement, line)
    return line


def _international(line: str) -> str:
    """mteval-v14 on letters that stand for categories: one character each, so places agree."""

    def spaced(line: str, pattern: str, replacement: str) -> str:
        kinds = "".join(unicodedata.category(c)[0] for c in line)
        out, at = [], 0
        for match in re.finditer(pattern, kinds):
            out += [line[at : match.start()], replacement.format(*line[match.start() : match.end()])]
            at = match.end()
        return "".join([*out, line[at:]])

    line = spaced(line, "[^N]P", "{0} {1} ")
    line = spaced(line, "P[^N]", " {0} {1}")
    return spaced(line, "S", " {0} ")


def tokens(line: str, tokenizer: str, lowercase: bool = False) -> list[str]:
    line = (line.lower() if lowercase else line).rstrip()
    if tokenizer == "13a":
        for old, new in (("<skipped>", ""), ("-\n", ""), ("\n", " ")):
            line = line.replace(old, new)
        for old, new in (("&quot;", '"'), ("&amp;", "&"), ("&lt;", "<"), ("&gt;", ">")):
            line = line.replace(old, new)
        line = _western(f" {line} ")
    elif tokenizer == "zh":
        line = _western(re.sub(f"([{CHINESE}])", r" \1 ", line.strip()))
    elif tokenizer == "intl":
        line = _international(line)
    elif tokenizer == "char":
        line = " ".join(line)
    return line.split()


def ngrams(words: list[str], n: int) -> Counter:
    return Counter(tuple(words[i : i + n]) for i in range(len(words) - n + 1))


def statistics(hypothesis: str, references: list[str | None], tokenizer: str, lowercase: bool, order: int) -> list[int]:
    """[length, closest reference length, clipped counts …, counts …]."""
    words = tokens(hypothesis, tokenizer, lowercase)
    others = [tokens(text, tokenizer, lowercase) for text in references if text is not None]
    closest = min((len(other) for other in others), key=lambda n: (abs(n - len(words)), n))
    clipped, total = [], []
    for n in range(1, order + 1):
        most: Counter = Counter()
        for other in others:
            most |= ngrams(other, n)
        clipped.append(sum((ngrams(words, n) & most).values()))
        total.append(sum(ngrams(words, n).values()))
    return [len(words), closest, *clipped, *total]
