//! Soft-NMS: overlapping boxes lose score instead of being dropped (Bodla et al. 2017, arXiv 1704.04503).

use super::{Columns, FIELDS, corners, splat};
use crate::simd::{self, Float, Isa, Kernel, V, Vector, math};

/// What a kept box does to the score of another one with overlap IoU.
#[derive(Clone, Copy, Debug, PartialEq)]
pub enum Decay {
    /// s · (1 − IoU) where IoU exceeds the threshold.
    Linear { threshold: f64 },
    /// s · exp(−IoU² / σ).
    Gaussian { sigma: f64 },
}

/// Takes the box with the highest score, lowers the others, and so on until all are below `least`.
/// `boxes` is (N, 4), `scores` (N,). Indices go to `keep` (N,) and scores at the time of choice to `kept_scores` (N,);
/// returns how many they are. Ties go to the lower index; NaN scores are dropped.
pub fn soft_nms<T: Float>(
    boxes: &[T],
    scores: &[T],
    decay: Decay,
    least: T,
    keep: &mut [i64],
    kept_scores: &mut [T],
) -> usize {
    debug_assert!(boxes.len() == 4 * scores.len() && keep.len() == scores.len() && kept_scores.len() == scores.len());
    simd::dispatch(Soft { boxes, scores, decay, least, keep, kept_scores })
}

struct Soft<'a, T> {
    boxes: &'a [T],
    scores: &'a [T],
    decay: Decay,
    least: T,
    keep: &'a mut [i64],
    kept_scores: &'a mut [T],
}

impl<T: Float> Kernel for Soft<'_, T> {
    type Output = usize;
    #[inline(always)]
    fn run<I: Isa>(self) -> usize {
        let n = self.scores.len();
        let gone = -T::INFINITY;
        let mut columns = Columns::new(n);
        for i in 0..n {
            columns.set(i, &corners(self.boxes, i as u32));
        }
        let mut scores = vec![gone; columns.stride];
        for (to, &from) in scores.iter_mut().zip(self.scores) {
            *to = if from >= self.least { from } else { gone };
        }
        let mut best = scores.iter().copied().fold(gone, |a, b| if b > a { b } else { a });
        let mut count = 0;
        while best > gone {
            let Some(i) = scores[..n].iter().position(|&s| s == best) else { break };
            self.keep[count] = i as i64;
            self.kept_scores[count] = best;
            count += 1;
            scores[i] = gone;
            let box_ = corners(self.boxes, i as u32);
            best = match self.decay {
                Decay::Linear { threshold } => {
                    let threshold = V::<T, I>::splat(T::from_f64(threshold));
                    let one = V::<T, I>::splat(T::ONE);
                    lower::<T, I>(&columns, &mut scores, n, &box_, self.least, |iou| {
                        V::<T, I>::select(iou.gt(threshold), one - iou, one)
                    })
                }
                Decay::Gaussian { sigma } => {
                    let sigma = V::<T, I>::splat(T::from_f64(sigma));
                    lower::<T, I>(&columns, &mut scores, n, &box_, self.least, |iou| math::exp(-(iou * iou) / sigma))
                }
            };
        }
        count
    }
}

/// Multiplies every score by `factor(IoU with box_)`, drops those below `least`, and returns the highest left.
#[inline(always)]
fn lower<T: Float, I: Isa>(
    columns: &Columns<T>,
    scores: &mut [T],
    n: usize,
    box_: &[T; FIELDS],
    least: T,
    factor: impl Fn(V<T, I>) -> V<T, I>,
) -> T {
    let lanes = V::<T, I>::LANES;
    let [x1, y1, x2, y2, area] = splat::<T, I>(box_);
    let (zero, least) = (V::<T, I>::zero(), V::<T, I>::splat(least));
    let gone = V::<T, I>::splat(-T::INFINITY);
    let mut best = gone;
    for slot in (0..n).step_by(lanes) {
        // SAFETY: slot < n, and PADDING ≥ LANES slots lie behind n in each of the FIELDS columns and in `scores`.
        unsafe {
            let at = |f: usize| V::<T, I>::load(columns.data.as_ptr().add(f * columns.stride + slot));
            let w = (at(2).min(x2) - at(0).max(x1)).max(zero);
            let h = (at(3).min(y2) - at(1).max(y1)).max(zero);
            let inter = w * h;
            // Two boxes without area overlap by 0/0, which counts as 0.
            let iou = V::<T, I>::select(inter.gt(zero), inter / (at(4) + area - inter), zero);
            let old = V::<T, I>::load(scores.as_ptr().add(slot));
            let new = old * factor(iou);
            let new = V::<T, I>::select(new.ge(least), new, gone);
            new.store(scores.as_mut_ptr().add(slot));
            best = new.max(best);
        }
    }
    let mut lane = [-T::INFINITY; super::PADDING];
    // SAFETY: PADDING ≥ LANES.
    unsafe { best.store(lane.as_mut_ptr()) };
    lane.into_iter().fold(-T::INFINITY, |a, b| if b > a { b } else { a })
}
