//! How a product is cut: K blocks, blocks of C, groups of blocks. All from the shape alone.

use super::Shape;

/// Bytes of K that one panel of B holds for a column: two panels' worth of lanes stay well inside the second-level cache.
const K_BYTES: usize = 2048;
/// Columns of a block of C: with `K_BYTES` deep panels this is half a mebibyte of B.
const COLUMNS: usize = 256;
/// Multiply-adds that are worth a part of their own.
const WORTH: usize = 400_000;
/// Multiply-adds that a part may take, some 20 ms of the slowest supported machine's baseline.
const MOST: usize = 400_000_000;
/// Parts to aim at.
const PARTS: usize = 8;

/// The cutting of one product.
#[derive(Clone, Copy, Debug)]
pub(super) struct Plan {
    /// Depth of a K block. Sums over different K blocks are added up in order; the only choice here that bits depend on.
    pub kc: usize,
    /// K that one region works off: a multiple of `kc`.
    pub k_region: usize,
    /// Rows and columns of a block of C (the last ones may be smaller), and their numbers.
    pub rows: usize,
    pub columns: usize,
    pub row_blocks: usize,
    pub column_blocks: usize,
    /// Blocks that one part does.
    pub group: usize,
}

impl Plan {
    /// `row_unit` and `column_unit`: rows and columns of a full tile; `size`: bytes of an element.
    pub fn new(shape: Shape, row_unit: usize, column_unit: usize, size: usize) -> Plan {
        let Shape { batch, m, n, k } = shape;
        let kc = depth(k, size);
        let mut pm = 1;
        let mut pn = n.div_ceil(COLUMNS).max(1);
        let work = m.saturating_mul(n).saturating_mul(k);
        let wanted = (work.saturating_mul(batch) / WORTH).clamp(1, PARTS).div_ceil(batch.max(1));
        while pm * pn < wanted {
            let (rows, columns) = (m.div_ceil(pm), n.div_ceil(pn));
            // Cutting rows packs B again, cutting columns reads A again: the larger side bears it best.
            if rows >= 2 * row_unit && (rows >= columns || columns < 2 * column_unit) {
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
        let rows = m.div_ceil(pm).max(1).next_multiple_of(row_unit);
        let columns = n.div_ceil(pn).max(1).next_multiple_of(column_unit);
        let block = rows.min(m.max(1)).saturating_mul(columns.min(n.max(1)));
        let group = (WORTH / 2 / block.saturating_mul(k).max(1)).clamp(1, batch.max(1).div_ceil(PARTS));
        Plan {
            kc,
            k_region: (MOST / block.max(1) / kc).max(1) * kc,
            rows,
            columns,
            row_blocks: m.div_ceil(rows),
            column_blocks: n.div_ceil(columns),
            group,
        }
    }
}

/// The depth of K blocks: equal shares of at most `K_BYTES`.
fn depth(k: usize, size: usize) -> usize {
    let most = K_BYTES / size;
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
                        let plan = Plan::new(Shape { batch, m, n, k }, 12, 32, 4);
                        assert!(plan.rows * plan.row_blocks >= m && plan.columns * plan.column_blocks >= n);
                        assert!(plan.rows * (plan.row_blocks - 1) < m && plan.columns * (plan.column_blocks - 1) < n);
                        assert!(plan.kc.is_multiple_of(8) && plan.kc <= 512 && plan.k_region.is_multiple_of(plan.kc));
                        assert!(plan.columns <= 256 && plan.group >= 1);
                        let part = plan.group * plan.rows.min(m) * plan.columns.min(n) * plan.k_region.min(k);
                        assert!(part <= MOST.max(plan.rows * plan.columns * 512), "{plan:?} {part}");
                    }
                }
            }
        }
    }
}
