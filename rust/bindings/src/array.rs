//! Borrowing arrays from Python, making output arrays, releasing the GIL: the helpers every binding uses.
//!
//! An argument is borrowed for the length of one call. As with NumPy itself, a thread that writes to an
//! array while a kernel reads it gets garbage numbers; shapes are copied, so lengths stay right.

use std::cell::Cell;
use std::fmt;
use std::marker::PhantomData;
use std::os::raw::c_int;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::ptr::NonNull;

use neuroxide_kernels::threads;
use numpy::npyffi::{self, NPY_TYPES, NpyTypes, PY_ARRAY_API, PyArrayObject};
use pyo3::exceptions::{PyKeyboardInterrupt, PyRuntimeError, PyTypeError, PyValueError};
use pyo3::prelude::*;

use crate::buffers;

/// The most dimensions an array may have here.
pub const MAX_DIMS: usize = 16;

/// Below this many bytes an output lies in NumPy's own small-block cache.
const POOL_FROM: usize = 1024;

/// Rough number of scalar operations (about 20 µs) from which the GIL is released.
const RELEASE_FROM: usize = 100_000;

/// Element types that cross the border.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Dtype {
    Bool,
    I8,
    U8,
    I16,
    U16,
    I32,
    U32,
    I64,
    U64,
    F32,
    F64,
}

impl Dtype {
    pub fn name(self) -> &'static str {
        match self {
            Dtype::Bool => "bool",
            Dtype::I8 => "int8",
            Dtype::U8 => "uint8",
            Dtype::I16 => "int16",
            Dtype::U16 => "uint16",
            Dtype::I32 => "int32",
            Dtype::U32 => "uint32",
            Dtype::I64 => "int64",
            Dtype::U64 => "uint64",
            Dtype::F32 => "float32",
            Dtype::F64 => "float64",
        }
    }

    pub fn from_name(func: &str, name: &str) -> PyResult<Dtype> {
        const ALL: [Dtype; 11] = [
            Dtype::Bool,
            Dtype::I8,
            Dtype::U8,
            Dtype::I16,
            Dtype::U16,
            Dtype::I32,
            Dtype::U32,
            Dtype::I64,
            Dtype::U64,
            Dtype::F32,
            Dtype::F64,
        ];
        ALL.into_iter().find(|d| d.name() == name).ok_or_else(|| {
            PyValueError::new_err(format!(
                "{func}: expected dtype to be bool, an integer type, float32 or float64, got {name:?}"
            ))
        })
    }

    pub fn size(self) -> usize {
        match self {
            Dtype::Bool | Dtype::I8 | Dtype::U8 => 1,
            Dtype::I16 | Dtype::U16 => 2,
            Dtype::I32 | Dtype::U32 | Dtype::F32 => 4,
            Dtype::I64 | Dtype::U64 | Dtype::F64 => 8,
        }
    }

    fn from_type_num(num: c_int) -> Option<Dtype> {
        use NPY_TYPES::*;
        let long = size_of::<std::os::raw::c_long>();
        Some(match num {
            n if n == NPY_BOOL as c_int => Dtype::Bool,
            n if n == NPY_BYTE as c_int => Dtype::I8,
            n if n == NPY_UBYTE as c_int => Dtype::U8,
            n if n == NPY_SHORT as c_int => Dtype::I16,
            n if n == NPY_USHORT as c_int => Dtype::U16,
            n if n == NPY_INT as c_int => Dtype::I32,
            n if n == NPY_UINT as c_int => Dtype::U32,
            n if n == NPY_LONG as c_int => {
                if long == 8 {
                    Dtype::I64
                } else {
                    Dtype::I32
                }
            }
            n if n == NPY_ULONG as c_int => {
                if long == 8 {
                    Dtype::U64
                } else {
                    Dtype::U32
                }
            }
            n if n == NPY_LONGLONG as c_int => Dtype::I64,
            n if n == NPY_ULONGLONG as c_int => Dtype::U64,
            n if n == NPY_FLOAT as c_int => Dtype::F32,
            n if n == NPY_DOUBLE as c_int => Dtype::F64,
            _ => return None,
        })
    }

    fn type_num(self) -> c_int {
        (match self {
            Dtype::Bool => NPY_TYPES::NPY_BOOL,
            Dtype::I8 => NPY_TYPES::NPY_BYTE,
            Dtype::U8 => NPY_TYPES::NPY_UBYTE,
            Dtype::I16 => NPY_TYPES::NPY_SHORT,
            Dtype::U16 => NPY_TYPES::NPY_USHORT,
            Dtype::I32 => NPY_TYPES::NPY_INT,
            Dtype::U32 => NPY_TYPES::NPY_UINT,
            Dtype::I64 if size_of::<std::os::raw::c_long>() == 8 => NPY_TYPES::NPY_LONG,
            Dtype::U64 if size_of::<std::os::raw::c_long>() == 8 => NPY_TYPES::NPY_ULONG,
            Dtype::I64 => NPY_TYPES::NPY_LONGLONG,
            Dtype::U64 => NPY_TYPES::NPY_ULONGLONG,
            Dtype::F32 => NPY_TYPES::NPY_FLOAT,
            Dtype::F64 => NPY_TYPES::NPY_DOUBLE,
        }) as c_int
    }
}

/// A Rust type that an array may hold. Booleans are read as `u8` (NumPy stores 0 and 1, but a view may hold any byte).
///
/// # Safety
/// Every bit pattern is a value of the type, and `accepts` is true only for dtypes of the same size and meaning.
pub unsafe trait Element: Copy + Send + Sync + 'static {
    const DTYPE: Dtype;
    fn accepts(dtype: Dtype) -> bool {
        dtype == Self::DTYPE
    }
}

macro_rules! element {
    ($($type:ty => $dtype:ident),*) => {$(
        // SAFETY: plain numbers: every bit pattern is valid, and the dtype is the same type.
        unsafe impl Element for $type {
            const DTYPE: Dtype = Dtype::$dtype;
        }
    )*};
}
element!(i8 => I8, i16 => I16, u16 => U16, i32 => I32, u32 => U32, i64 => I64, u64 => U64, f32 => F32, f64 => F64);

// SAFETY: any byte is a u8, and NumPy's bool is one byte.
unsafe impl Element for u8 {
    const DTYPE: Dtype = Dtype::U8;
    fn accepts(dtype: Dtype) -> bool {
        matches!(dtype, Dtype::U8 | Dtype::Bool)
    }
}

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
                    "{func}: expected {name} to hold native-endian numbers of a supported type, got dtype {}",
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

/// Whether any range that is written (the flag) overlaps another one. Sorts the ranges.
pub fn overlapping(ranges: &mut [(std::ops::Range<usize>, bool)]) -> bool {
    ranges.sort_unstable_by_key(|(range, _)| range.start);
    // The furthest end so far, among all and among the written ones: enough to see every overlap with a written range.
    let (mut end_all, mut end_written) = (0, 0);
    ranges.iter().filter(|(range, _)| !range.is_empty()).any(|(range, is_written)| {
        let meets = range.start < if *is_written { end_all } else { end_written };
        end_all = end_all.max(range.end);
        if *is_written {
            end_written = end_written.max(range.end);
        }
        meets
    })
}

/// An error where an array that is written overlaps any other argument of the call.
pub fn check_disjoint(written: &[Arg<'_>], read: &[Arg<'_>]) -> PyResult<()> {
    let mut ranges: Vec<(std::ops::Range<usize>, bool, &Arg<'_>)> = Vec::with_capacity(written.len() + read.len());
    ranges.extend(written.iter().filter(|a| a.len > 0).map(|a| (a.bytes(), true, a)));
    ranges.extend(read.iter().filter(|a| a.len > 0).map(|a| (a.bytes(), false, a)));
    ranges.sort_unstable_by_key(|(range, _, _)| range.start);
    // The furthest end so far, among all and among the written ones: enough to see every overlap with a written range.
    let mut end_all = 0;
    let mut end_written = 0;
    for (range, is_written, arg) in &ranges {
        if range.start < if *is_written { end_all } else { end_written } {
            return Err(PyValueError::new_err(format!(
                "{}: expected arrays that are updated in place to share no memory with other arguments, but {} overlaps another",
                arg.func, arg.name
            )));
        }
        end_all = end_all.max(range.end);
        if *is_written {
            end_written = end_written.max(range.end);
        }
    }
    Ok(())
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
/// A signal that came meanwhile is raised, and a panic becomes a `RuntimeError`.
pub fn run<R: Send>(py: Python<'_>, func: &str, work: usize, kernel: impl FnOnce() -> R + Send) -> PyResult<R> {
    let kernel = || catch_unwind(AssertUnwindSafe(kernel));
    let result = if work < RELEASE_FROM { kernel() } else { py.detach(kernel) };
    if threads::interrupted() {
        return Err(PENDING.take().unwrap_or_else(|| PyKeyboardInterrupt::new_err(())));
    }
    result.map_err(|_| internal_error(func))
}

fn internal_error(func: &str) -> PyErr {
    PyRuntimeError::new_err(format!("{func}: internal error in a kernel (a bug in neuroxide, please report it)"))
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
