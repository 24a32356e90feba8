//! CPU kernels: slices in, slices out. No Python, no hidden allocation of outputs.

pub mod simd;
pub mod threads;
