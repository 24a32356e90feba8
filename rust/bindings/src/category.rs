//! Numbers into bins, and bins into vectors of counts.

use neuroxide_kernels::category as kernel;
use pyo3::exceptions::PyValueError;
use pyo3::prelude::*;

use crate::array::{Arg, output, run};
use crate::elementwise::add_functions;
use crate::random::Wanted;
use crate::rows::with_index;
use crate::with_float;

/// The number of boundaries that are at most x, for each element: int64.
#[pyfunction]
fn digitize<'py>(
    py: Python<'py>,
    x: &Bound<'py, PyAny>,
    boundaries: &Bound<'py, PyAny>,
) -> PyResult<Bound<'py, PyAny>> {
    const FUNC: &str = "digitize";
    let x = Arg::float(FUNC, "x", x)?;
    let boundaries = Arg::like(&x, "boundaries", boundaries)?;
    if boundaries.ndim() != 1 {
        return Err(boundaries.wrong_shape("(B,)"));
    }
    with_float!(x, T => {
        let (values, edges) = (x.slice::<T>()?, boundaries.slice::<T>()?);
        let rise = edges.windows(2).all(|pair| pair[0] <= pair[1]) && edges.iter().all(|edge| !edge.is_nan());
        if !rise {
            return Err(PyValueError::new_err(format!("{FUNC}: expected boundaries that rise, got others")));
        }
        let (array, y) = output::<i64>(py, FUNC, &x.shape)?;
        run(py, FUNC, y.len().saturating_mul(8), || kernel::digitize(values, edges, y))?;
        Ok(array)
    })
}

/// Counts (or weights, or with `binary` the presence) of the categories 0 to below depth in each row of indices (N, L).
#[pyfunction]
fn category_counts<'py>(
    py: Python<'py>,
    indices: &Bound<'py, PyAny>,
    weights: &Bound<'py, PyAny>,
    depth: usize,
    binary: bool,
    dtype: &str,
) -> PyResult<Bound<'py, PyAny>> {
    const FUNC: &str = "category_counts";
    let indices = Arg::new(FUNC, "indices", indices)?;
    if indices.ndim() != 2 {
        return Err(indices.wrong_shape("(N, L)"));
    }
    let wanted = Wanted::new(FUNC, dtype)?;
    let weights = if weights.is_none() { None } else { Some(Arg::float(FUNC, "weights", weights)?) };
    if let Some(weights) = &weights {
        weights.expect_shape(&indices.shape)?;
    }
    with_float!(wanted, T => with_index!(indices, N => {
        let weights = weights.map(|weights| weights.slice::<T>()).transpose()?;
        let places = indices.slice::<N>()?;
        let (array, y) = output::<T>(py, FUNC, &[indices.shape[0], depth])?;
        let work = y.len().saturating_add(places.len().saturating_mul(4));
        run(py, FUNC, work, || kernel::category_counts(places, indices.shape[1], weights, depth, binary, y))?;
        Ok(array)
    }))
}

pub fn register(m: &Bound<'_, PyModule>) -> PyResult<()> {
    add_functions!(m, digitize, category_counts);
    Ok(())
}
