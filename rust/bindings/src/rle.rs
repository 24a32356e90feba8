//! Masks as run lengths.

use neuroxide_kernels::rle::{self, Masks};
use pyo3::exceptions::{PyTypeError, PyValueError};
use pyo3::prelude::*;
use pyo3::types::{PyBytes, PyList, PyString};

use crate::array::{Arg, checked_len, output, run};

type Pair<'py> = (Bound<'py, PyAny>, Bound<'py, PyAny>);

/// Masks from counts (uint32), offsets (int64, N + 1) and sizes (int64, (N, 2)); an error where one does not fill its size.
pub fn masks<'a>(
    func: &'static str,
    counts: &'a Bound<'_, PyAny>,
    offsets: &'a Bound<'_, PyAny>,
    sizes: &'a Bound<'_, PyAny>,
) -> PyResult<Masks<'a>> {
    let counts = Arg::new(func, "counts", counts)?;
    let offsets = Arg::new(func, "offsets", offsets)?;
    let sizes = Arg::new(func, "sizes", sizes)?;
    let [n, 2] = *sizes.shape else {
        return Err(sizes.wrong_shape("(N, 2)"));
    };
    offsets.expect_shape(&[n + 1])?;
    let masks =
        Masks { counts: counts.slice::<u32>()?, offsets: offsets.slice::<i64>()?, sizes: sizes.slice::<i64>()? };
    match masks.first_corrupt() {
        None => Ok(masks),
        Some(i) => {
            let (h, w) = masks.size(i);
            Err(PyValueError::new_err(format!(
                "{func}: expected the runs of mask {i} to fill its size ({h}, {w}), that is to sum to {}",
                h.saturating_mul(w)
            )))
        }
    }
}

/// Arrays (counts, offsets) of several masks.
fn joined<'py>(py: Python<'py>, func: &str, all: &[Vec<u32>]) -> PyResult<Pair<'py>> {
    let (offsets, out) = output::<i64>(py, func, &[all.len() + 1])?;
    out[0] = 0;
    for (i, runs) in all.iter().enumerate() {
        out[i + 1] = out[i] + runs.len() as i64;
    }
    let (counts, to) = output::<u32>(py, func, &[out[all.len()] as usize])?;
    let mut at = 0;
    for runs in all {
        to[at..at + runs.len()].copy_from_slice(runs);
        at += runs.len();
    }
    Ok((counts, offsets))
}

/// (counts, offsets) of masks in COCO's compressed text: a list of bytes or str.
#[pyfunction]
fn rle_from_texts<'py>(py: Python<'py>, texts: &Bound<'py, PyList>) -> PyResult<Pair<'py>> {
    const FUNC: &str = "rle_from_texts";
    let mut all = Vec::with_capacity(texts.len());
    for (i, text) in texts.iter().enumerate() {
        let runs = if let Ok(bytes) = text.cast::<PyBytes>() {
            rle::from_text(bytes.as_bytes())
        } else if let Ok(string) = text.cast::<PyString>() {
            rle::from_text(string.to_cow()?.as_bytes())
        } else {
            return Err(PyTypeError::new_err(format!("{FUNC}: expected bytes or str at {i}")));
        };
        all.push(runs.ok_or_else(|| {
            PyValueError::new_err(format!("{FUNC}: expected compressed run lengths at {i}, got text that is none"))
        })?);
    }
    joined(py, FUNC, &all)
}

/// COCO's compressed text of each mask.
#[pyfunction]
fn rle_to_texts<'py>(
    py: Python<'py>,
    counts: &Bound<'py, PyAny>,
    offsets: &Bound<'py, PyAny>,
    sizes: &Bound<'py, PyAny>,
) -> PyResult<Bound<'py, PyList>> {
    let masks = masks("rle_to_texts", counts, offsets, sizes)?;
    PyList::new(py, (0..masks.len()).map(|i| PyBytes::new(py, &rle::to_text(masks.runs(i)))))
}

/// (counts, offsets) of objects outlined by polygons. `points` is (P, 2); polygon j has points starts[j]..starts[j+1]
/// and belongs to object owner[j] (rising); sizes is (N, 2). An object is the union of its polygons.
#[pyfunction]
fn rle_from_polygons<'py>(
    py: Python<'py>,
    points: &Bound<'py, PyAny>,
    starts: &Bound<'py, PyAny>,
    owner: &Bound<'py, PyAny>,
    sizes: &Bound<'py, PyAny>,
) -> PyResult<Pair<'py>> {
    const FUNC: &str = "rle_from_polygons";
    let points = Arg::new(FUNC, "points", points)?;
    let starts = Arg::new(FUNC, "starts", starts)?;
    let owner = Arg::new(FUNC, "owner", owner)?;
    let sizes = Arg::new(FUNC, "sizes", sizes)?;
    let ([total, 2], [polygons], [n, 2]) = (&*points.shape, &*owner.shape, &*sizes.shape) else {
        return Err(PyValueError::new_err(format!("{FUNC}: expected points (P, 2), owner (Q,), sizes (N, 2)")));
    };
    let (total, polygons, n) = (*total, *polygons, *n);
    starts.expect_shape(&[polygons + 1])?;
    let (points, starts) = (points.slice::<f64>()?, starts.slice::<i64>()?);
    let (owner, sizes) = (owner.slice::<i64>()?, sizes.slice::<i64>()?);
    let rising = starts.windows(2).all(|w| 0 <= w[0] && w[0] <= w[1] && w[1] <= total as i64);
    let owned = owner.iter().all(|&o| 0 <= o && o < n as i64);
    if !rising || !owned {
        return Err(PyValueError::new_err(format!("{FUNC}: expected rising starts and owners below {n}")));
    }
    if let Some(far) = points.iter().find(|x| x.is_nan() || x.abs() > rle::FARTHEST) {
        return Err(PyValueError::new_err(format!(
            "{FUNC}: expected polygon coordinates within ±{}, got {far}",
            rle::FARTHEST
        )));
    }
    if let Some(bad) = sizes.chunks(2).find(|s| s[0] < 0 || s[1] < 0 || s[0].saturating_mul(s[1]) > u32::MAX as i64) {
        return Err(PyValueError::new_err(format!("{FUNC}: expected a size (height, width) of a mask, got {bad:?}")));
    }
    let all = run(py, FUNC, 50 * total, || {
        let empty = |i: usize| vec![(sizes[2 * i] * sizes[2 * i + 1]) as u32];
        let mut all: Vec<Vec<u32>> = (0..n).map(empty).collect();
        for (j, &object) in owner.iter().enumerate() {
            let i = object as usize;
            let xy = &points[2 * starts[j] as usize..2 * starts[j + 1] as usize];
            let filled = rle::from_polygon(xy, sizes[2 * i], sizes[2 * i + 1]);
            all[i] = if j > 0 && owner[j - 1] == object { rle::merge(&all[i], &filled, false) } else { filled };
        }
        all
    })?;
    joined(py, FUNC, &all)
}

/// (counts, offsets) of masks (N, H, W), uint8 or bool; anything but 0 is set.
#[pyfunction]
fn rle_encode<'py>(py: Python<'py>, mask: &Bound<'py, PyAny>) -> PyResult<Pair<'py>> {
    const FUNC: &str = "rle_encode";
    let mask = Arg::new(FUNC, "mask", mask)?;
    let [n, h, w] = *mask.shape else {
        return Err(mask.wrong_shape("(N, H, W)"));
    };
    let pixels = mask.slice::<u8>()?;
    if h.saturating_mul(w) > u32::MAX as usize {
        return Err(PyValueError::new_err(format!(
            "{FUNC}: expected masks of fewer than 2**32 pixels, got ({h}, {w})"
        )));
    }
    let all = run(py, FUNC, pixels.len(), || {
        (0..n).map(|i| rle::encode(&pixels[i * h * w..(i + 1) * h * w], h, w)).collect::<Vec<_>>()
    })?;
    joined(py, FUNC, &all)
}

/// Masks (N, H, W) of uint8, 0 and 1; all of one size.
#[pyfunction]
fn rle_decode<'py>(
    py: Python<'py>,
    counts: &Bound<'py, PyAny>,
    offsets: &Bound<'py, PyAny>,
    sizes: &Bound<'py, PyAny>,
) -> PyResult<Bound<'py, PyAny>> {
    const FUNC: &str = "rle_decode";
    let masks = masks(FUNC, counts, offsets, sizes)?;
    let (h, w) = if masks.is_empty() { (0, 0) } else { masks.size(0) };
    if let Some(i) = (0..masks.len()).find(|&i| masks.size(i) != (h, w)) {
        let (oh, ow) = masks.size(i);
        return Err(PyValueError::new_err(format!(
            "{FUNC}: expected masks of one size, got ({h}, {w}) and ({oh}, {ow})"
        )));
    }
    let (h, w) = (h as usize, w as usize);
    checked_len(FUNC, &[masks.len(), h, w], 1)?;
    let (array, out) = output::<u8>(py, FUNC, &[masks.len(), h, w])?;
    run(py, FUNC, out.len(), || {
        if h * w > 0 {
            for (i, out) in out.chunks_exact_mut(h * w).enumerate() {
                rle::decode(masks.runs(i), h, w, out);
            }
        }
    })?;
    Ok(array)
}

/// Area (int64, (N,)) and bounding box (float64, (N, 4): x, y, width, height) of each mask.
#[pyfunction]
fn rle_measure<'py>(
    py: Python<'py>,
    counts: &Bound<'py, PyAny>,
    offsets: &Bound<'py, PyAny>,
    sizes: &Bound<'py, PyAny>,
) -> PyResult<Pair<'py>> {
    const FUNC: &str = "rle_measure";
    let masks = masks(FUNC, counts, offsets, sizes)?;
    let (areas, to_area) = output::<i64>(py, FUNC, &[masks.len()])?;
    let (boxes, to_box) = output::<f64>(py, FUNC, &[masks.len(), 4])?;
    for i in 0..masks.len() {
        to_area[i] = rle::area(masks.runs(i)) as i64;
        to_box[4 * i..4 * i + 4].copy_from_slice(&rle::bounding_box(masks.runs(i), masks.size(i).0));
    }
    Ok((areas, boxes))
}

/// IoU (D, G) of masks given as (counts, offsets, sizes); where crowd (uint8, (G,)) is set, over the area of the first.
#[pyfunction]
fn rle_iou<'py>(
    py: Python<'py>,
    a: (Bound<'py, PyAny>, Bound<'py, PyAny>, Bound<'py, PyAny>),
    b: (Bound<'py, PyAny>, Bound<'py, PyAny>, Bound<'py, PyAny>),
    crowd: &Bound<'py, PyAny>,
) -> PyResult<Bound<'py, PyAny>> {
    const FUNC: &str = "rle_iou";
    let (first, second) = (masks(FUNC, &a.0, &a.1, &a.2)?, masks(FUNC, &b.0, &b.1, &b.2)?);
    let crowd = Arg::new(FUNC, "crowd", crowd)?;
    crowd.expect_shape(&[second.len()])?;
    let crowd = crowd.slice::<u8>()?;
    let sizes = first.sizes.chunks(2).chain(second.sizes.chunks(2));
    if !sizes.clone().all(|size| Some(size) == sizes.clone().next()) {
        return Err(PyValueError::new_err(format!("{FUNC}: expected masks of one size")));
    }
    let (array, out) = output::<f64>(py, FUNC, &[first.len(), second.len()])?;
    run(py, FUNC, first.counts.len() * second.len(), || {
        for (k, out) in out.iter_mut().enumerate() {
            let (d, g) = (k / second.len(), k % second.len());
            *out = rle::iou(first.runs(d), second.runs(g), crowd[g] != 0);
        }
    })?;
    Ok(array)
}

/// (counts, offsets) of the union, or intersection, of masks of one size; at least one.
#[pyfunction]
fn rle_merge<'py>(
    py: Python<'py>,
    counts: &Bound<'py, PyAny>,
    offsets: &Bound<'py, PyAny>,
    sizes: &Bound<'py, PyAny>,
    intersect: bool,
) -> PyResult<Pair<'py>> {
    const FUNC: &str = "rle_merge";
    let masks = masks(FUNC, counts, offsets, sizes)?;
    if masks.is_empty() || (0..masks.len()).any(|i| masks.size(i) != masks.size(0)) {
        return Err(PyValueError::new_err(format!("{FUNC}: expected one mask or several of one size")));
    }
    let first = masks.runs(0).to_vec();
    let all = (1..masks.len()).fold(first, |all, i| rle::merge(&all, masks.runs(i), intersect));
    joined(py, FUNC, &[all])
}

pub fn register(m: &Bound<'_, PyModule>) -> PyResult<()> {
    m.add_function(wrap_pyfunction!(rle_from_texts, m)?)?;
    m.add_function(wrap_pyfunction!(rle_to_texts, m)?)?;
    m.add_function(wrap_pyfunction!(rle_from_polygons, m)?)?;
    m.add_function(wrap_pyfunction!(rle_encode, m)?)?;
    m.add_function(wrap_pyfunction!(rle_decode, m)?)?;
    m.add_function(wrap_pyfunction!(rle_measure, m)?)?;
    m.add_function(wrap_pyfunction!(rle_iou, m)?)?;
    m.add_function(wrap_pyfunction!(rle_merge, m)?)?;
    Ok(())
}
