//! Average precision of detections.

use neuroxide_kernels::average_precision::{self as kernels, Curves, MOST_THRESHOLDS, Objects, Records, Rules};
use pyo3::exceptions::PyValueError;
use pyo3::prelude::*;

use crate::array::{Arg, output, run};
use crate::rle::masks;

/// Masks as (counts, offsets, sizes).
type Runs<'py> = (Bound<'py, PyAny>, Bound<'py, PyAny>, Bound<'py, PyAny>);
type Columns<'py> = (Bound<'py, PyAny>, Bound<'py, PyAny>, Bound<'py, PyAny>, Bound<'py, PyAny>);

/// Objects from (image, category, boxes, area) and perhaps masks.
fn objects<'a>(
    func: &'static str,
    name: &'static str,
    columns: &'a Columns<'_>,
    runs: Option<&'a Runs<'_>>,
) -> PyResult<Objects<'a>> {
    let image = Arg::new(func, name, &columns.0)?;
    let category = Arg::new(func, name, &columns.1)?;
    let boxes = Arg::new(func, name, &columns.2)?;
    let area = Arg::new(func, name, &columns.3)?;
    let [n] = *image.shape else {
        return Err(image.wrong_shape("(N,)"));
    };
    category.expect_shape(&[n])?;
    boxes.expect_shape(&[n, 4])?;
    area.expect_shape(&[n])?;
    let masks = runs.map(|(counts, offsets, sizes)| masks(func, counts, offsets, sizes)).transpose()?;
    if let Some(masks) = &masks
        && masks.len() != n
    {
        return Err(PyValueError::new_err(format!("{func}: expected {n} masks in {name}, got {}", masks.len())));
    }
    let (image, category) = (image.slice::<i64>()?, category.slice::<i64>()?);
    if let Some(bad) = image.iter().chain(category).find(|&&i| u32::try_from(i).is_err()) {
        return Err(PyValueError::new_err(format!(
            "{func}: expected image and category numbers from 0 to 2**32 - 1 in {name}, got {bad}"
        )));
    }
    Ok(Objects { image, category, boxes: boxes.slice()?, area: area.slice()?, masks })
}

fn column<'a, T: crate::array::Element>(
    func: &'static str,
    name: &'static str,
    obj: &'a Bound<'_, PyAny>,
    shape: &[usize],
) -> PyResult<&'a [T]> {
    let arg = Arg::new(func, name, obj)?;
    arg.expect_shape(shape)?;
    arg.slice()
}

fn no_nan(func: &str, name: &str, values: &[f64]) -> PyResult<()> {
    match values.iter().position(|v| v.is_nan()) {
        None => Ok(()),
        Some(i) => Err(PyValueError::new_err(format!("{func}: expected {name} to be numbers, got nan at {i}"))),
    }
}

/// COCO's matching. truth and found are (image, category, boxes xywh, area); returns (detection, rank, matched, ignored).
#[pyfunction]
#[pyo3(signature = (truth, truth_masks, crowd, found, found_masks, scores, iou_thresholds, area_ranges, most))]
fn match_coco<'py>(
    py: Python<'py>,
    truth: Columns<'py>,
    truth_masks: Option<Runs<'py>>,
    crowd: &Bound<'py, PyAny>,
    found: Columns<'py>,
    found_masks: Option<Runs<'py>>,
    scores: &Bound<'py, PyAny>,
    iou_thresholds: &Bound<'py, PyAny>,
    area_ranges: &Bound<'py, PyAny>,
    most: usize,
) -> PyResult<Columns<'py>> {
    const FUNC: &str = "match_coco";
    let truth = objects(FUNC, "truth", &truth, truth_masks.as_ref())?;
    let found = objects(FUNC, "found", &found, found_masks.as_ref())?;
    let crowd = column::<u8>(FUNC, "crowd", crowd, &[truth.image.len()])?;
    let scores = column::<f64>(FUNC, "scores", scores, &[found.image.len()])?;
    no_nan(FUNC, "scores", scores)?;
    let thresholds = Arg::new(FUNC, "iou_thresholds", iou_thresholds)?;
    let ranges = Arg::new(FUNC, "area_ranges", area_ranges)?;
    let ([t], [areas, 2]) = (&*thresholds.shape, &*ranges.shape) else {
        return Err(PyValueError::new_err(format!("{FUNC}: expected iou_thresholds (T,) and area_ranges (A, 2)")));
    };
    if !(1..=MOST_THRESHOLDS).contains(t) {
        return Err(PyValueError::new_err(format!("{FUNC}: expected 1 to {MOST_THRESHOLDS} IoU thresholds, got {t}")));
    }
    let rules = Rules { iou_thresholds: thresholds.slice()?, area_ranges: ranges.slice()?, most };
    no_nan(FUNC, "iou_thresholds", rules.iou_thresholds)?;
    let work = 100 * (found.image.len() + truth.image.len());
    let result = run(py, FUNC, work, || kernels::match_coco(&truth, crowd, &found, scores, &rules))?;
    let n = result.detection.len();
    let (detection, to_detection) = output::<i64>(py, FUNC, &[n])?;
    let (rank, to_rank) = output::<i64>(py, FUNC, &[n])?;
    let (matched, to_matched) = output::<u64>(py, FUNC, &[n, *areas])?;
    let (ignored, to_ignored) = output::<u64>(py, FUNC, &[n, *areas])?;
    for i in 0..n {
        to_detection[i] = i64::from(result.detection[i]);
        to_rank[i] = i64::from(result.rank[i]);
    }
    to_matched.copy_from_slice(&result.matched);
    to_ignored.copy_from_slice(&result.ignored);
    Ok((detection, rank, matched, ignored))
}

/// Precision (T, R, K, A, M), recall (T, K, A, M) and scores (T, R, K, A, M) from matched detections.
#[pyfunction]
fn accumulate_coco<'py>(
    py: Python<'py>,
    records: (Columns<'py>, Bound<'py, PyAny>, Bound<'py, PyAny>),
    positives: &Bound<'py, PyAny>,
    thresholds: usize,
    recalls: &Bound<'py, PyAny>,
    most: &Bound<'py, PyAny>,
) -> PyResult<(Bound<'py, PyAny>, Bound<'py, PyAny>, Bound<'py, PyAny>)> {
    const FUNC: &str = "accumulate_coco";
    let positives = Arg::new(FUNC, "positives", positives)?;
    let [k, areas] = *positives.shape else {
        return Err(positives.wrong_shape("(K, A)"));
    };
    let ((category, image, rank, score), matched, ignored) = &records;
    let score = Arg::new(FUNC, "score", score)?;
    let n = score.len();
    let category = column::<i64>(FUNC, "category", category, &[n])?;
    if let Some(bad) = category.iter().find(|&&c| c < 0 || c >= k as i64) {
        return Err(PyValueError::new_err(format!("{FUNC}: expected categories from 0 to {k} - 1, got {bad}")));
    }
    let records = Records {
        category,
        image: column(FUNC, "image", image, &[n])?,
        rank: column(FUNC, "rank", rank, &[n])?,
        score: score.slice()?,
        matched: column(FUNC, "matched", matched, &[n, areas])?,
        ignored: column(FUNC, "ignored", ignored, &[n, areas])?,
    };
    no_nan(FUNC, "score", records.score)?;
    if !(1..=MOST_THRESHOLDS).contains(&thresholds) {
        let text = format!("{FUNC}: expected 1 to {MOST_THRESHOLDS} IoU thresholds, got {thresholds}");
        return Err(PyValueError::new_err(text));
    }
    let (recalls, most) = (Arg::new(FUNC, "recalls", recalls)?, Arg::new(FUNC, "most", most)?);
    let (r, m) = (recalls.len(), most.len());
    let curves = Curves { thresholds, recalls: recalls.slice()?, categories: k, areas, most: most.slice()? };
    let (precision, to_precision) = output::<f64>(py, FUNC, &[thresholds, r, k, areas, m])?;
    let (recall, to_recall) = output::<f64>(py, FUNC, &[thresholds, k, areas, m])?;
    let (scores, to_scores) = output::<f64>(py, FUNC, &[thresholds, r, k, areas, m])?;
    let positives = positives.slice::<i64>()?;
    run(py, FUNC, 100 * (n + k), || {
        kernels::accumulate(&records, positives, &curves, to_precision, to_recall, to_scores);
    })?;
    Ok((precision, recall, scores))
}

/// VOC's matching: 1 hit, 0 miss, -1 does not count, for each detection (int8).
#[pyfunction]
fn match_voc<'py>(
    py: Python<'py>,
    truth: Columns<'py>,
    difficult: &Bound<'py, PyAny>,
    found: Columns<'py>,
    scores: &Bound<'py, PyAny>,
    threshold: f64,
    one: f64,
) -> PyResult<Bound<'py, PyAny>> {
    const FUNC: &str = "match_voc";
    let truth = objects(FUNC, "truth", &truth, None)?;
    let found = objects(FUNC, "found", &found, None)?;
    let n = found.image.len();
    let difficult = column::<u8>(FUNC, "difficult", difficult, &[truth.image.len()])?;
    let scores = column::<f64>(FUNC, "scores", scores, &[n])?;
    no_nan(FUNC, "scores", scores)?;
    let (array, out) = output::<i8>(py, FUNC, &[n])?;
    run(py, FUNC, 100 * n, || kernels::match_voc(&truth, difficult, &found, scores, threshold, one, out))?;
    Ok(array)
}

pub fn register(m: &Bound<'_, PyModule>) -> PyResult<()> {
    m.add_function(wrap_pyfunction!(match_coco, m)?)?;
    m.add_function(wrap_pyfunction!(accumulate_coco, m)?)?;
    m.add_function(wrap_pyfunction!(match_voc, m)?)?;
    Ok(())
}
