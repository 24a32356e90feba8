"""Decision boundaries, histograms of weights, and statistics by layer."""

import numpy as np
import pytest

import neuroxide as nx
from neuroxide.visualization import decision_boundary, layer_statistics, weight_histograms


def words(figure) -> str:
    from matplotlib.text import Text

    return " | ".join(text.get_text() for text in figure.findobj(Text))


X = np.array([[-1.0, 0.0], [-0.5, 0.5], [0.5, -0.5], [1.0, 0.3]])
Y = np.array([0, 0, 1, 1])


@pytest.mark.parametrize(
    "predict",
    [
        lambda x: x[:, 0] > 0,
        lambda x: (x[:, :1] > 0).astype(np.float32),
        lambda x: np.stack([-x[:, 0], x[:, 0]], axis=1),
        lambda x: (x[:, 0] > 0).astype(np.int64),
    ],
)
def test_boundary_reads_every_form_of_output(predict, tmp_path):
    figure = decision_boundary(predict, X, Y, class_names=["left", "right"], path=tmp_path / "b.png")
    assert "4 of 4 right (100.0 %)" in words(figure) and "left" in words(figure)
    assert "wrong" not in words(figure)
    [regions] = figure.axes[0].images
    pixels = regions.get_array()
    assert np.array_equal(pixels[:, 0], np.broadcast_to(pixels[0, 0], pixels[:, 0].shape))
    assert not np.array_equal(pixels[0, 0], pixels[0, -1])
    assert (tmp_path / "b.png").stat().st_size > 5000


def test_boundary_takes_models_and_rings_mistakes():
    model = nx.Sequential([nx.Input((2,)), nx.layers.Dense(1, "sigmoid")])
    model.set_weights([np.array([[10.0], [0.0]], np.float32), np.zeros(1, np.float32)])
    figure = decision_boundary(model, X, [0, 1, 1, 1])
    assert "3 of 4 right (75.0 %)" in words(figure)
    rings = figure.axes[0].collections[-1]
    np.testing.assert_allclose(rings.get_offsets(), X[1:2])
    assert "wrong" in words(figure), "the legend says what the rings are"


def test_boundary_with_many_long_names_keeps_its_size():
    labels = np.arange(40) % 8
    x = np.stack([labels, np.arange(40)], axis=1).astype(float)
    names = [f"a rather long name {i}" for i in range(8)]
    figure = decision_boundary(lambda p: np.clip(p[:, 0].round(), 0, 7).astype(int), x, labels, class_names=names)
    figure.canvas.draw()
    width = figure.get_figwidth() * figure.dpi
    legend = figure.axes[0].get_legend().get_window_extent()
    assert legend.x0 >= 0 and legend.x1 <= width
    assert figure.axes[0].get_position().width > 0.7


@pytest.mark.parametrize(
    ("x", "y", "message"),
    [
        (np.ones((3, 3)), [0, 1, 1], r"x of shape \(N, 2\) and N labels, N ≥ 1, got \(3, 3\)"),
        (np.ones((0, 2)), [], "N ≥ 1"),
        (np.ones((2, 2)), [0.5, 1.0], "integer labels"),
        (np.ones((2, 2)), [0, 10], "integer labels from 0 to 9"),
    ],
)
def test_boundary_refuses(x, y, message):
    with pytest.raises(ValueError, match=message):
        decision_boundary(lambda x: x[:, 0] > 0, x, y)


def test_histograms_count_every_weight(tmp_path):
    model = nx.Sequential([nx.Input((4,)), nx.layers.Dense(8), nx.layers.Dense(1)])
    kernel = model.layers[0].kernel
    values = kernel.numpy()
    values[0, 0] = np.nan
    kernel.assign(values)
    figure = weight_histograms(model, bins=7, path=tmp_path / "w.png")
    assert len(figure.axes) == 4
    assert sum(bar.get_height() for bar in figure.axes[0].patches) == 31
    assert "1 not finite" in words(figure) and "mean 0, std 0" in words(figure)
    with pytest.raises(ValueError, match="trainable weights, got none"):
        weight_histograms(nx.layers.ReLU())


def test_statistics_draw_a_line_for_each_layer(tmp_path):
    history = {
        "gradient": {f"dense_{i}": [0.5**i, 0.4**i, 0.0] for i in range(5)},
        "activation": {f"dense_{i}": [float("nan"), 1.0, 2.0] for i in range(5)},
    }
    figure = layer_statistics(history, path=tmp_path / "s.png")
    assert [axes.get_title(loc="left") for axes in figure.axes] == ["gradient", "activation"]
    assert len(figure.axes[0].lines) == 5 and figure.axes[0].get_yscale() == "log"
    np.testing.assert_array_equal(figure.axes[0].lines[2].get_ydata(), [0.25, 0.4**2, np.nan])
    assert len(layer_statistics(history, panels=["activation"], log=False).axes) == 1
    with pytest.raises(ValueError, match=r"among \['gradient', 'activation'\], got \['loss'\]"):
        layer_statistics(history, panels=["loss"])
    with pytest.raises(ValueError, match="at least one value"):
        layer_statistics({"gradient": {}})


def test_statistics_of_a_watched_training():
    model = nx.Sequential([nx.Input((2,)), nx.layers.Dense(3, "tanh"), nx.layers.Dense(1)])
    model.compile("sgd", "mse")
    monitor = nx.callbacks.GradientMonitor()
    model.fit(np.ones((4, 2), np.float32), np.ones((4, 1), np.float32), epochs=2, verbose=0, callbacks=[monitor])
    figure = layer_statistics(monitor)
    assert [axes.get_title(loc="left") for axes in figure.axes] == [
        "activations, root mean square", "gradients, root mean square",
    ]  # fmt: skip
    for axes in figure.axes:
        assert [line.get_label() for line in axes.lines][-1] == model.layers[-1].name
        assert all(len(line.get_ydata()) == 2 for line in axes.lines)
