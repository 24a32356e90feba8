//! Errors in ULP against f64 (for f32) and against the C library (for f64), at the level in use.
//! `NEUROXIDE_SLOW=1` sweeps every f32 there is; otherwise every 997th.

use super::Float;
use crate::simd::{self, Isa, Kernel, Math, math};

#[derive(Clone, Copy, Debug)]
enum Function {
    Exp,
    Expm1,
    Log,
    Log1p,
    Sigmoid,
    Tanh,
    Erf,
    NormalTail,
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
            NormalTail => simd::map::<T, I, 1>(&math::NormalTail, [x], y, false),
            Sin => simd::map::<T, I, 1>(&math::Sin, [x], y, false),
            Cos => simd::map::<T, I, 1>(&math::Cos, [x], y, false),
        }
    }
}

mod c {
    // The C library's, below one ULP.
    unsafe extern "C" {
        pub safe fn erf(x: f64) -> f64;
        pub safe fn erfc(x: f64) -> f64;
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
        NormalTail => c::erfc(std::f64::consts::SQRT_2 * x),
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

/// The f32 whose bits are at most `last`, in pieces: all of them, or every 997th.
fn floats(last: u64) -> impl Iterator<Item = Vec<f32>> {
    let stride = if std::env::var_os("NEUROXIDE_SLOW").is_some() { 1 } else { 997 };
    (0..=last).step_by(stride << 16).map(move |start| {
        (start..=last).step_by(stride).take(1 << 16).map(|bits| f32::from_bits(bits as u32)).collect()
    })
}

fn sweep(function: Function, limit: f64) {
    let mut worst = (0.0, 0.0f32, 0.0f32);
    for x in floats(u64::from(u32::MAX)) {
        for (x, y) in x.iter().zip(apply(function, &x)) {
            let off = ulps32(y, reference(function, f64::from(*x)));
            if off > worst.0 {
                worst = (off, *x, y);
            }
        }
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
    sweep(Sigmoid, 2.5);
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
    sample(Sigmoid, -745.0, 40.0, 3.5);
    sample(Tanh, -20.0, 20.0, 4.0);
    sample(Erf, -6.5, 6.5, 4.0);
    sample(Sin, -3e6, 3e6, 2.0);
    sample(Cos, -3e6, 3e6, 2.0);
}

/// `limits`: up to which s, the error relative to the result where multiply-add is fused. `worst` takes the largest of each.
fn check_tail<T: Float>(s: &[T], absolute: f64, limits: [(f64, f64); 2], worst: &mut [f64; 3]) {
    for (s, got) in s.iter().zip(apply(NormalTail, s)) {
        let (s, want) = (s.to_f64(), reference(NormalTail, s.to_f64()));
        let off = (got.to_f64() - want).abs();
        worst[0] = worst[0].max(off);
        if let Some(i) = limits.iter().position(|(end, _)| s <= *end) {
            worst[i + 1] = worst[i + 1].max(off / want);
        }
    }
    assert!(worst[0] <= absolute, "normal tail: {worst:?}");
    let fused = simd::level() != simd::Level::Baseline;
    assert!(!fused || (worst[1] <= limits[0].1 && worst[2] <= limits[1].1), "normal tail: {worst:?}");
}

#[test]
fn normal_tail_f32() {
    let end = u64::from(f32::NORMAL_LIMIT.to_bits());
    let mut worst = [0.0; 3];
    for s in floats(end) {
        check_tail(&s, 1.5e-7, [(1.0, 2e-6), (3.0, 5e-3)], &mut worst);
    }
    println!("NormalTail f32 {}: {worst:?}", simd::level().name());
    assert_eq!(apply(NormalTail, &[f32::NORMAL_LIMIT, 0.0]), [0.0, 1.0]);
    assert!(apply(NormalTail, &[f32::NAN])[0].is_nan());
}

#[test]
fn normal_tail_f64() {
    let count = 1_000_003;
    let s: Vec<f64> = (0..count).map(|i| f64::NORMAL_LIMIT * f64::from(i) / f64::from(count)).collect();
    let mut worst = [0.0; 3];
    check_tail(&s, 3e-16, [(1.0, 5e-15), (3.0, 1e-8)], &mut worst);
    println!("NormalTail f64 {}: {worst:?}", simd::level().name());
    assert_eq!(apply(NormalTail, &[f64::NORMAL_LIMIT, 0.0]), [0.0, 1.0]);
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
