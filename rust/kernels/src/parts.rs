//! How arrays are cut into parts, and when an output is written past the caches: both from sizes alone.

/// Elements in one part of an element-wise kernel: some microseconds of work, and a multiple of every register.
pub const PART: usize = 1 << 15;

/// Outputs of this many bytes and more do not stay in any cache until they are read: written past them.
const STREAM_FROM: usize = 24 << 20;

/// Whether an output of `count` elements of `T` is written past the caches.
pub fn streams<T>(count: usize) -> bool {
    count * size_of::<T>() >= STREAM_FROM
}

/// Arrays of this many bytes and more come from beyond the second-level caches: worth fetching ahead.
const FAR_FROM: usize = 4 << 20;

/// Whether `count` elements of `T` hardly lie in a cache that is close.
pub fn far<T>(count: usize) -> bool {
    count * size_of::<T>() >= FAR_FROM
}
