//! Losses that are means over the last axis of (N, F).

use crate::parts::PART;
use crate::reduce::{Sum, fold_run};
use crate::simd::math;
use crate::simd::{self, Float, Isa, Kernel, Map, Vector};
use crate::threads::{chunks, parallel_chunks};

crate::maps! {
    /// max(z, 0) − z t + log(1 + e^−|z|): cross-entropy of the target t with the probability σ(z).
    BinaryCrossEntropy(z, t) => {
        let positive = V::select(z.le(V::zero()), V::zero(), z);
        (positive - z * t) + math::log1p::<T, V>(math::exp::<T, V>(-z.abs()))
    };
    /// (p − t)².
    SquaredError(p, t) => {
        let d = p - t;
        d * d
    };
}

/// 2 (p − t) · weight.
struct SquaredSlope<T>(T);

impl<T: Float> Map<T, 2> for SquaredSlope<T> {
    #[inline(always)]
    fn apply<V: Vector<T>>(&self, [p, t]: [V; 2]) -> V {
        (p - t) * V::splat(self.0 + self.0)
    }
}

/// (σ(z) − t) · weight.
struct BinarySlope<T>(T);

impl<T: Float> Map<T, 2> for BinarySlope<T> {
    #[inline(always)]
    fn apply<V: Vector<T>>(&self, [z, t]: [V; 2]) -> V {
        (math::sigmoid::<T, V>(z) - t) * V::splat(self.0)
    }
}

/// Σ f(a, b), in float64 every 256 elements.
#[inline(always)]
pub(crate) fn sum_map<T: Float, I: Isa>(f: &impl Map<T, 2>, a: &[T], b: &[T]) -> f64 {
    const BLOCK: usize = 256;
    let mut room = [T::ZERO; BLOCK];
    let mut total = 0.0;
    for (a, b) in a.chunks(BLOCK).zip(b.chunks(BLOCK)) {
        let room = &mut room[..a.len()];
        simd::map::<T, I, 2>(f, [a, b], room, false);
        total += fold_run::<T, I, Sum>(room);
    }
    total
}

struct Rows<'a, T, F> {
    f: &'a F,
    a: &'a [T],
    b: &'a [T],
    features: usize,
    y: &'a mut [T],
}

impl<T: Float, F: Map<T, 2>> Kernel for Rows<'_, T, F> {
    type Output = ();
    #[inline(always)]
    fn run<I: Isa>(self) {
        let Rows { f, a, b, features, y } = self;
        let count = features as f64;
        for (row, y) in y.iter_mut().enumerate() {
            let range = row * features..(row + 1) * features;
            *y = T::from_f64(sum_map::<T, I>(f, &a[range.clone()], &b[range]) / count);
        }
    }
}

/// y[n] = mean of f(a[n, :], b[n, :]); NaN where there are no features.
pub fn mean_rows<T: Float, F: Map<T, 2> + Sync>(f: &F, a: &[T], b: &[T], features: usize, y: &mut [T]) {
    debug_assert!(a.len() == y.len() * features && b.len() == a.len());
    let rows = (PART / 8 / features.max(1)).max(1);
    parallel_chunks(chunks(y, rows), |part, y| {
        let range = part * rows * features..(part * rows + y.len()) * features;
        simd::dispatch(Rows { f, a: &a[range.clone()], b: &b[range], features, y });
    });
}

/// Which loss a gradient belongs to.
#[derive(Clone, Copy)]
pub enum Slope {
    /// 2 (p − t).
    Squared,
    /// σ(z) − t.
    Binary,
}

struct RowsBackward<'a, T> {
    slope: Slope,
    a: &'a [T],
    b: &'a [T],
    features: usize,
    dloss: &'a [T],
    dx: &'a mut [T],
}

impl<T: Float> Kernel for RowsBackward<'_, T> {
    type Output = ();
    #[inline(always)]
    fn run<I: Isa>(self) {
        let RowsBackward { slope, a, b, features, dloss, dx } = self;
        let share = T::from_f64(1.0 / features as f64);
        for (row, dx) in dx.chunks_exact_mut(features).enumerate() {
            let range = row * features..(row + 1) * features;
            let (a, b, weight) = (&a[range.clone()], &b[range], dloss[row] * share);
            match slope {
                Slope::Squared => simd::map::<T, I, 2>(&SquaredSlope(weight), [a, b], dx, false),
                Slope::Binary => simd::map::<T, I, 2>(&BinarySlope(weight), [a, b], dx, false),
            }
        }
    }
}

/// dx[n, f] = slope(a, b) · dloss[n] / features.
pub fn mean_rows_backward<T: Float>(slope: Slope, a: &[T], b: &[T], features: usize, dloss: &[T], dx: &mut [T]) {
    debug_assert!(a.len() == dx.len() && b.len() == dx.len() && dx.len() == dloss.len() * features);
    if dx.is_empty() {
        return;
    }
    let rows = (PART / 4 / features).max(1);
    parallel_chunks(chunks(dx, rows * features), |part, dx| {
        let range = part * rows * features..part * rows * features + dx.len();
        let dloss = &dloss[part * rows..];
        simd::dispatch(RowsBackward { slope, a: &a[range.clone()], b: &b[range], features, dloss, dx });
    });
}
