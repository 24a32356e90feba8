//! Searching and sampling sequences: the search's state, and log-probabilities of given tokens.

use neuroxide_kernels::decoding::{self as kernel, Fault, Options, Sampling, Search, Stop, Table, Unsound};
use pyo3::exceptions::{PyKeyboardInterrupt, PyTypeError, PyValueError};
use pyo3::prelude::*;
use pyo3::types::PyTuple;

use crate::array::{Arg, output, output_bool, run, type_name};
use crate::sequence::items;
use crate::with_float;

const FUNC: &str = "DecodingSearch";
/// Work of one logit, in plain operations: mostly its exponential.
const LOGIT: usize = 8;
/// The most groups of all sentences together.
const MOST_GROUPS: usize = 1 << 22;

fn what(row: Unsound) -> &'static str {
    match row {
        Unsound::Nan => "NaN",
        Unsound::Infinite => "+inf",
        Unsound::Impossible => "-inf alone",
    }
}

fn refused(expected: &str, got: impl std::fmt::Display) -> PyErr {
    PyValueError::new_err(format!("{FUNC}: expected {expected}, got {got}"))
}

/// Token numbers (N,), each in 0..2³¹.
fn tokens(name: &'static str, obj: &Bound<'_, PyAny>) -> PyResult<Vec<u32>> {
    let arg = Arg::new(FUNC, name, obj)?;
    let token = |&token: &i64| {
        u32::try_from(token)
            .ok()
            .filter(|&token| token <= i32::MAX as u32)
            .ok_or_else(|| refused(&format!("{name} to be tokens of 0 or more"), token))
    };
    arg.slice::<i64>()?.iter().map(token).collect()
}

/// (temperature, top_k, top_p, min_p, seed, draw, sequences), or None.
fn sampling(obj: &Bound<'_, PyAny>, samples: usize) -> PyResult<Option<Sampling>> {
    if obj.is_none() {
        return Ok(None);
    }
    let parts = items(FUNC, "sampling", "seven values", obj)?;
    let [temperature, top_k, top_p, min_p, seed, draw, sequences] = &parts[..] else {
        return Err(refused("sampling to hold 7 values", parts.len()));
    };
    let sequences = Arg::new(FUNC, "sequences", sequences)?;
    sequences.expect_shape(&[samples])?;
    let made = Sampling {
        temperature: temperature.extract()?,
        top_k: top_k.extract()?,
        top_p: top_p.extract()?,
        min_p: min_p.extract()?,
        seed: seed.extract()?,
        draw: draw.extract()?,
        sequences: sequences.slice::<u64>()?.to_vec(),
    };
    if !(made.temperature >= 1e-6 && made.temperature.is_finite()) {
        return Err(refused("a temperature of 1e-6 or more", made.temperature));
    }
    if !(made.top_p > 0.0 && made.top_p <= 1.0 && made.min_p >= 0.0 && made.min_p <= 1.0) {
        return Err(refused("top_p in (0, 1] and min_p in [0, 1]", format!("{} and {}", made.top_p, made.min_p)));
    }
    Ok(Some(made))
}

fn checked_norms(norms: &Bound<'_, PyAny>) -> PyResult<Vec<f64>> {
    let arg = Arg::new(FUNC, "norms", norms)?;
    if arg.ndim() != 1 || arg.len() == 0 {
        return Err(arg.wrong_shape("(L,) with L of 1 or more"));
    }
    let norms = arg.slice::<f64>()?.to_vec();
    match norms.iter().find(|&&norm| !(norm > 0.0 && norm.is_finite())) {
        Some(bad) => Err(refused("norms to be positive and finite", bad)),
        None => Ok(norms),
    }
}

/// The hypotheses of a batch of sentences.
#[pyclass(module = "neuroxide._core")]
struct DecodingSearch {
    search: Search,
}

type Numbers = (usize, usize, usize, usize, usize);

#[pymethods]
impl DecodingSearch {
    /// prompt (N, P), forced (N, F), norms (L,), ends and banned (·,), numbers (groups, width, keep, min_length, no_repeat).
    #[new]
    #[allow(clippy::too_many_arguments)]
    fn new(
        prompt: &Bound<'_, PyAny>,
        forced: &Bound<'_, PyAny>,
        norms: &Bound<'_, PyAny>,
        ends: &Bound<'_, PyAny>,
        banned: &Bound<'_, PyAny>,
        numbers: &Bound<'_, PyAny>,
        diversity: f64,
        force_end: bool,
        stop: &str,
        sampling: &Bound<'_, PyAny>,
    ) -> PyResult<DecodingSearch> {
        let prompt_arg = Arg::new(FUNC, "prompt", prompt)?;
        let [sentences, _] = prompt_arg.shape[..] else { return Err(prompt_arg.wrong_shape("(N, P)")) };
        let forced_arg = Arg::new(FUNC, "forced", forced)?;
        let forced_width = match forced_arg.shape[..] {
            [n, width] if n == sentences => width,
            _ => return Err(forced_arg.wrong_shape(&format!("({sentences}, F)"))),
        };
        let norms = checked_norms(norms)?;
        let (groups, width, keep, min_length, no_repeat): Numbers = numbers.extract().map_err(|_| {
            PyTypeError::new_err(format!("{FUNC}: expected numbers to be 5 whole numbers, got {}", type_name(numbers)))
        })?;
        let many = groups.checked_mul(sentences).is_none_or(|n| n > MOST_GROUPS);
        if groups == 0 || width == 0 || keep == 0 || many || width.max(keep) > i32::MAX as usize {
            return Err(refused(
                &format!("groups, width and keep from 1 up, and at most {MOST_GROUPS} groups in all"),
                format!("{groups}, {width}, {keep} for {sentences} sentences"),
            ));
        }
        if min_length > norms.len() || forced_width > norms.len() {
            return Err(refused(
                &format!("min_length and forced tokens within the greatest length {}", norms.len()),
                format!("{min_length} and {forced_width}"),
            ));
        }
        if !(diversity >= 0.0 && diversity.is_finite()) {
            return Err(refused("diversity to be 0 or more", diversity));
        }
        let stop = match stop {
            "safe" => Stop::Safe,
            "first" => Stop::First,
            "never" => Stop::Never,
            other => return Err(refused("stop to be safe, first or never", format!("{other:?}"))),
        };
        let (ends, banned) = (tokens("ends", ends)?, tokens("banned", banned)?);
        if force_end && ends.is_empty() {
            return Err(refused("an end token to force", "none"));
        }
        let sampling = self::sampling(sampling, sentences * groups)?;
        let forced = forced_arg.slice::<i64>()?.to_vec();
        let prompt = tokens("prompt", prompt)?;
        let options = Options {
            sentences,
            groups,
            width,
            keep,
            min_length,
            norms,
            ends,
            banned,
            forced,
            forced_width,
            no_repeat,
            diversity,
            force_end,
            stop,
            sampling,
        };
        Ok(DecodingSearch { search: Search::new(options, &prompt) })
    }

    /// Rows of logits that the next step takes; 0 when the search is over.
    #[getter]
    fn rows(&self) -> usize {
        self.search.rows()
    }

    /// Tokens of each live hypothesis.
    #[getter]
    fn length(&self) -> usize {
        self.search.length()
    }

    /// Takes logits (rows, V); gives the row that each new hypothesis continues and its token, both int64.
    fn step<'py>(&mut self, py: Python<'py>, logits: &Bound<'py, PyAny>) -> PyResult<Bound<'py, PyTuple>> {
        let logits = Arg::float(FUNC, "logits", logits)?;
        let rows = self.search.rows();
        if rows == 0 {
            return Err(PyValueError::new_err(format!("{FUNC}: expected no step after the last one, got another")));
        }
        let known = self.search.vocabulary();
        let vocabulary = match logits.shape[..] {
            [n, v] if n == rows && v > 0 && (v == known || known == 0) && v <= i32::MAX as usize => v,
            _ if known == 0 => return Err(logits.wrong_shape(&format!("({rows}, vocabulary)"))),
            _ => return Err(logits.wrong_shape(&format!("({rows}, {known})"))),
        };
        let search = &mut self.search;
        let moves = with_float!(logits, T => {
            let x = logits.slice::<T>()?;
            run(py, FUNC, x.len().saturating_mul(LOGIT), || search.step(x, vocabulary))
        })?;
        let moves = moves.map_err(|fault| match fault {
            Fault::Token { name, token } => refused(&format!("{name} below the vocabulary's size {vocabulary}"), token),
            Fault::Row { sentence, step, what: row } => {
                let place = format!("{} in sequence {sentence} at step {step}", what(row));
                refused("logits that are a distribution", place)
            }
            Fault::TooLarge => refused("a beam and batch that fit in memory", "more"),
            Fault::Interrupted => PyKeyboardInterrupt::new_err(()),
        })?;
        let array = |values: &[i64]| {
            let (array, data) = output::<i64>(py, FUNC, &[values.len()])?;
            data.copy_from_slice(values);
            PyResult::Ok(array)
        };
        PyTuple::new(py, [array(&moves.rows)?, array(&moves.tokens)?])
    }

    /// sequences and log-probabilities (N, most, longest); lengths, scores, totals, ended (N, most).
    fn results<'py>(&self, py: Python<'py>, most: usize, pad: i64) -> PyResult<Bound<'py, PyTuple>> {
        let results = self.search.results(most);
        let flat = [results.sentences(), most];
        let deep = [flat[0], most, results.longest()];
        let (sequences_array, sequences) = output::<i64>(py, FUNC, &deep)?;
        let (log_ps_array, log_ps) = output::<f64>(py, FUNC, &deep)?;
        let (lengths_array, lengths) = output::<i64>(py, FUNC, &flat)?;
        let (scores_array, scores) = output::<f64>(py, FUNC, &flat)?;
        let (totals_array, totals) = output::<f64>(py, FUNC, &flat)?;
        let (ended_array, ended) = output_bool(py, FUNC, &flat)?;
        results.write(most, pad, Table { sequences, log_ps, lengths, scores, totals, ended });
        PyTuple::new(py, [sequences_array, log_ps_array, lengths_array, scores_array, totals_array, ended_array])
    }
}

#[pyfunction]
fn token_log_probs<'py>(
    py: Python<'py>,
    logits: &Bound<'py, PyAny>,
    tokens: &Bound<'py, PyAny>,
) -> PyResult<Bound<'py, PyAny>> {
    const FUNC: &str = "token_log_probs";
    let logits = Arg::float(FUNC, "logits", logits)?;
    let [rows, vocabulary] = logits.shape[..] else { return Err(logits.wrong_shape("(N, V)")) };
    let tokens = Arg::new(FUNC, "tokens", tokens)?;
    tokens.expect_shape(&[rows])?;
    let tokens = tokens.slice::<i64>()?;
    if let Some(bad) = tokens.iter().find(|&&token| usize::try_from(token).map_or(true, |token| token >= vocabulary)) {
        return Err(PyValueError::new_err(format!("{FUNC}: expected tokens in [0, {vocabulary}), got {bad}")));
    }
    let (array, y) = output::<f64>(py, FUNC, &[rows])?;
    let found = with_float!(logits, T => {
        let x = logits.slice::<T>()?;
        run(py, FUNC, x.len().saturating_mul(LOGIT), || kernel::token_log_probs(x, vocabulary, tokens, y))
    })?;
    found.map_err(|(row, found)| {
        let text = format!("{FUNC}: expected logits that are a distribution, got {} in row {row}", what(found));
        PyValueError::new_err(text)
    })?;
    Ok(array)
}

pub fn register(m: &Bound<'_, PyModule>) -> PyResult<()> {
    m.add_function(wrap_pyfunction!(token_log_probs, m)?)?;
    m.add_class::<DecodingSearch>()?;
    Ok(())
}
