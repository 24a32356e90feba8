"""Feeds: batches over arrays, dictionaries, generators, iterables and `PyDataset`s; epochs; saved places."""

import threading
import time

import numpy as np
import pytest

from neuroxide.data import PyDataset, make_feed, train_validation_split
from neuroxide.data.unpack import class_weights_of, pack_x_y_sample_weight, unpack_x_y_sample_weight

X = np.arange(20, dtype=np.float32).reshape(10, 2)
Y = np.arange(10)


def keys():
    count = iter(range(100))
    return lambda: (7, next(count))


def rows(batches):
    return [batch[1].tolist() for batch in batches]


def flat(batches):
    return [label for row in rows(batches) for label in row]


class Batches(PyDataset):
    def __init__(self, n=4, **options):
        super().__init__(**options)
        self.n, self.calls = n, []

    def __len__(self):
        return self.n

    def __getitem__(self, index):
        return X[index : index + 2], Y[index : index + 2]

    def on_epoch_begin(self):
        self.calls.append("begin")

    def on_epoch_end(self):
        self.calls.append("end")


def test_arrays_in_order_with_a_last_partial_batch():
    feed = make_feed(X, Y, batch_size=4)
    assert feed.num_batches == 3
    batches = list(feed.epoch())
    assert rows(batches) == [[0, 1, 2, 3], [4, 5, 6, 7], [8, 9]]
    np.testing.assert_array_equal(batches[1][0], X[4:8])
    assert batches[0][2] is None


def test_batch_size_is_32_by_default():
    assert [len(b[0]) for b in make_feed(np.zeros((70, 1))).epoch()] == [32, 32, 6]


def test_shuffling_gives_every_sample_once_and_a_new_order_each_epoch():
    feed = make_feed(X, Y, batch_size=3, shuffle=True, next_key=keys())
    first, second = flat(feed.epoch()), flat(feed.epoch())
    assert sorted(first) == sorted(second) == list(range(10))
    assert first != second and first != list(range(10))
    again = make_feed(X, Y, batch_size=3, shuffle=True, next_key=keys())
    assert flat(again.epoch()) == first


def test_x_and_y_and_weights_stay_together():
    feed = make_feed(X, Y, Y * 2.0, batch_size=3, shuffle=True, next_key=keys())
    for x, y, weight in feed.epoch():
        np.testing.assert_array_equal(x, X[y])
        np.testing.assert_array_equal(weight, y * 2.0)


def test_shuffling_whole_batches_keeps_the_partial_one_last():
    got = rows(make_feed(X, Y, batch_size=3, shuffle="batch", next_key=keys()).epoch())
    assert sorted(got[:3]) == [[0, 1, 2], [3, 4, 5], [6, 7, 8]] and got[3] == [9]


def test_nested_inputs_keep_their_structure():
    feed = make_feed({"a": X, "b": [X + 1, Y]}, (Y,), batch_size=4)
    x, y, _ = next(feed.epoch())
    assert set(x) == {"a", "b"} and isinstance(x["b"], list) and isinstance(y, tuple)
    np.testing.assert_array_equal(x["b"][0], X[:4] + 1)


def test_lists_of_numbers_are_one_array():
    x, y, _ = next(make_feed([[1.0, 2.0], [3.0, 4.0]], [0, 1]).epoch())
    assert x.shape == (2, 2) and y.shape == (2,)


def test_steps_go_on_where_the_last_epoch_stopped():
    feed = make_feed(X, Y, batch_size=2, steps=2)
    assert rows(feed.epoch()) == [[0, 1], [2, 3]]
    assert rows(feed.epoch()) == [[4, 5], [6, 7]]
    with pytest.warns(UserWarning, match="expected 2 batches in an epoch, got 1"):
        assert rows(feed.epoch()) == [[8, 9]]
    assert rows(feed.epoch()) == [[0, 1], [2, 3]]


def test_generators_go_on_and_end():
    feed = make_feed(((X[i : i + 1], Y[i : i + 1]) for i in range(3)), steps=2)
    assert feed.num_batches == 2
    assert rows(feed.epoch()) == [[0], [1]]
    with pytest.warns(UserWarning, match="ran out"):
        assert rows(feed.epoch()) == [[2]]
    with pytest.warns(UserWarning, match="ran out"), pytest.raises(ValueError, match="a generator runs only once"):
        list(feed.epoch())


def test_a_finite_generator_is_one_epoch():
    feed = make_feed((X[i : i + 1], Y[i : i + 1]) for i in range(3))
    assert feed.num_batches is None
    assert rows(feed.epoch()) == [[0], [1], [2]]


def test_other_iterables_start_anew():
    feed = make_feed([(X[:2], Y[:2]), (X[2:4], Y[2:4])].__iter__())
    assert len(list(feed.epoch())) == 2

    class Loader:
        def __len__(self):
            return 2

        def __iter__(self):
            return iter([(X[:2], Y[:2]), (X[2:4], Y[2:4])])

    feed = make_feed(Loader())
    assert feed.num_batches == 2
    assert rows(feed.epoch()) == rows(feed.epoch()) == [[0, 1], [2, 3]]


def test_a_dataset_runs_its_hooks_around_each_pass():
    data = Batches()
    feed = make_feed(data)
    assert rows(feed.epoch()) == [[0, 1], [1, 2], [2, 3], [3, 4]]
    list(feed.epoch())
    assert data.calls == ["begin", "end"] * 2


def test_a_dataset_is_shuffled_by_batches():
    feed = make_feed(Batches(9), shuffle=True, next_key=keys())
    got = [r[0] for r in rows(feed.epoch())]
    assert sorted(got) == list(range(9)) and got != list(range(9))


@pytest.mark.parametrize("workers", [2, 5])
def test_workers_keep_the_order(workers):
    class Slow(Batches):
        def __getitem__(self, index):
            time.sleep(0.002 * (index % 3))
            return super().__getitem__(index)

    feed = make_feed(Slow(8, workers=workers, max_queue_size=3), shuffle=True, next_key=keys())
    assert rows(feed.epoch()) == rows(make_feed(Batches(8), shuffle=True, next_key=keys()).epoch())
    feed.close()
    assert not [t for t in threading.enumerate() if t.name.startswith("neuroxide-data")]


def test_an_error_in_a_worker_reaches_the_caller():
    class Bad(Batches):
        def __getitem__(self, index):
            if index == 2:
                raise RuntimeError("no such file")
            return super().__getitem__(index)

    with pytest.raises(RuntimeError, match="no such file"):
        list(make_feed(Bad(workers=2)).epoch())


def test_an_endless_dataset_needs_steps():
    class Endless(Batches):
        num_batches = None

    with pytest.raises(ValueError, match="steps_per_epoch with a PyDataset without end"):
        make_feed(Endless())
    assert rows(make_feed(Endless(), steps=3).epoch()) == [[0, 1], [1, 2], [2, 3]]


def sources():
    return {
        "arrays": lambda: make_feed(X, Y, batch_size=3, shuffle=True, next_key=keys()),
        "arrays with steps": lambda: make_feed(X, Y, batch_size=2, steps=2, shuffle=True, next_key=keys()),
        "generator": lambda: make_feed(((X[i % 9 :][:1], Y[i % 9 :][:1]) for i in range(99)), steps=3),
        "dataset": lambda: make_feed(Batches(5), shuffle=True, next_key=keys()),
        "dataset with workers": lambda: make_feed(Batches(5, workers=2), shuffle=True, next_key=keys()),
    }


@pytest.mark.parametrize("kind", sources())
@pytest.mark.parametrize("stop", range(0, 8))
@pytest.mark.filterwarnings("ignore:fit. expected 2 batches")
def test_a_restored_feed_goes_on_exactly(kind, stop):
    make = sources()[kind]
    whole, plan = [], []
    feed = make()
    for epoch in range(4):
        for batch in feed.epoch():
            whole.append(batch[1].tolist())
            plan.append((epoch, feed.state()))
    feed = make()
    seen = 0
    for _ in range(4):
        for batch in feed.epoch():
            assert batch[1].tolist() == whole[seen]
            seen += 1
            if seen == stop:
                break
        if seen == stop:
            break
    if not stop:
        return
    epoch, state = plan[stop - 1]
    # The keys drawn before the place was saved have been drawn; a session restores the generator that draws them.
    resumed = make()
    for _ in range(state["passes"] + (1 if state["in_pass"] else 0)):
        if resumed._next_key is not None:
            resumed._next_key()
    resumed.restore(state)
    rest = rows(resumed.epoch(resume=True))
    for _ in range(epoch + 1, 4):
        rest += rows(resumed.epoch())
    assert rest == whole[stop:]


def test_a_peek_takes_nothing():
    for make in sources().values():
        feed, plain = make(), make()
        feed.peek()
        assert rows(feed.epoch()) == rows(plain.epoch())


@pytest.mark.parametrize(
    ("state", "message"),
    [
        ({}, "saved place"),
        ({"key": None, "position": 99, "passes": 0, "step": 0, "in_pass": True}, "within 4 batches, got 99"),
        ({"key": [1], "position": 0, "passes": 0, "step": 0, "in_pass": True}, "saved place"),
        ({"key": None, "position": -1, "passes": 0, "step": 0, "in_pass": True}, "within"),
    ],
)
def test_a_wrong_place_is_refused(state, message):
    with pytest.raises(ValueError, match=message):
        make_feed(Batches()).restore(state)


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        ({"x": X, "y": Y[:5]}, "same number of samples, got x: 10, y: 5"),
        ({"x": {"a": X, "b": X[:3]}}, "got x: 10, 3"),
        ({"x": X[:0], "y": Y[:0]}, "at least one sample"),
        ({"x": np.array(["a", None])}, "hold numbers"),
        ({"x": np.array(1.0)}, "batch axis"),
        ({"x": 3}, "got int"),
        ({"x": "abc"}, "got str"),
        ({"x": None}, "got NoneType"),
        ({"x": X, "batch_size": 0}, "batch_size to be an integer of at least 1, got 0"),
        ({"x": X, "batch_size": 2.5}, "got 2.5"),
        ({"x": X, "batch_size": True}, "got True"),
        ({"x": X, "steps": 0}, "at least 1, got 0"),
        ({"x": X, "shuffle": "yes"}, "'batch', got 'yes'"),
        ({"x": iter([]), "y": Y}, "no y with a generator"),
        ({"x": Batches(), "batch_size": 3}, "no batch_size with a PyDataset"),
        ({"x": Batches(), "sample_weight": Y}, "no sample_weight"),
        ({"x": Batches(0)}, "length 0"),
        ({"x": X, "y": Y, "sample_weight": Y, "class_weight": {0: 1.0}}, "class_weight or sample_weight, got both"),
        ({"x": X, "class_weight": {0: 1.0}}, "expected y with class_weight"),
    ],
)
def test_wrong_data_is_refused(arguments, message):
    with pytest.raises(ValueError, match=message):
        make_feed(**arguments)


@pytest.mark.parametrize("batch", [(X, Y, Y, Y), (X, Y[:3]), (X[:0], Y[:0]), ("a",), ()])
def test_wrong_batches_are_refused(batch):
    with pytest.raises(ValueError, match="data: expected"):
        list(make_feed(iter([batch])).epoch())


def test_class_weights():
    np.testing.assert_array_equal(class_weights_of(np.array([0, 1, 2]), {0: 2.0, 2: 0.5}), [2, 1, 0.5])
    np.testing.assert_array_equal(class_weights_of(np.array([[0], [1]]), {1: 3}), [1, 3])
    np.testing.assert_array_equal(class_weights_of(np.eye(3)[[2, 0]], {2: 3}), [3, 1])
    with pytest.raises(ValueError, match="class numbers as keys"):
        class_weights_of(Y, {"a": 1})
    with pytest.raises(ValueError, match="one output"):
        class_weights_of({"a": Y}, {0: 1})


def test_validation_takes_the_last_rows():
    (x, _, w), (vx, vy, vw) = train_validation_split((X, {"a": Y}, None), 0.25)
    assert len(x) == 7 and vy["a"].tolist() == [7, 8, 9] and w is None and vw is None
    np.testing.assert_array_equal(vx, X[7:])


@pytest.mark.parametrize("fraction", [-0.1, 1.0, 1.5, 0.99999, float("nan")])
def test_wrong_validation_fractions(fraction):
    with pytest.raises(ValueError, match="validation_split"):
        train_validation_split((X, Y, None), fraction)


def test_packing_and_unpacking():
    assert unpack_x_y_sample_weight((1, 2, 3)) == (1, 2, 3)
    assert unpack_x_y_sample_weight([1]) == (1, None, None)
    assert pack_x_y_sample_weight([1]) == ([1],) and pack_x_y_sample_weight(1, 2, 3) == (1, 2, 3)
    with pytest.raises(ValueError, match="a tuple of 4"):
        unpack_x_y_sample_weight((1, 2, 3, 4))


def test_multiprocessing_is_refused_by_name():
    with pytest.raises(ValueError, match="use_multiprocessing=True is not supported"):
        PyDataset(use_multiprocessing=True)
