//! Activations and their pull-backs.

use neuroxide_kernels::activation::*;
use neuroxide_kernels::simd::math;
use pyo3::prelude::*;

use crate::array::Arg;
use crate::elementwise::{add_functions, arithmetic, backward_functions, mapped, unary_functions};
use crate::with_float;

unary_functions! {
    relu => Relu; relu6 => Relu6; selu => Selu; silu => Silu; sigmoid => math::Sigmoid; tanh => math::Tanh;
    softplus => Softplus; softsign => Softsign; hard_sigmoid => HardSigmoid; hard_silu => HardSilu;
}

backward_functions! {
    relu_backward(y) => ReluBackward; relu6_backward(y) => Relu6Backward; selu_backward(y) => SeluBackward;
    silu_backward(x) => SiluBackward; sigmoid_backward(y) => SigmoidBackward; tanh_backward(y) => TanhBackward;
    softplus_backward(x) => SoftplusBackward; softsign_backward(x) => SoftsignBackward;
    hard_sigmoid_backward(x) => HardSigmoidBackward; hard_silu_backward(x) => HardSiluBackward;
}

#[pyfunction]
fn gelu<'py>(py: Python<'py>, x: &Bound<'py, PyAny>, approximate: bool) -> PyResult<Bound<'py, PyAny>> {
    let x = Arg::float("gelu", "x", x)?;
    with_float!(x, T => if approximate { mapped::<T, _, 1>(py, &GeluTanh, [x]) } else { mapped::<T, _, 1>(py, &Gelu, [x]) })
}

#[pyfunction]
fn gelu_backward<'py>(
    py: Python<'py>,
    x: &Bound<'py, PyAny>,
    dy: &Bound<'py, PyAny>,
    approximate: bool,
) -> PyResult<Bound<'py, PyAny>> {
    let x = Arg::float("gelu_backward", "x", x)?;
    let dy = Arg::like(&x, "dy", dy)?;
    dy.expect_shape(&x.shape)?;
    with_float!(x, T => if approximate {
        mapped::<T, _, 2>(py, &GeluTanhBackward, [x, dy])
    } else {
        mapped::<T, _, 2>(py, &GeluBackward, [x, dy])
    })
}

#[pyfunction]
fn prelu<'py>(py: Python<'py>, x: &Bound<'py, PyAny>, alpha: &Bound<'py, PyAny>) -> PyResult<Bound<'py, PyAny>> {
    arithmetic(py, "prelu", &Prelu, x, alpha)
}

/// The slope of `prelu` in x.
#[pyfunction]
fn prelu_slope<'py>(py: Python<'py>, x: &Bound<'py, PyAny>, alpha: &Bound<'py, PyAny>) -> PyResult<Bound<'py, PyAny>> {
    arithmetic(py, "prelu_slope", &PreluSlope, x, alpha)
}

/// An activation with one number: forward, and backward from `saved`.
macro_rules! with_parameter {
    ($($name:ident, $backward:ident, $map:ident, $saved:ident, $parameter:ident;)*) => {$(
        #[pyfunction]
        fn $name<'py>(py: Python<'py>, x: &Bound<'py, PyAny>, $parameter: f64) -> PyResult<Bound<'py, PyAny>> {
            let x = Arg::float(stringify!($name), "x", x)?;
            with_float!(x, T => mapped::<T, _, 1>(py, &$map($parameter as T), [x]))
        }

        #[pyfunction]
        fn $backward<'py>(
            py: Python<'py>,
            $saved: &Bound<'py, PyAny>,
            dy: &Bound<'py, PyAny>,
            $parameter: f64,
        ) -> PyResult<Bound<'py, PyAny>> {
            let saved = Arg::float(stringify!($backward), stringify!($saved), $saved)?;
            let dy = Arg::like(&saved, "dy", dy)?;
            dy.expect_shape(&saved.shape)?;
            with_float!(saved, T => mapped::<T, _, 2>(py, &$map($parameter as T), [saved, dy]))
        }
    )*};
}

with_parameter! {
    leaky_relu, leaky_relu_backward, LeakyRelu, x, negative_slope;
    elu, elu_backward, Elu, y, alpha;
}

pub fn register(m: &Bound<'_, PyModule>) -> PyResult<()> {
    add_functions!(
        m,
        relu,
        relu_backward,
        leaky_relu,
        leaky_relu_backward,
        relu6,
        relu6_backward,
        elu,
        elu_backward,
        selu,
        selu_backward,
        gelu,
        gelu_backward,
        silu,
        silu_backward,
        sigmoid,
        sigmoid_backward,
        tanh,
        tanh_backward,
        softplus,
        softplus_backward,
        softsign,
        softsign_backward,
        hard_sigmoid,
        hard_sigmoid_backward,
        hard_silu,
        hard_silu_backward,
        prelu,
        prelu_slope
    );
    Ok(())
}
