//! Borrowing arrays from Python and making output arrays: the helpers every binding uses.
//!
//! An argument is borrowed for the length of one call. As with NumPy itself, a thread that writes to an
//! array while a kernel reads it gets garbage numbers; shapes are copied, so lengths stay right.

mod call;
mod dtype;
mod overlap;

use std::fmt;
use std::marker::PhantomData;
use std::os::raw::c_int;
use std::ptr::NonNull;

use numpy::npyffi::{self, NpyTypes, PY_ARRAY_API, PyArrayObject};
use pyo3::exceptions::{PyTypeError, PyValueError};
use pyo3::prelude::*;

use crate::buffers;

pub use call::{install_interrupt_probe, run};
pub use dtype::{Dtype, Element};
pub use overlap::{check_disjoint, overlapping};

/// The most dimensions an array may have here.
pub const MAX_DIMS: usize = 16;

/// Below this many bytes an output lies in NumPy's own small-block cache.
const POOL_FROM: usize = 1024;

/// Shape of an argument, copied out of the array.
#[derive(Clone, Copy)]
pub struct Shape {
    ndim: usize,
    dims: [usize; MAX_DIMS],
}

impl std::ops::Deref for Shape {
    type Target = [usize];
    fn deref(&self) -> &[usize] {
        &self.dims[..self.ndim]
    }
}

/// Prints as Python prints a shape: `(2, 3)`, `(2,)`, `()`.
impl fmt::Display for Shape {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&shape_text(self))
    }
}

pub fn shape_text(shape: &[usize]) -> String {
    match shape {
        [one] => format!("({one},)"),
        dims => format!("({})", dims.iter().map(usize::to_string).collect::<Vec<_>>().join(", ")),
    }
}

/// A C-contiguous, aligned, native-endian array argument, borrowed for one call.
#[derive(Clone, Copy)]
pub struct Arg<'a> {
    pub func: &'static str,
    pub name: &'static str,
    pub dtype: Dtype,
    pub shape: Shape,
    len: usize,
    data: NonNull<u8>,
    writable: bool,
    borrow: PhantomData<&'a ()>,
}

fn as_array(obj: &Bound<'_, PyAny>) -> Option<*mut PyArrayObject> {
    // SAFETY: `obj` is a live object; the check only reads its type.
    let is_array = unsafe { npyffi::PyArray_Check(obj.py(), obj.as_ptr()) } != 0;
    is_array.then(|| obj.as_ptr().cast())
}

/// True for an ndarray (or a subclass), whatever its dtype: how a binding tells an array from a scalar.
pub fn is_array(obj: &Bound<'_, PyAny>) -> bool {
    as_array(obj).is_some()
}

impl<'a> Arg<'a> {
    pub fn new(func: &'static str, name: &'static str, obj: &'a Bound<'_, PyAny>) -> PyResult<Arg<'a>> {
        let Some(array) = as_array(obj) else {
            return Err(PyTypeError::new_err(format!(
                "{func}: expected {name} to be a NumPy array, got {}",
                type_name(obj)
            )));
        };
        // SAFETY: `array` is a live ndarray (checked above); its fields are read with the GIL held.
        let (data, ndim, dims, descr, flags) = unsafe {
            let a = &*array;
            (a.data, a.nd as usize, a.dimensions, &*a.descr, a.flags)
        };
        let dtype = match Dtype::from_type_num(descr.type_num) {
            Some(dtype) if matches!(descr.byteorder as u8, b'=' | b'|') => dtype,
            _ => {
                return Err(PyTypeError::new_err(format!(
                    "{func}: expected {name} to hold float32, float64, integers or booleans in the machine's byte order, \
                     got dtype {}; convert it with astype",
                    obj.getattr("dtype")?
                )));
            }
        };
        if ndim > MAX_DIMS {
            return Err(PyValueError::new_err(format!(
                "{func}: expected {name} to have at most {MAX_DIMS} dimensions, got {ndim}"
            )));
        }
        let mut shape = Shape { ndim, dims: [0; MAX_DIMS] };
        for (i, dim) in shape.dims[..ndim].iter_mut().enumerate() {
            // SAFETY: NumPy keeps `nd` dimensions, none negative.
            *dim = unsafe { *dims.add(i) } as usize;
        }
        let wanted = npyffi::NPY_ARRAY_C_CONTIGUOUS | npyffi::NPY_ARRAY_ALIGNED;
        if flags & wanted != wanted {
            return Err(PyValueError::new_err(format!(
                "{func}: expected {name} to be C-contiguous and aligned, got a strided view of shape {shape}; pass np.ascontiguousarray({name})"
            )));
        }
        let len = shape.iter().product();
        let data = if len == 0 {
            NonNull::<u64>::dangling().cast()
        } else {
            NonNull::new(data.cast()).unwrap_or(NonNull::<u64>::dangling().cast())
        };
        let writable = flags & npyffi::NPY_ARRAY_WRITEABLE != 0;
        Ok(Arg { func, name, dtype, shape, len, data, writable, borrow: PhantomData })
    }

    /// As [`Arg::new`], for float32 and float64 only.
    pub fn float(func: &'static str, name: &'static str, obj: &'a Bound<'_, PyAny>) -> PyResult<Arg<'a>> {
        let arg = Arg::new(func, name, obj)?;
        match arg.dtype {
            Dtype::F32 | Dtype::F64 => Ok(arg),
            _ => Err(arg.wrong_dtype("a float32 or float64 array")),
        }
    }

    /// As [`Arg::new`], and of the dtype of `like`.
    pub fn like(like: &Arg<'_>, name: &'static str, obj: &'a Bound<'_, PyAny>) -> PyResult<Arg<'a>> {
        let arg = Arg::new(like.func, name, obj)?;
        if arg.dtype != like.dtype {
            return Err(arg.wrong_dtype(&format!("a {} array as {} is", like.dtype.name(), like.name)));
        }
        Ok(arg)
    }

    pub fn len(&self) -> usize {
        self.len
    }

    pub fn ndim(&self) -> usize {
        self.shape.ndim
    }

    /// The elements; an error where the dtype is not `T`'s.
    pub fn slice<T: Element>(&self) -> PyResult<&'a [T]> {
        if !T::accepts(self.dtype) {
            return Err(self.wrong_dtype(&format!("a {} array", T::DTYPE.name())));
        }
        // SAFETY: contiguous, aligned, `len` elements of T's size (checked in `new` and above), alive for 'a.
        Ok(unsafe { std::slice::from_raw_parts(self.data.cast().as_ptr(), self.len) })
    }

    /// The elements, to be written. An error for a read-only array.
    ///
    /// # Safety
    /// No other slice of this call overlaps it: the caller has run [`check_disjoint`] over all arguments.
    pub unsafe fn slice_mut<T: Element>(&self) -> PyResult<&'a mut [T]> {
        if !T::accepts(self.dtype) {
            return Err(self.wrong_dtype(&format!("a {} array", T::DTYPE.name())));
        }
        if !self.writable {
            return Err(PyValueError::new_err(format!(
                "{}: expected {} to be writable, got a read-only array",
                self.func, self.name
            )));
        }
        // SAFETY: as `slice`; no overlap by this function's contract.
        Ok(unsafe { std::slice::from_raw_parts_mut(self.data.cast().as_ptr(), self.len) })
    }

    /// The addresses of the elements.
    pub fn bytes(&self) -> std::ops::Range<usize> {
        let start = self.data.as_ptr() as usize;
        start..start + self.len * self.dtype.size()
    }

    pub fn wrong_dtype(&self, expected: &str) -> PyErr {
        PyTypeError::new_err(format!(
            "{}: expected {} to be {expected}, got {}",
            self.func,
            self.name,
            self.dtype.name()
        ))
    }

    /// `func: expected NAME of shape EXPECTED, got (…)`.
    pub fn wrong_shape(&self, expected: &str) -> PyErr {
        PyValueError::new_err(format!("{}: expected {} of shape {expected}, got {}", self.func, self.name, self.shape))
    }

    /// An error unless the argument has exactly this shape.
    pub fn expect_shape(&self, shape: &[usize]) -> PyResult<()> {
        if &*self.shape == shape { Ok(()) } else { Err(self.wrong_shape(&shape_text(shape))) }
    }
}

/// Address and length where `obj` is an array of `T` that [`Arg`] would take, of the shape of `like`, and writable where
/// asked: for calls over hundreds of small arrays. None says nothing; [`Arg`] tells what is wrong.
///
/// # Safety
/// The address may be used while `obj` lives and nobody resizes it, as with [`Arg`]; to be written only where
/// [`overlapping`] found no overlap.
pub unsafe fn quick<T: Element>(
    obj: &Bound<'_, PyAny>,
    like: &Bound<'_, PyAny>,
    writable: bool,
) -> Option<(NonNull<T>, usize)> {
    let (array, like) = (as_array(obj)?, as_array(like)?);
    // SAFETY: both are live ndarrays (checked above); their fields are read with the GIL held.
    let (a, descr, dims, like_dims) = unsafe {
        let (a, b) = (&*array, &*like);
        let dims = |x: &PyArrayObject| match x.nd {
            0 => &[][..],
            // NumPy keeps `nd` dimensions where there are any.
            nd => std::slice::from_raw_parts(x.dimensions, nd as usize),
        };
        (a, &*a.descr, dims(a), dims(b))
    };
    let wanted = npyffi::NPY_ARRAY_C_CONTIGUOUS
        | npyffi::NPY_ARRAY_ALIGNED
        | if writable { npyffi::NPY_ARRAY_WRITEABLE } else { 0 };
    let fits = T::accepts(Dtype::from_type_num(descr.type_num)?)
        && matches!(descr.byteorder as u8, b'=' | b'|')
        && a.flags & wanted == wanted
        && dims == like_dims
        && dims.len() <= MAX_DIMS;
    if !fits {
        return None;
    }
    let len = dims.iter().map(|&d| d as usize).product();
    let data = if len == 0 { Some(NonNull::dangling()) } else { NonNull::new(a.data.cast()) };
    Some((data?, len))
}

pub fn type_name(obj: &Bound<'_, PyAny>) -> String {
    obj.get_type().name().map_or_else(|_| "an object".into(), |n| n.to_string())
}

/// Number of elements of `shape`, or an error where it does not fit.
pub fn checked_len(func: &str, shape: &[usize], item: usize) -> PyResult<usize> {
    let too_big = || PyValueError::new_err(format!("{func}: an array of shape {} is too large", shape_text(shape)));
    // Zero dimensions do not excuse an absurd product of the others: NumPy refuses those too.
    let extent = shape.iter().filter(|&&d| d != 0).try_fold(item, |n, &d| n.checked_mul(d)).ok_or_else(too_big)?;
    if extent > isize::MAX as usize {
        return Err(too_big());
    }
    Ok(shape.iter().product())
}

/// A fresh array and its elements, all initialised (to anything).
pub fn output<'py, T: Element>(
    py: Python<'py>,
    func: &str,
    shape: &[usize],
) -> PyResult<(Bound<'py, PyAny>, &'py mut [T])> {
    let (array, data, len) = output_as(py, func, shape, T::DTYPE)?;
    // SAFETY: `len` initialised elements of T's size, in memory that only the new array refers to.
    Ok((array, unsafe { std::slice::from_raw_parts_mut(data.cast().as_ptr(), len) }))
}

/// A fresh boolean array and its bytes; write only 0 and 1.
pub fn output_bool<'py>(py: Python<'py>, func: &str, shape: &[usize]) -> PyResult<(Bound<'py, PyAny>, &'py mut [u8])> {
    let (array, data, len) = output_as(py, func, shape, Dtype::Bool)?;
    let bytes = {
        // SAFETY: as in `output`, one byte an element.
        unsafe { std::slice::from_raw_parts_mut(data.as_ptr(), len) }
    };
    Ok((array, bytes))
}

/// A fresh array of any dtype, its address and length in elements.
pub fn output_as<'py>(
    py: Python<'py>,
    func: &str,
    shape: &[usize],
    dtype: Dtype,
) -> PyResult<(Bound<'py, PyAny>, NonNull<u8>, usize)> {
    let len = checked_len(func, shape, dtype.size())?;
    if shape.len() > MAX_DIMS {
        return Err(PyValueError::new_err(format!(
            "{func}: expected at most {MAX_DIMS} dimensions, got {}",
            shape.len()
        )));
    }
    let bytes = len * dtype.size();
    let mut dims = [0 as npyffi::npy_intp; MAX_DIMS];
    for (to, &from) in dims.iter_mut().zip(shape) {
        *to = from as npyffi::npy_intp;
    }
    let (memory, owner) = if bytes < POOL_FROM {
        (std::ptr::null_mut(), None)
    } else {
        let (memory, owner) = buffers::allocate(py, func, bytes)?;
        (memory.as_ptr(), Some(owner))
    };
    // SAFETY: dims holds `ndim` sizes; `memory` is null (NumPy allocates) or `bytes` long and kept alive by `owner`,
    // which becomes the array's base (SetBaseObject steals the reference, also when it fails).
    unsafe {
        let subtype = npyffi::get_type_object(py, NpyTypes::PyArray_Type);
        let array = PY_ARRAY_API.PyArray_New(
            py,
            subtype,
            shape.len() as c_int,
            dims.as_mut_ptr(),
            dtype.type_num(),
            std::ptr::null_mut(),
            memory.cast(),
            0,
            if memory.is_null() { 0 } else { npyffi::NPY_ARRAY_CARRAY },
            std::ptr::null_mut(),
        );
        let bound = Bound::from_owned_ptr_or_err(py, array)?;
        if let Some(owner) = owner
            && PY_ARRAY_API.PyArray_SetBaseObject(py, array.cast(), owner.into_ptr()) < 0
        {
            return Err(PyErr::fetch(py));
        }
        let data = NonNull::new((*array.cast::<PyArrayObject>()).data.cast::<u8>())
            .unwrap_or(NonNull::<u64>::dangling().cast());
        if bytes < POOL_FROM {
            // NumPy's small blocks come uninitialised, and a slice must not.
            data.as_ptr().write_bytes(0, bytes);
        }
        Ok((bound, data, len))
    }
}

/// Runs the body with `$T` standing for the argument's float type.
#[macro_export]
macro_rules! with_float {
    ($arg:expr, $T:ident => $body:expr) => {
        match $arg.dtype {
            $crate::array::Dtype::F32 => {
                type $T = f32;
                $body
            }
            $crate::array::Dtype::F64 => {
                type $T = f64;
                $body
            }
            _ => Err($arg.wrong_dtype("a float32 or float64 array")),
        }
    };
}
