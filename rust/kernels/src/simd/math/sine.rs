//! Sine and cosine: x = n π/2 + r, two polynomials in r, and n says which of them, with which sign.
//!
//! r is held in two numbers. In one it is off by half of its last place, which alone may be a whole place of the result, and
//! next to a multiple of π/2 the digits that π/2 lacks are all that is left.

use super::{constant, polynomial};
use crate::simd::vector::{Float, Vector};

/// sin x, error ≤ 1.5 ULP for any finite x; NaN at ±inf.
#[inline(always)]
pub fn sin<T: Float, V: Vector<T>>(x: V) -> V {
    sine_of::<T, V>(x, 0.0)
}

/// cos x, error ≤ 1.5 ULP for any finite x; NaN at ±inf.
#[inline(always)]
pub fn cos<T: Float, V: Vector<T>>(x: V) -> V {
    sine_of::<T, V>(x, 1.0)
}

/// sin(x + quarters · π/2).
#[inline(always)]
fn sine_of<T: Float, V: Vector<T>>(x: V, quarters: f64) -> V {
    let mut reduced = reduce::<T, V>(x);
    if V::any(V::splat(T::SINE_LIMIT).lt(x.abs())) {
        reduced = reduce_lanes(x, reduced);
    }
    let [n, r, rest] = reduced;
    let half = constant::<T, V>(0.5);
    let z = r * r;
    // Both are taken to first order in the rest, which joins the small terms: one rounding at full size for the sine, two for
    // the cosine.
    let sine = r + (r * z).fma(polynomial(z, T::SINE), rest);
    // The sum loses the sign of −0.
    let sine = V::select(x.eq(V::zero()), x, sine);
    let small = z.fma(z * polynomial(z, T::COSINE), -(r * rest));
    let cosine = half.neg_fma(z, V::splat(T::ONE)) + small;
    // Of the whole number m = n + quarters, bit 0 says which of the two, bit 1 the sign. m/2 − ¼ lies a quarter below m/2 if m
    // is even, a quarter above (m − 1)/2 if odd: rounding finds the whole number, a comparison the bit.
    let quarter = constant::<T, V>(0.25);
    let turn = n.fma(half, constant::<T, V>(0.5 * quarters - 0.25));
    let pairs = round_small(turn);
    let value = V::select(pairs.lt(turn), cosine, sine);
    let turn = pairs.fma(half, -quarter);
    V::select(round_small(turn).lt(turn), -value, value)
}

/// The whole number next to a small one: two additions, where `round` has to hold for large ones too.
#[inline(always)]
fn round_small<T: Float, V: Vector<T>>(x: V) -> V {
    (x + V::splat(T::WHOLE)) - V::splat(T::WHOLE)
}

/// `[n, r, rest]` with x = n π/2 + r + rest, n whole, |r| at most a trifle over π/4, for |x| ≤ SINE_LIMIT.
#[inline(always)]
fn reduce<T: Float, V: Vector<T>>(x: V) -> [V; 3] {
    let [first, second, third, fourth] = T::HALF_PI.map(V::splat);
    let whole = V::splat(T::WHOLE);
    let n = x.fma(constant::<T, V>(std::f64::consts::FRAC_2_PI), whole) - whole;
    // Exact: the result is below 1 and a multiple of what the mantissa of a number below 1 can hold.
    let near = n.neg_fma(second, n.neg_fma(first, x));
    // The one rounding, and what it lost, which is exact again.
    let r = n.neg_fma(third, near);
    let lost = n.neg_fma(third, near - r);
    [n, r, n.neg_fma(fourth, lost)]
}

/// `reduced` with the lanes where |x| is beyond SINE_LIMIT done by [`super::Math::reduce_large`].
#[inline(always)]
fn reduce_lanes<T: Float, V: Vector<T>>(x: V, reduced: [V; 3]) -> [V; 3] {
    let mut inputs = [T::ZERO; 16];
    let mut outputs = [[T::ZERO; 16]; 3];
    // SAFETY: no level has more than 16 lanes.
    unsafe {
        x.store(inputs.as_mut_ptr());
        for k in 0..3 {
            reduced[k].store(outputs[k].as_mut_ptr());
        }
    }
    reduce_where_large(&inputs[..V::LANES], &mut outputs);
    let mut out = reduced;
    for k in 0..3 {
        // SAFETY: no level has more than 16 lanes.
        out[k] = unsafe { V::load(outputs[k].as_ptr()) };
    }
    out
}

/// Out of line: where lanes are used one by one, LLVM takes the baseline's registers apart on the fast way too.
#[cold]
#[inline(never)]
fn reduce_where_large<T: Float>(x: &[T], outputs: &mut [[T; 16]; 3]) {
    for (i, &x) in x.iter().enumerate() {
        // Neither for NaN, which the fast way hands on.
        if x > T::SINE_LIMIT || x < -T::SINE_LIMIT {
            let reduced = x.reduce_large();
            for k in 0..3 {
                outputs[k][i] = reduced[k];
            }
        }
    }
}

/// The bits of 2/π behind the point, after a word of zeros: as many as the largest exponent asks for.
const TWO_OVER_PI: [u64; 20] = [
    0x0000_0000_0000_0000,
    0xa2f9_836e_4e44_1529,
    0xfc27_57d1_f534_ddc0,
    0xdb62_9599_3c43_9041,
    0xfe51_63ab_debb_c561,
    0xb724_6e3a_424d_d2e0,
    0x0649_2eea_09d1_921c,
    0xfe1d_eb1c_b129_a73e,
    0xe882_35f5_2ebb_4484,
    0xe99c_7026_b45f_7e41,
    0x3991_d639_8353_39f4,
    0x9c84_5f8b_bdf9_283b,
    0x1ff8_97ff_de05_980f,
    0xef2f_118b_5a0a_6d1f,
    0x6d36_7ecf_27cb_09b7,
    0x4f46_3f66_9e5f_ea2d,
    0x7527_bac7_ebe5_f17b,
    0x3d07_39f7_8a52_92ea,
    0x6bfb_5fb1_1f8d_5d08,
    0x5603_3046_fc7b_6bab,
];

/// `[n, r, rest]` for any |x| ≥ 1, after Payne and Hanek (1983): the product x · 2/π in whole numbers, without the bits that
/// are multiples of 4 quarter turns. No f64 is closer than 2^−61 to a multiple of π/2, so 128 bits of the fraction leave
/// more than 64 correct ones. (The C library is no substitute: glibc's cosine errs by 8 ULP next to the worst multiple.)
pub(super) fn reduce_large(x: f64) -> [f64; 3] {
    const HIGH: f64 = std::f64::consts::FRAC_PI_2;
    const LOW: f64 = 6.123_233_995_736_766e-17;
    if !x.is_finite() {
        return [0.0, f64::NAN, f64::NAN];
    }
    // |x| = mantissa · 2^exponent.
    let exponent = ((x.to_bits() >> 52) & 0x7ff) as usize as isize - 1075;
    let mantissa = (x.to_bits() & ((1 << 52) - 1)) | (1 << 52);
    // 192 bits of 2/π, from the first whose product with 2^exponent is no multiple of 4.
    let start = (exponent + 62) as usize;
    let (word, shift) = (start / 64, start % 64);
    let window = |i: usize| {
        let two = (u128::from(TWO_OVER_PI[word + i]) << 64) | u128::from(TWO_OVER_PI[word + i + 1]);
        (two >> (64 - shift)) as u64
    };
    // The product modulo 2^192, in units of 2^−190 quarter turns.
    let low = u128::from(mantissa) * u128::from(window(2));
    let middle = u128::from(mantissa) * u128::from(window(1)) + (low >> 64);
    let high = mantissa.wrapping_mul(window(0)).wrapping_add((middle >> 64) as u64);
    let quarters = high.wrapping_add(1 << 61) >> 62;
    // What is left, in units of 2^−128, between −½ and ½ for being taken as signed.
    let top = (u128::from(high) << 64) | u128::from(middle as u64);
    let fraction = ((top << 2) | u128::from(low as u64 >> 62)) as i128;
    let unit = 2f64.powi(-128).copysign(x);
    let large = fraction as f64;
    let small = fraction.wrapping_sub(large as i128) as f64 * unit;
    let large = large * unit;
    // The product with π/2 in two numbers.
    let r = large * HIGH;
    let rest = large.mul_add(HIGH, -r) + large.mul_add(LOW, small * HIGH);
    [(quarters as f64).copysign(x), r, rest]
}
