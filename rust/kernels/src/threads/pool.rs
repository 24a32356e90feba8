//! The pool: workers that spin briefly for the next region, then sleep.
//!
//! The caller publishes a region by filling the job and then, slot by slot, the number of parts that are left in each
//! thread's share. A part is claimed by counting such a number down; a claim can only succeed while its region is
//! running, so the job is read after the claim and never before. The region ends when `pending` reaches zero.

use super::{MAX_THREADS, available, num_threads, watch};
use std::any::Any;
use std::cell::{Cell, UnsafeCell};
use std::panic::{AssertUnwindSafe, catch_unwind, resume_unwind};
use std::sync::atomic::{AtomicBool, AtomicPtr, AtomicU32, AtomicUsize, Ordering};
use std::sync::{Mutex, OnceLock};
use std::thread::Thread;
use std::time::{Duration, Instant};

/// How long a worker looks out for the next region before it sleeps.
const SPIN: Duration = Duration::from_micros(50);
/// Looks between two readings of the clock.
const LOOKS: u32 = 64;

type Body<'a> = dyn Fn(usize) + Sync + 'a;

/// Keeps what different threads write in different pairs of cache lines.
#[repr(align(128))]
struct Apart<T>(T);

struct Job {
    body: *const Body<'static>,
    parts: usize,
    interruptible: bool,
}

/// One thread's share of the running region, and its sleeping place.
struct Slot {
    /// Parts of the share that nobody has claimed.
    left: AtomicUsize,
    asleep: AtomicBool,
    /// The worker of this slot; none for slot 0, which is the caller's.
    worker: OnceLock<Thread>,
}

struct Pool {
    pid: u32,
    /// A region is running, or being set up.
    busy: Apart<AtomicBool>,
    /// Counts regions.
    epoch: Apart<AtomicU32>,
    /// Parts of the running region that are not done.
    pending: Apart<AtomicUsize>,
    /// The running region's remaining parts are to be skipped.
    stop: AtomicBool,
    /// Slots in use by the running region.
    threads: AtomicUsize,
    job: UnsafeCell<Job>,
    slots: Vec<Apart<Slot>>,
    panic: Mutex<Option<Box<dyn Any + Send>>>,
}

// SAFETY: `job` is written by the holder of `busy` while no part is claimable, and read only between a claim and the
// count-down of `pending` that follows it; both are ordered by release and acquire on `Slot::left` and `pending`.
unsafe impl Sync for Pool {}
// SAFETY: the pointer in `job` is to a `Sync` closure and is used only as said above.
unsafe impl Send for Pool {}

static POOL: AtomicPtr<Pool> = AtomicPtr::new(std::ptr::null_mut());

thread_local! {
    /// This thread is running a part.
    static INSIDE: Cell<bool> = const { Cell::new(false) };
}

/// Sets `INSIDE` for a scope, and puts the old value back even when a part panics.
struct Inside(bool);

impl Inside {
    fn enter() -> Self {
        Inside(INSIDE.replace(true))
    }
}

impl Drop for Inside {
    fn drop(&mut self) {
        INSIDE.set(self.0);
    }
}

/// Runs every part of `0..parts` exactly once, or skips the rest after an interrupt if `interruptible`.
pub(super) fn run(parts: usize, body: &Body<'_>, interruptible: bool) {
    if parts == 0 {
        return;
    }
    if INSIDE.get() {
        return (0..parts).for_each(body);
    }
    if interruptible {
        if watch::pending() {
            return;
        }
        watch::begin();
    }
    let threads = num_threads().min(parts);
    if threads > 1 {
        let pool = Pool::current();
        if !pool.busy.0.swap(true, Ordering::Acquire) {
            return pool.region(parts, threads, body, interruptible);
        }
    }
    let _inside = Inside::enter();
    for part in 0..parts {
        body(part);
        if interruptible && watch::should_stop() {
            return;
        }
    }
}

impl Pool {
    /// The pool of this process. In a forked child the parent's pool, whose workers don't exist there and whose state
    /// is whatever it was at the fork, is left behind.
    fn current() -> &'static Pool {
        let pid = std::process::id();
        loop {
            let seen = POOL.load(Ordering::Acquire);
            // SAFETY: pools are never freed.
            if let Some(pool) = unsafe { seen.as_ref() }
                && pool.pid == pid
            {
                return pool;
            }
            let fresh = Box::into_raw(Box::new(Pool::new(pid)));
            if POOL.compare_exchange(seen, fresh, Ordering::AcqRel, Ordering::Relaxed).is_err() {
                // SAFETY: it was made above and nobody else has seen it.
                drop(unsafe { Box::from_raw(fresh) });
            }
        }
    }

    fn new(pid: u32) -> Pool {
        let slot =
            || Apart(Slot { left: AtomicUsize::new(0), asleep: AtomicBool::new(false), worker: OnceLock::new() });
        Pool {
            pid,
            busy: Apart(AtomicBool::new(false)),
            epoch: Apart(AtomicU32::new(0)),
            pending: Apart(AtomicUsize::new(0)),
            stop: AtomicBool::new(false),
            threads: AtomicUsize::new(0),
            job: UnsafeCell::new(Job { body: &|_| {}, parts: 0, interruptible: false }),
            slots: (0..MAX_THREADS).map(|_| slot()).collect(),
            panic: Mutex::new(None),
        }
    }

    /// One region on the pool; the caller of this holds `busy`.
    fn region(&'static self, parts: usize, threads: usize, body: &Body<'_>, interruptible: bool) {
        // SAFETY: only the lifetime changes. The pointer is used by claimed parts alone, and this function returns
        // after the last of them is done.
        let body = unsafe { std::mem::transmute::<*const Body<'_>, *const Body<'static>>(body) };
        // SAFETY: we hold `busy` and every part of the region before is done, so nobody reads the job.
        unsafe { *self.job.get() = Job { body, parts, interruptible } };
        self.stop.store(false, Ordering::Relaxed);
        self.threads.store(threads, Ordering::Relaxed);
        self.pending.0.store(parts, Ordering::Relaxed);
        for t in 0..threads {
            let share = share_begin(t + 1, parts, threads) - share_begin(t, parts, threads);
            self.slots[t].0.left.store(share, Ordering::Release);
        }
        // Pairs with the worker's own pair of (say that I sleep, look at the epoch once more).
        self.epoch.0.fetch_add(1, Ordering::SeqCst);
        for t in 1..threads {
            self.wake(t);
        }
        self.work(0);
        let mut looks = 0u32;
        while self.pending.0.load(Ordering::Acquire) != 0 {
            looks += 1;
            if looks < 4096 {
                std::hint::spin_loop();
            } else {
                std::thread::yield_now();
            }
        }
        let panic = self.panic.lock().map_or(None, |mut p| p.take());
        self.busy.0.store(false, Ordering::Release);
        if let Some(payload) = panic {
            resume_unwind(payload);
        }
    }

    /// Wakes worker `t`, making it first if need be. Without a worker the others do its share.
    fn wake(&'static self, t: usize) {
        let slot = &self.slots[t].0;
        match slot.worker.get() {
            Some(worker) => {
                if slot.asleep.load(Ordering::SeqCst) {
                    worker.unpark();
                }
            }
            None => {
                let name = format!("neuroxide-{t}");
                let made = std::thread::Builder::new().name(name).spawn(move || self.serve(t));
                if let Ok(handle) = made {
                    // The holder of `busy` alone gets here, so the slot is still empty.
                    let _ = slot.worker.set(handle.thread().clone());
                }
            }
        }
    }

    /// The life of worker `t`.
    fn serve(&self, t: usize) {
        INSIDE.set(true);
        let mut seen = self.epoch.0.load(Ordering::Acquire).wrapping_sub(1);
        loop {
            seen = self.next_region(t, seen);
            if t < self.threads.load(Ordering::Relaxed) {
                self.work(t);
            }
        }
    }

    /// Waits for a region later than `seen`.
    fn next_region(&self, t: usize, seen: u32) -> u32 {
        let slot = &self.slots[t].0;
        // With more threads than cores, spinning takes the core from a thread that has work.
        if self.threads.load(Ordering::Relaxed) <= available() {
            let begin = Instant::now();
            while begin.elapsed() < SPIN {
                for _ in 0..LOOKS {
                    let now = self.epoch.0.load(Ordering::Acquire);
                    if now != seen {
                        return now;
                    }
                    std::hint::spin_loop();
                }
            }
        }
        loop {
            slot.asleep.store(true, Ordering::SeqCst);
            let now = self.epoch.0.load(Ordering::SeqCst);
            if now != seen {
                slot.asleep.store(false, Ordering::Relaxed);
                return now;
            }
            std::thread::park();
        }
    }

    /// Does parts until none is left to claim: those of share `t` first, then those of the others.
    fn work(&self, t: usize) {
        let threads = self.threads.load(Ordering::Relaxed).max(t + 1);
        let mut done = 0;
        for s in (t..threads).chain(0..t) {
            while let Some(left) = claim(&self.slots[s].0.left) {
                self.part(t, s, left);
                done += 1;
            }
        }
        if done > 0 {
            self.pending.0.fetch_sub(done, Ordering::Release);
        }
    }

    /// Does the part of share `s` that was claimed when `left` were left. Thread `t` must count it as done afterwards.
    fn part(&self, t: usize, s: usize, left: usize) {
        // SAFETY: we hold a claim, so the region that wrote the job is running until we count the part as done.
        let job = unsafe { &*self.job.get() };
        if self.stop.load(Ordering::Relaxed) {
            return;
        }
        let threads = self.threads.load(Ordering::Relaxed);
        let part = share_begin(s + 1, job.parts, threads) - left;
        // SAFETY: the closure outlives the region, which is running.
        let body = unsafe { &*job.body };
        let outcome = {
            let _inside = Inside::enter();
            catch_unwind(AssertUnwindSafe(|| body(part)))
        };
        if let Err(payload) = outcome {
            self.stop.store(true, Ordering::Relaxed);
            if let Ok(mut first) = self.panic.lock() {
                first.get_or_insert(payload);
            }
        } else if t == 0 && job.interruptible && watch::should_stop() {
            self.stop.store(true, Ordering::Relaxed);
        }
    }
}

/// Claims a part of a share; the answer is how many were left before.
fn claim(left: &AtomicUsize) -> Option<usize> {
    left.fetch_update(Ordering::Acquire, Ordering::Relaxed, |n| n.checked_sub(1)).ok()
}

/// The first part of share `t`: shares differ by one part at most.
fn share_begin(t: usize, parts: usize, threads: usize) -> usize {
    t * (parts / threads) + t.min(parts % threads)
}
