//! Where the extreme element stands.

use super::fold::{Fold, fold_run};
use crate::parts::PART;
use crate::simd::{self, Float, Isa, Kernel, V, Vector};
use crate::threads::{chunks, parallel_chunks};

/// The place of the first extreme element: the largest for `Max`, the smallest for `Min`; the first NaN wins over all.
struct FirstExtreme<'a, T, F> {
    x: &'a [T],
    run: usize,
    y: &'a mut [i64],
    fold: std::marker::PhantomData<F>,
}

impl<T: Float, F: Fold> Kernel for FirstExtreme<'_, T, F> {
    type Output = ();
    #[inline(always)]
    fn run<I: Isa>(self) {
        for (x, y) in self.x.chunks(self.run).zip(self.y) {
            let extreme = T::from_f64(fold_run::<T, I, F>(x));
            let lanes = V::<T, I>::LANES;
            let wanted = V::<T, I>::splat(extreme);
            let mut i = 0;
            while i + lanes <= x.len() {
                // SAFETY: i + lanes ≤ x.len().
                let values = unsafe { V::<T, I>::load(x.as_ptr().add(i)) };
                let hit = V::<T, I>::bits(V::<T, I>::mask_or(values.eq(wanted), values.is_nan()));
                if hit != 0 {
                    i += hit.trailing_zeros() as usize;
                    break;
                }
                i += lanes;
            }
            while i < x.len() && !(x[i] == extreme || x[i].is_nan()) {
                i += 1;
            }
            *y = i as i64;
        }
    }
}

/// y[o, i] = the index of the first extreme of x[o, :, i]; `run` ≥ 1.
pub fn first_extreme<T: Float, F: Fold>(x: &[T], run: usize, inner: usize, y: &mut [i64]) {
    debug_assert!(run > 0);
    let fold = std::marker::PhantomData::<F>;
    if inner == 1 {
        let rows = (PART / run).max(1);
        parallel_chunks(chunks(y, rows), |part, y| {
            let x = &x[part * rows * run..(part * rows + y.len()) * run];
            simd::dispatch(FirstExtreme { x, run, y, fold });
        });
        return;
    }
    parallel_chunks(chunks(y, inner), |o, y| {
        let x = &x[o * run * inner..][..run * inner];
        let mut best = x[..inner].to_vec();
        y.fill(0);
        for r in 1..run {
            for i in 0..inner {
                let value = x[r * inner + i];
                let better = best[i].to_f64();
                // A change of the folded value, NaN counted as one value, is the first of a better one.
                let joined = F::join(better, value.to_f64());
                if joined != better && !(joined.is_nan() && better.is_nan()) {
                    best[i] = value;
                    y[i] = r as i64;
                }
            }
        }
    });
}
