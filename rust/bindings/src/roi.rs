//! Regions of interest. Feature maps are (N, H, W, C), regions (K, 5): image, x1, y1, x2, y2.

use neuroxide_kernels::roi::{self as kernels, Sampling, Sizes};
use neuroxide_kernels::simd::Float;
use pyo3::exceptions::PyValueError;
use pyo3::prelude::*;

use crate::array::{Arg, checked_len, output, run};
use crate::with_float;

/// Pixels of a map, at most: places in it are kept as int32.
const MOST_PIXELS: usize = i32::MAX as usize;

/// Sizes from the shape of the maps, checked, with every region's image in range.
fn sizes(rois: &Arg<'_>, [n, h, w, c]: [usize; 4], (ph, pw): (usize, usize), scale: f64) -> PyResult<(Sizes, usize)> {
    let func = rois.func;
    let [k, 5] = *rois.shape else {
        return Err(rois.wrong_shape("(K, 5)"));
    };
    if ph == 0 || pw == 0 || h == 0 || w == 0 || c == 0 {
        return Err(PyValueError::new_err(format!(
            "{func}: expected no size of 0, got maps ({n}, {h}, {w}, {c}) and output size ({ph}, {pw})"
        )));
    }
    if !scale.is_finite() {
        return Err(PyValueError::new_err(format!("{func}: expected spatial_scale to be finite, got {scale}")));
    }
    if h.saturating_mul(w) > MOST_PIXELS {
        return Err(PyValueError::new_err(format!("{func}: expected maps of fewer than 2**31 pixels, got ({h}, {w})")));
    }
    let inside = |image: f64| image >= 0.0 && image < n as f64;
    let bad = with_float!(rois, T => {
        PyResult::Ok(rois.slice::<T>()?.chunks(5).position(|roi| !inside(roi[0].to_f64())))
    })?;
    if let Some(row) = bad {
        return Err(PyValueError::new_err(format!(
            "{func}: expected image indices from 0 to {n} - 1 in row {row} of rois"
        )));
    }
    Ok((Sizes { n, h, w, c, ph, pw, scale }, k))
}

fn maps(x: &Arg<'_>) -> PyResult<[usize; 4]> {
    match *x.shape {
        [n, h, w, c] => Ok([n, h, w, c]),
        _ => Err(x.wrong_shape("(N, H, W, C)")),
    }
}

/// The shape of the maps of a gradient, small enough to allocate.
fn shape_of_maps(func: &str, shape: (usize, usize, usize, usize)) -> PyResult<[usize; 4]> {
    let shape = [shape.0, shape.1, shape.2, shape.3];
    checked_len(func, &shape, 8)?;
    Ok(shape)
}

/// Checks that PH·PW divides the channels; returns the channels of the output.
fn output_channels(func: &str, s: &Sizes) -> PyResult<usize> {
    match s.ph.checked_mul(s.pw) {
        Some(bins) if s.c.is_multiple_of(bins) => Ok(s.c / bins),
        _ => Err(PyValueError::new_err(format!(
            "{func}: expected channels that are a multiple of {} x {}, got {}",
            s.ph, s.pw, s.c
        ))),
    }
}

/// (y, from): maximum of each bin (K, PH, PW, C), and the pixel it came from (int32).
#[pyfunction]
fn roi_pool<'py>(
    py: Python<'py>,
    x: &Bound<'py, PyAny>,
    rois: &Bound<'py, PyAny>,
    size: (usize, usize),
    scale: f64,
) -> PyResult<(Bound<'py, PyAny>, Bound<'py, PyAny>)> {
    const FUNC: &str = "roi_pool";
    let x = Arg::float(FUNC, "x", x)?;
    let rois = Arg::like(&x, "rois", rois)?;
    let (s, k) = sizes(&rois, maps(&x)?, size, scale)?;
    with_float!(x, T => {
        let (y, out) = output::<T>(py, FUNC, &[k, s.ph, s.pw, s.c])?;
        let (places, from) = output::<i32>(py, FUNC, &[k, s.ph, s.pw, s.c])?;
        let (x, rois) = (x.slice::<T>()?, rois.slice::<T>()?);
        run(py, FUNC, 16 * out.len(), || kernels::pool(x, rois, &s, out, from))?;
        Ok((y, places))
    })
}

/// Gradient of `roi_pool` for maps of the given shape.
#[pyfunction]
fn roi_pool_backward<'py>(
    py: Python<'py>,
    rois: &Bound<'py, PyAny>,
    dy: &Bound<'py, PyAny>,
    places: &Bound<'py, PyAny>,
    shape: (usize, usize, usize, usize),
) -> PyResult<Bound<'py, PyAny>> {
    const FUNC: &str = "roi_pool_backward";
    let rois = Arg::float(FUNC, "rois", rois)?;
    let dy = Arg::like(&rois, "dy", dy)?;
    let places = Arg::new(FUNC, "places", places)?;
    let [_, ph, pw, _] = *dy.shape else {
        return Err(dy.wrong_shape("(K, PH, PW, C)"));
    };
    let shape = shape_of_maps(FUNC, shape)?;
    let (s, k) = sizes(&rois, shape, (ph, pw), 1.0)?;
    dy.expect_shape(&[k, ph, pw, s.c])?;
    places.expect_shape(&dy.shape)?;
    let places = places.slice::<i32>()?;
    with_float!(rois, T => {
        let (array, dx) = output::<T>(py, FUNC, &shape)?;
        let (rois, dy) = (rois.slice::<T>()?, dy.slice::<T>()?);
        run(py, FUNC, dx.len() + dy.len(), || kernels::pool_backward(rois, dy, places, &s, dx))?;
        Ok(array)
    })
}

/// Mean of bilinear samples of each bin: (K, PH, PW, C). A sampling_ratio of 0 adapts to the region.
#[pyfunction]
fn roi_align<'py>(
    py: Python<'py>,
    x: &Bound<'py, PyAny>,
    rois: &Bound<'py, PyAny>,
    size: (usize, usize),
    scale: f64,
    sampling_ratio: usize,
    aligned: bool,
) -> PyResult<Bound<'py, PyAny>> {
    const FUNC: &str = "roi_align";
    let x = Arg::float(FUNC, "x", x)?;
    let rois = Arg::like(&x, "rois", rois)?;
    let (s, k) = sizes(&rois, maps(&x)?, size, scale)?;
    let sampling = Sampling { ratio: points(FUNC, sampling_ratio)?, aligned };
    with_float!(x, T => {
        let (y, out) = output::<T>(py, FUNC, &[k, s.ph, s.pw, s.c])?;
        let (x, rois) = (x.slice::<T>()?, rois.slice::<T>()?);
        run(py, FUNC, 16 * out.len(), || kernels::align(x, rois, &s, sampling, out))?;
        Ok(y)
    })
}

fn points(func: &str, ratio: usize) -> PyResult<usize> {
    if ratio > 1024 {
        return Err(PyValueError::new_err(format!("{func}: expected sampling_ratio of at most 1024, got {ratio}")));
    }
    Ok(ratio)
}

/// Gradient of `roi_align` for maps of the given shape.
#[pyfunction]
fn roi_align_backward<'py>(
    py: Python<'py>,
    rois: &Bound<'py, PyAny>,
    dy: &Bound<'py, PyAny>,
    shape: (usize, usize, usize, usize),
    scale: f64,
    sampling_ratio: usize,
    aligned: bool,
) -> PyResult<Bound<'py, PyAny>> {
    const FUNC: &str = "roi_align_backward";
    let rois = Arg::float(FUNC, "rois", rois)?;
    let dy = Arg::like(&rois, "dy", dy)?;
    let [_, ph, pw, _] = *dy.shape else {
        return Err(dy.wrong_shape("(K, PH, PW, C)"));
    };
    let shape = shape_of_maps(FUNC, shape)?;
    let (s, k) = sizes(&rois, shape, (ph, pw), scale)?;
    dy.expect_shape(&[k, ph, pw, s.c])?;
    let sampling = Sampling { ratio: points(FUNC, sampling_ratio)?, aligned };
    with_float!(rois, T => {
        let (array, dx) = output::<T>(py, FUNC, &shape)?;
        let (rois, dy) = (rois.slice::<T>()?, dy.slice::<T>()?);
        run(py, FUNC, dx.len() + 16 * dy.len(), || kernels::align_backward(rois, dy, &s, sampling, dx))?;
        Ok(array)
    })
}

/// Position-sensitive mean of each bin: (K, PH, PW, C / (PH PW)).
#[pyfunction]
fn ps_roi_pool<'py>(
    py: Python<'py>,
    x: &Bound<'py, PyAny>,
    rois: &Bound<'py, PyAny>,
    size: (usize, usize),
    scale: f64,
) -> PyResult<Bound<'py, PyAny>> {
    const FUNC: &str = "ps_roi_pool";
    let x = Arg::float(FUNC, "x", x)?;
    let rois = Arg::like(&x, "rois", rois)?;
    let (s, k) = sizes(&rois, maps(&x)?, size, scale)?;
    let channels = output_channels(FUNC, &s)?;
    with_float!(x, T => {
        let (y, out) = output::<T>(py, FUNC, &[k, s.ph, s.pw, channels])?;
        let (x, rois) = (x.slice::<T>()?, rois.slice::<T>()?);
        run(py, FUNC, 16 * out.len(), || kernels::position_sensitive_pool(x, rois, &s, out))?;
        Ok(y)
    })
}

/// Gradient of `ps_roi_pool` for maps of the given shape.
#[pyfunction]
fn ps_roi_pool_backward<'py>(
    py: Python<'py>,
    rois: &Bound<'py, PyAny>,
    dy: &Bound<'py, PyAny>,
    shape: (usize, usize, usize, usize),
    scale: f64,
) -> PyResult<Bound<'py, PyAny>> {
    const FUNC: &str = "ps_roi_pool_backward";
    let rois = Arg::float(FUNC, "rois", rois)?;
    let dy = Arg::like(&rois, "dy", dy)?;
    let [_, ph, pw, _] = *dy.shape else {
        return Err(dy.wrong_shape("(K, PH, PW, C)"));
    };
    let shape = shape_of_maps(FUNC, shape)?;
    let (s, k) = sizes(&rois, shape, (ph, pw), scale)?;
    let channels = output_channels(FUNC, &s)?;
    dy.expect_shape(&[k, ph, pw, channels])?;
    with_float!(rois, T => {
        let (array, dx) = output::<T>(py, FUNC, &shape)?;
        let (rois, dy) = (rois.slice::<T>()?, dy.slice::<T>()?);
        run(py, FUNC, dx.len() + 16 * dy.len(), || kernels::position_sensitive_pool_backward(rois, dy, &s, dx))?;
        Ok(array)
    })
}

pub fn register(m: &Bound<'_, PyModule>) -> PyResult<()> {
    m.add_function(wrap_pyfunction!(roi_pool, m)?)?;
    m.add_function(wrap_pyfunction!(roi_pool_backward, m)?)?;
    m.add_function(wrap_pyfunction!(roi_align, m)?)?;
    m.add_function(wrap_pyfunction!(roi_align_backward, m)?)?;
    m.add_function(wrap_pyfunction!(ps_roi_pool, m)?)?;
    m.add_function(wrap_pyfunction!(ps_roi_pool_backward, m)?)?;
    Ok(())
}
