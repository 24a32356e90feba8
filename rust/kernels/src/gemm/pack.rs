//! Rearranging what a tile kernel can't read in place.

use std::ptr::copy_nonoverlapping;

/// `to[k * width + j] = from[j * stride + k]` for `columns` columns j and `depth` values of k; zeros for j up to `width`.
///
/// # Safety
/// `from` is valid for `columns` rows of `depth` elements, `stride` apart.
pub(super) unsafe fn transpose<T: Copy + Default>(
    from: *const T,
    stride: usize,
    columns: usize,
    depth: usize,
    to: &mut [T],
    width: usize,
) {
    assert!(to.len() >= depth * width && columns <= width);
    for k in 0..depth {
        let row = &mut to[k * width..][..width];
        for (j, x) in row.iter_mut().enumerate() {
            // SAFETY: j < columns and k < depth.
            *x = if j < columns { unsafe { *from.add(j * stride + k) } } else { T::default() };
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
    for k in 0..depth {
        let mut r = 0;
        while r < rows {
            let run = unit.min(rows - r);
            // SAFETY: by contract; the panel of row r holds `unit * depth` elements, which the assertion covers.
            unsafe {
                let to = to.as_mut_ptr().add(r / unit * unit * depth + k * unit);
                copy_nonoverlapping(from.add(k * stride + r), to, run);
            }
            r += run;
        }
    }
}
