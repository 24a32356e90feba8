//! Random numbers from the counter-based generator Philox 4x32-10 (Salmon et al., 2011): word i of (seed, stream) is
//! word i % 4 of the block with counter (i / 4, stream) and key seed, so any element can be made alone.

use crate::parts::PART;
use crate::simd::math::{self, constant};
use crate::simd::{self, Float, Isa, Kernel, Map, Vector};
use crate::threads::{checkpoint, chunks, parallel_chunks};

/// Blocks computed side by side: independent lanes that the compiler vectorises. Fewer, and it unrolls the loops instead.
const WIDE: usize = 64;
/// Words from one call of [`words`].
const WORDS: usize = 4 * WIDE;

/// Ten rounds on `W` counters at once; word k of block j is the low half of `[k][j]`. Words live in 64-bit lanes, where
/// a product needs no widening; the high halves are rubbish that no product reads.
#[inline(always)]
fn philox<const W: usize>(first_block: u64, seed: u64, stream: u64) -> [[u64; W]; 4] {
    const LOW: u64 = 0xFFFF_FFFF;
    let mut c = [[0u64; W]; 4];
    for j in 0..W {
        let block = first_block.wrapping_add(j as u64);
        c[0][j] = block;
        c[1][j] = block >> 32;
        c[2][j] = stream;
        c[3][j] = stream >> 32;
    }
    let (mut k0, mut k1) = (seed as u32, (seed >> 32) as u32);
    for _ in 0..10 {
        let (key0, key1) = (u64::from(k0), u64::from(k1));
        for j in 0..W {
            let p0 = 0xD251_1F53_u64 * (c[0][j] & LOW);
            let p1 = 0xCD9E_8D57_u64 * (c[2][j] & LOW);
            c[0][j] = (p1 >> 32) ^ c[1][j] ^ key0;
            c[1][j] = p1;
            c[2][j] = (p0 >> 32) ^ c[3][j] ^ key1;
            c[3][j] = p0;
        }
        k0 = k0.wrapping_add(0x9E37_79B9);
        k1 = k1.wrapping_add(0xBB67_AE85);
    }
    c
}

/// Words 4·first_block to 4·first_block + WORDS.
#[inline(always)]
fn words(first_block: u64, seed: u64, stream: u64) -> [u32; WORDS] {
    let c = philox::<WIDE>(first_block, seed, stream);
    let mut out = [0; WORDS];
    for j in 0..WIDE {
        for k in 0..4 {
            out[4 * j + k] = c[k][j] as u32;
        }
    }
    out
}

/// Where a kernel draws from.
#[derive(Clone, Copy)]
pub struct Source {
    pub seed: u64,
    pub stream: u64,
}

struct Bits<'a> {
    source: Source,
    start: usize,
    y: &'a mut [u32],
}

impl Kernel for Bits<'_> {
    type Output = ();
    #[inline(always)]
    fn run<I: Isa>(self) {
        let Bits { source, start, y } = self;
        for (n, y) in y.chunks_mut(WORDS).enumerate() {
            let words = words(((start / WORDS + n) * WIDE) as u64, source.seed, source.stream);
            y.copy_from_slice(&words[..y.len()]);
        }
    }
}

/// y[i] = word i.
pub fn bits(source: Source, y: &mut [u32]) {
    parallel_chunks(chunks(y, PART), |part, y| {
        simd::dispatch(Bits { source, start: part * PART, y });
    });
}

/// What the element types need of the generator.
pub trait Draw: Float {
    /// Words for one element.
    const WORDS_EACH: usize;
    /// A number in [0, 1) from an element's words.
    fn unit(words: &[u32]) -> Self;
}

impl Draw for f32 {
    const WORDS_EACH: usize = 1;
    #[inline(always)]
    fn unit(words: &[u32]) -> f32 {
        (words[0] >> 8) as f32 * (1.0 / 16_777_216.0)
    }
}

impl Draw for f64 {
    const WORDS_EACH: usize = 2;
    #[inline(always)]
    fn unit(words: &[u32]) -> f64 {
        let bits = u64::from(words[0]) | u64::from(words[1]) << 32;
        (bits >> 11) as f64 * (1.0 / 9_007_199_254_740_992.0)
    }
}

struct Uniform<'a, T> {
    source: Source,
    start: usize,
    low: T,
    high: T,
    y: &'a mut [T],
}

impl<T: Draw> Kernel for Uniform<'_, T> {
    type Output = ();
    #[inline(always)]
    fn run<I: Isa>(self) {
        let Uniform { source, start, low, high, y } = self;
        let step = WORDS / T::WORDS_EACH;
        let range = high - low;
        for (n, y) in y.chunks_mut(step).enumerate() {
            let words = words(((start / step + n) * WIDE) as u64, source.seed, source.stream);
            for (y, words) in y.iter_mut().zip(words.chunks_exact(T::WORDS_EACH)) {
                let value = low + range * T::unit(words);
                // Rounding may reach `high`, which is outside.
                *y = if value < high { value } else { low };
            }
        }
    }
}

/// Uniform numbers in [low, high); `low` itself where the two are equal. Element i takes words i (f32), 2i and 2i + 1 (f64).
pub fn uniform<T: Draw>(source: Source, low: f64, high: f64, y: &mut [T]) {
    let (low, high) = (T::from_f64(low), T::from_f64(high));
    parallel_chunks(chunks(y, PART), |part, y| {
        simd::dispatch(Uniform { source, start: part * PART, low, high, y });
    });
}

/// √(−2 log u) of Box and Muller, for u in (0, 1].
struct Radius;
impl<T: Float> Map<T, 1> for Radius {
    #[inline(always)]
    fn apply<V: Vector<T>>(&self, [u]: [V; 1]) -> V {
        (constant::<T, V>(-2.0) * math::log::<T, V>(u)).sqrt()
    }
}

/// radius · cos(2π u) and radius · sin(2π u).
struct Cosine;
struct Sine;
impl<T: Float> Map<T, 2> for Cosine {
    #[inline(always)]
    fn apply<V: Vector<T>>(&self, [r, u]: [V; 2]) -> V {
        r * math::cos::<T, V>(u * constant::<T, V>(2.0 * std::f64::consts::PI))
    }
}
impl<T: Float> Map<T, 2> for Sine {
    #[inline(always)]
    fn apply<V: Vector<T>>(&self, [r, u]: [V; 2]) -> V {
        r * math::sin::<T, V>(u * constant::<T, V>(2.0 * std::f64::consts::PI))
    }
}

struct Normal<'a, T> {
    source: Source,
    start: usize,
    mean: T,
    stddev: T,
    y: &'a mut [T],
}

impl<T: Draw> Kernel for Normal<'_, T> {
    type Output = ();
    #[inline(always)]
    fn run<I: Isa>(self) {
        let Normal { source, start, mean, stddev, y } = self;
        let step = WORDS / T::WORDS_EACH;
        let pairs = step / 2;
        let mut u = [T::ZERO; WORDS / 2];
        let mut turn = [T::ZERO; WORDS / 2];
        let mut radius = [T::ZERO; WORDS / 2];
        let mut even = [T::ZERO; WORDS / 2];
        let mut odd = [T::ZERO; WORDS / 2];
        for (n, y) in y.chunks_mut(step).enumerate() {
            let words = words(((start / step + n) * WIDE) as u64, source.seed, source.stream);
            for (k, words) in words.chunks_exact(2 * T::WORDS_EACH).enumerate() {
                // 1 − u lies in (0, 1], where the logarithm is finite.
                u[k] = T::ONE - T::unit(words);
                turn[k] = T::unit(&words[T::WORDS_EACH..]);
            }
            simd::map::<T, I, 1>(&Radius, [&u[..pairs]], &mut radius[..pairs], false);
            simd::map::<T, I, 2>(&Cosine, [&radius[..pairs], &turn[..pairs]], &mut even[..pairs], false);
            simd::map::<T, I, 2>(&Sine, [&radius[..pairs], &turn[..pairs]], &mut odd[..pairs], false);
            for (i, y) in y.iter_mut().enumerate() {
                let z = if i % 2 == 0 { even[i / 2] } else { odd[i / 2] };
                *y = mean + stddev * z;
            }
        }
    }
}

/// Normal numbers after Box and Muller (1958): elements 2k and 2k + 1 share their words. In f32 |z| stays below 5.8.
pub fn normal<T: Draw>(source: Source, mean: f64, stddev: f64, y: &mut [T]) {
    let (mean, stddev) = (T::from_f64(mean), T::from_f64(stddev));
    parallel_chunks(chunks(y, PART / 4), |part, y| {
        simd::dispatch(Normal { source, start: part * (PART / 4), mean, stddev, y });
    });
}

/// Where the counter of a repeated try of element i begins: i never reaches so far.
const TRY: u64 = 1 << 48;

/// A normal number within two standard deviations: block i gives two, then block i + 2⁴⁸, and so on.
fn within_two(source: Source, element: u64) -> f64 {
    let mut block = element;
    loop {
        let c = philox_one(block, source);
        let radius = (-2.0 * (1.0 - f64::unit(&c[..2])).ln()).sqrt();
        let (sin, cos) = (2.0 * std::f64::consts::PI * f64::unit(&c[2..])).sin_cos();
        for z in [radius * cos, radius * sin] {
            if z.abs() <= 2.0 {
                return z;
            }
        }
        block = block.wrapping_add(TRY);
    }
}

fn philox_one(block: u64, source: Source) -> [u32; 4] {
    philox::<1>(block, source.seed, source.stream).map(|lanes| lanes[0] as u32)
}

/// A number in [0, 1) from block `block` alone.
pub fn unit(source: Source, block: u64) -> f64 {
    f64::unit(&philox_one(block, source)[..2])
}

/// Normal numbers, drawn again until they lie within two standard deviations.
pub fn truncated_normal<T: Draw>(source: Source, mean: f64, stddev: f64, y: &mut [T]) {
    parallel_chunks(chunks(y, PART / 16), |part, y| {
        for (i, y) in y.iter_mut().enumerate() {
            let z = within_two(source, (part * (PART / 16) + i) as u64);
            *y = T::from_f64(mean + stddev * z);
        }
    });
}

/// A permutation of 0..n after Fisher and Yates: step i draws from words 2i and 2i + 1.
pub fn permutation(source: Source, y: &mut [i64]) {
    const STEP: usize = WORDS / 2;
    /// Steps between looks at interrupts, about a millisecond: each swap may miss the caches.
    const STRIDE: usize = STEP * 512;
    for base in (0..y.len()).step_by(STEP) {
        if base % STRIDE == 0 && checkpoint() {
            return;
        }
        let words = words((base / STEP * WIDE) as u64, source.seed, source.stream);
        for i in base..(base + STEP).min(y.len()) {
            y[i] = i as i64;
            let at = 2 * (i - base);
            let draw = u64::from(words[at]) | u64::from(words[at + 1]) << 32;
            // The high half of a product with i + 1 is uniform on 0..=i but for 2⁻⁶⁴·i.
            y.swap(i, ((u128::from(draw) * (i as u128 + 1)) >> 64) as usize);
        }
    }
}

/// x where given, else 1, times 1/(1 − rate) where the element's word is kept, else times 0.
struct Dropout<'a, T> {
    source: Source,
    start: usize,
    threshold: u64,
    scale: T,
    x: Option<&'a [T]>,
    y: &'a mut [T],
}

impl<T: Float> Kernel for Dropout<'_, T> {
    type Output = ();
    #[inline(always)]
    fn run<I: Isa>(self) {
        let Dropout { source, start, threshold, scale, x, y } = self;
        // A word is kept when it is at least `threshold`, which is below 2³²: rate is below 1.
        let threshold = threshold as u32;
        for (n, y) in y.chunks_mut(WORDS).enumerate() {
            let words = words(((start / WORDS + n) * WIDE) as u64, source.seed, source.stream);
            if let Some(x) = x {
                let x = &x[n * WORDS..n * WORDS + y.len()];
                for i in 0..y.len() {
                    y[i] = x[i] * if words[i] >= threshold { scale } else { T::ZERO };
                }
            } else {
                for i in 0..y.len() {
                    y[i] = if words[i] >= threshold { scale } else { T::ZERO };
                }
            }
        }
    }
}

/// y = x · mask / (1 − rate), or the mask itself without x; 0 ≤ rate < 1. Element i is kept where word i ≥ rate·2³².
pub fn dropout<T: Float>(source: Source, rate: f64, x: Option<&[T]>, y: &mut [T]) {
    let threshold = (rate * 4_294_967_296.0).round().min(4_294_967_295.0) as u64;
    let scale = T::from_f64(1.0 / (1.0 - rate));
    parallel_chunks(chunks(y, PART), |part, y| {
        let start = part * PART;
        let x = x.map(|x| &x[start..start + y.len()]);
        simd::dispatch(Dropout { source, start, threshold, scale, x, y });
    });
}

/// α' = −scale·α of SELU: where a unit saturates.
const SATURATED: f64 = -1.758_099_340_847_376_6;

/// scale·x + shift where the element's word is kept, else `dropped`.
struct AlphaDropout<'a, T> {
    source: Source,
    start: usize,
    threshold: u32,
    scale: T,
    shift: T,
    dropped: T,
    x: &'a [T],
    y: &'a mut [T],
}

impl<T: Float> Kernel for AlphaDropout<'_, T> {
    type Output = ();
    #[inline(always)]
    fn run<I: Isa>(self) {
        let AlphaDropout { source, start, threshold, scale, shift, dropped, x, y } = self;
        for (n, y) in y.chunks_mut(WORDS).enumerate() {
            let words = words(((start / WORDS + n) * WIDE) as u64, source.seed, source.stream);
            let x = &x[n * WORDS..n * WORDS + y.len()];
            for i in 0..y.len() {
                y[i] = if words[i] >= threshold { x[i] * scale + shift } else { dropped };
            }
        }
    }
}

/// y = a·(x where kept, else α') + b, with a = ((1 − rate)(1 + rate·α'²))^(−½) and b = −a·α'·rate, which keep mean 0 and
/// variance 1 (Klambauer et al., 2017); `backward`: y = a·x where kept, else 0. Kept as in [`dropout`]; 0 ≤ rate < 1. NaN
/// stays where it is kept.
pub fn alpha_dropout<T: Float>(source: Source, rate: f64, backward: bool, x: &[T], y: &mut [T]) {
    debug_assert!(x.len() == y.len());
    let threshold = (rate * 4_294_967_296.0).round().min(4_294_967_295.0) as u32;
    let a = ((1.0 - rate) * (1.0 + rate * SATURATED * SATURATED)).powf(-0.5);
    let b = -a * SATURATED * rate;
    let (shift, dropped) = if backward { (0.0, 0.0) } else { (b, a * SATURATED + b) };
    let (scale, shift, dropped) = (T::from_f64(a), T::from_f64(shift), T::from_f64(dropped));
    parallel_chunks(chunks(y, PART), |part, y| {
        let start = part * PART;
        let x = &x[start..start + y.len()];
        simd::dispatch(AlphaDropout { source, start, threshold, scale, shift, dropped, x, y });
    });
}

#[cfg(test)]
mod tests {
    use super::*;

    /// The vectors that Random123 publishes in its `kat_vectors` for philox4x32-10.
    #[test]
    fn known_answers() {
        let block = |c: [u32; 4], k: [u32; 2]| {
            let join = |low: u32, high: u32| u64::from(low) | u64::from(high) << 32;
            philox::<WIDE>(join(c[0], c[1]), join(k[0], k[1]), join(c[2], c[3])).map(|lanes| lanes[0] as u32)
        };
        assert_eq!(block([0; 4], [0; 2]), [0x6627_e8d5, 0xe169_c58d, 0xbc57_ac4c, 0x9b00_dbd8]);
        assert_eq!(block([u32::MAX; 4], [u32::MAX; 2]), [0x408f_276d, 0x41c8_3b0e, 0xa20b_c7c6, 0x6d54_51fd]);
        assert_eq!(
            block([0x243f_6a88, 0x85a3_08d3, 0x1319_8a2e, 0x0370_7344], [0xa409_3822, 0x299f_31d0]),
            [0xd16c_fe09, 0x94fd_cceb, 0x5001_e420, 0x2412_6ea1]
        );
    }
}
