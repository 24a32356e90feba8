//! The output-buffer pool: 64-byte-aligned blocks that become ndarrays and come back when those die.
//!
//! Fresh pages cost more than most kernels, so blocks are kept in free lists by size class, up to a cap.
//! A block starts with a 64-byte header that holds its class; the ndarray's base is a capsule whose
//! destructor hands the block back. Allocation and return both happen with the GIL held, so a fork
//! (which also needs it) never leaves the lock taken in the child.

use std::alloc::{Layout, alloc_zeroed, dealloc};
use std::ffi::CStr;
use std::ptr::NonNull;
use std::sync::{Mutex, MutexGuard, PoisonError};

use pyo3::exceptions::PyMemoryError;
use pyo3::ffi;
use pyo3::prelude::*;

const HEADER: usize = 64;
const SMALLEST: usize = 1 << 11;
const CLASSES: usize = 4 * 40;
const HUGE_PAGE: usize = 2 << 20;
/// Where a large block's header begins. NumPy's own large arrays begin 16 bytes into a page; an output that began a little
/// later in its page would make each load look like one of the stores before it, at three times the cost.
const STAGGER: usize = 2048;
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

fn is_large(class: usize) -> bool {
    class_size(class) >= 2 * HUGE_PAGE
}

/// Bytes of a block before its header.
fn stagger(class: usize) -> usize {
    if is_large(class) { STAGGER } else { 0 }
}

fn layout(class: usize) -> Option<Layout> {
    let align = if is_large(class) { HUGE_PAGE } else { HEADER };
    Layout::from_size_align(class_size(class), align).ok()
}

/// A block of the pool with at least `bytes` usable bytes, all of them initialised.
fn take(bytes: usize) -> Option<NonNull<u8>> {
    let mut class = class_of(bytes.checked_add(HEADER)?)?;
    if is_large(class) {
        class = class_of(bytes.checked_add(HEADER + STAGGER)?)?;
    }
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
    let Some(block) = system_allocate(class) else {
        pool().stats.live_bytes -= size;
        return None;
    };
    // SAFETY: the block is longer than its stagger and header, and aligned for a usize at both.
    let header = unsafe { block.add(stagger(class)) };
    // SAFETY: as above.
    unsafe { header.cast::<usize>().write(class) };
    Some(header)
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
    unsafe { system_free(block, class) };
}

/// Zeroed memory for one block of `class`. Large ones are mapped: their pages are zero without being written here, and
/// come when a kernel's threads first touch them.
fn system_allocate(class: usize) -> Option<NonNull<u8>> {
    let layout = layout(class)?;
    if layout.align() == HUGE_PAGE {
        return pages::map(layout.size());
    }
    // SAFETY: the layout's size is not zero.
    NonNull::new(unsafe { alloc_zeroed(layout) })
}

/// # Safety
/// `block` is the header in a block that came from [`system_allocate`] for `class` and nothing uses it any more.
unsafe fn system_free(block: NonNull<u8>, class: usize) {
    let Some(layout) = layout(class) else { return };
    // SAFETY: by the function's contract, the same branch made the block, which begins before the header of a large one.
    unsafe {
        let block = block.sub(stagger(class));
        if layout.align() == HUGE_PAGE {
            pages::unmap(block, layout.size());
        } else {
            dealloc(block.as_ptr(), layout);
        }
    }
}

/// Memory straight from the system, at addresses where a huge page begins.
#[cfg(target_os = "linux")]
mod pages {
    use super::{HUGE_PAGE, NonNull};
    use std::ffi::c_void;

    const READ_WRITE: i32 = 1 | 2;
    const PRIVATE_ANONYMOUS: i32 =
        0x02 | if cfg!(any(target_arch = "mips", target_arch = "mips64")) { 0x800 } else { 0x20 };
    const MADV_HUGEPAGE: i32 = 14;

    unsafe extern "C" {
        fn mmap(at: *mut c_void, length: usize, access: i32, flags: i32, file: i32, offset: isize) -> *mut c_void;
        fn munmap(at: *mut c_void, length: usize) -> i32;
        fn madvise(at: *mut c_void, length: usize, advice: i32) -> i32;
    }

    pub fn map(size: usize) -> Option<NonNull<u8>> {
        let whole = size.checked_add(HUGE_PAGE)?;
        // SAFETY: a fresh private mapping at an address of the system's choice touches no memory of ours.
        let start = unsafe { mmap(std::ptr::null_mut(), whole, READ_WRITE, PRIVATE_ANONYMOUS, -1, 0) };
        if start as isize == -1 {
            return None;
        }
        let before = start.align_offset(HUGE_PAGE);
        // SAFETY: `before` < HUGE_PAGE, so the block and both remainders lie in the mapping, on page boundaries; the
        // remainders are given back and never used. The advice changes no content, and refusal is harmless.
        unsafe {
            let block = start.byte_add(before);
            if before > 0 {
                munmap(start, before);
            }
            munmap(block.byte_add(size), HUGE_PAGE - before);
            madvise(block, size, MADV_HUGEPAGE);
            NonNull::new(block.cast())
        }
    }

    /// # Safety
    /// `block` came from [`map`] with this size and nothing uses it any more.
    pub unsafe fn unmap(block: NonNull<u8>, size: usize) {
        // SAFETY: the range is exactly one block of ours, by the contract.
        unsafe { munmap(block.as_ptr().cast(), size) };
    }
}

#[cfg(not(target_os = "linux"))]
mod pages {
    use super::{HUGE_PAGE, Layout, NonNull, alloc_zeroed, dealloc};

    pub fn map(size: usize) -> Option<NonNull<u8>> {
        let layout = Layout::from_size_align(size, HUGE_PAGE).ok()?;
        // SAFETY: the layout's size is not zero.
        NonNull::new(unsafe { alloc_zeroed(layout) })
    }

    /// # Safety
    /// `block` came from [`map`] with this size and nothing uses it any more.
    pub unsafe fn unmap(block: NonNull<u8>, size: usize) {
        if let Ok(layout) = Layout::from_size_align(size, HUGE_PAGE) {
            // SAFETY: the block was allocated with this layout, by the contract.
            unsafe { dealloc(block.as_ptr(), layout) };
        }
    }
}

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
            unsafe { system_free(block, class) };
        }
    }
}
