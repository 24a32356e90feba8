//! Forced alignment: the most probable path of classes that collapses to the given labels (Viterbi).

use crate::simd::{self, Float};
use crate::threads::{chunks, parallel_chunks};

use super::lattice::Sequence;
use super::loss::{Batch, SoftmaxRows};

/// path[t] = class emitted at step t, scores[t] = its log-probability; the path's log-probability.
///
/// Of equally probable paths, the one that stays longest in the later state is taken. −∞, with both outputs left alone,
/// where no path exists. `log_p` is (T, C), log-probabilities.
pub(super) fn forced_align(log_p: &[f64], seq: Sequence<'_>, path: &mut [i64], scores: &mut [f64]) -> f64 {
    debug_assert_eq!(log_p.len(), seq.steps * seq.classes);
    if !seq.feasible() {
        return f64::NEG_INFINITY;
    }
    if seq.steps == 0 {
        return 0.0;
    }
    let labels = seq.labels;
    let states = 2 * labels.len() + 1;
    let class = |s: usize| if s % 2 == 1 { labels[s / 2] } else { seq.blank };
    // How many states back the best path into (t, s) came from.
    let mut back = vec![0u8; seq.steps * states];
    let mut best = vec![f64::NEG_INFINITY; states];
    for s in 0..states.min(2) {
        best[s] = log_p[class(s)];
    }
    for t in 1..seq.steps {
        let row = &log_p[t * seq.classes..];
        for s in (0..states).rev() {
            let skips = s % 2 == 1 && s > 1 && labels[s / 2] != labels[s / 2 - 1];
            let reach = if skips { 2 } else { s.min(1) };
            let (mut from, mut top) = (0, best[s]);
            for step in 1..reach + 1 {
                if best[s - step] > top {
                    (from, top) = (step, best[s - step]);
                }
            }
            best[s] = top + row[class(s)];
            back[t * states + s] = from as u8;
        }
    }
    let mut s = states - 1;
    if states > 1 && best[s - 1] > best[s] {
        s -= 1;
    }
    let total = best[s];
    if total == f64::NEG_INFINITY {
        return total;
    }
    for t in (0..seq.steps).rev() {
        path[t] = class(s) as i64;
        scores[t] = log_p[t * seq.classes + class(s)];
        s -= usize::from(back[t * states + s]);
    }
    total
}

/// [`forced_align`] of a batch: paths (B, T), −1 in padded steps and where no path exists; scores (B, T), log-probabilities,
/// zero there; totals (B).
pub fn forced_aligns<T: Float>(batch: Batch<'_, T>, paths: &mut [i64], scores: &mut [f64], totals: &mut [f64]) {
    let (steps, classes) = (batch.steps, batch.classes);
    debug_assert_eq!(paths.len(), totals.len() * steps);
    paths.fill(-1);
    scores.fill(0.0);
    let wide = steps.max(1);
    parallel_chunks((chunks(paths, wide), chunks(scores, wide), chunks(totals, 1)), |i, (path, scores, total)| {
        let used = batch.logit_lengths[i] as usize;
        let logits = &batch.logits[i * steps * classes..][..used * classes];
        let mut log_p: Vec<f64> = logits.iter().map(|x| x.to_f64()).collect();
        simd::dispatch(SoftmaxRows { rows: &mut log_p, classes });
        log_p.iter_mut().for_each(|p| *p = p.ln());
        let labels = batch.labels_of(i);
        let seq = Sequence { steps: used, classes, labels: &labels, blank: batch.blank };
        total[0] = forced_align(&log_p, seq, &mut path[..used], &mut scores[..used]);
    });
}
