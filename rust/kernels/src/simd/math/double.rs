//! f64: constants, and the functions that have their own form.

// The fits are given as fitted: the compiler rounds them.
#![allow(clippy::excessive_precision, clippy::approx_constant)]

use super::{Math, clamp, constant, exp, polynomial};
use crate::simd::vector::Vector;

/// erf x / x in x², |x| ≤ 1, relative error 7e-18.
const ERF_SMALL: &[f64] = &[
    1.128_379_167_095_512_6,
    -0.376_126_389_031_835_2,
    0.112_837_916_709_442,
    -0.026_866_170_643_113_414,
    0.005_223_977_606_130_842,
    -0.000_854_832_592_976_624_4,
    0.000_120_552_935_869_369_5,
    -0.000_014_924_712_439_534_814,
    1.644_713_269_978_662_1e-6,
    -1.620_631_875_296_920_9e-7,
    1.371_098_870_419_052_3e-8,
    -7.779_462_971_761_597e-10,
];
/// e^(x²) erfc x in t = (x − 2) / (x + 2), 1 ≤ x ≤ 6, error 5e-19 of the result of erf.
const ERFC_SCALED: &[f64] = &[
    0.255_395_676_310_505_75,
    -0.427_185_847_413_956_8,
    0.241_658_194_242_468_8,
    -0.078_978_581_016_415_62,
    0.003_732_892_398_538_194_4,
    0.006_997_461_785_651_129,
    -0.000_847_142_590_492_786_1,
    -0.000_981_976_478_896_730_7,
    0.000_043_536_162_164_890_18,
    0.000_174_288_468_560_215_08,
    0.000_027_623_152_574_695_062,
    -0.000_026_611_563_649_044_258,
    -0.000_012_644_162_559_461_083,
];

impl Math for f64 {
    const LN2_HIGH: f64 = 6.931_471_803_691_238e-1;
    const LN2_LOW: f64 = 1.908_214_929_270_587_7e-10;
    const EXP_HIGH: f64 = 710.0;
    const EXP_LOW: f64 = -746.0;
    const EXP: &'static [f64] = &[
        0.500_000_000_000_001,
        0.166_666_666_666_664_1,
        0.041_666_666_666_529_96,
        0.008_333_333_333_496_711,
        0.001_388_888_894_371_275_5,
        0.000_198_412_695_021_659_93,
        0.000_024_801_492_986_749_948,
        2.755_758_982_857_708_2e-6,
        2.763_029_624_430_679e-7,
        2.499_912_823_498_191e-8,
    ];
    const TINY: f64 = 1e-17;
    const MIN_NORMAL: f64 = f64::MIN_POSITIVE;
    const LIFT: f64 = 4_503_599_627_370_496.0;
    const LIFT_EXPONENT: f64 = 52.0;
    const HALF_PI: &'static [f64] = &[1.570_796_326_734_125_6, 6.077_100_506_303_966e-11, 2.022_266_248_795_950_7e-21];
    const SINE_LIMIT: f64 = 1e6;
    const SINE: &'static [f64] = &[
        -1.0 / 6.0,
        1.0 / 120.0,
        -1.0 / 5040.0,
        1.0 / 362_880.0,
        -1.0 / 39_916_800.0,
        1.0 / 6_227_020_800.0,
        -1.0 / 1_307_674_368_000.0,
        1.0 / 355_687_428_096_000.0,
    ];
    const COSINE: &'static [f64] = &[
        1.0 / 24.0,
        -1.0 / 720.0,
        1.0 / 40_320.0,
        -1.0 / 3_628_800.0,
        1.0 / 479_001_600.0,
        -1.0 / 87_178_291_200.0,
        1.0 / 20_922_789_888_000.0,
        -1.0 / 6_402_373_705_728_000.0,
    ];

    #[inline(always)]
    fn log_near_one<V: Vector<f64>>(f: V) -> V {
        // With s = f / (2 + f): log(1 + f) = 2 atanh s = f − s f + 2 (s³/3 + s⁵/5 + …).
        const P: &[f64] = &[
            0.666_666_666_666_673_5,
            0.399_999_999_994_105_3,
            0.285_714_287_434_306_3,
            0.222_221_984_538_441_1,
            0.181_835_711_597_951_5,
            0.153_138_600_551_539_5,
            0.147_980_059_040_903_92,
        ];
        let s = f / (V::splat(2.0) + f);
        let z = s * s;
        let half_square = V::splat(0.5) * f * f;
        s.fma(half_square + z * polynomial(z, P), -half_square)
    }

    #[inline(always)]
    fn erf<V: Vector<f64>>(x: V) -> V {
        let size = clamp(x.abs(), V::splat(0.0), V::splat(6.0));
        let square = size * size;
        let small = size * polynomial(square, ERF_SMALL);
        let two = constant::<f64, V>(2.0);
        let t = (size - two) / (size + two);
        let large = V::splat(1.0) - exp::<f64, V>(-square) * polynomial(t, ERFC_SCALED);
        V::select(size.lt(V::splat(1.0)), small, large).copysign(x)
    }

    fn slow_sin_cos(self) -> (f64, f64) {
        self.sin_cos()
    }
}
