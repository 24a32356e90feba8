//! Maps over rows with constants of each column.

use crate::simd::{AHEAD, Float, Isa, Kernel, Map, V, Vector, aligned, fetch_far, stream_fence};

use super::columns::{WIDTH, joined, load, repeated};

/// Elements gathered before they are streamed together, as in `simd::map`.
const STREAM_BLOCK: usize = 256;

/// y = f(from), where the first `S` of `from` are as long as y, and the others are rows that repeat: y is whole rows.
pub struct Cycle<'a, T, F, const N: usize, const S: usize> {
    pub f: &'a F,
    pub from: [&'a [T]; N],
    pub y: &'a mut [T],
    pub stream: bool,
}

impl<T: Float, F: Map<T, N>, const N: usize, const S: usize> Kernel for Cycle<'_, T, F, N, S> {
    type Output = ();
    #[inline(always)]
    fn run<I: Isa>(self) {
        let Cycle { f, from, y, stream } = self;
        let width = from[N - 1].len();
        debug_assert!(y.len().is_multiple_of(width.max(1)));
        let beside = joined(width);
        let wide = width * beside;
        let mut pointers = [std::ptr::null(); N];
        for k in 0..N {
            pointers[k] = from[k].as_ptr();
        }
        let mut done = 0;
        // SAFETY: `done` ≤ y.len() is a multiple of the width; the first S inputs are as long as y, the others as a row.
        unsafe {
            if beside > 1 && y.len() >= 4 * wide {
                let mut room = [[T::ZERO; WIDTH]; N];
                let mut views = pointers;
                let mut constants = from;
                // The inputs that go along need no room; a row of a constant stands in for them.
                for k in 0..S {
                    constants[k] = from[N - 1];
                }
                let rows = repeated(&mut room, constants, beside);
                for k in S..N {
                    views[k] = rows[k].as_ptr();
                }
                done = y.len() - y.len() % wide;
                cycle::<T, I, F, N, S>(f, views, wide, done, y.as_mut_ptr(), stream);
            }
            for pointer in &mut pointers[..S] {
                *pointer = pointer.add(done);
            }
            cycle::<T, I, F, N, S>(f, pointers, width, y.len() - done, y.as_mut_ptr().add(done), stream);
        }
    }
}

/// # Safety
/// The first `S` pointers are valid for reading `len` elements, the others for `width`, `to` for writing `len`, a multiple
/// of `width`.
#[inline(always)]
unsafe fn cycle<T: Float, I: Isa, F: Map<T, N>, const N: usize, const S: usize>(
    f: &F,
    from: [*const T; N],
    width: usize,
    len: usize,
    to: *mut T,
    stream: bool,
) {
    let lanes = V::<T, I>::LANES;
    let (mut i, mut j) = (0, 0);
    // SAFETY: i + lanes ≤ len and j + lanes ≤ width wherever whole registers are read or written, as both lengths are
    // multiples of lanes there; the rest of a row is width − j elements. Only aligned addresses are streamed to.
    unsafe {
        if !width.is_multiple_of(lanes) {
            while i < len {
                let whole = width - width % lanes;
                j = 0;
                while j < whole {
                    f.apply(gather::<T, I, N, S>(&from, i + j, j, lanes)).store(to.add(i + j));
                    j += lanes;
                }
                let rest = width - j;
                f.apply(gather::<T, I, N, S>(&from, i + j, j, rest)).store_partial(to.add(i + j), rest);
                i += width;
            }
        } else if stream && aligned::<T, I>(to) {
            let mut block = [T::ZERO; STREAM_BLOCK];
            let gathered = block.as_mut_ptr();
            while i < len {
                let count = STREAM_BLOCK.min(len - i);
                let mut k = 0;
                while k < count {
                    for s in 0..S {
                        fetch_far(from[s].wrapping_add(i + k).wrapping_byte_add(AHEAD));
                    }
                    f.apply(gather::<T, I, N, S>(&from, i + k, j, lanes)).store(gathered.add(k));
                    k += lanes;
                    j += lanes;
                    if j == width {
                        j = 0;
                    }
                }
                k = 0;
                while k < count {
                    V::<T, I>::load(gathered.add(k)).stream(to.add(i + k));
                    k += lanes;
                }
                i += count;
            }
            stream_fence();
        } else {
            while i < len {
                f.apply(gather::<T, I, N, S>(&from, i, j, lanes)).store(to.add(i));
                i += lanes;
                j += lanes;
                if j == width {
                    j = 0;
                }
            }
        }
    }
}

/// # Safety
/// The first `S` pointers are valid for reading `count` elements from `i` on, the others from `j` on.
#[inline(always)]
unsafe fn gather<T: Float, I: Isa, const N: usize, const S: usize>(
    from: &[*const T; N],
    i: usize,
    j: usize,
    count: usize,
) -> [V<T, I>; N] {
    let mut out = [V::<T, I>::zero(); N];
    for k in 0..N {
        // SAFETY: granted by the caller.
        out[k] = unsafe { load::<T, I>(from[k].add(if k < S { i } else { j }), count) };
    }
    out
}
