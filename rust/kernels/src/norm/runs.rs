//! Runs of neighbouring elements that share their statistics.

use crate::simd::{self, Float, Isa, Kernel, Map, V, Vector};

use super::lines::LineOf;

/// Sums side by side, and the registers that each takes before all move to float64.
const CHAINS: usize = 4;
const CHAIN: usize = 32;

/// (mean, Σ (x − mean)²) of a run; (0, 0) of nothing.
pub struct Moments<'a, T>(pub &'a [T]);

impl<T: Float> Kernel for Moments<'_, T> {
    type Output = (f64, f64);
    #[inline(always)]
    fn run<I: Isa>(self) -> (f64, f64) {
        moments::<T, I>(self.0)
    }
}

#[inline(always)]
pub fn moments<T: Float, I: Isa>(x: &[T]) -> (f64, f64) {
    let (mut mean, mut squares, mut done) = (0.0, 0.0, 0);
    for block in x.chunks(CHAINS * CHAIN * V::<T, I>::LANES) {
        let (here, within) = block_moments::<T, I>(block);
        let share = block.len() as f64 / (done + block.len()) as f64;
        let delta = here - mean;
        squares += within + delta * delta * (done as f64 * share);
        mean += delta * share;
        done += block.len();
    }
    (mean, squares)
}

/// As `moments`, of at least one element and few enough for sums in the element type.
#[inline(always)]
fn block_moments<T: Float, I: Isa>(x: &[T]) -> (f64, f64) {
    // A mean of the first elements, exact where they are equal.
    let shift = match x.len() {
        1 => x[0],
        2 | 3 => (x[0] + x[1]) * T::from_f64(0.5),
        _ => ((x[0] + x[1]) + (x[2] + x[3])) * T::from_f64(0.25),
    };
    let (sum, square) = shifted_sums::<T, I>(x, shift);
    let count = x.len() as f64;
    let within = square - sum * sum / count;
    // Rounding may leave a little less than nothing; NaN stays.
    (shift.to_f64() + sum / count, if within < 0.0 { 0.0 } else { within })
}

/// (Σ (x − shift), Σ (x − shift)²) of few enough elements for sums in the element type.
#[inline(always)]
pub fn shifted_sums<T: Float, I: Isa>(x: &[T], shift: T) -> (f64, f64) {
    let lanes = V::<T, I>::LANES;
    let from = x.as_ptr();
    let mut sums = [V::<T, I>::zero(); CHAINS];
    let mut squares = [V::<T, I>::zero(); CHAINS];
    let k = V::<T, I>::splat(shift);
    let mut i = 0;
    // SAFETY: every load ends at or before x.len().
    unsafe {
        while i + CHAINS * lanes <= x.len() {
            for c in 0..CHAINS {
                let d = V::<T, I>::load(from.add(i + c * lanes)) - k;
                sums[c] = sums[c] + d;
                squares[c] = d.fma(d, squares[c]);
            }
            i += CHAINS * lanes;
        }
        while i + lanes <= x.len() {
            let d = V::<T, I>::load(from.add(i)) - k;
            sums[0] = sums[0] + d;
            squares[0] = d.fma(d, squares[0]);
            i += lanes;
        }
    }
    let mut sum = ((sums[0] + sums[1]) + (sums[2] + sums[3])).sum().to_f64();
    let mut square = ((squares[0] + squares[1]) + (squares[2] + squares[3])).sum().to_f64();
    for x in &x[i..] {
        let d = (*x - shift).to_f64();
        sum += d;
        square += d * d;
    }
    (sum, square)
}

/// Σ x² of a run.
#[inline(always)]
pub fn sum_squares<T: Float, I: Isa>(x: &[T]) -> f64 {
    let mut total = 0.0;
    for block in x.chunks(CHAINS * CHAIN * V::<T, I>::LANES) {
        total += shifted_sums::<T, I>(block, T::ZERO).1;
    }
    total
}

/// (Σ g, Σ g (x − m)) of a run, with g = f(x, dy).
pub struct Sums<'a, T, const RELU: bool> {
    pub x: &'a [T],
    pub dy: &'a [T],
    pub m: T,
    pub f: LineOf<T, RELU>,
}

impl<T: Float, const RELU: bool> Kernel for Sums<'_, T, RELU> {
    type Output = (f64, f64);
    #[inline(always)]
    fn run<I: Isa>(self) -> (f64, f64) {
        let Sums { x, dy, m, f } = self;
        let block = CHAINS * CHAIN * V::<T, I>::LANES;
        let (mut sum, mut product) = (0.0, 0.0);
        for (x, dy) in x.chunks(block).zip(dy.chunks(block)) {
            let (s, p) = block_sums::<T, I, RELU>(x, dy, m, &f);
            sum += s;
            product += p;
        }
        (sum, product)
    }
}

#[inline(always)]
fn block_sums<T: Float, I: Isa, const RELU: bool>(x: &[T], dy: &[T], m: T, f: &LineOf<T, RELU>) -> (f64, f64) {
    let lanes = V::<T, I>::LANES;
    let (p, q) = (x.as_ptr(), dy.as_ptr());
    let mut sums = [V::<T, I>::zero(); CHAINS];
    let mut products = [V::<T, I>::zero(); CHAINS];
    let m = V::<T, I>::splat(m);
    let mut i = 0;
    // SAFETY: every load ends at or before x.len() = dy.len(); lanes past a partial load are zero in dy, and add nothing.
    unsafe {
        while i + CHAINS * lanes <= x.len() {
            for c in 0..CHAINS {
                let x = V::<T, I>::load(p.add(i + c * lanes));
                let g: V<T, I> = f.apply([x, V::<T, I>::load(q.add(i + c * lanes))]);
                sums[c] = sums[c] + g;
                products[c] = g.fma(x - m, products[c]);
            }
            i += CHAINS * lanes;
        }
        while i + lanes <= x.len() {
            let x = V::<T, I>::load(p.add(i));
            let g: V<T, I> = f.apply([x, V::<T, I>::load(q.add(i))]);
            sums[0] = sums[0] + g;
            products[0] = g.fma(x - m, products[0]);
            i += lanes;
        }
    }
    let mut total = [
        ((sums[0] + sums[1]) + (sums[2] + sums[3])).sum().to_f64(),
        ((products[0] + products[1]) + (products[2] + products[3])).sum().to_f64(),
    ];
    if i < x.len() {
        let rest = x.len() - i;
        let mut room = [[T::ZERO; 16]; 2];
        // SAFETY: `rest` < LANES elements are left, and no level has more than 16 lanes.
        unsafe {
            let x = V::<T, I>::load_partial(p.add(i), rest);
            let g: V<T, I> = f.apply([x, V::<T, I>::load_partial(q.add(i), rest)]);
            g.store(room[0].as_mut_ptr());
            (g * (x - m)).store(room[1].as_mut_ptr());
        }
        for (total, room) in total.iter_mut().zip(&room) {
            for value in &room[..rest] {
                *total += value.to_f64();
            }
        }
    }
    (total[0], total[1])
}

/// y = f(x) of one run.
pub struct Each<'a, T, F, const N: usize> {
    pub f: &'a F,
    pub x: [&'a [T]; N],
    pub y: &'a mut [T],
    pub stream: bool,
}

impl<T: Float, F: Map<T, N>, const N: usize> Kernel for Each<'_, T, F, N> {
    type Output = ();
    #[inline(always)]
    fn run<I: Isa>(self) {
        simd::map::<T, I, N>(self.f, self.x, self.y, self.stream);
    }
}
