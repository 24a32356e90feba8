//! Vector maths for f32 and f64 at every level: one body each, with constants per type.
//!
//! Coefficients are minimax fits (relative error, Remez exchange in 50 digits). Errors in ULP are what the tests
//! hold: f32 over all inputs, f64 over samples. NaN gives NaN, ±inf and saturation are as in IEEE-754's annex,
//! denormal inputs and results are kept.

use super::vector::{Float, Vector};

mod double;
mod sine;
mod single;
#[cfg(test)]
mod tests;

pub use sine::{cos, sin};

/// The constants and the few functions that differ between f32 and f64.
pub trait Math: Sized + 'static {
    /// ln 2 in two parts; the first has zeros enough to make n·LN2_HIGH exact for any exponent n.
    const LN2_HIGH: Self;
    const LN2_LOW: Self;
    /// Past these, exp is inf and 0.
    const EXP_HIGH: Self;
    const EXP_LOW: Self;
    /// (e^r − 1 − r) / r² for |r| ≤ ln 2 / 2.
    const EXP: &'static [Self];
    /// (2^r − 1) / r for |r| ≤ ½.
    const EXP2: &'static [Self];
    /// Below this, expm1(x) and log1p(x) are x.
    const TINY: Self;
    const MIN_NORMAL: Self;
    /// A power of two that makes any denormal normal, and its exponent.
    const LIFT: Self;
    const LIFT_EXPONENT: Self;
    /// π/2 in parts. For |x| ≤ SINE_LIMIT, n times any but the last is exact without a fused multiply-add, and the
    /// first two have no bits below those of the least |x| with n ≠ 0.
    const HALF_PI: [Self; 4];
    const SINE_LIMIT: Self;
    /// 1.5 · 2^(digits of the mantissa): added and taken away, it leaves the nearest whole number of a small one, at less cost
    /// than `round`, which holds for all.
    const WHOLE: Self;
    /// (sin r − r) / r³ and (cos r − 1 + r²/2) / r⁴ in r², for |r| ≤ π/4.
    const SINE: &'static [Self];
    const COSINE: &'static [Self];
    /// (R(s) − 1) / s, R the eighth root of 2Φ(−2s), Φ the normal distribution; the fitted R falls to 0 at NORMAL_LIMIT.
    const NORMAL_ROOT: &'static [Self];
    const NORMAL_LIMIT: Self;

    /// log(1 + f) for √½ − 1 ≤ f ≤ √2 − 1, less f itself.
    fn log_near_one<V: Vector<Self>>(f: V) -> V;
    fn erf<V: Vector<Self>>(x: V) -> V;
    /// `(n, r, rest)` with self = (n + 4k) π/2 + r + rest for some whole k, for arguments beyond SINE_LIMIT.
    fn reduce_large(self) -> [Self; 3];
}

/// c[0] + c[1] x + c[2] x² + …, by Horner's rule.
#[inline(always)]
pub fn polynomial<T: Copy, V: Vector<T>>(x: V, c: &[T]) -> V {
    let mut sum = V::splat(c[c.len() - 1]);
    for i in (0..c.len() - 1).rev() {
        sum = sum.fma(x, V::splat(c[i]));
    }
    sum
}

/// As [`polynomial`], even and odd powers apart: one product more, in half the latency.
#[inline(always)]
pub fn polynomial_halves<T: Copy, V: Vector<T>>(x: V, c: &[T]) -> V {
    let square = x * x;
    let n = c.len();
    let mut last = V::splat(c[n - 1]);
    let mut other = V::splat(c[n - 2]);
    for i in (0..n - 2).rev() {
        let next = last.fma(square, V::splat(c[i]));
        last = other;
        other = next;
    }
    // `other` ends with c[0], `last` with c[1].
    last.fma(x, other)
}

/// `x` held in [low, high]; NaN stays NaN.
#[inline(always)]
pub fn clamp<T, V: Vector<T>>(x: V, low: V, high: V) -> V {
    high.min(low.max(x))
}

crate::maps! {
    Exp(x) => exp(x);
    ExpTerm(x) => exp_term(x);
    Expm1(x) => expm1(x);
    Log(x) => log(x);
    Log1p(x) => log1p(x);
    Sigmoid(x) => sigmoid(x);
    Tanh(x) => tanh(x);
    Erf(x) => erf(x);
    NormalTail(s) => normal_tail(s);
    Sin(x) => sin(x);
    Cos(x) => cos(x);
}

/// A number as a register.
#[inline(always)]
pub fn constant<T: Float, V: Vector<T>>(value: f64) -> V {
    V::splat(T::from_f64(value))
}

/// `(n, r)` with x = n ln 2 + r, n whole, |r| ≤ ln 2 / 2.
#[inline(always)]
fn reduce_exp<T: Float, V: Vector<T>>(x: V) -> (V, V) {
    let n = (x * constant::<T, V>(std::f64::consts::LOG2_E)).round();
    let r = n.neg_fma(V::splat(T::LN2_HIGH), x);
    (n, n.neg_fma(V::splat(T::LN2_LOW), r))
}

/// e^x, error ≤ 1 ULP (f32), 1.1 (f64); 1.25 without fused multiply-add.
#[inline(always)]
pub fn exp<T: Float, V: Vector<T>>(x: V) -> V {
    let x = clamp(x, V::splat(T::EXP_LOW), V::splat(T::EXP_HIGH));
    let (n, r) = reduce_exp::<T, V>(x);
    // 1 + r (1 + r · tail): the roundings before the last one are scaled down by r.
    let one = V::splat(T::ONE);
    let p = polynomial(r, T::EXP).fma(r, one).fma(r, one);
    p.scale2(n)
}

/// e^x for x ≤ 0 as a term of a sum beside e^0 = 1, which is exact: the relative error grows with |x|, but e^x falls faster.
#[inline(always)]
pub fn exp_term<T: Float, V: Vector<T>>(x: V) -> V {
    exp2_term(V::splat(T::EXP_LOW).max(x) * constant::<T, V>(std::f64::consts::LOG2_E))
}

/// 2^x, for −150 ≤ x ≤ 0 (f32) or −1080 ≤ x ≤ 0 (f64), with an error that is small beside 1 as [`exp_term`]'s is.
#[inline(always)]
pub fn exp2_term<T: Float, V: Vector<T>>(x: V) -> V {
    let n = x.round();
    let r = x - n;
    polynomial(r, T::EXP2).fma(r, V::splat(T::ONE)).scale2(n)
}

/// e^x − 1, error ≤ 2 ULP.
#[inline(always)]
pub fn expm1<T: Float, V: Vector<T>>(x: V) -> V {
    let held = clamp(x, V::splat(T::EXP_LOW), V::splat(T::EXP_HIGH));
    let (n, r) = reduce_exp::<T, V>(held);
    let p = (r * r).fma(polynomial(r, T::EXP), r);
    // Half of everything, so that 2^n stays finite where the result is.
    let half = constant::<T, V>(0.5);
    let power = half.scale2(n);
    let y = power.fma(p, power - half);
    V::select(x.abs().lt(V::splat(T::TINY)), x, y + y)
}

/// log x, error ≤ 2 ULP; −inf at 0, NaN below.
#[inline(always)]
pub fn log<T: Float, V: Vector<T>>(x: V) -> V {
    let denormal = x.lt(V::splat(T::MIN_NORMAL));
    let lifted = V::select(denormal, x * V::splat(T::LIFT), x);
    let (m, e) = lifted.split();
    let e = V::select(denormal, e - V::splat(T::LIFT_EXPONENT), e);
    let one = V::splat(T::ONE);
    let big = constant::<T, V>(std::f64::consts::SQRT_2).lt(m);
    let m = V::select(big, m * constant::<T, V>(0.5), m);
    let e = V::select(big, e + one, e);
    let f = m - one;
    let tail = e.fma(V::splat(T::LN2_LOW), T::log_near_one(f));
    let y = e.fma(V::splat(T::LN2_HIGH), f + tail);
    let infinity = V::splat(T::INFINITY);
    let y = V::select(x.lt(infinity), y, x);
    let edge = V::select(x.eq(V::splat(T::ZERO)), -infinity, V::splat(T::NAN));
    V::select(x.le(V::splat(T::ZERO)), edge, y)
}

/// log(1 + x), error ≤ 2 ULP; −inf at −1, NaN below.
#[inline(always)]
pub fn log1p<T: Float, V: Vector<T>>(x: V) -> V {
    let one = V::splat(T::ONE);
    let u = one + x;
    // What rounding 1 + x lost, carried to first order.
    let lost = (x - (u - one)) / u;
    let y = log::<T, V>(u);
    let inside = V::mask_and(V::splat(T::ZERO).lt(u), u.lt(V::splat(T::INFINITY)));
    let y = V::select(inside, y + lost, y);
    V::select(x.abs().lt(V::splat(T::TINY)), x, y)
}

/// 1 / (1 + e^−x), error ≤ 2.5 ULP.
#[inline(always)]
pub fn sigmoid<T: Float, V: Vector<T>>(x: V) -> V {
    let one = V::splat(T::ONE);
    let e = exp::<T, V>(-x.abs());
    let top = V::select(x.lt(V::splat(T::ZERO)), e, one);
    top / (one + e)
}

/// `(σ(x), σ(−x))`, neither by subtraction from 1.
#[inline(always)]
pub fn sigmoid_pair<T: Float, V: Vector<T>>(x: V) -> (V, V) {
    let one = V::splat(T::ONE);
    let e = exp::<T, V>(-x.abs());
    let large = one / (one + e);
    let small = e * large;
    let negative = x.lt(V::splat(T::ZERO));
    (V::select(negative, small, large), V::select(negative, large, small))
}

/// tanh x, error ≤ 3 ULP.
#[inline(always)]
pub fn tanh<T: Float, V: Vector<T>>(x: V) -> V {
    // With e = expm1(−2|x|), which never cancels: −e / (2 + e). No power of two overflows on this side.
    let held = constant::<T, V>(-2.0) * x.abs();
    let held = V::splat(T::EXP_LOW).max(held);
    let (n, r) = reduce_exp::<T, V>(held);
    let p = (r * r).fma(polynomial(r, T::EXP), r);
    let one = V::splat(T::ONE);
    let power = one.scale2(n);
    let e = power.fma(p, power - one);
    (-e / (e + constant::<T, V>(2.0))).copysign(x)
}

/// 2Φ(−2s), Φ the normal distribution, for 0 ≤ s ≤ NORMAL_LIMIT, where it ends in 0 (in truth 1e-15 in f32, 3e-21 in f64).
///
/// The eighth root falls slowly enough for one polynomial over the whole range: no division, no exponential, no second piece.
/// Its distance w from 1 is what is squared, (1 + w)² = 1 + w (2 + w), so that roundings near s = 0 stay as small as w is. The
/// last square has the 1 in it: fused, it has one rounding, and so errs little beside a small result, too.
/// Error ≤ 1.5e-7 in f32, 3e-16 in f64; relative to the result, where multiply-add is fused, 2e-6 and 5e-15 for s ≤ 1, 5e-3 and
/// 1e-8 for s ≤ 3.
#[inline(always)]
pub fn normal_tail<T: Float, V: Vector<T>>(s: V) -> V {
    let w = s * polynomial_halves(s, T::NORMAL_ROOT);
    let w = w.fma(w, w + w);
    let w = w.fma(w, w + w);
    w.fma(w, w.fma(constant::<T, V>(2.0), V::splat(T::ONE)))
}

/// The error function, error ≤ 2.25 ULP (f32; 2.5 without fused multiply-add).
#[inline(always)]
pub fn erf<T: Float, V: Vector<T>>(x: V) -> V {
    T::erf(x)
}
