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

/// The most threads that may be asked for.
pub const MAX_THREADS: usize = 256;

pub fn num_threads() -> usize {
    1
}

pub fn set_num_threads(_n: usize) {}

pub fn set_interrupt_probe(_probe: fn() -> bool) {}

/// Takes the mark that a probe stopped the last region.
pub fn interrupted() -> bool {
    false
}
