//! Activations and their pull-backs, as maps for [`crate::elementwise::map`]. NaN gives NaN, in the value and (unless said)
//! in the gradient.

use crate::simd::math::{self, clamp, constant};
use crate::simd::{Float, Map, Vector};

/// SELU's constants, after Klambauer et al. (2017).
const SELU_ALPHA: f64 = 1.673_263_242_354_377_2;
const SELU_SCALE: f64 = 1.050_700_987_355_480_5;
/// √(2/π) and the cubic's weight in GELU's tanh form, after Hendrycks and Gimpel (2016).
const GELU_INNER: f64 = 0.797_884_560_802_865_4;
const GELU_CUBIC: f64 = 0.044_715;
/// 1/√(2π).
const DENSITY: f64 = 0.398_942_280_401_432_7;

/// x/6 + ½ held in [0, 1].
#[inline(always)]
fn hard_gate<T: Float, V: Vector<T>>(x: V) -> V {
    let line = x.fma(constant::<T, V>(1.0 / 6.0), constant::<T, V>(0.5));
    clamp(line, V::zero(), V::splat(T::ONE))
}

#[inline(always)]
fn gelu_inner<T: Float, V: Vector<T>>(x: V) -> V {
    let cubic = constant::<T, V>(GELU_CUBIC * GELU_INNER);
    x * (x * x).fma(cubic, constant::<T, V>(GELU_INNER))
}

crate::maps! {
    /// max(x, 0).
    Relu(x) => V::select(x.le(V::zero()), V::zero(), x);
    /// dy where y > 0, else 0.
    ReluBackward(y, dy) => V::select(V::zero().lt(y), dy, V::zero());
    /// x held in [0, 6].
    Relu6(x) => clamp(x, V::zero(), constant::<T, V>(6.0));
    /// dy where 0 < y < 6, else 0.
    Relu6Backward(y, dy) => {
        let inside = V::mask_and(V::zero().lt(y), y.lt(constant::<T, V>(6.0)));
        V::select(inside, dy, V::zero())
    };
    /// scale · (x where x > 0, else α (eˣ − 1)).
    Selu(x) => {
        let scale = constant::<T, V>(SELU_SCALE);
        V::select(V::zero().lt(x), x * scale, math::expm1::<T, V>(x) * constant::<T, V>(SELU_SCALE * SELU_ALPHA))
    };
    /// dy · scale where y > 0, else dy (y + scale·α).
    SeluBackward(y, dy) => {
        let below = y + constant::<T, V>(SELU_SCALE * SELU_ALPHA);
        dy * V::select(V::zero().lt(y), constant::<T, V>(SELU_SCALE), below)
    };
    /// x Φ(x) = max(x, 0) − s · 2Φ(−2s), s = |x|/2: one tail serves both signs, and keeps its digits where x Φ(x) is tiny.
    Gelu(x) => {
        let s = V::splat(T::NORMAL_LIMIT).min((x * constant::<T, V>(0.5)).abs());
        // Which of two zeros comes out is the second's choice: gelu(−0) is −0.
        s.neg_fma(math::normal_tail::<T, V>(s), (-V::zero()).max(x))
    };
    /// dy (Φ(x) + x φ(x)): below 0 the bracket is b/2, b = 2Φ(−2s) − 4 s φ(2s), s = |x|/2; above it is 1 − b/2.
    GeluBackward(x, dy) => {
        let half = constant::<T, V>(0.5);
        // From here on φ is 0; it needs s beyond where the tail is 0.
        let s = constant::<T, V>((-0.5 * T::EXP_LOW.to_f64()).sqrt()).min((x * half).abs());
        let tail = math::normal_tail::<T, V>(V::splat(T::NORMAL_LIMIT).min(s));
        let power = math::exp2_term::<T, V>(s * s * constant::<T, V>(-2.0 * std::f64::consts::LOG2_E));
        let below = power.neg_fma(s * constant::<T, V>(4.0 * DENSITY), tail);
        dy * (half * V::select(x.lt(V::zero()), below, constant::<T, V>(2.0) - below))
    };
    /// ½ x (1 + tanh(√(2/π) (x + 0.044715 x³))) = x σ(2u), u the argument of tanh.
    GeluTanh(x) => {
        let u = gelu_inner::<T, V>(x);
        V::select(x.eq(V::splat(-T::INFINITY)), -V::zero(), x * math::sigmoid::<T, V>(u + u))
    };
    /// dy (σ(2u) + 2 x u' σ(2u) σ(−2u)).
    GeluTanhBackward(x, dy) => {
        // Beyond ±100 the slope is 0 or 1 to the last bit, and x³ stays finite.
        let x = clamp(x, constant::<T, V>(-100.0), constant::<T, V>(100.0));
        let u = gelu_inner::<T, V>(x);
        let (s, rest) = math::sigmoid_pair::<T, V>(u + u);
        let slope = (x * x).fma(constant::<T, V>(6.0 * GELU_CUBIC * GELU_INNER), constant::<T, V>(2.0 * GELU_INNER));
        dy * (x * slope * rest).fma(s, s)
    };
    /// x σ(x).
    Silu(x) => V::select(x.eq(V::splat(-T::INFINITY)), -V::zero(), x * math::sigmoid::<T, V>(x));
    /// dy (σ + x σ (1 − σ)).
    SiluBackward(x, dy) => {
        let (s, rest) = math::sigmoid_pair::<T, V>(x);
        // The product is 0 long before |x| = 1000.
        let x = clamp(x, constant::<T, V>(-1000.0), constant::<T, V>(1000.0));
        dy * (x * rest).fma(s, s)
    };
    /// dy y (1 − y).
    SigmoidBackward(y, dy) => dy * y * (V::splat(T::ONE) - y);
    /// dy (1 − y²).
    TanhBackward(y, dy) => dy * y.neg_fma(y, V::splat(T::ONE));
    /// log(1 + eˣ).
    Softplus(x) => {
        let positive = V::select(x.le(V::zero()), V::zero(), x);
        positive + math::log1p::<T, V>(math::exp::<T, V>(-x.abs()))
    };
    /// dy σ(x).
    SoftplusBackward(x, dy) => dy * math::sigmoid::<T, V>(x);
    /// x / (1 + |x|); ±1 at ±inf.
    Softsign(x) => {
        let y = x / (V::splat(T::ONE) + x.abs());
        V::select(x.abs().eq(V::splat(T::INFINITY)), V::splat(T::ONE).copysign(x), y)
    };
    /// dy / (1 + |x|)².
    SoftsignBackward(x, dy) => {
        let r = V::splat(T::ONE) / (V::splat(T::ONE) + x.abs());
        dy * r * r
    };
    /// x/6 + ½ held in [0, 1].
    HardSigmoid(x) => hard_gate::<T, V>(x);
    /// dy / 6 where |x| < 3, else 0.
    HardSigmoidBackward(x, dy) => {
        V::select(x.abs().lt(constant::<T, V>(3.0)), dy * constant::<T, V>(1.0 / 6.0), V::zero())
    };
    /// x · hard_sigmoid(x).
    HardSilu(x) => V::select(x.eq(V::splat(-T::INFINITY)), -V::zero(), x * hard_gate::<T, V>(x));
    /// x where x ≥ 0, else alpha · x.
    Prelu(x, alpha) => V::select(x.lt(V::zero()), x * alpha, x);
    /// The slope of [`Prelu`] in x: 1 where x > 0, alpha where x < 0, 0 at 0.
    PreluSlope(x, alpha) => {
        let below = V::select(x.lt(V::zero()), alpha, V::select(x.is_nan(), x, V::zero()));
        V::select(V::zero().lt(x), V::splat(T::ONE), below)
    };
    /// dy · (0 where x ≤ −3, 1 where x ≥ 3, x/3 + ½ between).
    HardSiluBackward(x, dy) => {
        let slope = x.fma(constant::<T, V>(1.0 / 3.0), constant::<T, V>(0.5));
        let slope = V::select(constant::<T, V>(3.0).le(x), V::splat(T::ONE), slope);
        dy * V::select(x.le(constant::<T, V>(-3.0)), V::zero(), slope)
    };
}

/// x where x ≥ 0, else slope · x; backward from x: dy where x > 0, else slope · dy.
#[derive(Clone, Copy)]
pub struct LeakyRelu<T>(pub T);

impl<T: Float> Map<T, 1> for LeakyRelu<T> {
    #[inline(always)]
    fn apply<V: Vector<T>>(&self, [x]: [V; 1]) -> V {
        V::select(x.lt(V::zero()), x * V::splat(self.0), x)
    }
}

impl<T: Float> Map<T, 2> for LeakyRelu<T> {
    #[inline(always)]
    fn apply<V: Vector<T>>(&self, [x, dy]: [V; 2]) -> V {
        V::select(V::zero().lt(x), dy, dy * V::splat(self.0))
    }
}

/// x where x > 0, else α (eˣ − 1); backward from y: dy where y > 0, else dy (y + α).
#[derive(Clone, Copy)]
pub struct Elu<T>(pub T);

impl<T: Float> Map<T, 1> for Elu<T> {
    #[inline(always)]
    fn apply<V: Vector<T>>(&self, [x]: [V; 1]) -> V {
        V::select(V::zero().lt(x), x, math::expm1::<T, V>(x) * V::splat(self.0))
    }
}

impl<T: Float> Map<T, 2> for Elu<T> {
    #[inline(always)]
    fn apply<V: Vector<T>>(&self, [y, dy]: [V; 2]) -> V {
        V::select(V::zero().lt(y), dy, dy * (y + V::splat(self.0)))
    }
}
