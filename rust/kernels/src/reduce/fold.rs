//! How elements join an accumulator, and the fold of one contiguous run.

use crate::simd::{Float, Isa, V, Vector};

/// Registers summed side by side, and how many each takes before it moves to float64.
const CHAINS: usize = 8;
const CHAIN: usize = 32;
/// A reduction: how elements join an accumulator.
pub trait Fold: Sync {
    const IDENTITY: f64;
    /// Must be `#[inline(always)]`.
    fn lanes<T: Float, V: Vector<T>>(accumulator: V, x: V) -> V;
    fn element(accumulator: f64, x: f64) -> f64;
    fn join_lanes<T: Float, V: Vector<T>>(a: V, b: V) -> V;
    fn join(a: f64, b: f64) -> f64;
}

macro_rules! folds {
    ($($(#[$doc:meta])* $name:ident, $identity:expr, |$a:ident, $x:ident| $lanes:expr, $element:expr, $join_lanes:expr, $join:expr;)*) => {$(
        $(#[$doc])*
        pub struct $name;
        impl Fold for $name {
            const IDENTITY: f64 = $identity;
            #[inline(always)]
            fn lanes<T: Float, V: Vector<T>>($a: V, $x: V) -> V {
                $lanes
            }
            #[inline(always)]
            fn element($a: f64, $x: f64) -> f64 {
                $element
            }
            #[inline(always)]
            fn join_lanes<T: Float, V: Vector<T>>($a: V, $x: V) -> V {
                $join_lanes
            }
            #[inline(always)]
            fn join($a: f64, $x: f64) -> f64 {
                $join
            }
        }
    )*};
}

folds! {
    /// Σ x; 0 for nothing.
    Sum, 0.0, |a, x| a + x, a + x, a + x, a + x;
    /// Π x; 1 for nothing.
    Product, 1.0, |a, x| a * x, a * x, a * x, a * x;
    /// Σ x².
    SumSquares, 0.0, |a, x| x.fma(x, a), a + x * x, a + x, a + x;
    /// The largest; NaN where any is NaN.
    Max, f64::NEG_INFINITY, |a, x| V::select(a.is_nan(), a, a.max(x)), larger(a, x),
        V::select(a.is_nan(), a, a.max(x)), larger(a, x);
    /// The smallest; NaN where any is NaN.
    Min, f64::INFINITY, |a, x| V::select(a.is_nan(), a, a.min(x)), smaller(a, x),
        V::select(a.is_nan(), a, a.min(x)), smaller(a, x);
}

#[inline(always)]
fn larger(a: f64, x: f64) -> f64 {
    if a > x || a.is_nan() { a } else { x }
}

#[inline(always)]
fn smaller(a: f64, x: f64) -> f64 {
    if a < x || a.is_nan() { a } else { x }
}

/// The fold of one contiguous run.
#[inline(always)]
pub fn fold_run<T: Float, I: Isa, F: Fold>(x: &[T]) -> f64 {
    let mut total = F::IDENTITY;
    for block in x.chunks(CHAIN * CHAINS * V::<T, I>::LANES) {
        total = F::join(total, fold_block::<T, I, F>(block));
    }
    total
}

#[inline(always)]
fn fold_block<T: Float, I: Isa, F: Fold>(x: &[T]) -> f64 {
    let lanes = V::<T, I>::LANES;
    let identity = V::<T, I>::splat(T::from_f64(F::IDENTITY));
    let from = x.as_ptr();
    let mut i = 0;
    let mut total = F::IDENTITY;
    if x.len() >= lanes {
        let mut sums = [identity; CHAINS];
        // SAFETY: every load ends at or before x.len().
        unsafe {
            while i + CHAINS * lanes <= x.len() {
                for k in 0..CHAINS {
                    sums[k] = F::lanes(sums[k], V::<T, I>::load(from.add(i + k * lanes)));
                }
                i += CHAINS * lanes;
            }
            while i + lanes <= x.len() {
                sums[0] = F::lanes(sums[0], V::<T, I>::load(from.add(i)));
                i += lanes;
            }
        }
        if x.len() >= CHAINS * lanes {
            for half in [4, 2, 1] {
                for k in 0..half {
                    sums[k] = F::join_lanes(sums[k], sums[k + half]);
                }
            }
        }
        let mut room = [T::ZERO; 16];
        // SAFETY: no level has more than 16 lanes.
        unsafe { sums[0].store(room.as_mut_ptr()) };
        for value in &room[..lanes] {
            total = F::join(total, value.to_f64());
        }
    }
    for value in &x[i..] {
        total = F::element(total, value.to_f64());
    }
    total
}
