//! Lloyd's iterations.

use super::filter::{self, Filter};
use super::nearest::Assign;
use super::{Centers, Panels, chunk_of, distances, norms_of};
use crate::simd::{self, Float, Isa, Kernel};
use crate::threads;

/// One chunk of an iteration: labels, and what changed ones do to the sums.
struct Step<'a, T> {
    x: &'a [T],
    panels: &'a [T],
    centers: &'a Centers<'a, T>,
    labels: &'a mut [i32],
    filter: Option<Filter<'a, T>>,
    changes: Changes<'a>,
}

/// What one chunk adds to the sums of points (k, d) and the numbers of points (k,), and how many labels changed.
struct Changes<'a> {
    sums: &'a mut [f64],
    /// k numbers of points, then the number of changed labels.
    counts: &'a mut [i64],
}

impl<T: Float> Kernel for Step<'_, T> {
    type Output = ();
    #[inline(always)]
    fn run<I: Isa>(mut self) {
        let before = self.labels.to_vec();
        let told = match &mut self.filter {
            Some(filter) => filter.relabel::<I>(self.x, self.centers, self.labels),
            None => false,
        };
        if !told {
            let squares = self.filter.as_mut().map(|filter| filter.renew(self.centers));
            Assign { panels: self.panels, centers: self.centers, labels: self.labels, squares }.run::<I>();
        }
        self.changes.collect(self.x, self.centers.d, &before, self.labels);
    }
}

impl Changes<'_> {
    #[inline(always)]
    fn collect<T: Float>(self, x: &[T], d: usize, before: &[i32], after: &[i32]) {
        let k = self.counts.len() - 1;
        let changed = before.iter().zip(after).filter(|(a, b)| a != b).count();
        // A chunk without changes was cleared when it last had some, and is not read.
        self.counts[k] = changed as i64;
        if changed == 0 {
            return;
        }
        self.sums.fill(0.0);
        self.counts[..k].fill(0);
        for (row, (&old, &new)) in x.chunks_exact(d).zip(before.iter().zip(after)) {
            if old == new {
                continue;
            }
            let at = new as usize * d;
            for (sum, &value) in self.sums[at..at + d].iter_mut().zip(row) {
                *sum += value.to_f64();
            }
            self.counts[new as usize] += 1;
            if old >= 0 {
                let at = old as usize * d;
                for (sum, &value) in self.sums[at..at + d].iter_mut().zip(row) {
                    *sum -= value.to_f64();
                }
                self.counts[old as usize] -= 1;
            }
        }
    }
}

/// What [`lloyd`] found besides labels and centres.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Outcome {
    pub inertia: f64,
    pub iterations: usize,
    /// Whether labels stopped changing before the limit, or centres moved no more than the tolerance.
    pub converged: bool,
}

/// Lloyd's iterations from `centers` (k, d), which they overwrite, on `x` (n, d); `labels` (n,) match the final centres.
///
/// Stops when no label changes, when the squared shifts of centres sum to at most `tolerance`, or after `most`
/// iterations. A centre without points is put on the point farthest from its own centre. `bounded` keeps the distances
/// of an iteration (where they are not too many) and computes again only those that may matter; it changes no bit.
pub fn lloyd<T: Float>(
    x: &[T],
    d: usize,
    centers: &mut [T],
    labels: &mut [i32],
    most: usize,
    tolerance: f64,
    bounded: bool,
) -> Outcome {
    let (n, k) = (labels.len(), centers.len() / d);
    debug_assert!(x.len() == n * d && d > 0 && k > 0 && n > 0 && most > 0);
    let mut panels = Panels::new(x, n, d);
    let chunk = chunk_of(n);
    let parts = n.div_ceil(chunk);
    let (mut sums, mut counts) = (vec![0.0; parts * k * d], vec![0i64; parts * (k + 1)]);
    let (mut total, mut sizes) = (vec![0.0; k * d], vec![0i64; k]);
    let mut state = bounded.then(|| filter::State::new(std::mem::take(&mut panels.norms), k, d, chunk)).flatten();
    let mut outcome = Outcome { inertia: 0.0, iterations: most, converged: false };
    labels.fill(-1);
    let mut strict = false;
    let step = |centers: &[T],
                labels: &mut [i32],
                sums: &mut [f64],
                counts: &mut [i64],
                state: &mut Option<filter::State<T>>| {
        let norms = norms_of(centers, k, d);
        let centers = Centers { rows: centers, norms: &norms, k, d };
        let filters = state.as_mut().map(|state| state.split());
        let pieces =
            (threads::chunks(labels, chunk), threads::chunks(sums, k * d), threads::chunks(counts, k + 1), filters);
        threads::parallel_chunks(pieces, |part, (labels, sums, counts, filter)| {
            let start = part * chunk;
            let (x, panels) = (&x[start * d..][..labels.len() * d], &panels.data[start * d..]);
            let filter = filter.map(Filter::new);
            simd::dispatch(Step { x, panels, centers: &centers, labels, filter, changes: Changes { sums, counts } });
        });
    };
    for iteration in 1..=most {
        step(centers, labels, &mut sums, &mut counts, &mut state);
        if threads::pending() {
            return outcome;
        }
        let changed = join(&sums, &counts, &mut total, &mut sizes);
        let (mut new, mut full) = (total.clone(), sizes.clone());
        relocate(x, d, centers, labels, &mut new, &mut full);
        let shifts = update(centers, &new, &full, d);
        outcome.iterations = iteration;
        strict = changed == 0;
        outcome.converged = strict || shifts.iter().map(|s| s * s).sum::<f64>() <= tolerance;
        if outcome.converged {
            break;
        }
    }
    if !strict {
        step(centers, labels, &mut sums, &mut counts, &mut state);
    }
    outcome.inertia = distances::inertia(x, centers, d, labels);
    outcome
}

/// Adds what the chunks changed, in order, to the sums (k, d) and sizes (k,); returns the number of changed labels.
fn join(sums: &[f64], counts: &[i64], total: &mut [f64], sizes: &mut [i64]) -> i64 {
    let (all, k) = (total.len(), sizes.len());
    let mut changed = 0;
    for counts in counts.chunks_exact(k + 1).filter(|counts| counts[k] > 0) {
        changed += counts[k];
        sizes.iter_mut().zip(counts).for_each(|(size, part)| *size += part);
    }
    const PIECE: usize = 1024;
    threads::parallel_chunks(threads::chunks(total, PIECE), |part, total| {
        for (sums, counts) in sums.chunks_exact(all).zip(counts.chunks_exact(k + 1)) {
            if counts[k] > 0 {
                total.iter_mut().zip(&sums[part * PIECE..]).for_each(|(total, part)| *total += part);
            }
        }
    });
    changed
}

/// Centres become means; returns how far each moved. One without points stays.
fn update<T: Float>(centers: &mut [T], sums: &[f64], sizes: &[i64], d: usize) -> Vec<f64> {
    let mut shifts = vec![0.0; sizes.len()];
    for (c, (center, sum)) in centers.chunks_exact_mut(d).zip(sums.chunks_exact(d)).enumerate() {
        if sizes[c] > 0 {
            let size = sizes[c] as f64;
            for (old, sum) in center.iter_mut().zip(sum) {
                let mean = T::from_f64(sum / size);
                shifts[c] += (mean.to_f64() - old.to_f64()).powi(2);
                *old = mean;
            }
        }
        shifts[c] = shifts[c].sqrt();
    }
    shifts
}

/// Gives each centre without points the point farthest from its own centre (the first of equals).
fn relocate<T: Float>(x: &[T], d: usize, centers: &[T], labels: &[i32], sums: &mut [f64], sizes: &mut [i64]) {
    let empty: Vec<usize> = (0..sizes.len()).filter(|&c| sizes[c] == 0).collect();
    if empty.is_empty() {
        return;
    }
    let mut far: Vec<(f64, usize)> = labels
        .iter()
        .enumerate()
        .map(|(i, &label)| {
            let center = &centers[label as usize * d..][..d];
            let row = &x[i * d..i * d + d];
            (row.iter().zip(center).map(|(a, b)| (a.to_f64() - b.to_f64()).powi(2)).sum(), i)
        })
        .collect();
    far.sort_by(|a, b| b.0.total_cmp(&a.0).then(a.1.cmp(&b.1)));
    if far[0].0 == 0.0 {
        return;
    }
    for (&center, &(_, point)) in empty.iter().zip(&far) {
        let old = labels[point] as usize;
        for p in 0..d {
            let value = x[point * d + p].to_f64();
            sums[old * d + p] -= value;
            sums[center * d + p] = value;
        }
        sizes[center] = 1;
        sizes[old] -= 1;
    }
}
