//! One block of C: packs B panel by panel and runs a tile kernel for every tile.

use super::pack;
use super::plan::{MOST_COLUMNS, Plan};
use super::tile::{FETCH_EVERY, Kernels, MAX_ROWS, Scalar, Tile, Width};
use super::{Activation, Epilogue, Factor, Shape, activate};
use crate::scratch::{self, Plain};
use crate::simd::LINE;
use std::ops::Range;

/// Elements between rows of copied A beyond its depth, so that rows start in different sets of the first-level cache.
const SKEW: usize = 16;
/// Bytes of A that are copied at once from a transposed factor: wide runs of its rows, yet room for B in the cache.
const COPIED: usize = 128 << 10;
/// Panels for which crowded rows of A are not worth copying.
const FEW: usize = 2;

/// Where the operands lie. Shared by all threads of a product.
pub(super) struct Pointers<T> {
    shape: Shape,
    a: *const T,
    b: *const T,
    c: *mut T,
    a_stride: usize,
    b_stride: usize,
    a_batch: usize,
    b_batch: usize,
    a_transposed: bool,
    b_transposed: bool,
    accumulate: bool,
    bias: *const T,
    activation: Activation,
    /// The element (i, j) of C lies at (j, i).
    turned: bool,
}

// SAFETY: A, B and the bias are only read, and every block writes its own elements of C.
unsafe impl<T: Sync> Sync for Pointers<T> {}

impl<T: Copy> Pointers<T> {
    /// `turned`: C is stored transposed; without bias and activation only.
    pub fn new(
        a: &Factor<'_, T>,
        b: &Factor<'_, T>,
        c: &mut [T],
        epilogue: &Epilogue<'_, T>,
        shape: Shape,
        turned: bool,
    ) -> Self {
        Pointers {
            shape,
            a: a.data.as_ptr(),
            b: b.data.as_ptr(),
            c: c.as_mut_ptr(),
            a_stride: a.row_stride,
            b_stride: b.row_stride,
            a_batch: a.batch_stride,
            b_batch: b.batch_stride,
            a_transposed: a.transposed,
            b_transposed: b.transposed,
            accumulate: epilogue.accumulate,
            bias: epilogue.bias.map_or(std::ptr::null(), <[T]>::as_ptr),
            activation: epilogue.activation,
            turned,
        }
    }
}

/// A panel: the columns that one tile covers.
#[derive(Clone, Copy)]
struct Panel {
    column: usize,
    width: Width,
    /// Elements of a row of the packed panel.
    elements: usize,
    tail: usize,
    /// Where the packed panel begins in the block's packing area, per unit of depth.
    at: usize,
}

/// Rows of A as the tile kernels read them.
struct RowsOfA<T> {
    a: *const T,
    row: usize,
    k: usize,
}

pub(super) struct Block<'a, T: Scalar> {
    plan: &'a Plan,
    p: &'a Pointers<T>,
    kernels: &'static Kernels<T>,
    a: *const T,
    b: *const T,
    c: *mut T,
    rows: Range<usize>,
    columns: Range<usize>,
    k: Range<usize>,
}

impl<'a, T: Scalar + Plain> Block<'a, T> {
    /// Block `at` of all blocks of all matrices, over the given part of K.
    ///
    /// # Safety
    /// `p` describes slices that are long enough, alive, and C is not touched by others in this block.
    pub unsafe fn new(
        plan: &'a Plan,
        p: &'a Pointers<T>,
        kernels: &'static Kernels<T>,
        at: usize,
        k: Range<usize>,
    ) -> Self {
        let Shape { m, n, .. } = p.shape;
        let blocks = plan.rows.blocks * plan.columns.blocks;
        let (matrix, at) = (at / blocks, at % blocks);
        let (rows, columns) = (plan.rows.range(at % plan.rows.blocks), plan.columns.range(at / plan.rows.blocks));
        // SAFETY: offsets of matrices that lie within the slices.
        let (a, b, c) = unsafe { (p.a.add(matrix * p.a_batch), p.b.add(matrix * p.b_batch), p.c.add(matrix * m * n)) };
        Block { plan, p, kernels, a, b, c, rows, columns, k }
    }

    /// # Safety
    /// As `new`.
    pub unsafe fn run(&self) {
        let panels = self.panels();
        let width: usize = panels.as_slice().iter().map(|p| p.elements).sum();
        let kc = self.plan.kc;
        let mut packed_b = scratch::take::<T>(kc * width);
        let copied = self.copied_panels() * kc * self.kernels.rows;
        let mut copied_a = scratch::take::<T>(copied.max((kc + SKEW) * MAX_ROWS));
        let mut k0 = self.k.start;
        loop {
            let depth = kc.min(self.k.end - k0);
            // SAFETY: handed on.
            unsafe { self.slab(panels.as_slice(), k0, depth, &mut packed_b, &mut copied_a) };
            k0 += depth;
            if k0 >= self.k.end {
                break;
            }
        }
        let last = self.k.end == self.p.shape.k;
        if last && matches!(self.p.activation, Activation::Tanh | Activation::Sigmoid) {
            for i in self.rows.clone() {
                // SAFETY: a row of the block, which nobody else touches.
                let row = unsafe {
                    std::slice::from_raw_parts_mut(
                        self.c.add(i * self.p.shape.n + self.columns.start),
                        self.columns.len(),
                    )
                };
                activate(row, self.p.activation);
            }
        }
    }

    fn panels(&self) -> PanelList {
        let mut list = PanelList::new();
        let mut column = self.columns.start;
        let mut at = 0;
        while column < self.columns.end {
            let (width, elements, tail) = self.kernels.width(self.columns.end - column);
            list.push(Panel { column, width, elements, tail, at });
            at += elements;
            column += elements;
        }
        list
    }

    /// One K block.
    ///
    /// # Safety
    /// As `new`.
    unsafe fn slab(&self, panels: &[Panel], k0: usize, depth: usize, packed_b: &mut [T], copied_a: &mut [T]) {
        let kernels = self.kernels;
        // SAFETY: handed on; all offsets lie within the block's part of the operands.
        unsafe {
            if self.plan.spread {
                let from = self.b.wrapping_add(k0 * self.p.b_stride + self.columns.start);
                let last = panels.last().map_or(0, |p| p.elements);
                pack::spread(from, self.p.b_stride, self.columns.len(), depth, packed_b, last);
            }
            if self.p.b_transposed {
                for p in panels {
                    let columns = p.elements.min(self.columns.end - p.column);
                    let from = self.b.wrapping_add(p.column * self.p.b_stride + k0);
                    let to = &mut packed_b[p.at * depth..][..p.elements * depth];
                    pack::transpose(from, self.p.b_stride, columns, depth, to, p.elements);
                }
            }
            let mut i = self.rows.start;
            while i < self.rows.end {
                let first = i == self.rows.start;
                let group = if self.p.a_transposed {
                    self.copied_panels() * kernels.rows
                } else if first || !(self.crowded() && panels.len() <= FEW) {
                    kernels.rows
                } else {
                    // Read in place, once or twice: as many rows as the ways of the first-level cache bear.
                    kernels.rows.min(6)
                };
                let group = group.min(self.rows.end - i);
                let copied = self.rows_of_a(i, group, k0, depth, panels.len(), copied_a);
                for r in (0..group).step_by(kernels.rows) {
                    let rows = kernels.rows.min(group - r);
                    let a = RowsOfA { a: copied.a.wrapping_add(self.offset_of_a(&copied, r, depth)), ..copied };
                    for (at, p) in panels.iter().enumerate() {
                        let t = r / kernels.rows * panels.len() + at;
                        let ahead = self.ahead(i + r, i + group, t, p, panels.len(), k0, depth);
                        self.tile(p, &a, i + r, rows, k0, depth, packed_b, first && r == 0, ahead);
                    }
                }
                i += group;
            }
        }
    }

    /// Whether the block is one row of tiles.
    fn single(&self) -> bool {
        self.rows.len() <= self.kernels.rows
    }

    /// Panels that are copied at once from a transposed A.
    fn copied_panels(&self) -> usize {
        (COPIED / size_of::<T>() / (self.kernels.rows * self.plan.kc)).clamp(1, 16)
    }

    /// Whether rows of A fall into few sets of the first-level cache: those a multiple of half a page apart do.
    fn crowded(&self) -> bool {
        (self.p.a_stride * size_of::<T>()).is_multiple_of(2048)
    }

    /// What tile `t` of a group of rows of A fetches ahead while it works, and the steps: the rows of A from `next` on,
    /// where the group ends, and the columns of B that follow this K block's.
    fn ahead(
        &self,
        i: usize,
        next: usize,
        t: usize,
        p: &Panel,
        panels: usize,
        k0: usize,
        depth: usize,
    ) -> [(*const T, usize); 2] {
        // After the last rows of a K block come the first ones of the next.
        let (next, k) = if next < self.rows.end { (next, k0) } else { (self.rows.start, k0 + depth) };
        let a = |half| self.ahead_in_a(next, 2 * t + half, 2 * panels, k, depth);
        [a(0), self.ahead_in_b(i, p, k0, depth).unwrap_or_else(|| a(1))]
    }

    /// Share `at` of `shares` of the tall tiles' rows of A from `row` on.
    fn ahead_in_a(&self, row: usize, at: usize, shares: usize, k0: usize, depth: usize) -> (*const T, usize) {
        let (stride, rows) = (self.p.a_stride, self.kernels.rows);
        let line = LINE / size_of::<T>();
        if self.p.a_transposed {
            // Each share has a line of every few rows of A as stored.
            let (k, line) = (at % FETCH_EVERY, at / FETCH_EVERY * line);
            (self.a.wrapping_add((k0 + k) * stride + row + line), FETCH_EVERY * stride)
        } else if shares >= rows || stride > 2 * depth {
            (self.a.wrapping_add((row + at) * stride + k0), FETCH_EVERY)
        } else {
            // Few panels, and rows close to each other: sweep over all of them.
            let share = (rows * stride).div_ceil(shares);
            (self.a.wrapping_add(row * stride + k0 + at * share), FETCH_EVERY * share.div_ceil(depth.max(1)))
        }
    }

    /// Lines of the columns of B that come next: the last rows of tiles share them out, first lines first.
    fn ahead_in_b(&self, i: usize, p: &Panel, k0: usize, depth: usize) -> Option<(*const T, usize)> {
        let (rows, stride) = (self.kernels.rows, self.p.b_stride);
        let sharers = self.rows.len().div_ceil(rows).min(2 * FETCH_EVERY);
        let at = sharers.checked_sub((self.rows.end - i).div_ceil(rows))?;
        if self.p.b_transposed {
            return None;
        }
        let column = p.column + at / FETCH_EVERY * (LINE / size_of::<T>());
        let k = at % FETCH_EVERY + if k0 + depth < self.k.end { k0 + depth } else { self.k.start };
        // The next block has the same columns if there are rows left.
        let across = k0 + depth >= self.k.end && self.rows.end >= self.p.shape.m;
        let column = column + if across { self.columns.len() } else { 0 };
        Some((self.b.wrapping_add(k * stride + column), FETCH_EVERY * stride))
    }

    /// Where row `r` of a group begins in what `rows_of_a` gave.
    fn offset_of_a(&self, copied: &RowsOfA<T>, r: usize, depth: usize) -> usize {
        if self.p.a_transposed { r / self.kernels.rows * (depth * copied.k) } else { r * copied.row }
    }

    /// Rows `i..i + rows` of A, in place where they can be read well there, else copied.
    ///
    /// # Safety
    /// As `new`.
    unsafe fn rows_of_a(
        &self,
        i: usize,
        rows: usize,
        k0: usize,
        depth: usize,
        panels: usize,
        copy: &mut [T],
    ) -> RowsOfA<T> {
        let stride = self.p.a_stride;
        // SAFETY: by contract.
        unsafe {
            if self.p.a_transposed {
                let from = self.a.wrapping_add(k0 * stride + i);
                pack::columns(from, stride, rows, depth, copy, self.kernels.rows);
                RowsOfA { a: copy.as_ptr(), row: 1, k: self.kernels.rows }
            } else {
                let from = self.a.wrapping_add(i * stride + k0);
                if self.crowded() && rows > 4 && panels > FEW {
                    let row = depth + SKEW;
                    pack::rows(from, stride, rows, depth, copy, row);
                    RowsOfA { a: copy.as_ptr(), row, k: 1 }
                } else {
                    RowsOfA { a: from, row: stride, k: 1 }
                }
            }
        }
    }

    /// # Safety
    /// As `new`.
    #[inline]
    unsafe fn tile(
        &self,
        p: &Panel,
        a: &RowsOfA<T>,
        i: usize,
        rows: usize,
        k0: usize,
        depth: usize,
        packed_b: &mut [T],
        first: bool,
        ahead: [(*const T, usize); 2],
    ) {
        let kernels = self.kernels;
        let n = self.p.shape.n;
        let in_place = !self.p.b_transposed && first && !self.plan.spread;
        let keep = in_place && !self.single();
        let last = k0 + depth == self.p.shape.k;
        let packed = packed_b[p.at * depth..][..p.elements * depth].as_mut_ptr();
        // SAFETY: offsets within the operands; kernels are of the level in use.
        unsafe {
            let mut tile = Tile {
                k: depth,
                a: a.a,
                a_row: a.row,
                a_k: a.k,
                b: if in_place { self.b.wrapping_add(k0 * self.p.b_stride + p.column) } else { packed },
                b_k: if in_place { self.p.b_stride } else { p.elements },
                padded: !in_place,
                keep: packed,
                ahead: ahead.map(|(from, _)| from),
                ahead_k: ahead.map(|(_, step)| step),
                c: self.c.wrapping_add(i * n + p.column),
                c_row: n,
                tail: p.tail,
                accumulate: self.p.accumulate || k0 > 0,
                bias: if last && !self.p.bias.is_null() { self.p.bias.add(p.column) } else { std::ptr::null() },
                relu: last && self.p.activation == Activation::Relu,
            };
            let kernel = if keep { kernels.keep[p.width as usize] } else { kernels.run[p.width as usize][rows - 1] };
            if !self.p.turned {
                return kernel(&tile);
            }
            let mut block = [T::ZERO; MAX_ROWS * MAX_WIDTH];
            let columns = p.elements.min(self.columns.end - p.column);
            let c = self.c.add(p.column * self.p.shape.m + i);
            if tile.accumulate {
                pack::turn_over(c, self.p.shape.m, columns, rows, block.as_mut_ptr(), MAX_WIDTH);
            }
            (tile.c, tile.c_row) = (block.as_mut_ptr(), MAX_WIDTH);
            kernel(&tile);
            pack::turn_over(block.as_ptr(), MAX_WIDTH, rows, columns, c, self.p.shape.m);
        }
    }
}

/// Elements of the widest panel: two registers of 16.
const MAX_WIDTH: usize = 32;
/// The most panels of a block: two of the narrowest registers (two f64 each) wide, and a remainder.
const MAX_PANELS: usize = MOST_COLUMNS / 4 + 2;

/// A short list of panels without a heap allocation.
struct PanelList {
    panels: [Panel; MAX_PANELS],
    len: usize,
}

impl PanelList {
    fn new() -> Self {
        let none = Panel { column: 0, width: Width::Two, elements: 0, tail: 0, at: 0 };
        PanelList { panels: [none; MAX_PANELS], len: 0 }
    }

    fn push(&mut self, panel: Panel) {
        self.panels[self.len] = panel;
        self.len += 1;
    }

    fn as_slice(&self) -> &[Panel] {
        &self.panels[..self.len]
    }
}
