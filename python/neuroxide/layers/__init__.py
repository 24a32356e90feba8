"""Layers: the parts of models."""

from neuroxide.layers.activation import ELU, Activation, Identity, LeakyReLU, ReLU, Softmax
from neuroxide.layers.base import InputSpec, Layer
from neuroxide.layers.batch_normalization import BatchNormalization
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
from neuroxide.layers.normalization import GroupNormalization, LayerNormalization
from neuroxide.layers.reshape import Flatten, Reshape
from neuroxide.layers.scaling import Normalization, Rescaling
from neuroxide.layers.unit_scale import RMSNormalization, UnitNormalization

__all__ = [
    "ELU",
    "Activation",
    "Add",
    "Average",
    "BatchNormalization",
    "Concatenate",
    "Dense",
    "Dropout",
    "Flatten",
    "GroupNormalization",
    "Identity",
    "Input",
    "InputLayer",
    "InputSpec",
    "Layer",
    "LayerNormalization",
    "LeakyReLU",
    "Maximum",
    "Minimum",
    "Multiply",
    "Normalization",
    "RMSNormalization",
    "ReLU",
    "Rescaling",
    "Reshape",
    "Softmax",
    "Subtract",
    "UnitNormalization",
    "add",
    "average",
    "concatenate",
    "maximum",
    "minimum",
    "multiply",
    "subtract",
]
