"""From a model of the next token to sequences: greedy, sampling, beam search; and what to blame for errors."""

from neuroxide.decoding.analysis import BeamErrorAnalysis, beam_error_analysis
from neuroxide.decoding.decoder import Decoder, Sampling
from neuroxide.decoding.normalization import gnmt, power
from neuroxide.decoding.results import DecodingResult, Hypothesis, SequenceScores
from neuroxide.decoding.scoring import score_sequences
from neuroxide.decoding.search import beam_search, greedy, sample
from neuroxide.decoding.steps import from_model, penalize_repeats, reorder

__all__ = [
    "BeamErrorAnalysis",
    "Decoder",
    "DecodingResult",
    "Hypothesis",
    "Sampling",
    "SequenceScores",
    "beam_error_analysis",
    "beam_search",
    "from_model",
    "gnmt",
    "greedy",
    "penalize_repeats",
    "power",
    "reorder",
    "sample",
    "score_sequences",
]
