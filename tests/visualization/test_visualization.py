"""Pictures: what they contain, what they refuse, and that they need no display and nothing at import."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest

from neuroxide.visualization import confusion_counts, confusion_matrix, confusion_table, image_grid, learning_curves

HISTORY = {
    "accuracy": [0.3, 0.6, 0.8, 0.9],
    "loss": [2.0, 1.0, 0.5, 0.25],
    "val_loss": [1.9, 1.1, 0.8, 0.9],
    "val_accuracy": [0.3, 0.7, 0.7, 0.6],
    "learning_rate": [0.1, 0.1, 0.1, 0.1],
}


def is_png(path: Path) -> bool:
    return path.read_bytes()[:8] == b"\x89PNG\r\n\x1a\n" and path.stat().st_size > 5000


def texts(figure: object) -> list[str]:
    from matplotlib.text import Text

    return [text.get_text() for text in figure.findobj(Text)]  # type: ignore[attr-defined]


def test_learning_curves_draw_every_metric_and_mark_the_best(tmp_path: Path) -> None:
    figure = learning_curves(HISTORY, path=tmp_path / "curves.png")
    assert is_png(tmp_path / "curves.png")
    assert [axes.get_title(loc="left") for axes in figure.axes] == ["loss", "accuracy"]
    np.testing.assert_array_equal(figure.axes[0].lines[0].get_ydata(), HISTORY["loss"])
    np.testing.assert_array_equal(figure.axes[1].lines[1].get_ydata(), HISTORY["val_accuracy"])
    shown = texts(figure)
    # The smallest loss; the first of the largest accuracies.
    assert "best 0.8, epoch 3" in shown
    assert "best 0.7, epoch 2" in shown
    assert {"training 0.25", "validation 0.9", "training 0.9", "validation 0.6"} <= set(shown)


def test_learning_curves_take_a_history_object_and_a_choice() -> None:
    class History:
        history = HISTORY

    assert len(learning_curves(History(), ["accuracy"]).axes) == 1
    assert len(learning_curves({"loss": [1.0]}).axes) == 1


def test_learning_curves_pass_over_nan(tmp_path: Path) -> None:
    figure = learning_curves({"loss": [1.0, float("nan")], "val_loss": [float("inf")] * 2}, path=tmp_path / "x.png")
    assert "training 1" in texts(figure)


def test_learning_curves_refuse_nothing_and_the_unknown() -> None:
    for empty in ({}, {"loss": []}):
        with pytest.raises(ValueError, match="at least one epoch"):
            learning_curves(empty)
    with pytest.raises(ValueError, match=r"among \['loss', 'accuracy'\], got \['acuracy'\]"):
        learning_curves(HISTORY, ["acuracy"])


@pytest.mark.parametrize("shape", [(1, 8, 8), (7, 8, 8), (5, 4, 6, 1), (3, 8, 8, 3)])
def test_image_grid(tmp_path: Path, shape: tuple[int, ...]) -> None:
    images = np.random.default_rng(0).random(shape, np.float32)
    captions = [f"image {number}\nsecond line" for number in range(len(images))]
    figure = image_grid(images, captions, title="Some images", subtitle="random ones", path=tmp_path / "grid.png")
    assert is_png(tmp_path / "grid.png")
    assert len(figure.axes) == len(images)
    assert {*captions, "random ones"} <= set(texts(figure))
    np.testing.assert_array_equal(np.asarray(figure.axes[0].images[0].get_array()).squeeze(), images[0].squeeze())


def test_image_grid_refuses() -> None:
    with pytest.raises(ValueError, match=r"got float64 of shape \(8, 8\)"):
        image_grid(np.zeros((8, 8)))
    with pytest.raises(ValueError, match="N of at least 1"):
        image_grid(np.zeros((0, 8, 8)))
    with pytest.raises(ValueError, match="got complex128"):
        image_grid(np.zeros((2, 8, 8), complex))
    with pytest.raises(ValueError, match="expected 2 captions, one for each image, got 1"):
        image_grid(np.zeros((2, 8, 8)), ["one"])
    with pytest.raises(ValueError, match="columns of at least 1, got 0"):
        image_grid(np.zeros((2, 8, 8)), columns=0)


def test_confusion_counts_against_a_loop() -> None:
    rng = np.random.default_rng(1)
    true, predicted = rng.integers(0, 5, 200), rng.integers(0, 5, 200, np.uint8)
    slow = [[sum(t == i and p == j for t, p in zip(true, predicted)) for j in range(6)] for i in range(6)]
    np.testing.assert_array_equal(confusion_counts(true.reshape(-1, 1), predicted, 6), slow)
    assert confusion_counts([], []).shape == (0, 0)


def test_confusion_refuses() -> None:
    with pytest.raises(ValueError, match="as many predictions as labels, 2, got 1"):
        confusion_counts([1, 2], [1])
    with pytest.raises(ValueError, match="labels from 0 to 2, got 0 to 3"):
        confusion_counts([0, 3], [0, 1], 3)
    with pytest.raises(ValueError, match="got -1 to 1"):
        confusion_counts([0, -1], [0, 1])
    with pytest.raises(ValueError, match="integer class labels, got float64; take argmax"):
        confusion_counts([0.5], [1])
    for draw in (confusion_matrix, confusion_table):
        with pytest.raises(ValueError, match="at least one label"):
            draw([], [])


def test_confusion_table_has_a_dash_for_an_absent_class() -> None:
    lines = confusion_table([0, 0], [0, 1], ["a", "bb"]).splitlines()
    assert lines == ["      a   bb   recall", "a     1    1   50.0 %", "bb    .    .      –  "]


def test_confusion_matrix(tmp_path: Path) -> None:
    figure = confusion_matrix([0, 1, 1, 2], [0, 1, 2, 2], ["cat", "dog", "a long name"], path=tmp_path / "matrix.png")
    assert is_png(tmp_path / "matrix.png")
    assert "3 of 4 right (75.0 %)" in texts(figure)


def run(code: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)


def test_import_does_not_import_matplotlib() -> None:
    assert run("import sys, neuroxide.visualization; print('matplotlib' in sys.modules)").stdout == "False\n"


def test_drawing_leaves_pyplot_alone() -> None:
    draw = "from neuroxide.visualization import learning_curves; learning_curves({'loss': [1, 2]})"
    code = f"import sys; {draw}; print('matplotlib.pyplot' in sys.modules)"
    assert run(code).stdout == "False\n"


def test_without_matplotlib_it_says_how_to_get_it() -> None:
    code = (
        "import sys; sys.modules['matplotlib'] = None\n"
        "from neuroxide.visualization import learning_curves\n"
        "try: learning_curves({'loss': [1]})\n"
        "except ImportError as error: print(error)"
    )
    assert "pip install 'neuroxide[viz]'" in run(code).stdout
