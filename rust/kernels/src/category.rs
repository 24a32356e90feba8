//! Categories as numbers: numbers into bins, and bins into vectors of counts.

use std::cmp::Ordering;

use crate::parts::PART;
use crate::rows::Index;
use crate::simd::Float;
use crate::threads::{chunks, parallel_chunks};

/// y[i] = the number of boundaries that are at most x[i]; `boundaries` rise. NaN lies past all boundaries.
pub fn digitize<T: Float>(x: &[T], boundaries: &[T], y: &mut [i64]) {
    debug_assert!(x.len() == y.len());
    debug_assert!(boundaries.windows(2).all(|pair| pair[0] <= pair[1]));
    parallel_chunks(chunks(y, PART / 8), |part, y| {
        let start = part * (PART / 8);
        for (y, x) in y.iter_mut().zip(&x[start..]) {
            // NaN is below no boundary.
            *y = boundaries.partition_point(|boundary| x.partial_cmp(boundary) != Some(Ordering::Less)) as i64;
        }
    });
}

/// y[n, c] = Σ weights[n, l] over the l with indices[n, l] = c (each weight 1 without weights), or with `binary` 1 where
/// there is such an l, else 0. `indices` (N, L), `y` (N, depth); an index outside 0..depth counts nowhere.
pub fn category_counts<T: Float, N: Index>(
    indices: &[N],
    length: usize,
    weights: Option<&[T]>,
    depth: usize,
    binary: bool,
    y: &mut [T],
) {
    debug_assert!(weights.is_none_or(|weights| weights.len() == indices.len()));
    if depth == 0 {
        return;
    }
    debug_assert!(y.len() / depth * length == indices.len());
    let rows = (PART / (depth + length)).max(1);
    parallel_chunks(chunks(y, rows * depth), |part, y| {
        for (n, y) in y.chunks_exact_mut(depth).enumerate() {
            y.fill(T::ZERO);
            let from = (part * rows + n) * length;
            for at in from..from + length {
                let Some(count) = usize::try_from(indices[at].get()).ok().and_then(|index| y.get_mut(index)) else {
                    continue;
                };
                *count = match weights {
                    _ if binary => T::ONE,
                    Some(weights) => *count + weights[at],
                    None => *count + T::ONE,
                };
            }
        }
    });
}
