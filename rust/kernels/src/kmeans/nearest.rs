//! The product of points and centres, and its least entry for every point.

use super::{Centers, MOST_LANES};
use crate::simd::{Float, Isa, Kernel, V, Vector};

/// Products of R centres from `first` on with the points of a panel. Rows behind the last centre repeat it.
#[inline(always)]
pub(super) fn products<T: Float, I: Isa, const R: usize>(
    centers: &Centers<'_, T>,
    first: usize,
    panel: &[T],
) -> [[V<T, I>; 2]; R] {
    let (d, lanes) = (centers.d, V::<T, I>::LANES);
    debug_assert!(panel.len() >= 2 * lanes * d && first < centers.k);
    let mut sums = [[V::<T, I>::zero(); 2]; R];
    let mut rows = [centers.rows.as_ptr(); R];
    for r in 0..R {
        // SAFETY: the row is one of the k rows of d elements.
        rows[r] = unsafe { rows[r].add((first + r).min(centers.k - 1) * d) };
    }
    let mut from = panel.as_ptr();
    for p in 0..d {
        // SAFETY: p < d: feature p of the panel is 2·LANES elements, and every row has d.
        unsafe {
            let (low, high) = (V::<T, I>::load(from), V::<T, I>::load(from.add(lanes)));
            from = from.add(2 * lanes);
            for r in 0..R {
                let value = V::<T, I>::splat(*rows[r].add(p));
                sums[r][0] = value.fma(low, sums[r][0]);
                sums[r][1] = value.fma(high, sums[r][1]);
            }
        }
    }
    sums
}

/// Where the squared distances of a panel to all centres go, (k, lanes), and |x|² of its lanes.
pub(super) struct Squares<'a, T> {
    pub norms: &'a [T],
    pub out: &'a mut [T],
}

/// Index of the nearest centre of every point of a panel.
#[inline(always)]
pub(super) fn nearest<T: Float, I: Isa>(
    centers: &Centers<'_, T>,
    panel: &[T],
    squares: Option<Squares<'_, T>>,
) -> [T; MOST_LANES] {
    // The tile that leaves fewer idle rows; the larger one where both do alike.
    let k = centers.k;
    let idle = |rows: usize| k.next_multiple_of(rows) - k;
    if V::<T, I>::LANES * size_of::<T>() == 64 {
        if idle(12) <= idle(8) {
            nearest_by::<T, I, 12>(centers, panel, squares)
        } else {
            nearest_by::<T, I, 8>(centers, panel, squares)
        }
    } else if idle(6) <= idle(4) {
        nearest_by::<T, I, 6>(centers, panel, squares)
    } else {
        nearest_by::<T, I, 4>(centers, panel, squares)
    }
}

#[inline(always)]
fn nearest_by<T: Float, I: Isa, const R: usize>(
    centers: &Centers<'_, T>,
    panel: &[T],
    mut squares: Option<Squares<'_, T>>,
) -> [T; MOST_LANES] {
    let lanes = V::<T, I>::LANES;
    let two = V::<T, I>::splat(T::from_f64(2.0));
    let (mut best, mut index) = ([V::<T, I>::splat(T::INFINITY); 2], [V::<T, I>::zero(); 2]);
    let mut first = 0;
    while first < centers.k {
        let sums = products::<T, I, R>(centers, first, panel);
        let rows = R.min(centers.k - first);
        if let Some(Squares { norms, out }) = &mut squares {
            debug_assert!(norms.len() >= 2 * lanes && out.len() >= 2 * lanes * centers.k);
            for r in 0..rows {
                let norm = V::<T, I>::splat(centers.norms[first + r]);
                for half in 0..2 {
                    // SAFETY: both slices hold whole panels, and first + r < k.
                    unsafe {
                        let own = V::<T, I>::load(norms.as_ptr().add(half * lanes));
                        let square = sums[r][half].neg_fma(two, norm + own);
                        square.store(out.as_mut_ptr().add((2 * (first + r) + half) * lanes));
                    }
                }
            }
        }
        for r in 0..R {
            let norm = V::<T, I>::splat(centers.norms[first + r]);
            let number = V::<T, I>::splat(T::from_f64((first + r) as f64));
            for half in 0..2 {
                let value = sums[r][half].neg_fma(two, norm);
                index[half] = V::<T, I>::select(value.lt(best[half]), number, index[half]);
                best[half] = best[half].min(value);
            }
        }
        first += R;
    }
    let mut out = [T::ZERO; MOST_LANES];
    for (half, index) in index.iter().enumerate() {
        // SAFETY: half·LANES + LANES ≤ MOST_LANES.
        unsafe { index.store(out.as_mut_ptr().add(half * lanes)) }
    }
    out
}

/// Labels of one chunk of points, and where wanted all squared distances (panel after panel) with |x|² of the points.
pub(super) struct Assign<'a, T> {
    pub panels: &'a [T],
    pub centers: &'a Centers<'a, T>,
    pub labels: &'a mut [i32],
    pub squares: Option<Squares<'a, T>>,
}

impl<T: Float> Kernel for Assign<'_, T> {
    type Output = ();
    #[inline(always)]
    fn run<I: Isa>(mut self) {
        let (d, k, lanes) = (self.centers.d, self.centers.k, 2 * V::<T, I>::LANES);
        for start in (0..self.labels.len()).step_by(lanes) {
            let count = lanes.min(self.labels.len() - start);
            let squares = self.squares.as_mut().map(|all| Squares {
                norms: &all.norms[start..start + lanes],
                out: &mut all.out[start * k..(start + lanes) * k],
            });
            let index = nearest::<T, I>(self.centers, &self.panels[start * d..], squares);
            for (label, index) in self.labels[start..start + count].iter_mut().zip(&index) {
                *label = index.to_f64() as i32;
            }
        }
    }
}
