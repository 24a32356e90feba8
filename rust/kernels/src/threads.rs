//! The one thread pool: fixed partitioning, so results never depend on the number of threads.
//!
//! A *region* is a number of parts, each run exactly once. Every thread owns a fixed share of the parts and takes over
//! what others have not begun once its own is done, so a region never waits for a thread that is still waking up.
//! Which thread runs a part is unspecified; what a part computes may depend on its number alone.

mod chunks;
mod pool;
mod watch;

pub use chunks::{Chunks, Parts, chunks, parallel_chunks, parallel_chunks_whole};
pub use watch::{checkpoint, interrupted, pending, set_interrupt_probe};

use std::sync::OnceLock;
use std::sync::atomic::{AtomicUsize, Ordering};

/// The most threads that [`set_num_threads`] accepts.
pub const MAX_THREADS: usize = 256;

/// Threads asked for; 0 until somebody asks.
static THREADS: AtomicUsize = AtomicUsize::new(0);

/// The number of threads that a `NEUROXIDE_NUM_THREADS` value asks for, or why it can't be had.
/// Without a value: as many as the process may use at once (affinity mask and cgroup quota respected).
pub fn resolve(asked: Option<&str>) -> Result<usize, String> {
    match asked.map(str::trim) {
        None | Some("") => Ok(available()),
        Some(text) => match text.parse::<usize>() {
            Ok(n) if (1..=MAX_THREADS).contains(&n) => Ok(n),
            _ => Err(format!("NEUROXIDE_NUM_THREADS: expected a whole number from 1 to {MAX_THREADS}, got {text:?}")),
        },
    }
}

/// The number of threads that regions run on, the caller included.
pub fn num_threads() -> usize {
    match THREADS.load(Ordering::Relaxed) {
        0 => {
            let asked = std::env::var("NEUROXIDE_NUM_THREADS").ok();
            let n = resolve(asked.as_deref()).unwrap_or_else(|_| available());
            THREADS.store(n, Ordering::Relaxed);
            n
        }
        n => n,
    }
}

/// Sets the number of threads, the caller included, to `n` in `1..=MAX_THREADS` (clamped). More than the machine has
/// cores is allowed.
pub fn set_num_threads(n: usize) {
    THREADS.store(n.clamp(1, MAX_THREADS), Ordering::Relaxed);
}

fn available() -> usize {
    static CORES: OnceLock<usize> = OnceLock::new();
    *CORES.get_or_init(|| {
        let cores = std::thread::available_parallelism().map_or(1, |n| n.get());
        cores.min(MAX_THREADS)
    })
}

/// Runs `body(part)` once for every part in `0..parts`, and returns when all are done.
///
/// The caller chooses `parts` from the shape alone. Nested calls, and calls while another thread
/// uses the pool, run serially on the caller. After an interrupt the remaining parts are skipped, and so is every later
/// region of this thread until [`interrupted`] is asked. A panic in a part is raised again here.
pub fn parallel(parts: usize, body: impl Fn(usize) + Sync) {
    pool::run(parts, &body, true);
}

/// [`parallel`] without interrupts, for updates in place that must not stop half-way.
pub fn parallel_whole(parts: usize, body: impl Fn(usize) + Sync) {
    pool::run(parts, &body, false);
}
