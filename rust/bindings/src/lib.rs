//! Python bindings: NumPy arrays in, NumPy arrays out, no maths.

mod activation;
mod array;
mod average_precision;
mod bleu;
mod boxes;
mod buffers;
mod category;
mod chrf;
mod ctc;
mod decoding;
mod edit_distance;
mod elementwise;
mod fingerprint;
mod gemm;
mod kmeans;
mod loss;
mod nms;
mod norm;
mod optimizer;
mod probe;
mod random;
mod reduce;
mod rle;
mod roi;
mod rows;
mod sequence;
mod softmax;
mod system;
mod topk;

use neuroxide_kernels::{simd, threads};
use pyo3::exceptions::PyImportError;
use pyo3::prelude::*;

#[pymodule(gil_used = true)]
fn _core(m: &Bound<'_, PyModule>) -> PyResult<()> {
    let asked = std::env::var("NEUROXIDE_ISA").ok();
    simd::resolve(asked.as_deref()).map_err(PyImportError::new_err)?;
    let asked = std::env::var("NEUROXIDE_NUM_THREADS").ok();
    threads::resolve(asked.as_deref()).map_err(PyImportError::new_err)?;
    array::install_interrupt_probe();
    m.add("__version__", env!("CARGO_PKG_VERSION"))?;
    gemm::register(m)?;
    probe::register(m)?;
    bleu::register(m)?;
    boxes::register(m)?;
    chrf::register(m)?;
    edit_distance::register(m)?;
    kmeans::register(m)?;
    nms::register(m)?;
    elementwise::register(m)?;
    activation::register(m)?;
    ctc::register(m)?;
    decoding::register(m)?;
    topk::register(m)?;
    average_precision::register(m)?;
    rle::register(m)?;
    roi::register(m)?;
    system::register(m)?;
    reduce::register(m)?;
    softmax::register(m)?;
    loss::register(m)?;
    norm::register(m)?;
    optimizer::register(m)?;
    random::register(m)?;
    rows::register(m)?;
    category::register(m)?;
    fingerprint::register(m)?;
    Ok(())
}
