//! What is done to each element: the line (x − m) a + b, and the slope of it.

use crate::simd::{Float, Map, Vector};

/// (x − m) a + b, and max(·, 0) of it.
#[inline(always)]
pub fn line<T: Float, V: Vector<T>, const RELU: bool>(x: V, m: V, a: V, b: V) -> V {
    let y = (x - m).fma(a, b);
    if RELU { V::select(y.le(V::zero()), V::zero(), y) } else { y }
}

/// dy, and 0 where max(·, 0) cut the value off.
#[inline(always)]
pub fn open<T: Float, V: Vector<T>, const RELU: bool>(x: V, dy: V, m: V, a: V, b: V) -> V {
    if RELU { V::select(V::zero().lt((x - m).fma(a, b)), dy, V::zero()) } else { dy }
}

/// [`line`] of (x, m, a, b).
pub struct Line<const RELU: bool>;

impl<T: Float, const RELU: bool> Map<T, 4> for Line<RELU> {
    #[inline(always)]
    fn apply<V: Vector<T>>(&self, [x, m, a, b]: [V; 4]) -> V {
        line::<T, V, RELU>(x, m, a, b)
    }
}

/// [`line`] with the same constants for all elements.
#[derive(Clone, Copy)]
pub struct LineOf<T, const RELU: bool> {
    pub m: T,
    pub a: T,
    pub b: T,
}

impl<T: Float, const RELU: bool> Map<T, 1> for LineOf<T, RELU> {
    #[inline(always)]
    fn apply<V: Vector<T>>(&self, [x]: [V; 1]) -> V {
        line::<T, V, RELU>(x, V::splat(self.m), V::splat(self.a), V::splat(self.b))
    }
}

/// [`open`] of (x, dy).
impl<T: Float, const RELU: bool> Map<T, 2> for LineOf<T, RELU> {
    #[inline(always)]
    fn apply<V: Vector<T>>(&self, [x, dy]: [V; 2]) -> V {
        open::<T, V, RELU>(x, dy, V::splat(self.m), V::splat(self.a), V::splat(self.b))
    }
}

/// a g + q (x − m) + r of (x, dy, m, a, b, q, r).
pub struct Slope<const RELU: bool>;

impl<T: Float, const RELU: bool> Map<T, 7> for Slope<RELU> {
    #[inline(always)]
    fn apply<V: Vector<T>>(&self, [x, dy, m, a, b, q, r]: [V; 7]) -> V {
        open::<T, V, RELU>(x, dy, m, a, b).fma(a, (x - m).fma(q, r))
    }
}

/// [`Slope`] with the same constants for all elements.
pub struct SlopeOf<T, const RELU: bool> {
    pub line: LineOf<T, RELU>,
    pub q: T,
    pub r: T,
}

impl<T: Float, const RELU: bool> Map<T, 2> for SlopeOf<T, RELU> {
    #[inline(always)]
    fn apply<V: Vector<T>>(&self, [x, dy]: [V; 2]) -> V {
        let LineOf { m, a, b } = self.line;
        let (m, a, b) = (V::splat(m), V::splat(a), V::splat(b));
        open::<T, V, RELU>(x, dy, m, a, b).fma(a, (x - m).fma(V::splat(self.q), V::splat(self.r)))
    }
}
