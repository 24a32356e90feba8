//! Matrix products: C (+)= A·B, then bias and activation, for every transpose form, batched.
//!
//! `plan` cuts C into blocks and K into runs by shape alone; `block` works one block off: it packs columns of B into
//! panels while the first rows use them, and calls a micro-kernel of `tile` for every tile; `pack` rearranges what can't
//! be read in place; `gemv` serves a single row, `dots` a few columns with a long sum. `dense` is a whole fully
//! connected layer, forward and backward.

mod block;
pub mod dense;
mod dots;
mod gemv;
mod pack;
mod plan;
mod tile;

use crate::activation::Relu;
use crate::scratch::Plain;
use crate::simd::{self, Isa, Kernel};
use crate::threads;
use block::{Block, Pointers};
use plan::Plan;
pub use tile::Scalar;

/// Sizes of a product: `batch` times (m, k) · (k, n).
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Shape {
    pub batch: usize,
    pub m: usize,
    pub n: usize,
    pub k: usize,
}

/// A factor: rows of `row_stride` elements, matrices `batch_stride` elements apart (0: the same one every time).
/// `transposed` means that rows and columns as stored are columns and rows of the factor.
#[derive(Clone, Copy)]
pub struct Factor<'a, T> {
    pub data: &'a [T],
    pub row_stride: usize,
    pub batch_stride: usize,
    pub transposed: bool,
}

impl<'a, T> Factor<'a, T> {
    /// A contiguous matrix with `columns` columns as stored.
    pub fn new(data: &'a [T], columns: usize, transposed: bool) -> Self {
        Factor { data, row_stride: columns, batch_stride: 0, transposed }
    }

    /// A matrix for each of the batch, `batch_stride` elements apart.
    pub fn batched(self, batch_stride: usize) -> Self {
        Factor { batch_stride, ..self }
    }

    /// Whether the data reach as far as a product with this many rows and columns (of the factor) reads.
    fn holds(&self, batch: usize, rows: usize, columns: usize) -> bool {
        let (rows, columns) = if self.transposed { (columns, rows) } else { (rows, columns) };
        reach(batch, self.batch_stride, rows, self.row_stride, columns).is_some_and(|r| r <= self.data.len())
    }
}

/// One past the last element that is touched; `None` where it does not fit a `usize`.
fn reach(batch: usize, batch_stride: usize, rows: usize, row_stride: usize, columns: usize) -> Option<usize> {
    if batch == 0 || rows == 0 || columns == 0 {
        return Some(0);
    }
    let last = (batch - 1).checked_mul(batch_stride)?.checked_add((rows - 1).checked_mul(row_stride)?)?;
    last.checked_add(columns)
}

/// What happens to a product after the sum over k.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Default)]
pub enum Activation {
    #[default]
    Linear,
    Relu,
    Tanh,
    Sigmoid,
}

/// C = activation(A·B + (what C holds, if `accumulate`) + bias).
#[derive(Clone, Copy)]
pub struct Epilogue<'a, T> {
    pub accumulate: bool,
    pub bias: Option<&'a [T]>,
    pub activation: Activation,
}

impl<T> Default for Epilogue<'_, T> {
    fn default() -> Self {
        Epilogue { accumulate: false, bias: None, activation: Activation::Linear }
    }
}

/// C[b] = activation(A[b]·B[b] + bias), C contiguous (batch, m, n), A (m, k), B (k, n), bias (n,).
///
/// Every element is a chain of multiply-adds in the order of k (fused where the level fuses), cut into equal runs whose
/// length depends on the shape alone and whose sums are added in order; a single row or column is summed by `gemv`, a few
/// columns with a long sum by `dots`.
/// NaN and infinity propagate as in IEEE-754 sums, 0·inf included. k = 0 gives zeros (or what C holds), then bias and activation.
///
/// # Panics
/// When a slice is too short for the shape.
pub fn gemm<T: Scalar + Plain>(
    shape: Shape,
    a: Factor<'_, T>,
    b: Factor<'_, T>,
    c: &mut [T],
    epilogue: Epilogue<'_, T>,
) {
    let Shape { batch, m, n, k } = shape;
    assert!(a.holds(batch, m, k), "A is too short for {shape:?}");
    assert!(b.holds(batch, k, n), "B is too short for {shape:?}");
    assert!(reach(batch, m.saturating_mul(n), m, n, n).is_some_and(|r| r <= c.len()), "C is too short for {shape:?}");
    assert!(epilogue.bias.is_none_or(|bias| bias.len() >= n), "the bias is too short for {shape:?}");
    if batch == 0 || m == 0 || n == 0 {
        return;
    }
    if gemv::serves(shape, &a, &b) {
        return gemv::gemv(shape, a, b, c, epilogue);
    }
    let kernels = T::kernels(simd::level());
    if dots::serves(shape, &a, kernels.lanes) {
        return dots::dots(shape, a, b, c, epilogue);
    }
    // Few columns leave lanes idle. A transposed A has its rows where a wide B has its columns: compute Cᵀ = Bᵀ·Aᵀ.
    let turned = a.transposed
        && 2 * n <= 3 * kernels.lanes
        && m >= 8 * kernels.lanes
        && epilogue.bias.is_none()
        && epilogue.activation == Activation::Linear;
    let (shape, a, b) = if turned {
        (Shape { m: n, n: m, ..shape }, Factor { transposed: !b.transposed, ..b }, Factor { transposed: false, ..a })
    } else {
        (shape, a, b)
    };
    let spread = !b.transposed && plan::spreads(shape, size_of::<T>());
    let plan = Plan::new(shape, spread, kernels.rows, 2 * kernels.lanes, size_of::<T>());
    let pointers = Pointers::new(&a, &b, c, &epilogue, shape, turned);
    let blocks = batch * plan.rows.blocks * plan.columns.blocks;
    let mut k0 = 0usize;
    loop {
        let k1 = k.min(k0.saturating_add(plan.k_region));
        threads::parallel(blocks.div_ceil(plan.group), |part| {
            for at in part * plan.group..blocks.min((part + 1) * plan.group) {
                // SAFETY: the lengths are checked above, and different blocks write different elements of C.
                unsafe { Block::new(&plan, &pointers, kernels, at, k0..k1).run() };
            }
        });
        k0 = k1;
        if k0 >= k {
            return;
        }
    }
}

/// Applies an activation in place; the same bits as the micro-kernels' and the activation kernels' own.
pub(crate) fn activate<T: Scalar>(x: &mut [T], activation: Activation) {
    simd::dispatch(Activate { x, activation })
}

struct Activate<'a, T> {
    x: &'a mut [T],
    activation: Activation,
}

impl<T: Scalar> Kernel for Activate<'_, T> {
    type Output = ();

    #[inline(always)]
    fn run<I: Isa>(self) {
        match self.activation {
            Activation::Linear => {}
            Activation::Relu => simd::map_in_place::<T, I>(&Relu, self.x),
            Activation::Tanh => simd::map_in_place::<T, I>(&simd::math::Tanh, self.x),
            Activation::Sigmoid => simd::map_in_place::<T, I>(&simd::math::Sigmoid, self.x),
        }
    }
}
