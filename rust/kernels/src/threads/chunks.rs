//! Disjoint mutable pieces of slices, one per part: the safe way for a kernel to write from several threads.

use super::pool;
use std::marker::PhantomData;

/// Something that falls into pieces that can be written independently of each other.
///
/// # Safety
/// `piece(i)` and `piece(j)` must not overlap for `i != j`.
pub unsafe trait Parts: Sync {
    /// What one part gets.
    type Piece;
    /// The number of pieces.
    fn count(&self) -> usize;
    /// Piece `part`.
    ///
    /// # Safety
    /// `part < count()`, and no other live value stands for the same piece.
    unsafe fn piece(&self, part: usize) -> Self::Piece;
}

/// A mutable slice cut into chunks of equal length, the last one possibly shorter.
pub struct Chunks<'a, T> {
    data: *mut T,
    len: usize,
    chunk: usize,
    life: PhantomData<&'a mut [T]>,
}

/// Cuts `data` into chunks of `chunk` elements (at least 1), the last one possibly shorter.
pub fn chunks<T: Send>(data: &mut [T], chunk: usize) -> Chunks<'_, T> {
    Chunks { data: data.as_mut_ptr(), len: data.len(), chunk: chunk.max(1), life: PhantomData }
}

// SAFETY: the only thing that a shared `Chunks` gives out are disjoint `&mut [T]`, which may cross threads when `T: Send`.
unsafe impl<T: Send> Sync for Chunks<'_, T> {}

// SAFETY: pieces are the half-open ranges [part * chunk, min((part + 1) * chunk, len)), which are disjoint.
unsafe impl<'a, T: Send> Parts for Chunks<'a, T> {
    type Piece = &'a mut [T];

    fn count(&self) -> usize {
        self.len.div_ceil(self.chunk)
    }

    unsafe fn piece(&self, part: usize) -> &'a mut [T] {
        let start = part * self.chunk;
        let len = self.chunk.min(self.len - start);
        // SAFETY: the range lies in the slice that this was made from, and the caller asks for each piece once at a time.
        unsafe { std::slice::from_raw_parts_mut(self.data.add(start), len) }
    }
}

// SAFETY: no piece at all for `None`, and those of the inner value otherwise.
unsafe impl<P: Parts> Parts for Option<P> {
    type Piece = Option<P::Piece>;

    /// Bounds nothing when `None`.
    fn count(&self) -> usize {
        self.as_ref().map_or(usize::MAX, P::count)
    }

    unsafe fn piece(&self, part: usize) -> Self::Piece {
        // SAFETY: handed on to the caller.
        self.as_ref().map(|p| unsafe { p.piece(part) })
    }
}

macro_rules! tuple_parts {
    ($($name:ident . $index:tt),+) => {
        // SAFETY: each member gives disjoint pieces, and the members are different slices.
        unsafe impl<$($name: Parts),+> Parts for ($($name,)+) {
            type Piece = ($($name::Piece,)+);

            fn count(&self) -> usize {
                let counts = [$(self.$index.count()),+];
                let least = counts.into_iter().min().unwrap_or(0);
                debug_assert!(counts.iter().all(|&c| c == least || c == usize::MAX), "pieces differ in number: {counts:?}");
                least
            }

            unsafe fn piece(&self, part: usize) -> Self::Piece {
                // SAFETY: handed on to the caller.
                unsafe { ($(self.$index.piece(part),)+) }
            }
        }
    };
}
tuple_parts!(A.0, B.1);
tuple_parts!(A.0, B.1, C.2);
tuple_parts!(A.0, B.1, C.2, D.3);
tuple_parts!(A.0, B.1, C.2, D.3, E.4);

/// [`super::parallel`] with one part for every piece: `body(part, piece)`.
///
/// `pieces` is [`chunks`] of a slice, or a tuple of them with the same number of chunks each:
/// `parallel_chunks((chunks(y, rows * n), chunks(sums, rows)), |part, (y, sums)| …)`.
pub fn parallel_chunks<P: Parts>(pieces: P, body: impl Fn(usize, P::Piece) + Sync) {
    // SAFETY: a region runs every part below `count` exactly once, so no piece is alive twice.
    let run = |part| body(part, unsafe { pieces.piece(part) });
    pool::run(pieces.count(), &run, true);
}

/// [`super::parallel_whole`] with one part for every piece, as [`parallel_chunks`].
pub fn parallel_chunks_whole<P: Parts>(pieces: P, body: impl Fn(usize, P::Piece) + Sync) {
    // SAFETY: as in `parallel_chunks`.
    let run = |part| body(part, unsafe { pieces.piece(part) });
    pool::run(pieces.count(), &run, false);
}
