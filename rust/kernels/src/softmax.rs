//! Softmax and its cross-entropy.
//!
//! softmax(x) = e^(x − max x) / Σ e^(x − max x). A NaN makes its whole row NaN, and so do +inf and a row of −inf alone.
//! Cross-entropy takes logits, never probabilities: loss = lse − x[label], with lse = max x + log Σ e^(x − max x).

use crate::loss::sum_map;
use crate::parts::PART;
use crate::reduce::{Max, Sum, fold_run};
use crate::simd::math;
use crate::simd::{self, Float, Isa, Kernel, Map, V, Vector};
use crate::threads::{chunks, parallel_chunks};

/// Logits of one block of the one-pass sum of exponentials: a block stays in the first cache between its two readings.
pub(crate) const BLOCK: usize = 2048;

/// Rows of one part: an exponential costs about eight plain operations.
fn rows_per_part(columns: usize) -> usize {
    (PART / 8 / columns.max(1)).max(1)
}

/// e^(x − shift).
struct ShiftedExp<T>(T);

impl<T: Float> Map<T, 1> for ShiftedExp<T> {
    #[inline(always)]
    fn apply<V: Vector<T>>(&self, [x]: [V; 1]) -> V {
        math::exp::<T, V>(x - V::splat(self.0))
    }
}

/// e^(x − shift) for x ≤ shift, to be added up.
struct ShiftedTerm<T>(T);

impl<T: Float> Map<T, 1> for ShiftedTerm<T> {
    #[inline(always)]
    fn apply<V: Vector<T>>(&self, [x]: [V; 1]) -> V {
        math::exp_term::<T, V>(x - V::splat(self.0))
    }
}

/// x · scale.
struct Scaled<T>(T);

impl<T: Float> Map<T, 1> for Scaled<T> {
    #[inline(always)]
    fn apply<V: Vector<T>>(&self, [x]: [V; 1]) -> V {
        x * V::splat(self.0)
    }
}

/// x − shift.
struct Shifted<T>(T);

impl<T: Float> Map<T, 1> for Shifted<T> {
    #[inline(always)]
    fn apply<V: Vector<T>>(&self, [x]: [V; 1]) -> V {
        x - V::splat(self.0)
    }
}

/// Σ e^(x − shift) of one block with no x above `shift`, over four partial sums.
#[inline(always)]
pub(crate) fn sum_exp<T: Float, I: Isa>(x: &[T], shift: T) -> T {
    const CHAINS: usize = 4;
    let lanes = V::<T, I>::LANES;
    let f = ShiftedTerm(shift);
    let from = x.as_ptr();
    let mut sums = [V::<T, I>::zero(); CHAINS];
    let mut i = 0;
    // SAFETY: every load ends at or before x.len(); a partial load reads what is left.
    unsafe {
        while i + CHAINS * lanes <= x.len() {
            for k in 0..CHAINS {
                sums[k] = sums[k] + f.apply([V::<T, I>::load(from.add(i + k * lanes))]);
            }
            i += CHAINS * lanes;
        }
        while i + lanes <= x.len() {
            sums[0] = sums[0] + f.apply([V::<T, I>::load(from.add(i))]);
            i += lanes;
        }
    }
    let mut total = ((sums[0] + sums[1]) + (sums[2] + sums[3])).sum();
    if i < x.len() {
        let rest = x.len() - i;
        let mut room = [T::ZERO; 16];
        // SAFETY: `rest` < LANES elements are left, and no level has more than 16 lanes.
        unsafe { f.apply([V::<T, I>::load_partial(from.add(i), rest)]).store(room.as_mut_ptr()) };
        for value in &room[..rest] {
            total = total + *value;
        }
    }
    total
}

/// `(max, Σ e^(x − max))` in one pass over memory: each block's sum is scaled when a later maximum is larger.
#[inline(always)]
fn max_and_sum<T: Float, I: Isa>(x: &[T]) -> (T, f64) {
    let mut top = -T::INFINITY;
    let mut sum = 0.0;
    for block in x.chunks(BLOCK) {
        let here = T::from_f64(fold_run::<T, I, Max>(block));
        if here > top || here.is_nan() {
            if top > -T::INFINITY {
                sum *= (top.to_f64() - here.to_f64()).exp();
            }
            top = here;
        }
        if top > -T::INFINITY || top.is_nan() {
            sum += sum_exp::<T, I>(block, top).to_f64();
        }
    }
    if top == -T::INFINITY || top == T::INFINITY { (top, f64::NAN) } else { (top, sum) }
}

/// Which function of a row [`Rows`] computes.
#[derive(Clone, Copy, PartialEq)]
enum Form {
    Softmax,
    LogSoftmax,
}

struct Rows<'a, T> {
    form: Form,
    x: &'a [T],
    columns: usize,
    y: &'a mut [T],
}

impl<T: Float> Kernel for Rows<'_, T> {
    type Output = ();
    #[inline(always)]
    fn run<I: Isa>(self) {
        let Rows { form, x, columns, y } = self;
        for (x, y) in x.chunks_exact(columns).zip(y.chunks_exact_mut(columns)) {
            if form == Form::LogSoftmax {
                let (top, sum) = max_and_sum::<T, I>(x);
                let shift = T::from_f64(sum.ln());
                simd::map::<T, I, 1>(&Shifted(top), [x], y, false);
                simd::map_in_place::<T, I>(&Shifted(shift), y);
            } else {
                let top = T::from_f64(fold_run::<T, I, Max>(x));
                simd::map::<T, I, 1>(&ShiftedExp(top), [x], y, false);
                let sum = fold_run::<T, I, Sum>(y);
                simd::map_in_place::<T, I>(&Scaled(T::from_f64(1.0 / sum)), y);
            }
        }
    }
}

/// Moves (outer, run, inner) to (outer, inner, run) or back, a square at a time.
fn turn<T: Float>(x: &[T], run: usize, inner: usize, y: &mut [T]) {
    const SQUARE: usize = 32;
    parallel_chunks(chunks(y, run * inner), |o, y| {
        let x = &x[o * run * inner..][..run * inner];
        for r0 in (0..run).step_by(SQUARE) {
            for i0 in (0..inner).step_by(SQUARE) {
                for i in i0..(i0 + SQUARE).min(inner) {
                    for r in r0..(r0 + SQUARE).min(run) {
                        y[i * run + r] = x[r * inner + i];
                    }
                }
            }
        }
    });
}

/// Applies a function of rows along any axis: rows are brought together first where they are scattered.
fn along<T: Float, const N: usize>(
    x: [&[T]; N],
    run: usize,
    inner: usize,
    y: &mut [T],
    rows: impl Fn([&[T]; N], &mut [T]),
) {
    if y.is_empty() {
        return;
    }
    if inner == 1 {
        rows(x, y);
        return;
    }
    let turned: Vec<Vec<T>> = x
        .iter()
        .map(|x| {
            let mut to = vec![T::ZERO; x.len()];
            turn(x, run, inner, &mut to);
            to
        })
        .collect();
    let mut views: [&[T]; N] = [&[]; N];
    for (view, values) in views.iter_mut().zip(&turned) {
        *view = values;
    }
    let mut result = vec![T::ZERO; y.len()];
    rows(views, &mut result);
    turn(&result, inner, run, y);
}

fn forward<T: Float>(form: Form, x: &[T], run: usize, inner: usize, y: &mut [T]) {
    along([x], run, inner, y, |[x], y| {
        let rows = rows_per_part(run);
        parallel_chunks(chunks(y, rows * run), |part, y| {
            let x = &x[part * rows * run..][..y.len()];
            simd::dispatch(Rows { form, x, columns: run, y });
        });
    });
}

/// y = softmax(x) over the middle one of (outer, run, inner).
pub fn softmax<T: Float>(x: &[T], run: usize, inner: usize, y: &mut [T]) {
    forward(Form::Softmax, x, run, inner, y);
}

/// y = log softmax(x) over the middle one of (outer, run, inner).
pub fn log_softmax<T: Float>(x: &[T], run: usize, inner: usize, y: &mut [T]) {
    forward(Form::LogSoftmax, x, run, inner, y);
}

/// Σ a·b, in float64 every 4096 elements.
#[inline(always)]
fn dot<T: Float, I: Isa>(a: &[T], b: &[T]) -> f64 {
    const CHAINS: usize = 4;
    let lanes = V::<T, I>::LANES;
    let mut total = 0.0;
    for (a, b) in a.chunks(4096).zip(b.chunks(4096)) {
        let mut sums = [V::<T, I>::zero(); CHAINS];
        let mut i = 0;
        // SAFETY: every load ends at or before the length of the blocks; lanes past a partial load are zero.
        unsafe {
            let (p, q) = (a.as_ptr(), b.as_ptr());
            while i + CHAINS * lanes <= a.len() {
                for k in 0..CHAINS {
                    let at = i + k * lanes;
                    sums[k] = V::<T, I>::load(p.add(at)).fma(V::<T, I>::load(q.add(at)), sums[k]);
                }
                i += CHAINS * lanes;
            }
            while i < a.len() {
                let count = lanes.min(a.len() - i);
                let left = V::<T, I>::load_partial(p.add(i), count);
                sums[0] = left.fma(V::<T, I>::load_partial(q.add(i), count), sums[0]);
                i += lanes;
            }
        }
        total += ((sums[0] + sums[1]) + (sums[2] + sums[3])).sum().to_f64();
    }
    total
}

/// y · (dy − s).
struct SoftmaxSlope<T>(T);

impl<T: Float> Map<T, 2> for SoftmaxSlope<T> {
    #[inline(always)]
    fn apply<V: Vector<T>>(&self, [y, dy]: [V; 2]) -> V {
        y * (dy - V::splat(self.0))
    }
}

/// dy − e^y · s.
struct LogSoftmaxSlope<T>(T);

impl<T: Float> Map<T, 2> for LogSoftmaxSlope<T> {
    #[inline(always)]
    fn apply<V: Vector<T>>(&self, [y, dy]: [V; 2]) -> V {
        math::exp::<T, V>(y).neg_fma(V::splat(self.0), dy)
    }
}

struct RowsBackward<'a, T> {
    form: Form,
    y: &'a [T],
    dy: &'a [T],
    columns: usize,
    dx: &'a mut [T],
}

impl<T: Float> Kernel for RowsBackward<'_, T> {
    type Output = ();
    #[inline(always)]
    fn run<I: Isa>(self) {
        let RowsBackward { form, y, dy, columns, dx } = self;
        for ((y, dy), dx) in y.chunks_exact(columns).zip(dy.chunks_exact(columns)).zip(dx.chunks_exact_mut(columns)) {
            if form == Form::Softmax {
                let s = T::from_f64(dot::<T, I>(y, dy));
                simd::map::<T, I, 2>(&SoftmaxSlope(s), [y, dy], dx, false);
            } else {
                let s = T::from_f64(fold_run::<T, I, Sum>(dy));
                simd::map::<T, I, 2>(&LogSoftmaxSlope(s), [y, dy], dx, false);
            }
        }
    }
}

fn backward<T: Float>(form: Form, y: &[T], dy: &[T], run: usize, inner: usize, dx: &mut [T]) {
    along([y, dy], run, inner, dx, |[y, dy], dx| {
        let rows = rows_per_part(run);
        parallel_chunks(chunks(dx, rows * run), |part, dx| {
            let at = part * rows * run;
            let (y, dy) = (&y[at..at + dx.len()], &dy[at..at + dx.len()]);
            simd::dispatch(RowsBackward { form, y, dy, columns: run, dx });
        });
    });
}

/// dx = y (dy − Σ y dy) for y = softmax(x).
pub fn softmax_backward<T: Float>(y: &[T], dy: &[T], run: usize, inner: usize, dx: &mut [T]) {
    backward(Form::Softmax, y, dy, run, inner, dx);
}

/// dx = dy − e^y Σ dy for y = log softmax(x).
pub fn log_softmax_backward<T: Float>(y: &[T], dy: &[T], run: usize, inner: usize, dx: &mut [T]) {
    backward(Form::LogSoftmax, y, dy, run, inner, dx);
}

/// What a row's target is: a class, or a weight for every class.
#[derive(Clone, Copy)]
pub enum Labels<'a, T> {
    I32(&'a [i32]),
    I64(&'a [i64]),
    Dense(&'a [T]),
}

impl<T: Float> Labels<'_, T> {
    /// The first class outside `0..classes`.
    pub fn out_of_range(&self, classes: usize) -> Option<i64> {
        match self {
            Labels::I32(labels) => labels.iter().map(|&l| i64::from(l)).find(|&l| l < 0 || l >= classes as i64),
            Labels::I64(labels) => labels.iter().copied().find(|&l| l < 0 || l >= classes as i64),
            Labels::Dense(_) => None,
        }
    }

    #[inline(always)]
    fn class(&self, row: usize) -> usize {
        match self {
            Labels::I32(labels) => labels[row] as usize,
            Labels::I64(labels) => labels[row] as usize,
            Labels::Dense(_) => 0,
        }
    }
}

/// t · (lse − x), and 0 where t is 0, so that impossible classes may have logit −inf.
struct Weighted<T>(T);

impl<T: Float> Map<T, 2> for Weighted<T> {
    #[inline(always)]
    fn apply<V: Vector<T>>(&self, [x, t]: [V; 2]) -> V {
        V::select(t.eq(V::zero()), V::zero(), t * (V::splat(self.0) - x))
    }
}

struct CrossEntropy<'a, T> {
    logits: &'a [T],
    labels: Labels<'a, T>,
    first: usize,
    classes: usize,
    loss: &'a mut [T],
    lse: &'a mut [T],
}

impl<T: Float> Kernel for CrossEntropy<'_, T> {
    type Output = ();
    #[inline(always)]
    fn run<I: Isa>(self) {
        let CrossEntropy { logits, labels, first, classes, loss, lse } = self;
        for (k, x) in logits.chunks_exact(classes).enumerate() {
            let (top, sum) = max_and_sum::<T, I>(x);
            let total = T::from_f64(top.to_f64() + sum.ln());
            lse[k] = total;
            let row = first + k;
            loss[k] = match labels {
                Labels::Dense(t) => {
                    let t = &t[row * classes..(row + 1) * classes];
                    T::from_f64(sum_map::<T, I>(&Weighted(total), x, t))
                }
                // From the parts: lse alone rounds away what is small beside the maximum.
                _ => T::from_f64(sum.ln() + (top.to_f64() - x[labels.class(row)].to_f64())),
            };
        }
    }
}

/// loss and lse of each row of logits (N, classes); classes ≥ 1, labels in range.
pub fn softmax_cross_entropy<T: Float>(
    logits: &[T],
    labels: Labels<'_, T>,
    classes: usize,
    loss: &mut [T],
    lse: &mut [T],
) {
    debug_assert!(logits.len() == classes * loss.len() && loss.len() == lse.len());
    let rows = rows_per_part(classes);
    parallel_chunks((chunks(loss, rows), chunks(lse, rows)), |part, (loss, lse)| {
        let first = part * rows;
        let logits = &logits[first * classes..(first + loss.len()) * classes];
        simd::dispatch(CrossEntropy { logits, labels, first, classes, loss, lse });
    });
}

/// e^(x − lse) · weight.
struct Probability<T> {
    lse: T,
    weight: T,
}

impl<T: Float> Map<T, 1> for Probability<T> {
    #[inline(always)]
    fn apply<V: Vector<T>>(&self, [x]: [V; 1]) -> V {
        math::exp::<T, V>(x - V::splat(self.lse)) * V::splat(self.weight)
    }
}

/// (e^(x − lse) · total − t) · weight.
struct DenseSlope<T> {
    lse: T,
    total: T,
    weight: T,
}

impl<T: Float> Map<T, 2> for DenseSlope<T> {
    #[inline(always)]
    fn apply<V: Vector<T>>(&self, [x, t]: [V; 2]) -> V {
        let p = math::exp::<T, V>(x - V::splat(self.lse));
        (p * V::splat(self.total) - t) * V::splat(self.weight)
    }
}

struct CrossEntropyBackward<'a, T> {
    logits: &'a [T],
    labels: Labels<'a, T>,
    first: usize,
    classes: usize,
    lse: &'a [T],
    dloss: &'a [T],
    dlogits: &'a mut [T],
}

impl<T: Float> Kernel for CrossEntropyBackward<'_, T> {
    type Output = ();
    #[inline(always)]
    fn run<I: Isa>(self) {
        let CrossEntropyBackward { logits, labels, first, classes, lse, dloss, dlogits } = self;
        for (k, dx) in dlogits.chunks_exact_mut(classes).enumerate() {
            let x = &logits[k * classes..(k + 1) * classes];
            let row = first + k;
            let (lse, weight) = (lse[row], dloss[row]);
            if let Labels::Dense(t) = labels {
                let t = &t[row * classes..(row + 1) * classes];
                let total = T::from_f64(fold_run::<T, I, Sum>(t));
                simd::map::<T, I, 2>(&DenseSlope { lse, total, weight }, [x, t], dx, false);
            } else {
                simd::map::<T, I, 1>(&Probability { lse, weight }, [x], dx, false);
                let class = labels.class(row);
                dx[class] = dx[class] - weight;
            }
        }
    }
}

/// dlogits = (softmax · Σ t − t) · dloss, t the label as a row of weights.
pub fn softmax_cross_entropy_backward<T: Float>(
    logits: &[T],
    labels: Labels<'_, T>,
    classes: usize,
    lse: &[T],
    dloss: &[T],
    dlogits: &mut [T],
) {
    let rows = rows_per_part(classes);
    parallel_chunks(chunks(dlogits, rows * classes), |part, dlogits| {
        let first = part * rows;
        let logits = &logits[first * classes..first * classes + dlogits.len()];
        simd::dispatch(CrossEntropyBackward { logits, labels, first, classes, lse, dloss, dlogits });
    });
}
