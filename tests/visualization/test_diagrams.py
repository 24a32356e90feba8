"""Drawings of models and of computations: what they say, where boxes lie, what is refused."""

import itertools
import xml.etree.ElementTree as ElementTree

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

import neuroxide as nx
from neuroxide import ops
from neuroxide.visualization import Box, Diagram, computation_graph, plot_model
from neuroxide.visualization.layered import layered_layout


def branching() -> nx.Model:
    image, extra = nx.Input((4, 2), name="image"), nx.Input((3,), name="extra")
    flat = nx.layers.Flatten(name="flat")(image)
    hidden = nx.layers.Dense(8, "relu", name="hidden")(flat)
    again = nx.layers.Dense(8, name="again")(hidden)
    joined = nx.layers.Add(name="sum")([hidden, again])
    both = nx.layers.Concatenate(name="both")([joined, extra])
    return nx.Model([image, extra], [nx.layers.Dense(1, name="a")(both), nx.layers.Dense(2, name="b")(both)])


def test_plot_model_draws_every_layer_and_connection(tmp_path):
    model = branching()
    diagram = plot_model(model, tmp_path / "m.svg", True, True, True, show_layer_activations=True, show_trainable=True)
    by_name = {box.title.split(" ")[0]: (i, box) for i, box in enumerate(diagram.boxes)}
    assert set(by_name) == {layer.name for layer in model.layers}
    name = [box.title.split(" ")[0] for box in diagram.boxes]
    arrows = {(name[a], name[b]) for a, b, _ in diagram.arrows}
    assert arrows == {
        ("image", "flat"), ("flat", "hidden"), ("hidden", "again"), ("hidden", "sum"), ("again", "sum"),
        ("sum", "both"), ("extra", "both"), ("both", "a"), ("both", "b"),
    }  # fmt: skip
    assert by_name["hidden"][1].lines == [
        "activation: relu", "(None, 8) → (None, 8)", "dtype: float32", "trainable",
    ]  # fmt: skip
    assert by_name["both"][1].lines[0] == "[(None, 8), (None, 3)] → (None, 11)"
    assert [by_name[n][1].kind for n in ("image", "hidden", "b")] == ["input", "layer", "output"]
    root = ElementTree.parse(tmp_path / "m.svg").getroot()
    texts = [node.text for node in root.iter() if node.tag.endswith("text")]
    assert "hidden (Dense)" in texts and root.get("viewBox")
    assert "viewBox" in diagram._repr_svg_()


def test_plot_model_writes_png_and_opens_models_inside(tmp_path):
    inner = nx.Sequential([nx.Input((3,)), nx.layers.Dense(2, name="deep")], name="inner")
    x = nx.Input((3,))
    model = nx.Model(x, nx.layers.Dense(1)(inner(x)))
    plot_model(model, tmp_path / "m.png", rankdir="LR")
    assert (tmp_path / "m.png").read_bytes()[:4] == b"\x89PNG" and (tmp_path / "m.png").stat().st_size > 5000
    assert [box.title for box in plot_model(model, None).boxes] == ["InputLayer", "Sequential", "Dense"]
    opened = plot_model(model, None, expand_nested=True)
    assert [box.title for box in opened.boxes] == ["InputLayer", "inner/deep (Dense)", "Dense"]
    assert [(a, b) for a, b, _ in opened.arrows] == [(0, 1), (1, 2)]
    assert nx.utils.plot_model is plot_model


def test_a_shared_layer_is_drawn_at_each_call():
    shared = nx.layers.Dense(3)
    x = nx.Input((3,))
    diagram = plot_model(nx.Model(x, shared(shared(x))), None)
    assert [box.title for box in diagram.boxes] == ["InputLayer", "Dense", "Dense"]


def test_plot_model_refuses(tmp_path):
    class Own(nx.Model):
        def call(self, x):
            return x

    with pytest.raises(ValueError, match="got Own without a graph: build it first"):
        plot_model(Own())
    with pytest.raises(ValueError, match="got Sequential without a graph"):
        plot_model(nx.Sequential([nx.layers.Dense(1)]))
    with pytest.raises(ValueError, match="rankdir 'TB' or 'LR', got 'UP'"):
        plot_model(branching(), rankdir="UP")


def test_the_courses_computation_graph(tmp_path):
    graph = computation_graph(lambda a, b, c: 3.0 * (a + b * c), 5.0, 3.0, 2.0, path=tmp_path / "g.svg")
    assert {name: float(d) for name, d in graph.derivatives.items()} == {"a": 3.0, "b": 6.0, "c": 9.0}
    assert {name: float(v) for name, v in graph.values.items()} == {"a": 5.0, "b": 3.0, "c": 2.0}
    said = {box.title: list(box.lines) for box in graph.boxes}
    assert said["b"] == ["= 3", "dJ/db = 6"]
    assert said["v1 = b · c"] == ["= 6", "dJ/dv1 = 3"]
    assert said["v2 = a + v1"] == ["= 11", "dJ/dv2 = 3"]
    assert said["J = 3 · v2"] == ["= 33"]
    assert (tmp_path / "g.svg").read_text().count("<rect") == 1 + len(graph.boxes)


def test_derivatives_equal_those_of_the_tape():
    rng = np.random.default_rng(0)
    x, w = rng.standard_normal((3, 4)), rng.standard_normal((4, 2))

    def loss(x, w):
        h = ops.tanh(ops.matmul(x, w))
        return ops.sum(h * h + ops.exp(h)) / 7.0

    graph = computation_graph(loss, x, w)
    wanted = nx.grad(loss, argnums=(0, 1))(x, w)
    for name, expected in zip("xw", wanted):
        np.testing.assert_allclose(graph.derivatives[name], expected.numpy(), rtol=1e-12)


def test_computation_graph_of_a_layer_and_what_is_refused():
    layer = nx.layers.Dense(1)
    graph = computation_graph(layer, np.ones((1, 2), np.float32))
    assert any("kernel" in box.title for box in graph.boxes)
    unused = computation_graph(lambda a, b: a * 2.0, 1.0, 5.0)
    assert float(unused.derivatives["b"]) == 0.0
    with pytest.raises(ValueError, match=r"a result of one element, got \[\(2,\)\]: sum or index it"):
        computation_graph(lambda x: x, np.ones(2))
    with pytest.raises(ValueError, match="2 different names"):
        computation_graph(lambda a, b: a * b, 1.0, 2.0, names=["a", "a"])
    with pytest.raises(ValueError, match="rankdir"):
        computation_graph(lambda a: a, 1.0, rankdir="XX")


@settings(max_examples=60, deadline=None)
@given(
    count=st.integers(1, 14),
    pairs=st.lists(st.tuples(st.integers(0, 13), st.integers(0, 13)), max_size=30),
    wide=st.lists(st.floats(10, 200), min_size=14, max_size=14),
)
def test_boxes_never_overlap_and_arrows_point_down(count, pairs, wide):
    edges = sorted({(min(a, b), max(a, b)) for a, b in pairs if a != b and max(a, b) < count})
    sizes = [(wide[i], 20.0 + i) for i in range(count)]
    centres, bends = layered_layout(sizes, edges, gap=(10.0, 10.0))
    corners = [(x - w / 2, y - h / 2, x + w / 2, y + h / 2) for (x, y), (w, h) in zip(centres, sizes)]
    assert all(left >= -1e-6 and top >= -1e-6 for left, top, _, _ in corners)
    for one, other in itertools.combinations(corners, 2):
        apart = one[2] <= other[0] - 9.99 or other[2] <= one[0] - 9.99 or one[3] <= other[1] or other[3] <= one[1]
        assert apart, (one, other)
    for (start, end), path in zip(edges, bends):
        assert path[0] == (centres[start][0], centres[start][1] + sizes[start][1] / 2)
        assert path[-1] == (centres[end][0], centres[end][1] - sizes[end][1] / 2)
        assert all(above[1] < below[1] for above, below in itertools.pairwise(path))
    if not any(bends):
        assert centres == layered_layout(sizes, edges, gap=(10.0, 10.0))[0]


def test_layout_refuses_cycles_and_text_is_escaped():
    with pytest.raises(ValueError, match="without cycles"):
        layered_layout([(1, 1), (1, 1)], [(0, 1), (1, 0)])
    assert "a&lt;b&gt; &amp;" in Diagram([Box("a<b> &")], []).svg()
    assert Diagram([], []).svg().startswith("<svg")
