//! BLEU: statistics of sentences, tokenizers, resampling.

use neuroxide_kernels::bleu::{self, Options};
use neuroxide_kernels::text::tokenize::Tokenizer;
use pyo3::exceptions::PyValueError;
use pyo3::prelude::*;
use pyo3::types::PyString;

use crate::array::{Arg, checked_len, output, run};
use crate::sequence::{borrowed, items, optional_texts, texts};

/// The most orders of n-grams, so that counts of one sentence fit 32 bits for any sentence that fits memory in practice.
pub const MAX_ORDER: usize = 100;

type Text<'py> = Bound<'py, PyString>;

/// A corpus as it came from Python.
pub struct Corpus<'py> {
    func: &'static str,
    hypotheses: Vec<Text<'py>>,
    references: Vec<Vec<Option<Text<'py>>>>,
    /// References of each hypothesis, -1 where it varies.
    pub count: isize,
}

impl<'py> Corpus<'py> {
    pub fn new(
        func: &'static str,
        hypotheses: &Bound<'py, PyAny>,
        references: &Bound<'py, PyAny>,
    ) -> PyResult<Corpus<'py>> {
        let hypotheses = texts(func, "hypotheses", hypotheses)?;
        let streams = items(func, "references", "lists of strings", references)?;
        let mut references = Vec::with_capacity(streams.len());
        for (r, stream) in streams.iter().enumerate() {
            let stream = optional_texts(func, &format!("references[{r}]"), stream)?;
            if stream.len() != hypotheses.len() {
                return Err(PyValueError::new_err(format!(
                    "{func}: expected references[{r}] to hold one sentence for each of the {} hypotheses, got {}; \
                     references[r][i] is reference r of hypothesis i",
                    hypotheses.len(),
                    stream.len()
                )));
            }
            references.push(stream);
        }
        let of = |i: usize| references.iter().filter(|stream| stream[i].is_some()).count();
        let first = if hypotheses.is_empty() { references.len() } else { of(0) };
        let mut count = first as isize;
        for i in 0..hypotheses.len() {
            match of(i) {
                0 => {
                    return Err(PyValueError::new_err(format!(
                        "{func}: expected at least one reference for each hypothesis, got none for that at {i}"
                    )));
                }
                n if n != first => count = -1,
                _ => {}
            }
        }
        Ok(Corpus { func, hypotheses, references, count })
    }

    /// The texts, where they lie; an error where one is too long to count its n-grams up to `order`.
    pub fn read(&self, order: usize) -> PyResult<Read<'_>> {
        let mut bytes = 0usize;
        let mut read = |name: &str, i: usize, text| {
            let text: &str = borrowed(self.func, name, i, text)?;
            bytes = bytes.saturating_add(text.len());
            match text.len().checked_mul(order) {
                Some(n) if n < u32::MAX as usize => Ok(text),
                _ => Err(PyValueError::new_err(format!(
                    "{}: expected sentences below {} bytes, got {} at {i} of {name}",
                    self.func,
                    u32::MAX as usize / order,
                    text.len()
                ))),
            }
        };
        let mut hypotheses = Vec::with_capacity(self.hypotheses.len());
        for (i, text) in self.hypotheses.iter().enumerate() {
            hypotheses.push(read("hypotheses", i, text)?);
        }
        let mut references = Vec::with_capacity(self.references.len());
        for (r, texts) in self.references.iter().enumerate() {
            let name = format!("references[{r}]");
            let mut stream = Vec::with_capacity(texts.len());
            for (i, text) in texts.iter().enumerate() {
                stream.push(text.as_ref().map(|text| read(&name, i, text)).transpose()?);
            }
            references.push(stream);
        }
        Ok(Read { hypotheses, references, bytes })
    }
}

/// A corpus as kernels take it.
pub struct Read<'a> {
    pub hypotheses: Vec<&'a str>,
    pub references: Vec<Vec<Option<&'a str>>>,
    /// Of all texts: how much work there is.
    pub bytes: usize,
}

fn tokenizer(func: &str, name: &str) -> PyResult<Tokenizer> {
    Tokenizer::from_name(name).ok_or_else(|| {
        let names: Vec<_> = Tokenizer::NAMES.iter().map(|(name, _)| format!("{name:?}")).collect();
        PyValueError::new_err(format!("{func}: expected tokenize to be one of {}, got {name:?}", names.join(", ")))
    })
}

#[pyfunction]
fn bleu_statistics<'py>(
    py: Python<'py>,
    hypotheses: &Bound<'py, PyAny>,
    references: &Bound<'py, PyAny>,
    tokenize: &str,
    lowercase: bool,
    max_order: usize,
) -> PyResult<(Bound<'py, PyAny>, isize)> {
    const FUNC: &str = "bleu_statistics";
    if !(1..=MAX_ORDER).contains(&max_order) {
        return Err(PyValueError::new_err(format!(
            "{FUNC}: expected max_ngram_order between 1 and {MAX_ORDER}, got {max_order}"
        )));
    }
    let options = Options { tokenizer: tokenizer(FUNC, tokenize)?, lowercase, order: max_order };
    let corpus = Corpus::new(FUNC, hypotheses, references)?;
    let read = corpus.read(max_order)?;
    let (array, rows) = output::<i64>(py, FUNC, &[read.hypotheses.len(), 2 + 2 * max_order])?;
    let work = read.bytes.saturating_mul(4);
    run(py, FUNC, work, || bleu::statistics(&read.hypotheses, &read.references, options, rows))?;
    Ok((array, corpus.count))
}

#[pyfunction]
fn bleu_tokenize(py: Python<'_>, lines: &Bound<'_, PyAny>, tokenize: &str, lowercase: bool) -> PyResult<Vec<String>> {
    const FUNC: &str = "bleu_tokenize";
    let tokenizer = tokenizer(FUNC, tokenize)?;
    let lines = texts(FUNC, "lines", lines)?;
    let lines =
        lines.iter().enumerate().map(|(i, line)| borrowed(FUNC, "lines", i, line)).collect::<PyResult<Vec<_>>>()?;
    let mut out = vec![String::new(); lines.len()];
    let work = lines.iter().map(|line| line.len()).sum();
    run(py, FUNC, work, || bleu::tokenized(&lines, tokenizer, lowercase, &mut out))?;
    Ok(out)
}

#[pyfunction]
fn bleu_resample<'py>(
    py: Python<'py>,
    rows: &Bound<'py, PyAny>,
    draws: &Bound<'py, PyAny>,
) -> PyResult<Bound<'py, PyAny>> {
    const FUNC: &str = "bleu_resample";
    let rows = Arg::new(FUNC, "rows", rows)?;
    let draws = Arg::new(FUNC, "draws", draws)?;
    let [count, width] = *rows.shape else {
        return Err(rows.wrong_shape("(sentences, numbers)"));
    };
    let [samples, per_sample] = *draws.shape else {
        return Err(draws.wrong_shape("(samples, sentences)"));
    };
    let (x, drawn) = (rows.slice::<f32>()?, draws.slice::<i64>()?);
    if let Some(bad) = drawn.iter().find(|&&i| i < 0 || i as usize >= count) {
        return Err(PyValueError::new_err(format!("{FUNC}: expected draws from 0 to below {count}, got {bad}")));
    }
    let work = checked_len(FUNC, &[samples, per_sample, width], 1)?;
    let (array, sums) = output::<f32>(py, FUNC, &[samples, width])?;
    run(py, FUNC, work, || bleu::resampled(x, width, drawn, per_sample, sums))?;
    Ok(array)
}

pub fn register(m: &Bound<'_, PyModule>) -> PyResult<()> {
    m.add_function(wrap_pyfunction!(bleu_statistics, m)?)?;
    m.add_function(wrap_pyfunction!(bleu_tokenize, m)?)?;
    m.add_function(wrap_pyfunction!(bleu_resample, m)?)?;
    Ok(())
}
