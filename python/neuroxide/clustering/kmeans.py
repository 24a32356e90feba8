"""k-means with scikit-learn's interface."""

from __future__ import annotations

import inspect
from collections.abc import Callable
from typing import Any

import numpy as np
from numpy.typing import ArrayLike

from neuroxide.backend import kernels
from neuroxide.clustering.validation import Array, checked_data, feature_names, not_fitted, random_state

__all__ = ["KMeans", "kmeans_plusplus"]


def _seeds(x: Array, k: int, state: np.random.RandomState, trials: int | None) -> Array:
    # The draws are those of scikit-learn, in its order, so that equal seeds give equal centres.
    n = len(x)
    first = int(state.choice(n, p=np.full(n, 1.0 / n, x.dtype) / np.full(n, 1.0 / n, x.dtype).sum()))
    count = 2 + int(np.log(k)) if trials is None else trials
    result: Array = kernels(x).kmeans_plus_plus(x, first, state.uniform(size=(k - 1, count)))
    return result


def kmeans_plusplus(
    X: ArrayLike,
    n_clusters: int,
    *,
    random_state: Any = None,
    n_local_trials: int | None = None,
) -> tuple[Array, Array]:
    """Seeds of k-means: points drawn with probability proportional to their squared distance from those drawn before.

    Args:
        X: array of shape (N, D), float32, float64 or what converts to float64.
        n_clusters: number of seeds, at most N.
        random_state: None, a number or a numpy.random.RandomState.
        n_local_trials: points tried for each seed, of which the one that lowers the sum of squared distances most is
            taken; 2 + ⌊ln n_clusters⌋ by default.

    Returns:
        Seeds (n_clusters, D), and their indices in X (int64).

    Raises:
        ValueError: for more clusters than points, NaN or infinity.

    Example:
        >>> X = np.array([[0.0], [0.1], [9.0], [9.1]])
        >>> sorted(kmeans_plusplus(X, 2, random_state=0)[1] // 2)
        [np.int64(0), np.int64(1)]

    Source: Arthur and Vassilvitskii 2007; sklearn.cluster.kmeans_plusplus, equal draws for an equal random_state.
    """
    x = checked_data("kmeans_plusplus", X)
    if not 1 <= n_clusters <= len(x):
        raise ValueError(f"kmeans_plusplus: expected n_clusters from 1 to n_samples={len(x)}, got {n_clusters}")
    if n_local_trials is not None and n_local_trials < 1:
        raise ValueError(f"kmeans_plusplus: expected n_local_trials of at least 1, got {n_local_trials}")
    indices = _seeds(x, n_clusters, _random_state(random_state), n_local_trials)
    return x[indices], indices


_random_state = random_state


class KMeans:
    """Cluster points around k means: minimise Σ |x − c(x)|² by Lloyd's iterations from k-means++ seeds.

    Args:
        n_clusters: k.
        init: "k-means++", "random" (k different points), an array (k, D), or a function (X, k, random_state) of those.
        n_init: runs from different seeds, of which the best is kept; "auto" is 10 for "random" and functions, else 1.
        max_iter: iterations of a run at most.
        tol: a run ends when the squared shifts of the centres sum to at most `tol` times the mean variance of features.
        verbose: not 0 prints a line per run.
        random_state: None, a number or a numpy.random.RandomState.
        copy_x: kept for scikit-learn's sake; the data are never changed.
        algorithm: "lloyd" or "elkan"; both give the result of Lloyd's iterations. Distances that cannot matter are
            not computed, which changes no bit; the bounds for that take N·k numbers, up to 256 MiB.

    Attributes:
        cluster_centers_: (k, D), in the type of the data.
        labels_: int32 (N,).
        inertia_: sum of squared distances to the nearest centres.
        n_iter_: iterations of the best run.
        n_features_in_, feature_names_in_: as in scikit-learn.

    float32 and float64 are computed as they are, other numbers in float64. A point as near to several centres belongs
    to the first. A centre that loses its points is put on the point farthest from its own centre. Results are the same
    to the bit for any number of threads. There are no sample weights and no sparse input.

    Example:
        >>> X = np.array([[1.0, 2], [1, 4], [1, 0], [10, 2], [10, 4], [10, 0]])
        >>> model = KMeans(n_clusters=2, random_state=0).fit(X)
        >>> model.cluster_centers_[np.argsort(model.cluster_centers_[:, 0])]
        array([[ 1.,  2.],
               [10.,  2.]])

    Source: Lloyd 1982; Elkan 2003 for the bounds; sklearn.cluster.KMeans.
    """

    def __init__(
        self,
        n_clusters: int = 8,
        *,
        init: str | ArrayLike | Callable[..., ArrayLike] = "k-means++",
        n_init: int | str = "auto",
        max_iter: int = 300,
        tol: float = 1e-4,
        verbose: int = 0,
        random_state: Any = None,
        copy_x: bool = True,
        algorithm: str = "lloyd",
    ) -> None:
        self.n_clusters = n_clusters
        self.init = init
        self.n_init = n_init
        self.max_iter = max_iter
        self.tol = tol
        self.verbose = verbose
        self.random_state = random_state
        self.copy_x = copy_x
        self.algorithm = algorithm

    @classmethod
    def _names(cls) -> list[str]:
        return [name for name in inspect.signature(cls.__init__).parameters if name != "self"]

    def get_params(self, deep: bool = True) -> dict[str, Any]:
        """Arguments of the constructor and their values."""
        return {name: getattr(self, name) for name in self._names()}

    def set_params(self, **params: Any) -> KMeans:
        """Change arguments of the constructor."""
        for name, value in params.items():
            if name not in self._names():
                raise ValueError(f"Invalid parameter {name!r} for estimator {self!r}: expected one of {self._names()}")
            setattr(self, name, value)
        return self

    def __repr__(self) -> str:
        defaults = inspect.signature(type(self).__init__).parameters
        shown = [
            f"{name}={getattr(self, name)!r}"
            for name in self._names()
            if getattr(self, name) is not defaults[name].default
        ]
        return f"{type(self).__name__}({', '.join(shown)})"

    def __sklearn_tags__(self) -> Any:
        # Only scikit-learn asks, so it is there.
        from sklearn.utils import InputTags, Tags, TargetTags, TransformerTags

        return Tags(
            estimator_type="clusterer",
            target_tags=TargetTags(required=False),
            transformer_tags=TransformerTags(preserves_dtype=["float64", "float32"]),
            input_tags=InputTags(),
        )

    def _checked_settings(self, x: Array) -> None:
        for name in ("n_clusters", "max_iter"):
            value = getattr(self, name)
            if not isinstance(value, (int, np.integer)) or isinstance(value, bool) or value < 1:
                raise ValueError(f"KMeans: expected {name} to be a whole number of at least 1, got {value!r}")
        if not isinstance(self.tol, (int, float, np.number)) or not self.tol >= 0:
            raise ValueError(f"KMeans: expected tol to be a number of at least 0, got {self.tol!r}")
        runs = self.n_init
        whole = isinstance(runs, (int, np.integer)) and not isinstance(runs, bool) and runs >= 1
        if not whole and not (isinstance(runs, str) and runs == "auto"):
            raise ValueError(f"KMeans: expected n_init to be 'auto' or a whole number of at least 1, got {runs!r}")
        if self.algorithm not in ("lloyd", "elkan"):
            raise ValueError(f"KMeans: expected algorithm to be lloyd or elkan, got {self.algorithm!r}")
        if isinstance(self.init, str) and self.init not in ("k-means++", "random"):
            raise ValueError(
                f"KMeans: expected init to be k-means++, random, an array or a function, got {self.init!r}"
            )
        if len(x) < self.n_clusters:
            raise ValueError(f"KMeans: n_samples={len(x)} should be >= n_clusters={self.n_clusters}.")

    def _initial(self, x: Array, mean: Array, state: np.random.RandomState) -> Array:
        k = int(self.n_clusters)
        if isinstance(self.init, str):
            if self.init == "random":
                chosen = state.choice(len(x), size=k, replace=False, p=np.full(len(x), 1.0 / len(x)))
                return x[chosen]
            return x[_seeds(x, k, state, None)]
        given = self.init(x + mean, k, random_state=state) if callable(self.init) else self.init
        centers = checked_data("KMeans", given, (x.dtype,)) - mean
        if centers.shape != (k, x.shape[1]):
            raise ValueError(
                f"KMeans: expected init of shape ({k}, {x.shape[1]}) to match X {x.shape}, got {centers.shape}"
            )
        return centers

    def _many_runs_by_default(self) -> bool:
        return callable(self.init) or (isinstance(self.init, str) and self.init == "random")

    def fit(self, X: ArrayLike, y: Any = None) -> KMeans:
        """Find the centres of X (N, D); y is ignored."""
        data = checked_data("KMeans", X)
        self._checked_settings(data)
        state = random_state(self.random_state)
        # Distances lose less to rounding around the origin.
        mean = kernels(data).mean(data, (0,), False)
        x = kernels(data).subtract(data, mean)
        tolerance = float(self.tol) * float(np.mean(np.var(data, axis=0))) if self.tol else 0.0
        runs = self.n_init if not isinstance(self.n_init, str) else 10 if self._many_runs_by_default() else 1
        best: tuple[Array, Array, float, int] | None = None
        for run in range(int(runs)):
            centers = np.ascontiguousarray(self._initial(x, mean, state))
            labels, centers, inertia, iterations, converged = kernels(x).kmeans_lloyd(
                x, centers, int(self.max_iter), tolerance, True
            )
            if self.verbose:
                end = "converged" if converged else "reached max_iter"
                print(f"KMeans: run {run + 1} of {runs}: inertia {inertia:.6g}, {end} after {iterations} iterations")
            if best is None or inertia < best[2]:
                best = (labels, centers, inertia, iterations)
            if not (isinstance(self.init, str) or callable(self.init)):
                break
        if best is not None:
            self.labels_, self.cluster_centers_ = best[0], best[1] + mean
            self.inertia_, self.n_iter_ = best[2], best[3]
        self.n_features_in_ = data.shape[1]
        names = feature_names(X)
        if names is not None:
            self.feature_names_in_ = names
        elif hasattr(self, "feature_names_in_"):
            del self.feature_names_in_
        return self

    def _new_data(self, X: ArrayLike) -> Array:
        if not hasattr(self, "cluster_centers_"):
            raise not_fitted(type(self).__name__)
        names, known = feature_names(X), getattr(self, "feature_names_in_", None)
        if names is not None and known is not None and list(names) != list(known):
            raise ValueError(f"KMeans: the feature names should match those of fit, {list(known)}, got {list(names)}")
        x = checked_data("KMeans", X, (self.cluster_centers_.dtype,))
        if x.shape[1] != self.n_features_in_:
            raise ValueError(
                f"X has {x.shape[1]} features, but KMeans is expecting {self.n_features_in_} features as input."
            )
        return x

    def predict(self, X: ArrayLike) -> Array:
        """Index (int32) of the nearest centre of each point of X (N, D); the first of equals."""
        x = self._new_data(X)
        mean = self.cluster_centers_.mean(axis=0)
        result: Array = kernels(x).kmeans_assign(x - mean, self.cluster_centers_ - mean)
        return result

    def fit_predict(self, X: ArrayLike, y: Any = None) -> Array:
        """`fit`, and the labels."""
        return self.fit(X).labels_

    def transform(self, X: ArrayLike) -> Array:
        """Distances (N, k) of X (N, D) to the centres."""
        x = self._new_data(X)
        result: Array = kernels(x).kmeans_distances(x, self.cluster_centers_)
        return result

    def fit_transform(self, X: ArrayLike, y: Any = None) -> Array:
        """`fit`, and `transform` of the same data."""
        return self.fit(X).transform(X)

    def score(self, X: ArrayLike, y: Any = None) -> float:
        """Minus the sum of squared distances of X (N, D) to the nearest centres."""
        x = self._new_data(X)
        labels = self.predict(x)
        return -float(kernels(x).kmeans_inertia(x, self.cluster_centers_, labels))

    def get_feature_names_out(self, input_features: Any = None) -> Array:
        """Names of the columns of `transform`: kmeans0, kmeans1, …"""
        if not hasattr(self, "cluster_centers_"):
            raise not_fitted(type(self).__name__)
        return np.array([f"kmeans{i}" for i in range(len(self.cluster_centers_))], dtype=object)
