//! Rows of a table: reading some, and gradients that touch only some.

use std::ops::AddAssign;

use crate::parts::PART;
use crate::threads::{chunks, parallel_chunks};

/// An index of either width.
pub trait Index: Copy + Send + Sync {
    fn get(self) -> i64;
}

impl Index for i32 {
    fn get(self) -> i64 {
        i64::from(self)
    }
}

impl Index for i64 {
    fn get(self) -> i64 {
        self
    }
}

/// The first index outside `0..rows`.
pub fn out_of_range<N: Index>(indices: &[N], rows: usize) -> Option<i64> {
    indices.iter().map(|i| i.get()).find(|&i| i < 0 || i >= rows as i64)
}

fn rows_per_part(width: usize) -> usize {
    (PART / width.max(1)).max(1)
}

/// out[i, :] = table[indices[i], :]; indices in range.
pub fn gather_rows<T: Copy + Send + Sync, N: Index>(table: &[T], width: usize, indices: &[N], out: &mut [T]) {
    debug_assert_eq!(out.len(), indices.len() * width);
    if width == 0 {
        return;
    }
    let rows = rows_per_part(width);
    parallel_chunks(chunks(out, rows * width), |part, out| {
        let indices = &indices[part * rows..];
        for (out, index) in out.chunks_exact_mut(width).zip(indices) {
            let from = index.get() as usize * width;
            out.copy_from_slice(&table[from..from + width]);
        }
    });
}

/// The indices sorted, each with its place, places rising within an index; and where each distinct index begins.
pub fn group<N: Index>(indices: &[N]) -> (Vec<(i64, usize)>, Vec<usize>) {
    let small = |n: i64| u32::try_from(n).is_ok();
    let order: Vec<(i64, usize)> = if small(indices.len() as i64) && indices.iter().all(|i| small(i.get())) {
        // Index and place in one word sort several times as fast as pairs do.
        let pack = |(at, i): (usize, &N)| (i.get() as u64) << 32 | at as u64;
        let mut keys: Vec<u64> = indices.iter().enumerate().map(pack).collect();
        keys.sort_unstable();
        keys.into_iter().map(|key| ((key >> 32) as i64, (key & 0xFFFF_FFFF) as usize)).collect()
    } else {
        let mut pairs: Vec<_> = indices.iter().enumerate().map(|(at, i)| (i.get(), at)).collect();
        pairs.sort_unstable();
        pairs
    };
    let starts = (0..order.len()).filter(|&k| k == 0 || order[k].0 != order[k - 1].0).collect();
    (order, starts)
}

/// out[u, :] = Σ values[place, :] over the places of the u-th distinct index, in the order of places.
pub fn sum_groups<T: Copy + Send + Sync + AddAssign>(
    order: &[(i64, usize)],
    starts: &[usize],
    values: &[T],
    width: usize,
    out: &mut [T],
) {
    debug_assert_eq!(out.len(), starts.len() * width);
    if width == 0 {
        return;
    }
    let rows = rows_per_part(width);
    parallel_chunks(chunks(out, rows * width), |part, out| {
        for (k, out) in out.chunks_exact_mut(width).enumerate() {
            let u = part * rows + k;
            let end = starts.get(u + 1).copied().unwrap_or(order.len());
            let members = &order[starts[u]..end];
            out.copy_from_slice(&values[members[0].1 * width..][..width]);
            for &(_, at) in &members[1..] {
                for (sum, value) in out.iter_mut().zip(&values[at * width..][..width]) {
                    *sum += *value;
                }
            }
        }
    });
}

/// out = 0, then out[indices[i], :] = values[i, :]; the last of equal indices stays. Indices in range.
pub fn rows_to_dense<T: Copy + Default + Send + Sync, N: Index>(
    indices: &[N],
    values: &[T],
    width: usize,
    out: &mut [T],
) {
    parallel_chunks(chunks(out, PART), |_, out| out.fill(T::default()));
    if width == 0 {
        return;
    }
    for (index, row) in indices.iter().zip(values.chunks_exact(width)) {
        let to = index.get() as usize * width;
        out[to..to + width].copy_from_slice(row);
    }
}
