//! Matrix products and the fully connected layer.

use neuroxide_kernels::gemm::dense::{self, Sizes};
use neuroxide_kernels::gemm::{Activation, Epilogue, Factor, Shape, gemm};
use pyo3::exceptions::PyValueError;
use pyo3::prelude::*;

use crate::array::{Arg, output, run, shape_text};
use crate::with_float;

/// Multiply-adds that take as long as one scalar operation of `run`'s measure.
const PER_WORK: usize = 16;

fn work(m: usize, n: usize, k: usize) -> usize {
    m.saturating_mul(n).saturating_mul(k) / PER_WORK
}

/// The sizes of a `matmul`, and the shape of its result.
struct Sides {
    shape: Shape,
    a_batched: bool,
    b_batched: bool,
    result: Vec<usize>,
}

fn sides(a: &Arg<'_>, b: &Arg<'_>, transpose_a: bool, transpose_b: bool) -> PyResult<Sides> {
    for arg in [a, b] {
        if arg.ndim() < 2 {
            return Err(arg.wrong_shape("(…, rows, columns), at least 2-D"));
        }
    }
    let (a_lead, a_last) = a.shape.split_at(a.ndim() - 2);
    let (b_lead, b_last) = b.shape.split_at(b.ndim() - 2);
    let (m, k) = if transpose_a { (a_last[1], a_last[0]) } else { (a_last[0], a_last[1]) };
    let (kb, n) = if transpose_b { (b_last[1], b_last[0]) } else { (b_last[0], b_last[1]) };
    let leads_match = a_lead == b_lead || a_lead.is_empty() || b_lead.is_empty();
    if kb != k || !leads_match {
        let lead: String = a_lead.iter().map(|d| format!("{d}, ")).collect();
        let last = if transpose_b { format!("N, {k}") } else { format!("{k}, N") };
        let other = if a_lead.is_empty() { String::new() } else { format!(" or ({last})") };
        let form = |name: &str, on: bool| if on { format!(" with transpose_{name}") } else { String::new() };
        return Err(PyValueError::new_err(format!(
            "matmul: expected b of shape ({lead}{last}){other} to match a of shape {}{}, got {}{}",
            a.shape,
            form("a", transpose_a),
            b.shape,
            form("b", transpose_b)
        )));
    }
    let lead = if a_lead.is_empty() { b_lead } else { a_lead };
    let shape = Shape { batch: lead.iter().product(), m, n, k };
    let result = lead.iter().copied().chain([m, n]).collect();
    Ok(Sides { shape, a_batched: !a_lead.is_empty(), b_batched: !b_lead.is_empty(), result })
}

/// a·b of the last two dimensions, batched over equal or missing leading ones.
#[pyfunction]
#[pyo3(signature = (a, b, transpose_a=false, transpose_b=false))]
fn matmul<'py>(
    py: Python<'py>,
    a: &Bound<'py, PyAny>,
    b: &Bound<'py, PyAny>,
    transpose_a: bool,
    transpose_b: bool,
) -> PyResult<Bound<'py, PyAny>> {
    let a = Arg::float("matmul", "a", a)?;
    let b = Arg::like(&a, "b", b)?;
    let Sides { mut shape, mut a_batched, b_batched, result } = sides(&a, &b, transpose_a, transpose_b)?;
    let (a_columns, b_columns) = (a.shape[a.ndim() - 1], b.shape[b.ndim() - 1]);
    if a_batched && !b_batched && !transpose_a {
        // One B for all: the batch is just more rows.
        shape.m *= shape.batch;
        shape.batch = 1;
        a_batched = false;
    }
    with_float!(a, T => {
        let (c, out) = output::<T>(py, "matmul", &result)?;
        let (a, b) = (a.slice::<T>()?, b.slice::<T>()?);
        let a = Factor::new(a, a_columns, transpose_a).batched(if a_batched { shape.m * shape.k } else { 0 });
        let b = Factor::new(b, b_columns, transpose_b).batched(if b_batched { shape.k * shape.n } else { 0 });
        let work = work(shape.m, shape.n, shape.k).saturating_mul(shape.batch);
        run(py, "matmul", work, || gemm(shape, a, b, out, Epilogue::default()))?;
        Ok(c)
    })
}

fn activation_named(func: &str, name: &str) -> PyResult<Activation> {
    match name {
        "linear" => Ok(Activation::Linear),
        "relu" => Ok(Activation::Relu),
        "tanh" => Ok(Activation::Tanh),
        "sigmoid" => Ok(Activation::Sigmoid),
        other => Err(PyValueError::new_err(format!(
            "{func}: expected activation to be linear, relu, tanh or sigmoid, got {other:?}"
        ))),
    }
}

/// Checks x (M, K) and w (K, N) against each other.
fn layer_sizes(x: &Arg<'_>, w: &Arg<'_>) -> PyResult<Sizes> {
    let [m, k] = *x.shape else { return Err(x.wrong_shape("(M, K)")) };
    match *w.shape {
        [kw, n] if kw == k => Ok(Sizes { m, n, k }),
        _ => Err(PyValueError::new_err(format!(
            "{}: expected {} of shape ({k}, N) to match {} of shape {}, got {}",
            x.func, w.name, x.name, x.shape, w.shape
        ))),
    }
}

/// activation(x·w + b), fused.
#[pyfunction]
#[pyo3(signature = (x, w, b=None, activation="linear"))]
fn dense_forward<'py>(
    py: Python<'py>,
    x: &Bound<'py, PyAny>,
    w: &Bound<'py, PyAny>,
    b: Option<&Bound<'py, PyAny>>,
    activation: &str,
) -> PyResult<Bound<'py, PyAny>> {
    let x = Arg::float("dense_forward", "x", x)?;
    let w = Arg::like(&x, "w", w)?;
    let b = b.map(|b| Arg::like(&x, "b", b)).transpose()?;
    let sizes = layer_sizes(&x, &w)?;
    if let Some(b) = &b
        && *b.shape != [sizes.n]
    {
        return Err(b.wrong_shape(&format!("{} to match w of shape {}", shape_text(&[sizes.n]), w.shape)));
    }
    let activation = activation_named("dense_forward", activation)?;
    with_float!(x, T => {
        let (array, y) = output::<T>(py, "dense_forward", &[sizes.m, sizes.n])?;
        let (x, w, b) = (x.slice::<T>()?, w.slice::<T>()?, b.map(|b| b.slice::<T>()).transpose()?);
        let work = work(sizes.m, sizes.n, sizes.k);
        run(py, "dense_forward", work, || dense::dense_forward(sizes, x, w, b, activation, y))?;
        Ok(array)
    })
}

type Gradients<'py> = (Option<Bound<'py, PyAny>>, Option<Bound<'py, PyAny>>, Option<Bound<'py, PyAny>>);

/// (dx, dw, db) of `dense_forward` from its output y and dy; None where not needed.
#[pyfunction]
#[pyo3(signature = (x, w, y, dy, activation="linear", need_dx=true, need_dw=true, need_db=true))]
fn dense_backward<'py>(
    py: Python<'py>,
    x: &Bound<'py, PyAny>,
    w: &Bound<'py, PyAny>,
    y: &Bound<'py, PyAny>,
    dy: &Bound<'py, PyAny>,
    activation: &str,
    need_dx: bool,
    need_dw: bool,
    need_db: bool,
) -> PyResult<Gradients<'py>> {
    const FUNC: &str = "dense_backward";
    let x = Arg::float(FUNC, "x", x)?;
    let w = Arg::like(&x, "w", w)?;
    let y = Arg::like(&x, "y", y)?;
    let dy = Arg::like(&x, "dy", dy)?;
    let sizes = layer_sizes(&x, &w)?;
    let Sizes { m, n, k } = sizes;
    for arg in [&y, &dy] {
        arg.expect_shape(&[m, n])?;
    }
    let activation = activation_named(FUNC, activation)?;
    with_float!(x, T => {
        let make = |needed: bool, shape: &[usize]| needed.then(|| output::<T>(py, FUNC, shape)).transpose();
        let (dx, dx_out) = make(need_dx, &[m, k])?.unzip();
        let (dw, dw_out) = make(need_dw, &[k, n])?.unzip();
        let (db, db_out) = make(need_db, &[n])?.unzip();
        let (x, w, y, dy) = (x.slice::<T>()?, w.slice::<T>()?, y.slice::<T>()?, dy.slice::<T>()?);
        run(py, FUNC, work(m, n, k).saturating_mul(2), || {
            dense::dense_backward(sizes, x, w, y, dy, activation, dx_out, dw_out, db_out)
        })?;
        Ok((dx, dw, db))
    })
}

pub fn register(m: &Bound<'_, PyModule>) -> PyResult<()> {
    m.add_function(wrap_pyfunction!(matmul, m)?)?;
    m.add_function(wrap_pyfunction!(dense_forward, m)?)?;
    m.add_function(wrap_pyfunction!(dense_backward, m)?)?;
    Ok(())
}
