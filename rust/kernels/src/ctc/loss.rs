//! CTC loss and its gradient over a batch; best-path decoding.

use std::cell::RefCell;

use crate::simd::{self, Float, Isa, Kernel, math};
use crate::threads::{chunks, parallel_chunks};

use super::lattice::{Lattice, Sequence};

/// A batch of padded sequences: logits (B, T, C), labels (B, L), lengths (B).
#[derive(Clone, Copy)]
pub struct Batch<'a, T> {
    pub logits: &'a [T],
    pub steps: usize,
    pub classes: usize,
    pub labels: &'a [i64],
    pub label_width: usize,
    pub logit_lengths: &'a [i64],
    pub label_lengths: &'a [i64],
    pub blank: usize,
}

impl<T> Batch<'_, T> {
    /// The labels of sequence `i`, without the padding.
    pub(super) fn labels_of(&self, i: usize) -> Vec<usize> {
        let labels = &self.labels[i * self.label_width..][..self.label_lengths[i] as usize];
        labels.iter().map(|&l| l as usize).collect()
    }
}

thread_local! {
    static SCRATCH: RefCell<Lattice> = RefCell::default();
}

/// loss[i] = −log p(labels_i | logits_i) and, where wanted, gradient = d loss_i / d logits (B, T, C).
///
/// The gradient is softmax minus the posterior of the classes; zero in padded steps. A sequence with too few steps
/// for its labels has loss ∞ and gradient zero. NaN (or +∞) among a sequence's logits gives NaN; −∞ is probability zero.
/// Requires lengths within (T, L) and labels within 0..C, none of them the blank.
pub fn ctc_loss<T: Float>(batch: Batch<'_, T>, loss: &mut [T], gradient: Option<&mut [T]>) {
    let row = batch.steps * batch.classes;
    debug_assert_eq!(batch.logits.len(), loss.len() * row);
    match gradient {
        Some(gradient) if row > 0 => {
            parallel_chunks((chunks(loss, 1), chunks(gradient, row)), |i, (loss, gradient)| {
                one(batch, i, &mut loss[0], gradient);
            })
        }
        _ => parallel_chunks(chunks(loss, 1), |i, loss| one(batch, i, &mut loss[0], &mut [])),
    }
}

fn one<T: Float>(batch: Batch<'_, T>, i: usize, loss: &mut T, gradient: &mut [T]) {
    SCRATCH.with_borrow_mut(|lattice| {
        let labels = &batch.labels_of(i);
        let steps = batch.logit_lengths[i] as usize;
        let seq = Sequence { steps, classes: batch.classes, labels, blank: batch.blank };
        let logits = &batch.logits[i * batch.steps * batch.classes..][..steps * batch.classes];
        simd::dispatch(One { lattice, seq, logits, loss, gradient });
    });
}

struct One<'a, T> {
    lattice: &'a mut Lattice,
    seq: Sequence<'a>,
    logits: &'a [T],
    loss: &'a mut T,
    gradient: &'a mut [T],
}

impl<T: Float> Kernel for One<'_, T> {
    type Output = ();

    #[inline(always)]
    fn run<I: Isa>(self) {
        let One { lattice, seq, logits, loss, gradient } = self;
        if !seq.feasible() {
            *loss = T::INFINITY;
            gradient.fill(T::ZERO);
            return;
        }
        if seq.steps == 0 {
            *loss = T::ZERO;
            gradient.fill(T::ZERO);
            return;
        }
        lattice.probabilities.clear();
        lattice.probabilities.extend(logits.iter().map(|x| x.to_f64()));
        lattice.log_totals.clear();
        for row in lattice.probabilities.chunks_exact_mut(seq.classes) {
            lattice.log_totals.push(softmax::<I>(row));
        }
        let logit = |t: usize, c: usize| logits[t * seq.classes + c].to_f64();
        let (used, padding) = gradient.split_at_mut(if gradient.is_empty() { 0 } else { logits.len() });
        for (g, p) in used.iter_mut().zip(&lattice.probabilities) {
            *g = T::from_f64(*p);
        }
        padding.fill(T::ZERO);
        let log_p = if used.is_empty() {
            lattice.sums(seq, logit, |_, _, _| ())
        } else {
            lattice.sums(seq, logit, |t, c, share| {
                let g = &mut used[t * seq.classes + c];
                *g = *g - T::from_f64(share);
            })
        };
        *loss = T::from_f64(-log_p);
        if log_p.is_nan() {
            used.fill(T::NAN);
        } else if log_p == f64::NEG_INFINITY {
            used.fill(T::ZERO);
        }
    }
}

/// Softmax of every row, in place.
pub(super) struct SoftmaxRows<'a> {
    pub rows: &'a mut [f64],
    pub classes: usize,
}

impl Kernel for SoftmaxRows<'_> {
    type Output = ();

    #[inline(always)]
    fn run<I: Isa>(self) {
        for row in self.rows.chunks_exact_mut(self.classes) {
            softmax::<I>(row);
        }
    }
}

/// row ← exp(row − max) / Σ; log Σ exp(row).
#[inline(always)]
fn softmax<I: Isa>(row: &mut [f64]) -> f64 {
    let max = row.iter().fold(f64::NEG_INFINITY, |m, &x| if x > m { x } else { m }); // a NaN shows up in the sum
    for x in row.iter_mut() {
        *x -= max;
    }
    simd::map_in_place::<f64, I>(&math::Exp, row);
    let total = row.iter().sum::<f64>();
    let over = 1.0 / total;
    for p in row {
        *p *= over;
    }
    max + total.ln()
}

/// Drops repeats, then blanks: `path` → labels, in place of the first elements; their count.
pub fn collapse(path: &[i64], blank: i64, labels: &mut [i64]) -> usize {
    let mut n = 0;
    let mut last = blank;
    for &c in path {
        if c != last && c != blank {
            labels[n] = c;
            n += 1;
        }
        last = c;
    }
    n
}

/// Best path: the most probable class of each step (the first on ties), collapsed.
/// labels (B, T) gets −1 after each sequence's labels; score[i] = Σ_t of the greatest log-probability.
pub fn greedy<T: Float>(
    logits: &[T],
    steps: usize,
    classes: usize,
    lengths: &[i64],
    blank: usize,
    labels: &mut [i64],
    scores: &mut [f64],
) {
    debug_assert_eq!(logits.len(), lengths.len() * steps * classes);
    parallel_chunks((chunks(labels, steps.max(1)), chunks(scores, 1)), |i, (labels, score)| {
        let logits = &logits[i * steps * classes..][..lengths[i] as usize * classes];
        simd::dispatch(Greedy { logits, classes, blank, labels, score: &mut score[0] });
    });
}

struct Greedy<'a, T> {
    logits: &'a [T],
    classes: usize,
    blank: usize,
    labels: &'a mut [i64],
    score: &'a mut f64,
}

impl<T: Float> Kernel for Greedy<'_, T> {
    type Output = ();

    #[inline(always)]
    fn run<I: Isa>(self) {
        let mut n = 0;
        let mut last = self.blank;
        let mut row = vec![0.0; self.classes];
        *self.score = 0.0;
        for step in self.logits.chunks_exact(self.classes) {
            let mut best = 0;
            for (c, x) in step.iter().enumerate() {
                row[c] = x.to_f64();
                if row[c] > row[best] {
                    best = c;
                }
            }
            softmax::<I>(&mut row);
            *self.score += row[best].ln();
            if best != last && best != self.blank {
                self.labels[n] = best as i64;
                n += 1;
            }
            last = best;
        }
        self.labels[n..].fill(-1);
    }
}
