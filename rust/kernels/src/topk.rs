//! The k largest of each row.
//!
//! A row is read once, eight registers at a time; only where one of them exceeds the smallest of the k kept so far are
//! elements looked at. Order: falling values, NaN before all numbers, equal values (0 and −0 too) by rising index.

use crate::parts::PART;
use crate::simd::{self, Float, Isa, Kernel, V, Vector};
use crate::threads::{chunks, parallel_chunks};

/// Registers between two looks at what they hold.
const GROUP: usize = 8;

/// Element types whose value and index make one whole number to rank by.
pub trait Ranked: Float {
    /// Rises as values fall, and for equal values as indices rise.
    type Key: Ord + Copy + Send + Sync;
    fn key(self, index: u32) -> Self::Key;
    fn index(key: Self::Key) -> u32;
    /// The largest number below.
    fn below(self) -> Self;
    /// The value up to the sign of zero.
    fn value(key: Self::Key) -> Self;
}

macro_rules! ranked {
    ($float:ty, $bits:ty, $key:ty) => {
        impl Ranked for $float {
            type Key = $key;
            #[inline(always)]
            fn key(self, index: u32) -> $key {
                const SIGN: $bits = 1 << (<$bits>::BITS - 1);
                // Adding zero turns −0 into 0.
                let bits = (self + 0.0).to_bits();
                let rising = if bits & SIGN == 0 { bits | SIGN } else { !bits };
                let falling = if self.is_nan() { 0 } else { !rising };
                <$key>::from(falling) << 32 | <$key>::from(index)
            }
            #[inline(always)]
            fn index(key: $key) -> u32 {
                key as u32
            }
            fn below(self) -> $float {
                self.next_down()
            }
            #[inline(always)]
            fn value(key: $key) -> $float {
                const SIGN: $bits = 1 << (<$bits>::BITS - 1);
                let falling = (key >> 32) as $bits;
                let rising = !falling;
                match (falling, rising & SIGN) {
                    (0, _) => <$float>::NAN,
                    (_, 0) => <$float>::from_bits(!rising),
                    _ => <$float>::from_bits(rising & !SIGN),
                }
            }
        }
    };
}
ranked!(f32, u32, u64);
ranked!(f64, u64, u128);

/// Which elements may be kept.
pub(crate) trait Allowed {
    /// Must be `#[inline(always)]`.
    fn allows(&self, index: u32) -> bool;
    /// The most elements that it may refuse.
    fn refused(&self) -> usize;
}

/// All of them.
pub(crate) struct All;

impl Allowed for All {
    #[inline(always)]
    fn allows(&self, _index: u32) -> bool {
        true
    }

    fn refused(&self) -> usize {
        0
    }
}

/// The best elements met so far, `count` of them and some that wait to be dropped.
pub(crate) struct Best<T: Ranked> {
    count: usize,
    room: usize,
    keys: Vec<T::Key>,
    limit: T,
}

impl<T: Ranked> Best<T> {
    /// Nothing kept yet, and nothing wanted.
    pub fn new() -> Self {
        Best { count: 0, room: 0, keys: Vec::new(), limit: T::INFINITY }
    }

    /// Forgets all; from now on keeps the `count` best of the elements above −∞.
    pub fn reset(&mut self, count: usize) {
        self.keys.clear();
        self.count = count;
        self.room = 2 * count + 16;
        self.keys.reserve(if count == 0 { 0 } else { self.room });
        self.limit = if count == 0 { T::INFINITY } else { -T::INFINITY };
    }

    #[inline(always)]
    fn push(&mut self, key: T::Key) {
        self.keys.push(key);
        if self.keys.len() >= self.room {
            self.shrink();
        }
    }

    /// Raises the limit to just below a number that `count` of the elements to come reach.
    fn expect(&mut self, reached: T) {
        if self.count > 0 {
            self.limit = reached.below();
        }
    }

    #[inline(never)]
    fn shrink(&mut self) {
        if self.count == 0 {
            self.keys.clear(); // NaN, which no limit holds back
            return;
        }
        let (_, last, _) = self.keys.select_nth_unstable(self.count - 1);
        self.limit = T::value(*last);
        self.keys.truncate(self.count);
    }

    /// What was kept, best first: at most `count`.
    pub fn sorted(&mut self) -> &[T::Key] {
        if self.keys.len() > self.count {
            self.shrink();
        }
        self.keys.sort_unstable();
        &self.keys
    }
}

/// Keeps what exceeds the limit, NaN included; `first` is the index of x[0].
#[inline(always)]
pub(crate) fn collect<T: Ranked, I: Isa, A: Allowed>(x: &[T], first: usize, best: &mut Best<T>, allowed: &A) {
    let lanes = V::<T, I>::LANES;
    let mut i = 0;
    while i < x.len() {
        let count = lanes.min(x.len() - i);
        // SAFETY: `count` ≤ LANES elements are left from i on.
        let v = unsafe {
            let from = x.as_ptr().add(i);
            if count == lanes { V::<T, I>::load(from) } else { V::<T, I>::load_partial(from, count) }
        };
        let mut bits = V::<T, I>::bits(V::<T, I>::mask_not(v.le(V::<T, I>::splat(best.limit))));
        bits &= (1 << count) - 1;
        while bits != 0 {
            let at = i + bits.trailing_zeros() as usize;
            bits &= bits - 1;
            let index = (first + at) as u32;
            if allowed.allows(index) {
                best.push(x[at].key(index));
            }
        }
        i += lanes;
    }
}

/// The largest of x, −∞ for nothing, on the way keeping what exceeds the limit. NaN gets lost or is the result.
#[inline(always)]
pub(crate) fn max_and_best<T: Ranked, I: Isa, A: Allowed>(x: &[T], first: usize, best: &mut Best<T>, allowed: &A) -> T {
    let lanes = V::<T, I>::LANES;
    let from = x.as_ptr();
    let mut tops = V::<T, I>::splat(-T::INFINITY);
    let mut i = 0;
    while i + GROUP * lanes <= x.len() {
        let mut halves = [V::<T, I>::splat(-T::INFINITY); 2];
        for k in 0..GROUP {
            // SAFETY: i + GROUP · LANES ≤ x.len().
            halves[k % 2] = unsafe { V::<T, I>::load(from.add(i + k * lanes)) }.max(halves[k % 2]);
        }
        let here = halves[0].max(halves[1]);
        if V::<T, I>::any(here.gt(V::<T, I>::splat(best.limit))) {
            collect::<T, I, A>(&x[i..i + GROUP * lanes], first + i, best, allowed);
        }
        tops = here.max(tops);
        i += GROUP * lanes;
    }
    if i < x.len() {
        collect::<T, I, A>(&x[i..], first + i, best, allowed);
    }
    let mut room = [T::ZERO; 16];
    // SAFETY: no level has more than 16 lanes.
    unsafe { tops.store(room.as_mut_ptr()) };
    let mut top = -T::INFINITY;
    for value in room[..lanes].iter().chain(&x[i..]) {
        if *value > top || value.is_nan() {
            top = *value;
        }
    }
    top
}

/// Columns of a sample, and how many of its first elements it has.
const COLUMNS: usize = 64;
const SAMPLE: usize = 2048;
/// The worst rank that a sample is asked for: the maxima of its columns tell little about worse ones.
const RANK: usize = 24;

/// Raises the limit before anything was kept: of the maxima of 64 columns of x's beginning, the one of rank `count` is
/// reached by `count` elements. Without this, most of the elements met at first are kept in vain.
#[inline(always)]
pub(crate) fn sample<T: Ranked, I: Isa, A: Allowed>(x: &[T], best: &mut Best<T>, allowed: &A) {
    let rank = best.count + allowed.refused();
    if best.count == 0 || rank > RANK || x.len() < SAMPLE {
        return;
    }
    let lanes = V::<T, I>::LANES;
    let mut keys = [T::ZERO.key(0); COLUMNS];
    let mut room = [T::ZERO; 16];
    for column in (0..COLUMNS).step_by(lanes) {
        let mut tops = V::<T, I>::splat(-T::INFINITY);
        for row in (0..SAMPLE).step_by(COLUMNS) {
            // SAFETY: row + column + LANES ≤ SAMPLE ≤ x.len(): COLUMNS is a multiple of every register.
            tops = unsafe { V::<T, I>::load(x.as_ptr().add(row + column)) }.max(tops);
        }
        // SAFETY: no level has more than 16 lanes.
        unsafe { tops.store(room.as_mut_ptr()) };
        for lane in 0..lanes {
            keys[column + lane] = room[lane].key(0);
        }
    }
    let (_, reached, _) = keys.select_nth_unstable(rank - 1);
    best.expect(T::value(*reached));
}

struct Largest<'a, T: Ranked> {
    x: &'a [T],
    best: &'a mut Best<T>,
}

impl<T: Ranked> Kernel for Largest<'_, T> {
    type Output = ();
    #[inline(always)]
    fn run<I: Isa>(self) {
        let Largest { x, best } = self;
        let lanes = V::<T, I>::LANES;
        // −∞ counts as well where there is nothing better.
        let mut i = best.count.min(x.len());
        for (index, value) in x[..i].iter().enumerate() {
            best.push(value.key(index as u32));
        }
        if i == x.len() {
            return;
        }
        best.shrink();
        while i < x.len() {
            let count = (GROUP * lanes).min(x.len() - i);
            let limit = V::<T, I>::splat(best.limit);
            let mut hit = true;
            if count == GROUP * lanes {
                let mut masks = [V::<T, I>::zero().gt(V::<T, I>::zero()); 2];
                for k in 0..GROUP {
                    // SAFETY: GROUP · LANES elements are left from i on.
                    let v = unsafe { V::<T, I>::load(x.as_ptr().add(i + k * lanes)) };
                    masks[k % 2] = V::<T, I>::mask_or(masks[k % 2], V::<T, I>::mask_not(v.le(limit)));
                }
                hit = V::<T, I>::any(V::<T, I>::mask_or(masks[0], masks[1]));
            }
            if hit {
                collect::<T, I, All>(&x[i..i + count], i, best, &All);
            }
            i += count;
        }
    }
}

/// Leaves the `count` ≥ 1 largest of x in `best`; x has fewer than 2³² elements.
pub(crate) fn largest<T: Ranked>(x: &[T], count: usize, best: &mut Best<T>) {
    best.reset(count);
    simd::dispatch(Largest { x, best });
}

/// The k largest of each row of x (N, C) and where they are, best first: values and indices (N, k); 0 ≤ k ≤ C < 2³².
pub fn topk<T: Ranked>(x: &[T], columns: usize, k: usize, values: &mut [T], indices: &mut [i64]) {
    debug_assert!(values.len() == indices.len() && k <= columns && columns < u32::MAX as usize);
    let rows = (PART / columns.max(1)).max(1);
    parallel_chunks((chunks(values, rows * k), chunks(indices, rows * k)), |part, (values, indices)| {
        let mut best = Best::new();
        let first = part * rows;
        for (row, (values, indices)) in values.chunks_exact_mut(k).zip(indices.chunks_exact_mut(k)).enumerate() {
            let x = &x[(first + row) * columns..][..columns];
            largest(x, k, &mut best);
            for ((value, index), &key) in values.iter_mut().zip(indices).zip(best.sorted()) {
                let at = T::index(key);
                *value = x[at as usize];
                *index = i64::from(at);
            }
        }
    });
}

/// dx (N, C): dy (N, k) at `indices` (N, k), all in 0..C, and 0 elsewhere; what meets at one place adds up.
pub fn topk_backward<T: Float>(indices: &[i64], dy: &[T], columns: usize, k: usize, dx: &mut [T]) {
    debug_assert!(indices.len() == dy.len());
    let rows = (PART / columns.max(1)).max(1);
    parallel_chunks(chunks(dx, rows * columns), |part, dx| {
        dx.fill(T::ZERO);
        for (row, dx) in dx.chunks_exact_mut(columns).enumerate() {
            let at = (part * rows + row) * k;
            for (index, dy) in indices[at..at + k].iter().zip(&dy[at..at + k]) {
                dx[*index as usize] = dx[*index as usize] + *dy;
            }
        }
    });
}

#[cfg(test)]
mod tests {
    use super::*;

    fn check(x: &[f32], k: usize) {
        let mut expected: Vec<usize> = (0..x.len()).collect();
        let rank = |i: usize| if x[i].is_nan() { f32::INFINITY } else { x[i] };
        expected.sort_by(|&a, &b| {
            x[b].is_nan().cmp(&x[a].is_nan()).then(rank(b).partial_cmp(&rank(a)).unwrap()).then(a.cmp(&b))
        });
        let (mut values, mut indices) = (vec![0.0; k], vec![0; k]);
        topk(x, x.len(), k, &mut values, &mut indices);
        let found: Vec<usize> = indices.iter().map(|&i| i as usize).collect();
        assert_eq!(found, expected[..k], "{k} of {x:?}");
        for (value, &i) in values.iter().zip(&found) {
            assert_eq!(value.to_bits(), x[i].to_bits());
        }
    }

    #[test]
    fn rows_of_every_kind() {
        let mut state = 1u32;
        let mut next = || {
            state = state.wrapping_mul(1_664_525).wrapping_add(1_013_904_223);
            state >> 8
        };
        for n in [1, 2, 7, 16, 127, 128, 129, 1000] {
            for spread in [2, 10, 1 << 20] {
                let mut x: Vec<f32> = (0..n).map(|_| (next() % spread) as f32 - 3.0).collect();
                for k in [1, n / 3, n] {
                    check(&x, k);
                }
                x[n / 2] = f32::NAN;
                x[n / 3] = f32::NEG_INFINITY;
                x[n - 1] = -0.0;
                check(&x, n / 2);
                check(&x, n);
                x.sort_by(f32::total_cmp);
                check(&x, n.min(5));
            }
        }
        check(&[f32::NAN; 40], 3);
        check(&[f32::NEG_INFINITY; 40], 3);
    }
}
