//! Optimizer steps over lists of arrays, in place. A gradient may be rows of a table.

use neuroxide_kernels::optimizer::{Adam, Gradient, Momentum, RmsProp, Sgd, Table, Tensor, Update, step as apply};
use neuroxide_kernels::simd::Float;
use pyo3::exceptions::PyValueError;
use pyo3::prelude::*;
use pyo3::types::PyTuple;

use crate::array::{Arg, Element, check_disjoint, run};
use crate::elementwise::add_functions;
use crate::sequence::items;
use crate::with_float;

/// A gradient: an array, or rows of a table as the tuple (row numbers, their values, whether other rows are left alone).
struct Given<'py> {
    rows: Option<(Bound<'py, PyAny>, bool)>,
    values: Bound<'py, PyAny>,
}

impl<'py> Given<'py> {
    fn new(func: &str, obj: Bound<'py, PyAny>) -> PyResult<Self> {
        let Ok(tuple) = obj.cast::<PyTuple>() else { return Ok(Given { rows: None, values: obj }) };
        let (3, Ok(lazy)) = (tuple.len(), tuple.get_item(2).and_then(|lazy| lazy.extract::<bool>())) else {
            return Err(PyValueError::new_err(format!(
                "{func}: expected rows of a gradient as a tuple (indices, values, lazy), got a tuple of {}",
                tuple.len()
            )));
        };
        Ok(Given { rows: Some((tuple.get_item(0)?, lazy)), values: tuple.get_item(1)? })
    }
}

/// A [`Given`] gradient that was checked against its parameter.
struct Checked<'a> {
    rows: Option<(Arg<'a>, bool)>,
    values: Arg<'a>,
}

impl<'a> Checked<'a> {
    fn new(param: &Arg<'_>, given: &'a Given<'_>) -> PyResult<Self> {
        let values = Arg::like(param, "grads", &given.values)?;
        let Some((rows, lazy)) = &given.rows else {
            values.expect_shape(&param.shape)?;
            return Ok(Checked { rows: None, values });
        };
        let rows = Arg::new(param.func, "indices", rows)?;
        let places = rows.slice::<i64>()?;
        if rows.ndim() != 1 {
            return Err(rows.wrong_shape("(R,)"));
        }
        let mut shape = param.shape.to_vec();
        let Some(count) = shape.first().copied() else {
            return Err(param.wrong_shape("(rows, …) for a gradient of rows"));
        };
        shape[0] = places.len();
        values.expect_shape(&shape)?;
        let inside =
            places.first().is_none_or(|&low| low >= 0) && places.last().is_none_or(|&high| high < count as i64);
        if !inside || places.windows(2).any(|pair| pair[0] >= pair[1]) {
            return Err(PyValueError::new_err(format!(
                "{}: expected indices of rows that rise, from 0 to below {count}, each once",
                param.func
            )));
        }
        Ok(Checked { rows: Some((rows, *lazy)), values })
    }

    fn gradient<T: Element>(&self) -> PyResult<Gradient<'a, T>> {
        let values = self.values.slice::<T>()?;
        let Some((rows, lazy)) = &self.rows else { return Ok(Gradient::Dense(values)) };
        let width = self.values.shape[1..].iter().product();
        Ok(Gradient::Rows { table: Table { rows: rows.slice::<i64>()?, width, lazy: *lazy }, values })
    }
}

/// The lists of one call: objects first, so that the arguments can borrow them.
struct Lists<'py> {
    params: Vec<Bound<'py, PyAny>>,
    grads: Vec<Given<'py>>,
    states: Vec<(&'static str, Vec<Bound<'py, PyAny>>)>,
}

impl<'py> Lists<'py> {
    fn new(func: &'static str, params: &Bound<'py, PyAny>, grads: &Bound<'py, PyAny>) -> PyResult<Self> {
        let lists = Lists {
            params: items(func, "params", "arrays", params)?,
            grads: items(func, "grads", "arrays", grads)?
                .into_iter()
                .map(|grad| Given::new(func, grad))
                .collect::<PyResult<_>>()?,
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
        let mut grads = Vec::with_capacity(self.params.len());
        for i in 0..self.params.len() {
            let param = Arg::float(func, "params", &self.params[i])?;
            let grad = Checked::new(&param, &self.grads[i])?;
            written.push(param);
            read.push(grad.values);
            read.extend(grad.rows.map(|(rows, _)| rows));
            grads.push(grad);
            for (name, list) in &self.states {
                let state = Arg::like(&param, name, &list[i])?;
                state.expect_shape(&param.shape)?;
                written.push(state);
            }
        }
        check_disjoint(&written, &read)?;
        let mut tensors = Vec::with_capacity(grads.len());
        let mut total = 0;
        for (group, grad) in written.chunks(1 + S).zip(&grads) {
            let mut state: [&mut [T]; S] = std::array::from_fn(|_| &mut [][..]);
            for (slot, arg) in state.iter_mut().zip(&group[1..]) {
                // SAFETY: `check_disjoint` has found no overlap with any other argument.
                *slot = unsafe { arg.slice_mut::<T>()? };
            }
            // SAFETY: as above.
            let parameter = unsafe { group[0].slice_mut::<T>()? };
            total += parameter.len();
            tensors.push(Tensor { parameter, gradient: grad.gradient::<T>()?, state });
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
