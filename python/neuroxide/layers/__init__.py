"""Layers: the parts of models."""

from neuroxide.layers.base import InputSpec, Layer
from neuroxide.layers.input import Input, InputLayer

__all__ = ["Input", "InputLayer", "InputSpec", "Layer"]
