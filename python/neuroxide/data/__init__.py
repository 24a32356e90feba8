"""Feeding batches to training: arrays, dictionaries, generators, iterables and `PyDataset`."""

from neuroxide.data.adapters import Feed, make_feed
from neuroxide.data.csv import read_csv
from neuroxide.data.py_dataset import PyDataset
from neuroxide.data.splits import Splits, split_dataset, split_sizes, train_dev_test_split
from neuroxide.data.unpack import pack_x_y_sample_weight, train_validation_split, unpack_x_y_sample_weight

__all__ = [
    "Feed",
    "PyDataset",
    "Splits",
    "make_feed",
    "pack_x_y_sample_weight",
    "read_csv",
    "split_dataset",
    "split_sizes",
    "train_dev_test_split",
    "train_validation_split",
    "unpack_x_y_sample_weight",
]
