//! Numbers as another type.

use neuroxide_kernels::elementwise::{Cast, cast as convert};
use pyo3::exceptions::PyTypeError;
use pyo3::prelude::*;

use super::add_functions;
use crate::array::{Arg, Dtype, Element, output_as, output_bool, run};
use crate::with_float;

/// Runs the body with `$A` standing for the element type of `$arg`.
macro_rules! with_number {
    ($dtype:expr, $A:ident => $body:expr) => {
        match $dtype {
            Dtype::Bool | Dtype::U8 => {
                type $A = u8;
                $body
            }
            Dtype::I8 => {
                type $A = i8;
                $body
            }
            Dtype::I16 => {
                type $A = i16;
                $body
            }
            Dtype::U16 => {
                type $A = u16;
                $body
            }
            Dtype::I32 => {
                type $A = i32;
                $body
            }
            Dtype::U32 => {
                type $A = u32;
                $body
            }
            Dtype::I64 => {
                type $A = i64;
                $body
            }
            Dtype::U64 => {
                type $A = u64;
                $body
            }
            Dtype::F32 => {
                type $A = f32;
                $body
            }
            Dtype::F64 => {
                type $A = f64;
                $body
            }
        }
    };
}

/// Numbers as another type: to or from a float type.
#[pyfunction]
fn cast<'py>(py: Python<'py>, x: &Bound<'py, PyAny>, dtype: &str) -> PyResult<Bound<'py, PyAny>> {
    let x = Arg::new("cast", "x", x)?;
    let to = Dtype::from_name("cast", dtype)?;
    let float = |d| matches!(d, Dtype::F32 | Dtype::F64);
    if to == Dtype::Bool && float(x.dtype) {
        return with_float!(x, T => {
            let values = x.slice::<T>()?;
            let (array, y) = output_bool(py, "cast", &x.shape)?;
            run(py, "cast", y.len(), || {
                for (to, from) in y.iter_mut().zip(values) {
                    *to = u8::from(*from != 0.0);
                }
            })?;
            Ok(array)
        });
    }
    if !float(to) && !float(x.dtype) {
        return Err(PyTypeError::new_err(format!(
            "cast: expected x or the target to be float32 or float64, got {} to {}",
            x.dtype.name(),
            to.name()
        )));
    }
    if float(to) {
        with_number!(x.dtype, A => match to {
            Dtype::F32 => cast_to::<A, f32>(py, &x),
            _ => cast_to::<A, f64>(py, &x),
        })
    } else {
        with_float!(x, A => with_number!(to, B => cast_to::<A, B>(py, &x)))
    }
}

fn cast_to<'py, A: Element + Cast<B>, B: Element>(py: Python<'py>, x: &Arg<'_>) -> PyResult<Bound<'py, PyAny>> {
    let values = x.slice::<A>()?;
    let (array, data, len) = output_as(py, "cast", &x.shape, B::DTYPE)?;
    let y = {
        // SAFETY: `len` initialised elements of B's size, in memory that only the new array refers to.
        unsafe { std::slice::from_raw_parts_mut(data.cast::<B>().as_ptr(), len) }
    };
    run(py, "cast", len, || convert(values, y))?;
    Ok(array)
}

pub fn register(m: &Bound<'_, PyModule>) -> PyResult<()> {
    add_functions!(m, cast);
    Ok(())
}
