//! CPU kernels: slices in, slices out. No Python, no hidden allocation of outputs.

pub mod boxes;
pub mod nms;
pub mod simd;
pub mod threads;
