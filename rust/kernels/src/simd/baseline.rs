//! The level that every target has: plain arrays of 16 bytes, which LLVM turns into SSE2 or NEON.

use std::ops::{Add, Div, Mul, Neg, Sub};

use super::vector::{Isa, Vector};

#[derive(Clone, Copy)]
pub struct Baseline;

impl Isa for Baseline {
    type F32 = Array<f32, 4>;
    type F64 = Array<f64, 2>;
}

#[derive(Clone, Copy)]
#[repr(C, align(16))]
pub struct Array<T, const N: usize>([T; N]);

macro_rules! baseline {
    ($t:ty, $bits:ty, $int:ty, $lanes:literal, $mantissa:literal, $bias:literal) => {
        impl Array<$t, $lanes> {
            #[inline(always)]
            fn map(self, f: impl Fn($t) -> $t) -> Self {
                let mut out = self;
                for i in 0..$lanes {
                    out.0[i] = f(self.0[i]);
                }
                out
            }
            #[inline(always)]
            fn zip(self, other: Self, f: impl Fn($t, $t) -> $t) -> Self {
                let mut out = self;
                for i in 0..$lanes {
                    out.0[i] = f(self.0[i], other.0[i]);
                }
                out
            }
            #[inline(always)]
            fn test(self, other: Self, f: impl Fn($t, $t) -> bool) -> [bool; $lanes] {
                let mut out = [false; $lanes];
                for i in 0..$lanes {
                    out[i] = f(self.0[i], other.0[i]);
                }
                out
            }
        }

        baseline!(@operator $t, $lanes, Add, add, +);
        baseline!(@operator $t, $lanes, Sub, sub, -);
        baseline!(@operator $t, $lanes, Mul, mul, *);
        baseline!(@operator $t, $lanes, Div, div, /);

        impl Neg for Array<$t, $lanes> {
            type Output = Self;
            #[inline(always)]
            fn neg(self) -> Self {
                self.map(|a| -a)
            }
        }

        impl Vector<$t> for Array<$t, $lanes> {
            type Mask = [bool; $lanes];
            const LANES: usize = $lanes;

            #[inline(always)]
            fn splat(value: $t) -> Self {
                Array([value; $lanes])
            }
            #[inline(always)]
            unsafe fn load(from: *const $t) -> Self {
                // SAFETY: the caller grants reading LANES elements; an array of T has T's alignment.
                Array(unsafe { from.cast::<[$t; $lanes]>().read() })
            }
            #[inline(always)]
            unsafe fn load_partial(from: *const $t, count: usize) -> Self {
                let mut out = [0.0; $lanes];
                for i in 0..$lanes {
                    if i < count {
                        // SAFETY: the caller grants reading `count` elements, and i < count.
                        out[i] = unsafe { from.add(i).read() };
                    }
                }
                Array(out)
            }
            #[inline(always)]
            unsafe fn store(self, to: *mut $t) {
                // SAFETY: the caller grants writing LANES elements; an array of T has T's alignment.
                unsafe { to.cast::<[$t; $lanes]>().write(self.0) }
            }
            #[inline(always)]
            unsafe fn store_partial(self, to: *mut $t, count: usize) {
                for i in 0..$lanes {
                    if i < count {
                        // SAFETY: the caller grants writing `count` elements, and i < count.
                        unsafe { to.add(i).write(self.0[i]) };
                    }
                }
            }
            #[inline(always)]
            unsafe fn stream(self, to: *mut $t) {
                // SAFETY: the caller grants what `store` asks for.
                unsafe { self.store(to) }
            }
            #[inline(always)]
            fn fma(self, a: Self, b: Self) -> Self {
                // Elsewhere `mul_add` is a call into the C library.
                if cfg!(target_arch = "aarch64") {
                    let mut out = self;
                    for i in 0..$lanes {
                        out.0[i] = self.0[i].mul_add(a.0[i], b.0[i]);
                    }
                    out
                } else {
                    self * a + b
                }
            }
            #[inline(always)]
            fn neg_fma(self, a: Self, b: Self) -> Self {
                (-self).fma(a, b)
            }
            #[inline(always)]
            fn min(self, other: Self) -> Self {
                self.zip(other, |a, b| if a < b { a } else { b })
            }
            #[inline(always)]
            fn max(self, other: Self) -> Self {
                self.zip(other, |a, b| if a > b { a } else { b })
            }
            #[inline(always)]
            fn sqrt(self) -> Self {
                self.map(|a| a.sqrt())
            }
            #[inline(always)]
            fn abs(self) -> Self {
                self.map(|a| a.abs())
            }
            #[inline(always)]
            fn round(self) -> Self {
                // Adding 2^mantissa leaves no bits below one; SSE2 has no rounding instruction.
                let magic = (1u64 << $mantissa) as $t;
                self.map(|a| {
                    let whole = (a.abs() + magic) - magic;
                    (if a.abs() < magic { whole } else { a }).copysign(a)
                })
            }
            #[inline(always)]
            fn floor(self) -> Self {
                let nearest = self.round();
                self.zip(nearest, |a, n| if n > a { n - 1.0 } else { n })
            }
            #[inline(always)]
            fn copysign(self, sign: Self) -> Self {
                self.zip(sign, |a, s| a.copysign(s))
            }

            #[inline(always)]
            fn eq(self, other: Self) -> Self::Mask {
                self.test(other, |a, b| a == b)
            }
            #[inline(always)]
            fn lt(self, other: Self) -> Self::Mask {
                self.test(other, |a, b| a < b)
            }
            #[inline(always)]
            fn le(self, other: Self) -> Self::Mask {
                self.test(other, |a, b| a <= b)
            }
            #[inline(always)]
            fn is_nan(self) -> Self::Mask {
                self.test(self, |a, _| a.is_nan())
            }
            #[inline(always)]
            fn select(mask: Self::Mask, yes: Self, no: Self) -> Self {
                let mut out = no;
                for i in 0..$lanes {
                    out.0[i] = if mask[i] { yes.0[i] } else { no.0[i] };
                }
                out
            }
            #[inline(always)]
            fn mask_and(a: Self::Mask, b: Self::Mask) -> Self::Mask {
                let mut out = a;
                for i in 0..$lanes {
                    out[i] = a[i] & b[i];
                }
                out
            }
            #[inline(always)]
            fn mask_or(a: Self::Mask, b: Self::Mask) -> Self::Mask {
                let mut out = a;
                for i in 0..$lanes {
                    out[i] = a[i] | b[i];
                }
                out
            }
            #[inline(always)]
            fn mask_not(a: Self::Mask) -> Self::Mask {
                a.map(|bit| !bit)
            }
            #[inline(always)]
            fn any(mask: Self::Mask) -> bool {
                Self::bits(mask) != 0
            }
            #[inline(always)]
            fn bits(mask: Self::Mask) -> u32 {
                let mut out = 0;
                for i in 0..$lanes {
                    out |= u32::from(mask[i]) << i;
                }
                out
            }

            #[inline(always)]
            fn scale2(self, n: Self) -> Self {
                // Two powers, so that each is a normal number; the last product rounds once. Adding `magic`
                // leaves n + bias in the low bits, where the shift makes them an exponent.
                let magic = (3u64 << ($mantissa - 1)) as $t;
                self.zip(n, |a, n| {
                    let half = (n * 0.5 + magic) - magic;
                    let power = |k: $t| <$t>::from_bits((k + (magic + $bias as $t)).to_bits() << $mantissa);
                    a * power(half) * power(n - half)
                })
            }
            #[inline(always)]
            fn split(self) -> (Self, Self) {
                let exponent =
                    self.map(|a| ((a.to_bits() >> $mantissa) as $int - $bias) as $t);
                let one = (1.0 as $t).to_bits();
                let low = (1 << $mantissa) - 1;
                (self.map(|a| <$t>::from_bits((a.to_bits() & low) | one)), exponent)
            }
            #[inline(always)]
            fn sum(self) -> $t {
                let mut lanes = self.0;
                let mut width = $lanes / 2;
                while width > 0 {
                    for i in 0..width {
                        lanes[i] += lanes[i + width];
                    }
                    width /= 2;
                }
                lanes[0]
            }
        }
    };
    (@operator $t:ty, $lanes:literal, $trait:ident, $name:ident, $op:tt) => {
        impl $trait for Array<$t, $lanes> {
            type Output = Self;
            #[inline(always)]
            fn $name(self, other: Self) -> Self {
                self.zip(other, |a, b| a $op b)
            }
        }
    };
}

baseline!(f32, u32, i32, 4, 23, 127);
baseline!(f64, u64, i64, 2, 52, 1023);
