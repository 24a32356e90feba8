"""Reading and writing some rows of a table."""

import numpy as np


def gather_rows(table, indices):
    out = np.empty((indices.size, *table.shape[1:]), table.dtype)
    for i, index in enumerate(indices.ravel()):
        out[i] = table[index]
    return out.reshape(indices.shape + table.shape[1:])


def rows_from(indices, values):
    unique = sorted({int(index) for index in indices})
    summed = np.zeros((len(unique), *values.shape[1:]), values.dtype)
    for index, value in zip(indices, values):
        summed[unique.index(index)] += value
    return np.array(unique, dtype=np.int64), summed


def rows_to_dense(indices, values, n):
    out = np.zeros((n, *values.shape[1:]), values.dtype)
    for index, value in zip(indices, values):
        out[index] = value
    return out
