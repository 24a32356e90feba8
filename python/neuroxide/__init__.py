"""Deep learning on plain NumPy arrays: the Keras API, trained by Rust kernels.

>>> import neuroxide as nx
>>> nx.__version__.count(".")
2
"""

from neuroxide._core import __version__

__all__ = ["__version__"]
