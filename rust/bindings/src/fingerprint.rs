//! Hashes of texts.

use neuroxide_kernels::fingerprint as kernel;
use pyo3::exceptions::PyTypeError;
use pyo3::prelude::*;
use pyo3::types::{PyBytes, PyString};

use crate::array::{output, run, type_name};
use crate::elementwise::add_functions;
use crate::sequence::items;

/// A 64-bit hash of each text (a string, as UTF-8, or bytes): SipHash-2-4 with a key, else FarmHash's Fingerprint64.
#[pyfunction]
#[pyo3(signature = (texts, key=None))]
fn fingerprints<'py>(
    py: Python<'py>,
    texts: &Bound<'py, PyAny>,
    key: Option<(u64, u64)>,
) -> PyResult<Bound<'py, PyAny>> {
    const FUNC: &str = "fingerprints";
    let texts = items(FUNC, "texts", "strings", texts)?;
    let mut bytes = Vec::with_capacity(texts.len());
    for text in &texts {
        bytes.push(if let Ok(text) = text.cast::<PyString>() {
            text.to_str()?.as_bytes()
        } else if let Ok(text) = text.cast::<PyBytes>() {
            text.as_bytes()
        } else {
            return Err(PyTypeError::new_err(format!(
                "{FUNC}: expected texts to hold strings or bytes, got {}",
                type_name(text)
            )));
        });
    }
    let (array, y) = output::<u64>(py, FUNC, &[texts.len()])?;
    let work = bytes.iter().map(|text| text.len() + 20).sum();
    run(py, FUNC, work, || kernel::fingerprints(&bytes, key.map(|(k0, k1)| [k0, k1]), y))?;
    Ok(array)
}

pub fn register(m: &Bound<'_, PyModule>) -> PyResult<()> {
    add_functions!(m, fingerprints);
    Ok(())
}
