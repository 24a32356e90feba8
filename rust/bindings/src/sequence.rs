//! Tuples and lists as arguments: shapes, axes, lists of arrays.
//!
//! PyO3's own `Vec<T>` reserves what `__len__` claims, and an object that claims 2^40 items aborts the process;
//! so bindings take `&Bound<PyAny>` and read it here.

use pyo3::exceptions::{PyTypeError, PyValueError};
use pyo3::prelude::*;
use pyo3::types::{PyList, PyString, PyTuple};

use crate::array::type_name;

/// The members of a tuple or list; `what` they should be is for the message.
pub fn items<'py>(func: &str, name: &str, what: &str, obj: &Bound<'py, PyAny>) -> PyResult<Vec<Bound<'py, PyAny>>> {
    if let Ok(tuple) = obj.cast::<PyTuple>() {
        Ok(tuple.iter().collect())
    } else if let Ok(list) = obj.cast::<PyList>() {
        Ok(list.iter().collect())
    } else {
        Err(PyTypeError::new_err(format!(
            "{func}: expected {name} to be a tuple or list of {what}, got {}",
            type_name(obj)
        )))
    }
}

/// Whole numbers of either sign, as axes are.
pub fn integers(func: &str, name: &str, obj: &Bound<'_, PyAny>) -> PyResult<Vec<isize>> {
    let whole = |item: Bound<'_, PyAny>| {
        item.extract::<isize>().map_err(|error| {
            if error.is_instance_of::<PyTypeError>(obj.py()) {
                PyTypeError::new_err(format!("{func}: expected {name} to hold whole numbers, got {}", type_name(&item)))
            } else {
                PyValueError::new_err(format!("{func}: expected {name} to hold whole numbers below 2**63, got another"))
            }
        })
    };
    items(func, name, "whole numbers", obj)?.into_iter().map(whole).collect()
}

/// Sizes of an array's dimensions: whole numbers from zero up.
pub fn sizes(func: &str, name: &str, obj: &Bound<'_, PyAny>) -> PyResult<Vec<usize>> {
    let size = |n: isize| {
        usize::try_from(n)
            .map_err(|_| PyValueError::new_err(format!("{func}: expected {name} to hold sizes of 0 or more, got {n}")))
    };
    integers(func, name, obj)?.into_iter().map(size).collect()
}

/// Texts.
pub fn strings(func: &str, name: &str, obj: &Bound<'_, PyAny>) -> PyResult<Vec<String>> {
    let text = |item: Bound<'_, PyAny>| {
        item.extract::<String>().map_err(|_| {
            PyTypeError::new_err(format!("{func}: expected {name} to hold strings, got {}", type_name(&item)))
        })
    };
    items(func, name, "strings", obj)?.into_iter().map(text).collect()
}

/// Texts that are read where they lie, without a copy; [`borrowed`] gives what is in them.
pub fn texts<'py>(func: &str, name: &str, obj: &Bound<'py, PyAny>) -> PyResult<Vec<Bound<'py, PyString>>> {
    let text = |(i, item): (usize, Bound<'py, PyAny>)| {
        item.cast_into::<PyString>().map_err(|e| not_text(func, name, i, &e.into_inner()))
    };
    items(func, name, "strings", obj)?.into_iter().enumerate().map(text).collect()
}

/// As [`texts`], with None where there is none.
pub fn optional_texts<'py>(
    func: &str,
    name: &str,
    obj: &Bound<'py, PyAny>,
) -> PyResult<Vec<Option<Bound<'py, PyString>>>> {
    let text = |(i, item): (usize, Bound<'py, PyAny>)| match item.is_none() {
        true => Ok(None),
        false => item.cast_into::<PyString>().map(Some).map_err(|e| not_text(func, name, i, &e.into_inner())),
    };
    items(func, name, "strings", obj)?.into_iter().enumerate().map(text).collect()
}

fn not_text(func: &str, name: &str, i: usize, item: &Bound<'_, PyAny>) -> PyErr {
    PyTypeError::new_err(format!("{func}: expected {name} to hold strings, got {} at {i}", type_name(item)))
}

/// What is in a text; an error for one with half a surrogate pair, which no encoding has.
pub fn borrowed<'a>(func: &str, name: &str, i: usize, text: &'a Bound<'_, PyString>) -> PyResult<&'a str> {
    text.to_str().map_err(|_| {
        PyValueError::new_err(format!(
            "{func}: expected {name} to hold valid Unicode, got half a surrogate pair at {i}; read files with errors=\"replace\""
        ))
    })
}
