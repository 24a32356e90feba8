//! The output-buffer pool: 64-byte-aligned blocks that become ndarrays and come back when those die.
//!
//! Fresh pages cost more than most kernels, so blocks are kept in free lists by size class, up to a cap.
//! A block starts with a 64-byte header that holds its class; the ndarray's base is a capsule whose
//! destructor hands the block back. Allocation and return both happen with the GIL held, so a fork
//! (which also needs it) never leaves the lock taken in the child.

use std::alloc::{Layout, alloc_zeroed, dealloc};
use std::ffi::{CStr, c_void};
use std::ptr::NonNull;
use std::sync::{Mutex, MutexGuard, PoisonError};

use pyo3::exceptions::PyMemoryError;
use pyo3::ffi;
use pyo3::prelude::*;

const HEADER: usize = 64;
const SMALLEST: usize = 1 << 11;
const CLASSES: usize = 4 * 40;
const HUGE_PAGE: usize = 2 << 20;
const DEFAULT_CAP: usize = 1 << 30;
const CAPSULE_NAME: &CStr = c"neuroxide.buffer";

/// What the pool holds and has done, for `_core.pool_stats`.
#[derive(Clone, Copy, Default)]
pub struct Stats {
    /// Blocks asked of the system since the start.
    pub system_allocations: u64,
    /// Blocks handed out from a free list.
    pub reuses: u64,
    /// Bytes lying in free lists.
    pub cached_bytes: usize,
    /// Bytes in arrays that are alive.
    pub live_bytes: usize,
}

struct Pool {
    free: Vec<Vec<NonNull<u8>>>,
    stats: Stats,
}

// SAFETY: the pool owns the blocks in its free lists; nothing else holds a pointer to them.
unsafe impl Send for Pool {}

static POOL: Mutex<Pool> = Mutex::new(Pool {
    free: Vec::new(),
    stats: Stats { system_allocations: 0, reuses: 0, cached_bytes: 0, live_bytes: 0 },
});

fn pool() -> MutexGuard<'static, Pool> {
    POOL.lock().unwrap_or_else(PoisonError::into_inner)
}

/// The class whose size is the smallest of 2^k·{1, 1.25, 1.5, 1.75} that holds `bytes`, or `None` where none does.
fn class_of(bytes: usize) -> Option<usize> {
    let bytes = bytes.max(SMALLEST);
    let power = usize::BITS - 1 - bytes.leading_zeros();
    let base = 1usize << power;
    let quarter = (bytes - base).div_ceil(base / 4);
    let class = (power as usize - SMALLEST.trailing_zeros() as usize) * 4 + quarter;
    (class < CLASSES).then_some(class)
}

fn class_size(class: usize) -> usize {
    let base = SMALLEST << (class / 4);
    base + base / 4 * (class % 4)
}

fn layout(class: usize) -> Option<Layout> {
    let size = class_size(class);
    let align = if size >= 2 * HUGE_PAGE { HUGE_PAGE } else { HEADER };
    Layout::from_size_align(size, align).ok()
}

/// A block of the pool with at least `bytes` usable bytes, all of them initialised.
fn take(bytes: usize) -> Option<NonNull<u8>> {
    let class = class_of(bytes.checked_add(HEADER)?)?;
    let size = class_size(class);
    {
        let mut pool = pool();
        if let Some(block) = pool.free.get_mut(class).and_then(Vec::pop) {
            pool.stats.reuses += 1;
            pool.stats.cached_bytes -= size;
            pool.stats.live_bytes += size;
            return Some(block);
        }
        pool.stats.system_allocations += 1;
        pool.stats.live_bytes += size;
    }
    let layout = layout(class)?;
    // SAFETY: the layout's size is not zero.
    let Some(block) = NonNull::new(unsafe { alloc_zeroed(layout) }) else {
        pool().stats.live_bytes -= size;
        return None;
    };
    advise_huge_pages(block, size);
    // SAFETY: the block is at least SMALLEST bytes long and aligned for a usize.
    unsafe { block.cast::<usize>().write(class) };
    Some(block)
}

/// Gives a block back: to its free list, or to the system where the cap is reached.
///
/// # Safety
/// `block` came from [`take`] and nothing uses it any more.
unsafe fn give_back(block: NonNull<u8>) {
    // SAFETY: `take` wrote the class into the header.
    let class = unsafe { block.cast::<usize>().read() };
    let size = class_size(class);
    {
        let mut pool = pool();
        pool.stats.live_bytes -= size;
        if pool.stats.cached_bytes + size <= DEFAULT_CAP {
            if pool.free.len() <= class {
                pool.free.resize_with(class + 1, Vec::new);
            }
            pool.free[class].push(block);
            pool.stats.cached_bytes += size;
            return;
        }
    }
    // SAFETY: the block was allocated with this class's layout, by the contract above.
    unsafe { free(block, class) };
}

/// # Safety
/// `block` was allocated for `class` and nothing uses it any more.
unsafe fn free(block: NonNull<u8>, class: usize) {
    if let Some(layout) = layout(class) {
        // SAFETY: as the function's contract.
        unsafe { dealloc(block.as_ptr(), layout) };
    }
}

#[cfg(target_os = "linux")]
fn advise_huge_pages(block: NonNull<u8>, size: usize) {
    const MADV_HUGEPAGE: i32 = 14;
    unsafe extern "C" {
        fn madvise(address: *mut c_void, length: usize, advice: i32) -> i32;
    }
    if size >= 2 * HUGE_PAGE {
        // SAFETY: the range is ours and its start is page-aligned; the advice changes no content, and refusal is harmless.
        unsafe { madvise(block.as_ptr().cast(), size, MADV_HUGEPAGE) };
    }
}

#[cfg(not(target_os = "linux"))]
fn advise_huge_pages(_block: NonNull<u8>, _size: usize) {}

unsafe extern "C" fn release(capsule: *mut ffi::PyObject) {
    // SAFETY: Python calls this with a capsule that `allocate` made, once, when the last array over it has died.
    unsafe {
        let data = ffi::PyCapsule_GetPointer(capsule, CAPSULE_NAME.as_ptr());
        if let Some(data) = NonNull::new(data.cast::<u8>()) {
            give_back(data.sub(HEADER));
        }
    }
}

/// Memory of `bytes` initialised bytes, and the capsule that owns it.
pub fn allocate<'py>(py: Python<'py>, func: &str, bytes: usize) -> PyResult<(NonNull<u8>, Bound<'py, PyAny>)> {
    let block = take(bytes)
        .ok_or_else(|| PyMemoryError::new_err(format!("{func}: cannot allocate an array of {bytes} bytes")))?;
    // SAFETY: every block is longer than its header.
    let data = unsafe { block.add(HEADER) };
    // SAFETY: `data` is not null, and `release` undoes exactly this allocation.
    let capsule = unsafe { ffi::PyCapsule_New(data.as_ptr().cast(), CAPSULE_NAME.as_ptr(), Some(release)) };
    if capsule.is_null() {
        // SAFETY: the block has just been taken, and the capsule does not exist.
        unsafe { give_back(block) };
        return Err(PyErr::fetch(py));
    }
    // SAFETY: a new reference to a live object.
    Ok((data, unsafe { Bound::from_owned_ptr(py, capsule) }))
}

/// What the pool holds.
pub fn stats() -> Stats {
    pool().stats
}

/// Returns every cached block to the system.
pub fn empty() {
    let lists = {
        let mut pool = pool();
        pool.stats.cached_bytes = 0;
        std::mem::take(&mut pool.free)
    };
    for (class, blocks) in lists.into_iter().enumerate() {
        for block in blocks {
            // SAFETY: a block in list `class` was allocated for that class, and the list owned it.
            unsafe { free(block, class) };
        }
    }
}
