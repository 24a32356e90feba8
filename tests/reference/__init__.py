"""Slow, obvious NumPy versions of the functions of `_core`: the same names and signatures, one module per stem."""
