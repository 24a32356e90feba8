"""k-means, and anchors of detectors."""

from neuroxide.clustering.anchors import kmeans_anchors
from neuroxide.clustering.kmeans import KMeans, kmeans_plusplus

__all__ = ["KMeans", "kmeans_anchors", "kmeans_plusplus"]
