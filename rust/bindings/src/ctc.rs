//! CTC loss, greedy and prefix-beam decoding, forced alignment.

use std::collections::HashSet;
use std::sync::Arc;

use neuroxide_kernels::ctc::{self, Batch, NoScorer, Options, Weights, WordScorer};
use pyo3::exceptions::PyValueError;
use pyo3::prelude::*;

use crate::array::{Arg, output, run};
use crate::sequence::strings;
use crate::with_float;

const DIMS: &str = "(batch, steps, classes)";

/// The sizes of logits (B, T, C).
fn sizes(logits: &Arg<'_>, blank: usize) -> PyResult<[usize; 3]> {
    let [b, t, c] = logits.shape[..] else {
        return Err(logits.wrong_shape(DIMS));
    };
    if blank >= c {
        return Err(PyValueError::new_err(format!(
            "{}: expected blank to be one of the {c} classes of logits of shape {}, got {blank}",
            logits.func, logits.shape
        )));
    }
    Ok([b, t, c])
}

/// One length for each sequence, each from 0 to `most`.
fn lengths<'a>(name: &'static str, obj: &'a Bound<'_, PyAny>, logits: &Arg<'_>, most: usize) -> PyResult<&'a [i64]> {
    let arg = Arg::new(logits.func, name, obj)?;
    arg.expect_shape(&logits.shape[..1])?;
    let lengths = arg.slice::<i64>()?;
    match lengths.iter().find(|&&n| n < 0 || n as usize > most) {
        Some(bad) => Err(PyValueError::new_err(format!(
            "{}: expected {name} to be between 0 and {most}, got {bad}",
            logits.func
        ))),
        None => Ok(lengths),
    }
}

struct Call<'a> {
    logits: Arg<'a>,
    sizes: [usize; 3],
    labels: &'a [i64],
    label_width: usize,
    logit_lengths: &'a [i64],
    label_lengths: &'a [i64],
    blank: usize,
}

impl<'a> Call<'a> {
    fn new(
        func: &'static str,
        logits: &'a Bound<'_, PyAny>,
        labels: &'a Bound<'_, PyAny>,
        logit_lengths: &'a Bound<'_, PyAny>,
        label_lengths: &'a Bound<'_, PyAny>,
        blank: usize,
    ) -> PyResult<Call<'a>> {
        let logits = Arg::float(func, "logits", logits)?;
        let sizes = sizes(&logits, blank)?;
        let labels_arg = Arg::new(func, "labels", labels)?;
        let label_width = match labels_arg.shape[..] {
            [b, l] if b == sizes[0] => l,
            _ => return Err(labels_arg.wrong_shape(&format!("({}, label steps)", sizes[0]))),
        };
        let labels = labels_arg.slice::<i64>()?;
        let logit_lengths = lengths("logit_lengths", logit_lengths, &logits, sizes[1])?;
        let label_lengths = lengths("label_lengths", label_lengths, &logits, label_width)?;
        for (i, &n) in label_lengths.iter().enumerate() {
            let used = &labels[i * label_width..][..n as usize];
            if let Some(bad) = used.iter().find(|&&l| l < 0 || l as usize >= sizes[2] || l as usize == blank) {
                return Err(PyValueError::new_err(format!(
                    "{func}: expected labels to be classes from 0 to {} other than the blank {blank}, got {bad} in sequence {i}",
                    sizes[2] - 1
                )));
            }
        }
        Ok(Call { logits, sizes, labels, label_width, logit_lengths, label_lengths, blank })
    }

    fn batch<T>(&self, logits: &'a [T]) -> Batch<'a, T> {
        Batch {
            logits,
            steps: self.sizes[1],
            classes: self.sizes[2],
            labels: self.labels,
            label_width: self.label_width,
            logit_lengths: self.logit_lengths,
            label_lengths: self.label_lengths,
            blank: self.blank,
        }
    }

    fn work(&self) -> usize {
        self.logits.len().saturating_mul(8).saturating_add(self.labels.len().saturating_mul(self.sizes[1]))
    }
}

type MaybeArray<'py> = Option<Bound<'py, PyAny>>;

#[pyfunction]
fn ctc_loss<'py>(
    py: Python<'py>,
    logits: &Bound<'py, PyAny>,
    labels: &Bound<'py, PyAny>,
    logit_lengths: &Bound<'py, PyAny>,
    label_lengths: &Bound<'py, PyAny>,
    blank: usize,
    need_gradient: bool,
) -> PyResult<(Bound<'py, PyAny>, MaybeArray<'py>)> {
    let call = Call::new("ctc_loss", logits, labels, logit_lengths, label_lengths, blank)?;
    with_float!(call.logits, T => {
        let batch = call.batch(call.logits.slice::<T>()?);
        let (loss_array, loss) = output::<T>(py, "ctc_loss", &call.sizes[..1])?;
        let (gradient_array, gradient) = if need_gradient {
            let (array, data) = output::<T>(py, "ctc_loss", &call.sizes)?;
            (Some(array), Some(data))
        } else {
            (None, None)
        };
        run(py, "ctc_loss", call.work(), || ctc::ctc_loss(batch, loss, gradient))?;
        Ok((loss_array, gradient_array))
    })
}

#[pyfunction]
fn ctc_greedy<'py>(
    py: Python<'py>,
    logits: &Bound<'py, PyAny>,
    logit_lengths: &Bound<'py, PyAny>,
    blank: usize,
) -> PyResult<(Bound<'py, PyAny>, Bound<'py, PyAny>)> {
    let logits = Arg::float("ctc_greedy", "logits", logits)?;
    let [b, t, c] = sizes(&logits, blank)?;
    let lengths = lengths("logit_lengths", logit_lengths, &logits, t)?;
    let (labels_array, labels) = output::<i64>(py, "ctc_greedy", &[b, t])?;
    let (scores_array, scores) = output::<f64>(py, "ctc_greedy", &[b])?;
    with_float!(logits, T => {
        let x = logits.slice::<T>()?;
        run(py, "ctc_greedy", x.len().saturating_mul(8), || ctc::greedy(x, t, c, lengths, blank, labels, scores))
    })?;
    Ok((labels_array, scores_array))
}

#[pyfunction]
fn ctc_collapse<'py>(py: Python<'py>, path: &Bound<'py, PyAny>, blank: i64) -> PyResult<Bound<'py, PyAny>> {
    let path = Arg::new("ctc_collapse", "path", path)?;
    if path.ndim() != 1 {
        return Err(path.wrong_shape("(steps,)"));
    }
    let path = path.slice::<i64>()?;
    let mut labels = vec![0; path.len()];
    let n = ctc::collapse(path, blank, &mut labels);
    let (array, data) = output::<i64>(py, "ctc_collapse", &[n])?;
    data.copy_from_slice(&labels[..n]);
    Ok(array)
}

/// A back-off n-gram model, read from the text of an ARPA file.
#[pyclass(frozen, module = "neuroxide._core")]
struct NgramModel {
    model: Arc<ctc::Ngram>,
}

#[pymethods]
impl NgramModel {
    #[new]
    fn new(py: Python<'_>, arpa: &str) -> PyResult<NgramModel> {
        let model = py.detach(|| ctc::Ngram::from_arpa(arpa));
        let model = model.map_err(|why| PyValueError::new_err(format!("NgramModel: {why}")))?;
        Ok(NgramModel { model: Arc::new(model) })
    }

    #[getter]
    fn order(&self) -> usize {
        self.model.order()
    }

    /// Words of the model, sorted, markers such as `<s>` among them.
    fn words(&self) -> Vec<&str> {
        let mut words: Vec<&str> = self.model.words().collect();
        words.sort_unstable();
        words
    }

    /// log10 p of each word given those before it, as KenLM's `full_scores`.
    fn scores(&self, words: &Bound<'_, PyAny>, bos: bool) -> PyResult<Vec<f64>> {
        let words = strings("NgramModel.scores", "words", words)?;
        let mut context = if bos { self.model.start() } else { ctc::Context::default() };
        let mut scores = Vec::with_capacity(words.len());
        for word in &words {
            let (score, after) = self.model.score(&context, word);
            scores.push(score);
            context = after;
        }
        Ok(scores)
    }
}

/// Language model, vocabulary and hot words for [`ctc_beam_search`].
#[pyclass(frozen, module = "neuroxide._core")]
struct CtcScorer {
    scorer: WordScorer,
}

#[pymethods]
impl CtcScorer {
    #[new]
    fn new(
        classes: &Bound<'_, PyAny>,
        model: Option<&Bound<'_, NgramModel>>,
        vocabulary: HashSet<String>,
        hot_words: HashSet<String>,
        alpha: f64,
        beta: f64,
        unknown: f64,
        boundary: bool,
        hot: f64,
    ) -> PyResult<CtcScorer> {
        if ![alpha, beta, unknown, hot].iter().all(|w| w.is_finite()) {
            return Err(PyValueError::new_err("CtcScorer: expected finite weights"));
        }
        let weights = Weights { alpha, beta, unknown, boundary, hot };
        let model = model.map(|m| m.get().model.clone());
        Ok(CtcScorer {
            scorer: WordScorer::new(&strings("CtcScorer", "classes", classes)?, model, vocabulary, hot_words, weights),
        })
    }
}

/// (labels, steps or None, log-probability, score) of one labelling.
type Labelling<'py> = (Bound<'py, PyAny>, MaybeArray<'py>, f64, f64);

#[pyfunction]
#[pyo3(signature = (logits, logit_lengths, blank, beam_width, min_probability, prune, n_best, scorer, align=true))]
fn ctc_beam_search<'py>(
    py: Python<'py>,
    logits: &Bound<'py, PyAny>,
    logit_lengths: &Bound<'py, PyAny>,
    blank: usize,
    beam_width: usize,
    min_probability: f64,
    prune: f64,
    n_best: usize,
    scorer: Option<&Bound<'py, CtcScorer>>,
    align: bool,
) -> PyResult<Vec<Vec<Labelling<'py>>>> {
    const FUNC: &str = "ctc_beam_search";
    let logits = Arg::float(FUNC, "logits", logits)?;
    let [_, t, c] = sizes(&logits, blank)?;
    let lengths = lengths("logit_lengths", logit_lengths, &logits, t)?;
    let wrong = |what: String| Err(PyValueError::new_err(format!("{FUNC}: expected {what}")));
    if beam_width == 0 || beam_width.checked_mul(c).is_none_or(|n| n > 1 << 28) {
        return wrong(format!(
            "beam_width to be at least 1 and beam_width × {c} classes at most 2**28, got {beam_width}"
        ));
    }
    if !(0.0..1.0).contains(&min_probability) {
        return wrong(format!("min_probability in [0, 1), got {min_probability}"));
    }
    if prune.is_nan() || prune < 0.0 {
        return wrong(format!("prune to be at least 0, got {prune}"));
    }
    let options = Options { blank, width: beam_width, min_p: min_probability, prune, n_best, align };
    let found = with_float!(logits, T => {
        let x = logits.slice::<T>()?;
        if x.iter().any(|v| v.is_nan() || *v == T::INFINITY) {
            return wrong("logits without NaN or +inf".into());
        }
        let work = x.len().saturating_mul(64);
        match scorer.map(|s| &s.get().scorer) {
            None => run(py, FUNC, work, || ctc::prefix_beam_searches(x, t, c, lengths, options, &NoScorer)),
            Some(scorer) if scorer.classes() != c => {
                return wrong(format!("a scorer with a text for each of the {c} classes, got {}", scorer.classes()));
            }
            Some(scorer) => run(py, FUNC, work, || ctc::prefix_beam_searches(x, t, c, lengths, options, scorer)),
        }
    })?;
    let array = |values: &[i64]| -> PyResult<Bound<'py, PyAny>> {
        let (array, data) = output::<i64>(py, FUNC, &[values.len()])?;
        data.copy_from_slice(values);
        Ok(array)
    };
    let labelling = |beams: &ctc::Beams, k: usize| {
        let steps = beams.steps.get(k).map(|steps| array(steps)).transpose()?;
        Ok((array(&beams.labels[k])?, steps, beams.log_p[k], beams.score[k]))
    };
    found.iter().map(|beams| (0..beams.log_p.len()).map(|k| labelling(beams, k)).collect()).collect()
}

#[pyfunction]
fn ctc_align<'py>(
    py: Python<'py>,
    logits: &Bound<'py, PyAny>,
    labels: &Bound<'py, PyAny>,
    logit_lengths: &Bound<'py, PyAny>,
    label_lengths: &Bound<'py, PyAny>,
    blank: usize,
) -> PyResult<[Bound<'py, PyAny>; 3]> {
    let call = Call::new("ctc_align", logits, labels, logit_lengths, label_lengths, blank)?;
    let [b, t, _] = call.sizes;
    let (paths_array, paths) = output::<i64>(py, "ctc_align", &[b, t])?;
    let (scores_array, scores) = output::<f64>(py, "ctc_align", &[b, t])?;
    let (totals_array, totals) = output::<f64>(py, "ctc_align", &[b])?;
    with_float!(call.logits, T => {
        let batch = call.batch(call.logits.slice::<T>()?);
        run(py, "ctc_align", call.work(), || ctc::forced_aligns(batch, paths, scores, totals))
    })?;
    Ok([paths_array, scores_array, totals_array])
}

pub fn register(m: &Bound<'_, PyModule>) -> PyResult<()> {
    m.add_function(wrap_pyfunction!(ctc_loss, m)?)?;
    m.add_function(wrap_pyfunction!(ctc_greedy, m)?)?;
    m.add_function(wrap_pyfunction!(ctc_collapse, m)?)?;
    m.add_function(wrap_pyfunction!(ctc_beam_search, m)?)?;
    m.add_function(wrap_pyfunction!(ctc_align, m)?)?;
    m.add_class::<NgramModel>()?;
    m.add_class::<CtcScorer>()?;
    Ok(())
}
