//! One optimizer step over a list of tensors, in place: one pass over memory, whatever is done to gradient and weight.
//!
//! The tensors are seen as one long row, cut into parts of fixed length: the work is balanced whatever their sizes.
//! Coefficients are computed in float64 and rounded once. NaN in a gradient goes to its element alone.

mod lamb;
mod rules;

use std::sync::atomic::{AtomicU64, Ordering};

pub use lamb::{Lamb, lamb_step};
pub use rules::{Adadelta, Adagrad, Adam, Adamax, Average, Ftrl, Lion, Momentum, Nadam, RmsProp, Sgd};

use crate::parts::{PART, far};
use crate::simd::math::clamp;
use crate::simd::{self, AHEAD, Float, Isa, Kernel, V, Vector, fetch_far};
use crate::threads::parallel_whole;

/// Elements after which sums of float32 go on in float64.
const BLOCK: usize = 1024;

/// The update of one element of parameter and state from its gradient, on registers.
pub trait Update<T: Float, const S: usize>: Sync {
    /// Whether parameter and state are written back.
    const WRITES_PARAMETER: bool = true;
    const WRITES_STATE: bool = true;
    /// Whether the squares of `measure` are summed.
    const MEASURES: bool = false;

    /// `(parameter, state)` after the step. Must be `#[inline(always)]`.
    fn apply<V: Vector<T>>(&self, parameter: V, gradient: V, state: [V; S]) -> (V, [V; S]);

    /// Two values of each element whose squares are summed over the tensor, from what `apply` gave.
    #[inline(always)]
    fn measure<V: Vector<T>>(&self, parameter: V, _state: [V; S]) -> [V; 2] {
        [parameter, parameter]
    }
}

/// Which rows of a table have a gradient: `rows` rises, naming each once, and a row has `width` numbers. The other rows
/// have gradient zero or, when lazy, are left alone.
#[derive(Clone, Copy)]
pub struct Table<'a> {
    pub rows: &'a [i64],
    pub width: usize,
    pub lazy: bool,
}

/// One tensor: parameter, gradient and `S` states of equal length, and what is done around the update.
pub struct Tensor<'a, T, const S: usize> {
    pub parameter: &'a mut [T],
    /// One number for each parameter; those of the table's rows alone, one row after another, where there is a table.
    pub gradient: &'a [T],
    pub table: Option<Table<'a>>,
    pub state: [&'a mut [T]; S],
    /// The moving average of the parameter, where one is kept.
    pub average: Option<&'a mut [T]>,
    /// The gradient is multiplied by this.
    pub scale: f64,
    /// The parameter is multiplied by this before the update.
    pub decay: f64,
}

/// What is done around the update of every tensor alike.
#[derive(Clone, Copy)]
pub struct Around {
    /// After its scaling, the gradient is brought into ± this; infinity leaves it.
    pub clip: f64,
    /// average ← momentum·average + (1 − momentum)·parameter, after the update.
    pub momentum: f64,
}

impl Default for Around {
    fn default() -> Self {
        Around { clip: f64::INFINITY, momentum: 0.0 }
    }
}

/// A tensor's addresses, shared by the threads.
struct Place<'a, T, const S: usize> {
    parameter: *mut T,
    gradient: *const T,
    table: Option<Table<'a>>,
    state: [*mut T; S],
    /// Null where none is kept.
    average: *mut T,
    scale: T,
    decay: T,
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

/// Some elements of one tensor.
struct Run<'a, T, U, const S: usize> {
    update: &'a U,
    limit: T,
    average: Average<T>,
    place: &'a Place<'a, T, S>,
    /// Whether parameters and all that goes with them come from beyond the caches.
    far: bool,
    segments: Segments<'a>,
}

impl<T: Float, U: Update<T, S>, const S: usize> Run<'_, T, U, S> {
    /// Gradient and parameter as the update sees them, and the update.
    #[inline(always)]
    fn update<V: Vector<T>>(&self, parameter: V, gradient: V, state: [V; S]) -> (V, [V; S]) {
        let gradient = clamp(gradient * V::splat(self.place.scale), V::splat(-self.limit), V::splat(self.limit));
        let (parameter, mut state) = self.update.apply(parameter * V::splat(self.place.decay), gradient, state);
        for k in 0..S {
            // Averages of gradients that have become zero would decay through the subnormal numbers.
            state[k] = V::select(state[k].abs().lt(V::splat(T::FAINT)), V::zero(), state[k]);
        }
        (parameter, state)
    }
}

impl<T: Float, U: Update<T, S>, const S: usize> Run<'_, T, U, S> {
    /// Updates `count` elements from `at` on with the gradient at `from`, or, where `ZERO`, with gradient zero.
    ///
    /// # Safety
    /// at + count is at most the tensor's length, `from` has count elements unless `ZERO`, and nobody else has the elements.
    #[inline(always)]
    unsafe fn span<I: Isa, const ZERO: bool>(&self, at: usize, from: *const T, count: usize) -> [f64; 2] {
        let place = self.place;
        let lanes = V::<T, I>::LANES;
        let mut i = at;
        let end = at + count;
        let mut total = [0.0; 2];
        // SAFETY: this function's contract.
        unsafe {
            while i + lanes <= end {
                let stop = if U::MEASURES { (i + BLOCK).min(end) } else { end };
                let mut sums = [V::<T, I>::zero(); 2];
                while i + lanes <= stop {
                    if self.far {
                        for k in 0..S {
                            fetch_far(place.state[k].wrapping_add(i).wrapping_byte_add(AHEAD));
                        }
                        fetch_far(place.parameter.wrapping_add(i).wrapping_byte_add(AHEAD));
                        if !ZERO {
                            fetch_far(from.wrapping_add(i - at).wrapping_byte_add(AHEAD));
                        }
                    }
                    let mut state = [V::<T, I>::zero(); S];
                    for k in 0..S {
                        state[k] = V::<T, I>::load(place.state[k].add(i));
                    }
                    let parameter = V::<T, I>::load(place.parameter.add(i));
                    let gradient = if ZERO { V::<T, I>::zero() } else { V::<T, I>::load(from.add(i - at)) };
                    let (parameter, state) = self.update(parameter, gradient, state);
                    if U::WRITES_PARAMETER {
                        parameter.store(place.parameter.add(i));
                    }
                    if U::WRITES_STATE {
                        for k in 0..S {
                            state[k].store(place.state[k].add(i));
                        }
                    }
                    if !place.average.is_null() {
                        let average = V::<T, I>::load(place.average.add(i));
                        self.average.mix(average, parameter).store(place.average.add(i));
                    }
                    if U::MEASURES {
                        let [a, b] = self.update.measure(parameter, state);
                        sums = [a.fma(a, sums[0]), b.fma(b, sums[1])];
                    }
                    i += lanes;
                }
                if U::MEASURES {
                    total = [total[0] + sums[0].sum().to_f64(), total[1] + sums[1].sum().to_f64()];
                }
            }
            if i < end {
                let rest = end - i;
                let mut state = [V::<T, I>::zero(); S];
                for k in 0..S {
                    state[k] = V::<T, I>::load_partial(place.state[k].add(i), rest);
                }
                let parameter = V::<T, I>::load_partial(place.parameter.add(i), rest);
                let gradient = if ZERO { V::<T, I>::zero() } else { V::<T, I>::load_partial(from.add(i - at), rest) };
                let (parameter, state) = self.update(parameter, gradient, state);
                if U::WRITES_PARAMETER {
                    parameter.store_partial(place.parameter.add(i), rest);
                }
                if U::WRITES_STATE {
                    for k in 0..S {
                        state[k].store_partial(place.state[k].add(i), rest);
                    }
                }
                if !place.average.is_null() {
                    let average = V::<T, I>::load_partial(place.average.add(i), rest);
                    self.average.mix(average, parameter).store_partial(place.average.add(i), rest);
                }
                if U::MEASURES {
                    let measured = self.update.measure(parameter, state);
                    for k in 0..2 {
                        // Lanes past the end may hold anything.
                        let mut values = [T::ZERO; 64];
                        measured[k].store_partial(values.as_mut_ptr(), rest);
                        let value = V::<T, I>::load_partial(values.as_ptr(), rest);
                        total[k] += (value * value).sum().to_f64();
                    }
                }
            }
        }
        total
    }
}

impl<T: Float, U: Update<T, S>, const S: usize> Kernel for Run<'_, T, U, S> {
    type Output = [f64; 2];
    #[inline(always)]
    fn run<I: Isa>(mut self) -> [f64; 2] {
        let mut total = [0.0; 2];
        while let Some(Segment { at, gradient, count }) = self.segments.next() {
            let from = self.place.gradient;
            // SAFETY: a segment lies within its tensor and its gradient, and no other part has its elements.
            let sums = unsafe {
                match gradient {
                    Some(start) => self.span::<I, false>(at, from.add(start), count),
                    None => self.span::<I, true>(at, from, count),
                }
            };
            total = [total[0] + sums[0], total[1] + sums[1]];
        }
        total
    }
}

/// Applies `update` to every element of every tensor; an interrupt does not stop it half-way.
///
/// Gives the two sums of squares of each tensor where `U::MEASURES`, and nothing otherwise.
pub fn step<T: Float, U: Update<T, S>, const S: usize>(
    update: &U,
    around: Around,
    tensors: &mut [Tensor<'_, T, S>],
) -> Vec<[f64; 2]> {
    let mut end = 0;
    let places = tensors.iter_mut().map(|t| {
        let length = t.parameter.len();
        debug_assert!(t.state.iter().all(|s| s.len() == length));
        debug_assert!(t.gradient.len() == t.table.map_or(length, |table| table.rows.len() * table.width));
        debug_assert!(t.table.is_none_or(|table| table.rows.windows(2).all(|pair| pair[0] < pair[1])));
        debug_assert!(t.average.as_ref().is_none_or(|a| a.len() == length));
        end += if t.table.is_some_and(|table| table.lazy) { t.gradient.len() } else { length };
        let mut state = [std::ptr::null_mut(); S];
        for (to, from) in state.iter_mut().zip(&mut t.state) {
            *to = from.as_mut_ptr();
        }
        Place {
            parameter: t.parameter.as_mut_ptr(),
            gradient: t.gradient.as_ptr(),
            table: t.table,
            state,
            average: t.average.as_mut().map_or(std::ptr::null_mut(), |a| a.as_mut_ptr()),
            scale: T::from_f64(t.scale),
            decay: T::from_f64(t.decay),
            end,
        }
    });
    let places = Places(places.collect());
    let (limit, average) = (T::from_f64(around.clip), Average::new(around.momentum));
    let total = end;
    let (parts, far) = (total.div_ceil(PART), far::<T>(total));
    // Sums of the pieces: each part, and within it each tensor, in order.
    let pieces = if U::MEASURES { parts + places.0.len() } else { 0 };
    let sums: Vec<[AtomicU64; 2]> = (0..pieces).map(|_| Default::default()).collect();
    parallel_whole(parts, |part| {
        let places = &places;
        let (mut at, stop) = (part * PART, ((part + 1) * PART).min(total));
        let mut index = places.0.partition_point(|p| p.end <= at);
        while at < stop {
            let place = &places.0[index];
            let begin = if index == 0 { 0 } else { places.0[index - 1].end };
            let count = place.end.min(stop) - at;
            if count > 0 {
                let segments = Segments::new(place.table, at - begin, at - begin + count);
                let sum = simd::dispatch(Run { update, limit, average, place, far, segments });
                if U::MEASURES {
                    // Every boundary of a part or a tensor begins one piece, so part + index is a piece's own place.
                    for (to, value) in sums[part + index].iter().zip(sum) {
                        to.store(value.to_bits(), Ordering::Relaxed);
                    }
                }
            }
            at += count;
            index += 1;
        }
    });
    if U::MEASURES { gather(&places.0, &sums) } else { Vec::new() }
}

/// The sums of each tensor from those of its pieces.
fn gather<T, const S: usize>(places: &[Place<'_, T, S>], sums: &[[AtomicU64; 2]]) -> Vec<[f64; 2]> {
    let mut begin = 0;
    let of_tensor = |(index, place): (usize, &Place<'_, T, S>)| {
        let mut total = [0.0; 2];
        for part in begin / PART..place.end.div_ceil(PART) {
            for (to, from) in total.iter_mut().zip(&sums[part + index]) {
                *to += f64::from_bits(from.load(Ordering::Relaxed));
            }
        }
        begin = place.end;
        total
    };
    places.iter().enumerate().map(of_tensor).collect()
}
