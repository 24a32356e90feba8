"""Texts to be scored: words, punctuation and characters at which tokenizers differ."""

from __future__ import annotations

import random

_WORDS = (
    "the a cat dog sat on mat 1,000 3.5 U.S. don't e-mail 5-6 ... .. , . - -- 10. .5 5. a.b ,5, &amp; &quot;x&quot; "
    "&lt; &amp;lt; <skipped> ( ) [x] it's $5 50% #1 / : ; ? ! @ \\ | ~ ` ^ _ { } 我 你好 世界。 １２ ， ？ naïve "
    "Ünïcödé “quoted” ‘q’ — – … € ₤ ٣٫٤ ١,٢ १.२ Σίσυφος ΟΔΟΣ İstanbul ß 한국 日本 カ \u2028x \xa0y \u3000z \x1cq "
    "\x85w \t \xad 😀 👍🏽 e\u0301 ½ ² Ⅷ x².y ¿que? ¡si!"
)
WORDS = _WORDS.split(" ")
CHARACTERS = "ab1.,-& <>;\t\u3000\xa0我。é٣½€“😀-..,,11  \x1f\u2003'\"/"


def line(rng: random.Random) -> str:
    """A line: of words mostly, of characters, or empty."""
    kind = rng.random()
    if kind < 0.05:
        return ""
    if kind < 0.35:
        return "".join(rng.choice(CHARACTERS) for _ in range(rng.randrange(25)))
    return " ".join(rng.choice(WORDS) for _ in range(rng.randrange(25)))


def noisy(rng: random.Random, text: str) -> str:
    """A few words replaced, left out or added."""
    words = text.split(" ")
    for _ in range(rng.randrange(4)):
        at = rng.randrange(len(words) + 1)
        words[at : at + rng.randrange(2)] = [rng.choice(WORDS)][: rng.randrange(2)]
    text = " ".join(words)
    return text.upper() if rng.random() < 0.2 else text


def corpus(rng: random.Random) -> tuple[list[str], list[list[str | None]]]:
    """Hypotheses and one to four streams of references, some without one for some."""
    hypotheses = [line(rng) for _ in range(rng.randrange(1, 5))]
    references: list[list[str | None]] = [
        [noisy(rng, text) if rng.random() < 0.8 else line(rng) for text in hypotheses]
        for _ in range(rng.randrange(1, 5))
    ]
    for stream in references[1:]:
        for i in range(len(stream)):
            if rng.random() < 0.15:
                stream[i] = None
    return hypotheses, references


def systems() -> tuple[list[tuple[str, list[str]]], list[list[str]]]:
    """Three systems of 40 plain sentences, the last one better, and two streams of references."""
    rng = random.Random(8)
    words = ["the", "a", "cat", "dog", "sat", "on", "mat", "runs", "quickly", "today", "I", "you", ".", ","]

    def changed(texts: list[str], share: float) -> list[str]:
        return [" ".join(rng.choice(words) if rng.random() < share else w for w in t.split()) for t in texts]

    first = [" ".join(rng.choice(words) for _ in range(rng.randrange(4, 16))) + " end" for _ in range(40)]
    references = [first, changed(first, 0.2)]
    return [(name, changed(first, share)) for name, share in (("A", 0.3), ("B", 0.32), ("C", 0.15))], references
