//! The lists of arrays of one optimizer step, borrowed and checked.

use neuroxide_kernels::optimizer::{Around, Table, Tensor, Update, step as apply};
use neuroxide_kernels::simd::Float;
use pyo3::exceptions::{PyRuntimeError, PyTypeError, PyValueError};
use pyo3::prelude::*;
use pyo3::types::PyTuple;

use crate::array::{Arg, Element, check_disjoint, overlapping, quick, run, type_name};
use crate::sequence::items;

type Arrays<'py> = Vec<Bound<'py, PyAny>>;
pub type Given<'a, 'py> = Option<&'a Bound<'py, PyAny>>;

/// A gradient: an array, or rows of a table as the tuple (row numbers, their values, whether other rows are left alone).
struct Gradient<'py> {
    rows: Option<(Bound<'py, PyAny>, bool)>,
    values: Bound<'py, PyAny>,
}

impl<'py> Gradient<'py> {
    fn new(func: &str, obj: Bound<'py, PyAny>) -> PyResult<Self> {
        let Ok(tuple) = obj.cast::<PyTuple>() else { return Ok(Gradient { rows: None, values: obj }) };
        let (3, Ok(lazy)) = (tuple.len(), tuple.get_item(2).and_then(|lazy| lazy.extract::<bool>())) else {
            return Err(PyValueError::new_err(format!(
                "{func}: expected rows of a gradient as a tuple (indices, values, lazy), got a tuple of {}",
                tuple.len()
            )));
        };
        Ok(Gradient { rows: Some((tuple.get_item(0)?, lazy)), values: tuple.get_item(1)? })
    }

    /// Indices, values and both as a table of one parameter, checked; None for an array.
    fn table(&self, param: &Arg<'_>, name: &'static str) -> PyResult<Option<(Arg<'_>, Arg<'_>, Table<'_>)>> {
        let Some((rows, lazy)) = &self.rows else { return Ok(None) };
        let indices = Arg::new(param.func, "indices", rows)?;
        let values = Arg::like(param, name, &self.values)?;
        let rows = indices.slice::<i64>()?;
        if indices.ndim() != 1 {
            return Err(indices.wrong_shape("(R,)"));
        }
        let mut shape = param.shape.to_vec();
        let Some(count) = shape.first().copied() else {
            return Err(param.wrong_shape("(rows, …) for a gradient of rows"));
        };
        shape[0] = rows.len();
        values.expect_shape(&shape)?;
        let inside = rows.first().is_none_or(|&low| low >= 0) && rows.last().is_none_or(|&high| high < count as i64);
        if !inside || rows.windows(2).any(|pair| pair[0] >= pair[1]) {
            return Err(PyValueError::new_err(format!(
                "{}: expected indices of rows that rise, from 0 to below {count}, each once",
                param.func
            )));
        }
        let width = shape[1..].iter().product();
        Ok(Some((indices, values, Table { rows, width, lazy: *lazy })))
    }
}

/// The lists of one call: objects first, so that the arguments can borrow them.
pub struct Lists<'py> {
    func: &'static str,
    /// What parameters and gradients are called in messages.
    names: [&'static str; 2],
    params: Arrays<'py>,
    grads: Vec<Gradient<'py>>,
    pub states: Vec<(&'static str, Arrays<'py>)>,
    averages: Option<Arrays<'py>>,
    scales: Option<Vec<f64>>,
    decays: Option<Vec<f64>>,
    around: Around,
}

impl<'py> Lists<'py> {
    pub fn new(func: &'static str, params: &Bound<'py, PyAny>, grads: &Bound<'py, PyAny>) -> PyResult<Self> {
        Self::named(func, ["params", "grads"], params, grads)
    }

    pub fn named(
        func: &'static str,
        names: [&'static str; 2],
        params: &Bound<'py, PyAny>,
        grads: &Bound<'py, PyAny>,
    ) -> PyResult<Self> {
        let mut lists = Lists {
            func,
            names,
            params: items(func, names[0], "arrays", params)?,
            grads: Vec::new(),
            states: Vec::new(),
            averages: None,
            scales: None,
            decays: None,
            around: Around::default(),
        };
        let gradient = |grad| Gradient::new(func, grad);
        lists.grads = lists.arrays(names[1], grads)?.into_iter().map(gradient).collect::<PyResult<_>>()?;
        Ok(lists)
    }

    fn check_count(&self, name: &str, count: usize) -> PyResult<()> {
        if count == self.params.len() {
            return Ok(());
        }
        Err(PyValueError::new_err(format!(
            "{}: expected as many {name} as {}, which are {}, got {count}",
            self.func,
            self.names[0],
            self.params.len()
        )))
    }

    fn arrays(&self, name: &str, list: &Bound<'py, PyAny>) -> PyResult<Arrays<'py>> {
        let list = items(self.func, name, "arrays", list)?;
        self.check_count(name, list.len())?;
        Ok(list)
    }

    pub fn state(&mut self, name: &'static str, list: &Bound<'py, PyAny>) -> PyResult<()> {
        let list = self.arrays(name, list)?;
        self.states.push((name, list));
        Ok(())
    }

    fn numbers(&self, name: &str, list: Given<'_, 'py>) -> PyResult<Option<Vec<f64>>> {
        let Some(list) = list else { return Ok(None) };
        let number = |item: Bound<'py, PyAny>| {
            item.extract::<f64>().map_err(|_| {
                PyTypeError::new_err(format!(
                    "{}: expected {name} to hold numbers, got {}",
                    self.func,
                    type_name(&item)
                ))
            })
        };
        let list = items(self.func, name, "numbers", list)?;
        self.check_count(name, list.len())?;
        list.into_iter().map(number).collect::<PyResult<_>>().map(Some)
    }

    /// What is done around the update: see `_core.pyi`.
    pub fn around(
        &mut self,
        scales: Given<'_, 'py>,
        decays: Given<'_, 'py>,
        clip: Option<f64>,
        moving: Given<'_, 'py>,
        ema: f64,
    ) -> PyResult<()> {
        self.scales = self.numbers("scales", scales)?;
        self.decays = self.numbers("decays", decays)?;
        self.averages = moving.map(|list| self.arrays("moving", list)).transpose()?;
        let clip = clip.unwrap_or(f64::INFINITY);
        if clip.is_nan() || clip <= 0.0 {
            return Err(PyValueError::new_err(format!("{}: expected clip to be positive, got {clip}", self.func)));
        }
        self.around = Around { clip, momentum: ema };
        Ok(())
    }

    /// The written arrays that belong to one parameter, with their names; the parameter first.
    fn written(&self, i: usize) -> impl Iterator<Item = (&'static str, &Bound<'py, PyAny>)> {
        let states = self.states.iter().map(move |(name, list)| (*name, &list[i]));
        let averages = self.averages.iter().map(move |list| ("moving", &list[i]));
        std::iter::once((self.names[0], &self.params[i])).chain(states).chain(averages)
    }

    /// All arrays as slices; None where one is not as it should be.
    fn tensors<T: Element, const S: usize>(&self) -> Option<Vec<Tensor<'_, T, S>>> {
        let mut places = Vec::with_capacity(self.params.len());
        let mut ranges = Vec::with_capacity(self.params.len() * (3 + S));
        for (i, param) in self.params.iter().enumerate() {
            let grad = &self.grads[i];
            let mut rows = None;
            if grad.rows.is_some() {
                let (indices, values, table) =
                    grad.table(&Arg::float(self.func, self.names[0], param).ok()?, "").ok()??;
                ranges.push((indices.bytes(), false));
                ranges.push((values.bytes(), false));
                rows = Some((values.slice::<T>().ok()?, table));
            }
            let mut place = |obj, writable| {
                // SAFETY: the lists keep the arrays alive, and `overlapping` is asked before any slice is made.
                let (data, len) = unsafe { quick::<T>(obj, param, writable) }?;
                let start = data.as_ptr() as usize;
                ranges.push((start..start + len * size_of::<T>(), writable));
                Some((data.as_ptr(), len))
            };
            let (parameter, len) = place(param, true)?;
            let gradient = match rows {
                Some((values, table)) => (values.as_ptr().cast_mut(), values.len(), Some(table)),
                None => (place(&grad.values, false)?.0, len, None),
            };
            let mut state = [std::ptr::null_mut(); S];
            for (slot, (_, list)) in state.iter_mut().zip(&self.states) {
                *slot = place(&list[i], true)?.0;
            }
            let average = match &self.averages {
                Some(list) => Some(place(&list[i], true)?.0),
                None => None,
            };
            places.push((parameter, gradient, state, average, len));
        }
        if overlapping(&mut ranges, Clone::clone).is_some() {
            return None;
        }
        let tensor = |(i, (parameter, (gradient, count, table), state, average, len)): (
            usize,
            (*mut T, (*mut T, _, _), [_; S], Option<_>, _),
        )| {
            // SAFETY: `len` elements each (`quick` has compared the shapes), alive as long as the lists; those that are
            // written share no memory with any other (`overlapping`).
            unsafe {
                Tensor {
                    parameter: std::slice::from_raw_parts_mut(parameter, len),
                    gradient: std::slice::from_raw_parts(gradient, count),
                    table,
                    state: state.map(|at: *mut T| std::slice::from_raw_parts_mut(at, len)),
                    average: average.map(|at: *mut T| std::slice::from_raw_parts_mut(at, len)),
                    scale: self.scales.as_ref().map_or(1.0, |list| list[i]),
                    decay: self.decays.as_ref().map_or(1.0, |list| list[i]),
                }
            }
        };
        Some(places.into_iter().enumerate().map(tensor).collect())
    }

    /// Why `tensors` gave None.
    fn fault<T: Element>(&self) -> PyResult<PyErr> {
        let (mut written, mut read) = (Vec::new(), Vec::new());
        for (i, param) in self.params.iter().enumerate() {
            let param = Arg::float(self.func, self.names[0], param)?;
            param.slice::<T>()?;
            if let Some((indices, values, _)) = self.grads[i].table(&param, self.names[1])? {
                read.extend([indices, values]);
            } else {
                let grad = Arg::like(&param, self.names[1], &self.grads[i].values)?;
                grad.expect_shape(&param.shape)?;
                grad.slice::<T>()?;
                read.push(grad);
            }
            for (name, array) in self.written(i) {
                let array = Arg::like(&param, name, array)?;
                array.expect_shape(&param.shape)?;
                // SAFETY: the slice is dropped at once.
                unsafe { array.slice_mut::<T>()? };
                written.push(array);
            }
        }
        check_disjoint(&written, &read)?;
        Ok(PyRuntimeError::new_err(format!("{}: arrays changed during the call", self.func)))
    }

    pub fn with<T: Element, const S: usize>(
        &self,
        py: Python<'_>,
        step: impl FnOnce(Around, &mut [Tensor<'_, T, S>]) + Send,
    ) -> PyResult<()> {
        let Some(mut tensors) = self.tensors::<T, S>() else {
            return Err(self.fault::<T>()?);
        };
        let total: usize = tensors.iter().map(|t| t.parameter.len()).sum();
        let around = self.around;
        run(py, self.func, total * 4, || step(around, &mut tensors))
    }

    /// Borrows everything, checks it, and runs the update. All arrays are of one float type.
    pub fn step<T: Float + Element, U: Update<T, S>, const S: usize>(
        &self,
        py: Python<'_>,
        update: &U,
    ) -> PyResult<()> {
        self.with::<T, S>(py, |around, tensors| {
            apply(update, around, tensors);
        })
    }

    pub fn first(&self) -> PyResult<Option<Arg<'_>>> {
        self.params.first().map(|p| Arg::float(self.func, self.names[0], p)).transpose()
    }

    /// An error where rows of a gradient are lazy: for rules that look at a whole tensor.
    pub fn refuse_lazy(&self) -> PyResult<()> {
        if self.grads.iter().any(|grad| matches!(grad.rows, Some((_, true)))) {
            return Err(PyValueError::new_err(format!("{}: expected rows of a gradient not to be lazy", self.func)));
        }
        Ok(())
    }

    pub fn count_from_one(&self, step: u64) -> PyResult<()> {
        if step == 0 {
            return Err(PyValueError::new_err(format!("{}: expected step to count from 1, got 0", self.func)));
        }
        Ok(())
    }
}
