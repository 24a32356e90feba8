"""Lloyd's iterations and k-means++ by their definitions, in float64."""

import numpy as np


def squared(x, centers):
    return ((x[:, None, :].astype(np.float64) - centers[None].astype(np.float64)) ** 2).sum(axis=2)


def lloyd(x, centers, most, tolerance=0.0):
    """(labels, centers, inertia, iterations)."""
    centers, labels = centers.astype(np.float64), np.full(len(x), -1)
    iteration = 0
    while iteration < most:
        iteration += 1
        distance = squared(x, centers)
        new = distance.argmin(axis=1)
        same, labels = np.array_equal(new, labels), new
        groups = [x[labels == c].astype(np.float64) for c in range(len(centers))]
        far = np.argsort(-distance[np.arange(len(x)), labels], kind="stable")
        empty = [c for c, group in enumerate(groups) if len(group) == 0]
        if empty and distance[far[0], labels[far[0]]] > 0:
            sums, counts = [g.sum(axis=0) for g in groups], [len(g) for g in groups]
            for c, point in zip(empty, far):
                old = labels[point]
                sums[old], counts[old] = sums[old] - x[point], counts[old] - 1
                sums[c], counts[c] = x[point].astype(np.float64), 1
            means = [s / n if n else centers[c] for c, (s, n) in enumerate(zip(sums, counts))]
        else:
            means = [g.mean(axis=0) if len(g) else centers[c] for c, g in enumerate(groups)]
        shift = ((np.array(means) - centers) ** 2).sum()
        centers = np.array(means)
        if same or shift <= tolerance:
            break
    distance = squared(x, centers)
    labels = labels if same else distance.argmin(axis=1)
    return labels, centers, distance[np.arange(len(x)), labels].sum(), iteration


def plus_plus(x, first, draws):
    """Indices of seeds."""
    chosen = [first]
    closest = squared(x, x[[first]])[:, 0]
    for row in draws:
        tried = np.searchsorted(np.cumsum(closest), row * closest.sum()).clip(max=len(x) - 1)
        found = np.minimum(squared(x, x[tried]).T, closest)
        best = found.sum(axis=1).argmin()
        chosen.append(tried[best])
        closest = found[best]
    return np.array(chosen)
