"""Typed surface of the extension; stubtest holds it to what is compiled."""

__version__: str
