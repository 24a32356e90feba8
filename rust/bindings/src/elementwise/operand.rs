//! Operands of element-wise functions: arrays and numbers, and the shape they broadcast to.

use neuroxide_kernels::broadcast::broadcast_shape;
use neuroxide_kernels::simd::Float;
use pyo3::exceptions::{PyTypeError, PyValueError};
use pyo3::prelude::*;

use crate::array::{Arg, Dtype, Element, is_array, shape_text, type_name};

/// An operand: an array, or a number that takes the array's type.
pub enum Operand<'a> {
    Array(Arg<'a>),
    Number(f64),
}

impl<'a> Operand<'a> {
    pub fn new(func: &'static str, name: &'static str, obj: &'a Bound<'_, PyAny>) -> PyResult<Self> {
        if is_array(obj) {
            return Ok(Operand::Array(Arg::float(func, name, obj)?));
        }
        match obj.extract::<f64>() {
            Ok(value) => Ok(Operand::Number(value)),
            Err(error) if error.is_instance_of::<PyTypeError>(obj.py()) => Err(PyTypeError::new_err(format!(
                "{func}: expected {name} to be a NumPy array or a number, got {}",
                type_name(obj)
            ))),
            Err(_) => {
                Err(PyValueError::new_err(format!("{func}: expected {name} to be a number within float64's range")))
            }
        }
    }

    pub fn shape(&self) -> &[usize] {
        match self {
            Operand::Array(arg) => &arg.shape,
            Operand::Number(_) => &[],
        }
    }

    /// The elements; a number goes to `room` first.
    pub fn elements<'b, T: Float + Element>(&'b self, room: &'b mut T) -> PyResult<&'b [T]> {
        match self {
            Operand::Array(arg) => arg.slice::<T>(),
            Operand::Number(value) => {
                *room = T::from_f64(*value);
                Ok(std::slice::from_ref(room))
            }
        }
    }
}

/// Two operands of one type, and the shape they broadcast to.
pub struct Pair<'a> {
    pub func: &'static str,
    pub dtype: Dtype,
    pub a: Operand<'a>,
    pub b: Operand<'a>,
}

impl<'a> Pair<'a> {
    pub fn new(func: &'static str, a: &'a Bound<'_, PyAny>, b: &'a Bound<'_, PyAny>) -> PyResult<Self> {
        let a = Operand::new(func, "a", a)?;
        let b = Operand::new(func, "b", b)?;
        let dtype = common_dtype(func, &a, &b, "a", "b")?;
        Ok(Pair { func, dtype, a, b })
    }

    pub fn wrong_dtype(&self, expected: &str) -> PyErr {
        PyTypeError::new_err(format!("{}: expected {expected}", self.func))
    }

    pub fn shape(&self) -> PyResult<Dims> {
        let (a, b) = (self.a.shape(), self.b.shape());
        broadcast(self.func, [("a", a), ("b", b)])
    }
}

/// A shape without a heap.
pub struct Dims([usize; neuroxide_kernels::broadcast::MAX_DIMS], usize);

impl std::ops::Deref for Dims {
    type Target = [usize];
    fn deref(&self) -> &[usize] {
        &self.0[..self.1]
    }
}

pub fn broadcast<const N: usize>(func: &str, named: [(&str, &[usize]); N]) -> PyResult<Dims> {
    let Some((dims, n)) = broadcast_shape(named.map(|(_, shape)| shape)) else {
        let texts = named.map(|(name, shape)| format!("{name} {}", shape_text(shape)));
        return Err(PyValueError::new_err(format!(
            "{func}: expected shapes that broadcast (equal, or 1, from the last dimension on), got {}",
            texts.join(" and ")
        )));
    };
    Ok(Dims(dims, n))
}

pub fn common_dtype(func: &str, a: &Operand<'_>, b: &Operand<'_>, name_a: &str, name_b: &str) -> PyResult<Dtype> {
    match (a, b) {
        (Operand::Array(a), Operand::Array(b)) if a.dtype != b.dtype => Err(PyTypeError::new_err(format!(
            "{func}: expected {name_a} and {name_b} of one dtype, got {} and {}; cast one of them",
            a.dtype.name(),
            b.dtype.name()
        ))),
        (Operand::Array(arg), _) | (_, Operand::Array(arg)) => Ok(arg.dtype),
        _ => Err(PyTypeError::new_err(format!(
            "{func}: expected {name_a} or {name_b} to be a NumPy array, got two numbers"
        ))),
    }
}
