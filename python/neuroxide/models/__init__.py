"""Models: building, training, saving and summarising networks."""

from neuroxide.models.cloning import clone_model, model_from_json
from neuroxide.models.ensemble import Ensemble
from neuroxide.models.functional import Functional
from neuroxide.models.guard import NonFiniteError
from neuroxide.models.model import Model
from neuroxide.models.perceptron import Perceptron
from neuroxide.models.saving import load_model, load_weights, save_model, save_weights
from neuroxide.models.sequential import Sequential

__all__ = [
    "Ensemble",
    "Functional",
    "Model",
    "NonFiniteError",
    "Perceptron",
    "Sequential",
    "clone_model",
    "load_model",
    "load_weights",
    "model_from_json",
    "save_model",
    "save_weights",
]
