"""The tape: recording, the walk back, lifetimes, versions, threads and the errors, on operations made for the test."""

import gc
import threading
import weakref

import numpy as np
import pytest

import neuroxide as nx
from neuroxide import Tensor, Variable, differentiable

pytestmark = pytest.mark.numpy_only  # its operations do arithmetic on NumPy arrays


@differentiable
def double(x):
    return x * 2, lambda dy: dy * 2


@differentiable
def product(a, b):
    def pullback(dy, needs):
        return dy * b if needs[0] else None, dy * a if needs[1] else None

    return a * b, pullback


@differentiable
def halves(x):
    n = len(x) // 2

    def pullback(dys):
        parts = [np.zeros(n, x.dtype) if dy is None else dy for dy in dys]
        return np.concatenate(parts)

    return (x[:n], x[n:]), pullback


@differentiable
def total(x):
    shape, dtype = x.shape, x.dtype
    return x.sum(), lambda dy: np.full(shape, dy, dtype)


def leaf(*values):
    return Tensor(np.array(values), requires_grad=True)


def test_chain_and_fan_out():
    x = leaf(1.0, 2.0)
    y = double(x)
    total(product(y, product(y, x))).backward()  # 4x³
    np.testing.assert_array_equal(x.grad, 12 * np.array([1.0, 4.0]))


def test_backward_adds_to_grad_and_gradients_leaves_it_alone():
    x = leaf(3.0)
    double(x).backward()
    double(x).backward()
    assert x.grad.item() == 4.0
    [g] = nx.gradients(double(x), [x])
    assert g.item() == 2.0 and x.grad.item() == 4.0
    x.grad = None
    assert x.grad is None


def test_gradients_are_summed_out_of_place():
    kept = []

    @differentiable
    def leak(x):
        def pullback(dy):
            kept.append((dy, dy.copy()))
            return dy

        return x + 0, pullback

    x = leaf(1.0, 2.0)
    a, b, c = leak(x), leak(x), leak(x)
    total(product(product(a, b), c)).backward()
    assert len(kept) == 3
    for array, before in kept:
        np.testing.assert_array_equal(array, before)


def test_unused_outputs_get_none():
    seen = []

    @differentiable
    def pair(x):
        def pullback(dys):
            seen.append([dy is None for dy in dys])
            return sum(dy for dy in dys if dy is not None)

        return (x + 1, x + 2), pullback

    x = leaf(1.0)
    first, _ = pair(x)
    first.backward()
    first, second = pair(x)
    product(first, second).backward()
    assert seen == [[False, True], [False, False]]
    assert x.grad.item() == 1 + (2 + 3)


def test_several_outputs():
    x = leaf(1.0, 2.0, 3.0, 4.0)
    a, b = halves(x)
    total(product(a, b)).backward()
    np.testing.assert_array_equal(x.grad, [3, 4, 1, 2])


@pytest.mark.parametrize("length", [10_000])
def test_long_chain(length):
    x = leaf(1.0)
    y = x
    for _ in range(length):
        y = product(y, 1.0)
    y.backward()
    assert x.grad.item() == 1.0
    for _ in range(length):  # never differentiated: must be freed without recursion
        y = product(y if y.requires_grad else x, x)
    del y


def test_freed_by_reference_counts_alone():
    class Array(np.ndarray):
        """An ndarray that can be watched."""

    watched = []

    @differentiable
    def watch(x):
        y = x * 2
        saved = y.view(Array)
        watched.append(weakref.ref(saved))

        def pullback(dy):
            return dy * 2 + 0 * np.asarray(saved)

        return y, pullback

    gc.collect()
    gc.disable()
    try:
        x = leaf(1.0, 2.0)
        y = total(watch(watch(x)))
        assert all(ref() is not None for ref in watched)
        del y
        assert all(ref() is None for ref in watched)
        y = total(watch(x))
        y.backward()
        assert watched[-1]() is None, "a node used stays alive"
        a, b = halves(watch(x))
        del a
        assert watched[-1]() is not None
        del b
        assert watched[-1]() is None
        before = weakref.ref(x)
        del x, y
        assert before() is None
    finally:
        gc.enable()


def test_used_graph_raises():
    x = leaf(1.0)
    y = double(x)
    double(y).backward()
    with pytest.raises(RuntimeError, match="used by an earlier backward pass"):
        double(y).backward()
    with pytest.raises(RuntimeError, match="used by an earlier backward pass"):
        y.backward()
    z = double(x)
    z.backward()
    assert x.grad.item() == 4.0 + 2.0


def test_engine_recovers_from_a_pullback_that_raises():
    fail = [True]

    @differentiable
    def fragile(x):
        def pullback(dy):
            if fail[0]:
                raise KeyboardInterrupt
            return dy

        return x + 0, pullback

    x = leaf(1.0)
    y = double(x)
    with pytest.raises(KeyboardInterrupt):
        product(fragile(y), double(y)).backward()
    assert x.grad is None
    fail[0] = False
    product(fragile(x), double(y)).backward()  # y's own node was never reached
    assert x.grad.item() == 4.0 + 4.0


def test_nesting_raises():
    with pytest.raises(NotImplementedError, match="first order only"):
        nx.grad(nx.grad(product))(leaf(1.0), leaf(1.0))

    def inner_backward(x):
        y = double(x)
        y.backward()
        return y

    with pytest.raises(NotImplementedError, match="first order only"):
        nx.grad(inner_backward)(1.0)

    @differentiable
    def sneaky(x):
        def pullback(dy):
            nx.grad(double)(1.0)
            return dy

        return x + 0, pullback

    with pytest.raises(NotImplementedError, match="first order only"):
        sneaky(leaf(1.0)).backward()
    assert nx.grad(double)(1.0).item() == 2.0, "the state is restored"


def test_no_grad_is_nested_and_per_thread():
    x = leaf(1.0)
    with nx.no_grad():
        with nx.no_grad():
            pass
        assert not double(x).requires_grad
        found = []
        thread = threading.Thread(target=lambda: found.append(double(x).requires_grad))
        thread.start()
        thread.join()
        assert found == [True]

        @nx.no_grad()
        def quiet():
            return double(x)

        assert not quiet().requires_grad
    assert double(x).requires_grad and not quiet().requires_grad


def test_threads_have_their_own_tapes():
    results = {}

    def work(i):
        x = leaf(float(i))
        for _ in range(50):
            total(product(x, double(x))).backward()
        results[i] = x.grad.item()

    threads = [threading.Thread(target=work, args=(i,)) for i in range(6)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert results == {i: 50 * 4.0 * i for i in range(6)}


def test_versions():
    w = Variable(np.array([2.0]), name="w")
    y = product(w, w)
    w.assign([3.0])
    with pytest.raises(RuntimeError, match=r"variable 'w' was assigned after .*version 1, used at 0"):
        y.backward()
    product(w, w).backward()
    assert w.grad.item() == 6.0
    frozen = Variable(np.array([2.0]), trainable=False, name="mean")
    x = leaf(1.0)
    y = product(x, frozen)
    frozen.assign_add([1.0])
    with pytest.raises(RuntimeError, match="variable 'mean' was assigned"):
        y.backward()


def test_only_what_is_needed_is_computed():
    asked = []

    @differentiable
    def spy(a, b):
        def pullback(dy, needs):
            asked.append(needs)
            return dy * b if needs[0] else None, dy * a if needs[1] else None

        return a * b, pullback

    w = Variable(np.array([2.0]))
    spy(w, np.array([3.0])).backward()
    spy(np.array([3.0]), w).backward()
    assert asked == [(True, False), (False, True)]
    value, g = nx.value_and_grad(lambda x: spy(x, w))(np.array([5.0]))
    assert asked[-1] == (True, False), "the variable's gradient is not asked for"
    assert value.item() == 10.0 and g.item() == 2.0


def test_value_and_grad():
    both = nx.value_and_grad(lambda a, b: total(product(a, b)), argnums=(0, 1))
    value, (da, db) = both(np.array([1.0, 2.0]), np.array([3.0, 4.0]))
    assert value.item() == 11.0 and not value.requires_grad
    np.testing.assert_array_equal(da, [3, 4])
    np.testing.assert_array_equal(db, [1, 2])
    w = Variable([5.0])
    (value, aux), [dw, none] = nx.value_and_grad(
        lambda: (double(w), "aux"), variables=[w, Variable([1.0])], has_aux=True
    )()
    assert (value.item(), aux, dw.item(), none) == (10.0, "aux", 2.0, None)
    zero = nx.grad(lambda a, b: double(a), argnums=1)(1.0, np.ones((2, 3)))
    np.testing.assert_array_equal(zero, np.zeros((2, 3)))
    g, aux = nx.grad(lambda a: (double(a), 7), has_aux=True)(1.0)
    assert (g.item(), aux) == (2.0, 7)
    with nx.no_grad():
        assert nx.grad(double)(1.0).item() == 2.0


def test_stop_gradient():
    x = leaf(3.0)
    product(x, nx.stop_gradient(x)).backward()
    assert x.grad.item() == 3.0
    w = Variable([1.0])
    held = nx.stop_gradient(w)
    w.assign([2.0])
    assert held.item() == 1.0


def test_results_and_gradients_of_user_functions_are_made_contiguous():
    @differentiable
    def transposed(x):
        return x.T, lambda dy: dy.T

    x = Tensor(np.arange(6.0).reshape(2, 3), requires_grad=True)
    y = transposed(x)
    assert y.data.flags.c_contiguous and y.shape == (3, 2)
    y.backward(np.arange(6.0).reshape(3, 2))
    np.testing.assert_array_equal(x.grad, np.arange(6.0).reshape(3, 2).T)
    assert x.grad.data.flags.c_contiguous


def test_keywords_and_statics():
    @differentiable
    def scale(x, factor=2.0, *, shift=0.0):
        return x * factor + shift, lambda dy: dy * factor

    x = leaf(1.0)
    assert scale(x).item() == 2.0 and scale(x, 3.0, shift=1.0).item() == 4.0 and scale(factor=5, x=x).item() == 5.0
    with pytest.raises(
        TypeError, match="scale: expected factor to be a tensor, an array or a hashable value, got list"
    ):
        scale(x, [1.0])
    with pytest.raises(TypeError, match="scale: expected an argument 'x'"):
        scale(factor=2.0)


def test_wrong_pullbacks_raise():
    @differentiable
    def wrong_shape(x):
        return x + 0, lambda dy: np.zeros(7)

    @differentiable
    def wrong_count(a, b):
        return a * b, lambda dy, needs: dy

    @differentiable
    def one_for_two(a, b):
        return a * b, lambda dy: dy

    with pytest.raises(ValueError, match=r"expected a gradient of shape \(1,\), got \(7,\)"):
        wrong_shape(leaf(1.0)).backward()
    with pytest.raises(TypeError, match="expected a tuple with one gradient for each of 2 inputs"):
        wrong_count(leaf(1.0), leaf(1.0)).backward()
    with pytest.raises(TypeError, match=r"expected a pull-back \(dy, needs\)"):
        one_for_two(leaf(1.0), leaf(1.0))


def test_backward_errors():
    x = leaf(1.0, 2.0)
    with pytest.raises(ValueError, match="nothing was recorded"):
        Tensor([1.0]).backward()
    with pytest.raises(ValueError, match=r"expected a single element or an argument dy, got a value of shape \(2,\)"):
        double(x).backward()
    with pytest.raises(ValueError, match=r"expected dy of shape \(2,\) and dtype float64, got \(3,\)"):
        double(x).backward(np.ones(3))
    with pytest.raises(ValueError, match="got a computed Tensor"):
        nx.gradients(total(x), [double(x)])
    with pytest.raises(TypeError, match="expected float32 or float64 to require a gradient, got int64"):
        nx.grad(double)(np.array(1))
    with pytest.raises(TypeError, match="expected the function to return a Tensor, got float"):
        nx.grad(lambda x: 1.0)(1.0)
    with pytest.raises(ValueError, match="expected an argument 2, got 1"):
        nx.grad(double, argnums=2)(1.0)
