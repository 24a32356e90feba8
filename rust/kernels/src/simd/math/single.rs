//! f32: constants, and the functions that have their own form.

// The fits are given as fitted: the compiler rounds them.
#![allow(clippy::excessive_precision, clippy::approx_constant)]

use super::{Math, clamp, polynomial};
use crate::simd::vector::Vector;

/// erf x / x = P(x²) / Q(x²) for |x| ≤ 3.93, relative error 2e-8; then tuned in steps of the last place, as f32.
const ERF_P: &[f32] =
    &[1.128_379_23, 0.190_783_247, 0.052_790_138_9, 0.003_779_564_52, 0.000_284_803_973, 0.000_002_041_927_47];
const ERF_Q: &[f32] = &[1.0, 0.502_409_995, 0.114_257_231, 0.014_997_347_3, 0.001_165_195_72, 0.000_038_003_356_2];
/// From here on erf x rounds to 1.
const ERF_LIMIT: f32 = 3.93;

impl Math for f32 {
    const LN2_HIGH: f32 = 0.693_145_75;
    const LN2_LOW: f32 = 1.428_606_8e-6;
    const EXP_HIGH: f32 = 89.0;
    const EXP_LOW: f32 = -104.0;
    const EXP: &'static [f32] =
        &[0.499_999_934_337, 0.166_665_204_019, 0.041_668_390_317_7, 0.008_368_744_962_14, 0.001_381_456_887_73];
    const EXP2: &'static [f32] =
        &[0.693_146_977_599, 0.240_222_420_854, 0.055_507_337_431_9, 0.009_671_512_639_58, 0.001_326_472_721_77];
    const TINY: f32 = 1e-8;
    const MIN_NORMAL: f32 = f32::MIN_POSITIVE;
    const LIFT: f32 = 8_388_608.0;
    const LIFT_EXPONENT: f32 = 23.0;
    const HALF_PI: &'static [f32] = &[1.570_312_5, 0.000_483_751_297, 7.549_533_62e-8, 2.563_344_15e-12];
    const SINE_LIMIT: f32 = 8192.0;
    const SINE: &'static [f32] = &[-1.0 / 6.0, 1.0 / 120.0, -1.0 / 5040.0, 1.0 / 362_880.0];
    const COSINE: &'static [f32] = &[1.0 / 24.0, -1.0 / 720.0, 1.0 / 40_320.0, -1.0 / 3_628_800.0];

    #[inline(always)]
    fn log_near_one<V: Vector<f32>>(f: V) -> V {
        const P: &[f32] = &[
            0.333_333_125_594,
            -0.250_000_094_472,
            0.200_021_226_112,
            -0.166_680_098_959,
            0.142_194_679_155,
            -0.124_052_515_805,
            0.118_885_289_201,
            -0.116_780_202_775,
            0.067_486_781_094_8,
        ];
        (f * f) * f.fma(polynomial(f, P), V::splat(-0.5))
    }

    #[inline(always)]
    fn erf<V: Vector<f32>>(x: V) -> V {
        let x = clamp(x, V::splat(-ERF_LIMIT), V::splat(ERF_LIMIT));
        let z = x * x;
        let y = (x * polynomial(z, ERF_P)) / polynomial(z, ERF_Q);
        clamp(y, V::splat(-1.0), V::splat(1.0))
    }

    fn slow_sin_cos(self) -> (f32, f32) {
        self.sin_cos()
    }
}
