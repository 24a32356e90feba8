//! k-means and anchors.

use neuroxide_kernels::kmeans as kernels;
use pyo3::exceptions::PyValueError;
use pyo3::prelude::*;

use crate::array::{Arg, output, run};
use crate::with_float;

type Fit<'py> = (Bound<'py, PyAny>, Bound<'py, PyAny>, f64, usize, bool);

/// Centres are numbered exactly in float32 up to here.
const MOST_CENTERS: usize = 1 << 24;

/// (n, k, d) of points x (n, d) and centres (k, d), none of them 0.
fn sizes(x: &Arg<'_>, centers: &Arg<'_>) -> PyResult<(usize, usize, usize)> {
    let ([n, d], [k, columns]) = (&*x.shape, &*centers.shape) else {
        return Err(PyValueError::new_err(format!(
            "{}: expected x of shape (N, D) and centers of shape (K, D), got {} and {}",
            x.func, x.shape, centers.shape
        )));
    };
    if columns != d || *n == 0 || *k == 0 || *d == 0 || *k > MOST_CENTERS || u32::try_from(*n).is_err() {
        return Err(centers.wrong_shape(&format!("(K, D) to match x {}, none of them 0, K at most 2**24", x.shape)));
    }
    Ok((*n, *k, *d))
}

/// Lloyd's iterations: (labels int32, centers, inertia, iterations, converged).
#[pyfunction]
fn kmeans_lloyd<'py>(
    py: Python<'py>,
    x: &Bound<'py, PyAny>,
    centers: &Bound<'py, PyAny>,
    max_iter: usize,
    tolerance: f64,
    bounded: bool,
) -> PyResult<Fit<'py>> {
    const FUNC: &str = "kmeans_lloyd";
    let x = Arg::float(FUNC, "x", x)?;
    let centers = Arg::like(&x, "centers", centers)?;
    let (n, k, d) = sizes(&x, &centers)?;
    if max_iter == 0 {
        return Err(PyValueError::new_err(format!("{FUNC}: expected max_iter of at least 1, got 0")));
    }
    with_float!(x, T => {
        let (labels, to_labels) = output::<i32>(py, FUNC, &[n])?;
        let (fitted, to_centers) = output::<T>(py, FUNC, &[k, d])?;
        to_centers.copy_from_slice(centers.slice::<T>()?);
        let x = x.slice::<T>()?;
        let work = n.saturating_mul(k * d);
        let found =
            run(py, FUNC, work, || kernels::lloyd(x, d, to_centers, to_labels, max_iter, tolerance, bounded))?;
        Ok((labels, fitted, found.inertia, found.iterations, found.converged))
    })
}

/// Indices (int64) of k-means++ seeds: `first`, and one for each row of draws (K - 1, trials), numbers in [0, 1).
#[pyfunction]
fn kmeans_plus_plus<'py>(
    py: Python<'py>,
    x: &Bound<'py, PyAny>,
    first: usize,
    draws: &Bound<'py, PyAny>,
) -> PyResult<Bound<'py, PyAny>> {
    const FUNC: &str = "kmeans_plus_plus";
    let x = Arg::float(FUNC, "x", x)?;
    let draws = Arg::new(FUNC, "draws", draws)?;
    let ([n, d], [more, trials]) = (&*x.shape, &*draws.shape) else {
        return Err(draws.wrong_shape("(K - 1, trials), and x of shape (N, D)"));
    };
    // Without draws there are no trials, whatever their number says.
    let (n, d, more, trials) = (*n, *d, *more, if *more == 0 { 0 } else { *trials });
    if first >= n || d == 0 || (more > 0 && trials == 0) || more >= n || u32::try_from(n).is_err() {
        return Err(PyValueError::new_err(format!(
            "{FUNC}: expected x (N, D), first below N, at most N - 1 draws of one trial or more, got x {}, first {first}, draws {}",
            x.shape, draws.shape
        )));
    }
    let draws = draws.slice::<f64>()?;
    with_float!(x, T => {
        let (chosen, out) = output::<i64>(py, FUNC, &[more + 1])?;
        let x = x.slice::<T>()?;
        run(py, FUNC, x.len().saturating_mul(more + 1), || kernels::plus_plus(x, d, first, draws, trials, out))?;
        Ok(chosen)
    })
}

/// Index (int32) of the nearest centre of every point.
#[pyfunction]
fn kmeans_assign<'py>(
    py: Python<'py>,
    x: &Bound<'py, PyAny>,
    centers: &Bound<'py, PyAny>,
) -> PyResult<Bound<'py, PyAny>> {
    const FUNC: &str = "kmeans_assign";
    let x = Arg::float(FUNC, "x", x)?;
    let centers = Arg::like(&x, "centers", centers)?;
    let (n, k, d) = sizes(&x, &centers)?;
    with_float!(x, T => {
        let (labels, out) = output::<i32>(py, FUNC, &[n])?;
        let (x, centers) = (x.slice::<T>()?, centers.slice::<T>()?);
        run(py, FUNC, n.saturating_mul(k * d), || kernels::assign(x, centers, d, out))?;
        Ok(labels)
    })
}

/// Sum of squared distances of points to the centres of their labels (int32).
#[pyfunction]
fn kmeans_inertia(
    py: Python<'_>,
    x: &Bound<'_, PyAny>,
    centers: &Bound<'_, PyAny>,
    labels: &Bound<'_, PyAny>,
) -> PyResult<f64> {
    const FUNC: &str = "kmeans_inertia";
    let x = Arg::float(FUNC, "x", x)?;
    let centers = Arg::like(&x, "centers", centers)?;
    let (n, k, d) = sizes(&x, &centers)?;
    let labels = Arg::new(FUNC, "labels", labels)?;
    labels.expect_shape(&[n])?;
    let labels = labels.slice::<i32>()?;
    if let Some(bad) = labels.iter().find(|&&l| l < 0 || l as usize >= k) {
        return Err(PyValueError::new_err(format!("{FUNC}: expected labels from 0 to {k} - 1, got {bad}")));
    }
    with_float!(x, T => {
        let (x, centers) = (x.slice::<T>()?, centers.slice::<T>()?);
        run(py, FUNC, n * d, || kernels::inertia(x, centers, d, labels))
    })
}

/// Distances (N, K) of points to centres.
#[pyfunction]
fn kmeans_distances<'py>(
    py: Python<'py>,
    x: &Bound<'py, PyAny>,
    centers: &Bound<'py, PyAny>,
) -> PyResult<Bound<'py, PyAny>> {
    const FUNC: &str = "kmeans_distances";
    let x = Arg::float(FUNC, "x", x)?;
    let centers = Arg::like(&x, "centers", centers)?;
    let (n, k, d) = sizes(&x, &centers)?;
    with_float!(x, T => {
        let (array, out) = output::<T>(py, FUNC, &[n, k])?;
        let (x, centers) = (x.slice::<T>()?, centers.slice::<T>()?);
        run(py, FUNC, n.saturating_mul(k * d), || kernels::distances(x, centers, d, out))?;
        Ok(array)
    })
}

/// (labels int32, IoU) of the anchor (K, 2) with the highest IoU for every size (N, 2).
#[pyfunction]
fn anchor_assign<'py>(
    py: Python<'py>,
    sizes: &Bound<'py, PyAny>,
    anchors: &Bound<'py, PyAny>,
) -> PyResult<(Bound<'py, PyAny>, Bound<'py, PyAny>)> {
    const FUNC: &str = "anchor_assign";
    let sizes = Arg::float(FUNC, "sizes", sizes)?;
    let anchors = Arg::like(&sizes, "anchors", anchors)?;
    let ([n, 2], [k, 2]) = (&*sizes.shape, &*anchors.shape) else {
        return Err(anchors.wrong_shape("(K, 2), and sizes of shape (N, 2)"));
    };
    if *k == 0 {
        return Err(anchors.wrong_shape("(K, 2) with K of at least 1"));
    }
    with_float!(sizes, T => {
        let (labels, to_labels) = output::<i32>(py, FUNC, &[*n])?;
        let (overlaps, to_overlaps) = output::<T>(py, FUNC, &[*n])?;
        let (sizes, anchors) = (sizes.slice::<T>()?, anchors.slice::<T>()?);
        run(py, FUNC, 8 * n * k, || kernels::assign_by_iou(sizes, anchors, to_labels, to_overlaps))?;
        Ok((labels, overlaps))
    })
}

pub fn register(m: &Bound<'_, PyModule>) -> PyResult<()> {
    m.add_function(wrap_pyfunction!(kmeans_lloyd, m)?)?;
    m.add_function(wrap_pyfunction!(kmeans_plus_plus, m)?)?;
    m.add_function(wrap_pyfunction!(kmeans_assign, m)?)?;
    m.add_function(wrap_pyfunction!(kmeans_inertia, m)?)?;
    m.add_function(wrap_pyfunction!(kmeans_distances, m)?)?;
    m.add_function(wrap_pyfunction!(anchor_assign, m)?)?;
    Ok(())
}
