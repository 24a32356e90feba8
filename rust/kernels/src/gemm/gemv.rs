//! Products with a single row (or, turned over, a single column): bound by reading the matrix once.

use super::tile::fetch_far;
use super::{Activation, Epilogue, Factor, Scalar, Shape, activate};
use crate::scratch::{self, Plain};
use crate::simd::{self, Isa, Kernel, V, Vector};
use crate::threads::{chunks, parallel_chunks};

/// Elements of the matrix that are worth a part of their own.
const WORTH: usize = 32_768;
/// The most parts.
const PARTS: usize = 16;
/// Elements of a row of W that a part reads at least: long runs suit the memory, short ones share out what is cached.
const RUN: usize = 1024;
const SHORT_RUN: usize = 128;
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
/// y[j] = Σ x[k] W[k, j]. Rows of W: the chain of multiply-adds in the order of k. Columns of W: dot products over
/// interleaved lanes. Either way y[j] depends on x and column j alone, and parts are cut by shape.
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
    let work = k.saturating_mul(n);
    let far = work >= LARGE;
    let most = if w.transposed { PARTS } else { (n / if far { RUN } else { SHORT_RUN }).clamp(2, PARTS) };
    let parts = (work / WORTH).clamp(1, most).min(n.div_ceil(UNIT));
    let chunk = n.div_ceil(parts).next_multiple_of(UNIT);
    parallel_chunks(chunks(&mut c[..n], chunk), |part, y| {
        let first = part * chunk;
        if !epilogue.accumulate {
            y.fill(T::ZERO);
        }
        if w.transposed {
            simd::dispatch(Columns { x, w: &w.data[first * w.row_stride..], stride: w.row_stride, y, far });
        } else {
            simd::dispatch(Rows { x, w: &w.data[first..], stride: w.row_stride, y, far });
        }
        match epilogue.bias {
            Some(bias) if shape.m == 1 => y.iter_mut().zip(&bias[first..]).for_each(|(y, &b)| *y = *y + b),
            Some(bias) => y.iter_mut().for_each(|y| *y = *y + bias[0]),
            None => {}
        }
        if epilogue.activation != Activation::Linear {
            activate(y, epilogue.activation);
        }
    });
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
            while i + 8 <= k {
                if self.far {
                    self.rows::<I, 8, true>(i)
                } else {
                    self.rows::<I, 8, false>(i)
                }
                i += 8;
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
