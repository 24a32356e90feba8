//! Loops from slices to registers and back: whole registers, then one partial.
//!
//! What is done to a register is a type with an `#[inline(always)]` method, not a closure: a closure is a function of
//! its own without the level's instructions, and only luck inlines it into the shell.

use super::vector::{Float, Isa, V, Vector};

/// Elements gathered before they are streamed together: a multiple of every register, a part of the first cache.
const STREAM_BLOCK: usize = 256;

/// Bytes of a cache line.
pub const LINE: usize = 64;
/// Bytes that long streams are fetched ahead: beyond the page that the hardware's own fetching stops at.
pub const AHEAD: usize = 4096;

/// Fetches a line into the first-level cache. Any address will do.
#[inline(always)]
pub fn fetch_near<T>(_p: *const T) {
    #[cfg(target_arch = "x86_64")]
    // SAFETY: a hint, which never faults.
    unsafe {
        std::arch::x86_64::_mm_prefetch::<{ std::arch::x86_64::_MM_HINT_T0 }>(_p.cast())
    };
}

/// Fetches a line into the second-level cache. Any address will do.
#[inline(always)]
pub fn fetch_far<T>(_p: *const T) {
    #[cfg(target_arch = "x86_64")]
    // SAFETY: a hint, which never faults.
    unsafe {
        std::arch::x86_64::_mm_prefetch::<{ std::arch::x86_64::_MM_HINT_T1 }>(_p.cast())
    };
}

/// A function of `N` registers, lane by lane.
pub trait Map<T: Float, const N: usize> {
    /// Must be `#[inline(always)]`.
    fn apply<V: Vector<T>>(&self, x: [V; N]) -> V;
}

/// Declares unit types that are [`Map`]s for every element type: `maps! { Square(x) => x * x; }`.
#[macro_export]
macro_rules! maps {
    ($($(#[$doc:meta])* $name:ident($($x:ident),+) => $body:expr;)*) => {$(
        $(#[$doc])*
        #[derive(Clone, Copy)]
        pub struct $name;
        impl<T: $crate::simd::Float> $crate::simd::Map<T, { [$(stringify!($x)),+].len() }> for $name {
            #[inline(always)]
            fn apply<V: $crate::simd::Vector<T>>(&self, [$($x),+]: [V; [$(stringify!($x)),+].len()]) -> V {
                $body
            }
        }
    )*};
}

/// `y[i] = f(x[0][i], x[1][i], …)`. `y` is written past the caches when `stream` is set and its address allows;
/// lanes are independent, so the bits do not depend on that.
#[inline(always)]
pub fn map<T: Float, I: Isa, const N: usize>(f: &impl Map<T, N>, x: [&[T]; N], y: &mut [T], stream: bool) {
    debug_assert!(x.iter().all(|x| x.len() == y.len()));
    let n = x.iter().fold(y.len(), |n, x| n.min(x.len()));
    let to = y.as_mut_ptr();
    let from = pointers(x);
    let lanes = V::<T, I>::LANES;
    let whole = n - n % lanes;
    let mut i = 0;
    // SAFETY: i + lanes ≤ n while i < whole, and the rest is n - whole elements; only aligned addresses are streamed to.
    unsafe {
        if stream && aligned::<T, I>(to) {
            // Streamed stores that arrive one by one, with arithmetic between them, are several times slower than a
            // burst: so results are gathered in the first cache, and leave together.
            let mut block = [T::ZERO; STREAM_BLOCK];
            let gathered = block.as_mut_ptr();
            while i < whole {
                let count = STREAM_BLOCK.min(whole - i);
                let mut j = 0;
                while j < count {
                    for k in 0..N {
                        fetch_far(from[k].wrapping_add(i + j).wrapping_byte_add(AHEAD));
                    }
                    f.apply(load::<T, I, N>(&from, i + j)).store(gathered.add(j));
                    j += lanes;
                }
                j = 0;
                while j < count {
                    V::<T, I>::load(gathered.add(j)).stream(to.add(i + j));
                    j += lanes;
                }
                i += count;
            }
            stream_fence();
        } else {
            while i < whole {
                f.apply(load::<T, I, N>(&from, i)).store(to.add(i));
                i += lanes;
            }
        }
        if i < n {
            f.apply(load_partial::<T, I, N>(&from, i, n - i)).store_partial(to.add(i), n - i);
        }
    }
}

/// `y[i] = f(y[i])`, as [`map`].
#[inline(always)]
pub fn map_in_place<T: Float, I: Isa>(f: &impl Map<T, 1>, y: &mut [T]) {
    let n = y.len();
    let at = y.as_mut_ptr();
    let lanes = V::<T, I>::LANES;
    let whole = n - n % lanes;
    let mut i = 0;
    // SAFETY: i + lanes ≤ n while i < whole, and the rest is n - whole elements.
    unsafe {
        while i < whole {
            f.apply([V::<T, I>::load(at.add(i))]).store(at.add(i));
            i += lanes;
        }
        if i < n {
            f.apply([V::<T, I>::load_partial(at.add(i), n - i)]).store_partial(at.add(i), n - i);
        }
    }
}

#[inline(always)]
fn pointers<T, const N: usize>(x: [&[T]; N]) -> [*const T; N] {
    let mut out = [std::ptr::null(); N];
    for k in 0..N {
        out[k] = x[k].as_ptr();
    }
    out
}

/// # Safety
/// Every pointer is valid for reading `LANES` elements from `at` on.
#[inline(always)]
unsafe fn load<T: Float, I: Isa, const N: usize>(from: &[*const T; N], at: usize) -> [V<T, I>; N] {
    let mut out = [V::<T, I>::zero(); N];
    for k in 0..N {
        // SAFETY: granted by the caller.
        out[k] = unsafe { V::<T, I>::load(from[k].add(at)) };
    }
    out
}

/// # Safety
/// Every pointer is valid for reading `count` ≤ `LANES` elements from `at` on.
#[inline(always)]
unsafe fn load_partial<T: Float, I: Isa, const N: usize>(
    from: &[*const T; N],
    at: usize,
    count: usize,
) -> [V<T, I>; N] {
    let mut out = [V::<T, I>::zero(); N];
    for k in 0..N {
        // SAFETY: granted by the caller.
        out[k] = unsafe { V::<T, I>::load_partial(from[k].add(at), count) };
    }
    out
}

/// Whether whole registers from `to` on may be streamed.
#[inline(always)]
pub fn aligned<T: Float, I: Isa>(to: *const T) -> bool {
    to.addr().is_multiple_of(V::<T, I>::LANES * size_of::<T>())
}

/// Orders streamed stores before whatever the thread does next; needed once after the last of a part.
#[inline(always)]
pub fn stream_fence() {
    #[cfg(target_arch = "x86_64")]
    // SAFETY: sfence belongs to SSE, which every x86-64 has.
    unsafe {
        std::arch::x86_64::_mm_sfence();
    }
}
