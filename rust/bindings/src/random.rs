//! Random arrays from (seed, stream).

use neuroxide_kernels::random::{self as kernel, Source};
use pyo3::exceptions::PyValueError;
use pyo3::prelude::*;

use crate::array::{Arg, Dtype, output, run};
use crate::elementwise::add_functions;
use crate::sequence::sizes;
use crate::with_float;

/// A float type asked for by name; stands where `with_float!` expects an argument.
pub struct Wanted {
    func: &'static str,
    pub dtype: Dtype,
}

impl Wanted {
    pub fn new(func: &'static str, name: &str) -> PyResult<Self> {
        Ok(Wanted { func, dtype: Dtype::from_name(func, name)? })
    }

    pub fn wrong_dtype(&self, expected: &str) -> PyErr {
        PyValueError::new_err(format!(
            "{}: expected dtype to be that of {expected}, got {}",
            self.func,
            self.dtype.name()
        ))
    }
}

macro_rules! distributions {
    ($($name:ident($a:ident, $b:ident) => $kernel:path, $work:literal, $rule:literal if $check:expr;)*) => {$(
        #[pyfunction]
        fn $name<'py>(
            py: Python<'py>,
            shape: &Bound<'py, PyAny>,
            $a: f64,
            $b: f64,
            seed: u64,
            stream: u64,
            dtype: &str,
        ) -> PyResult<Bound<'py, PyAny>> {
            let func = stringify!($name);
            let shape = sizes(func, "shape", shape)?;
            let wanted = Wanted::new(func, dtype)?;
            let fits: fn(f64, f64) -> bool = $check;
            if !($a.is_finite() && $b.is_finite() && fits($a, $b)) {
                return Err(PyValueError::new_err(format!("{func}: expected finite {}, got {} and {}", $rule, $a, $b)));
            }
            with_float!(wanted, T => {
                let (array, y) = output::<T>(py, func, &shape)?;
                run(py, func, y.len().saturating_mul($work), || $kernel(Source { seed, stream }, $a, $b, y))?;
                Ok(array)
            })
        }
    )*};
}

distributions! {
    random_uniform(low, high) => kernel::uniform, 4, "low ≤ high" if |low, high| low <= high;
    random_normal(mean, stddev) => kernel::normal, 20, "mean and stddev ≥ 0" if |_, stddev| stddev >= 0.0;
    truncated_normal(mean, stddev) => kernel::truncated_normal, 100, "mean and stddev ≥ 0" if |_, stddev| stddev >= 0.0;
}

/// `n` words of the generator.
#[pyfunction]
fn random_bits<'py>(py: Python<'py>, n: usize, seed: u64, stream: u64) -> PyResult<Bound<'py, PyAny>> {
    let (array, y) = output::<u32>(py, "random_bits", &[n])?;
    run(py, "random_bits", n * 4, || kernel::bits(Source { seed, stream }, y))?;
    Ok(array)
}

/// The numbers 0..n in random order.
#[pyfunction]
fn permutation<'py>(py: Python<'py>, n: usize, seed: u64, stream: u64) -> PyResult<Bound<'py, PyAny>> {
    let (array, y) = output::<i64>(py, "permutation", &[n])?;
    run(py, "permutation", n.saturating_mul(8), || kernel::permutation(Source { seed, stream }, y))?;
    Ok(array)
}

fn check_rate(func: &str, rate: f64) -> PyResult<()> {
    if (0.0..1.0).contains(&rate) {
        return Ok(());
    }
    Err(PyValueError::new_err(format!("{func}: expected rate from 0 to below 1, got {rate}")))
}

#[pyfunction]
fn dropout<'py>(
    py: Python<'py>,
    x: &Bound<'py, PyAny>,
    rate: f64,
    seed: u64,
    stream: u64,
) -> PyResult<Bound<'py, PyAny>> {
    let x = Arg::float("dropout", "x", x)?;
    check_rate("dropout", rate)?;
    with_float!(x, T => {
        let values = x.slice::<T>()?;
        let (array, y) = output::<T>(py, "dropout", &x.shape)?;
        run(py, "dropout", y.len() * 4, || kernel::dropout(Source { seed, stream }, rate, Some(values), y))?;
        Ok(array)
    })
}

/// Alpha dropout of x, or with `backward` its pull-back applied to x.
#[pyfunction]
fn alpha_dropout<'py>(
    py: Python<'py>,
    x: &Bound<'py, PyAny>,
    rate: f64,
    seed: u64,
    stream: u64,
    backward: bool,
) -> PyResult<Bound<'py, PyAny>> {
    const FUNC: &str = "alpha_dropout";
    let x = Arg::float(FUNC, "x", x)?;
    check_rate(FUNC, rate)?;
    with_float!(x, T => {
        let values = x.slice::<T>()?;
        let (array, y) = output::<T>(py, FUNC, &x.shape)?;
        run(py, FUNC, y.len() * 4, || kernel::alpha_dropout(Source { seed, stream }, rate, backward, values, y))?;
        Ok(array)
    })
}

#[pyfunction]
fn dropout_mask<'py>(
    py: Python<'py>,
    shape: &Bound<'py, PyAny>,
    rate: f64,
    seed: u64,
    stream: u64,
    dtype: &str,
) -> PyResult<Bound<'py, PyAny>> {
    const FUNC: &str = "dropout_mask";
    let shape = sizes(FUNC, "shape", shape)?;
    let wanted = Wanted::new(FUNC, dtype)?;
    check_rate(FUNC, rate)?;
    with_float!(wanted, T => {
        let (array, y) = output::<T>(py, FUNC, &shape)?;
        run(py, FUNC, y.len() * 4, || kernel::dropout::<T>(Source { seed, stream }, rate, None, y))?;
        Ok(array)
    })
}

pub fn register(m: &Bound<'_, PyModule>) -> PyResult<()> {
    add_functions!(
        m,
        random_uniform,
        random_normal,
        truncated_normal,
        random_bits,
        permutation,
        dropout,
        dropout_mask,
        alpha_dropout
    );
    Ok(())
}
