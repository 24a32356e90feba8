"""Numbers into bins, and bins into counts, with loops."""

import numpy as np


def digitize(x, boundaries):
    out = [sum(1 for b in boundaries if not value < b) for value in x.ravel()]
    return np.array(out, dtype=np.int64).reshape(x.shape)


def category_counts(indices, weights, depth, binary, dtype):
    out = np.zeros((*indices.shape[:-1], depth), dtype)
    for place in np.ndindex(indices.shape):
        c = indices[place]
        if 0 <= c < depth:
            at = (*place[:-1], c)
            out[at] = 1 if binary else out[at] + (1 if weights is None else weights[place])
    return out
