//! Errors in ULP against f64 (for f32) and against the C library (for f64), at the level in use.
//! `NEUROXIDE_SLOW=1` sweeps every f32 there is; otherwise every 997th.

use super::Float;
use crate::simd::{self, Isa, Kernel, math};

#[derive(Clone, Copy, Debug)]
enum Function {
    Exp,
    Expm1,
    Log,
    Log1p,
    Sigmoid,
    Tanh,
    Erf,
    Sin,
    Cos,
}
use Function::*;

struct Apply<'a, T>(Function, &'a [T], &'a mut [T]);

impl<T: Float> Kernel for Apply<'_, T> {
    type Output = ();
    #[inline(always)]
    fn run<I: Isa>(self) {
        let Apply(function, x, y) = self;
        match function {
            Exp => simd::map::<T, I, 1>(&math::Exp, [x], y, false),
            Expm1 => simd::map::<T, I, 1>(&math::Expm1, [x], y, false),
            Log => simd::map::<T, I, 1>(&math::Log, [x], y, false),
            Log1p => simd::map::<T, I, 1>(&math::Log1p, [x], y, false),
            Sigmoid => simd::map::<T, I, 1>(&math::Sigmoid, [x], y, false),
            Tanh => simd::map::<T, I, 1>(&math::Tanh, [x], y, false),
            Erf => simd::map::<T, I, 1>(&math::Erf, [x], y, false),
            Sin => simd::map::<T, I, 1>(&math::Sin, [x], y, false),
            Cos => simd::map::<T, I, 1>(&math::Cos, [x], y, false),
        }
    }
}

mod c {
    // The C library's, below one ULP.
    unsafe extern "C" {
        pub safe fn erf(x: f64) -> f64;
    }
}

fn reference(function: Function, x: f64) -> f64 {
    match function {
        Exp => x.exp(),
        Expm1 => x.exp_m1(),
        Log => x.ln(),
        Log1p => x.ln_1p(),
        Sigmoid if x < 0.0 => x.exp() / (1.0 + x.exp()),
        Sigmoid => 1.0 / (1.0 + (-x).exp()),
        Tanh => x.tanh(),
        Erf => c::erf(x),
        Sin => x.sin(),
        Cos => x.cos(),
    }
}

fn apply<T: Float>(function: Function, x: &[T]) -> Vec<T> {
    let mut y = vec![T::ZERO; x.len()];
    simd::dispatch(Apply(function, x, &mut y));
    y
}

/// Distance of `got` from `want` in units of the last place of the f32 nearest to `want`.
fn ulps32(got: f32, want: f64) -> f64 {
    let nearest = want as f32;
    if nearest.is_nan() || got.is_nan() {
        return if nearest.is_nan() == got.is_nan() { 0.0 } else { f64::INFINITY };
    }
    if nearest.is_infinite() || got.is_infinite() {
        // The step to infinity counts as one place.
        if nearest == got {
            return 0.0;
        }
        return if nearest.abs().min(got.abs()) == f32::MAX { 1.0 } else { f64::INFINITY };
    }
    let exponent = ((nearest.to_bits() >> 23) & 0xff).max(1) as i32 - 150;
    (f64::from(got) - want).abs() / 2f64.powi(exponent)
}

fn sweep(function: Function, limit: f64) {
    let stride = if std::env::var_os("NEUROXIDE_SLOW").is_some() { 1 } else { 997 };
    let mut worst = (0.0, 0.0f32, 0.0f32);
    let mut bits = 0u64;
    while bits < 1 << 32 {
        let x: Vec<f32> = (0..1u64 << 16)
            .map(|i| bits + i * stride)
            .take_while(|b| *b < 1 << 32)
            .map(|b| f32::from_bits(b as u32))
            .collect();
        for (x, y) in x.iter().zip(apply(function, &x)) {
            let off = ulps32(y, reference(function, f64::from(*x)));
            if off > worst.0 {
                worst = (off, *x, y);
            }
        }
        bits += stride << 16;
    }
    println!("{function:?} f32 {}: {:.3} ULP at {:e}", simd::level().name(), worst.0, worst.1);
    assert!(worst.0 <= limit, "{function:?}: {} ULP at {:e}: {:e}", worst.0, worst.1, worst.2);
}

#[test]
fn exp_f32() {
    sweep(Exp, if simd::level() == simd::Level::Baseline { 1.25 } else { 1.0 });
}
#[test]
fn expm1_f32() {
    sweep(Expm1, 2.0);
}
#[test]
fn log_f32() {
    sweep(Log, 2.0);
}
#[test]
fn log1p_f32() {
    sweep(Log1p, 2.0);
}
#[test]
fn sigmoid_f32() {
    sweep(Sigmoid, 4.0);
}
#[test]
fn tanh_f32() {
    sweep(Tanh, 3.0);
}
#[test]
fn erf_f32() {
    sweep(Erf, if simd::level() == simd::Level::Baseline { 2.5 } else { 2.25 });
}
#[test]
fn sin_f32() {
    sweep(Sin, 1.5);
}
#[test]
fn cos_f32() {
    sweep(Cos, 1.5);
}

fn ulps64(got: f64, want: f64) -> f64 {
    if got.to_bits() == want.to_bits() || (got.is_nan() && want.is_nan()) || got == want {
        return 0.0;
    }
    if !(got.is_finite() && want.is_finite()) {
        return if got.abs().min(want.abs()) == f64::MAX { 1.0 } else { f64::INFINITY };
    }
    let exponent = ((want.to_bits() >> 52) & 0x7ff).max(1) as i32 - 1075;
    (got - want).abs() / if exponent < -1022 { 2f64.powi(exponent + 200) / 2f64.powi(200) } else { 2f64.powi(exponent) }
}

/// The C library is itself right to below one ULP, so the limits here are one higher than the function's own.
fn sample(function: Function, low: f64, high: f64, limit: f64) {
    let count = 200_003;
    let mut x: Vec<f64> = (0..count).map(|i| low + (high - low) * i as f64 / (count - 1) as f64).collect();
    x.extend((0..count).map(|i| 10f64.powf(-20.0 + 22.0 * i as f64 / count as f64).min(high)));
    x.extend((0..count).map(|i| (-(10f64.powf(-20.0 + 22.0 * i as f64 / count as f64))).max(low)));
    x.extend([
        0.0,
        -0.0,
        f64::INFINITY,
        f64::NEG_INFINITY,
        f64::NAN,
        f64::MIN_POSITIVE,
        5e-324,
        -5e-324,
        f64::MAX,
        f64::MIN,
    ]);
    let y = apply(function, &x);
    let mut worst = (0.0, 0.0);
    for (x, y) in x.iter().zip(y) {
        let off = ulps64(y, reference(function, *x));
        if off > worst.0 {
            worst = (off, *x);
        }
    }
    println!("{function:?} f64 {}: {:.3} ULP at {:e}", simd::level().name(), worst.0, worst.1);
    assert!(worst.0 <= limit, "{function:?}: {} ULP at {:e}", worst.0, worst.1);
}

#[test]
fn all_f64() {
    sample(Exp, -745.2, 709.8, 2.0);
    sample(Expm1, -40.0, 709.8, 3.0);
    sample(Log, 5e-324, 1e300, 2.0);
    sample(Log1p, -1.0, 1e10, 3.0);
    sample(Sigmoid, -745.0, 40.0, 4.0);
    sample(Tanh, -20.0, 20.0, 4.0);
    sample(Erf, -6.5, 6.5, 4.0);
    sample(Sin, -3e6, 3e6, 2.0);
    sample(Cos, -3e6, 3e6, 2.0);
}

#[test]
fn signs_of_zero_survive() {
    for function in [Expm1, Log1p, Tanh, Erf, Sin] {
        let y = apply(function, &[-0.0f32, 0.0]);
        assert!(y[0].is_sign_negative() && y[1].is_sign_positive(), "{function:?}: {y:?}");
        let y = apply(function, &[-0.0f64, 0.0]);
        assert!(y[0].is_sign_negative() && y[1].is_sign_positive(), "{function:?}: {y:?}");
    }
}

#[test]
fn terms_of_sums() {
    fn check<T: Float>(epsilon: f64) {
        let x: Vec<T> = (0..40_000).map(|i| T::from_f64(-0.002 * f64::from(i))).collect();
        let mut y = vec![T::ZERO; x.len()];
        simd::dispatch(Terms(&x, &mut y));
        assert_eq!(y[0].to_f64(), 1.0);
        for (x, y) in x.iter().zip(&y) {
            let (x, y) = (x.to_f64(), y.to_f64());
            assert!((y / x.exp() - 1.0).abs() <= epsilon * (2.5 - x), "{x}: {y}");
        }
    }
    struct Terms<'a, T>(&'a [T], &'a mut [T]);
    impl<T: Float> Kernel for Terms<'_, T> {
        type Output = ();
        #[inline(always)]
        fn run<I: Isa>(self) {
            simd::map::<T, I, 1>(&math::ExpTerm, [self.0], self.1, false);
        }
    }
    check::<f32>(f64::from(f32::EPSILON));
    check::<f64>(f64::EPSILON);
}
