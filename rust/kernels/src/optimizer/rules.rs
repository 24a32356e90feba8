//! The updates of single elements. Formulas are Keras 3's, epsilon where Keras has it.

use super::Update;
use crate::simd::math::{clamp, exp, log};
use crate::simd::{Float, Vector};

/// w ← w − lr·g.
pub struct Sgd<T> {
    lr: T,
}

impl<T: Float> Sgd<T> {
    pub fn new(lr: f64) -> Self {
        Sgd { lr: T::from_f64(lr) }
    }
}

impl<T: Float> Update<T, 0> for Sgd<T> {
    #[inline(always)]
    fn apply<V: Vector<T>>(&self, w: V, g: V, state: [V; 0]) -> (V, [V; 0]) {
        (g.neg_fma(V::splat(self.lr), w), state)
    }
}

/// v ← momentum·v − (1 − dampening)·lr·g; w ← w + v, or, Nesterov's form, w ← w + momentum·v − lr·g.
pub struct Momentum<T> {
    lr: T,
    gain: T,
    momentum: T,
    nesterov: bool,
}

impl<T: Float> Momentum<T> {
    pub fn new(lr: f64, momentum: f64, nesterov: bool, dampening: f64) -> Self {
        let gain = T::from_f64(lr * (1.0 - dampening));
        Momentum { lr: T::from_f64(lr), gain, momentum: T::from_f64(momentum), nesterov }
    }
}

impl<T: Float> Update<T, 1> for Momentum<T> {
    #[inline(always)]
    fn apply<V: Vector<T>>(&self, w: V, g: V, [v]: [V; 1]) -> (V, [V; 1]) {
        let momentum = V::splat(self.momentum);
        let v = g.neg_fma(V::splat(self.gain), v * momentum);
        let w = if self.nesterov { w + g.neg_fma(V::splat(self.lr), v * momentum) } else { w + v };
        (w, [v])
    }
}

/// v ← ρ·v + (1 − ρ)·g²; with averages, a ← ρ·a + (1 − ρ)·g and the variance v − a² in v's stead;
/// d = lr·g / √(v + ε); with momentum, m ← momentum·m + d and w ← w − m; without, w ← w − d.
///
/// States: velocity, then the average where `CENTERED`, then the momentum where `MOMENTUM`.
pub struct RmsProp<T, const CENTERED: bool, const MOMENTUM: bool> {
    lr: T,
    rho: T,
    rest: T,
    momentum: T,
    epsilon: T,
}

impl<T: Float, const CENTERED: bool, const MOMENTUM: bool> RmsProp<T, CENTERED, MOMENTUM> {
    pub fn new(lr: f64, rho: f64, momentum: f64, epsilon: f64) -> Self {
        RmsProp {
            lr: T::from_f64(lr),
            rho: T::from_f64(rho),
            rest: T::from_f64(1.0 - rho),
            momentum: T::from_f64(momentum),
            epsilon: T::from_f64(epsilon),
        }
    }
}

impl<T: Float, const CENTERED: bool, const MOMENTUM: bool, const S: usize> Update<T, S>
    for RmsProp<T, CENTERED, MOMENTUM>
{
    #[inline(always)]
    fn apply<V: Vector<T>>(&self, w: V, g: V, mut state: [V; S]) -> (V, [V; S]) {
        let (rho, rest) = (V::splat(self.rho), V::splat(self.rest));
        state[0] = rho.fma(state[0], rest * g * g);
        let mut variance = state[0];
        if CENTERED {
            state[1] = rho.fma(state[1], rest * g);
            variance = state[1].neg_fma(state[1], variance);
        }
        let d = V::splat(self.lr) * g / (variance + V::splat(self.epsilon)).sqrt();
        if MOMENTUM {
            state[S - 1] = V::splat(self.momentum).fma(state[S - 1], d);
            (w - state[S - 1], state)
        } else {
            (w - d, state)
        }
    }
}

/// m ← m + (1 − β₁)(g − m); v ← v + (1 − β₂)(g² − v); with AMSGrad v̂ ← max(v̂, v) in v's stead;
/// w ← w − α·m / (√v + ε), α = lr·√(1 − β₂ᵗ) / (1 − β₁ᵗ), t the number of the step from 1 on.
///
/// States: m, v, then v̂ where there are three.
pub struct Adam<T> {
    alpha: T,
    first: T,
    second: T,
    epsilon: T,
}

impl<T: Float> Adam<T> {
    pub fn new(lr: f64, beta_1: f64, beta_2: f64, epsilon: f64, step: u64) -> Self {
        let t = step as f64;
        let alpha = lr * (1.0 - beta_2.powf(t)).sqrt() / (1.0 - beta_1.powf(t));
        Adam {
            alpha: T::from_f64(alpha),
            first: T::from_f64(1.0 - beta_1),
            second: T::from_f64(1.0 - beta_2),
            epsilon: T::from_f64(epsilon),
        }
    }
}

impl<T: Float, const S: usize> Update<T, S> for Adam<T> {
    #[inline(always)]
    fn apply<V: Vector<T>>(&self, w: V, g: V, mut state: [V; S]) -> (V, [V; S]) {
        state[0] = (g - state[0]).fma(V::splat(self.first), state[0]);
        state[1] = (g * g - state[1]).fma(V::splat(self.second), state[1]);
        let mut v = state[1];
        if S == 3 {
            // NaN in v stays: the comparison gives the second operand.
            state[2] = state[2].max(v);
            v = state[2];
        }
        let d = V::splat(self.alpha) * state[0] / (v.sqrt() + V::splat(self.epsilon));
        (w - d, state)
    }
}

/// m and v as Adam's; m̂ = u′·m / (1 − P·u′) + (1 − u)·g / (1 − P); w ← w − lr·m̂ / (√(v / (1 − β₂ᵗ)) + ε)
/// with u = β₁(1 − 0.96ᵗ / 2), u′ that of the next step, and P the product of all u so far.
pub struct Nadam<T> {
    first: T,
    second: T,
    of_momentum: T,
    of_gradient: T,
    correction: T,
    epsilon: T,
}

impl<T: Float> Nadam<T> {
    pub fn new(lr: f64, beta_1: f64, beta_2: f64, epsilon: f64, step: u64, product: f64) -> Self {
        let t = step as f64;
        let now = beta_1 * (1.0 - 0.5 * 0.96f64.powf(t));
        let next = beta_1 * (1.0 - 0.5 * 0.96f64.powf(t + 1.0));
        Nadam {
            first: T::from_f64(1.0 - beta_1),
            second: T::from_f64(1.0 - beta_2),
            of_momentum: T::from_f64(lr * next / (1.0 - product * next)),
            of_gradient: T::from_f64(lr * (1.0 - now) / (1.0 - product)),
            correction: T::from_f64(1.0 / (1.0 - beta_2.powf(t))),
            epsilon: T::from_f64(epsilon),
        }
    }
}

impl<T: Float> Update<T, 2> for Nadam<T> {
    #[inline(always)]
    fn apply<V: Vector<T>>(&self, w: V, g: V, [m, v]: [V; 2]) -> (V, [V; 2]) {
        let m = (g - m).fma(V::splat(self.first), m);
        let v = (g * g - v).fma(V::splat(self.second), v);
        let ahead = V::splat(self.of_momentum).fma(m, V::splat(self.of_gradient) * g);
        (w - ahead / ((v * V::splat(self.correction)).sqrt() + V::splat(self.epsilon)), [m, v])
    }
}

/// m ← m + (1 − β₁)(g − m); u ← max(β₂·u, |g|); w ← w − lr·m / ((1 − β₁ᵗ)(u + ε)).
pub struct Adamax<T> {
    alpha: T,
    first: T,
    beta_2: T,
    epsilon: T,
}

impl<T: Float> Adamax<T> {
    pub fn new(lr: f64, beta_1: f64, beta_2: f64, epsilon: f64, step: u64) -> Self {
        Adamax {
            alpha: T::from_f64(lr / (1.0 - beta_1.powf(step as f64))),
            first: T::from_f64(1.0 - beta_1),
            beta_2: T::from_f64(beta_2),
            epsilon: T::from_f64(epsilon),
        }
    }
}

impl<T: Float> Update<T, 2> for Adamax<T> {
    #[inline(always)]
    fn apply<V: Vector<T>>(&self, w: V, g: V, [m, u]: [V; 2]) -> (V, [V; 2]) {
        let m = (g - m).fma(V::splat(self.first), m);
        let held = u * V::splat(self.beta_2);
        // max gives its second operand where either is NaN.
        let u = V::select(held.is_nan(), held, held.max(g.abs()));
        (w - V::splat(self.alpha) * m / (u + V::splat(self.epsilon)), [m, u])
    }
}

/// a ← a + g²; w ← w − lr·g / √(a + ε).
pub struct Adagrad<T> {
    lr: T,
    epsilon: T,
}

impl<T: Float> Adagrad<T> {
    pub fn new(lr: f64, epsilon: f64) -> Self {
        Adagrad { lr: T::from_f64(lr), epsilon: T::from_f64(epsilon) }
    }
}

impl<T: Float> Update<T, 1> for Adagrad<T> {
    #[inline(always)]
    fn apply<V: Vector<T>>(&self, w: V, g: V, [a]: [V; 1]) -> (V, [V; 1]) {
        let a = g.fma(g, a);
        (w - V::splat(self.lr) * g / (a + V::splat(self.epsilon)).sqrt(), [a])
    }
}

/// a ← ρ·a + (1 − ρ)·g²; δ = g·√(d + ε) / √(a + ε); d ← ρ·d + (1 − ρ)·δ²; w ← w − lr·δ.
pub struct Adadelta<T> {
    lr: T,
    rho: T,
    rest: T,
    epsilon: T,
}

impl<T: Float> Adadelta<T> {
    pub fn new(lr: f64, rho: f64, epsilon: f64) -> Self {
        Adadelta {
            lr: T::from_f64(lr),
            rho: T::from_f64(rho),
            rest: T::from_f64(1.0 - rho),
            epsilon: T::from_f64(epsilon),
        }
    }
}

impl<T: Float> Update<T, 2> for Adadelta<T> {
    #[inline(always)]
    fn apply<V: Vector<T>>(&self, w: V, g: V, [a, d]: [V; 2]) -> (V, [V; 2]) {
        let (rho, rest, epsilon) = (V::splat(self.rho), V::splat(self.rest), V::splat(self.epsilon));
        let a = rho.fma(a, rest * g * g);
        let delta = (d + epsilon).sqrt() * g / (a + epsilon).sqrt();
        let d = rho.fma(d, rest * delta * delta);
        (delta.neg_fma(V::splat(self.lr), w), [a, d])
    }
}

/// w ← w − lr·sign(β₁·m + (1 − β₁)·g); m ← β₂·m + (1 − β₂)·g. The sign of 0 is 0.
pub struct Lion<T> {
    lr: T,
    beta_1: T,
    rest_1: T,
    beta_2: T,
    rest_2: T,
}

impl<T: Float> Lion<T> {
    pub fn new(lr: f64, beta_1: f64, beta_2: f64) -> Self {
        Lion {
            lr: T::from_f64(lr),
            beta_1: T::from_f64(beta_1),
            rest_1: T::from_f64(1.0 - beta_1),
            beta_2: T::from_f64(beta_2),
            rest_2: T::from_f64(1.0 - beta_2),
        }
    }
}

impl<T: Float> Update<T, 1> for Lion<T> {
    #[inline(always)]
    fn apply<V: Vector<T>>(&self, w: V, g: V, [m]: [V; 1]) -> (V, [V; 1]) {
        let mixed = V::splat(self.beta_1).fma(m, V::splat(self.rest_1) * g);
        let keeps = V::mask_or(mixed.eq(V::zero()), mixed.is_nan());
        let sign = V::select(keeps, mixed, V::splat(T::ONE).copysign(mixed));
        (sign.neg_fma(V::splat(self.lr), w), [V::splat(self.beta_2).fma(m, V::splat(self.rest_2) * g)])
    }
}

/// How a power is taken.
#[derive(Clone, Copy)]
enum Power<T> {
    Root,
    One,
    Any(T),
}

impl<T: Float> Power<T> {
    /// xᵖ for x ≥ 0.
    #[inline(always)]
    fn of<V: Vector<T>>(self, x: V) -> V {
        match self {
            Power::Root => x.sqrt(),
            Power::One => V::splat(T::ONE),
            Power::Any(p) => exp(log(x) * V::splat(p)),
        }
    }
}

/// n = a + g²; l ← l + g + 2·shrinkage·w − (nᵖ − aᵖ)·w / lr; w ← (clip(l, ±λ₁) − l) / (nᵖ / lr + 2·λ₂ + β / lr); a ← n.
///
/// States: a, l. p is minus the learning rate's power.
pub struct Ftrl<T> {
    inverse: T,
    power: Power<T>,
    l1: T,
    l2: T,
    shrinkage: T,
}

impl<T: Float> Ftrl<T> {
    pub fn new(lr: f64, power: f64, l1: f64, l2: f64, shrinkage: f64, beta: f64) -> Self {
        let power = match -power {
            0.5 => Power::Root,
            0.0 => Power::One,
            p => Power::Any(T::from_f64(p)),
        };
        Ftrl {
            inverse: T::from_f64(1.0 / lr),
            power,
            l1: T::from_f64(l1),
            l2: T::from_f64(2.0 * l2 + beta / lr),
            shrinkage: T::from_f64(2.0 * shrinkage),
        }
    }
}

impl<T: Float> Update<T, 2> for Ftrl<T> {
    #[inline(always)]
    fn apply<V: Vector<T>>(&self, w: V, g: V, [a, l]: [V; 2]) -> (V, [V; 2]) {
        let n = g.fma(g, a);
        let raised = self.power.of(n);
        let change = (raised - self.power.of(a)) * V::splat(self.inverse);
        let l = l + change.neg_fma(w, V::splat(self.shrinkage).fma(w, g));
        let quadratic = raised.fma(V::splat(self.inverse), V::splat(self.l2));
        let held = clamp(l, V::splat(-self.l1), V::splat(self.l1));
        ((held - l) / quadratic, [n, l])
    }
}

/// a ← momentum·a + (1 − momentum)·w, the average in the parameter's place and the value in the gradient's.
#[derive(Clone, Copy)]
pub struct Average<T> {
    momentum: T,
    rest: T,
}

impl<T: Float> Average<T> {
    #[inline(always)]
    pub fn new(momentum: f64) -> Self {
        Average { momentum: T::from_f64(momentum), rest: T::from_f64(1.0 - momentum) }
    }

    #[inline(always)]
    pub(super) fn mix<V: Vector<T>>(&self, average: V, value: V) -> V {
        average.fma(V::splat(self.momentum), value * V::splat(self.rest))
    }
}

impl<T: Float> Update<T, 0> for Average<T> {
    #[inline(always)]
    fn apply<V: Vector<T>>(&self, a: V, w: V, state: [V; 0]) -> (V, [V; 0]) {
        (self.mix(a, w), state)
    }
}
