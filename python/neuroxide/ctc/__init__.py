"""Connectionist temporal classification: loss, decoding with language models, alignment; arrays or Tensors in."""

from neuroxide.ctc.decoding import Alignment, Hypothesis, align, beam_search, collapse, greedy
from neuroxide.ctc.pyctcdecode import BeamSearchDecoderCTC, build_ctcdecoder
from neuroxide.ctc.scoring import NgramModel, Scorer, read_arpa
from neuroxide.ops.ctc import ctc_loss

__all__ = [
    "Alignment",
    "BeamSearchDecoderCTC",
    "Hypothesis",
    "NgramModel",
    "Scorer",
    "align",
    "beam_search",
    "build_ctcdecoder",
    "collapse",
    "ctc_loss",
    "greedy",
    "read_arpa",
]
