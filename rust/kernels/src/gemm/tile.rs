//! The micro-kernel: MR rows by up to two registers of columns of C, one K block.
//!
//! Each element of C is one chain of fused multiply-adds in the order of k, whatever the tile it falls into;
//! so how C is cut into tiles never changes a bit.

use super::pack::Turn;
use crate::activation::Relu;
use crate::simd::{Float, Isa, Level, Map, V, Vector, fetch_far, fetch_near, level};

/// Rows of the tallest tile of any level.
pub(super) const MAX_ROWS: usize = 12;

/// What a tile's columns are made of: whole registers, then perhaps one that may be partly used.
/// The order is that of the table of kernels.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Width {
    /// Two registers, all lanes in use.
    Two,
    /// One register in full and one in part.
    OneAndPart,
    /// One register in full and half a register's width in part.
    OneAndHalf,
    /// One register in part.
    Part,
    /// Half a register's width in part.
    Half,
}

/// Work of one tile. Rows and columns that lie past the edge of C are neither read nor written.
pub struct Tile<T> {
    pub k: usize,
    /// A's element (i, k) is `a[i * a_row + k * a_k]`.
    pub a: *const T,
    pub a_row: usize,
    pub a_k: usize,
    /// B's element (k, j) is `b[k * b_k + j]`.
    pub b: *const T,
    pub b_k: usize,
    /// Columns past `tail` of the last register may be read (they are zero).
    pub padded: bool,
    /// Where the tile keeps the columns of B that it reads, `[k][width]` with zeros past the edge (`keep` kernels only).
    pub keep: *mut T,
    /// Two places to be fetched into the second-level cache, a step of `ahead_k` every [`FETCH_EVERY`] of k: what comes next.
    pub ahead: [*const T; 2],
    pub ahead_k: [usize; 2],
    pub c: *mut T,
    pub c_row: usize,
    /// Columns in use of the last register.
    pub tail: usize,
    /// Add to what C holds.
    pub accumulate: bool,
    /// Null, or the bias of the tile's first column: added after the last K block.
    pub bias: *const T,
    pub relu: bool,
}

/// Pointers that a tile keeps into A.
const GROUPS: usize = MAX_ROWS / 3;
/// Rows of B that are fetched ahead where B is read in place.
const FETCH: usize = 32;
/// Steps of k between two fetches of what comes next: each takes the place of a load, and a step has few to spare.
pub(super) const FETCH_EVERY: usize = 4;

/// Hides how a pointer came about, so that it stays a register of its own: the compiler would otherwise keep one of them
/// and the distances to the others, for which there are not enough registers.
#[inline(always)]
#[allow(clippy::pointers_in_nomem_asm_block)] // The block holds no instruction.
fn opaque<T>(mut pointer: *const T) -> *const T {
    #[cfg(any(target_arch = "x86_64", target_arch = "aarch64"))]
    // SAFETY: does nothing.
    unsafe {
        std::arch::asm!("/* {0} */", inout(reg) pointer, options(pure, nomem, nostack, preserves_flags))
    };
    pointer
}

/// Loads and stores stay on their side of this.
#[inline(always)]
fn hold() {
    #[cfg(any(target_arch = "x86_64", target_arch = "aarch64"))]
    // SAFETY: does nothing.
    unsafe {
        std::arch::asm!("", options(nomem, nostack, preserves_flags))
    };
}

/// A kernel for one number of rows and one width.
pub type Run<T> = unsafe fn(&Tile<T>);

/// The kernels of one level: `kernels[width][rows - 1]`, and those that keep B for the tallest tile.
pub struct Kernels<T: 'static> {
    pub lanes: usize,
    /// Lanes of the register used for `Half` widths; equal to `lanes` where the level has none.
    pub half: usize,
    pub rows: usize,
    pub run: [&'static [Run<T>]; 5],
    pub keep: [Run<T>; 5],
}

impl<T: Float> Kernels<T> {
    /// The narrowest width for `columns` columns, its number of elements, and how many lanes of its last register they use.
    pub fn width(&self, columns: usize) -> (Width, usize, usize) {
        let (lanes, half) = (self.lanes, self.half);
        if columns >= 2 * lanes {
            (Width::Two, 2 * lanes, lanes)
        } else if columns > lanes + half {
            (Width::OneAndPart, 2 * lanes, columns - lanes)
        } else if columns > lanes {
            if half < lanes {
                (Width::OneAndHalf, lanes + half, columns - lanes)
            } else {
                (Width::OneAndPart, 2 * lanes, columns - lanes)
            }
        } else if columns > half || half == lanes {
            (Width::Part, lanes, columns)
        } else {
            (Width::Half, half, columns)
        }
    }
}

/// An element type with kernels for every level.
pub trait Scalar: Float {
    /// The kernels of a level that the machine has.
    #[doc(hidden)]
    fn kernels(level: Level) -> &'static Kernels<Self>;
    /// The side of the square that the level in use turns over in registers, and how.
    #[doc(hidden)]
    fn square() -> Option<(usize, Turn<Self>)>;
}

/// `body` for every row i of a tile, written out: a loop that the compiler leaves rolled keeps the sums in memory.
macro_rules! each_row {
    ($i:ident, $body:block) => {
        {
            each_row!(@ $i, $body, 0 1 2 3 4 5 6 7 8 9 10 11);
        }
    };
    (@ $i:ident, $body:block, $($row:literal)*) => {
        $({
            if $row < MR {
                let $i = $row;
                $body
            }
        })*
    };
}

/// One tile: `FULL` whole registers, then none (`TAIL` 0), a register (1) or a half register (2) in part.
///
/// # Safety
/// All pointers of `t` are valid for what their comments say, and the level is that of the enclosing shell.
#[inline(always)]
unsafe fn tile<T, I, H, const MR: usize, const FULL: usize, const TAIL: usize, const KEEP: bool>(t: &Tile<T>)
where
    T: Float,
    I: Isa,
    H: Isa,
{
    let zero = V::<T, I>::zero();
    let mut full = [[zero; FULL]; MR];
    let mut part = [zero; MR];
    let mut half = [V::<T, H>::zero(); MR];
    let lanes = V::<T, I>::LANES;
    let width = FULL * lanes + [0, lanes, V::<T, H>::LANES][TAIL];
    let (mut b, mut keep) = (t.b, t.keep);
    // A pointer to every third row, each moving on its own: a chain of additions over all rows is too slow for narrow tiles.
    let mut a = [t.a; GROUPS];
    for g in 0..MR.div_ceil(3) {
        a[g] = opaque(t.a.wrapping_add(3 * g * t.a_row));
    }
    let mut ahead = t.ahead;
    let used = if TAIL == 0 { lanes } else { t.tail };
    for i in 0..MR {
        let row = t.c.wrapping_add(i * t.c_row);
        for f in 0..FULL {
            fetch_near(row.wrapping_add(f * lanes));
        }
        fetch_near(row.wrapping_add((FULL + (TAIL != 0) as usize - 1) * lanes + used - 1));
    }
    // SAFETY: by this function's contract; partial loads and stores stay within `tail` lanes.
    unsafe {
        macro_rules! step {
            ($padded:literal) => {{
                let mut columns = [zero; FULL];
                for f in 0..FULL {
                    columns[f] = V::<T, I>::load(b.add(f * lanes));
                    if KEEP {
                        columns[f].store(keep.add(f * lanes));
                    }
                }
                let mut last = zero;
                let mut last_half = V::<T, H>::zero();
                let end = FULL * lanes;
                if TAIL == 1 {
                    last = if $padded { V::<T, I>::load(b.add(end)) } else { V::<T, I>::load_partial(b.add(end), t.tail) };
                    if KEEP {
                        last.store(keep.add(end));
                    }
                }
                if TAIL == 2 {
                    last_half =
                        if $padded { V::<T, H>::load(b.add(end)) } else { V::<T, H>::load_partial(b.add(end), t.tail) };
                    if KEEP {
                        last_half.store(keep.add(end));
                    }
                }
                each_row!(i, {
                    let x = *a[i / 3].wrapping_add(i % 3 * t.a_row);
                    let wide = V::<T, I>::splat(x);
                    for f in 0..FULL {
                        full[i][f] = wide.fma(columns[f], full[i][f]);
                    }
                    if TAIL == 1 {
                        part[i] = wide.fma(last, part[i]);
                    }
                    if TAIL == 2 {
                        half[i] = V::<T, H>::splat(x).fma(last_half, half[i]);
                    }
                });
                for g in 0..MR.div_ceil(3) {
                    a[g] = opaque(a[g].wrapping_add(t.a_k));
                }
                if KEEP {
                    fetch_far(b.wrapping_add(FETCH * t.b_k));
                    fetch_far(b.wrapping_add(FETCH * t.b_k + width - 1));
                }
                b = b.wrapping_add(t.b_k);
                if KEEP {
                    keep = keep.add(width);
                }
                // What one step loads stays in that step: loads moved up from the next would push sums out of registers.
                hold();
            }};
        }
        macro_rules! steps {
            ($padded:literal) => {
                for _ in 0..t.k / FETCH_EVERY {
                    if MR > 4 {
                        fetch_far(ahead[0]);
                        fetch_far(ahead[1]);
                        ahead[0] = ahead[0].wrapping_add(t.ahead_k[0]);
                        ahead[1] = ahead[1].wrapping_add(t.ahead_k[1]);
                    }
                    step!($padded);
                    step!($padded);
                    step!($padded);
                    step!($padded);
                }
                for _ in 0..t.k % FETCH_EVERY {
                    step!($padded);
                }
            };
        }
        // Decided outside the loop: a branch in a step would let the compiler gather the sums of several steps behind it.
        if TAIL == 0 || (t.padded && !KEEP) {
            steps!(true);
        } else {
            steps!(false);
        }
        macro_rules! finish {
            ($last:literal, $accumulate:literal) => {
                each_row!(i, {
                    let row = t.c.add(i * t.c_row);
                    for f in 0..FULL {
                        finish::<T, V<T, I>, false, $last, $accumulate>(t, full[i][f], row, f * lanes);
                    }
                    if TAIL == 1 {
                        finish::<T, V<T, I>, true, $last, $accumulate>(t, part[i], row, FULL * lanes);
                    }
                    if TAIL == 2 {
                        finish::<T, V<T, H>, true, $last, $accumulate>(t, half[i], row, FULL * lanes);
                    }
                })
            };
        }
        if !t.bias.is_null() || t.relu {
            finish!(true, true)
        } else if t.accumulate {
            finish!(false, true)
        } else {
            finish!(false, false)
        }
    }
}

/// Adds what C holds (if `ACCUMULATE` and asked for), bias and relu (if `LAST` and asked for), and stores.
///
/// # Safety
/// As `tile`; the register's first column is `at` of the tile.
#[inline(always)]
unsafe fn finish<T: Float, W: Vector<T>, const PART: bool, const LAST: bool, const ACCUMULATE: bool>(
    t: &Tile<T>,
    sum: W,
    row: *mut T,
    at: usize,
) {
    // SAFETY: by contract.
    unsafe {
        let to = row.add(at);
        let mut y = sum;
        if ACCUMULATE && (!LAST || t.accumulate) {
            y = y + if PART { W::load_partial(to, t.tail) } else { W::load(to) };
        }
        if LAST && !t.bias.is_null() {
            let bias = t.bias.add(at);
            y = y + if PART { W::load_partial(bias, t.tail) } else { W::load(bias) };
        }
        if LAST && t.relu {
            y = Relu.apply([y]);
        }
        if PART { y.store_partial(to, t.tail) } else { y.store(to) }
    }
}

/// The table of kernels of one level for one element type.
macro_rules! table {
    ($T:ty, $I:ty, $H:ty, $feature:literal, $max:literal, [$($mr:literal)*]) => {{
        #[target_feature(enable = $feature)]
        unsafe fn run<const MR: usize, const FULL: usize, const TAIL: usize, const KEEP: bool>(t: &Tile<$T>) {
            // SAFETY: handed on to the caller, who also answers for the level.
            unsafe { tile::<$T, $I, $H, MR, FULL, TAIL, KEEP>(t) }
        }
        const HALF: bool = <V<$T, $H> as Vector<$T>>::LANES < <V<$T, $I> as Vector<$T>>::LANES;
        // Where there is no half register, its kernels are never asked for.
        const OH: usize = if HALF { 2 } else { 1 };
        static KERNELS: Kernels<$T> = Kernels {
            lanes: <V<$T, $I> as Vector<$T>>::LANES,
            half: <V<$T, $H> as Vector<$T>>::LANES,
            rows: $max,
            run: [
                &[$(run::<$mr, 2, 0, false>),*],
                &[$(run::<$mr, 1, 1, false>),*],
                &[$(run::<$mr, 1, OH, false>),*],
                &[$(run::<$mr, 0, 1, false>),*],
                &[$(run::<$mr, 0, OH, false>),*],
            ],
            keep: [
                run::<$max, 2, 0, true>,
                run::<$max, 1, 1, true>,
                run::<$max, 1, OH, true>,
                run::<$max, 0, 1, true>,
                run::<$max, 0, OH, true>,
            ],
        };
        &KERNELS
    }};
}

macro_rules! scalar {
    ($T:ty, $side:literal, $turn:ident) => {
        impl Scalar for $T {
            fn square() -> Option<(usize, Turn<$T>)> {
                #[cfg(target_arch = "x86_64")]
                if level() >= Level::Avx2 {
                    return Some(($side, super::pack::$turn));
                }
                None
            }

            fn kernels(level: Level) -> &'static Kernels<$T> {
                match level {
                    #[cfg(target_arch = "x86_64")]
                    Level::Avx512 => {
                        use crate::simd::{Avx2, Avx512};
                        table!($T, Avx512, Avx2, "avx512f,avx512bw,avx512dq,avx512vl,avx2,fma", 12, [1 2 3 4 5 6 7 8 9 10 11 12])
                    }
                    #[cfg(target_arch = "x86_64")]
                    Level::Avx2 => {
                        use crate::simd::Avx2;
                        table!($T, Avx2, Avx2, "avx2,fma", 6, [1 2 3 4 5 6])
                    }
                    _ => {
                        use crate::simd::Baseline;
                        #[cfg(target_arch = "x86_64")]
                        let table = table!($T, Baseline, Baseline, "sse2", 4, [1 2 3 4]);
                        #[cfg(target_arch = "aarch64")]
                        let table = table!($T, Baseline, Baseline, "neon", 8, [1 2 3 4 5 6 7 8]);
                        table
                    }
                }
            }
        }
    };
}
scalar!(f32, 8, turn_f32);
scalar!(f64, 4, turn_f64);
