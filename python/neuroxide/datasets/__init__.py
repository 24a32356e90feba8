"""Data sets: digits that ship with the package; MNIST, Fashion-MNIST, CIFAR-10 from a folder or the network."""

from neuroxide.datasets import cifar10, digits, fashion_mnist, mnist
from neuroxide.datasets.idx import read_idx

__all__ = ["cifar10", "digits", "fashion_mnist", "mnist", "read_idx"]
