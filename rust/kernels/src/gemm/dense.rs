//! A fully connected layer, forward and backward, each in one call.

use super::{Activation, Epilogue, Factor, Scalar, Shape, gemm};
use crate::activation::{ReluBackward, SigmoidBackward, TanhBackward};
use crate::scratch::{self, Plain};
use crate::simd::{self, Isa, Kernel, Map, V, Vector};
use crate::threads::{chunks, parallel_chunks};

/// Elements of dy that one part of the element-wise pass handles.
const ELEMENTS: usize = 16_384;

/// Sizes of a layer: x (m, k), w (k, n), y (m, n).
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Sizes {
    pub m: usize,
    pub n: usize,
    pub k: usize,
}

/// y = activation(x·w + b). NaN and infinity as in [`gemm`]; relu(NaN) = NaN.
///
/// # Panics
/// When a slice is too short.
pub fn dense_forward<T: Scalar + Plain>(
    sizes: Sizes,
    x: &[T],
    w: &[T],
    bias: Option<&[T]>,
    activation: Activation,
    y: &mut [T],
) {
    let Sizes { m, n, k } = sizes;
    let epilogue = Epilogue { accumulate: false, bias, activation };
    gemm(Shape { batch: 1, m, n, k }, Factor::new(x, k, false), Factor::new(w, n, false), y, epilogue);
}

/// Gradients of [`dense_forward`] from its output y and dy, those that are asked for:
///
/// dz = dy · activation'(y), dx = dz·wᵀ (m, k), dw = xᵀ·dz (k, n), db = Σ over rows of dz (n,).
///
/// relu's slope is 1 where y > 0 and 0 elsewhere, where y is NaN too. `y` is not read for `Linear`. Rows of dz are summed in
/// blocks whose size depends on n alone, and the blocks in order.
///
/// # Panics
/// When a slice is too short.
pub fn dense_backward<T: Scalar + Plain>(
    sizes: Sizes,
    x: &[T],
    w: &[T],
    y: &[T],
    dy: &[T],
    activation: Activation,
    dx: Option<&mut [T]>,
    dw: Option<&mut [T]>,
    db: Option<&mut [T]>,
) {
    let Sizes { m, n, k } = sizes;
    let dy = &dy[..m * n];
    let linear = activation == Activation::Linear;
    let mut own = scratch::take::<T>(if linear { 0 } else { m * n });
    if !linear || db.is_some() {
        let y = if linear { dy } else { &y[..m * n] };
        slopes(sizes, y, dy, activation, (!linear).then_some(&mut own[..]), db);
    }
    let dz = if linear { dy } else { &own[..] };
    if let Some(dx) = dx {
        let shape = Shape { batch: 1, m, n: k, k: n };
        gemm(shape, Factor::new(dz, n, false), Factor::new(w, n, true), dx, Epilogue::default());
    }
    if let Some(dw) = dw {
        let shape = Shape { batch: 1, m: k, n, k: m };
        gemm(shape, Factor::new(x, k, true), Factor::new(dz, n, false), dw, Epilogue::default());
    }
}

/// dz (unless linear) and its column sums in one pass.
fn slopes<T: Scalar + Plain>(
    sizes: Sizes,
    y: &[T],
    dy: &[T],
    activation: Activation,
    dz: Option<&mut [T]>,
    db: Option<&mut [T]>,
) {
    let n = sizes.n;
    if n == 0 {
        return;
    }
    let rows = (ELEMENTS / n).clamp(1, 1024);
    let blocks = sizes.m.div_ceil(rows);
    let mut sums = scratch::take::<T>(blocks * n);
    let pieces = (chunks(&mut sums, n), dz.map(|dz| chunks(dz, rows * n)));
    parallel_chunks(pieces, |block, (sums, dz)| {
        let from = block * rows * n;
        let len = (rows * n).min(dy.len() - from);
        let (y, dy) = (&y[from..][..len], &dy[from..][..len]);
        simd::dispatch(Slopes { y, dy, activation, dz, sums });
    });
    if let Some(db) = db {
        db[..n].fill(T::ZERO);
        for block in sums.chunks_exact(n) {
            db.iter_mut().zip(block).for_each(|(to, &from)| *to = *to + from);
        }
    }
}

struct Slopes<'a, T> {
    y: &'a [T],
    dy: &'a [T],
    activation: Activation,
    dz: Option<&'a mut [T]>,
    /// Column sums of dz; its length is that of a row.
    sums: &'a mut [T],
}

impl<T: Scalar> Kernel for Slopes<'_, T> {
    type Output = ();

    #[inline(always)]
    fn run<I: Isa>(self) {
        match self.activation {
            Activation::Linear => self.each::<I>(LinearBackward),
            Activation::Relu => self.each::<I>(ReluBackward),
            Activation::Tanh => self.each::<I>(TanhBackward),
            Activation::Sigmoid => self.each::<I>(SigmoidBackward),
        }
    }
}

impl<T: Scalar> Slopes<'_, T> {
    #[inline(always)]
    fn each<I: Isa>(self, slope: impl Map<T, 2>) {
        let (n, lanes) = (self.sums.len(), V::<T, I>::LANES);
        debug_assert!(self.y.len() == self.dy.len() && self.dy.len().is_multiple_of(n));
        assert!(self.y.len() >= self.dy.len() && self.dz.as_ref().is_none_or(|dz| dz.len() == self.dy.len()));
        let (y, dy) = (self.y.as_ptr(), self.dy.as_ptr());
        let (dz, sums) = (self.dz.map(<[T]>::as_mut_ptr), self.sums.as_mut_ptr());
        self.sums.fill(T::ZERO);
        for row in 0..self.dy.len() / n {
            let start = row * n;
            let mut j = 0;
            // SAFETY: start + j + count ≤ len, and j + count ≤ n.
            unsafe {
                while j < n {
                    let at = start + j;
                    if j + lanes <= n {
                        let z = slope.apply([V::<T, I>::load(y.add(at)), V::<T, I>::load(dy.add(at))]);
                        if let Some(dz) = dz {
                            z.store(dz.add(at));
                        }
                        (V::<T, I>::load(sums.add(j)) + z).store(sums.add(j));
                    } else {
                        let count = n - j;
                        let z = slope.apply([
                            V::<T, I>::load_partial(y.add(at), count),
                            V::<T, I>::load_partial(dy.add(at), count),
                        ]);
                        if let Some(dz) = dz {
                            z.store_partial(dz.add(at), count);
                        }
                        (V::<T, I>::load_partial(sums.add(j), count) + z).store_partial(sums.add(j), count);
                    }
                    j += lanes;
                }
            }
        }
    }
}

crate::maps! {
    LinearBackward(_y, dy) => dy;
}
