//! Interrupts: a probe that long stretches of work ask now and then whether to stop.

use std::cell::Cell;
use std::sync::atomic::{AtomicPtr, Ordering};
use std::time::{Duration, Instant};

/// The probe is asked at most this often.
const EVERY: Duration = Duration::from_millis(50);
/// Regions that follow one another this closely are one stretch of work, which may be long even if none of them is.
const GAP: Duration = Duration::from_millis(5);

static PROBE: AtomicPtr<()> = AtomicPtr::new(std::ptr::null_mut());

thread_local! {
    static INTERRUPTED: Cell<bool> = const { Cell::new(false) };
    static STRETCH: Cell<Option<Stretch>> = const { Cell::new(None) };
}

#[derive(Clone, Copy)]
struct Stretch {
    /// When the probe was last asked, or the stretch began.
    asked: Instant,
    /// When work was last seen going on.
    seen: Instant,
}

/// Installs the function that says whether the work of the thread that calls it should stop.
pub fn set_interrupt_probe(probe: fn() -> bool) {
    PROBE.store(probe as *mut (), Ordering::Release);
}

/// Whether work of this thread was cut short since the last call; asking clears it.
pub fn interrupted() -> bool {
    INTERRUPTED.take()
}

/// Whether this thread was told to stop and nobody has asked [`interrupted`] yet.
pub fn pending() -> bool {
    INTERRUPTED.get()
}

/// For long serial loops, at least every few milliseconds: true when the rest is to be skipped.
pub fn checkpoint() -> bool {
    if pending() {
        return true;
    }
    // On a busy machine calls may come further apart than `GAP`: a stretch that began anew each time would never ask.
    if STRETCH.get().is_none() {
        begin();
    }
    should_stop()
}

/// Notes that a region begins.
pub(super) fn begin() {
    if PROBE.load(Ordering::Relaxed).is_null() {
        return;
    }
    let now = Instant::now();
    let asked = match STRETCH.get() {
        Some(s) if now.duration_since(s.seen) < GAP => s.asked,
        _ => now,
    };
    STRETCH.set(Some(Stretch { asked, seen: now }));
}

/// Notes that work goes on, and asks the probe if it is time to; true when the rest is to be skipped.
pub(super) fn should_stop() -> bool {
    let probe = PROBE.load(Ordering::Acquire);
    if probe.is_null() {
        return false;
    }
    let now = Instant::now();
    let asked = STRETCH.get().map_or(now, |s| s.asked);
    if now.duration_since(asked) < EVERY {
        STRETCH.set(Some(Stretch { asked, seen: now }));
        return false;
    }
    // SAFETY: `set_interrupt_probe` alone stores here, and what it stores is a `fn() -> bool`.
    let probe: fn() -> bool = unsafe { std::mem::transmute(probe) };
    let stop = probe();
    let now = Instant::now();
    STRETCH.set(Some(Stretch { asked: now, seen: now }));
    if stop {
        INTERRUPTED.set(true);
    }
    stop
}
