//! Memory for intermediate results: each thread keeps a few blocks and lends them out again.

use std::alloc::{Layout, alloc_zeroed, dealloc};
use std::cell::RefCell;
use std::marker::PhantomData;
use std::ops::{Deref, DerefMut};
use std::panic::resume_unwind;
use std::ptr::NonNull;

/// Blocks start on a cache line (two of them: neighbours are fetched in pairs).
const ALIGN: usize = 128;
/// Sizes are rounded up to this, so that nearly equal wishes share a block.
const GRAIN: usize = 4096;
/// From this size on, blocks are whole huge pages: fewer address translations, and no two lines of a block compete for
/// the same place in the second-level cache by accident.
const HUGE_FROM: usize = 256 << 10;
const HUGE: usize = 2 << 20;
/// A thread keeps at most this many bytes between uses; larger blocks go back to the system.
const KEEP: usize = 64 << 20;

/// Element types that any bits are a value of.
///
/// # Safety
/// Every bit pattern, all zeros included, is a valid value, and the alignment is at most 128.
pub unsafe trait Plain: Copy + Send + 'static {}
// SAFETY: plain numbers.
unsafe impl Plain for f32 {}
// SAFETY: plain numbers.
unsafe impl Plain for f64 {}
// SAFETY: plain numbers.
unsafe impl Plain for u8 {}
// SAFETY: plain numbers.
unsafe impl Plain for u32 {}
// SAFETY: plain numbers.
unsafe impl Plain for u64 {}
// SAFETY: plain numbers.
unsafe impl Plain for usize {}

/// What a kernel unwinds with when the system has no memory for its intermediate results: no abort, and no message of
/// its own, since the caller has one.
#[derive(Debug)]
pub struct OutOfMemory {
    pub bytes: usize,
}

/// A block of initialised bytes.
struct Block {
    data: NonNull<u8>,
    bytes: usize,
}

impl Block {
    /// `None` where the system has no memory for it.
    fn new(bytes: usize) -> Option<Block> {
        // SAFETY: the layout's size is not zero.
        let data = NonNull::new(unsafe { alloc_zeroed(Block::layout(bytes)) })?;
        if bytes >= HUGE_FROM {
            advise_huge_pages(data, bytes);
        }
        Some(Block { data, bytes })
    }

    fn layout(bytes: usize) -> Layout {
        let align = if bytes >= HUGE_FROM { HUGE } else { ALIGN };
        Layout::from_size_align(bytes, align).expect("scratch sizes fit the address space")
    }
}

impl Drop for Block {
    fn drop(&mut self) {
        // SAFETY: it was allocated with this layout.
        unsafe { dealloc(self.data.as_ptr(), Block::layout(self.bytes)) }
    }
}

#[cfg(target_os = "linux")]
fn advise_huge_pages(data: NonNull<u8>, bytes: usize) {
    unsafe extern "C" {
        fn madvise(address: *mut std::ffi::c_void, length: usize, advice: i32) -> i32;
    }
    const MADV_HUGEPAGE: i32 = 14;
    // SAFETY: the range is ours and page-aligned, and the advice does not change its contents. It may be refused.
    unsafe { madvise(data.as_ptr().cast(), bytes, MADV_HUGEPAGE) };
}

#[cfg(not(target_os = "linux"))]
fn advise_huge_pages(_data: NonNull<u8>, _bytes: usize) {}

thread_local! {
    static FREE: RefCell<Vec<Block>> = const { RefCell::new(Vec::new()) };
}

/// `len` elements with unspecified contents; goes back to the thread that drops it.
pub struct Scratch<T> {
    block: Option<Block>,
    len: usize,
    element: PhantomData<T>,
}

/// Borrows memory for `len` elements, contents unspecified.
///
/// # Panics
/// With [`OutOfMemory`] when the system has none.
pub fn take<T: Plain>(len: usize) -> Scratch<T> {
    let bytes = len.checked_mul(size_of::<T>()).expect("scratch sizes fit the address space");
    let bytes = bytes.max(1).next_multiple_of(if bytes >= HUGE_FROM { HUGE } else { GRAIN });
    let kept = FREE.try_with(|free| {
        let mut free = free.borrow_mut();
        let fits = free.iter().enumerate().filter(|(_, b)| b.bytes >= bytes);
        let best = fits.min_by_key(|(_, b)| b.bytes).map(|(at, _)| at);
        best.map(|at| free.swap_remove(at))
    });
    let block = kept.ok().flatten().or_else(|| Block::new(bytes));
    let block = block.unwrap_or_else(|| resume_unwind(Box::new(OutOfMemory { bytes })));
    Scratch { block: Some(block), len, element: PhantomData }
}

impl<T> Drop for Scratch<T> {
    fn drop(&mut self) {
        let Some(block) = self.block.take() else { return };
        // Without the list (the thread is ending) the block is simply freed.
        let _ = FREE.try_with(|free| {
            let mut free = free.borrow_mut();
            free.push(block);
            let mut kept: usize = free.iter().map(|b| b.bytes).sum();
            while kept > KEEP || free.len() > 16 {
                // The smallest first while there are many: the large ones serve any wish.
                let at = if kept > KEEP { largest(&free) } else { smallest(&free) };
                kept -= free.swap_remove(at).bytes;
            }
        });
    }
}

fn largest(blocks: &[Block]) -> usize {
    (0..blocks.len()).max_by_key(|&i| blocks[i].bytes).unwrap_or(0)
}

fn smallest(blocks: &[Block]) -> usize {
    (0..blocks.len()).min_by_key(|&i| blocks[i].bytes).unwrap_or(0)
}

impl<T: Plain> Deref for Scratch<T> {
    type Target = [T];
    fn deref(&self) -> &[T] {
        let data = self.block.as_ref().map_or(NonNull::dangling(), |b| b.data.cast::<T>());
        // SAFETY: the block is ours, long enough, aligned, initialised, and any bits are a T.
        unsafe { std::slice::from_raw_parts(data.as_ptr(), self.len) }
    }
}

impl<T: Plain> DerefMut for Scratch<T> {
    fn deref_mut(&mut self) -> &mut [T] {
        let data = self.block.as_ref().map_or(NonNull::dangling(), |b| b.data.cast::<T>());
        // SAFETY: as above, and we are borrowed mutably.
        unsafe { std::slice::from_raw_parts_mut(data.as_ptr(), self.len) }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_block_is_lent_again() {
        let address = {
            let mut a = take::<f32>(1000);
            a.fill(1.0);
            assert_eq!(a.len(), 1000);
            a.as_ptr() as usize
        };
        assert!(address.is_multiple_of(ALIGN));
        let b = take::<f64>(500);
        assert_eq!(b.as_ptr() as usize, address);
        let c = take::<f64>(500);
        assert_ne!(c.as_ptr() as usize, address);
        assert!(take::<f32>(0).is_empty());
    }

    #[test]
    fn without_memory_it_unwinds_and_says_for_how_much() {
        for threads in [1, 2] {
            let outcome = std::panic::catch_unwind(|| {
                crate::threads::parallel(threads, |_| drop(take::<u8>(isize::MAX as usize - HUGE)));
            });
            let payload = outcome.expect_err("there is no such memory");
            assert_eq!(payload.downcast_ref::<OutOfMemory>().map(|o| o.bytes >> 20), Some((1 << 43) - 2));
        }
        assert_eq!(take::<u8>(5).len(), 5);
    }

    #[test]
    fn what_is_kept_is_bounded() {
        std::thread::spawn(|| {
            let all: Vec<_> = (0..40).map(|_| take::<u8>(4 << 20)).collect();
            drop(all);
            FREE.with(|free| {
                let free = free.borrow();
                assert!(free.len() <= 16 && free.iter().map(|b| b.bytes).sum::<usize>() <= KEEP);
            });
        })
        .join()
        .unwrap();
    }
}
