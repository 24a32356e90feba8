//! Optimizer steps over lists of arrays, in place.

use neuroxide_kernels::optimizer::{Adam, Momentum, RmsProp, Sgd, Tensor, Update, step as apply};
use neuroxide_kernels::simd::Float;
use pyo3::exceptions::PyValueError;
use pyo3::prelude::*;

use crate::array::{Arg, Element, check_disjoint, run};
use crate::elementwise::add_functions;
use crate::sequence::items;
use crate::with_float;

/// The lists of one call: objects first, so that the arguments can borrow them.
struct Lists<'py> {
    params: Vec<Bound<'py, PyAny>>,
    grads: Vec<Bound<'py, PyAny>>,
    states: Vec<(&'static str, Vec<Bound<'py, PyAny>>)>,
}

impl<'py> Lists<'py> {
    fn new(func: &'static str, params: &Bound<'py, PyAny>, grads: &Bound<'py, PyAny>) -> PyResult<Self> {
        let lists = Lists {
            params: items(func, "params", "arrays", params)?,
            grads: items(func, "grads", "arrays", grads)?,
            states: Vec::new(),
        };
        lists.check_count(func, "grads", lists.grads.len())?;
        Ok(lists)
    }

    fn check_count(&self, func: &str, name: &str, count: usize) -> PyResult<()> {
        if count == self.params.len() {
            return Ok(());
        }
        Err(PyValueError::new_err(format!(
            "{func}: expected as many {name} as params, which are {}, got {count}",
            self.params.len()
        )))
    }

    fn state(&mut self, func: &str, name: &'static str, list: &Bound<'py, PyAny>) -> PyResult<()> {
        let list = items(func, name, "arrays", list)?;
        self.check_count(func, name, list.len())?;
        self.states.push((name, list));
        Ok(())
    }

    /// Borrows everything, checks it, and runs the update. All arrays are of one float type.
    fn step<T: Float + Element, U: Update<T, S>, const S: usize>(
        &self,
        py: Python<'_>,
        func: &'static str,
        update: &U,
    ) -> PyResult<()> {
        let mut written = Vec::with_capacity(self.params.len() * (1 + S));
        let mut read = Vec::with_capacity(self.params.len());
        for i in 0..self.params.len() {
            let param = Arg::float(func, "params", &self.params[i])?;
            let grad = Arg::like(&param, "grads", &self.grads[i])?;
            grad.expect_shape(&param.shape)?;
            written.push(param);
            read.push(grad);
            for (name, list) in &self.states {
                let state = Arg::like(&param, name, &list[i])?;
                state.expect_shape(&param.shape)?;
                written.push(state);
            }
        }
        check_disjoint(&written, &read)?;
        let mut tensors = Vec::with_capacity(read.len());
        let mut total = 0;
        for (group, grad) in written.chunks(1 + S).zip(&read) {
            let mut state: [&mut [T]; S] = std::array::from_fn(|_| &mut [][..]);
            for (slot, arg) in state.iter_mut().zip(&group[1..]) {
                // SAFETY: `check_disjoint` has found no overlap with any other argument.
                *slot = unsafe { arg.slice_mut::<T>()? };
            }
            // SAFETY: as above.
            let parameter = unsafe { group[0].slice_mut::<T>()? };
            total += parameter.len();
            tensors.push(Tensor { parameter, gradient: grad.slice::<T>()?, state });
        }
        run(py, func, total * 4, || apply(update, &mut tensors))
    }

    fn first(&self, func: &'static str) -> PyResult<Option<Arg<'_>>> {
        self.params.first().map(|p| Arg::float(func, "params", p)).transpose()
    }
}

fn is_given(list: &Bound<'_, PyAny>) -> bool {
    !list.is_none()
}

#[pyfunction]
fn sgd_step<'py>(
    py: Python<'py>,
    params: &Bound<'py, PyAny>,
    grads: &Bound<'py, PyAny>,
    velocities: &Bound<'py, PyAny>,
    lr: f64,
    momentum: f64,
    nesterov: bool,
) -> PyResult<()> {
    const FUNC: &str = "sgd_step";
    let mut lists = Lists::new(FUNC, params, grads)?;
    if is_given(velocities) {
        lists.state(FUNC, "velocities", velocities)?;
    } else if momentum != 0.0 {
        return Err(PyValueError::new_err(format!(
            "{FUNC}: expected velocities where momentum is {momentum}, got None"
        )));
    }
    let Some(first) = lists.first(FUNC)? else { return Ok(()) };
    with_float!(first, T => if lists.states.is_empty() {
        lists.step::<T, _, 0>(py, FUNC, &Sgd::<T>::new(lr))
    } else {
        lists.step::<T, _, 1>(py, FUNC, &Momentum::<T>::new(lr, momentum, nesterov))
    })
}

#[pyfunction]
fn rmsprop_step<'py>(
    py: Python<'py>,
    params: &Bound<'py, PyAny>,
    grads: &Bound<'py, PyAny>,
    velocities: &Bound<'py, PyAny>,
    momentums: &Bound<'py, PyAny>,
    averages: &Bound<'py, PyAny>,
    lr: f64,
    rho: f64,
    momentum: f64,
    epsilon: f64,
) -> PyResult<()> {
    const FUNC: &str = "rmsprop_step";
    let mut lists = Lists::new(FUNC, params, grads)?;
    lists.state(FUNC, "velocities", velocities)?;
    if is_given(averages) {
        lists.state(FUNC, "averages", averages)?;
    }
    if is_given(momentums) {
        lists.state(FUNC, "momentums", momentums)?;
    } else if momentum != 0.0 {
        return Err(PyValueError::new_err(format!(
            "{FUNC}: expected momentums where momentum is {momentum}, got None"
        )));
    }
    let Some(first) = lists.first(FUNC)? else { return Ok(()) };
    with_float!(first, T => match (is_given(averages), is_given(momentums)) {
        (false, false) => lists.step::<T, _, 1>(py, FUNC, &RmsProp::<T, false, false>::new(lr, rho, momentum, epsilon)),
        (false, true) => lists.step::<T, _, 2>(py, FUNC, &RmsProp::<T, false, true>::new(lr, rho, momentum, epsilon)),
        (true, false) => lists.step::<T, _, 2>(py, FUNC, &RmsProp::<T, true, false>::new(lr, rho, momentum, epsilon)),
        (true, true) => lists.step::<T, _, 3>(py, FUNC, &RmsProp::<T, true, true>::new(lr, rho, momentum, epsilon)),
    })
}

#[pyfunction]
fn adam_step<'py>(
    py: Python<'py>,
    params: &Bound<'py, PyAny>,
    grads: &Bound<'py, PyAny>,
    ms: &Bound<'py, PyAny>,
    vs: &Bound<'py, PyAny>,
    vhats: &Bound<'py, PyAny>,
    lr: f64,
    beta_1: f64,
    beta_2: f64,
    epsilon: f64,
    step: u64,
) -> PyResult<()> {
    const FUNC: &str = "adam_step";
    if step == 0 {
        return Err(PyValueError::new_err(format!("{FUNC}: expected step to count from 1, got 0")));
    }
    let mut lists = Lists::new(FUNC, params, grads)?;
    lists.state(FUNC, "ms", ms)?;
    lists.state(FUNC, "vs", vs)?;
    if is_given(vhats) {
        lists.state(FUNC, "vhats", vhats)?;
    }
    let Some(first) = lists.first(FUNC)? else { return Ok(()) };
    with_float!(first, T => {
        let update = Adam::<T>::new(lr, beta_1, beta_2, epsilon, step);
        if is_given(vhats) {
            lists.step::<T, _, 3>(py, FUNC, &update)
        } else {
            lists.step::<T, _, 2>(py, FUNC, &update)
        }
    })
}

pub fn register(m: &Bound<'_, PyModule>) -> PyResult<()> {
    add_functions!(m, sgd_step, rmsprop_step, adam_step);
    Ok(())
}
