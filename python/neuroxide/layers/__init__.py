"""Layers: the parts of models."""

from neuroxide.layers.activation import ELU, Activation, Identity, LeakyReLU, ReLU, Softmax
from neuroxide.layers.base import InputSpec, Layer
from neuroxide.layers.dense import Dense
from neuroxide.layers.dropout import Dropout
from neuroxide.layers.input import Input, InputLayer
from neuroxide.layers.merging import (
    Add,
    Average,
    Concatenate,
    Maximum,
    Minimum,
    Multiply,
    Subtract,
    add,
    average,
    concatenate,
    maximum,
    minimum,
    multiply,
    subtract,
)
from neuroxide.layers.reshape import Flatten, Reshape
from neuroxide.layers.scaling import Normalization, Rescaling

__all__ = [
    "ELU",
    "Activation",
    "Add",
    "Average",
    "Concatenate",
    "Dense",
    "Dropout",
    "Flatten",
    "Identity",
    "Input",
    "InputLayer",
    "InputSpec",
    "Layer",
    "LeakyReLU",
    "Maximum",
    "Minimum",
    "Multiply",
    "Normalization",
    "ReLU",
    "Rescaling",
    "Reshape",
    "Softmax",
    "Subtract",
    "add",
    "average",
    "concatenate",
    "maximum",
    "minimum",
    "multiply",
    "subtract",
]
