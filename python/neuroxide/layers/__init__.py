"""Layers: the parts of models."""

from neuroxide.layers.activation import ELU, Activation, Identity, LeakyReLU, PReLU, ReLU, Softmax
from neuroxide.layers.base import InputSpec, Layer
from neuroxide.layers.batch_normalization import BatchNormalization
from neuroxide.layers.dense import Dense
from neuroxide.layers.discretization import Discretization
from neuroxide.layers.dropout import Dropout, SpatialDropout1D, SpatialDropout2D, SpatialDropout3D
from neuroxide.layers.einsum_dense import EinsumDense
from neuroxide.layers.embedding import Embedding
from neuroxide.layers.encoding import CategoryEncoding
from neuroxide.layers.hashing import HashedCrossing, Hashing
from neuroxide.layers.input import Input, InputLayer
from neuroxide.layers.lambda_layer import ActivityRegularization, Lambda
from neuroxide.layers.lookup import IntegerLookup, StringLookup
from neuroxide.layers.masking import Masking
from neuroxide.layers.merging import (
    Add,
    Average,
    Concatenate,
    Dot,
    Maximum,
    Minimum,
    Multiply,
    Subtract,
    add,
    average,
    concatenate,
    dot,
    maximum,
    minimum,
    multiply,
    subtract,
)
from neuroxide.layers.noise import AlphaDropout, GaussianDropout, GaussianNoise
from neuroxide.layers.normalization import GroupNormalization, LayerNormalization
from neuroxide.layers.reshape import Flatten, Permute, RepeatVector, Reshape
from neuroxide.layers.scaling import Normalization, Rescaling
from neuroxide.layers.spectral_normalization import SpectralNormalization
from neuroxide.layers.unit_scale import RMSNormalization, UnitNormalization
from neuroxide.layers.wrapper import Wrapper

__all__ = [
    "ELU",
    "Activation",
    "ActivityRegularization",
    "Add",
    "AlphaDropout",
    "Average",
    "BatchNormalization",
    "CategoryEncoding",
    "Concatenate",
    "Dense",
    "Discretization",
    "Dot",
    "Dropout",
    "EinsumDense",
    "Embedding",
    "Flatten",
    "GaussianDropout",
    "GaussianNoise",
    "GroupNormalization",
    "HashedCrossing",
    "Hashing",
    "Identity",
    "Input",
    "InputLayer",
    "InputSpec",
    "IntegerLookup",
    "Lambda",
    "Layer",
    "LayerNormalization",
    "LeakyReLU",
    "Masking",
    "Maximum",
    "Minimum",
    "Multiply",
    "Normalization",
    "PReLU",
    "Permute",
    "RMSNormalization",
    "ReLU",
    "RepeatVector",
    "Rescaling",
    "Reshape",
    "Softmax",
    "SpatialDropout1D",
    "SpatialDropout2D",
    "SpatialDropout3D",
    "SpectralNormalization",
    "StringLookup",
    "Subtract",
    "UnitNormalization",
    "Wrapper",
    "add",
    "average",
    "concatenate",
    "dot",
    "maximum",
    "minimum",
    "multiply",
    "subtract",
]
