//! k-means: greedy k-means++ seeds, Lloyd's iterations with Hamerly's bounds, assignment; and anchors by IoU.
//!
//! Squared distances are |x|² + |c|² − 2x·c; the nearest centre is the one with the least |c|² − 2x·c, the first of equals.
//! Points lie in panels of two registers, one point a lane, so that minima need no work across lanes. Sums are taken in
//! chunks that depend on the shape alone and joined in order: same bits for any number of threads. Inputs are finite.

use crate::simd::{self, Float, Isa, Kernel, V, Vector};
use crate::threads;

mod anchors;
mod bounds;
mod seeds;

pub use anchors::assign_by_iou;
pub use seeds::plus_plus;

use bounds::Bounds;

/// Lanes of a panel, at most: two registers of the widest level.
const MOST_LANES: usize = 32;
/// Centres in a tile, at most; the norms of centres are padded to a multiple.
const MOST_ROWS: usize = 12;
/// Chunks of points, at most, each a multiple of every panel.
const CHUNKS: usize = 16;

/// Points of one chunk.
fn chunk_of(n: usize) -> usize {
    n.div_ceil(CHUNKS).max(512).next_multiple_of(MOST_LANES)
}

/// Points in columns of panels: panel j holds points j·lanes …, feature by feature.
struct Panels<T> {
    data: Vec<T>,
    lanes: usize,
}

/// Copies `count` points, the i-th at row `row(i)` of `x`, into a panel (d, lanes). Other lanes become 0.
#[inline(always)]
fn pack<T: Float>(x: &[T], d: usize, lanes: usize, count: usize, row: impl Fn(usize) -> usize, panel: &mut [T]) {
    for lane in 0..lanes {
        if lane < count {
            let at = row(lane) * d;
            for (p, &value) in x[at..at + d].iter().enumerate() {
                panel[p * lanes + lane] = value;
            }
        } else {
            for p in 0..d {
                panel[p * lanes + lane] = T::ZERO;
            }
        }
    }
}

/// Lanes of a panel at the level in use.
struct Lanes<T>(std::marker::PhantomData<T>);

impl<T: Float> Kernel for Lanes<T> {
    type Output = usize;
    #[inline(always)]
    fn run<I: Isa>(self) -> usize {
        2 * V::<T, I>::LANES
    }
}

impl<T: Float> Panels<T> {
    fn new(x: &[T], n: usize, d: usize) -> Self {
        let lanes = simd::dispatch(Lanes::<T>(std::marker::PhantomData));
        let mut data = vec![T::ZERO; n.div_ceil(lanes) * lanes * d];
        if d > 0 {
            threads::parallel_chunks(threads::chunks(&mut data, lanes * d), |j, panel| {
                pack(x, d, lanes, lanes.min(n - j * lanes), |i| j * lanes + i, panel);
            });
        }
        Panels { data, lanes }
    }
}

/// Centres (k, d) and their squared norms, padded with infinity.
struct Centers<'a, T> {
    rows: &'a [T],
    norms: &'a [T],
    k: usize,
    d: usize,
}

fn squared_norm<T: Float>(row: &[T]) -> T {
    row.iter().fold(T::ZERO, |sum, &v| sum + v * v)
}

fn norms_of<T: Float>(rows: &[T], k: usize, d: usize) -> Vec<T> {
    let mut norms = vec![T::INFINITY; k.next_multiple_of(MOST_ROWS) + MOST_ROWS];
    for c in 0..k {
        norms[c] = squared_norm(&rows[c * d..c * d + d]);
    }
    norms
}

/// Products of R centres from `first` on with the points of a panel. Rows behind the last centre repeat it.
#[inline(always)]
fn products<T: Float, I: Isa, const R: usize>(
    centers: &Centers<'_, T>,
    first: usize,
    panel: &[T],
) -> [[V<T, I>; 2]; R] {
    let (d, lanes) = (centers.d, V::<T, I>::LANES);
    debug_assert!(panel.len() >= 2 * lanes * d && first < centers.k);
    let mut sums = [[V::<T, I>::zero(); 2]; R];
    let mut rows = [centers.rows.as_ptr(); R];
    for r in 0..R {
        // SAFETY: the row is one of the k rows of d elements.
        rows[r] = unsafe { rows[r].add((first + r).min(centers.k - 1) * d) };
    }
    let mut from = panel.as_ptr();
    for p in 0..d {
        // SAFETY: p < d: feature p of the panel is 2·LANES elements, and every row has d.
        unsafe {
            let (low, high) = (V::<T, I>::load(from), V::<T, I>::load(from.add(lanes)));
            from = from.add(2 * lanes);
            for r in 0..R {
                let value = V::<T, I>::splat(*rows[r].add(p));
                sums[r][0] = value.fma(low, sums[r][0]);
                sums[r][1] = value.fma(high, sums[r][1]);
            }
        }
    }
    sums
}

/// Per point of a panel: the least and second least |c|² − 2x·c, and the index of the least.
struct Nearest<T> {
    best: [T; MOST_LANES],
    second: [T; MOST_LANES],
    index: [T; MOST_LANES],
}

/// The tile that leaves fewer idle rows; the larger one where both do alike.
#[inline(always)]
fn nearest<T: Float, I: Isa>(centers: &Centers<'_, T>, panel: &[T]) -> Nearest<T> {
    let k = centers.k;
    let idle = |rows: usize| k.next_multiple_of(rows) - k;
    if V::<T, I>::LANES * size_of::<T>() == 64 {
        if idle(12) <= idle(8) { nearest_by::<T, I, 12>(centers, panel) } else { nearest_by::<T, I, 8>(centers, panel) }
    } else if idle(6) <= idle(4) {
        nearest_by::<T, I, 6>(centers, panel)
    } else {
        nearest_by::<T, I, 4>(centers, panel)
    }
}

#[inline(always)]
fn nearest_by<T: Float, I: Isa, const R: usize>(centers: &Centers<'_, T>, panel: &[T]) -> Nearest<T> {
    let lanes = V::<T, I>::LANES;
    let far = V::<T, I>::splat(T::INFINITY);
    let two = V::<T, I>::splat(T::from_f64(2.0));
    let (mut best, mut second, mut index) = ([far; 2], [far; 2], [V::<T, I>::zero(); 2]);
    let mut first = 0;
    while first < centers.k {
        let sums = products::<T, I, R>(centers, first, panel);
        for r in 0..R {
            let norm = V::<T, I>::splat(centers.norms[first + r]);
            let number = V::<T, I>::splat(T::from_f64((first + r) as f64));
            for half in 0..2 {
                let value = sums[r][half].neg_fma(two, norm);
                second[half] = second[half].min(best[half].max(value));
                index[half] = V::<T, I>::select(value.lt(best[half]), number, index[half]);
                best[half] = best[half].min(value);
            }
        }
        first += R;
    }
    let zero = [T::ZERO; MOST_LANES];
    let mut out = Nearest { best: zero, second: zero, index: zero };
    for half in 0..2 {
        // SAFETY: half·LANES + LANES ≤ MOST_LANES.
        unsafe {
            best[half].store(out.best.as_mut_ptr().add(half * lanes));
            second[half].store(out.second.as_mut_ptr().add(half * lanes));
            index[half].store(out.index.as_mut_ptr().add(half * lanes));
        }
    }
    out
}

/// One chunk of an iteration: labels, bounds where there are any, and what changed labels do to the sums.
struct Step<'a, T> {
    x: &'a [T],
    panels: &'a [T],
    lanes: usize,
    centers: &'a Centers<'a, T>,
    labels: &'a mut [i32],
    bounds: Option<Bounds<'a, T>>,
    changes: Option<Changes<'a>>,
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
        let (d, n) = (self.centers.d, self.labels.len());
        let before = self.changes.as_ref().map(|_| self.labels.to_vec());
        let stale = match &mut self.bounds {
            Some(bounds) => bounds.stale::<I>(self.x, self.centers, self.labels),
            None => None,
        };
        if let Some(stale) = stale {
            let mut panel = vec![T::ZERO; d * self.lanes];
            for group in stale.chunks(self.lanes) {
                pack(self.x, d, self.lanes, group.len(), |i| group[i] as usize, &mut panel);
                let found = nearest::<T, I>(self.centers, &panel);
                for (lane, &point) in group.iter().enumerate() {
                    self.labels[point as usize] = found.index[lane].to_f64() as i32;
                    if let Some(bounds) = &mut self.bounds {
                        bounds.set(point as usize, found.best[lane], found.second[lane]);
                    }
                }
            }
        } else {
            for start in (0..n).step_by(self.lanes) {
                let count = self.lanes.min(n - start);
                let found = nearest::<T, I>(self.centers, &self.panels[start * d..]);
                for (label, index) in self.labels[start..start + count].iter_mut().zip(&found.index) {
                    *label = index.to_f64() as i32;
                }
                if let Some(bounds) = &mut self.bounds {
                    bounds.set_run::<I>(start, count, &found);
                }
            }
        }
        if let (Some(changes), Some(before)) = (self.changes, before) {
            changes.collect(self.x, d, &before, self.labels);
        }
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

/// Index of the nearest centre of every point: `labels` (n,) for `x` (n, d) and `centers` (k, d), k ≥ 1, d ≥ 1.
pub fn assign<T: Float>(x: &[T], centers: &[T], d: usize, labels: &mut [i32]) {
    let n = labels.len();
    debug_assert!(x.len() == n * d && d > 0 && !centers.is_empty());
    let k = centers.len() / d;
    let norms = norms_of(centers, k, d);
    let centers = Centers { rows: centers, norms: &norms, k, d };
    let panels = Panels::new(x, n, d);
    let chunk = chunk_of(n);
    threads::parallel_chunks(threads::chunks(labels, chunk), |part, labels| {
        let start = part * chunk * d;
        let (x, panel) = (&x[start..start + labels.len() * d], &panels.data[start..]);
        simd::dispatch(Step {
            x,
            panels: panel,
            lanes: panels.lanes,
            centers: &centers,
            labels,
            bounds: None,
            changes: None,
        });
    });
}

/// Sum over points of the squared distance to their centre, from differences, in double precision.
pub fn inertia<T: Float>(x: &[T], centers: &[T], d: usize, labels: &[i32]) -> f64 {
    let chunk = chunk_of(labels.len());
    let mut parts = vec![0.0; labels.len().div_ceil(chunk)];
    threads::parallel_chunks(threads::chunks(&mut parts, 1), |part, sum| {
        let labels = &labels[part * chunk..labels.len().min((part + 1) * chunk)];
        sum[0] = simd::dispatch(Inertia { x: &x[part * chunk * d..], centers, d, labels });
    });
    parts.iter().sum()
}

struct Inertia<'a, T> {
    x: &'a [T],
    centers: &'a [T],
    d: usize,
    labels: &'a [i32],
}

impl<T: Float> Kernel for Inertia<'_, T> {
    type Output = f64;
    #[inline(always)]
    fn run<I: Isa>(self) -> f64 {
        let mut total = 0.0;
        for (row, &label) in self.x.chunks_exact(self.d).zip(self.labels) {
            total += distance::<T, I>(row, &self.centers[label as usize * self.d..][..self.d]);
        }
        total
    }
}

/// Squared distance of two rows, from differences.
#[inline(always)]
fn distance<T: Float, I: Isa>(a: &[T], b: &[T]) -> f64 {
    let lanes = V::<T, I>::LANES;
    let mut sum = V::<T, I>::zero();
    for p in (0..a.len()).step_by(lanes) {
        let count = lanes.min(a.len() - p);
        // SAFETY: p + count ≤ a.len() = b.len().
        let gap = unsafe {
            let (a, b) = (a.as_ptr().add(p), b.as_ptr().add(p));
            if count == lanes {
                V::<T, I>::load(a) - V::<T, I>::load(b)
            } else {
                V::<T, I>::load_partial(a, count) - V::<T, I>::load_partial(b, count)
            }
        };
        sum = gap.fma(gap, sum);
    }
    sum.sum().to_f64()
}

/// Distances (n, k) of all points to all centres.
pub fn distances<T: Float>(x: &[T], centers: &[T], d: usize, out: &mut [T]) {
    let k = centers.len() / d;
    let rows = (1 << 14) / k.max(1) + 1;
    threads::parallel_chunks(threads::chunks(out, rows * k), |part, out| {
        let x = &x[part * rows * d..][..out.len() / k * d];
        simd::dispatch(Distances { x, centers, d, out });
    });
}

struct Distances<'a, T> {
    x: &'a [T],
    centers: &'a [T],
    d: usize,
    out: &'a mut [T],
}

impl<T: Float> Kernel for Distances<'_, T> {
    type Output = ();
    #[inline(always)]
    fn run<I: Isa>(self) {
        let k = self.centers.len() / self.d;
        for (row, out) in self.x.chunks_exact(self.d).zip(self.out.chunks_exact_mut(k)) {
            for (center, out) in self.centers.chunks_exact(self.d).zip(out) {
                *out = T::from_f64(distance::<T, I>(row, center).sqrt());
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
/// iterations. A centre without points is put on the point farthest from its own centre. `bounded` skips points whose
/// nearest centre cannot have changed; it changes no bit of the result.
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
    let panels = Panels::new(x, n, d);
    let chunk = chunk_of(n);
    let parts = n.div_ceil(chunk);
    let (mut sums, mut counts) = (vec![0.0; parts * k * d], vec![0i64; parts * (k + 1)]);
    let (mut total, mut sizes) = (vec![0.0; k * d], vec![0i64; k]);
    let mut state = bounds::State::new(x, n, d, bounded && k > 1);
    let mut outcome = Outcome { inertia: 0.0, iterations: most, converged: false };
    labels.fill(-1);
    let mut strict = false;
    let step = |centers: &[T],
                labels: &mut [i32],
                sums: &mut [f64],
                counts: &mut [i64],
                state: &mut bounds::State<T>| {
        let norms = norms_of(centers, k, d);
        let centers = Centers { rows: centers, norms: &norms, k, d };
        let (bounds, moved) = state.split(&centers, chunk);
        let pieces =
            (threads::chunks(labels, chunk), threads::chunks(sums, k * d), threads::chunks(counts, k + 1), bounds);
        threads::parallel_chunks(pieces, |part, (labels, sums, counts, bounds)| {
            let start = part * chunk * d;
            let (x, panel) = (&x[start..start + labels.len() * d], &panels.data[start..]);
            let bounds = bounds.map(|piece| Bounds::new(piece, &moved, part * chunk));
            let changes = Some(Changes { sums, counts });
            simd::dispatch(Step { x, panels: panel, lanes: panels.lanes, centers: &centers, labels, bounds, changes });
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
        state.moved(&shifts);
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
    outcome.inertia = inertia(x, centers, d, labels);
    outcome
}

/// Adds what the chunks changed, in order, to the sums (k, d) and sizes (k,); returns the number of changed labels.
fn join(sums: &[f64], counts: &[i64], total: &mut [f64], sizes: &mut [i64]) -> i64 {
    let k = sizes.len();
    let mut changed = 0;
    for (sums, counts) in sums.chunks_exact(total.len()).zip(counts.chunks_exact(k + 1)) {
        if counts[k] > 0 {
            changed += counts[k];
            total.iter_mut().zip(sums).for_each(|(total, part)| *total += part);
            sizes.iter_mut().zip(counts).for_each(|(size, part)| *size += part);
        }
    }
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
