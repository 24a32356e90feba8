//! Element-wise functions: broadcasting, scalars, one macro a family.

mod cast;
mod operand;

use neuroxide_kernels::broadcast::Walk;
use neuroxide_kernels::elementwise::{
    Absolute, AbsoluteBackward, Add, Clip, Divide, Equal, ErfBackward, Floor, Greater, GreaterEqual, Less, LessEqual,
    Maximum, MaximumBackward, Minimum, MinimumBackward, Multiply, Negative, NotEqual, Power, Reciprocal, Sign, Sqrt,
    SqrtBackward, Square, SquareBackward, Subtract, binary, map, power_backward_base, power_backward_exponent,
    scalar_binary, select,
};
use neuroxide_kernels::simd::{Float, Map, math};
use pyo3::exceptions::PyValueError;
use pyo3::prelude::*;
use pyo3::types::PyTuple;

use crate::array::{Arg, Dtype, Element, output, output_bool, run};
use crate::with_float;
use operand::{Operand, Pair, broadcast, common_dtype};

/// y = f(x[0], …) for arguments of one shape and type `T`.
#[inline]
pub fn mapped<'py, T: Float + Element, F: Map<T, N> + Sync, const N: usize>(
    py: Python<'py>,
    f: &F,
    x: [Arg<'_>; N],
) -> PyResult<Bound<'py, PyAny>> {
    let func = x[0].func;
    let (array, y) = output::<T>(py, func, &x[0].shape)?;
    let mut slices: [&[T]; N] = [&[]; N];
    for (slice, arg) in slices.iter_mut().zip(&x) {
        *slice = arg.slice::<T>()?;
    }
    run(py, func, y.len(), || map(f, slices, y))?;
    Ok(array)
}

/// `name => Map;` makes a function of one float array.
macro_rules! unary_functions {
    ($($name:ident => $map:expr;)*) => {$(
        #[pyfunction]
        fn $name<'py>(py: Python<'py>, x: &Bound<'py, PyAny>) -> PyResult<Bound<'py, PyAny>> {
            let x = $crate::array::Arg::float(stringify!($name), "x", x)?;
            $crate::with_float!(x, T => $crate::elementwise::mapped::<T, _, 1>(py, &$map, [x]))
        }
    )*};
}

/// `name(saved) => Map;` makes a function of `saved` and `dy`, arrays of one shape.
macro_rules! backward_functions {
    ($($name:ident($saved:ident) => $map:expr;)*) => {$(
        #[pyfunction]
        fn $name<'py>(
            py: Python<'py>,
            $saved: &Bound<'py, PyAny>,
            dy: &Bound<'py, PyAny>,
        ) -> PyResult<Bound<'py, PyAny>> {
            let saved = $crate::array::Arg::float(stringify!($name), stringify!($saved), $saved)?;
            let dy = $crate::array::Arg::like(&saved, "dy", dy)?;
            dy.expect_shape(&saved.shape)?;
            $crate::with_float!(saved, T => $crate::elementwise::mapped::<T, _, 2>(py, &$map, [saved, dy]))
        }
    )*};
}

macro_rules! add_functions {
    ($m:expr, $($name:ident),*) => {
        $($m.add_function(pyo3::wrap_pyfunction!($name, $m)?)?;)*
    };
}
pub(crate) use {add_functions, backward_functions, unary_functions};

unary_functions! {
    negative => Negative; absolute => Absolute; sign => Sign; square => Square; sqrt => Sqrt;
    reciprocal => Reciprocal; floor => Floor; exp => math::Exp; expm1 => math::Expm1; log => math::Log;
    log1p => math::Log1p; sin => math::Sin; cos => math::Cos; erf => math::Erf;
}

backward_functions! {
    absolute_backward(x) => AbsoluteBackward; sqrt_backward(y) => SqrtBackward;
    square_backward(x) => SquareBackward; erf_backward(x) => ErfBackward;
}

pub fn arithmetic<'py, F>(
    py: Python<'py>,
    func: &'static str,
    f: &F,
    a: &Bound<'py, PyAny>,
    b: &Bound<'py, PyAny>,
) -> PyResult<Bound<'py, PyAny>>
where
    F: Map<f32, 2> + Map<f64, 2> + Sync,
{
    let pair = Pair::new(func, a, b)?;
    with_float!(pair, T => {
        let shape = pair.shape()?;
        let (array, y) = output::<T>(py, func, &shape)?;
        let (mut room_a, mut room_b) = (0.0, 0.0);
        let (a, b) = (pair.a.elements::<T>(&mut room_a)?, pair.b.elements::<T>(&mut room_b)?);
        let walk = Walk::new(&shape, [pair.a.shape(), pair.b.shape()]);
        run(py, func, y.len(), || binary(f, &walk, a, b, y))?;
        Ok(array)
    })
}

macro_rules! binary_functions {
    ($($name:ident => $map:expr;)*) => {$(
        #[pyfunction]
        fn $name<'py>(
            py: Python<'py>,
            a: &Bound<'py, PyAny>,
            b: &Bound<'py, PyAny>,
        ) -> PyResult<Bound<'py, PyAny>> {
            arithmetic(py, stringify!($name), &$map, a, b)
        }
    )*};
}

binary_functions! {
    add => Add; subtract => Subtract; multiply => Multiply; divide => Divide;
    maximum => Maximum; minimum => Minimum;
}

macro_rules! comparison_functions {
    ($($name:ident => $map:expr;)*) => {$(
        #[pyfunction]
        fn $name<'py>(
            py: Python<'py>,
            a: &Bound<'py, PyAny>,
            b: &Bound<'py, PyAny>,
        ) -> PyResult<Bound<'py, PyAny>> {
            let func = stringify!($name);
            let pair = Pair::new(func, a, b)?;
            with_float!(pair, T => {
                let shape = pair.shape()?;
                let (array, y) = output_bool(py, func, &shape)?;
                let (mut room_a, mut room_b) = (0.0, 0.0);
                let (a, b) = (pair.a.elements::<T>(&mut room_a)?, pair.b.elements::<T>(&mut room_b)?);
                let walk = Walk::new(&shape, [pair.a.shape(), pair.b.shape()]);
                run(py, func, y.len(), || scalar_binary(&$map, &walk, a, b, y))?;
                Ok(array)
            })
        }
    )*};
}

comparison_functions! {
    equal => Equal; not_equal => NotEqual; less => Less; less_equal => LessEqual;
    greater => Greater; greater_equal => GreaterEqual;
}

#[pyfunction]
fn power<'py>(py: Python<'py>, a: &Bound<'py, PyAny>, b: &Bound<'py, PyAny>) -> PyResult<Bound<'py, PyAny>> {
    let pair = Pair::new("power", a, b)?;
    with_float!(pair, T => {
        // The exponents that have a function of their own, as NumPy has them.
        if let (Operand::Array(a), Operand::Number(exponent)) = (&pair.a, &pair.b) {
            match *exponent {
                2.0 => return mapped::<T, _, 1>(py, &Square, [*a]),
                0.5 => return mapped::<T, _, 1>(py, &Sqrt, [*a]),
                -1.0 => return mapped::<T, _, 1>(py, &Reciprocal, [*a]),
                _ => {}
            }
        }
        let shape = pair.shape()?;
        let (array, y) = output::<T>(py, "power", &shape)?;
        let (mut room_a, mut room_b) = (0.0, 0.0);
        let (a, b) = (pair.a.elements::<T>(&mut room_a)?, pair.b.elements::<T>(&mut room_b)?);
        let walk = Walk::new(&shape, [pair.a.shape(), pair.b.shape()]);
        run(py, "power", y.len().saturating_mul(16), || scalar_binary(&Power, &walk, a, b, y))?;
        Ok(array)
    })
}

/// dy times the slope of aᵇ: in a where `which` is 0, in b where it is 1. a and b broadcast to dy's shape.
#[pyfunction]
fn power_backward<'py>(
    py: Python<'py>,
    a: &Bound<'py, PyAny>,
    b: &Bound<'py, PyAny>,
    dy: &Bound<'py, PyAny>,
    which: usize,
) -> PyResult<Bound<'py, PyAny>> {
    const FUNC: &str = "power_backward";
    let pair = Pair { func: FUNC, dtype: Dtype::F32, a: Operand::new(FUNC, "a", a)?, b: Operand::new(FUNC, "b", b)? };
    let dy = Arg::float(FUNC, "dy", dy)?;
    for operand in [&pair.a, &pair.b] {
        if let Operand::Array(arg) = operand
            && arg.dtype != dy.dtype
        {
            return Err(arg.wrong_dtype(&format!("a {} array as dy is", dy.dtype.name())));
        }
    }
    dy.expect_shape(&pair.shape()?)?;
    if which > 1 {
        return Err(PyValueError::new_err(format!("{FUNC}: expected which to be 0 (a) or 1 (b), got {which}")));
    }
    with_float!(dy, T => {
        let (array, dx) = output::<T>(py, FUNC, &dy.shape)?;
        let (mut room_a, mut room_b) = (0.0, 0.0);
        let (a, b) = (pair.a.elements::<T>(&mut room_a)?, pair.b.elements::<T>(&mut room_b)?);
        let walk = Walk::new(&dy.shape, [pair.a.shape(), pair.b.shape()]);
        let dy = dy.slice::<T>()?;
        run(py, FUNC, dx.len().saturating_mul(16), || match which {
            0 => power_backward_base(&walk, a, b, dy, dx),
            _ => power_backward_exponent(&walk, a, b, dy, dx),
        })?;
        Ok(array)
    })
}

/// cond ? a : b, with broadcasting; two numbers give float32.
#[pyfunction]
#[pyo3(name = "where")]
fn where_<'py>(
    py: Python<'py>,
    cond: &Bound<'py, PyAny>,
    a: &Bound<'py, PyAny>,
    b: &Bound<'py, PyAny>,
) -> PyResult<Bound<'py, PyAny>> {
    const FUNC: &str = "where";
    let cond = Arg::new(FUNC, "cond", cond)?;
    if cond.dtype != Dtype::Bool {
        return Err(cond.wrong_dtype("a bool array"));
    }
    let (a, b) = (Operand::new(FUNC, "a", a)?, Operand::new(FUNC, "b", b)?);
    let dtype = match (&a, &b) {
        (Operand::Number(_), Operand::Number(_)) => Dtype::F32,
        _ => common_dtype(FUNC, &a, &b, "a", "b")?,
    };
    let pair = Pair { func: FUNC, dtype, a, b };
    with_float!(pair, T => {
        let (shape_a, shape_b) = (pair.a.shape(), pair.b.shape());
        let shape = broadcast(FUNC, [("cond", &cond.shape), ("a", shape_a), ("b", shape_b)])?;
        let (array, y) = output::<T>(py, FUNC, &shape)?;
        let (mut room_a, mut room_b) = (0.0, 0.0);
        let (a, b) = (pair.a.elements::<T>(&mut room_a)?, pair.b.elements::<T>(&mut room_b)?);
        let cond_bytes = cond.slice::<u8>()?;
        let walk = Walk::new(&shape, [&cond.shape, shape_a, shape_b]);
        run(py, FUNC, y.len(), || select(&walk, cond_bytes, a, b, y))?;
        Ok(array)
    })
}

#[pyfunction]
fn clip<'py>(py: Python<'py>, x: &Bound<'py, PyAny>, low: f64, high: f64) -> PyResult<Bound<'py, PyAny>> {
    let x = Arg::float("clip", "x", x)?;
    with_float!(x, T => mapped::<T, _, 1>(py, &Clip::<T> { low: low as T, high: high as T }, [x]))
}

#[pyfunction]
fn clip_backward<'py>(
    py: Python<'py>,
    x: &Bound<'py, PyAny>,
    dy: &Bound<'py, PyAny>,
    low: f64,
    high: f64,
) -> PyResult<Bound<'py, PyAny>> {
    let x = Arg::float("clip_backward", "x", x)?;
    let dy = Arg::like(&x, "dy", dy)?;
    dy.expect_shape(&x.shape)?;
    with_float!(x, T => mapped::<T, _, 2>(py, &Clip::<T> { low: low as T, high: high as T }, [x, dy]))
}

macro_rules! extreme_backward {
    ($($name:ident, $map:expr, $mirror:expr;)*) => {$(
        #[pyfunction]
        fn $name<'py>(
            py: Python<'py>,
            a: &Bound<'py, PyAny>,
            b: &Bound<'py, PyAny>,
            dy: &Bound<'py, PyAny>,
        ) -> PyResult<Bound<'py, PyTuple>> {
            let a = Arg::float(stringify!($name), "a", a)?;
            let b = Arg::like(&a, "b", b)?;
            let dy = Arg::like(&a, "dy", dy)?;
            b.expect_shape(&a.shape)?;
            dy.expect_shape(&a.shape)?;
            let (da, db) = with_float!(a, T => Ok::<_, PyErr>((
                mapped::<T, _, 3>(py, &$map, [a, b, dy])?,
                mapped::<T, _, 3>(py, &$mirror, [a, b, dy])?,
            )))?;
            PyTuple::new(py, [da, db])
        }
    )*};
}

extreme_backward! {
    maximum_backward, MaximumBackward, MinimumBackward;
    minimum_backward, MinimumBackward, MaximumBackward;
}

pub fn register(m: &Bound<'_, PyModule>) -> PyResult<()> {
    add_functions!(
        m,
        add,
        subtract,
        multiply,
        divide,
        power,
        maximum,
        minimum,
        equal,
        not_equal,
        less,
        less_equal,
        greater,
        greater_equal,
        where_,
        negative,
        absolute,
        sign,
        square,
        sqrt,
        reciprocal,
        exp,
        expm1,
        log,
        log1p,
        sin,
        cos,
        erf,
        floor,
        clip,
        power_backward,
        absolute_backward,
        sqrt_backward,
        square_backward,
        erf_backward,
        clip_backward,
        maximum_backward,
        minimum_backward
    );
    cast::register(m)
}
