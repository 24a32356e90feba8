//! The process itself: threads, instruction set, memory pool.

use neuroxide_kernels::{simd, threads};
use pyo3::exceptions::PyValueError;
use pyo3::prelude::*;
use pyo3::types::PyDict;

use crate::array::{Dtype, output_as};
use crate::buffers;
use crate::sequence::sizes;

/// Threads that kernels may use, the caller included.
#[pyfunction]
fn get_num_threads() -> usize {
    threads::num_threads()
}

/// Sets the number of threads; results stay the same to the bit.
#[pyfunction]
fn set_num_threads(n: usize) -> PyResult<()> {
    if n == 0 || n > threads::MAX_THREADS {
        return Err(PyValueError::new_err(format!(
            "set_num_threads: expected 1 to {} threads, got {n}",
            threads::MAX_THREADS
        )));
    }
    threads::set_num_threads(n);
    Ok(())
}

/// The instruction-set level in use: baseline, avx2 or avx512.
#[pyfunction]
fn isa() -> &'static str {
    simd::level().name()
}

/// Returns the memory that the output pool keeps for reuse to the system.
#[pyfunction]
fn empty_cache() {
    buffers::empty();
}

/// Counters of the output pool.
#[pyfunction]
fn pool_stats(py: Python<'_>) -> PyResult<Bound<'_, PyDict>> {
    let stats = buffers::stats();
    let dict = PyDict::new(py);
    dict.set_item("system_allocations", stats.system_allocations)?;
    dict.set_item("reuses", stats.reuses)?;
    dict.set_item("cached_bytes", stats.cached_bytes)?;
    dict.set_item("live_bytes", stats.live_bytes)?;
    Ok(dict)
}

/// An array of the pool, its contents unspecified.
#[pyfunction]
fn empty<'py>(py: Python<'py>, shape: &Bound<'py, PyAny>, dtype: &str) -> PyResult<Bound<'py, PyAny>> {
    let shape = sizes("empty", "shape", shape)?;
    let dtype = Dtype::from_name("empty", dtype)?;
    Ok(output_as(py, "empty", &shape, dtype)?.0)
}

pub fn register(m: &Bound<'_, PyModule>) -> PyResult<()> {
    m.add_function(wrap_pyfunction!(get_num_threads, m)?)?;
    m.add_function(wrap_pyfunction!(set_num_threads, m)?)?;
    m.add_function(wrap_pyfunction!(isa, m)?)?;
    m.add_function(wrap_pyfunction!(empty_cache, m)?)?;
    m.add_function(wrap_pyfunction!(pool_stats, m)?)?;
    m.add_function(wrap_pyfunction!(empty, m)?)?;
    Ok(())
}
