"""k-means: Lloyd's iterations, seeds, scikit-learn's interface."""

import copy
import pickle
import subprocess
import sys

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from neuroxide import _core
from neuroxide.clustering import KMeans, kmeans_plusplus
from tests.reference import kmeans as reference

DTYPES = [np.float32, np.float64]


def blobs(n, d, k, seed=0, dtype=np.float64, spread=0.3):
    rng = np.random.default_rng(seed)
    centers = rng.normal(size=(k, d)) * 2
    return (centers[rng.integers(0, k, n)] + rng.normal(size=(n, d)) * spread).astype(dtype)


@pytest.mark.parametrize("dtype", DTYPES)
@pytest.mark.parametrize(
    ("n", "d", "k"),
    [(1, 1, 1), (2, 1, 2), (17, 3, 4), (40, 1, 7), (513, 2, 13), (600, 17, 8), (1100, 5, 25), (700, 65, 12)],
)
def test_lloyd_equals_the_definition(n, d, k, dtype):
    x = blobs(n, d, max(k // 2, 1), 1, dtype, 1.0)
    start = x[np.random.default_rng(2).choice(n, k, replace=False)]
    for most in (1, 3, 200):
        labels, centers, inertia, iterations, converged = _core.kmeans_lloyd(x, start, most, 0.0, True)
        want = reference.lloyd(x, start, most)
        np.testing.assert_array_equal(labels, want[0])
        np.testing.assert_allclose(centers, want[1], rtol=0, atol=1e-5 if dtype is np.float32 else 1e-12)
        assert inertia == pytest.approx(want[2], rel=1e-5 if dtype is np.float32 else 1e-12, abs=1e-12)
        assert iterations == want[3] and converged == (most == 200 or iterations < most or converged)
        assert labels.dtype == np.int32 and centers.dtype == dtype


@pytest.mark.parametrize("dtype", DTYPES)
@pytest.mark.parametrize("spread", [0.05, 0.5, 3.0])
def test_bounds_and_threads_change_no_bit(spread, dtype):
    x = blobs(3000, 7, 20, 3, dtype, spread)
    x[::50] = x[0]  # ties
    start = x[np.random.default_rng(4).choice(3000, 30, replace=False)]
    before, results = _core.get_num_threads(), []
    try:
        for threads, bounded in ((1, False), (1, True), (3, True)):
            _core.set_num_threads(threads)
            results.append(_core.kmeans_lloyd(x, start, 100, 0.0, bounded))
    finally:
        _core.set_num_threads(before)
    for other in results[1:]:
        np.testing.assert_array_equal(results[0][0], other[0])
        np.testing.assert_array_equal(results[0][1], other[1])
        assert results[0][2:] == other[2:]


@pytest.mark.parametrize("dtype", DTYPES)
@pytest.mark.parametrize(("n", "d", "k", "trials"), [(1, 1, 1, 1), (5, 2, 5, 3), (520, 3, 12, 4), (1500, 17, 9, 14)])
def test_seeds_equal_the_definition(n, d, k, trials, dtype):
    x = np.round(blobs(n, d, 3, 5), 2).astype(dtype)
    draws = np.random.default_rng(6).random((k - 1, trials))
    got = _core.kmeans_plus_plus(x, n // 2, draws)
    if dtype is np.float64:
        np.testing.assert_array_equal(got, reference.plus_plus(x, n // 2, draws))
    assert got.dtype == np.int64 and got[0] == n // 2 and len(got) == k
    assert ((got >= 0) & (got < n)).all()


def test_no_draws_need_no_room():
    # An array of no rows may claim any number of columns.
    np.testing.assert_array_equal(_core.kmeans_plus_plus(np.ones((8, 3)), 5, np.empty((0, 2**40))), [5])


def test_empty_clusters_take_the_farthest_points():
    x = np.array([[0.0], [1.0], [2.0], [50.0]])
    start = np.array([[1.0], [100.0], [200.0]])
    labels, centers, *_ = _core.kmeans_lloyd(x, start, 1, 0.0, True)
    want = reference.lloyd(x, start, 1)
    np.testing.assert_array_equal(labels, want[0])
    np.testing.assert_allclose(centers, want[1])
    same = np.ones((5, 2))
    model = KMeans(3, random_state=0).fit(same)
    assert model.inertia_ == 0 and set(model.labels_) == {0}


def test_ties_go_to_the_first_centre():
    x, centers = np.array([[0.0], [2.0]]), np.array([[1.0], [-1.0], [1.0], [3.0]])
    np.testing.assert_array_equal(_core.kmeans_assign(x, centers), [0, 0])
    np.testing.assert_array_equal(_core.kmeans_distances(x, centers), [[1, 1, 1, 3], [1, 3, 1, 1]])


@settings(max_examples=40, deadline=None)
@given(st.integers(1, 60), st.integers(1, 5), st.integers(1, 8), st.integers(0, 10**6))
def test_properties(n, d, k, seed):
    k = min(n, k)
    x = blobs(n, d, 3, seed)
    model = KMeans(k, random_state=seed).fit(x)
    np.testing.assert_array_equal(model.labels_, model.predict(x))
    assert model.inertia_ == pytest.approx(-model.score(x), rel=1e-9, abs=1e-9)
    assert model.inertia_ == pytest.approx((model.transform(x).min(axis=1) ** 2).sum(), rel=1e-9, abs=1e-9)
    one = KMeans(k, random_state=seed, max_iter=1).fit(x)
    assert model.inertia_ <= one.inertia_ + 1e-9


def test_estimator():
    x = blobs(200, 3, 4)
    model = KMeans(4, random_state=1)
    assert repr(model) == "KMeans(n_clusters=4, random_state=1)"
    assert model.get_params()["n_init"] == "auto" and model.set_params(tol=0.0) is model and model.tol == 0
    before = x.copy()
    labels = model.fit_predict(x)
    np.testing.assert_array_equal(x, before)
    again = pickle.loads(pickle.dumps(model))
    np.testing.assert_array_equal(again.predict(x), labels)
    np.testing.assert_array_equal(KMeans(**model.get_params()).fit(x).cluster_centers_, model.cluster_centers_)
    np.testing.assert_array_equal(copy.deepcopy(model).transform(x), model.fit_transform(x))
    assert list(model.get_feature_names_out()) == ["kmeans0", "kmeans1", "kmeans2", "kmeans3"]
    assert KMeans(4, random_state=1).fit(x.astype(np.float32)).cluster_centers_.dtype == np.float32
    assert KMeans(2, random_state=1).fit(np.arange(12).reshape(6, 2)).cluster_centers_.dtype == np.float64


def test_forms_of_init(capsys):
    x = blobs(300, 2, 3, 7)
    start = x[:3]
    fixed = KMeans(3, init=start).fit(x)
    np.testing.assert_array_equal(fixed.labels_, reference.lloyd(x, start, 300)[0])
    called = KMeans(3, init=lambda data, k, random_state: data[:k], verbose=1).fit(x)
    np.testing.assert_array_equal(called.labels_, fixed.labels_)
    assert capsys.readouterr().out.count("KMeans: run") == 10
    runs = [KMeans(3, init="random", n_init=n, random_state=5).fit(x).inertia_ for n in (1, 8)]
    assert runs[1] <= runs[0]
    seeds, indices = kmeans_plusplus(x, 3, random_state=0)
    np.testing.assert_array_equal(seeds, x[indices])


def test_named_columns():
    class Frame(np.ndarray):
        columns = ("a", "b")

    x = blobs(30, 2, 2)
    model = KMeans(2, random_state=0).fit(x.view(Frame))
    assert list(model.feature_names_in_) == ["a", "b"]
    other = x.view(Frame)
    other.columns = ("b", "a")
    with pytest.raises(ValueError, match="feature names should match"):
        model.predict(other)


X = np.arange(12.0).reshape(6, 2)


@pytest.mark.parametrize(
    ("call", "error", "text"),
    [
        (lambda: KMeans(0).fit(X), ValueError, "n_clusters to be a whole number of at least 1, got 0"),
        (lambda: KMeans(2.5).fit(X), ValueError, "n_clusters to be a whole number"),
        (lambda: KMeans(7).fit(X), ValueError, "n_samples=6 should be >= n_clusters=7"),
        (lambda: KMeans(2, max_iter=0).fit(X), ValueError, "max_iter"),
        (lambda: KMeans(2, tol=-1).fit(X), ValueError, "tol to be a number of at least 0"),
        (lambda: KMeans(2, n_init="many").fit(X), ValueError, "n_init to be 'auto'"),
        (lambda: KMeans(2, algorithm="full").fit(X), ValueError, "lloyd or elkan"),
        (lambda: KMeans(2, init="best").fit(X), ValueError, "init to be k-means"),
        (lambda: KMeans(2, init=X).fit(X), ValueError, r"init of shape \(2, 2\) to match X \(6, 2\), got \(6, 2\)"),
        (lambda: KMeans(2, random_state="0").fit(X), ValueError, "random_state: expected None"),
        (lambda: KMeans(2).fit(X[0]), ValueError, "Reshape your data"),
        (lambda: KMeans(2).fit([["a", "b"]]), ValueError, "hold numbers"),
        (lambda: KMeans(2).fit(np.where(X > 3, np.nan, X)), ValueError, "contains NaN"),
        (lambda: KMeans(2).fit(np.where(X > 3, np.inf, X)), ValueError, "contains infinity"),
        (lambda: KMeans(2).fit(X[:0]), ValueError, r"0 sample\(s\)"),
        (lambda: KMeans(2).predict(X), ValueError, "not fitted yet"),
        (lambda: KMeans(2).fit(X).predict(X[:, :1]), ValueError, "X has 1 features, but KMeans is expecting 2"),
        (lambda: KMeans(2).set_params(k=3), ValueError, "Invalid parameter 'k'"),
        (lambda: kmeans_plusplus(X, 7), ValueError, "n_clusters from 1 to n_samples=6"),
        (lambda: kmeans_plusplus(X, 2, n_local_trials=0), ValueError, "n_local_trials"),
        (
            lambda: _core.kmeans_lloyd(X, X[:2, :1].copy(), 3, 0.0, True),
            ValueError,
            r"centers of shape \(K, D\) to match",
        ),
        (lambda: _core.kmeans_lloyd(X, X, 0, 0.0, True), ValueError, "max_iter of at least 1"),
        (lambda: _core.kmeans_inertia(X, X[:2], np.full(6, 2, np.int32)), ValueError, "labels from 0 to 2 - 1, got 2"),
        (lambda: _core.kmeans_plus_plus(X, 6, np.zeros((1, 1))), ValueError, "first below N"),
    ],
)
def test_errors(call, error, text):
    with pytest.raises(error, match=text):
        call()


def test_does_not_import_sklearn():
    code = (
        "import sys; from neuroxide.clustering import KMeans; KMeans(1).fit([[1.0]]); print('sklearn' in sys.modules)"
    )
    assert subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True).stdout == "False\n"


@pytest.mark.peers
def test_sklearn_live():
    cluster = pytest.importorskip("sklearn.cluster")
    rng = np.random.default_rng(8)
    for seed in range(150):
        n, d, k = int(rng.integers(20, 900)), int(rng.integers(1, 30)), int(rng.integers(1, 15))
        x = blobs(n, d, 6, seed, spread=rng.choice([0.1, 1.0]))
        want = cluster.KMeans(k, random_state=seed, algorithm="lloyd").fit(x)
        got = KMeans(k, random_state=seed).fit(x)
        np.testing.assert_array_equal(got.labels_, want.labels_)
        np.testing.assert_allclose(got.cluster_centers_, want.cluster_centers_, rtol=1e-9, atol=1e-11)
        assert got.n_iter_ == want.n_iter_ and got.inertia_ == pytest.approx(want.inertia_, rel=1e-9)
        np.testing.assert_allclose(got.transform(x), want.transform(x), rtol=1e-6, atol=1e-5)


@pytest.mark.filterwarnings("ignore")
def test_check_estimator():
    checks = pytest.importorskip("sklearn.utils.estimator_checks")
    for result in checks.check_estimator(KMeans(3, random_state=0), on_fail=None):
        assert result["status"] in ("passed", "skipped"), result
