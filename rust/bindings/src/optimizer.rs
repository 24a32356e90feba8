//! Optimizer steps over lists of arrays, in place.

mod lists;

use neuroxide_kernels::optimizer::{
    Adadelta, Adagrad, Adam, Adamax, Average, Ftrl, Lamb, Lion, Momentum, Nadam, RmsProp, Sgd, lamb_step as apply_lamb,
};
use pyo3::exceptions::PyValueError;
use pyo3::prelude::*;

use crate::elementwise::add_functions;
use crate::with_float;
use lists::{Given, Lists};

/// Functions of one rule whose lists are all needed: lists, numbers, number of lists, and the rule. All take what is done
/// around the update last.
macro_rules! steps {
    ($($name:ident($($list:ident),*; $($number:ident: $type:ty),*) $(counts $step:ident)? => $count:literal, $update:expr;)*) => {$(
        #[pyfunction]
        #[pyo3(signature = (params, grads, $($list,)* $($number,)* scales=None, decays=None, clip=None, moving=None, ema=0.0))]
        fn $name<'py>(
            py: Python<'py>,
            params: &Bound<'py, PyAny>,
            grads: &Bound<'py, PyAny>,
            $($list: &Bound<'py, PyAny>,)*
            $($number: $type,)*
            scales: Given<'_, 'py>,
            decays: Given<'_, 'py>,
            clip: Option<f64>,
            moving: Given<'_, 'py>,
            ema: f64,
        ) -> PyResult<()> {
            let mut lists = Lists::new(stringify!($name), params, grads)?;
            $(lists.state(stringify!($list), $list)?;)*
            lists.around(scales, decays, clip, moving, ema)?;
            $(lists.count_from_one($step)?;)?
            let Some(first) = lists.first()? else { return Ok(()) };
            with_float!(first, T => lists.step::<T, _, $count>(py, &$update))
        }
    )*};
}

steps! {
    adagrad_step(accumulators; lr: f64, epsilon: f64) => 1, Adagrad::<T>::new(lr, epsilon);
    adadelta_step(gradients, deltas; lr: f64, rho: f64, epsilon: f64) => 2, Adadelta::<T>::new(lr, rho, epsilon);
    adamax_step(ms, norms; lr: f64, beta_1: f64, beta_2: f64, epsilon: f64, step: u64) counts step => 2,
        Adamax::<T>::new(lr, beta_1, beta_2, epsilon, step);
    nadam_step(ms, vs; lr: f64, beta_1: f64, beta_2: f64, epsilon: f64, step: u64, product: f64) counts step => 2,
        Nadam::<T>::new(lr, beta_1, beta_2, epsilon, step, product);
    lion_step(ms; lr: f64, beta_1: f64, beta_2: f64) => 1, Lion::<T>::new(lr, beta_1, beta_2);
    ftrl_step(accumulators, linears; lr: f64, power: f64, l1: f64, l2: f64, shrinkage: f64, beta: f64) => 2,
        Ftrl::<T>::new(lr, power, l1, l2, shrinkage, beta);
}

#[pyfunction]
#[pyo3(signature = (
    params, grads, velocities, lr, momentum, nesterov, dampening=0.0, scales=None, decays=None, clip=None, moving=None,
    ema=0.0
))]
fn sgd_step<'py>(
    py: Python<'py>,
    params: &Bound<'py, PyAny>,
    grads: &Bound<'py, PyAny>,
    velocities: Given<'_, 'py>,
    lr: f64,
    momentum: f64,
    nesterov: bool,
    dampening: f64,
    scales: Given<'_, 'py>,
    decays: Given<'_, 'py>,
    clip: Option<f64>,
    moving: Given<'_, 'py>,
    ema: f64,
) -> PyResult<()> {
    let mut lists = Lists::new("sgd_step", params, grads)?;
    if let Some(velocities) = velocities {
        lists.state("velocities", velocities)?;
    } else if momentum != 0.0 {
        return Err(PyValueError::new_err(format!(
            "sgd_step: expected velocities where momentum is {momentum}, got None"
        )));
    }
    lists.around(scales, decays, clip, moving, ema)?;
    let Some(first) = lists.first()? else { return Ok(()) };
    with_float!(first, T => if lists.states.is_empty() {
        lists.step::<T, _, 0>(py, &Sgd::<T>::new(lr))
    } else {
        lists.step::<T, _, 1>(py, &Momentum::<T>::new(lr, momentum, nesterov, dampening))
    })
}

#[pyfunction]
#[pyo3(signature = (
    params, grads, velocities, momentums, averages, lr, rho, momentum, epsilon, scales=None, decays=None, clip=None,
    moving=None, ema=0.0
))]
fn rmsprop_step<'py>(
    py: Python<'py>,
    params: &Bound<'py, PyAny>,
    grads: &Bound<'py, PyAny>,
    velocities: &Bound<'py, PyAny>,
    momentums: Given<'_, 'py>,
    averages: Given<'_, 'py>,
    lr: f64,
    rho: f64,
    momentum: f64,
    epsilon: f64,
    scales: Given<'_, 'py>,
    decays: Given<'_, 'py>,
    clip: Option<f64>,
    moving: Given<'_, 'py>,
    ema: f64,
) -> PyResult<()> {
    let mut lists = Lists::new("rmsprop_step", params, grads)?;
    lists.state("velocities", velocities)?;
    if let Some(averages) = averages {
        lists.state("averages", averages)?;
    }
    if let Some(momentums) = momentums {
        lists.state("momentums", momentums)?;
    } else if momentum != 0.0 {
        return Err(PyValueError::new_err(format!(
            "rmsprop_step: expected momentums where momentum is {momentum}, got None"
        )));
    }
    lists.around(scales, decays, clip, moving, ema)?;
    let Some(first) = lists.first()? else { return Ok(()) };
    with_float!(first, T => match (averages.is_some(), momentums.is_some()) {
        (false, false) => lists.step::<T, _, 1>(py, &RmsProp::<T, false, false>::new(lr, rho, momentum, epsilon)),
        (false, true) => lists.step::<T, _, 2>(py, &RmsProp::<T, false, true>::new(lr, rho, momentum, epsilon)),
        (true, false) => lists.step::<T, _, 2>(py, &RmsProp::<T, true, false>::new(lr, rho, momentum, epsilon)),
        (true, true) => lists.step::<T, _, 3>(py, &RmsProp::<T, true, true>::new(lr, rho, momentum, epsilon)),
    })
}

#[pyfunction]
#[pyo3(signature = (
    params, grads, ms, vs, vhats, lr, beta_1, beta_2, epsilon, step, scales=None, decays=None, clip=None, moving=None,
    ema=0.0
))]
fn adam_step<'py>(
    py: Python<'py>,
    params: &Bound<'py, PyAny>,
    grads: &Bound<'py, PyAny>,
    ms: &Bound<'py, PyAny>,
    vs: &Bound<'py, PyAny>,
    vhats: Given<'_, 'py>,
    lr: f64,
    beta_1: f64,
    beta_2: f64,
    epsilon: f64,
    step: u64,
    scales: Given<'_, 'py>,
    decays: Given<'_, 'py>,
    clip: Option<f64>,
    moving: Given<'_, 'py>,
    ema: f64,
) -> PyResult<()> {
    let mut lists = Lists::new("adam_step", params, grads)?;
    lists.count_from_one(step)?;
    lists.state("ms", ms)?;
    lists.state("vs", vs)?;
    if let Some(vhats) = vhats {
        lists.state("vhats", vhats)?;
    }
    lists.around(scales, decays, clip, moving, ema)?;
    let Some(first) = lists.first()? else { return Ok(()) };
    with_float!(first, T => {
        let update = Adam::<T>::new(lr, beta_1, beta_2, epsilon, step);
        if vhats.is_some() { lists.step::<T, _, 3>(py, &update) } else { lists.step::<T, _, 2>(py, &update) }
    })
}

#[pyfunction]
#[pyo3(signature = (
    params, grads, ms, vs, lr, beta_1, beta_2, epsilon, step, scales=None, decays=None, clip=None, moving=None, ema=0.0
))]
fn lamb_step<'py>(
    py: Python<'py>,
    params: &Bound<'py, PyAny>,
    grads: &Bound<'py, PyAny>,
    ms: &Bound<'py, PyAny>,
    vs: &Bound<'py, PyAny>,
    lr: f64,
    beta_1: f64,
    beta_2: f64,
    epsilon: f64,
    step: u64,
    scales: Given<'_, 'py>,
    decays: Given<'_, 'py>,
    clip: Option<f64>,
    moving: Given<'_, 'py>,
    ema: f64,
) -> PyResult<()> {
    let mut lists = Lists::new("lamb_step", params, grads)?;
    lists.refuse_lazy()?;
    lists.count_from_one(step)?;
    lists.state("ms", ms)?;
    lists.state("vs", vs)?;
    lists.around(scales, decays, clip, moving, ema)?;
    let Some(first) = lists.first()? else { return Ok(()) };
    let rule = Lamb { lr, beta_1, beta_2, epsilon, step };
    with_float!(first, T => lists.with::<T, 2>(py, |around, tensors| apply_lamb(&rule, around, tensors)))
}

#[pyfunction]
fn ema_step<'py>(
    py: Python<'py>,
    averages: &Bound<'py, PyAny>,
    values: &Bound<'py, PyAny>,
    momentum: f64,
) -> PyResult<()> {
    // Averages are what is written, so they stand where the others have their parameters.
    let lists = Lists::named("ema_step", ["averages", "values"], averages, values)?;
    let Some(first) = lists.first()? else { return Ok(()) };
    with_float!(first, T => lists.step::<T, _, 0>(py, &Average::<T>::new(momentum)))
}

pub fn register(m: &Bound<'_, PyModule>) -> PyResult<()> {
    add_functions!(
        m,
        sgd_step,
        rmsprop_step,
        adam_step,
        adagrad_step,
        adadelta_step,
        adamax_step,
        nadam_step,
        lion_step,
        ftrl_step,
        lamb_step,
        ema_step
    );
    Ok(())
}
