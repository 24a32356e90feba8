//! CPU kernels: slices in, slices out. No Python, no hidden allocation of outputs.

pub mod activation;
pub mod average_precision;
pub mod boxes;
pub mod broadcast;
pub mod category;
pub mod ctc;
pub mod elementwise;
pub mod fingerprint;
pub mod gemm;
pub mod kmeans;
pub mod loss;
pub mod movement;
pub mod nms;
pub mod optimizer;
pub mod parts;
pub mod probe;
pub mod random;
pub mod reduce;
pub mod rle;
pub mod roi;
pub mod rows;
pub mod scratch;
pub mod simd;
pub mod softmax;
pub mod threads;
