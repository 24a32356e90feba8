//! Drawing a token from a row of logits: temperature, the k likeliest, the nucleus, a least probability.

use super::rows::{Stat, stat};
use crate::random::{Source, unit};
use crate::simd::{self, Float, Isa, Kernel, Map, Vector};
use crate::softmax::{BLOCK, sum_exp};
use crate::topk::{Best, Ranked, largest, max_and_best};

/// How tokens are drawn. Tokens are cut away in this order: all but the `top_k` likeliest (0: none), all behind those that
/// together reach `top_p` of what is left, all less likely than `min_p` times the likeliest.
#[derive(Clone, Debug)]
pub struct Sampling {
    pub temperature: f64,
    pub top_k: usize,
    pub top_p: f64,
    pub min_p: f64,
    pub seed: u64,
    /// Draws of the same seed that must not repeat each other.
    pub draw: u64,
    /// A number for each sequence: what it draws depends on that number, the step and the seed alone.
    pub sequences: Vec<u64>,
}

/// Tokens looked at first when a nucleus is sought.
const NUCLEUS: usize = 64;

/// (x − top) / temperature.
struct Tempered<T> {
    top: T,
    temperature: T,
}

impl<T: Float> Map<T, 1> for Tempered<T> {
    #[inline(always)]
    fn apply<V: Vector<T>>(&self, [x]: [V; 1]) -> V {
        (x - V::splat(self.top)) / V::splat(self.temperature)
    }
}

/// Brings z to a maximum of 0 and gives the sum of exponentials of each block; none where all are −∞.
struct Prepare<'a, T> {
    z: &'a mut [T],
    temperature: T,
    sums: &'a mut Vec<f64>,
}

impl<T: Ranked> Kernel for Prepare<'_, T> {
    type Output = ();
    #[inline(always)]
    fn run<I: Isa>(self) {
        let Prepare { z, temperature, sums } = self;
        sums.clear();
        let top = max_and_best::<T, I, _>(z, 0, &mut Best::new(), &crate::topk::All);
        if top > -T::INFINITY {
            simd::map_in_place::<T, I>(&Tempered { top, temperature }, z);
            for block in z.chunks(BLOCK) {
                sums.push(sum_exp::<T, I>(block, T::ZERO).to_f64());
            }
        }
    }
}

/// Memory that one thread's draws share.
pub(super) struct Workspace<T: Ranked> {
    z: Vec<T>,
    sums: Vec<f64>,
    best: Best<T>,
}

impl<T: Ranked> Workspace<T> {
    pub fn new() -> Self {
        Workspace { z: Vec::new(), sums: Vec::new(), best: Best::new() }
    }
}

/// Which tokens a draw may give.
pub(super) enum Choice<'a> {
    /// All but these.
    Without(&'a [u32], &'a [u32]),
    /// These alone.
    Only(&'a [u32]),
}

impl Sampling {
    /// A token, None where none is allowed, and what the row's log-probabilities come from.
    pub(super) fn draw<T: Ranked>(
        &self,
        x: &[T],
        choice: &Choice<'_>,
        sequence: usize,
        step: usize,
        work: &mut Workspace<T>,
    ) -> (Option<u32>, Stat) {
        let stat = stat(x);
        if !stat.sound() {
            return (None, stat);
        }
        let Workspace { z, sums, best } = work;
        z.clear();
        match choice {
            Choice::Without(some, more) => {
                z.extend_from_slice(x);
                for &token in some.iter().chain(*more) {
                    z[token as usize] = -T::INFINITY;
                }
            }
            Choice::Only(tokens) => {
                z.resize(x.len(), -T::INFINITY);
                for &token in *tokens {
                    z[token as usize] = x[token as usize];
                }
            }
        }
        simd::dispatch(Prepare { z, temperature: T::from_f64(self.temperature), sums });
        if sums.is_empty() {
            return (None, stat);
        }
        let source = Source { seed: self.seed, stream: self.sequences[sequence] };
        let u = unit(source, self.draw << 32 | step as u64);
        let token = if self.top_k > 0 || self.top_p < 1.0 {
            self.among_best(u, z, sums.iter().sum(), best)
        } else {
            self.among_all(u, z, sums)
        };
        (Some(token), stat)
    }

    /// What z may not fall below.
    fn least(&self) -> f64 {
        if self.min_p > 0.0 { self.min_p.ln() } else { f64::NEG_INFINITY }
    }

    /// Draws from the likeliest tokens, in the order of their probabilities.
    fn among_best<T: Ranked>(&self, u: f64, z: &[T], sum: f64, best: &mut Best<T>) -> u32 {
        let mut count = (if self.top_k > 0 { self.top_k } else { NUCLEUS }).min(z.len());
        loop {
            largest(z, count, best);
            let keys = best.sorted();
            let weight = |key: &T::Key| T::value(*key).to_f64().exp();
            let whole: f64 = if self.top_k > 0 { keys.iter().map(weight).sum() } else { sum };
            let mut kept = 0.0;
            let mut length = 0;
            while length < keys.len() && kept < self.top_p * whole {
                let value = T::value(keys[length]).to_f64();
                if length > 0 && (value < self.least() || value == f64::NEG_INFINITY) {
                    break;
                }
                kept += value.exp();
                length += 1;
            }
            let length = length.max(1);
            if self.top_k == 0 && length == count && count < z.len() {
                count = (8 * count).min(z.len());
                continue;
            }
            let mut rest = u * kept;
            for key in &keys[..length - 1] {
                rest -= weight(key);
                if rest < 0.0 {
                    return T::index(*key);
                }
            }
            return T::index(keys[length - 1]);
        }
    }

    /// Draws from all tokens, in their own order.
    fn among_all<T: Ranked>(&self, u: f64, z: &mut [T], sums: &mut [f64]) -> u32 {
        if self.min_p > 0.0 {
            let least = self.least();
            for (block, sum) in z.chunks_mut(BLOCK).zip(&mut *sums) {
                *sum = 0.0;
                for value in block {
                    if value.to_f64() < least {
                        *value = -T::INFINITY;
                    } else {
                        *sum += value.to_f64().exp();
                    }
                }
            }
        }
        let mut rest = u * sums.iter().sum::<f64>();
        let mut number = 0;
        while number + 1 < sums.len() && (rest >= sums[number] || sums[number] == 0.0) {
            rest -= sums[number];
            number += 1;
        }
        // Rounding may carry past the last token with a chance, or into blocks without one.
        let mut last = None;
        for (index, value) in z.iter().enumerate().skip(number * BLOCK) {
            if *value > -T::INFINITY {
                last = Some(index);
                rest -= value.to_f64().exp();
                if rest < 0.0 {
                    break;
                }
            }
        }
        let last = last.or_else(|| z.iter().rposition(|value| *value > -T::INFINITY));
        last.unwrap_or(0) as u32
    }
}
