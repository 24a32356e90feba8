//! Two numbers for each channel of each plane, made of parts in parallel and joined in the order of the parts.

use crate::threads::{chunks, parallel_chunks};

use super::{Layout, PART, columns};

/// Joins the mean and Σ (x − mean)² of `count` elements more to those of `done` ones, channel by channel.
#[inline(always)]
pub fn join(mean: &mut [f64], squares: &mut [f64], done: usize, other: (&[f64], &[f64]), count: usize) {
    let share = count as f64 / (done + count) as f64;
    let weight = done as f64 * share;
    for (c, mean) in mean.iter_mut().enumerate() {
        let delta = other.0[c] - *mean;
        squares[c] += other.1[c] + delta * delta * weight;
        *mean += delta * share;
    }
}

/// A block of rows and columns of one plane, and the two numbers for each column that are made of it.
pub struct Piece<'a> {
    pub plane: usize,
    pub row: usize,
    pub rows: usize,
    pub column: usize,
    pub out: &'a mut [f64],
}

/// Reduces the columns of all planes: `reduce` fills a piece's out (two numbers for each column, the first ones first),
/// `joined(done, count, total, more)` adds a piece to those above it. Gives (planes, 2, channels).
pub fn reduce_columns(
    layout: &Layout,
    reduce: impl Fn(&mut Piece<'_>) + Sync,
    joined: impl Fn(usize, usize, (&mut [f64], &mut [f64]), (&[f64], &[f64])),
) -> Vec<f64> {
    let Layout { planes, rows, channels, .. } = *layout;
    let pieces_across = channels.div_ceil(columns::WIDTH).max(1);
    let width = channels.div_ceil(pieces_across).max(1);
    let height = (PART / width).max(columns::BLOCK).min(rows.max(1));
    let bands = rows.div_ceil(height).max(1);
    let mut partial = vec![0.0; planes * bands * 2 * channels];
    let mut pieces = Vec::with_capacity(planes * bands * pieces_across);
    for (at, mut band) in partial.chunks_mut(2 * channels.max(1)).enumerate() {
        let (plane, row) = (at / bands, at % bands * height);
        for column in (0..channels).step_by(width) {
            let (out, rest) = band.split_at_mut(2 * width.min(channels - column));
            band = rest;
            pieces.push(Piece { plane, row, rows: height.min(rows - row), column, out });
        }
    }
    let together = if pieces_across * bands > 1 { 1 } else { (PART / (rows * channels).max(1)).max(1) };
    parallel_chunks(chunks(&mut pieces, together), |_, pieces| pieces.iter_mut().for_each(&reduce));
    drop(pieces);
    let mut result = vec![0.0; planes * 2 * channels];
    for (plane, total) in result.chunks_mut(2 * channels.max(1)).enumerate() {
        let (first, second) = total.split_at_mut(channels);
        for band in 0..bands {
            let from = &partial[(plane * bands + band) * 2 * channels..][..2 * channels];
            let (done, count) = (band * height, height.min(rows - band * height));
            for column in (0..channels).step_by(width) {
                let here = width.min(channels - column);
                let (a, b) = from[2 * column..2 * (column + here)].split_at(here);
                joined(done, count, (&mut first[column..column + here], &mut second[column..column + here]), (a, b));
            }
        }
    }
    result
}

/// Reduces runs: `reduce(plane, channel, start)` gives two numbers. The result is (planes, 2, channels).
pub fn reduce_runs(layout: &Layout, reduce: impl Fn(usize, usize, usize) -> (f64, f64) + Sync) -> Vec<f64> {
    let Layout { planes, channels, run, .. } = *layout;
    let mut pairs = vec![(0.0, 0.0); planes * channels];
    let together = (PART / run.max(1)).max(1);
    parallel_chunks(chunks(&mut pairs, together), |part, pairs| {
        for (k, pair) in pairs.iter_mut().enumerate() {
            let at = part * together + k;
            *pair = reduce(at / channels, at % channels, at * run);
        }
    });
    let mut result = Vec::with_capacity(2 * pairs.len());
    for plane in pairs.chunks(channels.max(1)) {
        result.extend(plane.iter().map(|pair| pair.0));
        result.extend(plane.iter().map(|pair| pair.1));
    }
    result
}
