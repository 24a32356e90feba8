"""Finding what to do next: bias and variance, choosing between models."""

from neuroxide.analysis.diagnosis import Diagnosis, diagnose
from neuroxide.analysis.selection import choose

__all__ = ["Diagnosis", "choose", "diagnose"]
