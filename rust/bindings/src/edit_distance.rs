//! Edit distance between texts, with its alignment.

use neuroxide_kernels::edit_distance::{Counts, Edit, Step, Unit, alignments};
use pyo3::exceptions::PyValueError;
use pyo3::prelude::*;

use crate::array::{output, run};
use crate::sequence::{borrowed, texts};

/// (counts, offsets, steps): for each pair [hits, substitutions, deletions, insertions, reference length, hypothesis
/// length], and its steps from offsets[i] to offsets[i + 1], each (0 substitute, 1 delete, 2 insert; place in the
/// reference; place in the hypothesis).
#[pyfunction]
fn edit_distance<'py>(
    py: Python<'py>,
    references: &Bound<'py, PyAny>,
    hypotheses: &Bound<'py, PyAny>,
    unit: &str,
) -> PyResult<[Bound<'py, PyAny>; 3]> {
    const FUNC: &str = "edit_distance";
    let unit = match unit {
        "words" => Unit::Words,
        "characters" => Unit::Characters,
        _ => {
            let message = format!("{FUNC}: expected unit to be \"words\" or \"characters\", got {unit:?}");
            return Err(PyValueError::new_err(message));
        }
    };
    let (reference_texts, hypothesis_texts) =
        (texts(FUNC, "references", references)?, texts(FUNC, "hypotheses", hypotheses)?);
    if reference_texts.len() != hypothesis_texts.len() {
        return Err(PyValueError::new_err(format!(
            "{FUNC}: expected one hypothesis for each of the {} references, got {}",
            reference_texts.len(),
            hypothesis_texts.len()
        )));
    }
    let mut work = 0usize;
    let mut pairs = (Vec::with_capacity(reference_texts.len()), Vec::with_capacity(reference_texts.len()));
    for (i, (reference, hypothesis)) in reference_texts.iter().zip(&hypothesis_texts).enumerate() {
        let reference = borrowed(FUNC, "references", i, reference)?;
        let hypothesis = borrowed(FUNC, "hypotheses", i, hypothesis)?;
        if reference.len().saturating_add(hypothesis.len()) >= 1 << 31 {
            return Err(PyValueError::new_err(format!("{FUNC}: expected texts below 2**31 bytes, got more at {i}")));
        }
        work = work.saturating_add((reference.len() / 64 + 2).saturating_mul(hypothesis.len()));
        pairs.0.push(reference);
        pairs.1.push(hypothesis);
    }
    let mut found: Vec<(Counts, Vec<Step>)> = vec![Default::default(); pairs.0.len()];
    run(py, FUNC, work, || alignments(&pairs.0, &pairs.1, unit, &mut found))?;
    let (counts_array, counts) = output::<i64>(py, FUNC, &[found.len(), 6])?;
    let (offsets_array, offsets) = output::<i64>(py, FUNC, &[found.len() + 1])?;
    let total = found.iter().map(|(_, steps)| steps.len()).sum();
    let (steps_array, out) = output::<i64>(py, FUNC, &[total, 3])?;
    let mut at = 0;
    offsets[0] = 0;
    for (i, (numbers, steps)) in found.iter().enumerate() {
        counts[6 * i..6 * i + 6].copy_from_slice(numbers);
        for &(edit, reference, hypothesis) in steps {
            let kind = match edit {
                Edit::Substitute => 0,
                Edit::Delete => 1,
                Edit::Insert => 2,
            };
            out[3 * at..3 * at + 3].copy_from_slice(&[kind, reference as i64, hypothesis as i64]);
            at += 1;
        }
        offsets[i + 1] = at as i64;
    }
    Ok([counts_array, offsets_array, steps_array])
}

pub fn register(m: &Bound<'_, PyModule>) -> PyResult<()> {
    m.add_function(wrap_pyfunction!(edit_distance, m)?)?;
    Ok(())
}
