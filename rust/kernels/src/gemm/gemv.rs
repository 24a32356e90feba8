//! Products with a single row (or, turned over, a single column): bound by reading the matrix once.

use super::{Activation, Epilogue, Factor, Scalar, Shape, activate};
use crate::scratch::{self, Plain};
use crate::simd::{self, Isa, Kernel, V, Vector, fetch_far};
use crate::threads::{chunks, parallel_chunks};

/// Elements of the matrix that are worth a part of their own.
const WORTH: usize = 65_536;
/// The most parts.
const PARTS: usize = 16;
/// Rows that are read side by side, each added to y in one go.
const ROWS: usize = 8;
/// Columns that a part has at least where parts are columns: shorter runs of W's rows suit no memory.
const RUN: usize = 2048;
/// Elements of W from which it hardly comes from a cache. Only then are rows fetched ahead: what lies in a cache streams
/// by itself, and the fetches take a load's place each.
const LARGE: usize = 2 << 20;
/// Elements of y that parts are a multiple of, but for the last.
const UNIT: usize = 64;

/// Whether the product is a row times a matrix, or a matrix times a column.
pub(super) fn serves<T>(shape: Shape, _a: &Factor<'_, T>, _b: &Factor<'_, T>) -> bool {
    shape.batch == 1 && shape.k > 0 && (shape.m == 1 || shape.n == 1)
}

/// As [`super::gemm`], for shapes that this module serves.
///
/// y[j] = Σ x[k] W[k, j]. Rows of W: chains of multiply-adds in the order of k, one for each of up to 16 equal runs of k,
/// whose sums are added in order; a single chain where y is long. Columns of W: dot products over interleaved lanes.
/// Either way y[j] depends on x and column j alone, and parts are cut by shape.
pub(super) fn gemv<T: Scalar + Plain>(
    shape: Shape,
    a: Factor<'_, T>,
    b: Factor<'_, T>,
    c: &mut [T],
    epilogue: Epilogue<'_, T>,
) {
    let k = shape.k;
    // A single column is a single row of the transposed product.
    let (x, w, n) = if shape.m == 1 { (a, b, shape.n) } else { (turned(b), turned(a), shape.m) };
    let contiguous = !x.transposed || x.row_stride == 1;
    let mut copy = scratch::take::<T>(if contiguous { 0 } else { k });
    let x = if contiguous {
        &x.data[..k]
    } else {
        for (to, from) in copy.iter_mut().zip(x.data.iter().step_by(x.row_stride)) {
            *to = *from;
        }
        &copy[..]
    };
    let y = &mut c[..n];
    let finish = Finish { bias: epilogue.bias, every: shape.m == 1, activation: epilogue.activation };
    let work = k.saturating_mul(n);
    let far = work >= LARGE;
    let parts = (work / WORTH).clamp(1, PARTS);
    if !w.transposed && parts > 1 && n < PARTS * RUN {
        // Rows of W lie side by side: a part is a run of memory, and comes from the cache of the core that had it before.
        let rows = k.div_ceil(parts).next_multiple_of(ROWS);
        let mut sums = scratch::take::<T>(k.div_ceil(rows) * n);
        parallel_chunks(chunks(&mut sums, n), |part, sums| {
            let first = part * rows;
            let x = &x[first..k.min(first + rows)];
            sums.fill(T::ZERO);
            simd::dispatch(Rows { x, w: &w.data[first * w.row_stride..], stride: w.row_stride, y: sums, far });
        });
        let parts = sums.len() / n;
        simd::dispatch(Sum { sums: &sums, parts, stride: n, y, accumulate: epilogue.accumulate });
        return finish.run(0, y);
    }
    let parts = if w.transposed { parts } else { parts.min(n.div_ceil(RUN)) };
    let chunk = n.div_ceil(parts).next_multiple_of(UNIT);
    parallel_chunks(chunks(y, chunk), |part, y| {
        let first = part * chunk;
        if !epilogue.accumulate {
            y.fill(T::ZERO);
        }
        if w.transposed {
            simd::dispatch(Columns { x, w: &w.data[first * w.row_stride..], stride: w.row_stride, y, far });
        } else {
            simd::dispatch(Rows { x, w: &w.data[first..], stride: w.row_stride, y, far });
        }
        finish.run(first, y);
    });
}

/// What follows the sums.
struct Finish<'a, T> {
    bias: Option<&'a [T]>,
    /// Every element has a bias of its own; else there is one for all.
    every: bool,
    activation: Activation,
}

impl<T: Scalar> Finish<'_, T> {
    /// For the elements `y` from `first` on.
    fn run(&self, first: usize, y: &mut [T]) {
        match self.bias {
            Some(bias) if self.every => y.iter_mut().zip(&bias[first..]).for_each(|(y, &b)| *y = *y + b),
            Some(bias) => y.iter_mut().for_each(|y| *y = *y + bias[0]),
            None => {}
        }
        if self.activation != Activation::Linear {
            activate(y, self.activation);
        }
    }
}

/// y[j] = (y[j] if `accumulate`) + the sums of all parts, in order, which lie `stride` apart.
pub(super) struct Sum<'a, T> {
    pub sums: &'a [T],
    pub parts: usize,
    pub stride: usize,
    pub y: &'a mut [T],
    pub accumulate: bool,
}

impl<T: Scalar> Kernel for Sum<'_, T> {
    type Output = ();

    #[inline(always)]
    fn run<I: Isa>(self) {
        let (n, lanes) = (self.y.len(), V::<T, I>::LANES);
        let (parts, stride) = (self.parts, self.stride);
        assert!(parts == 0 || (parts - 1) * stride + n <= self.sums.len());
        let (sums, y) = (self.sums.as_ptr(), self.y.as_mut_ptr());
        for j in (0..n).step_by(lanes) {
            let count = lanes.min(n - j);
            // SAFETY: part < parts and j + count ≤ n.
            unsafe {
                let from = sums.add(j);
                let mut sum = V::<T, I>::zero();
                if count == lanes {
                    if self.accumulate {
                        sum = V::<T, I>::load(y.add(j));
                    }
                    for part in 0..parts {
                        sum = sum + V::<T, I>::load(from.add(part * stride));
                    }
                    sum.store(y.add(j));
                } else {
                    if self.accumulate {
                        sum = V::<T, I>::load_partial(y.add(j), count);
                    }
                    for part in 0..parts {
                        sum = sum + V::<T, I>::load_partial(from.add(part * stride), count);
                    }
                    sum.store_partial(y.add(j), count);
                }
            }
        }
    }
}

fn turned<T>(f: Factor<'_, T>) -> Factor<'_, T> {
    Factor { transposed: !f.transposed, ..f }
}

/// y[j] += Σ x[k] w[k * stride + j]
struct Rows<'a, T> {
    x: &'a [T],
    w: &'a [T],
    stride: usize,
    y: &'a mut [T],
    /// Whether w comes from beyond the caches.
    far: bool,
}

impl<T: Scalar> Kernel for Rows<'_, T> {
    type Output = ();

    #[inline(always)]
    fn run<I: Isa>(self) {
        let (k, n) = (self.x.len(), self.y.len());
        assert!((k - 1) * self.stride + n <= self.w.len());
        let mut i = 0;
        // SAFETY: rows below k, columns below n, as asserted.
        unsafe {
            while i + ROWS <= k {
                if self.far {
                    self.rows::<I, ROWS, true>(i)
                } else {
                    self.rows::<I, ROWS, false>(i)
                }
                i += ROWS;
            }
            while i < k {
                self.rows::<I, 1, false>(i);
                i += 1;
            }
        }
    }
}

impl<T: Scalar> Rows<'_, T> {
    /// Adds R rows from `i` on.
    ///
    /// # Safety
    /// `i + R <= x.len()`, and w holds those rows.
    #[inline(always)]
    unsafe fn rows<I: Isa, const R: usize, const FAR: bool>(&self, i: usize) {
        let (n, lanes) = (self.y.len(), V::<T, I>::LANES);
        let y = self.y.as_ptr().cast_mut();
        let mut x = [V::<T, I>::zero(); R];
        let mut w = [self.w.as_ptr(); R];
        // SAFETY: by contract; `y` is borrowed mutably by self and nothing else reads it.
        unsafe {
            for r in 0..R {
                x[r] = V::<T, I>::splat(self.x[i + r]);
                w[r] = self.w.as_ptr().add((i + r) * self.stride);
            }
            let mut j = 0;
            while j + lanes <= n {
                let mut sum = V::<T, I>::load(y.add(j));
                for r in 0..R {
                    if FAR {
                        fetch_far(w[r].wrapping_add(R * self.stride + j));
                    }
                    sum = x[r].fma(V::<T, I>::load(w[r].add(j)), sum);
                }
                sum.store(y.add(j));
                j += lanes;
            }
            if j < n {
                let mut sum = V::<T, I>::load_partial(y.add(j), n - j);
                for r in 0..R {
                    sum = x[r].fma(V::<T, I>::load_partial(w[r].add(j), n - j), sum);
                }
                sum.store_partial(y.add(j), n - j);
            }
        }
    }
}

/// y[j] += Σ x[k] w[j * stride + k]
struct Columns<'a, T> {
    x: &'a [T],
    w: &'a [T],
    stride: usize,
    y: &'a mut [T],
    /// Whether w comes from beyond the caches.
    far: bool,
}

impl<T: Scalar> Kernel for Columns<'_, T> {
    type Output = ();

    #[inline(always)]
    fn run<I: Isa>(self) {
        let (k, n) = (self.x.len(), self.y.len());
        assert!((n - 1) * self.stride + k <= self.w.len());
        let mut j = 0;
        // SAFETY: columns below n, rows below k, as asserted.
        unsafe {
            while j + 4 <= n {
                let sums = if self.far { self.dots::<I, 4, true>(j) } else { self.dots::<I, 4, false>(j) };
                for (y, sum) in self.y[j..].iter_mut().zip(sums) {
                    *y = *y + sum;
                }
                j += 4;
            }
            while j < n {
                self.y[j] = self.y[j] + self.dots::<I, 1, false>(j)[0];
                j += 1;
            }
        }
    }
}

impl<T: Scalar> Columns<'_, T> {
    /// R dot products from column `j` on; each sums even and odd registers apart.
    ///
    /// # Safety
    /// w holds those columns.
    #[inline(always)]
    unsafe fn dots<I: Isa, const R: usize, const FAR: bool>(&self, j: usize) -> [T; R] {
        let (k, lanes) = (self.x.len(), V::<T, I>::LANES);
        let x = self.x.as_ptr();
        let mut sums = [[V::<T, I>::zero(); 2]; R];
        // SAFETY: by contract.
        unsafe {
            let w = self.w.as_ptr().add(j * self.stride);
            let mut i = 0;
            while i + 2 * lanes <= k {
                for h in 0..2 {
                    let at = i + h * lanes;
                    let x = V::<T, I>::load(x.add(at));
                    for r in 0..R {
                        if FAR {
                            fetch_far(w.wrapping_add((r + R) * self.stride + at));
                        }
                        sums[r][h] = x.fma(V::<T, I>::load(w.add(r * self.stride + at)), sums[r][h]);
                    }
                }
                i += 2 * lanes;
            }
            while i < k {
                let count = lanes.min(k - i);
                let x = V::<T, I>::load_partial(x.add(i), count);
                for r in 0..R {
                    let w = V::<T, I>::load_partial(w.add(r * self.stride + i), count);
                    sums[r][0] = x.fma(w, sums[r][0]);
                }
                i += count;
            }
        }
        let mut out = [T::ZERO; R];
        for r in 0..R {
            out[r] = (sums[r][0] + sums[r][1]).sum();
        }
        out
    }
}
