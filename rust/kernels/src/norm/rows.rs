//! Rows with statistics of their own, and a factor and an offset for each place in a row.

use crate::parts::streams;
use crate::simd::{self, Float, Isa, Kernel, Map, V, Vector};
use crate::threads::{chunks, parallel_chunks};

use super::columns::load;
use super::{PART, runs};

/// What a row of n elements is divided by, and whether its mean is taken off first.
#[derive(Clone, Copy, PartialEq, Debug)]
pub enum Rows {
    /// x̂ = (x − mean) / √(variance + ε).
    Layer,
    /// x̂ = x / √(mean(x²) + ε).
    Rms,
    /// x̂ = x / max(√Σx², ε).
    Unit,
}

/// Rows whose gradients of γ and β stay in the element type before they move to float64.
const BLOCK: usize = 32;

/// x̂ = (x − m) · scale + offset, which is exact where the mean is m + low: offset = −low · scale.
#[derive(Clone, Copy)]
struct Hat<T> {
    m: T,
    scale: T,
    offset: T,
}

impl<T: Float> Hat<T> {
    fn new(mean: f64, inverse: f64) -> Self {
        let m = T::from_f64(mean);
        Hat { m, scale: T::from_f64(inverse), offset: T::from_f64((m.to_f64() - mean) * inverse) }
    }

    #[inline(always)]
    fn of<V: Vector<T>>(&self, x: V) -> V {
        (x - V::splat(self.m)).fma(V::splat(self.scale), V::splat(self.offset))
    }
}

/// γ x̂ + β of (x, γ, β).
impl<T: Float> Map<T, 3> for Hat<T> {
    #[inline(always)]
    fn apply<V: Vector<T>>(&self, [x, gamma, beta]: [V; 3]) -> V {
        self.of(x).fma(gamma, beta)
    }
}

/// Mean and 1/√… of a row.
#[inline(always)]
fn statistics<T: Float, I: Isa>(form: Rows, x: &[T], epsilon: f64) -> (f64, f64) {
    let count = x.len() as f64;
    match form {
        Rows::Layer => {
            let (mean, squares) = runs::moments::<T, I>(x);
            (mean, 1.0 / (squares / count + epsilon).sqrt())
        }
        Rows::Rms => (0.0, 1.0 / (runs::sum_squares::<T, I>(x) / count + epsilon).sqrt()),
        Rows::Unit => {
            let norm = runs::sum_squares::<T, I>(x).sqrt();
            (0.0, 1.0 / if norm < epsilon { epsilon } else { norm })
        }
    }
}

struct Forward<'a, T> {
    form: Rows,
    x: &'a [T],
    gamma: &'a [T],
    beta: &'a [T],
    epsilon: f64,
    y: &'a mut [T],
    saved: &'a mut [f64],
    stream: bool,
}

impl<T: Float> Kernel for Forward<'_, T> {
    type Output = ();
    #[inline(always)]
    fn run<I: Isa>(self) {
        let Forward { form, x, gamma, beta, epsilon, y, saved, stream } = self;
        let width = gamma.len();
        for ((x, y), saved) in x.chunks_exact(width).zip(y.chunks_exact_mut(width)).zip(saved.chunks_exact_mut(2)) {
            let (mean, inverse) = statistics::<T, I>(form, x, epsilon);
            (saved[0], saved[1]) = (mean, inverse);
            simd::map::<T, I, 3>(&Hat::new(mean, inverse), [x, gamma, beta], y, stream);
        }
    }
}

/// γ where there is one, and a row of `value` otherwise.
fn or_row<'a, T: Float>(given: Option<&'a [T]>, room: &'a mut Vec<T>, width: usize, value: T) -> &'a [T] {
    given.unwrap_or_else(|| {
        room.resize(width, value);
        room
    })
}

/// y = γ x̂ + β of each row of `width` ≥ 1 elements; saved (rows, 2) gets the rows' mean and 1/√….
#[allow(clippy::too_many_arguments)]
pub fn rows_forward<T: Float>(
    form: Rows,
    x: &[T],
    width: usize,
    gamma: Option<&[T]>,
    beta: Option<&[T]>,
    epsilon: f64,
    y: &mut [T],
    saved: &mut [f64],
) {
    debug_assert!(width > 0 && x.len() == y.len() && saved.len() * width == 2 * x.len());
    let (mut ones, mut zeros) = (Vec::new(), Vec::new());
    let gamma = or_row(gamma, &mut ones, width, T::ONE);
    let beta = or_row(beta, &mut zeros, width, T::ZERO);
    let rows = (PART / width).max(1);
    let stream = streams::<T>(y.len());
    parallel_chunks((chunks(y, rows * width), chunks(saved, 2 * rows)), |part, (y, saved)| {
        let x = &x[part * rows * width..][..y.len()];
        simd::dispatch(Forward { form, x, gamma, beta, epsilon, y, saved, stream });
    });
}

/// s · (γ dy − c − k x̂) of (x, dy, γ).
struct Slope<T> {
    hat: Hat<T>,
    c: T,
    k: T,
}

impl<T: Float> Map<T, 3> for Slope<T> {
    #[inline(always)]
    fn apply<V: Vector<T>>(&self, [x, dy, gamma]: [V; 3]) -> V {
        let rest = dy.fma(gamma, -V::splat(self.c));
        self.hat.of(x).neg_fma(V::splat(self.k), rest) * V::splat(self.hat.scale)
    }
}

struct Backward<'a, T> {
    form: Rows,
    x: &'a [T],
    dy: &'a [T],
    gamma: &'a [T],
    epsilon: f64,
    saved: &'a [f64],
    dx: Option<&'a mut [T]>,
    /// The sums of dy x̂ and of dy over the rows, width each; or nothing.
    slopes: &'a mut [f64],
    stream: bool,
}

impl<T: Float> Kernel for Backward<'_, T> {
    type Output = ();
    #[inline(always)]
    fn run<I: Isa>(self) {
        let Backward { form, x, dy, gamma, epsilon, saved, mut dx, slopes, stream } = self;
        let width = gamma.len();
        let count = width as f64;
        let wanted = !slopes.is_empty();
        let mut room = vec![T::ZERO; if wanted { 2 * width } else { 0 }];
        let rows = saved.len() / 2;
        for (row, (x, dy)) in x.chunks_exact(width).zip(dy.chunks_exact(width)).enumerate() {
            let hat = Hat::new(saved[2 * row], saved[2 * row + 1]);
            let (dgamma, dbeta) = room.split_at_mut(if wanted { width } else { 0 });
            let (sum, product) = if wanted {
                row_sums::<T, I, true>(&hat, x, dy, gamma, dgamma, dbeta)
            } else {
                row_sums::<T, I, false>(&hat, x, dy, gamma, dgamma, dbeta)
            };
            if let Some(dx) = &mut dx {
                let (c, k) = match form {
                    Rows::Layer => (sum / count, product / count),
                    Rows::Rms => (0.0, product / count),
                    // Below ε the divisor is a constant.
                    Rows::Unit if saved[2 * row + 1] >= 1.0 / epsilon => (0.0, 0.0),
                    Rows::Unit => (0.0, product),
                };
                let slope = Slope { hat, c: T::from_f64(c), k: T::from_f64(k) };
                let dx = &mut dx[row * width..(row + 1) * width];
                simd::map::<T, I, 3>(&slope, [x, dy, gamma], dx, stream);
            }
            if wanted && (row % BLOCK == BLOCK - 1 || row == rows - 1) {
                for i in 0..2 * width {
                    slopes[i] += room[i].to_f64();
                    room[i] = T::ZERO;
                }
            }
        }
    }
}

/// The arrays of one row, for [`Row::add`].
struct Row<'a, T> {
    hat: &'a Hat<T>,
    /// x, dy, γ.
    from: [*const T; 3],
    /// dγ, dβ.
    to: [*mut T; 2],
}

impl<T: Float> Row<'_, T> {
    /// Adds γ dy to `sum` and γ dy x̂ to `product`, of `count` elements from `i` on; with `SLOPES` also dy x̂ to dγ and dy
    /// to dβ.
    ///
    /// # Safety
    /// `count` ≤ LANES elements from `i` on are in each array of `from`, and in those of `to` where `SLOPES` is set.
    #[inline(always)]
    unsafe fn add<I: Isa, const SLOPES: bool>(&self, i: usize, count: usize, sum: &mut V<T, I>, product: &mut V<T, I>) {
        let [p, q, g] = self.from;
        let [to_gamma, to_beta] = self.to;
        // SAFETY: granted by the caller; lanes past a partial load are zero in dy and γ, and add nothing.
        unsafe {
            let dy = load::<T, I>(q.add(i), count);
            let hat = self.hat.of(load::<T, I>(p.add(i), count));
            let weighted = dy * load::<T, I>(g.add(i), count);
            *sum = *sum + weighted;
            *product = weighted.fma(hat, *product);
            if SLOPES {
                let dgamma = dy.fma(hat, load::<T, I>(to_gamma.add(i), count));
                let dbeta = dy + load::<T, I>(to_beta.add(i), count);
                if count == V::<T, I>::LANES {
                    dgamma.store(to_gamma.add(i));
                    dbeta.store(to_beta.add(i));
                } else {
                    dgamma.store_partial(to_gamma.add(i), count);
                    dbeta.store_partial(to_beta.add(i), count);
                }
            }
        }
    }
}

/// (Σ γ dy, Σ γ dy x̂) of one row; with `SLOPES` it also adds dy x̂ to dgamma and dy to dbeta.
#[inline(always)]
fn row_sums<T: Float, I: Isa, const SLOPES: bool>(
    hat: &Hat<T>,
    x: &[T],
    dy: &[T],
    gamma: &[T],
    dgamma: &mut [T],
    dbeta: &mut [T],
) -> (f64, f64) {
    // Registers summed before their total moves to float64.
    const CHAIN: usize = 64;
    let lanes = V::<T, I>::LANES;
    let from = [x.as_ptr(), dy.as_ptr(), gamma.as_ptr()];
    let row = Row { hat, from, to: [dgamma.as_mut_ptr(), dbeta.as_mut_ptr()] };
    let (mut sum, mut product) = (0.0, 0.0);
    let mut i = 0;
    while i < x.len() {
        let end = x.len().min(i + CHAIN * lanes);
        // Two of each, named: an array with a running index would live in memory.
        let (mut sum_a, mut sum_b) = (V::<T, I>::zero(), V::<T, I>::zero());
        let (mut product_a, mut product_b) = (V::<T, I>::zero(), V::<T, I>::zero());
        // SAFETY: i + count ≤ x.len(), and the slices are as long, dgamma and dbeta where SLOPES is set.
        unsafe {
            while i + 2 * lanes <= end {
                row.add::<I, SLOPES>(i, lanes, &mut sum_a, &mut product_a);
                row.add::<I, SLOPES>(i + lanes, lanes, &mut sum_b, &mut product_b);
                i += 2 * lanes;
            }
            while i < end {
                row.add::<I, SLOPES>(i, lanes.min(end - i), &mut sum_a, &mut product_a);
                i += lanes;
            }
        }
        sum += (sum_a + sum_b).sum().to_f64();
        product += (product_a + product_b).sum().to_f64();
    }
    (sum, product)
}

/// What [`rows_backward`] is to compute.
pub struct RowGradients<'a, T> {
    pub dx: Option<&'a mut [T]>,
    pub dgamma: Option<&'a mut [T]>,
    pub dbeta: Option<&'a mut [T]>,
}

/// The gradients of [`rows_forward`]: with g = γ dy and means over the row,
/// dγ = Σ dy x̂, dβ = Σ dy, dx = (g − mean(g) − x̂ mean(g x̂)) / √…; without mean(g) where no mean was taken off,
/// and with Σ g x̂ for the unit norm, or nothing where ε was larger than that.
#[allow(clippy::too_many_arguments)]
pub fn rows_backward<T: Float>(
    form: Rows,
    x: &[T],
    dy: &[T],
    width: usize,
    gamma: Option<&[T]>,
    epsilon: f64,
    saved: &[f64],
    out: RowGradients<'_, T>,
) {
    // Sums of many columns are large: then there are few parts.
    const WIDE: usize = 4096;
    let RowGradients { dx, dgamma, dbeta } = out;
    let mut ones = Vec::new();
    let gamma = or_row(gamma, &mut ones, width, T::ONE);
    let wanted = dgamma.is_some() || dbeta.is_some();
    let total = x.len() / width;
    let most: usize = if !wanted {
        usize::MAX
    } else if width > WIDE {
        8
    } else {
        256
    };
    let rows = (PART / width).max(total.div_ceil(most)).max(1);
    let mut slopes = vec![0.0; if wanted { total.div_ceil(rows) * 2 * width } else { 0 }];
    let stream = streams::<T>(x.len());
    let dx = dx.map(|dx| chunks(dx, rows * width));
    // Without sums every part gets an empty slice of them.
    let sums = wanted.then(|| chunks(&mut slopes, 2 * width));
    let mut parts = vec![(); total.div_ceil(rows)];
    parallel_chunks((chunks(&mut parts, 1), dx, sums), |part, (_, dx, slopes)| {
        let first = part * rows;
        let count = rows.min(total - first);
        let (x, dy) = (&x[first * width..][..count * width], &dy[first * width..][..count * width]);
        let saved = &saved[2 * first..2 * (first + count)];
        let slopes = slopes.unwrap_or_default();
        simd::dispatch(Backward { form, x, dy, gamma, epsilon, saved, dx, slopes, stream });
    });
    for (at, out) in [dgamma, dbeta].into_iter().enumerate() {
        for (c, out) in out.into_iter().flatten().enumerate() {
            let column = slopes.chunks(2 * width).map(|part| part[at * width + c]);
            *out = T::from_f64(column.sum());
        }
    }
}
