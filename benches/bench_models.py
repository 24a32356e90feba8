"""Whole training steps and inference, as a user calls them."""

import numpy as np
import pytest

import neuroxide as nx
from benches.compare.workloads.networks import Problem, keras_like
from benches.shapes import LOGISTIC, MLP, MLP_DEEP

PROBLEMS = {
    "MLP": Problem(*MLP, "Adam"),
    "deep": Problem(*MLP_DEEP, "Adam"),
    "logistic": Problem(*LOGISTIC, "SGD"),
}


def model_of(problem):
    return keras_like(problem, nx.layers, nx.models, nx.losses, nx.optimizers)


@pytest.mark.parametrize("problem", PROBLEMS.values(), ids=PROBLEMS)
def bench_train_on_batch(benchmark, problem):
    benchmark(model_of(problem).train_on_batch, *problem.data)


@pytest.mark.parametrize("batch", [1, 128])
def bench_inference(benchmark, batch):
    problem = PROBLEMS["MLP"]
    model, x = model_of(problem), np.ascontiguousarray(problem.data[0][:batch])

    def infer():
        with nx.no_grad():
            return model(x)

    benchmark(infer)
