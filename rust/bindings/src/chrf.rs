//! chrF: statistics of sentences.

use neuroxide_kernels::chrf::{self, Options};
use pyo3::exceptions::PyValueError;
use pyo3::prelude::*;

use crate::array::{output, run};
use crate::bleu::{Corpus, MAX_ORDER};

#[pyfunction]
fn chrf_statistics<'py>(
    py: Python<'py>,
    hypotheses: &Bound<'py, PyAny>,
    references: &Bound<'py, PyAny>,
    char_order: usize,
    word_order: usize,
    beta: f64,
    lowercase: bool,
    whitespace: bool,
    eps_smoothing: bool,
) -> PyResult<(Bound<'py, PyAny>, isize)> {
    const FUNC: &str = "chrf_statistics";
    if char_order > MAX_ORDER || word_order > MAX_ORDER || char_order + word_order == 0 {
        return Err(PyValueError::new_err(format!(
            "{FUNC}: expected char_order and word_order up to {MAX_ORDER} and not both 0, got {char_order} and {word_order}"
        )));
    }
    if !beta.is_finite() {
        return Err(PyValueError::new_err(format!("{FUNC}: expected a finite beta, got {beta}")));
    }
    let options =
        Options { characters: char_order, words: word_order, beta, lowercase, whitespace, epsilon: eps_smoothing };
    let corpus = Corpus::new(FUNC, hypotheses, references)?;
    let read = corpus.read(char_order.max(word_order))?;
    let (array, rows) = output::<i64>(py, FUNC, &[read.hypotheses.len(), 3 * (char_order + word_order)])?;
    let work = read.bytes.saturating_mul(32);
    run(py, FUNC, work, || chrf::statistics(&read.hypotheses, &read.references, options, rows))?;
    Ok((array, corpus.count))
}

pub fn register(m: &Bound<'_, PyModule>) -> PyResult<()> {
    m.add_function(wrap_pyfunction!(chrf_statistics, m)?)?;
    Ok(())
}
