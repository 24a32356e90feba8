//! Non-maximum suppression.

use neuroxide_kernels::nms::{self as kernels, Decay};
use pyo3::exceptions::PyValueError;
use pyo3::prelude::*;

use crate::array::{Arg, output, run};
use crate::boxes::box_count;
use crate::with_float;

/// Rough scalar operations that one box costs.
const BOX_WORK: usize = 200;

/// Number of boxes that `boxes` and `scores` agree on.
fn checked<'a>(
    func: &'static str,
    boxes: &'a Bound<'_, PyAny>,
    scores: &'a Bound<'_, PyAny>,
) -> PyResult<(Arg<'a>, Arg<'a>, usize)> {
    let boxes = Arg::float(func, "boxes", boxes)?;
    let scores = Arg::like(&boxes, "scores", scores)?;
    let n = box_count(&boxes, "N")?;
    scores.expect_shape(&[n])?;
    if u32::try_from(n).is_err() {
        return Err(PyValueError::new_err(format!("{func}: expected fewer than 2**32 boxes, got {n}")));
    }
    Ok((boxes, scores, n))
}

fn not_nan(func: &str, name: &str, value: f64) -> PyResult<()> {
    if value.is_nan() {
        return Err(PyValueError::new_err(format!("{func}: expected {name} to be a number, got nan")));
    }
    Ok(())
}

fn indices<'py>(py: Python<'py>, func: &str, keep: &[i64]) -> PyResult<Bound<'py, PyAny>> {
    let (array, out) = output::<i64>(py, func, &[keep.len()])?;
    out.copy_from_slice(keep);
    Ok(array)
}

/// Indices (int64) of the boxes kept, by descending score.
#[pyfunction]
fn nms<'py>(
    py: Python<'py>,
    boxes: &Bound<'py, PyAny>,
    scores: &Bound<'py, PyAny>,
    iou_threshold: f64,
) -> PyResult<Bound<'py, PyAny>> {
    const FUNC: &str = "nms";
    let (boxes, scores, n) = checked(FUNC, boxes, scores)?;
    not_nan(FUNC, "iou_threshold", iou_threshold)?;
    let mut keep = vec![0; n];
    let count = with_float!(boxes, T => {
        let (boxes, scores) = (boxes.slice::<T>()?, scores.slice::<T>()?);
        run(py, FUNC, BOX_WORK * n, || kernels::nms(boxes, scores, iou_threshold, &mut keep))
    })?;
    indices(py, FUNC, &keep[..count])
}

/// `nms` of every class by itself; classes is int64 (N,).
#[pyfunction]
fn batched_nms<'py>(
    py: Python<'py>,
    boxes: &Bound<'py, PyAny>,
    scores: &Bound<'py, PyAny>,
    classes: &Bound<'py, PyAny>,
    iou_threshold: f64,
) -> PyResult<Bound<'py, PyAny>> {
    const FUNC: &str = "batched_nms";
    let (boxes, scores, n) = checked(FUNC, boxes, scores)?;
    let classes = Arg::new(FUNC, "classes", classes)?;
    classes.expect_shape(&[n])?;
    let classes = classes.slice::<i64>()?;
    not_nan(FUNC, "iou_threshold", iou_threshold)?;
    let mut keep = vec![0; n];
    let count = with_float!(boxes, T => {
        let (boxes, scores) = (boxes.slice::<T>()?, scores.slice::<T>()?);
        run(py, FUNC, BOX_WORK * n, || kernels::batched_nms(boxes, scores, classes, iou_threshold, &mut keep))
    })?;
    indices(py, FUNC, &keep[..count])
}

/// Indices (int64) by descending decayed score, and those scores.
#[pyfunction]
fn soft_nms<'py>(
    py: Python<'py>,
    boxes: &Bound<'py, PyAny>,
    scores: &Bound<'py, PyAny>,
    method: &str,
    iou_threshold: f64,
    sigma: f64,
    score_threshold: f64,
) -> PyResult<(Bound<'py, PyAny>, Bound<'py, PyAny>)> {
    const FUNC: &str = "soft_nms";
    let (boxes, scores, n) = checked(FUNC, boxes, scores)?;
    for (name, value) in [("iou_threshold", iou_threshold), ("sigma", sigma), ("score_threshold", score_threshold)] {
        not_nan(FUNC, name, value)?;
    }
    let decay = match method {
        "linear" => Decay::Linear { threshold: iou_threshold },
        "gaussian" => Decay::Gaussian { sigma },
        other => {
            return Err(PyValueError::new_err(format!(
                "{FUNC}: expected method to be linear or gaussian, got {other:?}"
            )));
        }
    };
    let mut keep = vec![0; n];
    with_float!(boxes, T => {
        let (boxes, scores) = (boxes.slice::<T>()?, scores.slice::<T>()?);
        let mut kept_scores = vec![0.0 as T; n];
        let least = score_threshold as T;
        let count = run(py, FUNC, n.saturating_mul(n), || {
            kernels::soft_nms(boxes, scores, decay, least, &mut keep, &mut kept_scores)
        })?;
        let (array, out) = output::<T>(py, FUNC, &[count])?;
        out.copy_from_slice(&kept_scores[..count]);
        Ok((indices(py, FUNC, &keep[..count])?, array))
    })
}

pub fn register(m: &Bound<'_, PyModule>) -> PyResult<()> {
    m.add_function(wrap_pyfunction!(nms, m)?)?;
    m.add_function(wrap_pyfunction!(batched_nms, m)?)?;
    m.add_function(wrap_pyfunction!(soft_nms, m)?)?;
    Ok(())
}
