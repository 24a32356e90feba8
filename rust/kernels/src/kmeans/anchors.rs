//! Anchors: sizes of boxes compared as if they shared a corner.

use super::chunk_of;
use crate::simd::Float;
use crate::threads;

/// For every size (width, height) of `sizes` (n, 2): index of the anchor of `anchors` (k, 2) with the highest IoU (the
/// first of equals), into `labels` (n,), and that IoU, into `overlaps` (n,). Sizes are positive and finite.
pub fn assign_by_iou<T: Float>(sizes: &[T], anchors: &[T], labels: &mut [i32], overlaps: &mut [T]) {
    debug_assert!(sizes.len() == 2 * labels.len() && labels.len() == overlaps.len());
    let chunk = chunk_of(labels.len());
    let pieces = (threads::chunks(labels, chunk), threads::chunks(overlaps, chunk));
    threads::parallel_chunks(pieces, |part, (labels, overlaps)| {
        let sizes = sizes[2 * part * chunk..].chunks_exact(2);
        for ((size, label), overlap) in sizes.zip(labels).zip(overlaps) {
            *overlap = -T::ONE;
            for (a, anchor) in anchors.chunks_exact(2).enumerate() {
                let least = |a: T, b: T| if a < b { a } else { b };
                let inter = least(size[0], anchor[0]) * least(size[1], anchor[1]);
                let iou = inter / (size[0] * size[1] + anchor[0] * anchor[1] - inter);
                if iou > *overlap {
                    (*overlap, *label) = (iou, a as i32);
                }
            }
        }
    });
}
