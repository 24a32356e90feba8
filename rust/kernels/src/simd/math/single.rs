//! f32: constants, and the functions that have their own form.

// The fits are given as fitted: the compiler rounds them.
#![allow(clippy::excessive_precision, clippy::approx_constant)]

use super::{Math, polynomial, sine::reduce_large};
use crate::simd::vector::Vector;

/// erf x / x − 1 in x², |x| ≤ 1, relative error of the whole 4e-8.
const ERF_SMALL: &[f32] = &[
    0.128_379_122_493_864_3,
    -0.376_123_261_866_140_4,
    0.112_801_801_119_571_5,
    -0.026_711_311_314_071_71,
    0.004_917_551_429_247_814,
    -0.000_563_142_222_318_731_2,
];
/// The fourth root of erfc x in x − 2, 1 ≤ x ≤ 3.95, error 2.4e-8 of the result of erf. A root falls slowly enough for a short
/// polynomial, and its errors count for little in the power.
const ERFC_ROOT: &[f32] = &[
    0.261_522_075_733_339_3,
    -0.288_863_080_420_214_14,
    0.099_143_782_766_049_07,
    0.006_925_847_823_453_232,
    -0.012_239_807_600_597_537,
    0.001_479_476_578_038_482_7,
    0.000_728_638_166_196_271_5,
    -0.000_157_092_478_934_905_52,
];
/// Where the fitted root is smallest: its fourth power vanishes beside 1, as erfc does from 3.92 on.
const ERF_LIMIT: f32 = 4.2;

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
    const HALF_PI: [f32; 4] =
        [1.570_312_5, 4.837_512_969_970_703e-4, 7.549_533_620_476_723e-8, 2.563_344_151_594_519e-12];
    // n < 2^13, and no part but the last has more than 11 bits.
    const SINE_LIMIT: f32 = 12_800.0;
    const WHOLE: f32 = 12_582_912.0;
    const SINE: &'static [f32] = &[-0.166_666_546_421_087_9, 0.008_332_098_754_868_36, -0.000_195_036_632_415_929_04];
    const COSINE: &'static [f32] = &[0.041_666_654_619_571_71, -0.001_388_765_218_043_83, 0.000_024_463_536_750_735_85];
    const NORMAL_ROOT: &'static [f32] = &[
        -0.199_471_041_560_173_03,
        -0.139_262_914_657_592_77,
        -0.005_893_164_314_329_624,
        0.026_307_169_348_001_48,
        0.001_136_937_760_747_969_2,
        -0.004_173_847_381_025_553,
        0.001_036_373_781_971_633_4,
        -0.000_082_066_057_075_280_7,
    ];
    const NORMAL_LIMIT: f32 = 4.012_742;

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
        let size = V::splat(ERF_LIMIT).min(x.abs());
        let small = size.fma(polynomial(size * size, ERF_SMALL), size);
        let root = polynomial(size - V::splat(2.0), ERFC_ROOT);
        let square = root * root;
        let large = square.neg_fma(square, V::splat(1.0));
        V::select(size.lt(V::splat(1.0)), small, large).copysign(x)
    }

    fn reduce_large(self) -> [f32; 3] {
        let [n, r, _] = reduce_large(f64::from(self));
        [n as f32, r as f32, (r - f64::from(r as f32)) as f32]
    }
}
