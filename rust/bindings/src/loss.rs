//! Losses that are means over the last axis.

use neuroxide_kernels::loss::{BinaryCrossEntropy, Slope, SquaredError, mean_rows, mean_rows_backward};
use neuroxide_kernels::simd::Map;
use pyo3::prelude::*;

use crate::array::{Arg, output, run};
use crate::elementwise::add_functions;
use crate::with_float;

/// `a` of shape (N, F) and `b` like it.
fn two<'a>(
    func: &'static str,
    name: &'static str,
    a: &'a Bound<'_, PyAny>,
    target: &'a Bound<'_, PyAny>,
) -> PyResult<(Arg<'a>, Arg<'a>)> {
    let a = Arg::float(func, name, a)?;
    if a.ndim() != 2 {
        return Err(a.wrong_shape("(N, F)"));
    }
    let target = Arg::like(&a, "target", target)?;
    target.expect_shape(&a.shape)?;
    Ok((a, target))
}

fn forward<'py, F: Map<f32, 2> + Map<f64, 2> + Sync>(
    py: Python<'py>,
    f: &F,
    (a, target): (Arg<'_>, Arg<'_>),
) -> PyResult<Bound<'py, PyAny>> {
    with_float!(a, T => {
        let (x, t) = (a.slice::<T>()?, target.slice::<T>()?);
        let (array, y) = output::<T>(py, a.func, &a.shape[..1])?;
        run(py, a.func, x.len() * 4, || mean_rows(f, x, t, a.shape[1], y))?;
        Ok(array)
    })
}

fn backward<'py>(
    py: Python<'py>,
    slope: Slope,
    (a, target): (Arg<'_>, Arg<'_>),
    dloss: &Bound<'py, PyAny>,
) -> PyResult<Bound<'py, PyAny>> {
    let dloss = Arg::like(&a, "dloss", dloss)?;
    dloss.expect_shape(&a.shape[..1])?;
    with_float!(a, T => {
        let (x, t, d) = (a.slice::<T>()?, target.slice::<T>()?, dloss.slice::<T>()?);
        let (array, dx) = output::<T>(py, a.func, &a.shape)?;
        run(py, a.func, x.len() * 4, || mean_rows_backward(slope, x, t, a.shape[1], d, dx))?;
        Ok(array)
    })
}

#[pyfunction]
fn mean_squared_error<'py>(
    py: Python<'py>,
    pred: &Bound<'py, PyAny>,
    target: &Bound<'py, PyAny>,
) -> PyResult<Bound<'py, PyAny>> {
    forward(py, &SquaredError, two("mean_squared_error", "pred", pred, target)?)
}

#[pyfunction]
fn mean_squared_error_backward<'py>(
    py: Python<'py>,
    pred: &Bound<'py, PyAny>,
    target: &Bound<'py, PyAny>,
    dloss: &Bound<'py, PyAny>,
) -> PyResult<Bound<'py, PyAny>> {
    backward(py, Slope::Squared, two("mean_squared_error_backward", "pred", pred, target)?, dloss)
}

#[pyfunction]
fn binary_cross_entropy<'py>(
    py: Python<'py>,
    logits: &Bound<'py, PyAny>,
    target: &Bound<'py, PyAny>,
) -> PyResult<Bound<'py, PyAny>> {
    forward(py, &BinaryCrossEntropy, two("binary_cross_entropy", "logits", logits, target)?)
}

#[pyfunction]
fn binary_cross_entropy_backward<'py>(
    py: Python<'py>,
    logits: &Bound<'py, PyAny>,
    target: &Bound<'py, PyAny>,
    dloss: &Bound<'py, PyAny>,
) -> PyResult<Bound<'py, PyAny>> {
    backward(py, Slope::Binary, two("binary_cross_entropy_backward", "logits", logits, target)?, dloss)
}

pub fn register(m: &Bound<'_, PyModule>) -> PyResult<()> {
    add_functions!(
        m,
        mean_squared_error,
        mean_squared_error_backward,
        binary_cross_entropy,
        binary_cross_entropy_backward
    );
    Ok(())
}
