//! Non-maximum suppression.
//!
//! Boxes are taken by descending score; one is dropped when its IoU with a box already kept exceeds the threshold.
//! The decisions are torchvision's to the bit: IoU is `inter / (area + area' − inter)` rounded at each step in the
//! element type, and compared with the threshold in double precision. Equal scores are taken by rising index, NaN
//! scores before all others (as torch sorts them). A box with a NaN coordinate is kept and suppresses nothing.

use crate::simd::{self, Float, Isa, Kernel, V, Vector};

mod grid;
mod soft;

pub use soft::{Decay, soft_nms};

use grid::Grid;

/// Boxes kept from which on a grid pays.
const GRID_FROM: usize = 192;
/// Slots behind the last box that a whole register may read.
const PADDING: usize = 64;
/// The fields of a box: corners and area.
const FIELDS: usize = 5;

/// Indices of `scores` by descending score: NaN first, ties by rising index.
pub fn descending<T: Float>(scores: &[T]) -> Vec<u32> {
    if size_of::<T>() == 4 {
        let mut keys: Vec<u64> = Vec::with_capacity(scores.len());
        // Adding zero turns −0 into 0, which compares equal.
        keys.extend(scores.iter().enumerate().map(|(i, s)| {
            let bits = (s.to_f64() as f32 + 0.0).to_bits();
            let rising = if bits >> 31 == 1 { !bits } else { bits | 1 << 31 };
            u64::from(if s.is_nan() { 0 } else { !rising }) << 32 | i as u64
        }));
        keys.sort_unstable();
        return keys.into_iter().map(|key| key as u32).collect();
    }
    let mut keys: Vec<(u64, u32)> = Vec::with_capacity(scores.len());
    keys.extend(scores.iter().enumerate().map(|(i, s)| {
        let bits = (s.to_f64() + 0.0).to_bits();
        let rising = if bits >> 63 == 1 { !bits } else { bits | 1 << 63 };
        (if s.is_nan() { 0 } else { !rising }, i as u32)
    }));
    keys.sort_unstable();
    keys.into_iter().map(|(_, i)| i).collect()
}

/// Writes the indices of the boxes kept, by descending score, to `keep` (N,) and returns how many they are.
/// `boxes` is (N, 4), corners x1, y1, x2, y2; `scores` is (N,).
pub fn nms<T: Float>(boxes: &[T], scores: &[T], threshold: f64, keep: &mut [i64]) -> usize {
    debug_assert!(boxes.len() == 4 * scores.len() && keep.len() == scores.len());
    let order = descending(scores);
    let mut kept = Vec::new();
    simd::dispatch(Suppress { boxes, order: &order, threshold, kept: &mut kept });
    for (to, &position) in keep.iter_mut().zip(&kept) {
        *to = i64::from(order[position as usize]);
    }
    kept.len()
}

/// [`nms`] of every class by itself: boxes of different `classes` (N,) never suppress each other.
pub fn batched_nms<T: Float>(boxes: &[T], scores: &[T], classes: &[i64], threshold: f64, keep: &mut [i64]) -> usize {
    debug_assert!(boxes.len() == 4 * scores.len() && keep.len() == scores.len() && classes.len() == scores.len());
    let order = descending(scores);
    let mut positions: Vec<u32> = (0..order.len() as u32).collect();
    let class = |position: u32| classes[order[position as usize] as usize];
    positions.sort_by_key(|&position| class(position));
    let mut is_kept = vec![false; order.len()];
    let (mut members, mut kept) = (Vec::new(), Vec::new());
    for group in positions.chunk_by(|&a, &b| class(a) == class(b)) {
        members.clear();
        members.extend(group.iter().map(|&position| order[position as usize]));
        kept.clear();
        simd::dispatch(Suppress { boxes, order: &members, threshold, kept: &mut kept });
        for &member in &kept {
            is_kept[group[member as usize] as usize] = true;
        }
    }
    let mut count = 0;
    for (&index, _) in order.iter().zip(&is_kept).filter(|(_, kept)| **kept) {
        keep[count] = i64::from(index);
        count += 1;
    }
    count
}

/// Boxes in columns: x1, y1, x2, y2, area, each `slots` long and padded with boxes that suppress nothing.
struct Columns<T> {
    data: Vec<T>,
    stride: usize,
}

impl<T: Float> Columns<T> {
    fn new(slots: usize) -> Self {
        let stride = slots + PADDING;
        // The area of an empty slot is NaN, so every comparison with it is false, whatever the threshold.
        let mut data = vec![T::ZERO; FIELDS * stride];
        data[4 * stride..].fill(T::NAN);
        Columns { data, stride }
    }

    #[inline(always)]
    fn set(&mut self, slot: usize, box_: &[T; FIELDS]) {
        for f in 0..FIELDS {
            self.data[f * self.stride + slot] = box_[f];
        }
    }
}

/// Suppresses within one class. `order` holds indices of boxes by descending score; the positions kept go to `kept`.
struct Suppress<'a, T> {
    boxes: &'a [T],
    order: &'a [u32],
    threshold: f64,
    kept: &'a mut Vec<u32>,
}

/// What a comparison needs, once per call.
#[derive(Clone, Copy)]
struct Limits<T> {
    /// The threshold rounded down to T: for x of type T, `x > threshold` says the same of both.
    exact: T,
    /// A little less than the threshold: `inter ≤ union · early` settles most pairs without a division.
    early: T,
    /// Where the shortcuts hold: threshold 0 or not tiny, no box so small that its area loses precision.
    ordinary: bool,
}

/// Areas from here on keep full precision in products with thresholds.
const SMALL: f64 = 1e-30;

impl<T: Float> Limits<T> {
    fn new(threshold: f64, boxes: &[T], order: &[u32]) -> Self {
        let mut exact = T::from_f64(threshold);
        if exact.to_f64() > threshold {
            exact = T::from_f64(f64::from((threshold as f32).next_down()));
        }
        let small = |i: &u32| {
            let [x1, y1, x2, y2, area] = corners(boxes, *i).map(|v| v.to_f64());
            x2 > x1 && y2 > y1 && area < SMALL
        };
        let ordinary = (threshold == 0.0 || threshold >= 1e-6) && !order.iter().any(small);
        Limits { exact, early: T::from_f64(threshold * (1.0 - 1e-5)), ordinary }
    }
}

#[inline(always)]
fn corners<T: Float>(boxes: &[T], i: u32) -> [T; FIELDS] {
    let at = 4 * i as usize;
    let [x1, y1, x2, y2] = [boxes[at], boxes[at + 1], boxes[at + 2], boxes[at + 3]];
    [x1, y1, x2, y2, (x2 - x1) * (y2 - y1)]
}

impl<T: Float> Kernel for Suppress<'_, T> {
    type Output = ();
    #[inline(always)]
    fn run<I: Isa>(self) {
        let Suppress { boxes, order, threshold, kept } = self;
        let limits = Limits::new(threshold, boxes, order);
        let mut list = Columns::new(order.len().min(GRID_FROM));
        let mut next = 0;
        // A grid finds only boxes that overlap, which is all that matters where the shortcuts hold.
        while next < order.len() && (kept.len() < GRID_FROM || !limits.ordinary) {
            let box_ = corners(boxes, order[next]);
            if !hit::<T, I>(&list, 0, kept.len(), &box_, &limits) {
                if kept.len() + PADDING >= list.stride {
                    grow(&mut list);
                }
                list.set(kept.len(), &box_);
                kept.push(next as u32);
            }
            next += 1;
        }
        if next == order.len() {
            return;
        }
        let mut grid = Grid::new(boxes, order, kept, next, threshold);
        for position in next..order.len() {
            let box_ = corners(boxes, order[position]);
            // Loops, not iterator chains: a closure that is not inlined loses the level's instructions.
            let mut covered = false;
            let window = grid.window(&box_);
            for row in window.rows() {
                let (from, to) = grid.run(row, &window);
                covered = hit::<T, I>(&grid.columns, from, to, &box_, &limits);
                if covered {
                    break;
                }
            }
            if !covered {
                grid.insert(&box_);
                kept.push(position as u32);
            }
        }
    }
}

#[inline(always)]
fn splat<T: Float, I: Isa>(box_: &[T; FIELDS]) -> [V<T, I>; FIELDS] {
    let mut out = [V::<T, I>::zero(); FIELDS];
    for f in 0..FIELDS {
        out[f] = V::<T, I>::splat(box_[f]);
    }
    out
}

fn grow<T: Float>(list: &mut Columns<T>) {
    let slots = list.stride - PADDING;
    let mut larger = Columns::new(2 * slots);
    for f in 0..FIELDS {
        let (from, to) = (f * list.stride, f * larger.stride);
        larger.data[to..to + slots].copy_from_slice(&list.data[from..from + slots]);
    }
    *list = larger;
}

/// Whether a box in slots `from..to` suppresses `box_`. May look at slots behind `to` too.
#[inline(always)]
fn hit<T: Float, I: Isa>(columns: &Columns<T>, from: usize, to: usize, box_: &[T; FIELDS], limits: &Limits<T>) -> bool {
    let lanes = V::<T, I>::LANES;
    debug_assert!(lanes <= PADDING && to + PADDING <= columns.stride);
    let [x1, y1, x2, y2, area] = splat::<T, I>(box_);
    let (exact, early) = (V::<T, I>::splat(limits.exact), V::<T, I>::splat(limits.early));
    let zero = V::<T, I>::zero();
    let mut slot = from;
    while slot < to {
        // SAFETY: slot < to, and PADDING slots lie behind `to` in each of the FIELDS columns.
        let at = |f: usize| unsafe { V::<T, I>::load(columns.data.as_ptr().add(f * columns.stride + slot)) };
        let w = (at(2).min(x2) - at(0).max(x1)).max(zero);
        let h = (at(3).min(y2) - at(1).max(y1)).max(zero);
        let inter = w * h;
        let union = at(4) + area - inter;
        let close = !limits.ordinary || V::<T, I>::any(inter.gt(union * early));
        if close && V::<T, I>::any((inter / union).gt(exact)) {
            return true;
        }
        slot += lanes;
    }
    false
}
