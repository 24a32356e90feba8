//! Products with few columns and a long sum: dot products of rows of A with columns of B, lanes along k.
//!
//! The tiles of the other products have their lanes along the columns of C, most of which would be idle here.

use super::gemv::Sum;
use super::pack;
use super::{Epilogue, Factor, Scalar, Shape, activate};
use crate::scratch::{self, Plain};
use crate::simd::{self, Isa, Kernel, V, Vector, fetch_far};
use crate::threads::{chunks, parallel_chunks};

/// Bytes of k that a part sums at most: a few rows of A and columns of B as long fit in the first-level cache.
const RUN: usize = 3072;
/// Bytes of k and rows of A from which adding up lanes and packing columns cost little beside the sums.
const DEEP: usize = 1024;
const TALL: usize = 16;
/// Rows of A that a part has at most, and that are worth a part and its columns of B.
const ROWS: usize = 512;
const WORTH: usize = 48;
/// Rows that are worked off before their runs are added up.
const MOST_ROWS: usize = 4096;
/// Parts to aim at.
const PARTS: usize = 8;
/// Elements of C that are worth a part when runs are added up.
const SUMS: usize = 16_384;
/// Columns that are summed side by side.
const ACROSS: usize = 4;

/// Whether the product is deep, and its columns would fill three quarters of a level's registers (of `lanes`) or less.
/// Registers of 16 bytes have too few lanes to gain by it.
pub(super) fn serves<T>(shape: Shape, a: &Factor<'_, T>, lanes: usize) -> bool {
    let registers = shape.n.div_ceil(lanes);
    shape.batch == 1
        && !a.transposed
        && lanes * size_of::<T>() >= 32
        && shape.m >= TALL
        && shape.k.saturating_mul(size_of::<T>()) >= DEEP
        && registers <= 2
        && 4 * shape.n <= 3 * registers * lanes
}

/// As [`super::gemm`], for shapes that this module serves.
///
/// k falls into equal runs; a run's sum is that of interleaved lanes, and runs are added in order. An element of C depends
/// on its row of A, its column of B and the number of columns.
pub(super) fn dots<T: Scalar + Plain>(
    shape: Shape,
    a: Factor<'_, T>,
    b: Factor<'_, T>,
    c: &mut [T],
    epilogue: Epilogue<'_, T>,
) {
    let Shape { m, n, k, .. } = shape;
    let stride = a.row_stride;
    let run = k.div_ceil(k.div_ceil(RUN / size_of::<T>())).next_multiple_of(64);
    let runs = k.div_ceil(run);
    for (from, c) in (0..m).step_by(MOST_ROWS).zip(c[..m * n].chunks_mut(MOST_ROWS * n)) {
        let rows = c.len() / n;
        let blocks = rows.div_ceil(ROWS).max(PARTS.div_ceil(runs).min(rows / WORTH)).max(1);
        let block = rows.div_ceil(blocks);
        let blocks = rows.div_ceil(block);
        // As many rows in every block, so that all parts write as much: the last rows of the last one may be missing.
        let padded = blocks * block * n;
        let mut sums = scratch::take::<T>(runs * padded);
        parallel_chunks(chunks(&mut sums, block * n), |part, sums| {
            let (k0, first) = (part / blocks * run, from + part % blocks * block);
            let rows = block.min(from + rows - first);
            let length = run.min(k - k0);
            let mut columns = scratch::take::<T>(n * run);
            pack_columns(&b, k0, length, &mut columns, run);
            let a = &a.data[first * a.row_stride + k0..];
            simd::dispatch(Dots { a, stride, rows, columns: &columns, run, length, sums });
        });
        let (sums, some) = (&sums[..], (SUMS / n).max(1));
        parallel_chunks(chunks(c, some * n), |part, c| {
            let sums = &sums[part * some * n..];
            simd::dispatch(Sum { sums, parts: runs, stride: padded, y: c, accumulate: epilogue.accumulate });
            for row in c.chunks_mut(n) {
                if let Some(bias) = epilogue.bias {
                    row.iter_mut().zip(bias).for_each(|(c, &b)| *c = *c + b);
                }
            }
            activate(c, epilogue.activation);
        });
    }
}

/// Columns of B for `length` of k from `k0` on, one after another, `run` apart, with zeros behind `length`.
fn pack_columns<T: Scalar>(b: &Factor<'_, T>, k0: usize, length: usize, columns: &mut [T], run: usize) {
    let n = columns.len() / run;
    let last = if b.transposed { (n - 1) * b.row_stride + k0 + length } else { (k0 + length - 1) * b.row_stride + n };
    assert!(length <= run && last <= b.data.len());
    if b.transposed {
        for (j, to) in columns.chunks_mut(run).enumerate() {
            to[..length].copy_from_slice(&b.data[j * b.row_stride + k0..][..length]);
        }
    } else {
        // SAFETY: rows k0..k0 + length of n elements lie in B, and `columns` holds n runs.
        unsafe {
            let from = b.data.as_ptr().add(k0 * b.row_stride);
            pack::turn_over(from, b.row_stride, length, n, columns.as_mut_ptr(), run);
        }
    }
    for to in columns.chunks_mut(run) {
        to[length..].fill(T::ZERO);
    }
}

/// sums[i * n + j] = Σ a[i * stride + k] columns[j * run + k] over k < length.
struct Dots<'a, T> {
    a: &'a [T],
    stride: usize,
    rows: usize,
    columns: &'a [T],
    run: usize,
    length: usize,
    sums: &'a mut [T],
}

impl<T: Scalar> Kernel for Dots<'_, T> {
    type Output = ();

    #[inline(always)]
    fn run<I: Isa>(self) {
        let n = self.columns.len() / self.run;
        let lanes = V::<T, I>::LANES;
        assert!(self.length.next_multiple_of(lanes) <= self.run && self.sums.len() >= self.rows * n);
        assert!((self.rows - 1) * self.stride + self.length <= self.a.len());
        // As many sums as there are registers for: 24 of 32, 12 of 16.
        let tall = if lanes * size_of::<T>() == 64 { 6 } else { 3 };
        let sums = self.sums.as_mut_ptr();
        let mut i = 0;
        while i < self.rows {
            let rows = if i + tall <= self.rows { tall } else { 1 };
            let groups = n.div_ceil(ACROSS);
            for group in 0..groups {
                let (from, to) = (n * group / groups, n * (group + 1) / groups);
                let tile = Tile {
                    a: self.a.as_ptr().wrapping_add(i * self.stride),
                    stride: self.stride,
                    b: self.columns.as_ptr().wrapping_add(from * self.run),
                    run: self.run,
                    length: self.length,
                    to: sums.wrapping_add(i * n + from),
                    n,
                    // Two of the rows that come next.
                    ahead: self.a.as_ptr().wrapping_add((i + rows + 2 * group) * self.stride),
                };
                // SAFETY: rows below `rows` and columns below n, as asserted; `sums` is borrowed mutably by self.
                unsafe { tile.of::<I>(rows, to - from) };
            }
            i += rows;
        }
    }
}

/// Some rows of A times some columns of B.
struct Tile<T> {
    a: *const T,
    stride: usize,
    b: *const T,
    run: usize,
    length: usize,
    to: *mut T,
    n: usize,
    ahead: *const T,
}

impl<T: Scalar> Tile<T> {
    /// # Safety
    /// The pointers are valid for these rows and columns, and B's columns hold zeros up to whole registers.
    #[inline(always)]
    unsafe fn of<I: Isa>(&self, rows: usize, columns: usize) {
        // SAFETY: handed on.
        unsafe {
            match (rows, columns) {
                (6, 4) => self.sum::<I, 6, 4>(),
                (6, 3) => self.sum::<I, 6, 3>(),
                (6, 2) => self.sum::<I, 6, 2>(),
                (6, _) => self.sum::<I, 6, 1>(),
                (3, 4) => self.sum::<I, 3, 4>(),
                (3, 3) => self.sum::<I, 3, 3>(),
                (3, 2) => self.sum::<I, 3, 2>(),
                (3, _) => self.sum::<I, 3, 1>(),
                (_, 4) => self.sum::<I, 1, 4>(),
                (_, 3) => self.sum::<I, 1, 3>(),
                (_, 2) => self.sum::<I, 1, 2>(),
                _ => self.sum::<I, 1, 1>(),
            }
        }
    }

    /// # Safety
    /// As `of`.
    #[inline(always)]
    unsafe fn sum<I: Isa, const R: usize, const C: usize>(&self) {
        let lanes = V::<T, I>::LANES;
        let mut sums = [[V::<T, I>::zero(); ACROSS]; R];
        // SAFETY: whole registers within the rows, then what is left of them; columns are padded.
        unsafe {
            let mut k = 0;
            while k + lanes <= self.length {
                fetch_far(self.ahead.wrapping_add(k));
                fetch_far(self.ahead.wrapping_add(self.stride + k));
                let mut b = [V::<T, I>::zero(); C];
                for c in 0..C {
                    b[c] = V::<T, I>::load(self.b.add(c * self.run + k));
                }
                for r in 0..R {
                    let a = V::<T, I>::load(self.a.add(r * self.stride + k));
                    for c in 0..C {
                        sums[r][c] = a.fma(b[c], sums[r][c]);
                    }
                }
                k += lanes;
            }
            if k < self.length {
                for r in 0..R {
                    let a = V::<T, I>::load_partial(self.a.add(r * self.stride + k), self.length - k);
                    for c in 0..C {
                        sums[r][c] = a.fma(V::<T, I>::load(self.b.add(c * self.run + k)), sums[r][c]);
                    }
                }
            }
            for r in 0..R {
                let found = V::<T, I>::sums(sums[r]);
                for c in 0..C {
                    *self.to.add(r * self.n + c) = found[c];
                }
            }
        }
    }
}
