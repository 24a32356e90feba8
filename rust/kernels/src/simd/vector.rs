//! The vocabulary of vector code: `Float` elements, `Vector` registers, `Isa` levels.

use std::fmt::Debug;
use std::ops::{Add, Div, Mul, Neg, Sub};

use super::math::Math;

/// An element type: f32 or f64. Kernels are written once for both.
pub trait Float:
    Math
    + Copy
    + Send
    + Sync
    + Debug
    + Default
    + PartialOrd
    + Add<Output = Self>
    + Sub<Output = Self>
    + Mul<Output = Self>
    + Div<Output = Self>
    + Neg<Output = Self>
    + 'static
{
    /// The register that level `I` has for this type.
    type Vector<I: Isa>: Vector<Self>;
    const ZERO: Self;
    const ONE: Self;
    const INFINITY: Self;
    const NAN: Self;
    /// What decays below this ends at zero. Close to the smallest normal number, yet far enough that what is computed
    /// from it is normal too: arithmetic with subnormal numbers takes many times longer.
    const FAINT: Self;
    fn from_f64(value: f64) -> Self;
    fn to_f64(self) -> f64;
    /// The C library's pow.
    fn power(self, exponent: Self) -> Self;
    /// The C library's log.
    fn logarithm(self) -> Self;

    #[inline(always)]
    fn is_nan(self) -> bool {
        self.partial_cmp(&self).is_none()
    }
}

impl Float for f32 {
    type Vector<I: Isa> = I::F32;
    const ZERO: Self = 0.0;
    const ONE: Self = 1.0;
    const INFINITY: Self = f32::INFINITY;
    const NAN: Self = f32::NAN;
    const FAINT: Self = f32::from_bits((127 - 110) << 23); // 2⁻¹¹⁰
    #[inline(always)]
    fn from_f64(value: f64) -> Self {
        value as f32
    }
    #[inline(always)]
    fn to_f64(self) -> f64 {
        f64::from(self)
    }
    fn power(self, exponent: Self) -> Self {
        self.powf(exponent)
    }
    fn logarithm(self) -> Self {
        self.ln()
    }
}

impl Float for f64 {
    type Vector<I: Isa> = I::F64;
    const ZERO: Self = 0.0;
    const ONE: Self = 1.0;
    const INFINITY: Self = f64::INFINITY;
    const NAN: Self = f64::NAN;
    const FAINT: Self = f64::from_bits((1023 - 1000) << 52); // 2⁻¹⁰⁰⁰
    #[inline(always)]
    fn from_f64(value: f64) -> Self {
        value
    }
    #[inline(always)]
    fn to_f64(self) -> f64 {
        self
    }
    fn power(self, exponent: Self) -> Self {
        self.powf(exponent)
    }
    fn logarithm(self) -> Self {
        self.ln()
    }
}

/// An instruction-set level. Only [`super::dispatch`] names one, inside the matching `#[target_feature]`
/// shell; that is what makes the safe methods of [`Vector`] sound.
pub trait Isa: Copy + 'static {
    type F32: Vector<f32>;
    type F64: Vector<f64>;
}

/// Shorthand: the register of `T` at level `I`.
pub type V<T, I> = <T as Float>::Vector<I>;

/// A register of `LANES` elements. Every method is `#[inline(always)]` and one to a few instructions.
pub trait Vector<T>:
    Copy + Add<Output = Self> + Sub<Output = Self> + Mul<Output = Self> + Div<Output = Self> + Neg<Output = Self>
{
    type Mask: Copy;
    const LANES: usize;

    fn splat(value: T) -> Self;

    /// # Safety
    /// `from` is valid for reading `LANES` elements; no alignment is needed.
    unsafe fn load(from: *const T) -> Self;

    /// Reads `count` elements; the other lanes are zero.
    ///
    /// # Safety
    /// `from` is valid for reading `count` ≤ `LANES` elements.
    unsafe fn load_partial(from: *const T, count: usize) -> Self;

    /// # Safety
    /// `to` is valid for writing `LANES` elements; no alignment is needed.
    unsafe fn store(self, to: *mut T);

    /// # Safety
    /// `to` is valid for writing `count` ≤ `LANES` elements.
    unsafe fn store_partial(self, to: *mut T, count: usize);

    /// Stores past the caches. Call [`super::stream_fence`] after the last one of a part.
    ///
    /// # Safety
    /// As `store`, and `to` is aligned to the size of the register.
    unsafe fn stream(self, to: *mut T);

    /// `self * a + b`, rounded once where the level has fused multiply-add.
    fn fma(self, a: Self, b: Self) -> Self;
    /// `b - self * a`, rounded once where the level has fused multiply-add.
    fn neg_fma(self, a: Self, b: Self) -> Self;
    /// `self < other ? self : other`: gives `other` when either is NaN.
    fn min(self, other: Self) -> Self;
    /// `self > other ? self : other`: gives `other` when either is NaN.
    fn max(self, other: Self) -> Self;
    fn sqrt(self) -> Self;
    fn abs(self) -> Self;
    /// The nearest whole number, ties to even.
    fn round(self) -> Self;
    fn floor(self) -> Self;
    /// The magnitude of `self` with the sign bit of `sign`.
    fn copysign(self, sign: Self) -> Self;

    fn eq(self, other: Self) -> Self::Mask;
    fn lt(self, other: Self) -> Self::Mask;
    fn le(self, other: Self) -> Self::Mask;
    fn is_nan(self) -> Self::Mask;
    fn select(mask: Self::Mask, yes: Self, no: Self) -> Self;
    fn mask_and(a: Self::Mask, b: Self::Mask) -> Self::Mask;
    fn mask_or(a: Self::Mask, b: Self::Mask) -> Self::Mask;
    fn mask_not(a: Self::Mask) -> Self::Mask;
    fn any(mask: Self::Mask) -> bool;
    /// One bit a lane, lane 0 lowest.
    fn bits(mask: Self::Mask) -> u32;

    /// `self * 2^n` for whole `n`, rounded once, for any result; |n| ≤ 2000 (f64) or 250 (f32).
    fn scale2(self, n: Self) -> Self;
    /// `(m, e)` with `self = m * 2^e`, `m` in [1, 2); right for normal positive numbers.
    fn split(self) -> (Self, Self);

    /// The sum of the lanes, in the order of a binary tree over lane numbers.
    fn sum(self) -> T;

    /// `sum` of four registers at once.
    #[inline(always)]
    fn sums([a, b, c, d]: [Self; 4]) -> [T; 4] {
        [a.sum(), b.sum(), c.sum(), d.sum()]
    }

    #[inline(always)]
    fn zero() -> Self
    where
        T: Float,
    {
        Self::splat(T::ZERO)
    }

    #[inline(always)]
    fn gt(self, other: Self) -> Self::Mask {
        other.lt(self)
    }

    #[inline(always)]
    fn ge(self, other: Self) -> Self::Mask {
        other.le(self)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::simd::{self, Kernel};

    struct Both<'a, T>(&'a [T]);

    impl<T: Float> Kernel for Both<'_, T> {
        type Output = ([T; 4], [T; 4]);

        #[inline(always)]
        fn run<I: Isa>(self) -> ([T; 4], [T; 4]) {
            let lanes = V::<T, I>::LANES;
            assert!(4 * lanes <= self.0.len());
            let mut four = [V::<T, I>::splat(T::ZERO); 4];
            for (i, register) in four.iter_mut().enumerate() {
                // SAFETY: as asserted.
                *register = unsafe { V::<T, I>::load(self.0.as_ptr().add(i * lanes)) };
            }
            let mut one_by_one = [T::ZERO; 4];
            for i in 0..4 {
                one_by_one[i] = four[i].sum();
            }
            (V::<T, I>::sums(four), one_by_one)
        }
    }

    #[test]
    fn four_sums_at_once_have_the_bits_of_each() {
        fn check<T: Float>() {
            // Of very different sizes, so that another order would show.
            let x: Vec<T> = (0..64).map(|i| T::from_f64((f64::from(i * 37 % 64) - 31.3).powi(7))).collect();
            let (at_once, one_by_one) = simd::dispatch(Both(&x));
            assert!(at_once == one_by_one, "{at_once:?} {one_by_one:?}");
            assert!(at_once[0] != at_once[1]);
        }
        check::<f32>();
        check::<f64>();
    }
}
