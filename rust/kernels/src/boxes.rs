//! How much boxes overlap: IoU and its generalized, distance and complete forms, for all pairs or pair by pair.
//!
//! A box is (x1, y1, x2, y2). With I the intersection, U the union, C the smallest enclosing box, ρ the distance of the
//! centres and c the diagonal of C:
//!
//! - IoU = |I| / |U|
//! - GIoU = IoU − (|C| − |U|) / |C|
//! - DIoU = IoU − ρ² / (c² + ε)
//! - CIoU = DIoU − α·v, v = 4/π² (atan(w/h) − atan(w'/h'))², α = v / (1 − IoU + v + ε)
//!
//! Each step is rounded as torchvision rounds it. A pair with a NaN coordinate gives NaN, and so does 0/0.

use crate::simd::{self, Float, Isa, Kernel, V, Vector};
use crate::threads;

/// Which measure of overlap.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Overlap {
    Iou,
    Giou,
    Diou,
    Ciou,
}

impl Overlap {
    pub fn from_name(name: &str) -> Option<Overlap> {
        Some(match name {
            "iou" => Overlap::Iou,
            "giou" => Overlap::Giou,
            "diou" => Overlap::Diou,
            "ciou" => Overlap::Ciou,
            _ => return None,
        })
    }
}

const IOU: u8 = 0;
const GIOU: u8 = 1;
const DIOU: u8 = 2;
const CIOU: u8 = 3;

/// Outputs in one part of the matrix.
const PART: usize = 1 << 17;
/// Columns whose coordinates stay in the first-level cache while the rows pass.
const COLUMNS: usize = 1024;
/// Numbers that are kept of a box.
const FIELDS: usize = 8;

/// The numbers kept of a box: corners, area, centre, and for CIoU the angle of its diagonal.
fn fields<T: Float>(b: &[T], kind: Overlap) -> [T; FIELDS] {
    let half = T::from_f64(2.0);
    let (w, h) = (b[2] - b[0], b[3] - b[1]);
    let angle = if kind == Overlap::Ciou { atan(w / h) } else { T::ZERO };
    [b[0], b[1], b[2], b[3], w * h, (b[0] + b[2]) / half, (b[1] + b[3]) / half, angle]
}

fn atan<T: Float>(x: T) -> T {
    T::from_f64(x.to_f64().atan())
}

/// Overlap of every box of `a` (N, 4) with every box of `b` (M, 4), into `out` (N, M).
pub fn pairwise<T: Float>(kind: Overlap, a: &[T], b: &[T], eps: T, out: &mut [T]) {
    let (n, m) = (a.len() / 4, b.len() / 4);
    debug_assert_eq!(out.len(), n * m);
    if n == 0 || m == 0 {
        return;
    }
    let mut columns = vec![T::ZERO; FIELDS * m];
    for (j, box_) in b.chunks_exact(4).enumerate() {
        for (f, value) in fields(box_, kind).into_iter().enumerate() {
            columns[f * m + j] = value;
        }
    }
    let rows = (PART / m).max(1);
    threads::parallel_chunks(threads::chunks(out, rows * m), |part, out| {
        let a = &a[4 * rows * part..][..4 * (out.len() / m)];
        simd::dispatch(Rows { kind, a, columns: &columns, m, eps, out });
    });
}

/// Some rows of the matrix.
struct Rows<'a, T> {
    kind: Overlap,
    a: &'a [T],
    columns: &'a [T],
    m: usize,
    eps: T,
    out: &'a mut [T],
}

impl<T: Float> Kernel for Rows<'_, T> {
    type Output = ();
    #[inline(always)]
    fn run<I: Isa>(self) {
        match self.kind {
            Overlap::Iou => self.fill::<I, IOU>(),
            Overlap::Giou => self.fill::<I, GIOU>(),
            Overlap::Diou => self.fill::<I, DIOU>(),
            Overlap::Ciou => self.fill::<I, CIOU>(),
        }
    }
}

impl<T: Float> Rows<'_, T> {
    #[inline(always)]
    fn fill<I: Isa, const KIND: u8>(self) {
        let (m, lanes) = (self.m, V::<T, I>::LANES);
        let eps = V::<T, I>::splat(self.eps);
        let register = lanes * size_of::<T>();
        for start in (0..m).step_by(COLUMNS) {
            let end = (start + COLUMNS).min(m);
            for (box_, out) in self.a.chunks_exact(4).zip(self.out.chunks_exact_mut(m)) {
                let numbers = fields(box_, self.kind);
                let mut row = [V::<T, I>::zero(); FIELDS];
                for f in 0..FIELDS {
                    row[f] = V::<T, I>::splat(numbers[f]);
                }
                let column = self.columns.as_ptr();
                let to = out.as_mut_ptr();
                // Lanes are independent, so where whole registers begin changes no bit.
                // SAFETY: `start` ≤ m, one past the end at most.
                let address = unsafe { to.add(start) } as usize;
                let head = (register - address % register) % register / size_of::<T>();
                let mut j = start;
                // SAFETY: every access is at FIELDS columns of m elements, at j.. with j + count ≤ end ≤ m; the first
                // `head` elements bring `to + j` to a register's boundary, which `stream` needs.
                unsafe {
                    let part = |j: usize, count: usize| {
                        let at = |f: usize| V::<T, I>::load_partial(column.add(f * m + j), count);
                        overlap::<T, I, KIND>(&row, at, eps)
                    };
                    if head > 0 {
                        let count = head.min(end - start);
                        part(j, count).store_partial(to.add(j), count);
                        j += count;
                    }
                    while j + lanes <= end {
                        let at = |f: usize| V::<T, I>::load(column.add(f * m + j));
                        overlap::<T, I, KIND>(&row, at, eps).stream(to.add(j));
                        j += lanes;
                    }
                    if j < end {
                        part(j, end - j).store_partial(to.add(j), end - j);
                    }
                }
            }
        }
        simd::stream_fence();
    }
}

/// `x < 0 ? 0 : x`, which keeps NaN.
#[inline(always)]
fn at_least_zero<T: Float, I: Isa>(x: V<T, I>) -> V<T, I> {
    let zero = V::<T, I>::zero();
    V::<T, I>::select(x.lt(zero), zero, x)
}

/// One box against a register of boxes; `b(f)` loads field `f` of those.
#[inline(always)]
fn overlap<T: Float, I: Isa, const KIND: u8>(
    a: &[V<T, I>; FIELDS],
    b: impl Fn(usize) -> V<T, I>,
    eps: V<T, I>,
) -> V<T, I> {
    let (bx1, by1, bx2, by2) = (b(0), b(1), b(2), b(3));
    let w = at_least_zero::<T, I>(a[2].min(bx2) - a[0].max(bx1));
    let h = at_least_zero::<T, I>(a[3].min(by2) - a[1].max(by1));
    let inter = w * h;
    let union = a[4] + b(4) - inter;
    let iou = inter / union;
    if KIND == IOU {
        return iou;
    }
    let cw = at_least_zero::<T, I>(a[2].max(bx2) - a[0].min(bx1));
    let ch = at_least_zero::<T, I>(a[3].max(by2) - a[1].min(by1));
    if KIND == GIOU {
        let enclosing = cw * ch;
        return iou - (enclosing - union) / enclosing;
    }
    let (dx, dy) = (a[5] - b(5), a[6] - b(6));
    let diou = iou - (dx * dx + dy * dy) / (cw * cw + ch * ch + eps);
    if KIND == DIOU {
        return diou;
    }
    let angle = a[7] - b(7);
    let v = V::<T, I>::splat(T::from_f64(4.0 / std::f64::consts::PI.powi(2))) * (angle * angle);
    let alpha = v / (V::<T, I>::splat(T::ONE) - iou + v + eps);
    diou - alpha * v
}

/// Pairs in one part of the aligned form.
const PAIRS: usize = 2048;

/// Overlap of box i of `a` with box i of `b`, into `out` (N,), as the losses use it: ε is also added to the area of
/// the union and of the enclosing box, and boxes that touch or miss have intersection 0.
pub fn aligned<T: Float>(kind: Overlap, a: &[T], b: &[T], eps: T, out: &mut [T]) {
    debug_assert!(a.len() == 4 * out.len() && b.len() == 4 * out.len());
    threads::parallel_chunks(threads::chunks(out, PAIRS), |part, out| {
        let boxes = a[4 * PAIRS * part..].chunks_exact(4).zip(b[4 * PAIRS * part..].chunks_exact(4));
        for (out, (a, b)) in out.iter_mut().zip(boxes) {
            *out = aligned_one::<T, 0>(kind, a, b, eps).value;
        }
    });
}

/// Gradient of [`aligned`]: `da` and `db` (N, 4) from `dy` (N,). α of CIoU counts as a constant, as in its paper;
/// where a minimum or maximum ties, each side gets half.
pub fn aligned_backward<T: Float>(kind: Overlap, a: &[T], b: &[T], dy: &[T], eps: T, da: &mut [T], db: &mut [T]) {
    debug_assert!(a.len() == 4 * dy.len() && b.len() == a.len() && da.len() == a.len() && db.len() == a.len());
    let pieces = (threads::chunks(da, 4 * PAIRS), threads::chunks(db, 4 * PAIRS));
    threads::parallel_chunks(pieces, |part, (da, db)| {
        let first = PAIRS * part;
        for (i, (da, db)) in da.chunks_exact_mut(4).zip(db.chunks_exact_mut(4)).enumerate() {
            let at = first + i;
            let y = aligned_one::<T, 8>(kind, &a[4 * at..4 * at + 4], &b[4 * at..4 * at + 4], eps);
            for c in 0..4 {
                da[c] = y.slope[c] * dy[at];
                db[c] = y.slope[4 + c] * dy[at];
            }
        }
    });
}

/// A number and its derivatives with respect to the N inputs (none for N = 0).
#[derive(Clone, Copy)]
struct Dual<T, const N: usize> {
    value: T,
    slope: [T; N],
}

impl<T: Float, const N: usize> Dual<T, N> {
    fn constant(value: T) -> Self {
        Dual { value, slope: [T::ZERO; N] }
    }

    fn input(value: T, index: usize) -> Self {
        let mut x = Self::constant(value);
        if index < N {
            x.slope[index] = T::ONE;
        }
        x
    }

    /// `value`, and derivatives `p·self' + q·other'`.
    fn join(self, other: Self, value: T, p: T, q: T) -> Self {
        let mut slope = [T::ZERO; N];
        for i in 0..N {
            slope[i] = p * self.slope[i] + q * other.slope[i];
        }
        Dual { value, slope }
    }

    fn max(self, other: Self) -> Self {
        if self.value > other.value || self.value.is_nan() {
            self
        } else if self.value == other.value {
            let half = T::from_f64(0.5);
            self.join(other, other.value, half, half)
        } else {
            other
        }
    }

    fn min(self, other: Self) -> Self {
        -(-self).max(-other)
    }

    fn atan(self) -> Self {
        let slope = T::ONE / (T::ONE + self.value * self.value);
        self.join(self, atan(self.value), slope, T::ZERO)
    }
}

impl<T: Float, const N: usize> std::ops::Add for Dual<T, N> {
    type Output = Self;
    fn add(self, other: Self) -> Self {
        self.join(other, self.value + other.value, T::ONE, T::ONE)
    }
}

impl<T: Float, const N: usize> std::ops::Sub for Dual<T, N> {
    type Output = Self;
    fn sub(self, other: Self) -> Self {
        self.join(other, self.value - other.value, T::ONE, -T::ONE)
    }
}

impl<T: Float, const N: usize> std::ops::Mul for Dual<T, N> {
    type Output = Self;
    fn mul(self, other: Self) -> Self {
        self.join(other, self.value * other.value, other.value, self.value)
    }
}

impl<T: Float, const N: usize> std::ops::Div for Dual<T, N> {
    type Output = Self;
    fn div(self, other: Self) -> Self {
        let value = self.value / other.value;
        self.join(other, value, T::ONE / other.value, -value / other.value)
    }
}

impl<T: Float, const N: usize> std::ops::Neg for Dual<T, N> {
    type Output = Self;
    fn neg(self) -> Self {
        self.join(self, -self.value, -T::ONE, T::ZERO)
    }
}

fn aligned_one<T: Float, const N: usize>(kind: Overlap, a: &[T], b: &[T], eps: T) -> Dual<T, N> {
    let [x1, y1, x2, y2] = [0, 1, 2, 3].map(|i| Dual::<T, N>::input(a[i], i));
    let [u1, v1, u2, v2] = [0, 1, 2, 3].map(|i| Dual::<T, N>::input(b[i], 4 + i));
    let eps = Dual::constant(eps);
    let (w, h, wb, hb) = (x2 - x1, y2 - y1, u2 - u1, v2 - v1);
    let (iw, ih) = (x2.min(u2) - x1.max(u1), y2.min(v2) - y1.max(v1));
    let inside = iw.value > T::ZERO && ih.value > T::ZERO;
    let inter = if inside { iw * ih } else { Dual::constant(T::ZERO) };
    let union = w * h + wb * hb - inter;
    let iou = inter / (union + eps);
    if kind == Overlap::Iou {
        return iou;
    }
    let (cw, ch) = (x2.max(u2) - x1.min(u1), y2.max(v2) - y1.min(v1));
    if kind == Overlap::Giou {
        let enclosing = cw * ch;
        return iou - (enclosing - union) / (enclosing + eps);
    }
    let two = Dual::constant(T::from_f64(2.0));
    let (dx, dy) = ((x2 + x1) / two - (u1 + u2) / two, (y2 + y1) / two - (v1 + v2) / two);
    let diou = iou - (dx * dx + dy * dy) / (cw * cw + ch * ch + eps);
    if kind == Overlap::Diou {
        return diou;
    }
    let angle = (wb / hb).atan() - (w / h).atan();
    let v = Dual::constant(T::from_f64(4.0 / std::f64::consts::PI.powi(2))) * angle * angle;
    let alpha = v.value / (T::ONE - iou.value + v.value + eps.value);
    diou - Dual::constant(alpha) * v
}
