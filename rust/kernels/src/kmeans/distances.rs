//! Distances from differences: between rows, of all points to all centres, and summed over labels.

use super::chunk_of;
use crate::simd::{self, Float, Isa, Kernel, V, Vector};
use crate::threads;

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
pub(super) fn distance<T: Float, I: Isa>(a: &[T], b: &[T]) -> f64 {
    debug_assert_eq!(a.len(), b.len());
    let (lanes, n) = (V::<T, I>::LANES, a.len());
    let (mut even, mut odd) = (V::<T, I>::zero(), V::<T, I>::zero());
    let (a, b) = (a.as_ptr(), b.as_ptr());
    let mut p = 0;
    // SAFETY: p + 2·LANES ≤ n in the first loop; count ≤ n − p in the second.
    unsafe {
        while p + 2 * lanes <= n {
            let gap = V::<T, I>::load(a.add(p)) - V::<T, I>::load(b.add(p));
            even = gap.fma(gap, even);
            let gap = V::<T, I>::load(a.add(p + lanes)) - V::<T, I>::load(b.add(p + lanes));
            odd = gap.fma(gap, odd);
            p += 2 * lanes;
        }
        while p < n {
            let count = lanes.min(n - p);
            let gap = V::<T, I>::load_partial(a.add(p), count) - V::<T, I>::load_partial(b.add(p), count);
            even = gap.fma(gap, even);
            p += count;
        }
    }
    (even + odd).sum().to_f64()
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
