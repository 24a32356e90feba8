"""Pictures of training, of models and of what they get right and wrong; matplotlib (`neuroxide[viz]`) on first use."""

from neuroxide.visualization.boundary import decision_boundary
from neuroxide.visualization.computation import computation_graph
from neuroxide.visualization.confusion import confusion_counts, confusion_matrix, confusion_table
from neuroxide.visualization.curves import learning_curves
from neuroxide.visualization.diagram import Box, Diagram
from neuroxide.visualization.grid import image_grid
from neuroxide.visualization.layers import layer_statistics, weight_histograms
from neuroxide.visualization.model_plot import plot_model
from neuroxide.visualization.runs import compare_runs

__all__ = [
    "Box",
    "Diagram",
    "compare_runs",
    "computation_graph",
    "confusion_counts",
    "confusion_matrix",
    "confusion_table",
    "decision_boundary",
    "image_grid",
    "layer_statistics",
    "learning_curves",
    "plot_model",
    "weight_histograms",
]
