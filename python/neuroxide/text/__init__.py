"""How good a text is, given others: BLEU, chrF, significance tests, word and character error rates.

>>> from neuroxide import text
>>> hypotheses = ["The dog bit the man.", "It wasn't surprising.", "The man had just bitten him."]
>>> references = [
...     ["The dog bit the man.", "It was not unexpected.", "The man bit him first."],
...     ["The dog had bit the man.", "No one was surprised.", "The man had bitten the dog."],
... ]
>>> text.corpus_bleu(hypotheses, references)
BLEU = 48.53 82.4/50.0/45.5/37.5 (BP = 0.943 ratio = 0.944 hyp_len = 17 ref_len = 18)
"""

from neuroxide.text.bleu import (
    BLEU,
    BLEUScore,
    brevity_penalty,
    clipped_counts,
    clipped_precision,
    corpus_bleu,
    raw_corpus_bleu,
    sentence_bleu,
    tokenize,
)
from neuroxide.text.chrf import CHRF, CHRFScore, corpus_chrf, sentence_chrf
from neuroxide.text.error_rate import (
    AlignmentChunk,
    CharacterOutput,
    WordOutput,
    cer,
    mer,
    process_characters,
    process_words,
    wer,
    wil,
    wip,
)
from neuroxide.text.scoring import Score, Signature
from neuroxide.text.significance import PairedTest, Result

__all__ = [
    "BLEU",
    "CHRF",
    "AlignmentChunk",
    "BLEUScore",
    "CHRFScore",
    "CharacterOutput",
    "PairedTest",
    "Result",
    "Score",
    "Signature",
    "WordOutput",
    "brevity_penalty",
    "cer",
    "clipped_counts",
    "clipped_precision",
    "corpus_bleu",
    "corpus_chrf",
    "mer",
    "process_characters",
    "process_words",
    "raw_corpus_bleu",
    "sentence_bleu",
    "sentence_chrf",
    "tokenize",
    "wer",
    "wil",
    "wip",
]
