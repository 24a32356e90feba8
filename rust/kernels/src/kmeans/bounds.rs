//! Hamerly's bounds (2010): how far a point is from its centre at most, and from any other at least.
//!
//! A point whose upper bound lies below its lower one keeps its centre, and its distances need not be computed. The
//! bounds hold for true distances; the slack is what rounding may do to computed ones, so skipping changes no label.

use super::{Centers, Nearest, distance};
use crate::simd::{Float, Isa, V, Vector};
use crate::threads::{Chunks, chunks};

/// Bounds of all points, and what the last update moved.
pub(super) struct State<T> {
    on: bool,
    upper: Vec<T>,
    lower: Vec<T>,
    norms: Vec<T>,
    shifts: Option<Vec<f64>>,
    /// Relative rounding error of a squared distance.
    error: f64,
}

/// What the centres did since the bounds were taken, for one iteration.
pub(super) struct Moved<'a, T> {
    /// `None` in the first iteration: there are no bounds yet.
    shifts: Option<&'a [f64]>,
    /// The centre that moved farthest, how far, and how far the next one did.
    farthest: (usize, f64, f64),
    norms: &'a [T],
    /// Largest norm of a centre.
    reach: f64,
    error: f64,
}

type Pieces<'a, T> = Option<(Chunks<'a, T>, Chunks<'a, T>)>;

impl<T: Float> State<T> {
    pub fn new(x: &[T], n: usize, d: usize, on: bool) -> Self {
        let size = if on { n } else { 0 };
        let norm = |row: &[T]| T::from_f64(row.iter().map(|v| v.to_f64().powi(2)).sum::<f64>().sqrt());
        let epsilon = if size_of::<T>() == 4 { f64::from(f32::EPSILON) } else { f64::EPSILON };
        State {
            on,
            upper: vec![T::ZERO; size],
            lower: vec![T::ZERO; size],
            norms: x.chunks_exact(d).take(size).map(norm).collect(),
            shifts: None,
            error: 2.0 * (d as f64 + 32.0) * epsilon,
        }
    }

    /// Remembers how far each centre moved.
    pub fn moved(&mut self, shifts: &[f64]) {
        self.shifts = Some(shifts.to_vec());
    }

    /// The bounds in chunks, and what every chunk has to know.
    pub fn split(&mut self, centers: &Centers<'_, T>, chunk: usize) -> (Pieces<'_, T>, Moved<'_, T>) {
        let shifts = self.shifts.as_deref();
        let mut farthest = (0, 0.0, 0.0);
        for (c, &shift) in shifts.unwrap_or(&[]).iter().enumerate() {
            if shift > farthest.1 {
                farthest = (c, shift, farthest.1);
            } else if shift > farthest.2 {
                farthest.2 = shift;
            }
        }
        let reach = centers.norms[..centers.k].iter().fold(0.0f64, |m, v| m.max(v.to_f64())).sqrt();
        let moved = Moved { shifts, farthest, norms: &self.norms, reach, error: self.error };
        let pieces = self.on.then(|| (chunks(&mut self.upper, chunk), chunks(&mut self.lower, chunk)));
        (pieces, moved)
    }
}

/// Bounds of one chunk.
pub(super) struct Bounds<'a, T> {
    upper: &'a mut [T],
    lower: &'a mut [T],
    norms: &'a [T],
    moved: &'a Moved<'a, T>,
}

impl<'a, T: Float> Bounds<'a, T> {
    pub fn new((upper, lower): (&'a mut [T], &'a mut [T]), moved: &'a Moved<'a, T>, start: usize) -> Self {
        let norms = &moved.norms[start..start + upper.len()];
        Bounds { upper, lower, norms, moved }
    }

    /// What rounding may do to a squared distance of the point.
    #[inline(always)]
    fn slack(&self, point: usize) -> f64 {
        let reach = self.norms[point].to_f64() + self.moved.reach;
        self.moved.error * reach * reach
    }

    #[inline(always)]
    fn safe(&self, point: usize) -> bool {
        let (upper, lower) = (self.upper[point].to_f64(), self.lower[point].to_f64());
        lower > upper && lower * lower - upper * upper > 2.0 * self.slack(point)
    }

    /// Takes in what the centres did. The points whose centre may have changed, or `None` where they are so many that
    /// all of them had better be looked at.
    #[inline(always)]
    pub fn stale<I: Isa>(&mut self, x: &[T], centers: &Centers<'_, T>, labels: &[i32]) -> Option<Vec<u32>> {
        let n = labels.len();
        let shifts = self.moved.shifts?;
        let (farthest, most, next) = self.moved.farthest;
        let mut stale = Vec::with_capacity(n);
        // Rounded away from each other, so that many small steps stay bounds.
        let (up, down) = (1.0 + self.moved.error / 16.0, 1.0 - self.moved.error / 16.0);
        for point in 0..n {
            let label = labels[point] as usize;
            let others = if label == farthest { next } else { most };
            self.upper[point] = T::from_f64((self.upper[point].to_f64() + shifts[label]) * up);
            self.lower[point] = T::from_f64((self.lower[point].to_f64() - others).max(0.0) * down);
            if !self.safe(point) {
                stale.push(point as u32);
            }
        }
        let too_many = |stale: &[u32]| 4 * stale.len() > 3 * n;
        if too_many(&stale) {
            return None;
        }
        let d = centers.d;
        let mut left = 0;
        for i in 0..stale.len() {
            let point = stale[i] as usize;
            let own = labels[point] as usize * d;
            let exact = distance::<T, I>(&x[point * d..point * d + d], &centers.rows[own..own + d]);
            self.upper[point] = T::from_f64((exact + self.slack(point)).sqrt() * up);
            if !self.safe(point) {
                stale[left] = point as u32;
                left += 1;
            }
        }
        stale.truncate(left);
        Some(stale)
    }

    /// Bounds from the least and second least |c|² − 2x·c.
    #[inline(always)]
    pub fn set(&mut self, point: usize, best: T, second: T) {
        let norm = self.norms[point].to_f64();
        let slack = self.slack(point);
        self.upper[point] = T::from_f64((norm * norm + best.to_f64() + slack).max(0.0).sqrt());
        self.lower[point] = T::from_f64((norm * norm + second.to_f64() - slack).max(0.0).sqrt());
    }

    /// [`Bounds::set`] for the points of a panel that begins at `start`.
    #[inline(always)]
    pub fn set_run<I: Isa>(&mut self, start: usize, count: usize, found: &Nearest<T>) {
        let lanes = V::<T, I>::LANES;
        let zero = V::<T, I>::zero();
        let reach = V::<T, I>::splat(T::from_f64(self.moved.reach));
        let error = V::<T, I>::splat(T::from_f64(self.moved.error));
        for from in (0..count).step_by(lanes) {
            let part = lanes.min(count - from);
            // SAFETY: start + from + part ≤ start + count, within the chunk; the arrays of `found` hold whole panels.
            unsafe {
                let norm = V::<T, I>::load_partial(self.norms.as_ptr().add(start + from), part);
                let best = V::<T, I>::load(found.best.as_ptr().add(from));
                let second = V::<T, I>::load(found.second.as_ptr().add(from));
                let slack = error * (norm + reach) * (norm + reach);
                let square = norm * norm;
                let upper = (square + best + slack).max(zero).sqrt();
                let lower = (square + second - slack).max(zero).sqrt();
                upper.store_partial(self.upper.as_mut_ptr().add(start + from), part);
                lower.store_partial(self.lower.as_mut_ptr().add(start + from), part);
            }
        }
    }
}
