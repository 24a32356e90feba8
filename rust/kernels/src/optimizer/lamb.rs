//! Lamb: Adam's direction at a length that follows each tensor's own norm. Two passes, as the norm comes first.

use super::{Around, Tensor, Update, step};
use crate::simd::{Float, Vector};

/// m and v as Adam's; u = m / (1 − β₁ᵗ) / (√(v / (1 − β₂ᵗ)) + ε); w ← w − lr·(‖w‖ / ‖u‖)·u, the ratio 1 where either
/// norm is 0.
pub struct Lamb {
    pub lr: f64,
    pub beta_1: f64,
    pub beta_2: f64,
    pub epsilon: f64,
    /// The number of the step, from 1 on.
    pub step: u64,
}

/// The first pass: the moments, and the norms of parameter and direction.
struct Moments<T> {
    first: T,
    second: T,
    direction: Direction<T>,
}

/// m and v to u, and the second pass: w ← w − u, with m in the gradient's place, scaled by lr·ratio / (1 − β₁ᵗ).
#[derive(Clone, Copy)]
struct Direction<T> {
    unbias: T,
    correction: T,
    epsilon: T,
}

impl<T: Float> Direction<T> {
    #[inline(always)]
    fn root<V: Vector<T>>(&self, v: V) -> V {
        (v * V::splat(self.correction)).sqrt() + V::splat(self.epsilon)
    }
}

impl<T: Float> Update<T, 2> for Moments<T> {
    const WRITES_PARAMETER: bool = false;
    const MEASURES: bool = true;

    #[inline(always)]
    fn apply<V: Vector<T>>(&self, w: V, g: V, [m, v]: [V; 2]) -> (V, [V; 2]) {
        let m = (g - m).fma(V::splat(self.first), m);
        (w, [m, (g * g - v).fma(V::splat(self.second), v)])
    }

    #[inline(always)]
    fn measure<V: Vector<T>>(&self, w: V, [m, v]: [V; 2]) -> [V; 2] {
        [w, m * V::splat(self.direction.unbias) / self.direction.root(v)]
    }
}

impl<T: Float> Update<T, 1> for Direction<T> {
    const WRITES_STATE: bool = false;

    #[inline(always)]
    fn apply<V: Vector<T>>(&self, w: V, m: V, [v]: [V; 1]) -> (V, [V; 1]) {
        (w - m / self.root(v), [v])
    }
}

/// One step of `rule` over all tensors; states are m and v.
pub fn lamb_step<T: Float>(rule: &Lamb, around: Around, tensors: &mut [Tensor<'_, T, 2>]) {
    let t = rule.step as f64;
    let unbias = 1.0 / (1.0 - rule.beta_1.powf(t));
    let direction = Direction {
        unbias: T::from_f64(unbias),
        correction: T::from_f64(1.0 / (1.0 - rule.beta_2.powf(t))),
        epsilon: T::from_f64(rule.epsilon),
    };
    let moments = Moments { first: T::from_f64(1.0 - rule.beta_1), second: T::from_f64(1.0 - rule.beta_2), direction };
    let mut averages: Vec<_> = tensors.iter_mut().map(|tensor| tensor.average.take()).collect();
    let sums = step(&moments, around, tensors);
    let second = tensors.iter_mut().zip(&sums).zip(&mut averages).map(|((tensor, [w, u]), average)| {
        let ratio = if *w > 0.0 && *u > 0.0 { (w / u).sqrt() } else { 1.0 };
        let [m, v] = &mut tensor.state;
        Tensor {
            parameter: &mut *tensor.parameter,
            gradient: m,
            table: None,
            state: [&mut **v],
            average: average.as_deref_mut(),
            scale: rule.lr * ratio * unbias,
            decay: tensor.decay,
        }
    });
    step(&direction, Around { clip: f64::INFINITY, ..around }, &mut second.collect::<Vec<_>>());
}
