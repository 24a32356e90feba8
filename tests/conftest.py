"""`pytest --device fake`: every Tensor of the run lives on the fake device."""

import numpy as np
import pytest

from tests.fake_device import fake_device


def pytest_addoption(parser):
    parser.addoption("--device", choices=("cpu", "fake"), default="cpu", help="where Tensors live")


def pytest_configure(config):
    config.addinivalue_line(
        "markers", "numpy_only: looks into the NumPy array behind a Tensor; not run on the fake device"
    )


def pytest_collection_modifyitems(config, items):
    if config.getoption("--device") == "fake":
        for item in items:
            if item.get_closest_marker("numpy_only"):
                item.add_marker(pytest.mark.skip(reason="looks at the NumPy array behind a Tensor"))


@pytest.fixture(autouse=True)
def device(request):
    """Where Tensors live during a test."""
    if request.config.getoption("--device") == "cpu":
        yield "cpu"
    else:
        with fake_device():
            yield "fake"


@pytest.fixture
def rng() -> np.random.Generator:
    """A fresh NumPy generator, the same for every test."""
    return np.random.default_rng(20)
