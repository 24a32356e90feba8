//! Channels side by side, one example after the other: reductions down the columns.

use crate::simd::{AHEAD, Float, Isa, Kernel, V, Vector, fetch_far};

use super::lines::open;
use super::reduction::join;

/// The most columns that one kernel reduces, or repeats the constants of.
pub const WIDTH: usize = 512;
/// Rows whose sums stay in the element type before they move to float64.
pub const BLOCK: usize = 32;
/// Rows whose mean shifts a block.
const SHIFT: usize = 4;
/// A multiple of every register.
const LANES: usize = 16;

/// How many narrow rows are read as one, so that registers are filled.
pub fn joined(columns: usize) -> usize {
    if columns == 0 || columns >= 64 {
        return 1;
    }
    let mut rows = LANES >> columns.trailing_zeros().min(LANES.trailing_zeros());
    rows *= (64 / (columns * rows)).max(1);
    if columns * rows <= WIDTH { rows } else { 1 }
}

/// Mean and Σ (x − mean)² of each column of `rows` rows of `stride` elements; out is the means, then the squares.
pub struct Moments<'a, T> {
    pub x: &'a [T],
    pub rows: usize,
    pub stride: usize,
    pub out: &'a mut [f64],
}

impl<T: Float> Kernel for Moments<'_, T> {
    type Output = ();
    #[inline(always)]
    fn run<I: Isa>(self) {
        let Moments { x, rows, stride, out } = self;
        let columns = out.len() / 2;
        let (mean, squares) = out.split_at_mut(columns);
        let beside = if columns == stride { joined(columns).min(rows).max(1) } else { 1 };
        if beside == 1 {
            moments::<T, I>(x, rows, stride, mean, squares);
            return;
        }
        let (mut wide_mean, mut wide_squares) = ([0.0; WIDTH], [0.0; WIDTH]);
        let (wide, height) = (columns * beside, rows / beside);
        moments::<T, I>(x, height, wide, &mut wide_mean[..wide], &mut wide_squares[..wide]);
        for c in 0..columns {
            let mut total = 0.0;
            for k in 0..beside {
                total += wide_mean[k * columns + c];
            }
            mean[c] = total / beside as f64;
            let (mut within, mut between) = (0.0, 0.0);
            for k in 0..beside {
                let delta = wide_mean[k * columns + c] - mean[c];
                within += wide_squares[k * columns + c];
                between += delta * delta;
            }
            squares[c] = within + between * height as f64;
        }
        let done = height * beside;
        if done < rows {
            let (rest_mean, rest_squares) = (&mut wide_mean[..columns], &mut wide_squares[..columns]);
            moments::<T, I>(&x[done * stride..], rows - done, stride, rest_mean, rest_squares);
            join(mean, squares, done, (rest_mean, rest_squares), rows - done);
        }
    }
}

#[inline(always)]
fn moments<T: Float, I: Isa>(x: &[T], rows: usize, stride: usize, mean: &mut [f64], squares: &mut [f64]) {
    let columns = mean.len();
    debug_assert!(columns <= WIDTH && (rows == 0 || x.len() >= (rows - 1) * stride + columns));
    mean.fill(0.0);
    squares.fill(0.0);
    let mut sums = Shifted { shift: [T::ZERO; WIDTH], sum: [T::ZERO; WIDTH], squares: [T::ZERO; WIDTH] };
    let mut done = 0;
    while done < rows {
        let block = BLOCK.min(rows - done);
        // SAFETY: rows done to done + block − 1 have `columns` ≤ WIDTH elements each in x.
        unsafe {
            sums.begin::<I>(x[done * stride..].as_ptr(), block.min(SHIFT), stride, columns);
            sums.add::<I, true>(x[done * stride..].as_ptr(), columns);
            for row in done + 1..done + block {
                sums.add::<I, false>(x[row * stride..].as_ptr(), columns);
            }
        }
        let share = block as f64 / (done + block) as f64;
        let weight = done as f64 * share;
        let each = 1.0 / block as f64;
        for c in 0..columns {
            let sum = sums.sum[c].to_f64();
            let within = sums.squares[c].to_f64() - sum * sum * each;
            let delta = sums.shift[c].to_f64() + sum * each - mean[c];
            // Rounding may leave a little less than nothing; NaN stays.
            squares[c] += if within < 0.0 { 0.0 } else { within } + delta * delta * weight;
            mean[c] += delta * share;
        }
        done += block;
    }
}

/// Σ (x − shift) and Σ (x − shift)² of the columns of one block.
struct Shifted<T> {
    shift: [T; WIDTH],
    sum: [T; WIDTH],
    squares: [T; WIDTH],
}

impl<T: Float> Shifted<T> {
    /// Shifts by the mean of the first rows of a block: of 1, 2 or 4, which is exact where they are equal.
    ///
    /// # Safety
    /// `x` is valid for reading `columns` ≤ WIDTH elements from each multiple of `stride` below rows·stride on; rows ≥ 1.
    #[inline(always)]
    unsafe fn begin<I: Isa>(&mut self, x: *const T, rows: usize, stride: usize, columns: usize) {
        let lanes = V::<T, I>::LANES;
        let mut c = 0;
        while c < columns {
            let count = lanes.min(columns - c);
            // SAFETY: x by the caller; WIDTH is a multiple of LANES, so a whole register fits the array.
            unsafe {
                let mut shift = load::<T, I>(x.add(c), count);
                if rows >= 2 {
                    shift = shift + load::<T, I>(x.add(stride + c), count);
                    if rows >= SHIFT {
                        let more = load::<T, I>(x.add(2 * stride + c), count);
                        shift = (shift + (more + load::<T, I>(x.add(3 * stride + c), count)))
                            * V::<T, I>::splat(T::from_f64(0.5));
                    }
                    shift = shift * V::<T, I>::splat(T::from_f64(0.5));
                }
                shift.store(self.shift.as_mut_ptr().add(c));
            }
            c += lanes;
        }
    }

    /// Adds a row, or begins the sums with it. Row by row memory is read as it lies, which is twice as fast as four rows
    /// side by side with their sums in registers.
    ///
    /// # Safety
    /// `x` is valid for reading `columns` ≤ WIDTH elements.
    #[inline(always)]
    unsafe fn add<I: Isa, const FIRST: bool>(&mut self, x: *const T, columns: usize) {
        let lanes = V::<T, I>::LANES;
        let (shift, sum, squares) = (self.shift.as_ptr(), self.sum.as_mut_ptr(), self.squares.as_mut_ptr());
        let mut c = 0;
        while c < columns {
            // SAFETY: x by the caller; WIDTH is a multiple of LANES, so whole registers fit the arrays.
            unsafe {
                fetch_far(x.wrapping_add(c).wrapping_byte_add(AHEAD));
                let d = load::<T, I>(x.add(c), lanes.min(columns - c)) - V::<T, I>::load(shift.add(c));
                if FIRST {
                    d.store(sum.add(c));
                    (d * d).store(squares.add(c));
                } else {
                    (V::<T, I>::load(sum.add(c)) + d).store(sum.add(c));
                    d.fma(d, V::<T, I>::load(squares.add(c))).store(squares.add(c));
                }
            }
            c += lanes;
        }
    }
}

/// Σ g and Σ g (x − m) of each column, with g = dy where the value was let through; `constants` are m, a, b of the columns.
pub struct Sums<'a, T, const RELU: bool> {
    pub x: &'a [T],
    pub dy: &'a [T],
    pub rows: usize,
    pub stride: usize,
    pub constants: [&'a [T]; 3],
    pub out: &'a mut [f64],
}

impl<T: Float, const RELU: bool> Kernel for Sums<'_, T, RELU> {
    type Output = ();
    #[inline(always)]
    fn run<I: Isa>(self) {
        let Sums { x, dy, rows, stride, constants, out } = self;
        let columns = out.len() / 2;
        out.fill(0.0);
        let (sum, product) = out.split_at_mut(columns);
        let beside = if columns == stride { joined(columns).min(rows).max(1) } else { 1 };
        if beside == 1 {
            sums::<T, I, RELU>(x, dy, rows, stride, constants, sum, product);
            return;
        }
        let mut room = [[T::ZERO; WIDTH]; 3];
        let (wide, height) = (columns * beside, rows / beside);
        let [m, a, b] = repeated(&mut room, constants, beside);
        let (mut wide_sum, mut wide_product) = ([0.0; WIDTH], [0.0; WIDTH]);
        let (to_sum, to_product) = (&mut wide_sum[..wide], &mut wide_product[..wide]);
        sums::<T, I, RELU>(x, dy, height, wide, [m, a, b], to_sum, to_product);
        for k in 0..beside {
            for c in 0..columns {
                sum[c] += wide_sum[k * columns + c];
                product[c] += wide_product[k * columns + c];
            }
        }
        let done = height * beside;
        if done < rows {
            let (x, dy) = (&x[done * stride..], &dy[done * stride..]);
            sums::<T, I, RELU>(x, dy, rows - done, stride, constants, sum, product);
        }
    }
}

/// The constants of the columns, as often as rows are read as one.
#[inline(always)]
pub fn repeated<'a, T: Float, const N: usize>(
    room: &'a mut [[T; WIDTH]; N],
    constants: [&[T]; N],
    times: usize,
) -> [&'a [T]; N] {
    let width = constants[N - 1].len();
    for k in 0..N {
        for r in 0..times {
            room[k][r * width..(r + 1) * width].copy_from_slice(constants[k]);
        }
    }
    let mut views: [&[T]; N] = [&[]; N];
    for k in 0..N {
        views[k] = &room[k][..width * times];
    }
    views
}

/// Adds the sums of the columns to `sum` and `product`.
#[inline(always)]
fn sums<T: Float, I: Isa, const RELU: bool>(
    x: &[T],
    dy: &[T],
    rows: usize,
    stride: usize,
    constants: [&[T]; 3],
    sum: &mut [f64],
    product: &mut [f64],
) {
    let columns = sum.len();
    debug_assert!(columns <= WIDTH && constants.iter().all(|values| values.len() == columns));
    debug_assert!(rows == 0 || x.len().min(dy.len()) >= (rows - 1) * stride + columns);
    let (mut sums, mut products) = ([T::ZERO; WIDTH], [T::ZERO; WIDTH]);
    let constants = constants.map(<[T]>::as_ptr);
    let to = [sums.as_mut_ptr(), products.as_mut_ptr()];
    let mut done = 0;
    while done < rows {
        let block = BLOCK.min(rows - done);
        for row in done..done + block {
            let from = [x[row * stride..].as_ptr(), dy[row * stride..].as_ptr()];
            // SAFETY: the row has `columns` ≤ WIDTH elements in x and dy, and so has each of the constants.
            unsafe {
                if row == done {
                    add_row::<T, I, RELU, true>(from, columns, constants, to);
                } else {
                    add_row::<T, I, RELU, false>(from, columns, constants, to);
                }
            }
        }
        for c in 0..columns {
            sum[c] += sums[c].to_f64();
            product[c] += products[c].to_f64();
        }
        done += block;
    }
}

/// Adds a row to Σ g and Σ g (x − m), or begins those with it.
///
/// # Safety
/// `from` and `constants` are valid for reading `columns` ≤ WIDTH elements, `to` for writing WIDTH.
#[inline(always)]
unsafe fn add_row<T: Float, I: Isa, const RELU: bool, const FIRST: bool>(
    from: [*const T; 2],
    columns: usize,
    constants: [*const T; 3],
    to: [*mut T; 2],
) {
    let lanes = V::<T, I>::LANES;
    let mut c = 0;
    while c < columns {
        let count = lanes.min(columns - c);
        // SAFETY: granted by the caller; WIDTH is a multiple of LANES, so whole registers fit `to`.
        unsafe {
            for k in 0..2 {
                fetch_far(from[k].wrapping_add(c).wrapping_byte_add(AHEAD));
            }
            let m = load::<T, I>(constants[0].add(c), count);
            let a = load::<T, I>(constants[1].add(c), count);
            let b = load::<T, I>(constants[2].add(c), count);
            let x = load::<T, I>(from[0].add(c), count);
            let g = open::<T, V<T, I>, RELU>(x, load::<T, I>(from[1].add(c), count), m, a, b);
            if FIRST {
                g.store(to[0].add(c));
                (g * (x - m)).store(to[1].add(c));
            } else {
                (V::<T, I>::load(to[0].add(c)) + g).store(to[0].add(c));
                g.fma(x - m, V::<T, I>::load(to[1].add(c))).store(to[1].add(c));
            }
        }
        c += lanes;
    }
}

/// The first `count` ≤ LANES elements, and zeros.
///
/// # Safety
/// `from` is valid for reading `count` elements.
#[inline(always)]
pub unsafe fn load<T: Float, I: Isa>(from: *const T, count: usize) -> V<T, I> {
    // SAFETY: granted by the caller.
    unsafe { if count == V::<T, I>::LANES { V::<T, I>::load(from) } else { V::<T, I>::load_partial(from, count) } }
}
