//! NumPy's broadcasting of contiguous arrays: dimensions collapsed, and an inner run where each operand is either
//! contiguous or one number.

/// The most dimensions a shape may have.
pub const MAX_DIMS: usize = 16;

/// How `N` contiguous operands walk over an output.
#[derive(Clone, Copy)]
pub struct Walk<const N: usize> {
    /// Outer dimensions, slowest first, and each operand's stride in them.
    outer: [usize; MAX_DIMS],
    strides: [[usize; N]; MAX_DIMS],
    dims: usize,
    /// Length of the inner run, and whether each operand moves along it.
    pub inner: usize,
    pub moves: [bool; N],
}

/// The shape that `shapes` broadcast to, or `None` where they don't.
pub fn broadcast_shape<const N: usize>(shapes: [&[usize]; N]) -> Option<([usize; MAX_DIMS], usize)> {
    let ndim = shapes.iter().map(|s| s.len()).max().unwrap_or(0);
    let mut out = [1; MAX_DIMS];
    for shape in shapes {
        let skip = ndim - shape.len();
        for (to, &n) in out[skip..ndim].iter_mut().zip(shape) {
            if *to == 1 {
                *to = n;
            } else if n != 1 && n != *to {
                return None;
            }
        }
    }
    Some((out, ndim))
}

impl<const N: usize> Walk<N> {
    /// `shapes` must broadcast to `out` (as [`broadcast_shape`] says).
    pub fn new(out: &[usize], shapes: [&[usize]; N]) -> Self {
        let mut walk = Walk { outer: [1; MAX_DIMS], strides: [[0; N]; MAX_DIMS], dims: 0, inner: 1, moves: [false; N] };
        let mut steps = [1; N];
        // From the fastest dimension up: merge with the run below where every operand goes on without a jump.
        let mut first = true;
        for d in (0..out.len()).rev() {
            let n = out[d];
            if n == 1 {
                continue;
            }
            let mut stride = [0; N];
            for k in 0..N {
                let lead = out.len() - shapes[k].len();
                if d >= lead && shapes[k][d - lead] != 1 {
                    stride[k] = steps[k];
                    steps[k] *= n;
                }
            }
            if first {
                walk.inner = n;
                walk.moves = stride.map(|s| s != 0);
                first = false;
            } else if walk.dims == 0 && (0..N).all(|k| stride[k] == if walk.moves[k] { walk.inner } else { 0 }) {
                walk.inner *= n;
            } else {
                let top = walk.dims;
                let merges = top > 0 && (0..N).all(|k| stride[k] == walk.strides[top - 1][k] * walk.outer[top - 1]);
                if merges {
                    walk.outer[top - 1] *= n;
                } else {
                    walk.outer[top] = n;
                    walk.strides[top] = stride;
                    walk.dims += 1;
                }
            }
        }
        walk
    }

    /// Where each operand's run `row` begins.
    #[inline]
    pub fn offsets(&self, row: usize) -> [usize; N] {
        let mut rest = row;
        let mut at = [0; N];
        // outer[0] is the fastest of the outer dimensions.
        for d in 0..self.dims {
            let index = rest % self.outer[d];
            rest /= self.outer[d];
            for k in 0..N {
                at[k] += index * self.strides[d][k];
            }
        }
        at
    }
}

/// Calls `body(offsets, from, len)` for the runs of output elements `start..start + len`; `from` counts from `start`.
/// A macro, because a closure would lose the level's instructions.
#[macro_export]
macro_rules! for_runs {
    ($walk:expr, $start:expr, $len:expr, |$offsets:ident, $from:ident, $count:ident| $body:block) => {{
        let walk = $walk;
        let (start, len): (usize, usize) = ($start, $len);
        let mut $from = 0;
        while $from < len {
            let flat = start + $from;
            let (row, column) = (flat / walk.inner, flat % walk.inner);
            let $count = (walk.inner - column).min(len - $from);
            let mut $offsets = walk.offsets(row);
            for k in 0..$offsets.len() {
                if walk.moves[k] {
                    $offsets[k] += column;
                }
            }
            $body
            $from += $count;
        }
    }};
}

#[cfg(test)]
mod tests {
    use super::*;

    fn runs(out: &[usize], a: &[usize], b: &[usize]) -> (usize, [bool; 2], usize) {
        let walk = Walk::new(out, [a, b]);
        (walk.inner, walk.moves, walk.dims)
    }

    #[test]
    fn dimensions_collapse() {
        assert_eq!(runs(&[2, 3, 4], &[2, 3, 4], &[2, 3, 4]), (24, [true, true], 0));
        assert_eq!(runs(&[2, 3, 4], &[2, 3, 4], &[]), (24, [true, false], 0));
        assert_eq!(runs(&[2, 3, 4], &[2, 3, 4], &[4]), (4, [true, true], 1));
        assert_eq!(runs(&[2, 3, 4], &[2, 3, 4], &[3, 4]), (12, [true, true], 1));
        assert_eq!(runs(&[2, 3, 4], &[2, 3, 4], &[2, 1, 1]), (12, [true, false], 1));
        assert_eq!(runs(&[2, 3, 4], &[2, 1, 4], &[3, 1]), (4, [true, false], 2));
        assert_eq!(runs(&[1, 1], &[1, 1], &[1]), (1, [false, false], 0));
    }

    #[test]
    fn offsets_agree_with_indexing() {
        let (out, a, b) = ([3, 2, 5, 7], [3, 1, 5, 1], [2, 1, 7]);
        let walk = Walk::new(&out, [&a, &b]);
        for flat in 0..210 {
            let at = [flat / 70, flat / 35 % 2, flat / 7 % 5, flat % 7];
            let want = [at[0] * 5 + at[2], at[1] * 7 + at[3]];
            let mut got = walk.offsets(flat / walk.inner);
            for k in 0..2 {
                got[k] += if walk.moves[k] { flat % walk.inner } else { 0 };
            }
            assert_eq!(got, want, "{flat}");
        }
    }

    #[test]
    fn shapes_broadcast_as_numpy_does() {
        let shape = |a: &[usize], b: &[usize]| broadcast_shape([a, b]).map(|(dims, n)| dims[..n].to_vec());
        assert_eq!(shape(&[2, 1], &[3]), Some(vec![2, 3]));
        assert_eq!(shape(&[0], &[1]), Some(vec![0]));
        assert_eq!(shape(&[2], &[3]), None);
        assert_eq!(shape(&[0], &[3]), None);
        assert_eq!(shape(&[], &[]), Some(vec![]));
    }
}
