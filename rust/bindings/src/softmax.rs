//! Softmax along an axis, and cross-entropy from logits.

use neuroxide_kernels::simd::Float;
use neuroxide_kernels::softmax::{self as kernel, Labels};
use pyo3::exceptions::PyValueError;
use pyo3::prelude::*;
use pyo3::types::PyTuple;

use crate::array::{Arg, Dtype, Element, output, run};
use crate::elementwise::add_functions;
use crate::reduce::{around, one_axis};
use crate::with_float;

/// Work of one exponential, in plain operations.
const EXP: usize = 8;

macro_rules! forward {
    ($($name:ident),*) => {$(
        #[pyfunction]
        fn $name<'py>(py: Python<'py>, x: &Bound<'py, PyAny>, axis: isize) -> PyResult<Bound<'py, PyAny>> {
            let func = stringify!($name);
            let x = Arg::float(func, "x", x)?;
            let (_, length, inner) = around(&x.shape, one_axis(func, axis, x.ndim())?);
            with_float!(x, T => {
                let values = x.slice::<T>()?;
                let (array, y) = output::<T>(py, func, &x.shape)?;
                run(py, func, y.len() * EXP, || kernel::$name(values, length, inner, y))?;
                Ok(array)
            })
        }
    )*};
}
forward!(softmax, log_softmax);

macro_rules! backward {
    ($($name:ident),*) => {$(
        #[pyfunction]
        fn $name<'py>(
            py: Python<'py>,
            y: &Bound<'py, PyAny>,
            dy: &Bound<'py, PyAny>,
            axis: isize,
        ) -> PyResult<Bound<'py, PyAny>> {
            let func = stringify!($name);
            let y = Arg::float(func, "y", y)?;
            let dy = Arg::like(&y, "dy", dy)?;
            dy.expect_shape(&y.shape)?;
            let (_, length, inner) = around(&y.shape, one_axis(func, axis, y.ndim())?);
            with_float!(y, T => {
                let (ys, dys) = (y.slice::<T>()?, dy.slice::<T>()?);
                let (array, dx) = output::<T>(py, func, &y.shape)?;
                run(py, func, dx.len() * EXP, || kernel::$name(ys, dys, length, inner, dx))?;
                Ok(array)
            })
        }
    )*};
}
backward!(softmax_backward, log_softmax_backward);

/// Logits (N, C) with at least one class, and labels that fit: classes (N,) or weights (N, C).
fn checked_labels<'a, T: Float + Element>(logits: &Arg<'_>, labels: &Arg<'a>) -> PyResult<(usize, Labels<'a, T>)> {
    let &[rows, classes] = &*logits.shape else {
        return Err(logits.wrong_shape("(N, C)"));
    };
    if classes == 0 {
        return Err(logits.wrong_shape("(N, C) with at least one class"));
    }
    let read = match labels.dtype {
        Dtype::I32 => Labels::I32(labels.slice()?),
        Dtype::I64 => Labels::I64(labels.slice()?),
        dtype if dtype == logits.dtype => {
            if *labels.shape != [rows, classes] {
                return Err(labels.wrong_shape(&format!("({rows}, {classes}), as logits")));
            }
            return Ok((classes, Labels::Dense(labels.slice()?)));
        }
        _ => {
            let expected = format!("an int32 or int64 array of classes, or {} weights", logits.dtype.name());
            return Err(labels.wrong_dtype(&expected));
        }
    };
    if *labels.shape != [rows] {
        return Err(labels.wrong_shape(&format!("({rows},) to match logits of shape {}", logits.shape)));
    }
    if let Some(label) = read.out_of_range(classes) {
        return Err(PyValueError::new_err(format!("{}: expected labels in [0, {classes}), got {label}", logits.func)));
    }
    Ok((classes, read))
}

#[pyfunction]
fn softmax_cross_entropy<'py>(
    py: Python<'py>,
    logits: &Bound<'py, PyAny>,
    labels: &Bound<'py, PyAny>,
) -> PyResult<Bound<'py, PyTuple>> {
    const FUNC: &str = "softmax_cross_entropy";
    let logits = Arg::float(FUNC, "logits", logits)?;
    let labels = Arg::new(FUNC, "labels", labels)?;
    let arrays = with_float!(logits, T => {
        let (classes, labels) = checked_labels::<T>(&logits, &labels)?;
        let x = logits.slice::<T>()?;
        let (loss, loss_values) = output::<T>(py, FUNC, &logits.shape[..1])?;
        let (lse, lse_values) = output::<T>(py, FUNC, &logits.shape[..1])?;
        run(py, FUNC, x.len() * EXP, || {
            kernel::softmax_cross_entropy(x, labels, classes, loss_values, lse_values);
        })?;
        Ok::<_, PyErr>([loss, lse])
    })?;
    PyTuple::new(py, arrays)
}

#[pyfunction]
fn softmax_cross_entropy_backward<'py>(
    py: Python<'py>,
    logits: &Bound<'py, PyAny>,
    labels: &Bound<'py, PyAny>,
    lse: &Bound<'py, PyAny>,
    dloss: &Bound<'py, PyAny>,
) -> PyResult<Bound<'py, PyAny>> {
    const FUNC: &str = "softmax_cross_entropy_backward";
    let logits = Arg::float(FUNC, "logits", logits)?;
    let labels = Arg::new(FUNC, "labels", labels)?;
    let lse = Arg::like(&logits, "lse", lse)?;
    let dloss = Arg::like(&logits, "dloss", dloss)?;
    with_float!(logits, T => {
        let (classes, labels) = checked_labels::<T>(&logits, &labels)?;
        lse.expect_shape(&logits.shape[..1])?;
        dloss.expect_shape(&logits.shape[..1])?;
        let (x, lse, dloss) = (logits.slice::<T>()?, lse.slice::<T>()?, dloss.slice::<T>()?);
        let (array, dx) = output::<T>(py, FUNC, &logits.shape)?;
        run(py, FUNC, x.len() * EXP, || {
            kernel::softmax_cross_entropy_backward(x, labels, classes, lse, dloss, dx);
        })?;
        Ok(array)
    })
}

pub fn register(m: &Bound<'_, PyModule>) -> PyResult<()> {
    add_functions!(
        m,
        softmax,
        log_softmax,
        softmax_backward,
        log_softmax_backward,
        softmax_cross_entropy,
        softmax_cross_entropy_backward
    );
    Ok(())
}
