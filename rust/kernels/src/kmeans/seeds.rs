//! Greedy k-means++ (Arthur and Vassilvitskii 2007): each centre is the best of several points drawn with probability
//! proportional to their squared distance from the centres so far.

use super::nearest::products;
use super::{Centers, MOST_ROWS, Panels, chunk_of, norms_of};
use crate::simd::{self, Float, Isa, Kernel, V, Vector};
use crate::threads;

/// Indices of k points of `x` (n, d). The first is given; `draws` (k − 1, L) in [0, 1) decide the others.
pub fn plus_plus<T: Float>(x: &[T], d: usize, first: usize, draws: &[f64], trials: usize, chosen: &mut [i64]) {
    let n = x.len() / d;
    debug_assert!(d > 0 && first < n && draws.len() == trials * (chosen.len().max(1) - 1));
    let mut panels = Panels::new(x, n, d);
    let chunk = chunk_of(n);
    let parts = n.div_ceil(chunk);
    // To the end of the last chunk, so that a register may be read and written there.
    let mut norms = std::mem::take(&mut panels.norms);
    norms.resize(parts * chunk, T::ZERO);
    let mut closest = vec![T::INFINITY; parts * chunk];
    let mut tried = vec![T::ZERO; parts * trials.max(1) * chunk];
    let mut potentials = vec![0.0; parts * trials.max(1)];
    // Sum of the closest distances by chunk.
    let mut sums = vec![0.0; parts];
    chosen[0] = first as i64;
    let mut candidates = vec![first];
    for step in 0.. {
        let count = candidates.len();
        let mut rows = Vec::with_capacity(count * d);
        candidates.iter().for_each(|&c| rows.extend_from_slice(&x[c * d..c * d + d]));
        let row_norms = norms_of(&rows, count, d);
        let centers = Centers { rows: &rows, norms: &row_norms, k: count, d };
        let pieces = (
            threads::chunks(&mut tried[..parts * count * chunk], count * chunk),
            threads::chunks(&mut potentials[..parts * count], count),
        );
        threads::parallel_chunks(pieces, |part, (tried, potentials)| {
            let start = part * chunk;
            simd::dispatch(Try {
                panels: &panels.data[start * d..],
                lanes: panels.lanes,
                norms: &norms[start..start + chunk],
                closest: &closest[start..start + chunk],
                count: chunk.min(n - start),
                centers: &centers,
                tried,
                potentials,
            });
        });
        let total = |c: usize| (0..parts).map(|part| potentials[part * count + c]).sum::<f64>();
        let best = (1..count).fold((0, total(0)), |best, c| if total(c) < best.1 { (c, total(c)) } else { best });
        chosen[step] = candidates[best.0] as i64;
        if step + 1 == chosen.len() || threads::pending() {
            return;
        }
        for part in 0..parts {
            let from = (part * count + best.0) * chunk;
            closest[part * chunk..(part + 1) * chunk].copy_from_slice(&tried[from..from + chunk]);
            sums[part] = potentials[part * count + best.0];
        }
        let draws = &draws[step * trials..(step + 1) * trials];
        candidates = draws.iter().map(|draw| draw_point(&closest, &sums, chunk, n, draw * best.1)).collect();
    }
}

/// The first point where the running sum of squared distances reaches `target`.
fn draw_point<T: Float>(closest: &[T], sums: &[f64], chunk: usize, n: usize, target: f64) -> usize {
    let mut before = 0.0;
    let mut part = 0;
    while part + 1 < sums.len() && before + sums[part] < target {
        before += sums[part];
        part += 1;
    }
    let mut running = before;
    for (i, value) in closest[part * chunk..n.min((part + 1) * chunk)].iter().enumerate() {
        running += value.to_f64();
        if running >= target {
            return part * chunk + i;
        }
    }
    // Rounding may leave the running sum just below the chunk's: its last point.
    n.min((part + 1) * chunk) - 1
}

/// One chunk: squared distances of every candidate, no farther than the closest so far, and their sums.
struct Try<'a, T> {
    panels: &'a [T],
    lanes: usize,
    norms: &'a [T],
    closest: &'a [T],
    /// Points in the chunk; its slices are padded to the length of a whole one.
    count: usize,
    centers: &'a Centers<'a, T>,
    /// (candidates, chunk).
    tried: &'a mut [T],
    potentials: &'a mut [f64],
}

impl<T: Float> Kernel for Try<'_, T> {
    type Output = ();
    #[inline(always)]
    fn run<I: Isa>(self) {
        const ROWS: usize = 6;
        let (d, lanes, chunk) = (self.centers.d, V::<T, I>::LANES, self.norms.len());
        debug_assert!(2 * lanes == self.lanes && MOST_ROWS >= ROWS && self.tried.len() == self.centers.k * chunk);
        let (zero, two) = (V::<T, I>::zero(), V::<T, I>::splat(T::from_f64(2.0)));
        self.potentials.fill(0.0);
        for start in (0..self.count).step_by(self.lanes) {
            let panel = &self.panels[start * d..];
            for first in (0..self.centers.k).step_by(ROWS) {
                let sums = products::<T, I, ROWS>(self.centers, first, panel);
                for r in 0..ROWS.min(self.centers.k - first) {
                    let norm = V::<T, I>::splat(self.centers.norms[first + r]);
                    for half in 0..2 {
                        let at = start + half * lanes;
                        let count = lanes.min(self.count.saturating_sub(at));
                        // SAFETY: at + LANES ≤ chunk, a multiple of every panel; row first + r < k of `tried`.
                        unsafe {
                            let own = V::<T, I>::load(self.norms.as_ptr().add(at));
                            let found = sums[r][half].neg_fma(two, norm + own).max(zero);
                            let found = found.min(V::<T, I>::load(self.closest.as_ptr().add(at)));
                            let to = self.tried.as_mut_ptr().add((first + r) * chunk + at);
                            // Lanes behind the last point are zero, and count for nothing.
                            zero.store(to);
                            found.store_partial(to, count);
                            self.potentials[first + r] += V::<T, I>::load(to).sum().to_f64();
                        }
                    }
                }
            }
        }
    }
}
