//! Reductions, their adjoints, and counting.

use neuroxide_kernels::broadcast::Walk;
use neuroxide_kernels::elementwise::{Multiply, binary, map, scalar_binary};
use neuroxide_kernels::reduce::{self as kernel, Fold, Max, Min, Product, Sum, SumSquares};
use neuroxide_kernels::simd::Float;
use neuroxide_kernels::{elementwise, movement};
use pyo3::exceptions::PyValueError;
use pyo3::prelude::*;

use crate::array::{Arg, MAX_DIMS, output, run, shape_text};
use crate::elementwise::add_functions;
use crate::sequence::{integers, items, sizes};
use crate::with_float;

/// Which axes are reduced; an error for one out of range or named twice.
fn axes_mask(func: &str, axes: &Bound<'_, PyAny>, ndim: usize) -> PyResult<[bool; MAX_DIMS]> {
    let mut mask = [false; MAX_DIMS];
    for axis in integers(func, "axes", axes)? {
        let at = one_axis(func, axis, ndim)?;
        if mask[at] {
            return Err(PyValueError::new_err(format!("{func}: expected axes to differ, got {axis} twice")));
        }
        mask[at] = true;
    }
    Ok(mask)
}

pub fn one_axis(func: &str, axis: isize, ndim: usize) -> PyResult<usize> {
    let at = if axis < 0 { axis + ndim as isize } else { axis };
    if at < 0 || at >= ndim as isize {
        return Err(PyValueError::new_err(format!(
            "{func}: expected an axis of an array of {ndim} dimensions, got {axis}"
        )));
    }
    Ok(at as usize)
}

/// (outer, run, inner) sizes around one axis.
pub fn around(shape: &[usize], axis: usize) -> (usize, usize, usize) {
    (shape[..axis].iter().product(), shape[axis], shape[axis + 1..].iter().product())
}

/// The fold over the masked axes: one pass for each block of neighbouring ones, the last block first.
fn reduce_axes<T: Float, F: Fold>(x: &[T], shape: &[usize], mask: &[bool], scale: f64, y: &mut [T]) {
    // Neighbours of one kind merge; dimensions of size 1 belong to any kind.
    let mut groups: Vec<(usize, bool)> = Vec::new();
    for (&n, &reduced) in shape.iter().zip(mask) {
        match groups.last_mut() {
            Some((size, kind)) if *kind == reduced => *size *= n,
            _ if n == 1 => {}
            _ => groups.push((n, reduced)),
        }
    }
    if groups.iter().all(|(_, reduced)| !reduced) {
        if scale == 1.0 && y.len() == x.len() {
            y.copy_from_slice(x);
            return;
        }
        groups.push((1, true));
    }
    let mut held: Option<Vec<T>> = None;
    while let Some(at) = groups.iter().rposition(|(_, reduced)| *reduced) {
        let last = groups.iter().filter(|(_, reduced)| *reduced).count() == 1;
        let run = groups[at].0;
        let outer: usize = groups[..at].iter().map(|g| g.0).product();
        let inner: usize = groups[at + 1..].iter().map(|g| g.0).product();
        let from = held.as_deref().unwrap_or(x);
        if last {
            kernel::reduce::<T, F>(from, run, inner, scale, y);
            return;
        }
        let mut to = vec![T::ZERO; outer * inner];
        kernel::reduce::<T, F>(from, run, inner, 1.0, &mut to);
        held = Some(to);
        groups.remove(at);
    }
}

fn reduction<'py, F: Fold>(
    py: Python<'py>,
    func: &'static str,
    x: &Bound<'py, PyAny>,
    axes: &Bound<'py, PyAny>,
    keepdims: bool,
) -> PyResult<Bound<'py, PyAny>> {
    let x = Arg::float(func, "x", x)?;
    let mask = axes_mask(func, axes, x.ndim())?;
    let (mut dims, mut kept, mut count) = ([1; MAX_DIMS], 0, 1);
    for (&n, reduced) in x.shape.iter().zip(mask) {
        if reduced {
            count *= n;
        }
        if !reduced || keepdims {
            dims[kept] = if reduced { 1 } else { n };
            kept += 1;
        }
    }
    if F::IDENTITY.is_infinite() && count == 0 && dims[..kept].iter().all(|&n| n > 0) {
        return Err(PyValueError::new_err(format!(
            "{func}: expected at least one element along the reduced axes, got x of shape {}",
            x.shape
        )));
    }
    let scale = if func == "mean" { 1.0 / count as f64 } else { 1.0 };
    with_float!(x, T => {
        let values = x.slice::<T>()?;
        let (array, y) = output::<T>(py, func, &dims[..kept])?;
        let shape = &*x.shape;
        run(py, func, values.len(), || reduce_axes::<T, F>(values, shape, &mask[..shape.len()], scale, y))?;
        Ok(array)
    })
}

macro_rules! reductions {
    ($($name:ident => $fold:ty;)*) => {$(
        #[pyfunction]
        fn $name<'py>(
            py: Python<'py>,
            x: &Bound<'py, PyAny>,
            axes: &Bound<'py, PyAny>,
            keepdims: bool,
        ) -> PyResult<Bound<'py, PyAny>> {
            reduction::<$fold>(py, stringify!($name), x, axes, keepdims)
        }
    )*};
}

reductions! { sum => Sum; mean => Sum; max => Max; min => Min; prod => Product; }

fn extreme<'py, F: Fold>(
    py: Python<'py>,
    func: &'static str,
    x: &Bound<'py, PyAny>,
    axis: isize,
) -> PyResult<Bound<'py, PyAny>> {
    let x = Arg::float(func, "x", x)?;
    let axis = one_axis(func, axis, x.ndim())?;
    let (_, run_len, inner) = around(&x.shape, axis);
    let mut dims = x.shape.to_vec();
    dims.remove(axis);
    let (array, y) = output::<i64>(py, func, &dims)?;
    if run_len == 0 && !y.is_empty() {
        return Err(PyValueError::new_err(format!(
            "{func}: expected at least one element along axis {axis}, got x of shape {}",
            x.shape
        )));
    }
    if y.is_empty() {
        return Ok(array);
    }
    with_float!(x, T => {
        let values = x.slice::<T>()?;
        run(py, func, values.len(), || kernel::first_extreme::<T, F>(values, run_len, inner, y))?;
        Ok(array)
    })
}

#[pyfunction]
fn argmax<'py>(py: Python<'py>, x: &Bound<'py, PyAny>, axis: isize) -> PyResult<Bound<'py, PyAny>> {
    extreme::<Max>(py, "argmax", x, axis)
}

#[pyfunction]
fn argmin<'py>(py: Python<'py>, x: &Bound<'py, PyAny>, axis: isize) -> PyResult<Bound<'py, PyAny>> {
    extreme::<Min>(py, "argmin", x, axis)
}

/// An error unless `small` broadcasts to `large`.
fn expect_stretches(func: &str, name: &str, small: &[usize], large: &[usize]) -> PyResult<()> {
    let fits =
        small.len() <= large.len() && small.iter().rev().zip(large.iter().rev()).all(|(&s, &l)| s == l || s == 1);
    if fits {
        return Ok(());
    }
    Err(PyValueError::new_err(format!(
        "{func}: expected {name} to be equal or 1 in each of its dimensions, got {} and {}",
        shape_text(small),
        shape_text(large)
    )))
}

/// The sum over the axes along which `shape` was stretched to x's: the adjoint of `broadcast_to`.
#[pyfunction]
fn sum_to<'py>(py: Python<'py>, x: &Bound<'py, PyAny>, shape: &Bound<'py, PyAny>) -> PyResult<Bound<'py, PyAny>> {
    let x = Arg::float("sum_to", "x", x)?;
    let shape = sizes("sum_to", "shape", shape)?;
    expect_stretches("sum_to", "shape", &shape, &x.shape)?;
    let lead = x.ndim() - shape.len();
    let mut mask = [false; MAX_DIMS];
    for (d, reduced) in mask[..x.ndim()].iter_mut().enumerate() {
        *reduced = d < lead || (shape[d - lead] == 1 && x.shape[d] != 1);
    }
    with_float!(x, T => {
        let values = x.slice::<T>()?;
        let (array, y) = output::<T>(py, "sum_to", &shape)?;
        let dims = &*x.shape;
        run(py, "sum_to", values.len(), || reduce_axes::<T, Sum>(values, dims, &mask[..dims.len()], 1.0, y))?;
        Ok(array)
    })
}

#[pyfunction]
fn broadcast_to<'py>(py: Python<'py>, x: &Bound<'py, PyAny>, shape: &Bound<'py, PyAny>) -> PyResult<Bound<'py, PyAny>> {
    let x = Arg::float("broadcast_to", "x", x)?;
    let shape = sizes("broadcast_to", "shape", shape)?;
    expect_stretches("broadcast_to", "x", &x.shape, &shape)?;
    with_float!(x, T => {
        let values = x.slice::<T>()?;
        let (array, y) = output::<T>(py, "broadcast_to", &shape)?;
        if !y.is_empty() {
            let walk = Walk::new(&shape, [&x.shape]);
            run(py, "broadcast_to", y.len(), || movement::broadcast_to(&walk, values, y))?;
        }
        Ok(array)
    })
}

/// 1 where x is the extreme, or both are NaN.
struct Hit;
impl<T: Float> elementwise::Scalar2<T, T> for Hit {
    #[inline(always)]
    fn of(&self, x: T, y: T) -> T {
        if x == y || (x.is_nan() && y.is_nan()) { T::ONE } else { T::ZERO }
    }
}

fn share<T: Float>(x: &[T], shape: &[usize], y: &[T], small: &[usize], dy: &[T], dx: &mut [T]) {
    let walk = Walk::new(shape, [shape, small]);
    scalar_binary(&Hit, &walk, x, y, dx);
    let mask: Vec<bool> = shape.iter().zip(small).map(|(a, b)| a != b).collect();
    let mut count = vec![T::ZERO; y.len()];
    reduce_axes::<T, Sum>(dx, shape, &mask, 1.0, &mut count);
    let mut each = vec![T::ZERO; y.len()];
    map(&elementwise::Divide, [dy, &count], &mut each);
    let hits = dx.to_vec();
    binary(&Multiply, &walk, &hits, &each, dx);
}

/// dy shared equally among the elements that are the extreme of their group.
#[pyfunction]
fn max_backward<'py>(
    py: Python<'py>,
    x: &Bound<'py, PyAny>,
    y_keepdims: &Bound<'py, PyAny>,
    dy_keepdims: &Bound<'py, PyAny>,
) -> PyResult<Bound<'py, PyAny>> {
    let x = Arg::float("max_backward", "x", x)?;
    let y = Arg::like(&x, "y_keepdims", y_keepdims)?;
    let dy = Arg::like(&x, "dy_keepdims", dy_keepdims)?;
    if y.ndim() != x.ndim() {
        return Err(y.wrong_shape(&format!("{} with the reduced axes 1", x.shape)));
    }
    expect_stretches("max_backward", "y_keepdims", &y.shape, &x.shape)?;
    dy.expect_shape(&y.shape)?;
    with_float!(x, T => {
        let (array, dx) = output::<T>(py, "max_backward", &x.shape)?;
        let (xs, ys, dys) = (x.slice::<T>()?, y.slice::<T>()?, dy.slice::<T>()?);
        let (shape, small) = (&*x.shape, &*y.shape);
        if !dx.is_empty() {
            run(py, "max_backward", dx.len() * 4, || share(xs, shape, ys, small, dys, dx))?;
        }
        Ok(array)
    })
}

#[pyfunction]
fn cumsum<'py>(py: Python<'py>, x: &Bound<'py, PyAny>, axis: isize) -> PyResult<Bound<'py, PyAny>> {
    let x = Arg::float("cumsum", "x", x)?;
    let (_, run_len, inner) = around(&x.shape, one_axis("cumsum", axis, x.ndim())?);
    with_float!(x, T => {
        let values = x.slice::<T>()?;
        let (array, y) = output::<T>(py, "cumsum", &x.shape)?;
        run(py, "cumsum", y.len() * 2, || kernel::cumsum(values, run_len, inner, y))?;
        Ok(array)
    })
}

/// How many elements are NaN or infinite.
#[pyfunction]
fn count_nonfinite(py: Python<'_>, x: &Bound<'_, PyAny>) -> PyResult<usize> {
    let x = Arg::float("count_nonfinite", "x", x)?;
    with_float!(x, T => {
        let values = x.slice::<T>()?;
        run(py, "count_nonfinite", values.len(), || kernel::count_nonfinite(values))
    })
}

/// Σ x² over all arrays, in float64.
#[pyfunction]
fn sum_squares(py: Python<'_>, arrays: &Bound<'_, PyAny>) -> PyResult<f64> {
    Ok(squares_of(py, "sum_squares", arrays)?.iter().sum())
}

/// Of each array on its own.
#[pyfunction]
fn sums_of_squares(py: Python<'_>, arrays: &Bound<'_, PyAny>) -> PyResult<Vec<f64>> {
    squares_of(py, "sums_of_squares", arrays)
}

fn squares_of(py: Python<'_>, func: &'static str, arrays: &Bound<'_, PyAny>) -> PyResult<Vec<f64>> {
    let of_one = |item: &Bound<'_, PyAny>| {
        let x = Arg::float(func, "arrays", item)?;
        with_float!(x, T => {
            let values = x.slice::<T>()?;
            run(py, func, values.len(), || kernel::reduce_all::<T, SumSquares>(values))
        })
    };
    items(func, "arrays", "arrays", arrays)?.iter().map(of_one).collect()
}

pub fn register(m: &Bound<'_, PyModule>) -> PyResult<()> {
    add_functions!(
        m,
        sum,
        mean,
        max,
        min,
        prod,
        argmax,
        argmin,
        sum_to,
        broadcast_to,
        max_backward,
        cumsum,
        count_nonfinite,
        sum_squares,
        sums_of_squares
    );
    Ok(())
}
