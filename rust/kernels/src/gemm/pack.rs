//! Rearranging what a tile kernel can't read in place.

use super::tile::Scalar;
use crate::simd::{self, Isa, Kernel, LINE, V, Vector, fetch_far};
use std::ptr::copy_nonoverlapping;

/// Rows that [`spread`] fetches ahead.
const ROWS_AHEAD: usize = 8;
/// Rows of B, each in one run, into panels of two registers (the last one of `last` elements, zeros past the edge):
/// `to[p * width * depth + k * width + j] = from[k * stride + p * width + j]`.
///
/// # Safety
/// `from` is valid for `depth` rows of `columns` elements, `stride` apart.
pub(super) unsafe fn spread<T: Scalar>(
    from: *const T,
    stride: usize,
    columns: usize,
    depth: usize,
    to: &mut [T],
    last: usize,
) {
    simd::dispatch(Spread { from, stride, columns, depth, to, last });
}

struct Spread<'a, T> {
    from: *const T,
    stride: usize,
    columns: usize,
    depth: usize,
    to: &'a mut [T],
    last: usize,
}

impl<T: Scalar> Kernel for Spread<'_, T> {
    type Output = ();

    #[inline(always)]
    fn run<I: Isa>(self) {
        let Spread { from, stride, columns, depth, to, last } = self;
        let lanes = V::<T, I>::LANES;
        let width = 2 * lanes;
        let whole = columns / width;
        let left = columns - whole * width;
        assert!(left <= last && to.len() >= (whole * width + if left > 0 { last } else { 0 }) * depth);
        let to = to.as_mut_ptr();
        // SAFETY: rows below `depth` and columns below `columns` by contract; the assertion covers what is written.
        unsafe {
            for k in 0..depth {
                let row = from.add(k * stride);
                for at in (0..columns).step_by(LINE / size_of::<T>()) {
                    fetch_far(row.wrapping_add(ROWS_AHEAD * stride + at));
                }
                for p in 0..whole {
                    let (from, to) = (row.add(p * width), to.add((p * depth + k) * width));
                    V::<T, I>::load(from).store(to);
                    V::<T, I>::load(from.add(lanes)).store(to.add(lanes));
                }
                let (from, to) = (row.add(whole * width), to.add(whole * width * depth + k * last));
                for at in (0..if left > 0 { last } else { 0 }).step_by(lanes) {
                    let read = V::<T, I>::load_partial(from.wrapping_add(at), left.saturating_sub(at).min(lanes));
                    read.store_partial(to.add(at), lanes.min(last - at));
                }
            }
        }
    }
}

/// `to[k * width + j] = from[j * stride + k]` for `columns` columns j and `depth` values of k; zeros for j up to `width`.
///
/// # Safety
/// `from` is valid for `columns` rows of `depth` elements, `stride` apart.
pub(super) unsafe fn transpose<T: Scalar>(
    from: *const T,
    stride: usize,
    columns: usize,
    depth: usize,
    to: &mut [T],
    width: usize,
) {
    assert!(to.len() >= depth * width && columns <= width);
    let to = to.as_mut_ptr();
    // SAFETY: by contract, and the assertion covers what is written.
    unsafe {
        turn_over(from, stride, columns, depth, to, width);
        for k in 0..depth {
            for j in columns..width {
                *to.add(k * width + j) = T::ZERO;
            }
        }
    }
}

/// `to[k * to_stride + j] = from[j * stride + k]` for `columns` columns j and `depth` values of k.
///
/// # Safety
/// Both are valid for that.
pub(super) unsafe fn turn_over<T: Scalar>(
    from: *const T,
    stride: usize,
    columns: usize,
    depth: usize,
    to: *mut T,
    to_stride: usize,
) {
    let square = T::square();
    // SAFETY: j < columns and k < depth.
    unsafe {
        let whole = square.map_or(0, |(side, _)| depth / side * side);
        let mut j = 0;
        if let Some((side, turn)) = square {
            while j + side <= columns {
                for k in (0..whole).step_by(side) {
                    turn(from.add(j * stride + k), stride, to.add(k * to_stride + j), to_stride);
                }
                rest(from, stride, j..j + side, whole..depth, to, to_stride);
                j += side;
            }
        }
        rest(from, stride, j..columns, 0..depth, to, to_stride);
    }
}

/// Element by element.
///
/// # Safety
/// As [`transpose`], for these columns and depths.
unsafe fn rest<T: Copy>(
    from: *const T,
    stride: usize,
    columns: std::ops::Range<usize>,
    depth: std::ops::Range<usize>,
    to: *mut T,
    width: usize,
) {
    for k in depth {
        for j in columns.clone() {
            // SAFETY: by contract.
            unsafe { *to.add(k * width + j) = *from.add(j * stride + k) };
        }
    }
}

/// Copies `rows` rows of `depth` elements, `stride` apart, to rows that are `row` apart.
///
/// # Safety
/// `from` is valid for reading them.
pub(super) unsafe fn rows<T: Copy>(from: *const T, stride: usize, rows: usize, depth: usize, to: &mut [T], row: usize) {
    for r in 0..rows {
        let to = &mut to[r * row..][..depth];
        // SAFETY: by contract, and `to` is `depth` long.
        unsafe { copy_nonoverlapping(from.add(r * stride), to.as_mut_ptr(), depth) };
    }
}

/// Copies a matrix stored `[k][row]`, `stride` apart in k, to panels of `unit` rows: `to[panel][k][unit]`.
///
/// # Safety
/// `from` is valid for `depth` runs of `rows` elements, `stride` apart.
pub(super) unsafe fn columns<T: Copy>(
    from: *const T,
    stride: usize,
    rows: usize,
    depth: usize,
    to: &mut [T],
    unit: usize,
) {
    assert!(to.len() >= rows.div_ceil(unit) * depth * unit);
    let to = to.as_mut_ptr();
    // SAFETY: by contract; panel p holds `unit * depth` elements from `p * unit * depth` on, which the assertion covers.
    unsafe {
        match unit {
            12 => panels::<T, 12>(from, stride, rows, depth, to),
            8 => panels::<T, 8>(from, stride, rows, depth, to),
            6 => panels::<T, 6>(from, stride, rows, depth, to),
            _ => {
                debug_assert_eq!(unit, 4);
                panels::<T, 4>(from, stride, rows, depth, to);
            }
        }
    }
}

/// # Safety
/// As [`columns`].
unsafe fn panels<T: Copy, const UNIT: usize>(from: *const T, stride: usize, rows: usize, depth: usize, to: *mut T) {
    let whole = rows / UNIT;
    let left = rows % UNIT;
    // SAFETY: by contract.
    unsafe {
        for k in 0..depth {
            let row = from.add(k * stride);
            for p in 0..whole {
                let run = row.add(p * UNIT).cast::<[T; UNIT]>().read_unaligned();
                to.add((p * depth + k) * UNIT).cast::<[T; UNIT]>().write_unaligned(run);
            }
            for r in 0..left {
                *to.add((whole * depth + k) * UNIT + r) = *row.add(whole * UNIT + r);
            }
        }
    }
}

/// Turns a square of elements over: `to[k * to_stride + j] = from[j * from_stride + k]`.
pub type Turn<T> = unsafe fn(*const T, usize, *mut T, usize);

/// 8 by 8 in registers.
///
/// # Safety
/// Both squares are valid, and the machine has AVX2.
#[cfg(target_arch = "x86_64")]
#[target_feature(enable = "avx2")]
pub(super) unsafe fn turn_f32(from: *const f32, stride: usize, to: *mut f32, to_stride: usize) {
    use std::arch::x86_64::*;
    // SAFETY: by contract.
    unsafe {
        // Rows j and j + 4 side by side: columns k..k + 4 of both, then k + 4..k + 8.
        let pair = |j: usize, k: usize| {
            let low = _mm_loadu_ps(from.add(j * stride + k));
            _mm256_insertf128_ps::<1>(_mm256_castps128_ps256(low), _mm_loadu_ps(from.add((j + 4) * stride + k)))
        };
        for k in [0, 4] {
            let (r0, r1, r2, r3) = (pair(0, k), pair(1, k), pair(2, k), pair(3, k));
            let (low01, low23) = (_mm256_unpacklo_ps(r0, r1), _mm256_unpacklo_ps(r2, r3));
            let (high01, high23) = (_mm256_unpackhi_ps(r0, r1), _mm256_unpackhi_ps(r2, r3));
            _mm256_storeu_ps(to.add(k * to_stride), _mm256_shuffle_ps::<0x44>(low01, low23));
            _mm256_storeu_ps(to.add((k + 1) * to_stride), _mm256_shuffle_ps::<0xee>(low01, low23));
            _mm256_storeu_ps(to.add((k + 2) * to_stride), _mm256_shuffle_ps::<0x44>(high01, high23));
            _mm256_storeu_ps(to.add((k + 3) * to_stride), _mm256_shuffle_ps::<0xee>(high01, high23));
        }
    }
}

/// 4 by 4 in registers.
///
/// # Safety
/// Both squares are valid, and the machine has AVX2.
#[cfg(target_arch = "x86_64")]
#[target_feature(enable = "avx2")]
pub(super) unsafe fn turn_f64(from: *const f64, stride: usize, to: *mut f64, to_stride: usize) {
    use std::arch::x86_64::*;
    // SAFETY: by contract.
    unsafe {
        // Rows j and j + 2 side by side.
        let pair = |j: usize, k: usize| {
            let low = _mm_loadu_pd(from.add(j * stride + k));
            _mm256_insertf128_pd::<1>(_mm256_castpd128_pd256(low), _mm_loadu_pd(from.add((j + 2) * stride + k)))
        };
        for k in [0, 2] {
            let (r0, r1) = (pair(0, k), pair(1, k));
            _mm256_storeu_pd(to.add(k * to_stride), _mm256_unpacklo_pd(r0, r1));
            _mm256_storeu_pd(to.add((k + 1) * to_stride), _mm256_unpackhi_pd(r0, r1));
        }
    }
}
