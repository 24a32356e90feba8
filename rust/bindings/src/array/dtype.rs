//! Element types, by NumPy's numbers and names.

use std::os::raw::c_int;

use numpy::npyffi::NPY_TYPES;
use pyo3::exceptions::PyValueError;
use pyo3::prelude::*;

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

    pub(super) fn from_type_num(num: c_int) -> Option<Dtype> {
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

    pub(super) fn type_num(self) -> c_int {
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
