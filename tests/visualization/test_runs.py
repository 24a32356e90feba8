"""Runs compared in one picture."""

import copy
import pickle

import numpy as np
import pytest

from neuroxide.visualization import compare_runs


def test_lines_hold_the_values_and_names_stand_apart(tmp_path):
    runs = {
        "sgd": {"loss": [1.0, 0.5, 0.25], "accuracy": [0.1, 0.2, 0.3]},
        "adam": {"loss": [1.0, 0.1, 0.01], "accuracy": [0.1, 0.8, 0.9]},
        "bad": {"loss": [1.0, np.nan, np.inf], "accuracy": [0.1, 0.1, 0.901]},
    }
    figure = compare_runs(runs, "loss", x={"adam": [0.5, 1.0, 1.5]}, x_label="seconds", path=tmp_path / "r.png")
    [axes] = figure.axes
    np.testing.assert_array_equal(axes.lines[0].get_ydata(), [1.0, 0.5, 0.25])
    np.testing.assert_array_equal(axes.lines[1].get_xdata(), [0.5, 1.0, 1.5])
    np.testing.assert_array_equal(axes.lines[2].get_ydata(), [1.0, np.nan, np.nan])
    assert {text.get_text() for text in axes.texts} == {"sgd 0.25", "adam 0.01", "bad 1"}
    assert (tmp_path / "r.png").stat().st_size > 5000
    close = compare_runs(runs, "accuracy").axes[0]
    heights = sorted(text.get_position()[1] for text in close.texts)
    assert min(np.diff(heights)) > 0.03 and heights[-1] < 1.1


def test_logarithmic_axes_leave_out_what_they_cannot_show():
    [axes] = compare_runs({"a": [1.0, 0.0, -1.0, 0.5]}, log=True).axes
    assert axes.get_yscale() == "log"
    np.testing.assert_array_equal(axes.lines[0].get_ydata(), [1.0, np.nan, np.nan, 0.5])


@pytest.mark.parametrize(
    ("runs", "options", "message"),
    [
        ({}, {}, "1 to 10 runs, got 0"),
        ({"a": {"loss": [1.0]}}, {"metric": "acc"}, r"run 'a' to have 'acc', got \['loss'\]"),
        ({"a": []}, {}, "at least one value for run 'a'"),
        ({"a": [1.0, 2.0]}, {"x": {"a": [1]}}, "2 places for 'a', got 1"),
    ],
)
def test_refused(runs, options, message):
    with pytest.raises(ValueError, match=message):
        compare_runs(runs, **options)


@pytest.mark.parametrize(
    ("values", "shown"),
    [
        ([0.2, 0.9], {"0.2", "0.3", "0.6"}),
        ([0.02, 30.0], {"0.1", "1", "10"}),
        ([1e-7, 1.0], {"$\\mathdefault{10^{-6}}$"}),
    ],
)
def test_logarithmic_axes_have_short_labels(values, shown):
    figure = compare_runs({"a": values}, log=True)
    figure.canvas.draw()
    axis = figure.axes[0].yaxis
    texts = {tick.label1.get_text() for tick in (*axis.get_major_ticks(), *axis.get_minor_ticks())}
    assert shown <= texts, texts
    assert [float(t) for t in figure.axes[0].get_xticks() if t % 1] == [], "whole epochs"


def test_notebooks_show_figures_without_pyplot():
    figure = compare_runs({"a": [1.0, 0.5]})
    for shown in (figure, pickle.loads(pickle.dumps(figure)), copy.deepcopy(figure)):
        data, size = shown._repr_png_()
        assert data.startswith(b"\x89PNG")
        assert size == {"width": round(96 * 6.4), "height": round(96 * 3.9)}
