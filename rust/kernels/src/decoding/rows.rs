//! One pass over a row of logits: its maximum, its sum of exponentials, its best tokens.

use crate::parts::PART;
use crate::simd::{self, Float, Isa, Kernel};
use crate::softmax::{BLOCK, sum_exp};
use crate::threads::{chunks, parallel_chunks};
use crate::topk::{All, Allowed, Best, Ranked, max_and_best, sample};

/// Rows of one part: each logit costs an exponential.
pub(super) fn rows_per_part(vocabulary: usize) -> usize {
    (PART / vocabulary.max(1)).max(1)
}

/// What turns a row's logits into log-probabilities.
#[derive(Clone, Copy, Default)]
pub(super) struct Stat {
    top: f64,
    log_sum: f64,
}

impl Stat {
    /// log p of a token with this logit; never above 0.
    #[inline(always)]
    pub fn log_p(&self, logit: f64) -> f64 {
        ((logit - self.top) - self.log_sum).min(0.0)
    }

    /// Whether the row is a distribution: no NaN, no +∞, not −∞ alone.
    pub fn sound(&self) -> bool {
        self.top.is_finite() && self.log_sum.is_finite()
    }
}

/// The tokens that beams may go on with: neither in a set of bits nor in a short list.
pub(super) struct Unblocked<'a> {
    pub blocked: &'a [u64],
    pub also: &'a [u32],
    /// How many bits are set.
    pub count: usize,
}

impl Allowed for Unblocked<'_> {
    #[inline(always)]
    fn allows(&self, token: u32) -> bool {
        self.blocked[token as usize / 64] >> (token % 64) & 1 == 0 && !self.also.contains(&token)
    }

    fn refused(&self) -> usize {
        self.count + self.also.len()
    }
}

struct Scan<'a, T: Ranked, A> {
    x: &'a [T],
    best: &'a mut Best<T>,
    allowed: A,
}

impl<T: Ranked, A: Allowed> Kernel for Scan<'_, T, A> {
    type Output = Stat;
    #[inline(always)]
    fn run<I: Isa>(self) -> Stat {
        let Scan { x, best, allowed } = self;
        let mut top = -T::INFINITY;
        let mut sum = 0.0;
        sample::<T, I, A>(x, best, &allowed);
        // A block stays in the first cache between its two readings.
        for (number, block) in x.chunks(BLOCK).enumerate() {
            let here = max_and_best::<T, I, A>(block, number * BLOCK, best, &allowed);
            if here > top || here.is_nan() {
                if top > -T::INFINITY {
                    sum *= (top.to_f64() - here.to_f64()).exp();
                }
                top = here;
            }
            sum += sum_exp::<T, I>(block, if top > -T::INFINITY { top } else { T::ZERO }).to_f64();
        }
        Stat { top: top.to_f64(), log_sum: sum.ln() }
    }
}

/// Reads a row once; the best of the allowed tokens above −∞ are left in `best`, as many as it was told to keep.
pub(super) fn scan<T: Ranked>(x: &[T], best: &mut Best<T>, allowed: impl Allowed) -> Stat {
    simd::dispatch(Scan { x, best, allowed })
}

/// Reads a row for its log-probabilities alone.
pub(super) fn stat<T: Ranked>(x: &[T]) -> Stat {
    scan(x, &mut Best::new(), All)
}

/// What keeps a row from being a distribution.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Unsound {
    Nan,
    Infinite,
    Impossible,
}

impl Unsound {
    /// Of a row that [`Stat::sound`] refused.
    pub(super) fn of<T: Float>(x: &[T]) -> Unsound {
        if x.iter().any(|v| v.is_nan()) {
            Unsound::Nan
        } else if x.contains(&T::INFINITY) {
            Unsound::Infinite
        } else {
            Unsound::Impossible
        }
    }
}

/// log softmax(logits)[token] for each row of logits (N, V), in float64; or the first row that is no distribution.
/// tokens (N,) lie in 0..V. The numbers are those of a search, to the bit.
pub fn token_log_probs<T: Ranked>(
    logits: &[T],
    vocabulary: usize,
    tokens: &[i64],
    y: &mut [f64],
) -> Result<(), (usize, Unsound)> {
    debug_assert!(logits.len() == vocabulary * tokens.len() && tokens.len() == y.len());
    let rows = rows_per_part(vocabulary);
    parallel_chunks(chunks(y, rows), |part, y| {
        for (k, y) in y.iter_mut().enumerate() {
            let row = part * rows + k;
            let x = &logits[row * vocabulary..][..vocabulary];
            let stat = stat(x);
            let log_p = stat.log_p(x[tokens[row] as usize].to_f64());
            *y = if stat.sound() { log_p } else { f64::NAN };
        }
    });
    match y.iter().position(|log_p| log_p.is_nan()) {
        Some(row) => Err((row, Unsound::of(&logits[row * vocabulary..][..vocabulary]))),
        None => Ok(()),
    }
}
