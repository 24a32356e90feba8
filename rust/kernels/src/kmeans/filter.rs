//! Elkan's bounds (2003), kept as the squared distances of an earlier iteration.
//!
//! A chunk of points remembers its squared distances to all centres, and the centres they were to. A centre that has
//! moved by m since is no nearer than its old distance minus m. Only a point's own centre is always looked at again, and
//! others where that bound does not rule them out. Old distances are replaced
//! when looking has become dearer than replacing. Rounding has slack in every comparison, and what stays undecided is
//! computed as without bounds, so labels are the same to the bit.

use super::distances::distance;
use super::nearest::{Squares, nearest};
use super::{Centers, MOST_LANES, pack};
use crate::simd::{Float, Isa, V, Vector};
use crate::threads::{Chunks, chunks};

/// Bytes of squared distances, at most; without them every iteration computes all.
const MOST_BYTES: usize = 1 << 28;

/// What the chunks remember.
pub(super) struct State<T> {
    squares: Vec<T>,
    references: Vec<T>,
    ledgers: Vec<Ledger>,
    norms: Vec<T>,
    chunk: usize,
    k: usize,
    d: usize,
}

/// Costs since the distances were computed, in cycles or so.
#[derive(Clone, Default)]
pub(super) struct Ledger {
    /// Iterations, with the one that computed them; 0 while there are none.
    rounds: usize,
    spent: f64,
    last: f64,
    /// Largest squared norm of the centres then.
    reach: f64,
}

impl Ledger {
    /// Whether another look would cost more than the rounds so far did on average.
    fn due(&self) -> bool {
        self.last * self.rounds as f64 >= self.spent
    }
}

type Pieces<'a, T> = (Chunks<'a, T>, Chunks<'a, T>, Chunks<'a, Ledger>, Chunks<'a, T>);
type Piece<'a, T> = (&'a mut [T], &'a mut [T], &'a mut [Ledger], &'a mut [T]);

impl<T: Float> State<T> {
    /// `None` where the distances would be too many. `norms` are |x|² of the points, in whole panels.
    pub fn new(norms: Vec<T>, k: usize, d: usize, chunk: usize) -> Option<Self> {
        let size = norms.len().checked_mul(k).filter(|size| size * size_of::<T>() <= MOST_BYTES)?;
        let parts = norms.len().div_ceil(chunk);
        let (squares, references) = (vec![T::ZERO; size], vec![T::ZERO; parts * k * d]);
        Some(State { squares, references, ledgers: vec![Ledger::default(); parts], norms, chunk, k, d })
    }

    /// One piece for each chunk.
    pub fn split(&mut self) -> Pieces<'_, T> {
        (
            chunks(&mut self.squares, self.chunk * self.k),
            chunks(&mut self.references, self.k * self.d),
            chunks(&mut self.ledgers, 1),
            chunks(&mut self.norms, self.chunk),
        )
    }
}

/// What one chunk remembers.
pub(super) struct Filter<'a, T> {
    /// (panels, k, lanes).
    squares: &'a mut [T],
    /// The centres (k, d) that they are to.
    references: &'a mut [T],
    ledger: &'a mut Ledger,
    /// |x|², in whole panels.
    norms: &'a mut [T],
}

/// The limits of one iteration.
struct Limits<T> {
    /// How far each centre has moved, at least.
    moves: Vec<T>,
    /// Slack of a squared distance over |x|² + reach.
    error: f64,
    /// Largest squared norm of a centre, then or now.
    reach: f64,
}

/// Squared distances of the points of a panel: the least so far, its centre, and the next.
struct Looks {
    /// The points that more than their own centre was looked at for.
    touched: u32,
    best: [f64; MOST_LANES],
    second: [f64; MOST_LANES],
    label: [i32; MOST_LANES],
}

impl<'a, T: Float> Filter<'a, T> {
    pub fn new((squares, references, ledger, norms): Piece<'a, T>) -> Self {
        Filter { squares, references, ledger: &mut ledger[0], norms }
    }

    /// Where the squared distances to `centers` are to go.
    pub fn renew(&mut self, centers: &Centers<'_, T>) -> Squares<'_, T> {
        self.references.copy_from_slice(&centers.rows[..centers.k * centers.d]);
        let spent = 1.15 * whole::<T>(self.norms.len(), centers);
        *self.ledger = Ledger { rounds: 1, spent, last: 0.0, reach: reach(centers) };
        Squares { norms: &*self.norms, out: &mut *self.squares }
    }

    #[inline(always)]
    fn limits<I: Isa>(&self, centers: &Centers<'_, T>) -> Limits<T> {
        let d = centers.d;
        let epsilon = if size_of::<T>() == 4 { f64::from(f32::EPSILON) } else { f64::EPSILON };
        let error = 4.0 * (d as f64 + 32.0) * epsilon;
        let mut moves = Vec::with_capacity(centers.k);
        for c in 0..centers.k {
            let (old, new) = (&self.references[c * d..c * d + d], &centers.rows[c * d..c * d + d]);
            moves.push(T::from_f64(distance::<T, I>(old, new).sqrt() * (1.0 + error)));
        }
        Limits { moves, error, reach: self.ledger.reach.max(reach(centers)) }
    }

    /// Labels by the bounds; false, with some labels changed, where all distances had better be computed.
    #[inline(always)]
    pub fn relabel<I: Isa>(&mut self, x: &[T], centers: &Centers<'_, T>, labels: &mut [i32]) -> bool {
        if self.ledger.due() {
            return false;
        }
        let (d, k, lanes) = (centers.d, centers.k, 2 * V::<T, I>::LANES);
        let limits = self.limits::<I>(centers);
        let mut owners = vec![0u32; k];
        let (mut looked, mut undecided) = (0, Vec::new());
        for start in (0..labels.len()).step_by(lanes) {
            let own = &mut labels[start..(start + lanes).min(x.len() / d)];
            let squares = &self.squares[start * k..(start + lanes) * k];
            let norms = &self.norms[start..start + lanes];
            let panel = Panel { x: &x[start * d..], squares, norms, centers, limits: &limits };
            looked += panel.relabel::<I>(own, &mut owners, |lane| undecided.push((start + lane) as u32));
            let done = start + own.len();
            if done >= 2 * lanes && look_cost::<T>(looked, centers) > whole::<T>(done, centers) {
                return false;
            }
        }
        let mut panel = vec![T::ZERO; d * lanes];
        for group in undecided.chunks(lanes) {
            pack(x, d, lanes, group.len(), |i| group[i] as usize, &mut panel);
            let index = nearest::<T, I>(centers, &panel, None);
            for (&point, index) in group.iter().zip(&index) {
                labels[point as usize] = index.to_f64() as i32;
            }
        }
        let bounds = (labels.len() * k * size_of::<T>()) as f64 / 16.0;
        let cost =
            bounds + look_cost::<T>(looked + labels.len() / 2, centers) + 1.5 * whole::<T>(undecided.len(), centers);
        let Ledger { rounds, spent, reach, .. } = *self.ledger;
        *self.ledger = Ledger { rounds: rounds + 1, spent: spent + cost, last: cost, reach };
        true
    }
}

/// What all distances of so many points cost.
fn whole<T>(points: usize, centers: &Centers<'_, T>) -> f64 {
    (points * centers.k * centers.d * size_of::<T>()) as f64 / 64.0
}

/// What so many single distances cost.
fn look_cost<T>(looked: usize, centers: &Centers<'_, T>) -> f64 {
    looked as f64 * (35.0 + (centers.d * size_of::<T>()) as f64 / 32.0)
}

/// Largest squared norm of a centre.
fn reach<T: Float>(centers: &Centers<'_, T>) -> f64 {
    centers.norms[..centers.k].iter().fold(0.0, |most, norm| most.max(norm.to_f64()))
}

struct Panel<'a, T> {
    /// Rows from the first point of the panel on.
    x: &'a [T],
    squares: &'a [T],
    norms: &'a [T],
    centers: &'a Centers<'a, T>,
    limits: &'a Limits<T>,
}

impl<T: Float> Panel<'_, T> {
    /// Labels of one panel; the number of distances computed. `owners` is scratch of k zeros.
    #[inline(always)]
    fn relabel<I: Isa>(&self, labels: &mut [i32], owners: &mut [u32], mut undecided: impl FnMut(usize)) -> usize {
        let half_lanes = V::<T, I>::LANES;
        let lanes = 2 * half_lanes;
        let moves = &self.limits.moves;
        debug_assert!(self.squares.len() == lanes * moves.len() && self.norms.len() == lanes && labels.len() <= lanes);
        let mut looks =
            Looks { touched: 0, best: [0.0; MOST_LANES], second: [f64::INFINITY; MOST_LANES], label: [0; MOST_LANES] };
        let mut own = [T::ZERO; MOST_LANES];
        for (lane, &label) in labels.iter().enumerate() {
            let c = label as usize;
            looks.best[lane] = self.distance::<I>(lane, c);
            own[lane] = T::from_f64(looks.best[lane]);
            owners[c] |= 1 << lane;
        }
        // A centre whose old square exceeds (limit + its move)² + slack cannot be nearest.
        let (mut limit, mut slack) = ([V::<T, I>::zero(); 2], [V::<T, I>::zero(); 2]);
        let (error, reach) = (V::<T, I>::splat(T::from_f64(self.limits.error)), T::from_f64(self.limits.reach));
        for half in 0..2 {
            let at = half * half_lanes;
            // SAFETY: at + LANES is at most the panel's lanes, which both hold.
            let (norm, own) =
                unsafe { (V::<T, I>::load(self.norms.as_ptr().add(at)), V::<T, I>::load(own.as_ptr().add(at))) };
            let one = (norm + V::<T, I>::splat(reach)) * error;
            slack[half] = one + one;
            limit[half] = (own + slack[half] + slack[half]).sqrt();
        }
        let everyone = if labels.len() == 32 { u32::MAX } else { (1 << labels.len()) - 1 };
        let mut looked = 0;
        for c in 0..moves.len() {
            let moved = V::<T, I>::splat(moves[c]);
            let mut far = 0;
            for half in 0..2 {
                // SAFETY: c < k, and `squares` holds k rows of 2·LANES.
                let square = unsafe { V::<T, I>::load(self.squares.as_ptr().add(c * lanes + half * half_lanes)) };
                let least = limit[half] + moved;
                far |= V::<T, I>::bits(square.gt(least.fma(least, slack[half]))) << (half * half_lanes);
            }
            let mut open = everyone & !far & !owners[c];
            while open != 0 {
                let lane = open.trailing_zeros() as usize;
                open &= open - 1;
                looks.take(lane, c, labels[lane], self.distance::<I>(lane, c));
                looked += 1;
            }
        }
        for (lane, label) in labels.iter_mut().enumerate() {
            owners[*label as usize] = 0;
            if looks.touched >> lane & 1 == 1 {
                // NaN, from distances beyond the type's range, is undecided too.
                if looks.second[lane] - looks.best[lane] > 4.0 * self.slack(lane) {
                    *label = looks.label[lane];
                } else {
                    undecided(lane);
                }
            }
        }
        looked
    }

    /// What rounding may do to a squared distance of the point.
    #[inline(always)]
    fn slack(&self, lane: usize) -> f64 {
        self.limits.error * (self.norms[lane].to_f64() + self.limits.reach)
    }

    /// Squared distance of a point of the panel to a centre.
    #[inline(always)]
    fn distance<I: Isa>(&self, lane: usize, c: usize) -> f64 {
        let d = self.centers.d;
        distance::<T, I>(&self.x[lane * d..lane * d + d], &self.centers.rows[c * d..c * d + d])
    }
}

impl Looks {
    /// A distance to centre c, beside that to the point's own.
    #[inline(always)]
    fn take(&mut self, lane: usize, c: usize, own: i32, found: f64) {
        if self.touched >> lane & 1 == 0 {
            self.touched |= 1 << lane;
            self.label[lane] = own;
        }
        if found < self.best[lane] {
            self.second[lane] = self.best[lane];
            self.best[lane] = found;
            self.label[lane] = c as i32;
        } else if found < self.second[lane] || found.is_nan() {
            self.second[lane] = found;
        }
    }
}
