//! Rows of a table.

use neuroxide_kernels::rows as kernel;
use neuroxide_kernels::rows::Index;
use pyo3::exceptions::PyValueError;
use pyo3::prelude::*;
use pyo3::types::PyTuple;

use crate::array::{Arg, Element, output, run};
use crate::elementwise::add_functions;
use crate::with_float;

/// Runs the body with `$N` standing for the type of the indices.
macro_rules! with_index {
    ($arg:expr, $N:ident => $body:expr) => {
        match $arg.dtype {
            $crate::array::Dtype::I32 => {
                type $N = i32;
                $body
            }
            $crate::array::Dtype::I64 => {
                type $N = i64;
                $body
            }
            _ => Err($arg.wrong_dtype("an int32 or int64 array")),
        }
    };
}
pub(crate) use with_index;

fn in_range<'a, N: Index + Element>(indices: &Arg<'a>, rows: usize) -> PyResult<&'a [N]> {
    let values = indices.slice::<N>()?;
    match kernel::out_of_range(values, rows) {
        None => Ok(values),
        Some(index) => Err(PyValueError::new_err(format!(
            "{}: expected indices from 0 to below {rows}, the number of rows, got {index}",
            indices.func
        ))),
    }
}

/// indices (N,), and values (N, …): the shape of a row and its length.
fn paired<'a>(
    func: &'static str,
    indices: &'a Bound<'_, PyAny>,
    values: &'a Bound<'_, PyAny>,
) -> PyResult<(Arg<'a>, Arg<'a>, usize)> {
    let indices = Arg::new(func, "indices", indices)?;
    let values = Arg::float(func, "values", values)?;
    if indices.ndim() != 1 {
        return Err(indices.wrong_shape("(N,)"));
    }
    if values.ndim() == 0 || values.shape[0] != indices.shape[0] {
        return Err(values.wrong_shape(&format!("({}, …) to match indices", indices.shape[0])));
    }
    let width = values.shape[1..].iter().product();
    Ok((indices, values, width))
}

/// table[indices]: indices of any shape, rows of any shape.
#[pyfunction]
fn gather_rows<'py>(
    py: Python<'py>,
    table: &Bound<'py, PyAny>,
    indices: &Bound<'py, PyAny>,
) -> PyResult<Bound<'py, PyAny>> {
    const FUNC: &str = "gather_rows";
    let table = Arg::float(FUNC, "table", table)?;
    let indices = Arg::new(FUNC, "indices", indices)?;
    if table.ndim() == 0 {
        return Err(table.wrong_shape("(rows, …)"));
    }
    let width = table.shape[1..].iter().product();
    let shape: Vec<usize> = indices.shape.iter().chain(&table.shape[1..]).copied().collect();
    with_float!(table, T => with_index!(indices, N => {
        let places = in_range::<N>(&indices, table.shape[0])?;
        let values = table.slice::<T>()?;
        let (array, y) = output::<T>(py, FUNC, &shape)?;
        run(py, FUNC, y.len(), || kernel::gather_rows(values, width, places, y))?;
        Ok(array)
    }))
}

/// (sorted distinct indices, the sum of the values of each): what scattered additions amount to.
#[pyfunction]
fn rows_from<'py>(
    py: Python<'py>,
    indices: &Bound<'py, PyAny>,
    values: &Bound<'py, PyAny>,
) -> PyResult<Bound<'py, PyTuple>> {
    const FUNC: &str = "rows_from";
    let (indices, values, width) = paired(FUNC, indices, values)?;
    with_float!(values, T => with_index!(indices, N => {
        let places = indices.slice::<N>()?;
        let from = values.slice::<T>()?;
        let (order, starts) = run(py, FUNC, places.len().saturating_mul(16), || kernel::group(places))?;
        let mut shape = values.shape.to_vec();
        shape[0] = starts.len();
        let (unique, first) = output::<i64>(py, FUNC, &[starts.len()])?;
        for (to, &start) in first.iter_mut().zip(&starts) {
            *to = order[start].0;
        }
        let (summed, y) = output::<T>(py, FUNC, &shape)?;
        run(py, FUNC, from.len(), || kernel::sum_groups(&order, &starts, from, width, y))?;
        PyTuple::new(py, [unique, summed])
    }))
}

/// An array of n rows, zero but for the rows at `indices`.
#[pyfunction]
fn rows_to_dense<'py>(
    py: Python<'py>,
    indices: &Bound<'py, PyAny>,
    values: &Bound<'py, PyAny>,
    n: usize,
) -> PyResult<Bound<'py, PyAny>> {
    const FUNC: &str = "rows_to_dense";
    let (indices, values, width) = paired(FUNC, indices, values)?;
    let mut shape = values.shape.to_vec();
    shape[0] = n;
    with_float!(values, T => with_index!(indices, N => {
        let places = in_range::<N>(&indices, n)?;
        let from = values.slice::<T>()?;
        let (array, y) = output::<T>(py, FUNC, &shape)?;
        run(py, FUNC, y.len(), || kernel::rows_to_dense(places, from, width, y))?;
        Ok(array)
    }))
}

pub fn register(m: &Bound<'_, PyModule>) -> PyResult<()> {
    add_functions!(m, gather_rows, rows_from, rows_to_dense);
    Ok(())
}
