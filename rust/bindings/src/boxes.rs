//! Overlap of boxes.

use neuroxide_kernels::boxes::{self, Overlap};
use pyo3::exceptions::PyValueError;
use pyo3::prelude::*;

use crate::array::{Arg, output, run};
use crate::with_float;

/// Rough scalar operations that one pair costs.
const PAIR_WORK: usize = 16;

fn overlap(func: &str, kind: &str) -> PyResult<Overlap> {
    Overlap::from_name(kind).ok_or_else(|| {
        PyValueError::new_err(format!("{func}: expected kind to be iou, giou, diou or ciou, got {kind:?}"))
    })
}

/// Number of boxes, or an error where the shape is not (N, 4).
pub fn box_count(arg: &Arg<'_>, letter: &str) -> PyResult<usize> {
    match *arg.shape {
        [n, 4] => Ok(n),
        _ => Err(arg.wrong_shape(&format!("({letter}, 4)"))),
    }
}

/// Overlap of every box of a (N, 4) with every box of b (M, 4): (N, M).
#[pyfunction]
fn box_overlap<'py>(
    py: Python<'py>,
    a: &Bound<'py, PyAny>,
    b: &Bound<'py, PyAny>,
    kind: &str,
    eps: f64,
) -> PyResult<Bound<'py, PyAny>> {
    const FUNC: &str = "box_overlap";
    let kind = overlap(FUNC, kind)?;
    let a = Arg::float(FUNC, "a", a)?;
    let b = Arg::like(&a, "b", b)?;
    let (n, m) = (box_count(&a, "N")?, box_count(&b, "M")?);
    with_float!(a, T => {
        let (array, out) = output::<T>(py, FUNC, &[n, m])?;
        let (a, b) = (a.slice::<T>()?, b.slice::<T>()?);
        run(py, FUNC, n * m, || boxes::pairwise(kind, a, b, eps as T, out))?;
        Ok(array)
    })
}

/// Overlap of box i of a with box i of b, both (N, 4): (N,).
#[pyfunction]
fn aligned_box_overlap<'py>(
    py: Python<'py>,
    a: &Bound<'py, PyAny>,
    b: &Bound<'py, PyAny>,
    kind: &str,
    eps: f64,
) -> PyResult<Bound<'py, PyAny>> {
    const FUNC: &str = "aligned_box_overlap";
    let kind = overlap(FUNC, kind)?;
    let a = Arg::float(FUNC, "a", a)?;
    let b = Arg::like(&a, "b", b)?;
    let n = box_count(&a, "N")?;
    b.expect_shape(&a.shape)?;
    with_float!(a, T => {
        let (array, out) = output::<T>(py, FUNC, &[n])?;
        let (a, b) = (a.slice::<T>()?, b.slice::<T>()?);
        run(py, FUNC, PAIR_WORK * n, || boxes::aligned(kind, a, b, eps as T, out))?;
        Ok(array)
    })
}

/// Gradients (da, db) of `aligned_box_overlap` for dy (N,).
#[pyfunction]
fn aligned_box_overlap_backward<'py>(
    py: Python<'py>,
    a: &Bound<'py, PyAny>,
    b: &Bound<'py, PyAny>,
    dy: &Bound<'py, PyAny>,
    kind: &str,
    eps: f64,
) -> PyResult<(Bound<'py, PyAny>, Bound<'py, PyAny>)> {
    const FUNC: &str = "aligned_box_overlap_backward";
    let kind = overlap(FUNC, kind)?;
    let a = Arg::float(FUNC, "a", a)?;
    let b = Arg::like(&a, "b", b)?;
    let dy = Arg::like(&a, "dy", dy)?;
    let n = box_count(&a, "N")?;
    b.expect_shape(&a.shape)?;
    dy.expect_shape(&[n])?;
    with_float!(a, T => {
        let (array_a, da) = output::<T>(py, FUNC, &[n, 4])?;
        let (array_b, db) = output::<T>(py, FUNC, &[n, 4])?;
        let (a, b, dy) = (a.slice::<T>()?, b.slice::<T>()?, dy.slice::<T>()?);
        run(py, FUNC, 8 * PAIR_WORK * n, || boxes::aligned_backward(kind, a, b, dy, eps as T, da, db))?;
        Ok((array_a, array_b))
    })
}

pub fn register(m: &Bound<'_, PyModule>) -> PyResult<()> {
    m.add_function(wrap_pyfunction!(box_overlap, m)?)?;
    m.add_function(wrap_pyfunction!(aligned_box_overlap, m)?)?;
    m.add_function(wrap_pyfunction!(aligned_box_overlap_backward, m)?)?;
    Ok(())
}
