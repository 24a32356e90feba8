//! Running a kernel: the GIL, signals, panics.

use std::any::Any;
use std::cell::Cell;
use std::panic::{AssertUnwindSafe, catch_unwind};

use neuroxide_kernels::scratch::OutOfMemory;
use neuroxide_kernels::threads;
use pyo3::exceptions::{PyKeyboardInterrupt, PyMemoryError, PyRuntimeError};
use pyo3::prelude::*;

/// Rough number of scalar operations (about 20 µs) from which the GIL is released.
const RELEASE_FROM: usize = 100_000;

thread_local! {
    static PENDING: Cell<Option<PyErr>> = const { Cell::new(None) };
}

/// Asked by the thread pool between parts of a long kernel: has a signal handler raised?
fn interrupt_probe() -> bool {
    Python::try_attach(|py| match py.check_signals() {
        Ok(()) => false,
        Err(raised) => {
            PENDING.set(Some(raised));
            true
        }
    })
    .unwrap_or(false)
}

pub fn install_interrupt_probe() {
    threads::set_interrupt_probe(interrupt_probe);
}

/// Runs a kernel: without the GIL where `work` (rough number of scalar operations) is worth it.
/// A signal that came meanwhile is raised; want of memory becomes a `MemoryError`, any other panic a `RuntimeError`.
pub fn run<R: Send>(py: Python<'_>, func: &str, work: usize, kernel: impl FnOnce() -> R + Send) -> PyResult<R> {
    let kernel = || catch_unwind(AssertUnwindSafe(kernel));
    let result = if work < RELEASE_FROM { kernel() } else { py.detach(kernel) };
    if threads::interrupted() {
        return Err(PENDING.take().unwrap_or_else(|| PyKeyboardInterrupt::new_err(())));
    }
    result.map_err(|payload| error_of(func, payload.as_ref()))
}

fn error_of(func: &str, payload: &(dyn Any + Send)) -> PyErr {
    if let Some(OutOfMemory { bytes }) = payload.downcast_ref() {
        return PyMemoryError::new_err(format!("{func}: cannot allocate {bytes} bytes for intermediate results"));
    }
    PyRuntimeError::new_err(format!("{func}: internal error in a kernel (a bug in neuroxide, please report it)"))
}
