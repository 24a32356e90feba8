"""Activations, forward and backward."""

import pytest

from benches.shapes import VECTOR
from neuroxide import _core

FUNCTIONS = {
    "relu": (),
    "leaky_relu": (0.3,),
    "elu": (1.0,),
    "gelu": (False,),
    "silu": (),
    "sigmoid": (),
    "tanh": (),
    "softplus": (),
}


@pytest.mark.parametrize("length", VECTOR.values(), ids=VECTOR)
@pytest.mark.parametrize("name", FUNCTIONS)
def bench_forward(benchmark, normal, name, length):
    benchmark(getattr(_core, name), normal(length), *FUNCTIONS[name])


@pytest.mark.parametrize("name", FUNCTIONS)
def bench_backward(benchmark, normal, name):
    x = normal(VECTOR["1M"])
    benchmark(getattr(_core, f"{name}_backward"), x, x, *FUNCTIONS[name])
