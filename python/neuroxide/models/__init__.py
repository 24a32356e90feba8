"""Models: `Model`, `Sequential`, training, saving."""
