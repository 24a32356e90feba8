//! Broadcasting written out.

use crate::broadcast::Walk;
use crate::for_runs;
use crate::parts::PART;
use crate::threads::{chunks, parallel_chunks};

/// y = x stretched to y's shape; `walk` goes over y's shape.
pub fn broadcast_to<T: Copy + Send + Sync>(walk: &Walk<1>, x: &[T], y: &mut [T]) {
    parallel_chunks(chunks(y, PART), |part, y| {
        for_runs!(walk, part * PART, y.len(), |at, from, count| {
            let y = &mut y[from..from + count];
            if walk.moves[0] {
                y.copy_from_slice(&x[at[0]..at[0] + count]);
            } else {
                y.fill(x[at[0]]);
            }
        });
    });
}
