//! The pool: every part once, any number of threads, nesting, panics, interrupts, forks.

use neuroxide_kernels::threads::{self, chunks, parallel, parallel_chunks, parallel_whole};
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering::Relaxed};
use std::sync::{Mutex, MutexGuard};
use std::time::{Duration, Instant};

/// Thread count, probe and pool are the process's: one test at a time.
fn alone() -> MutexGuard<'static, ()> {
    static ALONE: Mutex<()> = Mutex::new(());
    let guard = ALONE.lock().unwrap_or_else(|poisoned| poisoned.into_inner());
    STOP.store(false, Relaxed);
    guard
}

static STOP: AtomicBool = AtomicBool::new(false);

fn probe() -> bool {
    STOP.load(Relaxed)
}

#[test]
fn every_part_runs_once_on_any_number_of_threads() {
    let _alone = alone();
    for n in [1, 2, 3, 7] {
        threads::set_num_threads(n);
        assert_eq!(threads::num_threads(), n);
        for parts in [0, 1, 2, 3, 5, 8, 64, 1000] {
            for _ in 0..20 {
                let seen: Vec<AtomicUsize> = (0..parts).map(|_| AtomicUsize::new(0)).collect();
                parallel(parts, |p| {
                    seen[p].fetch_add(1, Relaxed);
                });
                assert!(seen.iter().all(|s| s.load(Relaxed) == 1), "{n} threads, {parts} parts");
            }
        }
    }
}

#[test]
fn many_small_regions_after_pauses_of_every_length() {
    let _alone = alone();
    threads::set_num_threads(3);
    let mut data = vec![0u32; 30];
    for round in 0..3000u64 {
        parallel_chunks(chunks(&mut data, 7), |_, piece| piece.iter_mut().for_each(|x| *x += 1));
        if round % 100 == 0 {
            // Around the moment when workers fall asleep.
            std::thread::sleep(Duration::from_micros(round / 25));
        }
    }
    assert!(data.iter().all(|&x| x == 3000));
}

#[test]
fn work_is_shared() {
    let _alone = alone();
    threads::set_num_threads(2);
    let ids = Mutex::new(std::collections::HashSet::new());
    // Two parts that wait for each other can end only on two threads.
    let met = AtomicUsize::new(0);
    parallel(2, |_| {
        ids.lock().unwrap().insert(std::thread::current().id());
        met.fetch_add(1, Relaxed);
        let begin = Instant::now();
        while met.load(Relaxed) < 2 && begin.elapsed() < Duration::from_secs(10) {
            std::thread::yield_now();
        }
    });
    assert_eq!(ids.lock().unwrap().len(), 2);
}

#[test]
fn pieces_of_several_slices_go_together() {
    let _alone = alone();
    for n in [1, 2, 3] {
        threads::set_num_threads(n);
        let mut rows = vec![0usize; 23 * 3];
        let mut sums = vec![0usize; 23];
        let mut absent: Option<Vec<u8>> = None;
        let pieces = (chunks(&mut rows, 5 * 3), chunks(&mut sums, 5), absent.as_mut().map(|a| chunks(a, 5)));
        parallel_chunks(pieces, |part, (rows, sums, none)| {
            assert!(none.is_none());
            for (i, sum) in sums.iter_mut().enumerate() {
                for (j, x) in rows[i * 3..][..3].iter_mut().enumerate() {
                    *x = (part * 5 + i) * 3 + j;
                    *sum += *x;
                }
            }
        });
        assert!(rows.iter().enumerate().all(|(i, &x)| x == i));
        assert!(sums.iter().enumerate().all(|(i, &s)| s == 9 * i + 3));
    }
}

#[test]
fn nested_and_concurrent_regions_run() {
    let _alone = alone();
    threads::set_num_threads(2);
    let count = AtomicUsize::new(0);
    parallel(4, |_| {
        parallel(8, |_| {
            count.fetch_add(1, Relaxed);
        })
    });
    assert_eq!(count.load(Relaxed), 32);
    std::thread::scope(|scope| {
        for _ in 0..4 {
            scope.spawn(|| {
                for _ in 0..500 {
                    parallel(9, |_| {
                        count.fetch_add(1, Relaxed);
                    });
                }
            });
        }
    });
    assert_eq!(count.load(Relaxed), 32 + 4 * 500 * 9);
}

#[test]
fn a_panic_reaches_the_caller_and_the_pool_goes_on() {
    let _alone = alone();
    std::panic::set_hook(Box::new(|_| {}));
    for n in [1, 2, 3] {
        threads::set_num_threads(n);
        for bad in [0, 7, 15] {
            let outcome = std::panic::catch_unwind(|| {
                parallel(16, |p| {
                    if p == bad {
                        panic!("part {p}");
                    }
                })
            });
            let payload = outcome.unwrap_err();
            assert_eq!(*payload.downcast_ref::<String>().unwrap(), format!("part {bad}"));
            let count = AtomicUsize::new(0);
            parallel(16, |_| {
                count.fetch_add(1, Relaxed);
            });
            assert_eq!(count.load(Relaxed), 16);
        }
    }
    let _ = std::panic::take_hook();
}

#[test]
fn an_interrupt_skips_the_rest() {
    let _alone = alone();
    threads::set_interrupt_probe(probe);
    for n in [1, 2] {
        threads::set_num_threads(n);
        STOP.store(true, Relaxed);
        let count = AtomicUsize::new(0);
        let slow = |_| {
            std::thread::sleep(Duration::from_millis(5));
            count.fetch_add(1, Relaxed);
        };
        parallel_whole(30, slow);
        assert_eq!(count.swap(0, Relaxed), 30);
        assert!(!threads::interrupted());
        let begin = Instant::now();
        parallel(1000, slow);
        assert!(begin.elapsed() < Duration::from_secs(2));
        assert!(count.load(Relaxed) < 900);
        // Later regions of the same call are skipped too, until somebody asks.
        let before = count.load(Relaxed);
        parallel(3, slow);
        assert_eq!(count.load(Relaxed), before);
        STOP.store(false, Relaxed);
        assert!(threads::interrupted());
        assert!(!threads::interrupted());
        parallel(3, slow);
        assert_eq!(count.load(Relaxed), before + 3);
    }
}

#[test]
fn a_row_of_short_regions_is_interrupted_too() {
    let _alone = alone();
    threads::set_interrupt_probe(probe);
    threads::set_num_threads(2);
    STOP.store(true, Relaxed);
    let begin = Instant::now();
    let mut regions = 0;
    while regions < 500 && !threads::interrupted() {
        parallel(2, |_| std::thread::sleep(Duration::from_millis(4)));
        regions += 1;
    }
    STOP.store(false, Relaxed);
    assert!(regions < 400, "{regions} regions in {:?}", begin.elapsed());
}

#[test]
fn counts_out_of_range_are_clamped_or_refused() {
    let _alone = alone();
    threads::set_num_threads(0);
    assert_eq!(threads::num_threads(), 1);
    threads::set_num_threads(usize::MAX);
    assert_eq!(threads::num_threads(), threads::MAX_THREADS);
    assert!(threads::resolve(None).unwrap() >= 1);
    assert_eq!(threads::resolve(Some("")), threads::resolve(None));
    assert_eq!(threads::resolve(Some(" 3 ")), Ok(3));
    for bad in ["0", "-1", "two", "1.5", "99999999999999999999"] {
        let why = threads::resolve(Some(bad)).unwrap_err();
        assert!(why.contains("NEUROXIDE_NUM_THREADS") && why.contains(bad), "{why}");
    }
}

#[cfg(unix)]
mod fork {
    use super::*;

    unsafe extern "C" {
        fn fork() -> i32;
        fn waitpid(pid: i32, status: *mut i32, options: i32) -> i32;
        fn _exit(status: i32) -> !;
    }

    /// Forks, runs some regions in the child, and says whether they came out right.
    fn child_can_compute() -> bool {
        // SAFETY: the child calls nothing but the pool and `_exit`.
        let pid = unsafe { fork() };
        if pid == 0 {
            let count = AtomicUsize::new(0);
            for _ in 0..50 {
                parallel(8, |_| {
                    count.fetch_add(1, Relaxed);
                });
            }
            let status = i32::from(count.load(Relaxed) != 400);
            // SAFETY: ends this process.
            unsafe { _exit(status) }
        }
        assert!(pid > 0);
        let begin = Instant::now();
        loop {
            let mut status = -1;
            const WNOHANG: i32 = 1;
            // SAFETY: `pid` is our child, `status` is ours.
            let ended = unsafe { waitpid(pid, &mut status, WNOHANG) };
            if ended == pid {
                return status == 0;
            }
            assert!(begin.elapsed() < Duration::from_secs(20), "the child hangs");
            std::thread::sleep(Duration::from_millis(1));
        }
    }

    #[test]
    fn a_forked_child_gets_its_own_pool() {
        let _alone = alone();
        threads::set_num_threads(2);
        parallel(8, |_| {});
        assert!(child_can_compute());
        parallel(8, |_| {});
    }

    #[test]
    fn a_fork_while_another_thread_computes() {
        let _alone = alone();
        threads::set_num_threads(2);
        let over = AtomicBool::new(false);
        std::thread::scope(|scope| {
            scope.spawn(|| {
                while !over.load(Relaxed) {
                    parallel(4, |_| std::thread::sleep(Duration::from_micros(200)));
                }
            });
            for _ in 0..10 {
                assert!(child_can_compute());
            }
            over.store(true, Relaxed);
        });
    }
}
