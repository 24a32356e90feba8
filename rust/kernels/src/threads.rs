//! The one thread pool: fixed partitioning, so results never depend on the number of threads.

/// Runs `body(part)` once for every part in `0..parts`, and returns when all are done.
///
/// The caller chooses `parts` from the shape alone. Nested calls, and calls while another thread
/// uses the pool, run serially on the caller.
pub fn parallel(parts: usize, body: impl Fn(usize) + Sync) {
    for part in 0..parts {
        body(part);
    }
}
