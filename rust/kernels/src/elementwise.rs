//! Arithmetic, comparison and elementary functions, element by element.
//!
//! IEEE-754 throughout: x/0 is ±inf, 0/0 NaN; NaN in any operand gives NaN unless said. Lengths and shapes are the
//! caller's to check (`debug_assert!`ed).

use crate::broadcast::Walk;
use crate::for_runs;
use crate::parts::{PART, streams};
use crate::simd::math::{self, clamp, constant};
use crate::simd::{self, Float, Isa, Kernel, Map, Vector};
use crate::threads::{chunks, parallel_chunks};

crate::maps! {
    Add(a, b) => a + b;
    Subtract(a, b) => a - b;
    Multiply(a, b) => a * b;
    Divide(a, b) => a / b;
    /// The larger; NaN where either is NaN.
    Maximum(a, b) => V::select(a.is_nan(), a, a.max(b));
    /// The smaller; NaN where either is NaN.
    Minimum(a, b) => V::select(a.is_nan(), a, a.min(b));

    Negative(x) => -x;
    Absolute(x) => x.abs();
    /// −1, 0 or 1; NaN stays NaN.
    Sign(x) => {
        let one = V::splat(T::ONE).copysign(x);
        V::select(V::mask_or(x.is_nan(), x.eq(V::zero())), x, one)
    };
    Square(x) => x * x;
    Sqrt(x) => x.sqrt();
    Reciprocal(x) => V::splat(T::ONE) / x;
    Floor(x) => x.floor();

    /// dy · sign x, and 0 at 0.
    AbsoluteBackward(x, dy) => {
        let sign = V::splat(T::ONE).copysign(x);
        dy * V::select(V::mask_or(x.is_nan(), x.eq(V::zero())), x, sign)
    };
    /// dy / (2 y) for y = √x.
    SqrtBackward(y, dy) => dy / (y + y);
    /// 2 x dy.
    SquareBackward(x, dy) => (x + x) * dy;
    /// dy · 2/√π · e^(−x²).
    ErfBackward(x, dy) => dy * constant::<T, V>(std::f64::consts::FRAC_2_SQRT_PI) * math::exp::<T, V>(-(x * x));
    /// dy where a > b, half of it where a = b, else 0 (also for NaN).
    MaximumBackward(a, b, dy) => {
        let half = V::select(a.eq(b), constant::<T, V>(0.5), V::zero());
        V::select(b.lt(a), V::splat(T::ONE), half) * dy
    };
    /// dy where a < b, half of it where a = b, else 0 (also for NaN).
    MinimumBackward(a, b, dy) => {
        let half = V::select(a.eq(b), constant::<T, V>(0.5), V::zero());
        V::select(a.lt(b), V::splat(T::ONE), half) * dy
    };
}

/// x held in [low, high]; NaN stays NaN.
#[derive(Clone, Copy)]
pub struct Clip<T> {
    pub low: T,
    pub high: T,
}

impl<T: Float> Map<T, 1> for Clip<T> {
    #[inline(always)]
    fn apply<V: Vector<T>>(&self, [x]: [V; 1]) -> V {
        clamp(x, V::splat(self.low), V::splat(self.high))
    }
}

/// dy where low ≤ x ≤ high, else 0 (also for NaN).
impl<T: Float> Map<T, 2> for Clip<T> {
    #[inline(always)]
    fn apply<V: Vector<T>>(&self, [x, dy]: [V; 2]) -> V {
        let inside = V::mask_and(V::splat(self.low).le(x), x.le(V::splat(self.high)));
        V::select(inside, dy, V::zero())
    }
}

struct MapPart<'a, T, F, const N: usize> {
    f: &'a F,
    x: [&'a [T]; N],
    y: &'a mut [T],
    stream: bool,
}

impl<T: Float, F: Map<T, N>, const N: usize> Kernel for MapPart<'_, T, F, N> {
    type Output = ();
    #[inline(always)]
    fn run<I: Isa>(self) {
        simd::map::<T, I, N>(self.f, self.x, self.y, self.stream);
    }
}

/// y[i] = f(x[0][i], …) over slices of one length.
pub fn map<T: Float, F: Map<T, N> + Sync, const N: usize>(f: &F, x: [&[T]; N], y: &mut [T]) {
    debug_assert!(x.iter().all(|x| x.len() == y.len()));
    let stream = streams::<T>(y.len());
    if y.len() <= PART {
        simd::dispatch(MapPart { f, x, y, stream });
        return;
    }
    parallel_chunks(chunks(y, PART), |part, y| {
        let x = x.map(|x| &x[part * PART..part * PART + y.len()]);
        simd::dispatch(MapPart { f, x, y, stream });
    });
}

/// `f` with its left or right operand fixed.
struct Left<'a, T, F>(&'a F, T);
struct Right<'a, T, F>(&'a F, T);

impl<T: Float, F: Map<T, 2>> Map<T, 1> for Left<'_, T, F> {
    #[inline(always)]
    fn apply<V: Vector<T>>(&self, [b]: [V; 1]) -> V {
        self.0.apply([V::splat(self.1), b])
    }
}

impl<T: Float, F: Map<T, 2>> Map<T, 1> for Right<'_, T, F> {
    #[inline(always)]
    fn apply<V: Vector<T>>(&self, [a]: [V; 1]) -> V {
        self.0.apply([a, V::splat(self.1)])
    }
}

struct BinaryPart<'a, T, F> {
    f: &'a F,
    walk: &'a Walk<2>,
    a: &'a [T],
    b: &'a [T],
    y: &'a mut [T],
    start: usize,
    stream: bool,
}

impl<T: Float, F: Map<T, 2>> Kernel for BinaryPart<'_, T, F> {
    type Output = ();
    #[inline(always)]
    fn run<I: Isa>(self) {
        let BinaryPart { f, walk, a, b, y, start, stream } = self;
        for_runs!(walk, start, y.len(), |at, from, count| {
            let y = &mut y[from..from + count];
            match walk.moves {
                [true, true] => {
                    let (a, b) = (&a[at[0]..at[0] + count], &b[at[1]..at[1] + count]);
                    simd::map::<T, I, 2>(f, [a, b], y, stream);
                }
                [true, false] => {
                    simd::map::<T, I, 1>(&Right(f, b[at[1]]), [&a[at[0]..at[0] + count]], y, stream);
                }
                [false, true] => {
                    simd::map::<T, I, 1>(&Left(f, a[at[0]]), [&b[at[1]..at[1] + count]], y, stream);
                }
                [false, false] => simd::map::<T, I, 1>(&Right(f, b[at[1]]), [&a[at[0]..=at[0]]], y, stream),
            }
        });
    }
}

/// y = f(a, b) with broadcasting: `walk` goes over y's shape.
pub fn binary<T: Float, F: Map<T, 2> + Sync>(f: &F, walk: &Walk<2>, a: &[T], b: &[T], y: &mut [T]) {
    let stream = streams::<T>(y.len());
    if y.len() <= PART {
        simd::dispatch(BinaryPart { f, walk, a, b, y, start: 0, stream });
        return;
    }
    parallel_chunks(chunks(y, PART), |part, y| {
        simd::dispatch(BinaryPart { f, walk, a, b, y, start: part * PART, stream });
    });
}

/// A function of two numbers that has no register form here: the power function, comparisons.
pub trait Scalar2<T, U> {
    fn of(&self, a: T, b: T) -> U;
}

macro_rules! scalar2 {
    ($($(#[$doc:meta])* $name:ident<$out:ty>($a:ident, $b:ident) => $body:expr;)*) => {$(
        $(#[$doc])*
        pub struct $name;
        impl<T: Float> Scalar2<T, $out> for $name {
            #[inline(always)]
            fn of(&self, $a: T, $b: T) -> $out {
                $body
            }
        }
    )*};
}

scalar2! {
    /// a^b as C's pow: pow(x, 0) = 1, pow(1, y) = 1 also for NaN; a negative base with a fraction gives NaN.
    Power<T>(a, b) => a.power(b);
    Equal<u8>(a, b) => u8::from(a == b);
    NotEqual<u8>(a, b) => u8::from(a != b);
    Less<u8>(a, b) => u8::from(a < b);
    LessEqual<u8>(a, b) => u8::from(a <= b);
    Greater<u8>(a, b) => u8::from(a > b);
    GreaterEqual<u8>(a, b) => u8::from(a >= b);
}

struct ScalarPart<'a, T, U, F> {
    f: &'a F,
    walk: &'a Walk<2>,
    a: &'a [T],
    b: &'a [T],
    y: &'a mut [U],
    start: usize,
}

impl<T: Float, U, F: Scalar2<T, U>> Kernel for ScalarPart<'_, T, U, F> {
    type Output = ();
    #[inline(always)]
    fn run<I: Isa>(self) {
        let ScalarPart { f, walk, a, b, y, start } = self;
        for_runs!(walk, start, y.len(), |at, from, count| {
            let y = &mut y[from..from + count];
            let a = &a[at[0]..at[0] + if walk.moves[0] { count } else { 1 }];
            let b = &b[at[1]..at[1] + if walk.moves[1] { count } else { 1 }];
            match walk.moves {
                [true, true] => {
                    for i in 0..count {
                        y[i] = f.of(a[i], b[i]);
                    }
                }
                [true, false] => {
                    for i in 0..count {
                        y[i] = f.of(a[i], b[0]);
                    }
                }
                _ => {
                    for i in 0..count {
                        y[i] = f.of(a[0], b[i]);
                    }
                }
            }
        });
    }
}

/// y = f(a, b) with broadcasting, one number at a time (loops that the compiler vectorises where it can).
pub fn scalar_binary<T: Float, U: Send, F: Scalar2<T, U> + Sync>(f: &F, walk: &Walk<2>, a: &[T], b: &[T], y: &mut [U]) {
    let part_len = PART / 4;
    parallel_chunks(chunks(y, part_len), |part, y| {
        simd::dispatch(ScalarPart { f, walk, a, b, y, start: part * part_len });
    });
}

/// y = cond ? a : b with broadcasting; `walk` goes over (cond, a, b), cond's bytes are false where 0.
pub fn select<T: Float>(walk: &Walk<3>, cond: &[u8], a: &[T], b: &[T], y: &mut [T]) {
    parallel_chunks(chunks(y, PART), |part, y| {
        simd::dispatch(SelectPart { walk, cond, a, b, y, start: part * PART });
    });
}

struct SelectPart<'a, T> {
    walk: &'a Walk<3>,
    cond: &'a [u8],
    a: &'a [T],
    b: &'a [T],
    y: &'a mut [T],
    start: usize,
}

impl<T: Float> Kernel for SelectPart<'_, T> {
    type Output = ();
    #[inline(always)]
    fn run<I: Isa>(self) {
        let SelectPart { walk, cond, a, b, y, start } = self;
        let [mc, ma, mb] = walk.moves;
        for_runs!(walk, start, y.len(), |at, from, count| {
            let y = &mut y[from..from + count];
            let cond = &cond[at[0]..at[0] + if mc { count } else { 1 }];
            let a = &a[at[1]..at[1] + if ma { count } else { 1 }];
            let b = &b[at[2]..at[2] + if mb { count } else { 1 }];
            if mc && ma && mb {
                for i in 0..count {
                    y[i] = if cond[i] != 0 { a[i] } else { b[i] };
                }
            } else {
                for i in 0..count {
                    let (c, p, q) = (if mc { i } else { 0 }, if ma { i } else { 0 }, if mb { i } else { 0 });
                    y[i] = if cond[c] != 0 { a[p] } else { b[q] };
                }
            }
        });
    }
}

/// da = dy·b·a^(b−1), and 0 where b is 0.
pub fn power_backward_base<T: Float>(walk: &Walk<2>, a: &[T], b: &[T], dy: &[T], dx: &mut [T]) {
    scalar_binary(&PowerBase, walk, a, b, dx);
    scale_by(dy, dx);
}

/// db = dy·a^b·log a, and 0 where a is 0 and b ≥ 0.
pub fn power_backward_exponent<T: Float>(walk: &Walk<2>, a: &[T], b: &[T], dy: &[T], dx: &mut [T]) {
    scalar_binary(&PowerExponent, walk, a, b, dx);
    scale_by(dy, dx);
}

struct PowerBase;
impl<T: Float> Scalar2<T, T> for PowerBase {
    #[inline(always)]
    fn of(&self, a: T, b: T) -> T {
        if b == T::ZERO { T::ZERO } else { b * a.power(b - T::ONE) }
    }
}

struct PowerExponent;
impl<T: Float> Scalar2<T, T> for PowerExponent {
    #[inline(always)]
    fn of(&self, a: T, b: T) -> T {
        if a == T::ZERO && b >= T::ZERO { T::ZERO } else { a.power(b) * a.logarithm() }
    }
}

fn scale_by<T: Float>(dy: &[T], dx: &mut [T]) {
    parallel_chunks(chunks(dx, PART), |part, dx| {
        let dy = &dy[part * PART..part * PART + dx.len()];
        for (x, d) in dx.iter_mut().zip(dy) {
            *x = *x * *d;
        }
    });
}

/// Element types that `cast` reads and writes. Floats to integers truncate and saturate; NaN becomes 0.
pub trait Cast<To>: Copy + Send + Sync {
    fn cast(self) -> To;
}

macro_rules! casts {
    ($($from:ty => $($to:ty),*;)*) => {$($(
        impl Cast<$to> for $from {
            #[inline(always)]
            fn cast(self) -> $to {
                self as $to
            }
        }
    )*)*};
}
casts! {
    i8 => f32, f64; u8 => f32, f64; i16 => f32, f64; u16 => f32, f64; i32 => f32, f64; u32 => f32, f64;
    i64 => f32, f64; u64 => f32, f64;
    f32 => f32, f64, i8, u8, i16, u16, i32, u32, i64, u64;
    f64 => f32, f64, i8, u8, i16, u16, i32, u32, i64, u64;
}

/// y[i] = x[i] as another type.
pub fn cast<A: Cast<B>, B: Send>(x: &[A], y: &mut [B]) {
    debug_assert_eq!(x.len(), y.len());
    parallel_chunks(chunks(y, PART), |part, y| {
        for (to, from) in y.iter_mut().zip(&x[part * PART..]) {
            *to = from.cast();
        }
    });
}
