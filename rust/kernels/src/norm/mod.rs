//! Normalisation by statistics of the data.
//!
//! By channels (batch, group and instance normalisation): y = γ (x − μ) / √(σ² + ε) + β with μ and σ² of all elements of
//! a channel, or of a group of channels of one example; γ and β of the channel. By rows ([`rows`]): layer, root mean
//! square and unit normalisation, with γ and β of the place in the row.
//!
//! Statistics are added up in float64 from blocks of a few dozen elements, each shifted by a value of its own block and
//! joined by Chan, Golub and LeVeque's rule (1983): a large mean costs no digits. For the same reason μ is applied in two
//! parts, its rounded value and what rounding left. A NaN or an infinity makes all that shares its statistics NaN.

use crate::parts::streams;
use crate::simd::{self, Float};
use crate::threads::{chunks, parallel_chunks};

mod columns;
mod cycle;
mod lines;
mod reduction;
mod rows;
mod runs;

pub use rows::{RowGradients, Rows, rows_backward, rows_forward};

use lines::{Line, LineOf, Slope, SlopeOf};
use reduction::{Piece, join, reduce_columns, reduce_runs};

/// Elements that one part reads.
const PART: usize = 1 << 16;

/// How x falls into channels: (planes, rows, channels, run), where rows or run is 1.
///
/// `examples` neighbouring sets of planes have statistics of their own, for each of `groups` sets of channels.
#[derive(Clone, Copy, Debug)]
pub struct Layout {
    planes: usize,
    rows: usize,
    channels: usize,
    run: usize,
    examples: usize,
    groups: usize,
}

impl Layout {
    /// x (outer, channels, inner) with one mean for each channel.
    pub fn batch(outer: usize, channels: usize, inner: usize) -> Layout {
        let (planes, rows) = if inner == 1 { (1, outer) } else { (outer, 1) };
        Layout { planes, rows, channels, run: inner, examples: 1, groups: channels }
    }

    /// x (examples, outer, channels, inner) with one mean for each of `groups` sets of channels of an example.
    pub fn grouped(examples: usize, outer: usize, channels: usize, inner: usize, groups: usize) -> Layout {
        let (planes, rows) = if inner == 1 { (examples, outer) } else { (examples * outer, 1) };
        Layout { planes, rows, channels, run: inner, examples, groups }
    }

    /// How many means there are.
    pub fn statistics(&self) -> usize {
        self.examples * self.groups
    }

    /// Elements behind each mean; 0 where there are none.
    pub fn count(&self) -> usize {
        (self.planes * self.rows * self.channels * self.run).checked_div(self.statistics()).unwrap_or(0)
    }

    /// Elements of one channel of one plane.
    fn cell(&self) -> usize {
        self.rows * self.run
    }

    fn planes_of_example(&self) -> usize {
        self.planes.checked_div(self.examples).unwrap_or(0)
    }
}

/// What is done with the normalised values: · γ + β (1 and 0 where absent), and max(·, 0) where `relu` is set.
#[derive(Clone, Copy)]
pub struct Form<'a, T> {
    pub gamma: Option<&'a [T]>,
    pub beta: Option<&'a [T]>,
    pub epsilon: f64,
    pub relu: bool,
}

/// y = (x − m) a + b for each channel of each example; m + low is the mean.
struct Constants<T> {
    m: Vec<T>,
    a: Vec<T>,
    b: Vec<T>,
    low: Vec<f64>,
}

impl<T: Float> Constants<T> {
    fn new(layout: &Layout, form: &Form<'_, T>, mean: &[f64], variance: &[f64]) -> Self {
        let size = layout.channels.checked_div(layout.groups).unwrap_or(1);
        let total = layout.examples * layout.channels;
        let room = || Vec::with_capacity(total);
        let mut made = Constants { m: room(), a: room(), b: room(), low: Vec::with_capacity(total) };
        for (mean, variance) in mean.chunks(layout.groups.max(1)).zip(variance.chunks(layout.groups.max(1))) {
            for c in 0..layout.channels {
                let m = T::from_f64(mean[c / size]);
                let low = mean[c / size] - m.to_f64();
                let scale = form.gamma.map_or(1.0, |gamma| gamma[c].to_f64());
                let a = scale * inverse(variance[c / size], form.epsilon);
                made.m.push(m);
                made.a.push(T::from_f64(a));
                made.b.push(T::from_f64(form.beta.map_or(0.0, |beta| beta[c].to_f64()) - low * a));
                made.low.push(low);
            }
        }
        made
    }
}

/// 1 / √(σ² + ε).
fn inverse(variance: f64, epsilon: f64) -> f64 {
    1.0 / (variance + epsilon).sqrt()
}

/// Mean and variance (divided by the count) of each set: (examples, groups) each. There is an element in every set.
pub fn channel_moments<T: Float>(layout: &Layout, x: &[T], mean: &mut [f64], variance: &mut [f64]) {
    let Layout { rows, channels, run, .. } = *layout;
    let cells = if run == 1 {
        let reduce = |piece: &mut Piece<'_>| {
            let x = &x[(piece.plane * rows + piece.row) * channels + piece.column..];
            simd::dispatch(columns::Moments { x, rows: piece.rows, stride: channels, out: piece.out });
        };
        reduce_columns(layout, reduce, |done, count, (mean, squares), other| join(mean, squares, done, other, count))
    } else {
        reduce_runs(layout, |_, _, start| simd::dispatch(runs::Moments(&x[start..start + run])))
    };
    let size = channels / layout.groups.max(1);
    let planes = layout.planes_of_example();
    let members = (planes * size) as f64;
    for (at, (mean, variance)) in mean.iter_mut().zip(variance).enumerate() {
        let (example, group) = (at / layout.groups, at % layout.groups);
        // Every cell has the same count.
        let cell = |k: usize| {
            let base = (example * planes + k / size) * 2 * channels + group * size + k % size;
            (cells[base], cells[base + channels])
        };
        let total = planes * size;
        *mean = (0..total).map(|k| cell(k).0).sum::<f64>() / members;
        let between = if total == 1 { 0.0 } else { (0..total).map(|k| (cell(k).0 - *mean).powi(2)).sum::<f64>() };
        let within = (0..total).map(|k| cell(k).1).sum::<f64>();
        *variance = (within / layout.cell() as f64 + between) / members;
    }
}

/// The given planes of y (planes, rows, channels, run) cut into parts of whole rows or runs of one plane.
fn bands<'a, T>(layout: &Layout, y: &'a mut [T]) -> Vec<(usize, usize, &'a mut [T])> {
    let row = layout.channels * layout.run;
    let plane = layout.rows * row;
    let unit = if layout.run == 1 { row } else { layout.run };
    let length = unit * (PART / unit.max(1)).max(1);
    let mut found = Vec::with_capacity(layout.planes * plane.div_ceil(length.max(1)));
    for (p, y) in y.chunks_mut(plane.max(1)).enumerate() {
        for (k, y) in y.chunks_mut(length.max(1)).enumerate() {
            found.push((p, k * length, y));
        }
    }
    found
}

/// How many of [`bands`] make a part.
fn bands_together(layout: &Layout) -> usize {
    (PART / (layout.cell() * layout.channels).max(1)).max(1)
}

/// y = form((x − μ) / √(σ² + ε)) with the statistics given, (examples, groups) each.
pub fn channel_apply<T: Float>(
    layout: &Layout,
    form: &Form<'_, T>,
    x: &[T],
    mean: &[f64],
    variance: &[f64],
    y: &mut [T],
) {
    let Constants { m, a, b, .. } = &Constants::new(layout, form, mean, variance);
    let stream = streams::<T>(y.len());
    let (channels, run) = (layout.channels, layout.run);
    let plane = layout.cell() * channels;
    let planes = layout.planes_of_example();
    parallel_chunks(chunks(&mut bands(layout, y), bands_together(layout)), |_, bands| {
        for (p, start, y) in bands {
            let x = &x[*p * plane + *start..][..y.len()];
            let first = *p / planes * channels;
            if run == 1 {
                let [m, a, b] = [m, a, b].map(|values| &values[first..first + channels]);
                if form.relu {
                    simd::dispatch(cycle::Cycle::<_, _, 4, 1> { f: &Line::<true>, from: [x, m, a, b], y, stream });
                } else {
                    simd::dispatch(cycle::Cycle::<_, _, 4, 1> { f: &Line::<false>, from: [x, m, a, b], y, stream });
                }
                continue;
            }
            for (k, (x, y)) in x.chunks(run).zip(y.chunks_mut(run)).enumerate() {
                let c = first + *start / run + k;
                let (m, a, b) = (m[c], a[c], b[c]);
                if form.relu {
                    simd::dispatch(runs::Each { f: &LineOf::<T, true> { m, a, b }, x: [x], y, stream });
                } else {
                    simd::dispatch(runs::Each { f: &LineOf::<T, false> { m, a, b }, x: [x], y, stream });
                }
            }
        }
    });
}

/// What [`channel_backward`] is to compute. dmean and dvariance are gradients of the statistics as inputs.
pub struct Gradients<'a, T> {
    pub dx: Option<&'a mut [T]>,
    pub dgamma: Option<&'a mut [T]>,
    pub dbeta: Option<&'a mut [T]>,
    pub dmean: Option<&'a mut [T]>,
    pub dvariance: Option<&'a mut [T]>,
}

/// Where the statistics came from.
#[derive(Clone, Copy)]
pub enum Source<'a, T> {
    /// Given from outside: they don't depend on x.
    Given,
    /// From x; they were results too, with these gradients where something depended on them.
    Data { dmean: Option<&'a [T]>, dvariance: Option<&'a [T]> },
}

/// The gradients of [`channel_apply`]. With g = dy (0 where max(·, 0) cut the value off: recomputed from x, bit by bit as
/// it was), â = γ / √(σ² + ε) and means over what shares the statistics:
/// dγ = Σ g (x − μ) / √(σ² + ε), dβ = Σ g, dx = â g where the statistics are given, and otherwise
/// dx = (γ g − mean(γ g) − (x − μ) mean(γ g (x − μ)) / (σ² + ε)) / √(σ² + ε) + dμ / n + 2 (x − μ) dσ² / n.
#[allow(clippy::too_many_arguments)]
pub fn channel_backward<T: Float>(
    layout: &Layout,
    form: &Form<'_, T>,
    x: &[T],
    dy: &[T],
    mean: &[f64],
    variance: &[f64],
    source: Source<'_, T>,
    out: Gradients<'_, T>,
) {
    let constants = Constants::new(layout, form, mean, variance);
    let Gradients { dx, dgamma, dbeta, dmean, dvariance } = out;
    let needs_sums = matches!(source, Source::Data { .. })
        || dgamma.is_some()
        || dbeta.is_some()
        || dmean.is_some()
        || dvariance.is_some();
    let (channels, size) = (layout.channels, layout.channels / layout.groups.max(1));
    let sums = if needs_sums { channel_sums(layout, form, x, dy, &constants) } else { Vec::new() };
    let inverse_of = |e: usize, c: usize| inverse(variance[e * layout.groups + c / size], form.epsilon);
    let over_examples = |out: Option<&mut [T]>, of: &dyn Fn(usize, usize) -> f64| {
        for (c, out) in out.into_iter().flatten().enumerate() {
            *out = T::from_f64((0..layout.examples).map(|e| of(e, c)).sum());
        }
    };
    let sum = |e: usize, c: usize| sums[e * 2 * channels + c];
    let product = |e: usize, c: usize| sums[e * 2 * channels + channels + c];
    let gamma = |c: usize| form.gamma.map_or(1.0, |gamma| gamma[c].to_f64());
    over_examples(dgamma, &|e, c| product(e, c) * inverse_of(e, c));
    over_examples(dbeta, &sum);
    over_examples(dmean, &|e, c| -gamma(c) * inverse_of(e, c) * sum(e, c));
    over_examples(dvariance, &|e, c| -0.5 * gamma(c) * inverse_of(e, c).powi(3) * product(e, c));
    let Some(dx) = dx else { return };
    // dx = a g + q (x − m) + r.
    let (mut q, mut r) = (vec![T::ZERO; constants.m.len()], vec![T::ZERO; constants.m.len()]);
    if let Source::Data { dmean, dvariance } = source {
        let n = layout.count() as f64;
        for at in 0..layout.statistics() {
            let (e, first) = (at / layout.groups, at % layout.groups * size);
            let inverse = inverse(variance[at], form.epsilon);
            let of_group =
                |of: &dyn Fn(usize, usize) -> f64| (first..first + size).map(|c| gamma(c) * of(e, c)).sum::<f64>() / n;
            let slope = 2.0 * dvariance.map_or(0.0, |d| d[at].to_f64()) / n - inverse.powi(3) * of_group(&product);
            let offset = dmean.map_or(0.0, |d| d[at].to_f64()) / n - inverse * of_group(&sum);
            for c in e * channels + first..e * channels + first + size {
                q[c] = T::from_f64(slope);
                r[c] = T::from_f64(offset - slope * constants.low[c]);
            }
        }
    }
    channel_slope(layout, form, x, dy, &constants, &q, &r, dx);
}

/// Σ g and Σ g (x − μ) of each channel of each example: (examples, 2, channels).
fn channel_sums<T: Float>(
    layout: &Layout,
    form: &Form<'_, T>,
    x: &[T],
    dy: &[T],
    constants: &Constants<T>,
) -> Vec<f64> {
    let Layout { rows, channels, run, .. } = *layout;
    let Constants { m, a, b, low } = constants;
    let planes = layout.planes_of_example();
    let cells = if run == 1 {
        let reduce = |piece: &mut Piece<'_>| {
            let start = (piece.plane * rows + piece.row) * channels + piece.column;
            let (x, dy) = (&x[start..], &dy[start..]);
            let first = piece.plane / planes * channels + piece.column;
            let constants = [m, a, b].map(|values| &values[first..first + piece.out.len() / 2]);
            let (rows, out) = (piece.rows, &mut *piece.out);
            if form.relu {
                simd::dispatch(columns::Sums::<T, true> { x, dy, rows, stride: channels, constants, out });
            } else {
                simd::dispatch(columns::Sums::<T, false> { x, dy, rows, stride: channels, constants, out });
            }
        };
        reduce_columns(layout, reduce, |_, _, (first, second), other| {
            add(first, other.0);
            add(second, other.1);
        })
    } else {
        reduce_runs(layout, |p, c, start| {
            let (x, dy) = (&x[start..start + run], &dy[start..start + run]);
            let c = p / planes * channels + c;
            let (m, a, b) = (m[c], a[c], b[c]);
            if form.relu {
                simd::dispatch(runs::Sums { x, dy, m, f: LineOf::<T, true> { m, a, b } })
            } else {
                simd::dispatch(runs::Sums { x, dy, m, f: LineOf::<T, false> { m, a, b } })
            }
        })
    };
    let mut sums = vec![0.0; layout.examples * 2 * channels];
    for (p, cell) in cells.chunks(2 * channels.max(1)).enumerate() {
        add(&mut sums[p / planes * 2 * channels..][..2 * channels], cell);
    }
    for (sums, low) in sums.chunks_mut(2 * channels.max(1)).zip(low.chunks(channels.max(1))) {
        let (sum, product) = sums.split_at_mut(channels);
        for c in 0..channels {
            product[c] -= low[c] * sum[c];
        }
    }
    sums
}

fn add(to: &mut [f64], from: &[f64]) {
    for (to, from) in to.iter_mut().zip(from) {
        *to += from;
    }
}

/// dx = a g + q (x − m) + r.
#[allow(clippy::too_many_arguments)]
fn channel_slope<T: Float>(
    layout: &Layout,
    form: &Form<'_, T>,
    x: &[T],
    dy: &[T],
    constants: &Constants<T>,
    q: &[T],
    r: &[T],
    dx: &mut [T],
) {
    let Constants { m, a, b, .. } = constants;
    let stream = streams::<T>(dx.len());
    let (channels, run) = (layout.channels, layout.run);
    let plane = layout.cell() * channels;
    let planes = layout.planes_of_example();
    parallel_chunks(chunks(&mut bands(layout, dx), bands_together(layout)), |_, bands| {
        for (p, start, y) in bands {
            let at = *p * plane + *start;
            let (x, dy) = (&x[at..at + y.len()], &dy[at..at + y.len()]);
            let first = *p / planes * channels;
            if run == 1 {
                let [m, a, b, q, r] = [m, a, b, q, r].map(|values| &values[first..first + channels]);
                let from = [x, dy, m, a, b, q, r];
                if form.relu {
                    simd::dispatch(cycle::Cycle::<_, _, 7, 2> { f: &Slope::<true>, from, y, stream });
                } else {
                    simd::dispatch(cycle::Cycle::<_, _, 7, 2> { f: &Slope::<false>, from, y, stream });
                }
                continue;
            }
            for (k, y) in y.chunks_mut(run).enumerate() {
                let c = first + *start / run + k;
                let x = [&x[k * run..][..run], &dy[k * run..][..run]];
                let (m, a, b, q, r) = (m[c], a[c], b[c], q[c], r[c]);
                if form.relu {
                    simd::dispatch(runs::Each {
                        f: &SlopeOf { line: LineOf::<T, true> { m, a, b }, q, r },
                        x,
                        y,
                        stream,
                    });
                } else {
                    simd::dispatch(runs::Each {
                        f: &SlopeOf { line: LineOf::<T, false> { m, a, b }, q, r },
                        x,
                        y,
                        stream,
                    });
                }
            }
        }
    });
}

#[cfg(test)]
mod tests;
