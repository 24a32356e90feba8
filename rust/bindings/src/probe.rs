//! The machine's limits, for benchmarks.

use neuroxide_kernels::probe::{self, MAX_SECONDS};
use neuroxide_kernels::threads::MAX_THREADS;
use pyo3::exceptions::PyValueError;
use pyo3::prelude::*;

use crate::array::run;

/// GFLOP/s of float32 multiply-adds at the instruction-set level in use.
#[pyfunction]
fn probe_fma(py: Python<'_>, seconds: f64, threads: usize) -> PyResult<f64> {
    if !(seconds > 0.0 && seconds <= MAX_SECONDS) {
        return Err(PyValueError::new_err(format!(
            "probe_fma: expected seconds to be more than 0 and at most {MAX_SECONDS}, got {seconds}"
        )));
    }
    if threads == 0 || threads > MAX_THREADS {
        return Err(PyValueError::new_err(format!("probe_fma: expected 1 to {} threads, got {threads}", MAX_THREADS)));
    }
    run(py, "probe_fma", usize::MAX, || probe::fma(seconds, threads))
}

/// GB/s of copying that many bytes, read plus written, on all threads.
#[pyfunction]
fn probe_stream(py: Python<'_>, bytes: usize, non_temporal: bool) -> PyResult<f64> {
    const MOST: usize = 1 << 30;
    if bytes == 0 || bytes > MOST {
        return Err(PyValueError::new_err(format!("probe_stream: expected 1 to {MOST} bytes, got {bytes}")));
    }
    run(py, "probe_stream", usize::MAX, || probe::stream(bytes, non_temporal))
}

pub fn register(m: &Bound<'_, PyModule>) -> PyResult<()> {
    m.add_function(wrap_pyfunction!(probe_fma, m)?)?;
    m.add_function(wrap_pyfunction!(probe_stream, m)?)?;
    Ok(())
}
