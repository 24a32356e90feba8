//! One optimizer step over a list of tensors, in place. Formulas are Keras 3's, epsilon where Keras has it.
//!
//! The tensors are seen as one long row, cut into parts of fixed length: the work is balanced whatever their sizes.
//! Coefficients are computed in float64 and rounded once. NaN in a gradient goes to its element alone.

use crate::parts::PART;
use crate::simd::{self, Float, Isa, Kernel, V, Vector};
use crate::threads::parallel_whole;

/// The update of one element of parameter and state from its gradient, on registers.
pub trait Update<T: Float, const S: usize>: Sync {
    /// `(parameter, state)` after the step. Must be `#[inline(always)]`.
    fn apply<V: Vector<T>>(&self, parameter: V, gradient: V, state: [V; S]) -> (V, [V; S]);
}

/// Where a tensor's gradient comes from.
pub enum Gradient<'a, T> {
    /// One number for each parameter.
    Dense(&'a [T]),
    /// Rows of a table, `values` one row after another. The other rows have gradient zero or, when lazy, are left alone.
    Rows { table: Table<'a>, values: &'a [T] },
}

/// Which rows of a table have a gradient: `rows` rises, naming each once, and a row has `width` numbers.
#[derive(Clone, Copy)]
pub struct Table<'a> {
    pub rows: &'a [i64],
    pub width: usize,
    pub lazy: bool,
}

/// One tensor: parameter, gradient and `S` states of the parameter's length.
pub struct Tensor<'a, T, const S: usize> {
    pub parameter: &'a mut [T],
    pub gradient: Gradient<'a, T>,
    pub state: [&'a mut [T]; S],
}

/// A tensor's addresses, shared by the threads.
struct Place<'a, T, const S: usize> {
    parameter: *mut T,
    gradient: *const T,
    state: [*mut T; S],
    table: Option<Table<'a>>,
    /// Where the tensor ends in the long row.
    end: usize,
}

struct Places<'a, T, const S: usize>(Vec<Place<'a, T, S>>);

// SAFETY: the addresses come from exclusive borrows that outlive the region, and each part touches its own elements.
unsafe impl<T: Sync + Send, const S: usize> Sync for Places<'_, T, S> {}

/// Elements whose gradients lie side by side, or are all zero.
struct Segment {
    at: usize,
    gradient: Option<usize>,
    count: usize,
}

/// Elements `at..end` of a tensor (of its gradient's rows, when lazy) as segments.
struct Segments<'a> {
    table: Option<Table<'a>>,
    at: usize,
    end: usize,
    /// The first row of the gradient that ends after `at`.
    row: usize,
}

impl<'a> Segments<'a> {
    #[inline(always)]
    fn new(table: Option<Table<'a>>, at: usize, end: usize) -> Self {
        let row = match table {
            None => 0,
            Some(t) if t.lazy => at / t.width,
            Some(t) => t.rows.partition_point(|&row| (row as usize + 1) * t.width <= at),
        };
        Segments { table, at, end, row }
    }

    #[inline(always)]
    fn next(&mut self) -> Option<Segment> {
        let Segments { table, at, end, row } = *self;
        if at >= end {
            return None;
        }
        let Some(Table { rows, width, lazy }) = table else {
            self.at = end;
            return Some(Segment { at, gradient: Some(at), count: end - at });
        };
        if lazy {
            let column = at - row * width;
            let count = (width - column).min(end - at);
            self.at += count;
            self.row += 1;
            return Some(Segment { at: rows[row] as usize * width + column, gradient: Some(at), count });
        }
        let first = rows.get(row).map_or(end, |&row| row as usize * width);
        if at < first {
            let count = first.min(end) - at;
            self.at += count;
            return Some(Segment { at, gradient: None, count });
        }
        let count = (first + width).min(end) - at;
        self.at += count;
        self.row += 1;
        Some(Segment { at, gradient: Some(row * width + at - first), count })
    }
}

struct Run<'a, T, U, const S: usize> {
    update: &'a U,
    place: &'a Place<'a, T, S>,
    segments: Segments<'a>,
}

impl<T: Float, U: Update<T, S>, const S: usize> Kernel for Run<'_, T, U, S> {
    type Output = ();
    #[inline(always)]
    fn run<I: Isa>(self) {
        let Run { update, place, mut segments } = self;
        while let Some(Segment { at, gradient, count }) = segments.next() {
            // SAFETY: a segment lies within its tensor and no other part has its elements.
            unsafe {
                match gradient {
                    Some(from) => span::<T, U, I, S, false>(update, place, at, place.gradient.add(from), count),
                    None => span::<T, U, I, S, true>(update, place, at, place.gradient, count),
                }
            }
        }
    }
}

/// Updates `count` elements from `at` on with the gradient at `gradient`, or, where `ZERO`, with gradient zero.
///
/// # Safety
/// at + count is at most the tensor's length, `gradient` has count elements unless `ZERO`, and nobody else has the elements.
#[inline(always)]
unsafe fn span<T: Float, U: Update<T, S>, I: Isa, const S: usize, const ZERO: bool>(
    update: &U,
    place: &Place<'_, T, S>,
    at: usize,
    gradient: *const T,
    count: usize,
) {
    let lanes = V::<T, I>::LANES;
    let mut i = 0;
    // SAFETY: this function's contract.
    unsafe {
        while i + lanes <= count {
            let mut state = [V::<T, I>::zero(); S];
            for k in 0..S {
                state[k] = V::<T, I>::load(place.state[k].add(at + i));
            }
            let parameter = V::<T, I>::load(place.parameter.add(at + i));
            let g = if ZERO { V::<T, I>::zero() } else { V::<T, I>::load(gradient.add(i)) };
            let (parameter, state) = update.apply(parameter, g, state);
            parameter.store(place.parameter.add(at + i));
            for k in 0..S {
                state[k].store(place.state[k].add(at + i));
            }
            i += lanes;
        }
        if i < count {
            let rest = count - i;
            let mut state = [V::<T, I>::zero(); S];
            for k in 0..S {
                state[k] = V::<T, I>::load_partial(place.state[k].add(at + i), rest);
            }
            let parameter = V::<T, I>::load_partial(place.parameter.add(at + i), rest);
            let g = if ZERO { V::<T, I>::zero() } else { V::<T, I>::load_partial(gradient.add(i), rest) };
            let (parameter, state) = update.apply(parameter, g, state);
            parameter.store_partial(place.parameter.add(at + i), rest);
            for k in 0..S {
                state[k].store_partial(place.state[k].add(at + i), rest);
            }
        }
    }
}

/// Applies `update` to every element of every tensor; an interrupt does not stop it half-way.
pub fn step<T: Float, U: Update<T, S>, const S: usize>(update: &U, tensors: &mut [Tensor<'_, T, S>]) {
    let mut end = 0;
    let places = tensors.iter_mut().map(|t| {
        debug_assert!(t.state.iter().all(|s| s.len() == t.parameter.len()));
        let (gradient, table) = match t.gradient {
            Gradient::Dense(gradient) => {
                debug_assert!(gradient.len() == t.parameter.len());
                (gradient, None)
            }
            Gradient::Rows { table, values } => {
                debug_assert!(values.len() == table.rows.len() * table.width);
                debug_assert!(table.rows.windows(2).all(|pair| pair[0] < pair[1]));
                (values, Some(table))
            }
        };
        end += if table.is_some_and(|table| table.lazy) { gradient.len() } else { t.parameter.len() };
        let mut state = [std::ptr::null_mut(); S];
        for (to, from) in state.iter_mut().zip(&mut t.state) {
            *to = from.as_mut_ptr();
        }
        Place { parameter: t.parameter.as_mut_ptr(), gradient: gradient.as_ptr(), state, table, end }
    });
    let places = Places(places.collect());
    let total = end;
    parallel_whole(total.div_ceil(PART), |part| {
        let places = &places;
        let (mut at, stop) = (part * PART, ((part + 1) * PART).min(total));
        let mut index = places.0.partition_point(|p| p.end <= at);
        while at < stop {
            let place = &places.0[index];
            let begin = if index == 0 { 0 } else { places.0[index - 1].end };
            let until = place.end.min(stop);
            if until > at {
                let segments = Segments::new(place.table, at - begin, until - begin);
                simd::dispatch(Run { update, place, segments });
            }
            at = until;
            index += 1;
        }
    });
}

/// w ← w − lr·g.
pub struct Sgd<T> {
    lr: T,
}

impl<T: Float> Sgd<T> {
    pub fn new(lr: f64) -> Self {
        Sgd { lr: T::from_f64(lr) }
    }
}

impl<T: Float> Update<T, 0> for Sgd<T> {
    #[inline(always)]
    fn apply<V: Vector<T>>(&self, w: V, g: V, state: [V; 0]) -> (V, [V; 0]) {
        (g.neg_fma(V::splat(self.lr), w), state)
    }
}

/// v ← momentum·v − lr·g; w ← w + v, or, Nesterov's form, w ← w + momentum·v − lr·g.
pub struct Momentum<T> {
    lr: T,
    momentum: T,
    nesterov: bool,
}

impl<T: Float> Momentum<T> {
    pub fn new(lr: f64, momentum: f64, nesterov: bool) -> Self {
        Momentum { lr: T::from_f64(lr), momentum: T::from_f64(momentum), nesterov }
    }
}

impl<T: Float> Update<T, 1> for Momentum<T> {
    #[inline(always)]
    fn apply<V: Vector<T>>(&self, w: V, g: V, [v]: [V; 1]) -> (V, [V; 1]) {
        let (lr, momentum) = (V::splat(self.lr), V::splat(self.momentum));
        let v = g.neg_fma(lr, v * momentum);
        let w = if self.nesterov { w + g.neg_fma(lr, v * momentum) } else { w + v };
        (w, [v])
    }
}

/// v ← ρ·v + (1 − ρ)·g²; with averages, a ← ρ·a + (1 − ρ)·g and the variance v − a² in v's stead;
/// d = lr·g / √(v + ε); with momentum, m ← momentum·m + d and w ← w − m; without, w ← w − d.
///
/// States: velocity, then the average where `CENTERED`, then the momentum where `MOMENTUM`.
pub struct RmsProp<T, const CENTERED: bool, const MOMENTUM: bool> {
    lr: T,
    rho: T,
    rest: T,
    momentum: T,
    epsilon: T,
}

impl<T: Float, const CENTERED: bool, const MOMENTUM: bool> RmsProp<T, CENTERED, MOMENTUM> {
    pub fn new(lr: f64, rho: f64, momentum: f64, epsilon: f64) -> Self {
        RmsProp {
            lr: T::from_f64(lr),
            rho: T::from_f64(rho),
            rest: T::from_f64(1.0 - rho),
            momentum: T::from_f64(momentum),
            epsilon: T::from_f64(epsilon),
        }
    }
}

impl<T: Float, const CENTERED: bool, const MOMENTUM: bool, const S: usize> Update<T, S>
    for RmsProp<T, CENTERED, MOMENTUM>
{
    #[inline(always)]
    fn apply<V: Vector<T>>(&self, w: V, g: V, mut state: [V; S]) -> (V, [V; S]) {
        let (rho, rest) = (V::splat(self.rho), V::splat(self.rest));
        state[0] = rho.fma(state[0], rest * g * g);
        let mut variance = state[0];
        if CENTERED {
            state[1] = rho.fma(state[1], rest * g);
            variance = state[1].neg_fma(state[1], variance);
        }
        let d = V::splat(self.lr) * g / (variance + V::splat(self.epsilon)).sqrt();
        if MOMENTUM {
            state[S - 1] = V::splat(self.momentum).fma(state[S - 1], d);
            (w - state[S - 1], state)
        } else {
            (w - d, state)
        }
    }
}

/// m ← m + (1 − β₁)(g − m); v ← v + (1 − β₂)(g² − v); with AMSGrad v̂ ← max(v̂, v) in v's stead;
/// w ← w − α·m / (√v + ε), α = lr·√(1 − β₂ᵗ) / (1 − β₁ᵗ), t the number of the step from 1 on.
///
/// States: m, v, then v̂ where there are three.
pub struct Adam<T> {
    alpha: T,
    first: T,
    second: T,
    epsilon: T,
}

impl<T: Float> Adam<T> {
    pub fn new(lr: f64, beta_1: f64, beta_2: f64, epsilon: f64, step: u64) -> Self {
        let t = step as f64;
        let alpha = lr * (1.0 - beta_2.powf(t)).sqrt() / (1.0 - beta_1.powf(t));
        Adam {
            alpha: T::from_f64(alpha),
            first: T::from_f64(1.0 - beta_1),
            second: T::from_f64(1.0 - beta_2),
            epsilon: T::from_f64(epsilon),
        }
    }
}

impl<T: Float, const S: usize> Update<T, S> for Adam<T> {
    #[inline(always)]
    fn apply<V: Vector<T>>(&self, w: V, g: V, mut state: [V; S]) -> (V, [V; S]) {
        state[0] = (g - state[0]).fma(V::splat(self.first), state[0]);
        state[1] = (g * g - state[1]).fma(V::splat(self.second), state[1]);
        let mut v = state[1];
        if S == 3 {
            // NaN in v stays: the comparison gives the second operand.
            state[2] = state[2].max(v);
            v = state[2];
        }
        let d = V::splat(self.alpha) * state[0] / (v.sqrt() + V::splat(self.epsilon));
        (w - d, state)
    }
}
