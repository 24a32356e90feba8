"""Deep learning on plain NumPy arrays: the Keras API, trained by Rust kernels."""

from neuroxide._core import __version__

__all__ = ["__version__"]
