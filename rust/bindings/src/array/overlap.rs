//! Which arguments share memory.

use std::ops::Range;

use pyo3::exceptions::PyValueError;
use pyo3::prelude::*;

use super::Arg;

/// The first item, by address, that meets another one where either is written; `span` gives an item's addresses and
/// whether it is written. Sorts the items.
pub fn overlapping<T>(items: &mut [T], span: impl Fn(&T) -> (Range<usize>, bool)) -> Option<&T> {
    items.sort_unstable_by_key(|item| span(item).0.start);
    // The furthest end so far, among all and among the written ones: enough to see every overlap with a written range.
    let (mut end_all, mut end_written) = (0, 0);
    items.iter().find(|item| {
        let (range, is_written) = span(item);
        if range.is_empty() {
            return false;
        }
        let meets = range.start < if is_written { end_all } else { end_written };
        end_all = end_all.max(range.end);
        if is_written {
            end_written = end_written.max(range.end);
        }
        meets
    })
}

/// An error where an array that is written overlaps any other argument of the call.
pub fn check_disjoint(written: &[Arg<'_>], read: &[Arg<'_>]) -> PyResult<()> {
    let mut args: Vec<_> = written.iter().map(|arg| (arg, true)).chain(read.iter().map(|arg| (arg, false))).collect();
    match overlapping(&mut args, |(arg, is_written)| (arg.bytes(), *is_written)) {
        None => Ok(()),
        Some((arg, _)) => Err(PyValueError::new_err(format!(
            "{}: expected arrays that are updated in place to share no memory with other arguments, but {} overlaps another",
            arg.func, arg.name
        ))),
    }
}
