//! Reductions over some axes of a contiguous array.
//!
//! Everything is brought to the form (outer, run, inner): `run` is reduced, `outer` and `inner` stay. A
//! float32 partial sum takes at most 32 elements along a run, 64 down a column; beyond that all adds up in float64, in an order that
//! depends on the shape alone. So the error of a sum does not grow with its length.

mod fold;
mod places;

use crate::parts::PART;
use crate::simd::{self, Float, Isa, Kernel, V, Vector};
use crate::threads::{chunks, parallel_chunks};

pub use fold::{Fold, Max, Min, Product, Sum, SumSquares, fold_run};
pub use places::first_extreme;

/// Columns that one part of a reduction over rows takes.
const COLUMNS: usize = 2048;

struct Runs<'a, T, F> {
    x: &'a [T],
    run: usize,
    y: &'a mut [f64],
    fold: std::marker::PhantomData<F>,
}

impl<T: Float, F: Fold> Kernel for Runs<'_, T, F> {
    type Output = ();
    #[inline(always)]
    fn run<I: Isa>(self) {
        for (x, y) in self.x.chunks(self.run).zip(self.y) {
            *y = fold_run::<T, I, F>(x);
        }
    }
}

/// Folds `rows` rows of `stride` elements into one row of `y.len()`, the columns from `x[0]` on.
struct Columns<'a, T, F> {
    x: &'a [T],
    rows: usize,
    stride: usize,
    y: &'a mut [f64],
    fold: std::marker::PhantomData<F>,
}

impl<T: Float, F: Fold> Kernel for Columns<'_, T, F> {
    type Output = ();
    #[inline(always)]
    fn run<I: Isa>(self) {
        const WIDE: usize = 4;
        let Columns { x, rows, stride, y, .. } = self;
        let lanes = V::<T, I>::LANES;
        let mut column = 0;
        while column + WIDE * lanes <= y.len() {
            fold_columns::<T, I, F, WIDE>(x, rows, stride, column, &mut y[column..]);
            column += WIDE * lanes;
        }
        while column + lanes <= y.len() {
            fold_columns::<T, I, F, 1>(x, rows, stride, column, &mut y[column..]);
            column += lanes;
        }
        for c in column..y.len() {
            let mut total = F::IDENTITY;
            for row in 0..rows {
                total = F::element(total, x[row * stride + c].to_f64());
            }
            y[c] = total;
        }
    }
}

/// One tile of `N` registers of columns; every 64 rows move to float64.
#[inline(always)]
fn fold_columns<T: Float, I: Isa, F: Fold, const N: usize>(
    x: &[T],
    rows: usize,
    stride: usize,
    column: usize,
    y: &mut [f64],
) {
    const ROWS: usize = 64;
    let lanes = V::<T, I>::LANES;
    y[..N * lanes].fill(F::IDENTITY);
    let mut row = 0;
    while row < rows {
        let last = (row + ROWS).min(rows);
        let mut sums = [V::<T, I>::splat(T::from_f64(F::IDENTITY)); N];
        for r in row..last {
            let line = &x[r * stride + column..r * stride + column + N * lanes];
            for k in 0..N {
                // SAFETY: the line has N·lanes elements.
                sums[k] = F::lanes(sums[k], unsafe { V::<T, I>::load(line.as_ptr().add(k * lanes)) });
            }
        }
        let mut room = [T::ZERO; 16];
        for k in 0..N {
            // SAFETY: no level has more than 16 lanes.
            unsafe { sums[k].store(room.as_mut_ptr()) };
            for lane in 0..lanes {
                y[k * lanes + lane] = F::join(y[k * lanes + lane], room[lane].to_f64());
            }
        }
        row = last;
    }
}

/// y[o, i] = fold over r of x[o, r, i], times `scale`. x is (outer, run, inner), y (outer, inner).
pub fn reduce<T: Float, F: Fold>(x: &[T], run: usize, inner: usize, scale: f64, y: &mut [T]) {
    if y.is_empty() {
        return;
    }
    debug_assert!(x.len() == y.len() / inner * run * inner);
    if run == 0 {
        y.fill(T::from_f64(F::IDENTITY * scale));
        return;
    }
    if inner == 1 {
        reduce_runs::<T, F>(x, run, scale, y);
        return;
    }
    let rows = (2 * PART / inner).max(64).min(run);
    let outer = y.len() / inner;
    for o in 0..outer.min(if inner * run >= PART { outer } else { 0 }) {
        reduce_rows::<T, F>(
            &x[o * run * inner..][..run * inner],
            run,
            inner,
            rows,
            scale,
            &mut y[o * inner..][..inner],
        );
    }
    if inner * run < PART {
        // Small planes: several to a part.
        let planes = (PART / (inner * run)).max(1);
        parallel_chunks(chunks(y, planes * inner), |part, y| {
            let mut room = vec![0.0; inner];
            for (k, y) in y.chunks_mut(inner).enumerate() {
                let x = &x[(part * planes + k) * run * inner..][..run * inner];
                let fold = std::marker::PhantomData::<F>;
                simd::dispatch(Columns { x, rows: run, stride: inner, y: &mut room, fold });
                write_scaled(&room, scale, y);
            }
        });
    }
}

fn write_scaled<T: Float>(from: &[f64], scale: f64, y: &mut [T]) {
    for (y, value) in y.iter_mut().zip(from) {
        *y = T::from_f64(value * scale);
    }
}

/// Reduction along contiguous runs.
fn reduce_runs<T: Float, F: Fold>(x: &[T], run: usize, scale: f64, y: &mut [T]) {
    let fold = std::marker::PhantomData::<F>;
    if run >= 2 * PART {
        // Long runs: cut each into pieces, and join those in order.
        let pieces = run.div_ceil(PART);
        let mut partial = vec![0.0; pieces * y.len()];
        parallel_chunks(chunks(&mut partial, 1), |part, y| {
            let (o, piece) = (part / pieces, part % pieces);
            let x = &x[o * run + piece * PART..o * run + ((piece + 1) * PART).min(run)];
            simd::dispatch(Runs { x, run: x.len(), y, fold });
        });
        for (y, partial) in y.iter_mut().zip(partial.chunks(pieces)) {
            *y = T::from_f64(partial.iter().fold(F::IDENTITY, |a, b| F::join(a, *b)) * scale);
        }
        return;
    }
    let rows = (PART / run).max(1);
    parallel_chunks(chunks(y, rows), |part, y| {
        let mut room = [0.0; 64];
        for (k, y) in y.chunks_mut(64).enumerate() {
            let start = (part * rows + k * 64) * run;
            simd::dispatch(Runs { x: &x[start..start + y.len() * run], run, y: &mut room[..y.len()], fold });
            write_scaled(&room, scale, y);
        }
    });
}

/// Reduction of one (run, inner) plane over its rows, cut into blocks of rows and of columns.
fn reduce_rows<T: Float, F: Fold>(x: &[T], run: usize, inner: usize, rows: usize, scale: f64, y: &mut [T]) {
    let fold = std::marker::PhantomData::<F>;
    let blocks = run.div_ceil(rows);
    let mut partial = vec![0.0; blocks * inner];
    // A piece never crosses from one block of rows to the next when a block holds several of them.
    let width = if inner > COLUMNS { inner.div_ceil(inner.div_ceil(COLUMNS)) } else { inner };
    let per_row = inner.div_ceil(width);
    let mut pieces: Vec<&mut [f64]> = Vec::with_capacity(blocks * per_row);
    for row in partial.chunks_mut(inner) {
        pieces.extend(row.chunks_mut(width));
    }
    parallel_chunks(chunks(&mut pieces, 1), |part, piece| {
        let (block, c) = (part / per_row, part % per_row);
        let first = block * rows;
        let count = rows.min(run - first);
        let x = &x[first * inner + c * width..];
        simd::dispatch(Columns { x, rows: count, stride: inner, y: piece[0], fold });
    });
    drop(pieces);
    let (total, rest) = partial.split_at_mut(inner);
    for block in rest.chunks(inner) {
        for (a, b) in total.iter_mut().zip(block) {
            *a = F::join(*a, *b);
        }
    }
    write_scaled(total, scale, y);
}

/// Σ over all elements of a fold, in float64.
pub fn reduce_all<T: Float, F: Fold>(x: &[T]) -> f64 {
    let fold = std::marker::PhantomData::<F>;
    let mut partial = vec![0.0; x.len().div_ceil(PART)];
    parallel_chunks(chunks(&mut partial, 1), |part, y| {
        let x = &x[part * PART..((part + 1) * PART).min(x.len())];
        simd::dispatch(Runs { x, run: x.len(), y, fold });
    });
    partial.iter().fold(F::IDENTITY, |a, b| F::join(a, *b))
}

struct CountNonfinite<'a, T>(&'a [T]);

impl<T: Float> Kernel for CountNonfinite<'_, T> {
    type Output = usize;
    #[inline(always)]
    fn run<I: Isa>(self) -> usize {
        let mut finite = 0;
        for block in self.0.chunks(4096) {
            let mut count = 0u32;
            for x in block {
                count += u32::from(*x < T::INFINITY && -*x < T::INFINITY);
            }
            finite += count as usize;
        }
        self.0.len() - finite
    }
}

/// How many elements are NaN or infinite.
pub fn count_nonfinite<T: Float>(x: &[T]) -> usize {
    let mut partial = vec![0; x.len().div_ceil(PART)];
    parallel_chunks(chunks(&mut partial, 1), |part, y| {
        y[0] = simd::dispatch(CountNonfinite(&x[part * PART..((part + 1) * PART).min(x.len())]));
    });
    partial.iter().sum()
}

/// y[o, r, i] = Σ over r' ≤ r of x[o, r', i], added in float64.
pub fn cumsum<T: Float>(x: &[T], run: usize, inner: usize, y: &mut [T]) {
    if y.is_empty() {
        return;
    }
    parallel_chunks(chunks(y, run * inner), |o, y| {
        let x = &x[o * run * inner..][..run * inner];
        let mut total = vec![0.0; inner];
        for (y, x) in y.chunks_mut(inner).zip(x.chunks(inner)) {
            for i in 0..inner {
                total[i] += x[i].to_f64();
                y[i] = T::from_f64(total[i]);
            }
        }
    });
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn long_sums_keep_their_accuracy() {
        let x = vec![0.1f32; 16_000_003];
        let mut y = [0.0];
        reduce::<f32, Sum>(&x, x.len(), 1, 1.0, &mut y);
        let want = f64::from(0.1f32) * x.len() as f64;
        assert!((f64::from(y[0]) / want - 1.0).abs() < 5e-7, "{} {want}", y[0]);
        let mut columns = [0.0; 2];
        reduce::<f32, Sum>(&x[..16_000_002], 8_000_001, 2, 1.0, &mut columns);
        let want = f64::from(0.1f32) * 8_000_001.0;
        assert!(columns.iter().all(|c| (f64::from(*c) / want - 1.0).abs() < 5e-7), "{columns:?} {want}");
    }

    #[test]
    fn every_form_agrees_with_the_plain_sum() {
        for (outer, run, inner) in
            [(1, 1, 1), (3, 17, 1), (2, 5, 7), (1, 1000, 3), (2, 300, 150), (1, 3, 70_000), (1, 70_001, 1), (40, 9, 33)]
        {
            let x: Vec<f64> = (0..outer * run * inner).map(|i| (i as f64 * 0.7).sin()).collect();
            let mut y = vec![0.0; outer * inner];
            reduce::<f64, Sum>(&x, run, inner, 1.0, &mut y);
            let mut top = y.clone();
            reduce::<f64, Max>(&x, run, inner, 1.0, &mut top);
            for o in 0..outer {
                for i in 0..inner {
                    let values = (0..run).map(|r| x[(o * run + r) * inner + i]);
                    let at = o * inner + i;
                    assert!((values.clone().sum::<f64>() - y[at]).abs() < 1e-9);
                    assert_eq!(values.fold(f64::NEG_INFINITY, f64::max), top[at]);
                }
            }
        }
    }
}
