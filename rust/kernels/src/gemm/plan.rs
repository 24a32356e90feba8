//! How a product is cut: K blocks, blocks of C, groups of blocks. All from the shape alone.

use super::Shape;
use std::ops::Range;

/// Bytes of a block's part of B: a part of every second-level cache, beside A and C.
const B_BYTES: usize = 384 << 10;
/// Bytes of K that a column of B holds at least and at most, where K is as deep: a tile's rows of A stay in the
/// first-level cache beside the panel of B that streams by.
const K_BYTES: std::ops::RangeInclusive<usize> = 768..=16384;
/// Columns of a block of C, and those of one for which B is spread.
const COLUMNS: usize = 256;
pub(super) const MOST_COLUMNS: usize = 512;
/// Rows up to which blocks have half as many columns: then the next columns of B, which are needed soon, fit in the
/// cache beside those in use.
const LOW: usize = 128;
/// Rows that a block keeps, in tiles, where there are two blocks already: each block packs its part of B anew.
const TILES: usize = 8;
/// Rows up to which a far B is spread, and the bytes from which it is far.
const FEW: usize = 64;
const FAR: usize = 24 << 20;
/// Multiply-adds that are worth a part of their own.
const WORTH: usize = 200_000;
/// Multiply-adds that a part may take, some 20 ms of the slowest supported machine's baseline.
const MOST: usize = 400_000_000;
/// Parts to aim at, and the multiply-adds of each from which there are more of them, up to the most.
const PARTS: usize = 8;
const LARGE: usize = 1 << 28;
const MOST_PARTS: usize = 64;

/// Whether B is brought into panels by a pass of its own, whole runs of its rows at a time: where it comes from beyond the
/// caches, and there are too few rows of A to wait for lines that come one by one.
pub(super) fn spreads(shape: Shape, size: usize) -> bool {
    shape.m <= FEW && shape.k.saturating_mul(shape.n).saturating_mul(size) >= FAR
}

/// The cutting of one product.
#[derive(Clone, Copy, Debug)]
pub(super) struct Plan {
    /// Depth of a K block. Sums over different K blocks are added up in order; the only choice here that bits depend on.
    pub kc: usize,
    /// K that one region works off: a multiple of `kc`.
    pub k_region: usize,
    /// How the rows and the columns of C are cut.
    pub rows: Cut,
    pub columns: Cut,
    /// Blocks that one part does.
    pub group: usize,
    /// B is brought into panels before it is used.
    pub spread: bool,
}

impl Plan {
    /// `spread`: whether B is brought into panels beforehand; `row_unit` and `column_unit`: rows and columns of a full
    /// tile; `size`: bytes of an element.
    pub fn new(shape: Shape, spread: bool, row_unit: usize, column_unit: usize, size: usize) -> Plan {
        let Shape { batch, m, n, k } = shape;
        // Wide blocks make for long runs.
        let widest = if spread { MOST_COLUMNS } else { COLUMNS };
        let kc = depth(k, n.clamp(1, widest), size);
        let mut pm = 1;
        let mut pn = n.div_ceil(if m <= LOW && !spread { COLUMNS / 2 } else { widest }).max(1);
        let work = m.saturating_mul(n).saturating_mul(k).saturating_mul(batch);
        let most = (work / LARGE).clamp(PARTS, MOST_PARTS);
        let wanted = (work / WORTH).clamp(1, most).div_ceil(batch.max(1));
        while pm * pn < wanted {
            let (rows, columns) = (m.div_ceil(pm), n.div_ceil(pn));
            let least = if pm * pn == 1 { 2 } else { 2 * TILES } * row_unit;
            // Cutting rows packs B again, cutting columns reads A again: the larger side bears it best.
            if rows >= least && (rows >= columns || columns < 2 * column_unit) {
                pm *= 2;
            } else if columns >= 2 * column_unit {
                pn *= 2;
            } else {
                break;
            }
        }
        if pm * pn * batch > 1 && pm * pn * batch % 2 == 1 && m >= 2 * row_unit {
            pm *= 2;
        }
        let (rows, columns) = (Cut::new(m, row_unit, pm), Cut::new(n, column_unit, pn));
        let block = rows.largest().saturating_mul(columns.largest()).max(1);
        let group = (WORTH / 2 / block.saturating_mul(k).max(1)).clamp(1, batch.max(1).div_ceil(PARTS));
        Plan { kc, k_region: (MOST / block / kc).max(1) * kc, rows, columns, group, spread }
    }
}

/// A length cut into blocks of whole units (but for the last unit), as equal as can be.
#[derive(Clone, Copy, Debug)]
pub(super) struct Cut {
    len: usize,
    unit: usize,
    units: usize,
    pub blocks: usize,
}

impl Cut {
    fn new(len: usize, unit: usize, blocks: usize) -> Cut {
        let units = len.div_ceil(unit);
        Cut { len, unit, units, blocks: blocks.min(units) }
    }

    /// Where block `at` lies.
    pub fn range(&self, at: usize) -> Range<usize> {
        let from = |at: usize| self.len.min(self.units * at / self.blocks * self.unit);
        from(at)..from(at + 1)
    }

    fn largest(&self) -> usize {
        self.len.min(self.units.div_ceil(self.blocks.max(1)) * self.unit)
    }
}

/// The depth of K blocks: equal shares, as deep as B's part of a block has room for.
fn depth(k: usize, columns: usize, size: usize) -> usize {
    let most = (B_BYTES / columns).clamp(*K_BYTES.start(), *K_BYTES.end()) / size / 8 * 8;
    k.div_ceil(k.div_ceil(most).max(1)).next_multiple_of(8).clamp(8, most)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn blocks_cover_everything_and_parts_stay_short() {
        for m in [1, 5, 12, 128, 209, 784, 1024, 12544, 16384] {
            for n in [1, 10, 20, 64, 250, 512, 4096, 16384] {
                for k in [0, 1, 64, 147, 513, 4096, 16384, 1 << 24] {
                    for batch in [1, 3, 64] {
                        let shape = Shape { batch, m, n, k };
                        let plan = Plan::new(shape, spreads(shape, 4), 12, 32, 4);
                        for cut in [plan.rows, plan.columns] {
                            let mut end = 0;
                            for range in (0..cut.blocks).map(|at| cut.range(at)) {
                                assert!(range.start == end && range.len() <= cut.largest() && !range.is_empty());
                                end = range.end;
                            }
                            assert_eq!(end, cut.len);
                        }
                        assert!(plan.kc.is_multiple_of(8) && plan.kc <= 4096 && plan.k_region.is_multiple_of(plan.kc));
                        assert!(plan.columns.largest() <= MOST_COLUMNS && plan.group >= 1);
                        let block = plan.rows.largest() * plan.columns.largest();
                        let part = plan.group * block * plan.k_region.min(k);
                        assert!(part <= MOST.max(block * plan.kc), "{plan:?} {part}");
                    }
                }
            }
        }
    }
}
