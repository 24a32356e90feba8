//! Normalisation by channels (batch, group, instance) and by rows (layer, root mean square, unit).

use neuroxide_kernels::norm::{self as kernel, Form, Gradients, Layout, RowGradients, Rows, Source};
use neuroxide_kernels::simd::Float;
use pyo3::exceptions::PyValueError;
use pyo3::prelude::*;

use crate::array::{Arg, Element, output, run, shape_text};
use crate::elementwise::add_functions;
use crate::reduce::{around, one_axis};
use crate::with_float;

type Given<'a, 'py> = Option<&'a Bound<'py, PyAny>>;
type Array<'py> = Bound<'py, PyAny>;

/// The sets of x that share their statistics: all of a channel for `groups` 0, else of a group of channels of an example.
struct Sets {
    layout: Layout,
    channels: usize,
    /// Of the means.
    shape: Vec<usize>,
}

fn sets(x: &Arg<'_>, axis: isize, groups: usize) -> PyResult<Sets> {
    let func = x.func;
    let axis = one_axis(func, axis, x.ndim())?;
    let (outer, channels, inner) = around(&x.shape, axis);
    if groups == 0 {
        return Ok(Sets { layout: Layout::batch(outer, channels, inner), channels, shape: vec![channels] });
    }
    if axis == 0 || !channels.is_multiple_of(groups) {
        return Err(PyValueError::new_err(format!(
            "{func}: expected groups to divide the {channels} channels of an axis after the first, got {groups} along axis {axis}"
        )));
    }
    let examples = x.shape[0];
    let layout = Layout::grouped(examples, x.shape[1..axis].iter().product(), channels, inner, groups);
    Ok(Sets { layout, channels, shape: vec![examples, groups] })
}

/// γ or β: one number a channel (or place in a row).
fn factor<'a, T: Float + Element>(
    x: &Arg<'_>,
    name: &'static str,
    given: Given<'a, '_>,
    length: usize,
) -> PyResult<Option<&'a [T]>> {
    given
        .map(|given| {
            let arg = Arg::like(x, name, given)?;
            if arg.len() != length {
                return Err(arg.wrong_shape(&format!("({length},) to match x of shape {}", x.shape)));
            }
            arg.slice::<T>()
        })
        .transpose()
}

fn is_relu(func: &str, activation: &str) -> PyResult<bool> {
    match activation {
        "linear" => Ok(false),
        "relu" => Ok(true),
        other => Err(PyValueError::new_err(format!("{func}: expected activation to be linear or relu, got {other:?}"))),
    }
}

/// An output of `shape` where it is asked for.
fn wanted<'py, T: Element>(
    py: Python<'py>,
    func: &str,
    needed: bool,
    shape: &[usize],
) -> PyResult<(Option<Array<'py>>, Option<&'py mut [T]>)> {
    Ok(needed.then(|| output::<T>(py, func, shape)).transpose()?.unzip())
}

/// (y, mean, variance, saved): y = activation(γ (x − mean) / √(variance + ε) + β) by the statistics of x.
#[pyfunction]
#[pyo3(signature = (x, gamma, beta, axis, groups, epsilon, activation))]
#[allow(clippy::too_many_arguments)]
fn channel_norm_forward<'py>(
    py: Python<'py>,
    x: &Bound<'py, PyAny>,
    gamma: Given<'_, 'py>,
    beta: Given<'_, 'py>,
    axis: isize,
    groups: usize,
    epsilon: f64,
    activation: &str,
) -> PyResult<(Array<'py>, Array<'py>, Array<'py>, Array<'py>)> {
    const FUNC: &str = "channel_norm_forward";
    let x = Arg::float(FUNC, "x", x)?;
    let Sets { layout, channels, shape } = sets(&x, axis, groups)?;
    let relu = is_relu(FUNC, activation)?;
    if layout.statistics() > 0 && x.len() == 0 {
        return Err(PyValueError::new_err(format!(
            "{FUNC}: expected at least one element for each mean, got x of shape {}",
            x.shape
        )));
    }
    with_float!(x, T => {
        let values = x.slice::<T>()?;
        let form = Form {
            gamma: factor(&x, "gamma", gamma, channels)?,
            beta: factor(&x, "beta", beta, channels)?,
            epsilon,
            relu,
        };
        let (array, y) = output::<T>(py, FUNC, &x.shape)?;
        let (mean, mean_out) = output::<T>(py, FUNC, &shape)?;
        let (variance, variance_out) = output::<T>(py, FUNC, &shape)?;
        let (saved, saved_out) = output::<f64>(py, FUNC, &[2, layout.statistics()])?;
        run(py, FUNC, values.len() * 4, || {
            let (means, variances) = saved_out.split_at_mut(layout.statistics());
            if !y.is_empty() {
                kernel::channel_moments(&layout, values, means, variances);
                kernel::channel_apply(&layout, &form, values, means, variances, y);
            }
            for (to, from) in mean_out.iter_mut().zip(means).chain(variance_out.iter_mut().zip(variances)) {
                *to = Float::from_f64(*from);
            }
        })?;
        Ok((array, mean, variance, saved))
    })
}

/// (dx, dγ, dβ) of `channel_norm_forward`; dmean and dvariance are gradients of those two results, or None.
#[pyfunction]
#[pyo3(signature = (x, dy, gamma, beta, saved, dmean, dvariance, axis, groups, epsilon, activation, need_dx, need_dgamma, need_dbeta))]
#[allow(clippy::too_many_arguments)]
fn channel_norm_backward<'py>(
    py: Python<'py>,
    x: &Bound<'py, PyAny>,
    dy: &Bound<'py, PyAny>,
    gamma: Given<'_, 'py>,
    beta: Given<'_, 'py>,
    saved: &Bound<'py, PyAny>,
    dmean: Given<'_, 'py>,
    dvariance: Given<'_, 'py>,
    axis: isize,
    groups: usize,
    epsilon: f64,
    activation: &str,
    need_dx: bool,
    need_dgamma: bool,
    need_dbeta: bool,
) -> PyResult<(Option<Array<'py>>, Option<Array<'py>>, Option<Array<'py>>)> {
    const FUNC: &str = "channel_norm_backward";
    let x = Arg::float(FUNC, "x", x)?;
    let dy = Arg::like(&x, "dy", dy)?;
    dy.expect_shape(&x.shape)?;
    let Sets { layout, channels, .. } = sets(&x, axis, groups)?;
    let relu = is_relu(FUNC, activation)?;
    let saved = Arg::float(FUNC, "saved", saved)?;
    saved.expect_shape(&[2, layout.statistics()])?;
    let (mean, variance) = saved.slice::<f64>()?.split_at(layout.statistics());
    with_float!(x, T => {
        let (values, slopes) = (x.slice::<T>()?, dy.slice::<T>()?);
        let form = Form {
            gamma: factor(&x, "gamma", gamma, channels)?,
            beta: factor(&x, "beta", beta, channels)?,
            epsilon,
            relu,
        };
        let source = Source::Data {
            dmean: factor(&x, "dmean", dmean, layout.statistics())?,
            dvariance: factor(&x, "dvariance", dvariance, layout.statistics())?,
        };
        let (dx, dx_out) = wanted::<T>(py, FUNC, need_dx, &x.shape)?;
        let (dgamma, dgamma_out) = wanted::<T>(py, FUNC, need_dgamma, &[channels])?;
        let (dbeta, dbeta_out) = wanted::<T>(py, FUNC, need_dbeta, &[channels])?;
        run(py, FUNC, values.len() * 6, || {
            let out = Gradients { dx: dx_out, dgamma: dgamma_out, dbeta: dbeta_out, dmean: None, dvariance: None };
            kernel::channel_backward(&layout, &form, values, slopes, mean, variance, source, out);
        })?;
        Ok((dx, dgamma, dbeta))
    })
}

/// Statistics given from outside, one a channel, in float64.
fn given_statistics(x: &Arg<'_>, name: &'static str, given: &Bound<'_, PyAny>, channels: usize) -> PyResult<Vec<f64>> {
    with_float!(x, T => {
        let values = factor::<T>(x, name, Some(given), channels)?.unwrap_or_default();
        Ok(values.iter().map(|value| value.to_f64()).collect())
    })
}

/// y = activation(γ (x − mean) / √(variance + ε) + β) with one mean and variance given for each channel.
#[pyfunction]
#[pyo3(signature = (x, mean, variance, gamma, beta, axis, epsilon, activation))]
#[allow(clippy::too_many_arguments)]
fn channel_scale<'py>(
    py: Python<'py>,
    x: &Bound<'py, PyAny>,
    mean: &Bound<'py, PyAny>,
    variance: &Bound<'py, PyAny>,
    gamma: Given<'_, 'py>,
    beta: Given<'_, 'py>,
    axis: isize,
    epsilon: f64,
    activation: &str,
) -> PyResult<Array<'py>> {
    const FUNC: &str = "channel_scale";
    let x = Arg::float(FUNC, "x", x)?;
    let Sets { layout, channels, .. } = sets(&x, axis, 0)?;
    let relu = is_relu(FUNC, activation)?;
    let means = given_statistics(&x, "mean", mean, channels)?;
    let variances = given_statistics(&x, "variance", variance, channels)?;
    with_float!(x, T => {
        let values = x.slice::<T>()?;
        let form = Form {
            gamma: factor(&x, "gamma", gamma, channels)?,
            beta: factor(&x, "beta", beta, channels)?,
            epsilon,
            relu,
        };
        let (array, y) = output::<T>(py, FUNC, &x.shape)?;
        if !y.is_empty() {
            run(py, FUNC, values.len() * 2, || kernel::channel_apply(&layout, &form, values, &means, &variances, y))?;
        }
        Ok(array)
    })
}

/// (dx, dmean, dvariance, dγ, dβ) of `channel_scale`, None where `needs` (five flags) says no.
#[pyfunction]
#[pyo3(signature = (x, dy, mean, variance, gamma, beta, axis, epsilon, activation, needs))]
#[allow(clippy::too_many_arguments)]
fn channel_scale_backward<'py>(
    py: Python<'py>,
    x: &Bound<'py, PyAny>,
    dy: &Bound<'py, PyAny>,
    mean: &Bound<'py, PyAny>,
    variance: &Bound<'py, PyAny>,
    gamma: Given<'_, 'py>,
    beta: Given<'_, 'py>,
    axis: isize,
    epsilon: f64,
    activation: &str,
    needs: (bool, bool, bool, bool, bool),
) -> PyResult<ScaleGradients<'py>> {
    const FUNC: &str = "channel_scale_backward";
    let x = Arg::float(FUNC, "x", x)?;
    let dy = Arg::like(&x, "dy", dy)?;
    dy.expect_shape(&x.shape)?;
    let Sets { layout, channels, .. } = sets(&x, axis, 0)?;
    let relu = is_relu(FUNC, activation)?;
    let means = given_statistics(&x, "mean", mean, channels)?;
    let variances = given_statistics(&x, "variance", variance, channels)?;
    with_float!(x, T => {
        let (values, slopes) = (x.slice::<T>()?, dy.slice::<T>()?);
        let form = Form {
            gamma: factor(&x, "gamma", gamma, channels)?,
            beta: factor(&x, "beta", beta, channels)?,
            epsilon,
            relu,
        };
        let (dx, dx_out) = wanted::<T>(py, FUNC, needs.0, &x.shape)?;
        let (dmean, dmean_out) = wanted::<T>(py, FUNC, needs.1, &[channels])?;
        let (dvariance, dvariance_out) = wanted::<T>(py, FUNC, needs.2, &[channels])?;
        let (dgamma, dgamma_out) = wanted::<T>(py, FUNC, needs.3, &[channels])?;
        let (dbeta, dbeta_out) = wanted::<T>(py, FUNC, needs.4, &[channels])?;
        run(py, FUNC, values.len() * 6, || {
            let out = Gradients {
                dx: dx_out,
                dgamma: dgamma_out,
                dbeta: dbeta_out,
                dmean: dmean_out,
                dvariance: dvariance_out,
            };
            kernel::channel_backward(&layout, &form, values, slopes, &means, &variances, Source::Given, out);
        })?;
        Ok((dx, dmean, dvariance, dgamma, dbeta))
    })
}

type ScaleGradients<'py> =
    (Option<Array<'py>>, Option<Array<'py>>, Option<Array<'py>>, Option<Array<'py>>, Option<Array<'py>>);

fn rows_named(func: &str, name: &str) -> PyResult<Rows> {
    match name {
        "layer" => Ok(Rows::Layer),
        "rms" => Ok(Rows::Rms),
        "unit" => Ok(Rows::Unit),
        other => Err(PyValueError::new_err(format!("{func}: expected form to be layer, rms or unit, got {other:?}"))),
    }
}

/// (rows, width) of x normalised over its last `axes` axes together.
fn row_sizes(x: &Arg<'_>, axes: usize) -> PyResult<(usize, usize)> {
    if axes == 0 || axes > x.ndim() {
        return Err(PyValueError::new_err(format!(
            "{}: expected axes to be between 1 and the {} dimensions of x, got {axes}",
            x.func,
            x.ndim()
        )));
    }
    let (rows, width) = x.shape.split_at(x.ndim() - axes);
    let width = width.iter().product();
    if width == 0 {
        return Err(PyValueError::new_err(format!(
            "{}: expected at least one element in each row, got x of shape {}",
            x.func, x.shape
        )));
    }
    Ok((rows.iter().product(), width))
}

/// (y, saved): γ x̂ + β of each row of the last `axes` axes, by form layer, rms or unit.
#[pyfunction]
#[pyo3(signature = (x, gamma, beta, form, axes, epsilon))]
fn row_norm_forward<'py>(
    py: Python<'py>,
    x: &Bound<'py, PyAny>,
    gamma: Given<'_, 'py>,
    beta: Given<'_, 'py>,
    form: &str,
    axes: usize,
    epsilon: f64,
) -> PyResult<(Array<'py>, Array<'py>)> {
    const FUNC: &str = "row_norm_forward";
    let x = Arg::float(FUNC, "x", x)?;
    let form = rows_named(FUNC, form)?;
    let (rows, width) = row_sizes(&x, axes)?;
    with_float!(x, T => {
        let values = x.slice::<T>()?;
        let (gamma, beta) = (factor(&x, "gamma", gamma, width)?, factor(&x, "beta", beta, width)?);
        let (array, y) = output::<T>(py, FUNC, &x.shape)?;
        let (saved, saved_out) = output::<f64>(py, FUNC, &[rows, 2])?;
        run(py, FUNC, values.len() * 4, || {
            kernel::rows_forward(form, values, width, gamma, beta, epsilon, y, saved_out);
        })?;
        Ok((array, saved))
    })
}

/// (dx, dγ, dβ) of `row_norm_forward`; the last two of one axis of the row's length.
#[pyfunction]
#[pyo3(signature = (x, dy, gamma, saved, form, axes, epsilon, need_dx, need_dgamma, need_dbeta))]
#[allow(clippy::too_many_arguments)]
fn row_norm_backward<'py>(
    py: Python<'py>,
    x: &Bound<'py, PyAny>,
    dy: &Bound<'py, PyAny>,
    gamma: Given<'_, 'py>,
    saved: &Bound<'py, PyAny>,
    form: &str,
    axes: usize,
    epsilon: f64,
    need_dx: bool,
    need_dgamma: bool,
    need_dbeta: bool,
) -> PyResult<(Option<Array<'py>>, Option<Array<'py>>, Option<Array<'py>>)> {
    const FUNC: &str = "row_norm_backward";
    let x = Arg::float(FUNC, "x", x)?;
    let dy = Arg::like(&x, "dy", dy)?;
    dy.expect_shape(&x.shape)?;
    let form = rows_named(FUNC, form)?;
    let (rows, width) = row_sizes(&x, axes)?;
    let saved = Arg::float(FUNC, "saved", saved)?;
    if *saved.shape != [rows, 2] {
        return Err(saved.wrong_shape(&format!("{} to match x of shape {}", shape_text(&[rows, 2]), x.shape)));
    }
    let saved = saved.slice::<f64>()?;
    with_float!(x, T => {
        let (values, slopes) = (x.slice::<T>()?, dy.slice::<T>()?);
        let gamma = factor(&x, "gamma", gamma, width)?;
        let (dx, dx_out) = wanted::<T>(py, FUNC, need_dx, &x.shape)?;
        let (dgamma, dgamma_out) = wanted::<T>(py, FUNC, need_dgamma, &[width])?;
        let (dbeta, dbeta_out) = wanted::<T>(py, FUNC, need_dbeta, &[width])?;
        run(py, FUNC, values.len() * 6, || {
            let out = RowGradients { dx: dx_out, dgamma: dgamma_out, dbeta: dbeta_out };
            kernel::rows_backward(form, values, slopes, width, gamma, epsilon, saved, out);
        })?;
        Ok((dx, dgamma, dbeta))
    })
}

pub fn register(m: &Bound<'_, PyModule>) -> PyResult<()> {
    add_functions!(
        m,
        channel_norm_forward,
        channel_norm_backward,
        channel_scale,
        channel_scale_backward,
        row_norm_forward,
        row_norm_backward
    );
    Ok(())
}
