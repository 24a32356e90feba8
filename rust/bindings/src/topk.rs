//! The k largest of each row.

use neuroxide_kernels::topk as kernel;
use pyo3::exceptions::PyValueError;
use pyo3::prelude::*;

use crate::array::{Arg, output, run};
use crate::with_float;

/// Rows (…, C) with C below 2³².
fn columns(x: &Arg<'_>) -> PyResult<usize> {
    match x.shape.last() {
        Some(&columns) if columns < u32::MAX as usize => Ok(columns),
        _ => Err(x.wrong_shape("(…, C) with C below 2**32 - 1")),
    }
}

#[pyfunction]
fn topk<'py>(py: Python<'py>, x: &Bound<'py, PyAny>, k: usize) -> PyResult<(Bound<'py, PyAny>, Bound<'py, PyAny>)> {
    const FUNC: &str = "topk";
    let x = Arg::float(FUNC, "x", x)?;
    let columns = columns(&x)?;
    if k > columns {
        return Err(PyValueError::new_err(format!(
            "{FUNC}: expected k between 0 and {columns} for x of shape {}, got {k}",
            x.shape
        )));
    }
    let mut shape = x.shape.to_vec();
    shape[x.ndim() - 1] = k;
    with_float!(x, T => {
        let data = x.slice::<T>()?;
        let (values_array, values) = output::<T>(py, FUNC, &shape)?;
        let (indices_array, indices) = output::<i64>(py, FUNC, &shape)?;
        run(py, FUNC, data.len(), || kernel::topk(data, columns, k, values, indices))?;
        Ok((values_array, indices_array))
    })
}

#[pyfunction]
fn topk_backward<'py>(
    py: Python<'py>,
    indices: &Bound<'py, PyAny>,
    dy: &Bound<'py, PyAny>,
    columns: usize,
) -> PyResult<Bound<'py, PyAny>> {
    const FUNC: &str = "topk_backward";
    let dy = Arg::float(FUNC, "dy", dy)?;
    let indices = Arg::new(FUNC, "indices", indices)?;
    indices.expect_shape(&dy.shape)?;
    let indices = indices.slice::<i64>()?;
    let mut shape = dy.shape.to_vec();
    let Some(last) = shape.last_mut() else { return Err(dy.wrong_shape("(…, k)")) };
    let k = std::mem::replace(last, columns);
    if let Some(bad) = indices.iter().find(|&&index| usize::try_from(index).map_or(true, |index| index >= columns)) {
        return Err(PyValueError::new_err(format!("{FUNC}: expected indices in [0, {columns}), got {bad}")));
    }
    with_float!(dy, T => {
        let data = dy.slice::<T>()?;
        let (array, dx) = output::<T>(py, FUNC, &shape)?;
        run(py, FUNC, dx.len(), || kernel::topk_backward(indices, data, columns, k, dx))?;
        Ok(array)
    })
}

pub fn register(m: &Bound<'_, PyModule>) -> PyResult<()> {
    m.add_function(wrap_pyfunction!(topk, m)?)?;
    m.add_function(wrap_pyfunction!(topk_backward, m)?)?;
    Ok(())
}
