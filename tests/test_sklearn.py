"""Networks as scikit-learn estimators: scikit-learn's own checks, searches, pipelines, copies."""

import pickle

import numpy as np
import pytest

import neuroxide as nx

pytest.importorskip("sklearn")

from sklearn.base import clone
from sklearn.datasets import make_blobs, make_classification
from sklearn.model_selection import GridSearchCV, cross_val_score
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import StandardScaler
from sklearn.utils.estimator_checks import check_estimator

from neuroxide.sklearn import NeuralClassifier, NeuralRegressor, NeuralTransformer

ESTIMATORS = [
    NeuralClassifier(epochs=60, learning_rate=0.01, random_state=0),
    NeuralRegressor(epochs=60, learning_rate=0.01, random_state=0),
    NeuralTransformer(epochs=2, random_state=0),
]


def blobs(classes: int = 3) -> tuple[np.ndarray, np.ndarray]:
    x, y = make_blobs(120, 4, centers=classes, random_state=1)
    return StandardScaler().fit_transform(x), y


def build(n_features_in: int, n_classes: int, units: int = 8) -> nx.Model:
    return nx.Sequential(
        [nx.Input((n_features_in,)), nx.layers.Dense(units, "relu"), nx.layers.Dense(n_classes, "softmax")]
    )


@pytest.mark.filterwarnings("ignore")
@pytest.mark.parametrize("estimator", ESTIMATORS, ids=lambda e: type(e).__name__)
def test_check_estimator(estimator):
    results = check_estimator(estimator, on_fail=None, on_skip=None)
    assert len(results) > 30
    failed = [(r["check_name"], r["exception"]) for r in results if r["status"] not in ("passed", "skipped")]
    assert not failed, failed


@pytest.mark.filterwarnings("ignore::DeprecationWarning")
def test_grid_search_with_two_processes_sets_arguments_of_the_builder_and_of_training():
    x, y = blobs()
    search = GridSearchCV(
        NeuralClassifier(build, epochs=15, random_state=0),
        {"model__units": [1, 16], "learning_rate": [1e-5, 0.02]},
        n_jobs=2,
        cv=2,
    ).fit(x, y)
    assert search.best_params_ == {"model__units": 16, "learning_rate": 0.02}
    assert search.best_score_ > 0.95
    assert search.best_estimator_.model_.layers[0].units == 16


def test_pipeline_and_cross_validation():
    x, y = make_classification(200, 6, random_state=0)
    pipeline = make_pipeline(StandardScaler(), NeuralClassifier(epochs=25, learning_rate=0.01, random_state=0))
    assert cross_val_score(pipeline, x * 1000, y, cv=3).mean() > 0.85


def test_the_given_model_is_copied_with_its_compilation_and_left_alone():
    model = build(4, 3)
    model.compile(nx.optimizers.SGD(0.5, momentum=0.9), "categorical_crossentropy", metrics=["accuracy"])
    before = model.get_weights()
    x, y = blobs()
    fitted = NeuralClassifier(model, epochs=3, random_state=0).fit(x, y)
    assert all(np.array_equal(a, b) for a, b in zip(before, model.get_weights()))
    assert isinstance(fitted.model_.optimizer, nx.optimizers.SGD) and fitted.model_.optimizer is not model.optimizer
    assert set(fitted.history_) == {"loss", "accuracy"} and fitted.score(x, y) > 0.9


def test_logits_give_probabilities():
    x, y = blobs(2)
    for units in (1, 2):
        net = nx.Sequential([nx.Input((4,)), nx.layers.Dense(units)])
        fitted = NeuralClassifier(net, epochs=30, learning_rate=0.05, random_state=0).fit(x, y)
        proba = fitted.predict_proba(x)
        assert proba.shape == (120, 2) and np.allclose(proba.sum(axis=1), 1, atol=1e-6)
        assert proba.min() >= 0 and fitted.score(x, y) == 1.0


def test_same_seed_same_bits_and_the_global_generator_stays():
    x, y = blobs()
    nx.utils.set_random_seed(5)
    expected = nx.random.make_default_seed()
    nx.utils.set_random_seed(5)
    first, second = (NeuralClassifier(epochs=3, random_state=7).fit(x, y).predict_proba(x) for _ in range(2))
    assert np.array_equal(first, second)
    assert nx.random.make_default_seed() == expected


@pytest.mark.parametrize("fitted", [False, True])
def test_clone_and_pickle(fitted):
    x, y = blobs()
    estimator = NeuralClassifier(build, model_kwargs={"units": 5}, epochs=2, random_state=0)
    if fitted:
        estimator.fit(x, y)
        again = pickle.loads(pickle.dumps(estimator))
        assert np.array_equal(again.predict_proba(x), estimator.predict_proba(x))
    copy = clone(estimator)
    assert copy.get_params() == estimator.get_params() and not hasattr(copy, "model_")
    assert copy.get_params()["model__units"] == 5
    assert pickle.loads(pickle.dumps(copy)).model_kwargs == {"units": 5}


def test_warm_start_and_partial_fit_go_on():
    x, y = blobs()
    whole = NeuralClassifier(epochs=4, batch_size=120, random_state=3, fit_kwargs={"shuffle": False}).fit(x, y)
    part = NeuralClassifier(batch_size=120, random_state=3, fit_kwargs={"shuffle": False})
    for _ in range(4):
        part.partial_fit(x, y, classes=[0, 1, 2])
    assert np.array_equal(whole.predict_proba(x), part.predict_proba(x))
    warm = NeuralClassifier(epochs=2, batch_size=120, random_state=3, warm_start=True, fit_kwargs={"shuffle": False})
    warm.fit(x, y).fit(x, y)
    assert np.array_equal(whole.predict_proba(x), warm.predict_proba(x))
    assert len(warm.history_["loss"]) == 4


def test_sample_weights_reach_training():
    x = np.zeros((40, 1))
    y = np.array([0, 1] * 20)
    fitted = NeuralClassifier(epochs=200, learning_rate=0.05, random_state=0)
    fitted.fit(x, y, sample_weight=np.where(y == 1, 3.0, 1.0))
    np.testing.assert_allclose(fitted.predict_proba(x[:1]), [[0.25, 0.75]], atol=0.02)


def test_regressor_with_several_targets_and_images():
    rng = np.random.RandomState(0)
    x = rng.rand(64, 4, 3)
    y = np.stack([x.sum(axis=(1, 2)), x[:, 0, 0]], axis=1)

    def model(n_outputs):
        return nx.Sequential([nx.Input((4, 3)), nx.layers.Flatten(), nx.layers.Dense(n_outputs)])

    fitted = NeuralRegressor(model, epochs=300, learning_rate=0.02, random_state=0).fit(x, y)
    assert fitted.predict(x).shape == (64, 2) and fitted.score(x, y) > 0.99


def test_transformer_gives_the_output_of_a_layer():
    x, y = blobs()
    net = build(4, 3)
    fitted = NeuralTransformer(net, layer=net.layers[0].name, loss="sparse_categorical_crossentropy", epochs=1)
    assert fitted.fit(x, y).transform(x).shape == (120, 8)
    assert list(fitted.get_feature_names_out()[:2]) == ["neuraltransformer0", "neuraltransformer1"]


@pytest.mark.parametrize(
    ("make", "message"),
    [
        (lambda x, y: NeuralClassifier(3).fit(x, y), "expected model to be a Model or a function"),
        (lambda x, y: NeuralClassifier(lambda: 3).fit(x, y), "expected the model function to return a Model, got int"),
        (lambda x, y: NeuralClassifier(epoch=3), "unexpected keyword argument 'epoch'"),
        (lambda x, y: NeuralClassifier().fit(x, np.zeros(120)), "at least two classes, got one class"),
        (lambda x, y: NeuralClassifier().partial_fit(x, y, classes=[0, 1]), r"among the classes \[0 1\], got \[2\]"),
        (lambda x, y: NeuralClassifier().set_params(epoch=3), "invalid parameter 'epoch'.*epochs"),
        (lambda x, y: NeuralClassifier().fit(x * np.nan, y), "NaN"),
        (lambda x, y: NeuralTransformer(build(4, 3), layer="no").fit(x, x[:, :3]), "no layer 'no'"),
    ],
)
def test_bad_input(make, message):
    with pytest.raises((ValueError, TypeError), match=message):
        make(*blobs())
