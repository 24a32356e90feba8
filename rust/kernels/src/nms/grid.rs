//! A grid over the centres of kept boxes: where to look for one that may suppress a given box.
//!
//! IoU > t means that the widths share at least t times the larger one, so the centres differ by at most
//! (w + w')/2 − t·max(w, w'), which for any w' is at most w·max(1 − t, (1/t − 1)/2); and at most (w + w')/2 in any case.
//! Every remaining box has a slot in its cell from the start; slots of boxes that are not kept stay empty. So the
//! cells of one row that a box must look at are one run of slots.

use super::{Columns, FIELDS, corners};
use crate::simd::Float;

/// Cells along a side, at most.
const MOST_CELLS: usize = 512;
/// Cells per mean side of a box, along the run of slots and across it.
const FINE: f64 = 8.0;
const COARSE: f64 = 3.0;

/// One axis of the grid.
struct Axis {
    origin: f64,
    per_unit: f64,
    cells: usize,
    /// Reach per side of the box, and the largest half side among all boxes.
    factor: f64,
    largest_half: f64,
}

impl Axis {
    /// From (low, high, side sum, largest side, number of boxes).
    fn new(low: f64, high: f64, mean: f64, largest: f64, fineness: f64, factor: f64) -> Self {
        let extent = high - low;
        let wanted = (extent / mean * fineness).clamp(1.0, MOST_CELLS as f64);
        let cells = if wanted.is_finite() { wanted as usize } else { 1 };
        let per_unit = if extent > 0.0 { cells as f64 / extent } else { 0.0 };
        Axis { origin: low, per_unit, cells, factor, largest_half: largest / 2.0 }
    }

    /// The cell of a coordinate. Rising, so a range of coordinates is a range of cells; NaN goes to the first.
    fn cell(&self, at: f64) -> usize {
        (((at - self.origin) * self.per_unit) as usize).min(self.cells - 1)
    }

    /// First and last cell where the centre of a box that suppresses (low, high) may lie.
    fn span(&self, low: f64, high: f64) -> (usize, usize) {
        let (centre, side) = ((low + high) / 2.0, (high - low).max(0.0));
        // The slack covers the rounding of IoU, of centres and of this line.
        let reach =
            (side * self.factor).min(side / 2.0 + self.largest_half) * (1.0 + 1e-4) + 1e-6 * (low.abs() + high.abs());
        (self.cell(centre - reach), self.cell(centre + reach))
    }
}

pub(super) struct Grid<T> {
    pub columns: Columns<T>,
    x: Axis,
    y: Axis,
    /// First slot of each cell, and its first free one.
    start: Vec<u32>,
    free: Vec<u32>,
}

impl<T: Float> Grid<T> {
    /// A grid that holds the boxes at positions `kept` of `order`, with room for those from `next` on.
    pub fn new(boxes: &[T], order: &[u32], kept: &[u32], next: usize, threshold: f64) -> Self {
        let members = || {
            let early = kept.iter().map(|&position| order[position as usize]);
            early.chain(order[next..].iter().copied()).map(|i| corners(boxes, i))
        };
        let mut low = [f64::INFINITY; 2];
        let mut high = [f64::NEG_INFINITY; 2];
        let (mut sum, mut largest, mut count) = ([0.0; 2], [0.0f64; 2], 0.0);
        for box_ in members().map(|b| b.map(|v| v.to_f64())).filter(|b| b.iter().all(|v| v.is_finite())) {
            for axis in 0..2 {
                let (from, to) = (box_[axis], box_[axis + 2]);
                let (centre, side) = ((from + to) / 2.0, (to - from).max(0.0));
                low[axis] = low[axis].min(centre);
                high[axis] = high[axis].max(centre);
                largest[axis] = largest[axis].max(side);
                sum[axis] += side;
            }
            count += 1.0;
        }
        let t = threshold * (1.0 - 1e-4);
        let factor = (1.0 - t).max((1.0 / t - 1.0) / 2.0).max(0.0);
        let axis = |i: usize, fine: f64| Axis::new(low[i], high[i], sum[i] / count, largest[i], fine, factor);
        let (x, y) = (axis(0, FINE), axis(1, COARSE));
        let mut grid = Grid { columns: Columns::new(0), x, y, start: Vec::new(), free: Vec::new() };
        grid.start = vec![0; grid.x.cells * grid.y.cells + 1];
        for box_ in members() {
            let cell = grid.cell(&box_);
            grid.start[cell + 1] += 1;
        }
        for cell in 1..grid.start.len() {
            grid.start[cell] += grid.start[cell - 1];
        }
        grid.free = grid.start.clone();
        grid.columns = Columns::new(kept.len() + order.len() - next);
        for &position in kept {
            grid.insert(&corners(boxes, order[position as usize]));
        }
        grid
    }

    fn cell(&self, box_: &[T; FIELDS]) -> usize {
        let [x1, y1, x2, y2, _] = box_.map(|v| v.to_f64());
        self.y.cell((y1 + y2) / 2.0) * self.x.cells + self.x.cell((x1 + x2) / 2.0)
    }

    /// Puts a box that is kept into its slot.
    #[inline(always)]
    pub fn insert(&mut self, box_: &[T; FIELDS]) {
        let cell = self.cell(box_);
        self.columns.set(self.free[cell] as usize, box_);
        self.free[cell] += 1;
    }

    /// The cells where all boxes lie that may suppress `box_`.
    #[inline(always)]
    pub fn window(&self, box_: &[T; FIELDS]) -> Window {
        let [x1, y1, x2, y2] = [box_[0].to_f64(), box_[1].to_f64(), box_[2].to_f64(), box_[3].to_f64()];
        let ((first, last), (top, bottom)) = (self.x.span(x1, x2), self.y.span(y1, y2));
        Window { first, last, top, bottom }
    }

    /// The run of slots of one row of a window.
    #[inline(always)]
    pub fn run(&self, row: usize, window: &Window) -> (usize, usize) {
        let cells = row * self.x.cells;
        (self.start[cells + window.first] as usize, self.free[cells + window.last] as usize)
    }
}

/// A rectangle of cells, its bounds included.
pub(super) struct Window {
    first: usize,
    last: usize,
    top: usize,
    bottom: usize,
}

impl Window {
    #[inline(always)]
    pub fn rows(&self) -> std::ops::RangeInclusive<usize> {
        self.top..=self.bottom
    }
}
