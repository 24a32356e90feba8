//! k-means: greedy k-means++ seeds, Lloyd's iterations with Elkan's bounds, assignment; and anchors by IoU.
//!
//! Squared distances are |x|² + |c|² − 2x·c; the nearest centre is the one with the least |c|² − 2x·c, the first of equals.
//! Points lie in panels of two registers, one point a lane, so that minima need no work across lanes. Sums are taken in
//! chunks that depend on the shape alone and joined in order: same bits for any number of threads. Inputs are finite.

use crate::simd::{self, Float, Isa, Kernel, V, Vector};
use crate::threads;

mod anchors;
mod distances;
mod filter;
mod lloyd;
mod nearest;
mod seeds;

pub use anchors::assign_by_iou;
pub use distances::{distances, inertia};
pub use lloyd::{Outcome, lloyd};
pub use seeds::plus_plus;

/// Lanes of a panel, at most: two registers of the widest level.
const MOST_LANES: usize = 32;
/// Centres in a tile, at most; the norms of centres are padded to a multiple.
const MOST_ROWS: usize = 12;
/// Chunks of points, at most, each a multiple of every panel.
const CHUNKS: usize = 16;

/// Points of one chunk.
fn chunk_of(n: usize) -> usize {
    n.div_ceil(CHUNKS).max(512).next_multiple_of(MOST_LANES)
}

/// Points in columns of panels: panel j holds points j·lanes …, feature by feature.
struct Panels<T> {
    data: Vec<T>,
    /// |x|² of every lane.
    norms: Vec<T>,
    lanes: usize,
}

/// Copies `count` points, the i-th at row `row(i)` of `x`, into a panel (d, lanes). Other lanes become 0.
#[inline(always)]
fn pack<T: Float>(x: &[T], d: usize, lanes: usize, count: usize, row: impl Fn(usize) -> usize, panel: &mut [T]) {
    for lane in 0..lanes {
        if lane < count {
            let at = row(lane) * d;
            for (p, &value) in x[at..at + d].iter().enumerate() {
                panel[p * lanes + lane] = value;
            }
        } else {
            for p in 0..d {
                panel[p * lanes + lane] = T::ZERO;
            }
        }
    }
}

/// Lanes of a panel at the level in use.
struct Lanes<T>(std::marker::PhantomData<T>);

impl<T: Float> Kernel for Lanes<T> {
    type Output = usize;
    #[inline(always)]
    fn run<I: Isa>(self) -> usize {
        2 * V::<T, I>::LANES
    }
}

impl<T: Float> Panels<T> {
    fn new(x: &[T], n: usize, d: usize) -> Self {
        let lanes = simd::dispatch(Lanes::<T>(std::marker::PhantomData));
        let padded = n.next_multiple_of(lanes);
        let (mut data, mut norms) = (vec![T::ZERO; padded * d], vec![T::ZERO; padded]);
        if d > 0 {
            let pieces = (threads::chunks(&mut data, lanes * d), threads::chunks(&mut norms, lanes));
            threads::parallel_chunks(pieces, |j, (panel, norms)| {
                pack(x, d, lanes, lanes.min(n - j * lanes), |i| j * lanes + i, panel);
                for feature in panel.chunks_exact(lanes) {
                    norms.iter_mut().zip(feature).for_each(|(norm, &v)| *norm = *norm + v * v);
                }
            });
        }
        Panels { data, norms, lanes }
    }
}

/// Centres (k, d) and their squared norms, padded with infinity.
struct Centers<'a, T> {
    rows: &'a [T],
    norms: &'a [T],
    k: usize,
    d: usize,
}

fn squared_norm<T: Float>(row: &[T]) -> T {
    row.iter().fold(T::ZERO, |sum, &v| sum + v * v)
}

fn norms_of<T: Float>(rows: &[T], k: usize, d: usize) -> Vec<T> {
    let mut norms = vec![T::INFINITY; k.next_multiple_of(MOST_ROWS) + MOST_ROWS];
    for c in 0..k {
        norms[c] = squared_norm(&rows[c * d..c * d + d]);
    }
    norms
}

/// Index of the nearest centre of every point: `labels` (n,) for `x` (n, d) and `centers` (k, d), k ≥ 1, d ≥ 1.
pub fn assign<T: Float>(x: &[T], centers: &[T], d: usize, labels: &mut [i32]) {
    let n = labels.len();
    debug_assert!(x.len() == n * d && d > 0 && !centers.is_empty());
    let k = centers.len() / d;
    let norms = norms_of(centers, k, d);
    let centers = Centers { rows: centers, norms: &norms, k, d };
    let panels = Panels::new(x, n, d);
    let chunk = chunk_of(n);
    threads::parallel_chunks(threads::chunks(labels, chunk), |part, labels| {
        let panels = &panels.data[part * chunk * d..];
        simd::dispatch(nearest::Assign { panels, centers: &centers, labels, squares: None });
    });
}
