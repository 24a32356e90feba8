"""Pictures of training and of what a network gets right and wrong; matplotlib (`neuroxide[viz]`) on first use."""

from neuroxide.visualization.confusion import confusion_counts, confusion_matrix, confusion_table
from neuroxide.visualization.curves import learning_curves
from neuroxide.visualization.grid import image_grid

__all__ = ["confusion_counts", "confusion_matrix", "confusion_table", "image_grid", "learning_curves"]
