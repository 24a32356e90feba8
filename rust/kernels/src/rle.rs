//! Masks as run lengths, in COCO's form: pixels in column order, runs of 0 and 1 in turn, the first of 0.
//!
//! Many masks lie in one array of counts; `offsets` (N + 1) says where each begins. Results are those of COCO's own
//! mask library, the outlines of polygons to the pixel included.

use std::cmp::Ordering;

/// Masks of one array: their counts, and height and width of each.
#[derive(Clone, Copy)]
pub struct Masks<'a> {
    pub counts: &'a [u32],
    /// (N + 1,), rising, the last is the length of `counts`.
    pub offsets: &'a [i64],
    /// (N, 2): height, width.
    pub sizes: &'a [i64],
}

impl<'a> Masks<'a> {
    pub fn len(&self) -> usize {
        self.offsets.len() - 1
    }

    pub fn is_empty(&self) -> bool {
        self.len() == 0
    }

    pub fn runs(&self, mask: usize) -> &'a [u32] {
        &self.counts[self.offsets[mask] as usize..self.offsets[mask + 1] as usize]
    }

    pub fn size(&self, mask: usize) -> (i64, i64) {
        (self.sizes[2 * mask], self.sizes[2 * mask + 1])
    }

    /// The first mask whose runs do not fill its size, or whose offsets make no sense.
    pub fn first_corrupt(&self) -> Option<usize> {
        let total = self.counts.len() as i64;
        (0..self.len()).find(|&i| {
            let (from, to) = (self.offsets[i], self.offsets[i + 1]);
            let (h, w) = self.size(i);
            let inside = 0 <= from && from <= to && to <= total && h >= 0 && w >= 0;
            !inside || h.checked_mul(w) != Some(self.runs(i).iter().map(|&c| i64::from(c)).sum())
        })
    }
}

/// Number of pixels set.
pub fn area(runs: &[u32]) -> u64 {
    runs.iter().skip(1).step_by(2).map(|&c| u64::from(c)).sum()
}

/// Smallest box (x, y, width, height) around the pixels set; zeros where there are none.
pub fn bounding_box(runs: &[u32], height: i64) -> [f64; 4] {
    if runs.len() < 2 || height == 0 {
        return [0.0; 4];
    }
    let (mut x0, mut y0, mut x1, mut y1) = (i64::MAX, i64::MAX, 0, 0);
    let (mut at, mut start_x) = (0, 0);
    for (j, &count) in runs[..runs.len() / 2 * 2].iter().enumerate() {
        at += i64::from(count);
        let pixel = at - (j % 2) as i64;
        let (x, y) = (pixel.div_euclid(height), pixel.rem_euclid(height));
        if j % 2 == 0 {
            start_x = x;
        } else if start_x < x {
            (y0, y1) = (0, height - 1);
        }
        (x0, x1, y0, y1) = (x0.min(x), x1.max(x), y0.min(y), y1.max(y));
    }
    [x0 as f64, y0 as f64, (x1 - x0 + 1) as f64, (y1 - y0 + 1) as f64]
}

/// Calls `each(length, in a, in b)` for stretches on which both masks are constant.
fn zip_runs(a: &[u32], b: &[u32], mut each: impl FnMut(u64, bool, bool)) {
    let (mut i, mut j, mut left_a, mut left_b) = (0, 0, 0u64, 0u64);
    loop {
        while left_a == 0 && i < a.len() {
            left_a = u64::from(a[i]);
            i += 1;
        }
        while left_b == 0 && j < b.len() {
            left_b = u64::from(b[j]);
            j += 1;
        }
        if left_a == 0 || left_b == 0 {
            return;
        }
        let step = left_a.min(left_b);
        // Run 0, 2, … of a mask holds zeros; `i` is already one ahead.
        each(step, i % 2 == 0, j % 2 == 0);
        left_a -= step;
        left_b -= step;
    }
}

/// Intersection over union of two masks of one size; with `crowd`, over the area of `a`. 0 where they do not meet.
pub fn iou(a: &[u32], b: &[u32], crowd: bool) -> f64 {
    let (mut inter, mut union) = (0, 0);
    zip_runs(a, b, |step, in_a, in_b| {
        inter += if in_a && in_b { step } else { 0 };
        union += if in_a || in_b { step } else { 0 };
    });
    if inter == 0 {
        return 0.0;
    }
    inter as f64 / if crowd { area(a) } else { union } as f64
}

/// Run lengths under construction.
struct Builder {
    runs: Vec<u32>,
    value: bool,
}

impl Builder {
    fn new() -> Self {
        Builder { runs: vec![0], value: false }
    }

    fn push(&mut self, length: u64, value: bool) {
        if length == 0 {
            return;
        }
        if value != self.value {
            self.runs.push(0);
            self.value = value;
        }
        if let Some(last) = self.runs.last_mut() {
            *last += length as u32;
        }
    }
}

/// Union, or intersection, of two masks of one size.
pub fn merge(a: &[u32], b: &[u32], intersect: bool) -> Vec<u32> {
    let mut out = Builder::new();
    zip_runs(a, b, |step, in_a, in_b| out.push(step, if intersect { in_a && in_b } else { in_a || in_b }));
    out.runs
}

/// Runs of a mask (H, W) in row order; anything but 0 is set.
pub fn encode(mask: &[u8], height: usize, width: usize) -> Vec<u32> {
    debug_assert_eq!(mask.len(), height * width);
    let mut out = Builder::new();
    for x in 0..width {
        for y in 0..height {
            out.push(1, mask[y * width + x] != 0);
        }
    }
    out.runs
}

/// The mask (H, W) in row order, 0 and 1. The runs must fill it.
pub fn decode(runs: &[u32], height: usize, width: usize, mask: &mut [u8]) {
    debug_assert_eq!(mask.len(), height * width);
    let mut at = 0;
    for (j, &count) in runs.iter().enumerate() {
        for pixel in at..at + count as usize {
            mask[pixel % height * width + pixel / height] = (j % 2) as u8;
        }
        at += count as usize;
    }
}

/// Reads COCO's compressed text: five bits a character from '0' on, a sixth for "more follows", signed, and from the
/// fourth run on the difference to the run two before. `None` where the text is not of this form.
pub fn from_text(text: &[u8]) -> Option<Vec<u32>> {
    let mut runs: Vec<u32> = Vec::with_capacity(text.len() / 2 + 1);
    let (mut value, mut shift) = (0i64, 0);
    for &byte in text {
        let bits = byte.checked_sub(48).filter(|&bits| bits < 64)?;
        if shift > 35 {
            return None;
        }
        value |= i64::from(bits & 0x1f) << shift;
        shift += 5;
        if bits & 0x20 != 0 {
            continue;
        }
        if bits & 0x10 != 0 {
            value |= -1 << shift;
        }
        if runs.len() > 2 {
            value += i64::from(runs[runs.len() - 2]);
        }
        runs.push(u32::try_from(value).ok()?);
        (value, shift) = (0, 0);
    }
    (shift == 0).then_some(runs)
}

/// Writes COCO's compressed text.
pub fn to_text(runs: &[u32]) -> Vec<u8> {
    let mut text = Vec::with_capacity(2 * runs.len());
    for (i, &count) in runs.iter().enumerate() {
        let mut value = i64::from(count) - if i > 2 { i64::from(runs[i - 2]) } else { 0 };
        loop {
            let bits = (value & 0x1f) as u8;
            value >>= 5;
            let more = if bits & 0x10 != 0 { value != -1 } else { value != 0 };
            text.push(48 + bits + if more { 0x20 } else { 0 });
            if !more {
                break;
            }
        }
    }
    text
}

/// Coordinates beyond this are refused: an outline is walked point by point.
pub const FARTHEST: f64 = 1e6;

/// Pixels inside a polygon `xy` (x0, y0, x1, y1, …), as COCO fills it: its outline is drawn five times as fine, and a
/// column changes where the outline crosses its middle. Coordinates lie within ±[`FARTHEST`].
pub fn from_polygon(xy: &[f64], height: i64, width: i64) -> Vec<u32> {
    const FINE: f64 = 5.0;
    let corners: Vec<(i64, i64)> =
        xy.chunks_exact(2).map(|p| ((FINE * p[0] + 0.5) as i64, (FINE * p[1] + 0.5) as i64)).collect();
    let mut crossings: Vec<i64> = Vec::new();
    let mut last: Option<(i64, i64)> = None;
    for (k, &from) in corners.iter().enumerate() {
        let to = corners[(k + 1) % corners.len()];
        walk(from, to, |u, v| {
            if let Some((before_u, before_v)) = last.replace((u, v))
                && before_u != u
            {
                let middle = (if u < before_u { u } else { u - 1 } as f64 + 0.5) / FINE - 0.5;
                if middle.floor() == middle && middle >= 0.0 && middle <= (width - 1) as f64 {
                    let row = ((v.min(before_v) as f64 + 0.5) / FINE - 0.5).clamp(0.0, height as f64).ceil();
                    crossings.push(middle as i64 * height + row as i64);
                }
            }
        });
    }
    crossings.push(height * width);
    crossings.sort_unstable();
    let (mut runs, mut before) = (Builder::new(), 0);
    let mut value = false;
    for at in crossings {
        // Two crossings at one pixel cancel.
        runs.push((at - before) as u64, value);
        value = !value;
        before = at;
    }
    runs.runs
}

/// The points of a line on the fine raster, both ends included; rounded alike in both directions.
fn walk(from: (i64, i64), to: (i64, i64), mut each: impl FnMut(i64, i64)) {
    let ((dx, dy), mut a, mut b) = (((to.0 - from.0).abs(), (to.1 - from.1).abs()), from, to);
    let flat = dx >= dy;
    let along = |p: (i64, i64)| if flat { p.0 } else { p.1 };
    let backwards = along(a).cmp(&along(b)) == Ordering::Greater;
    if backwards {
        std::mem::swap(&mut a, &mut b);
    }
    let steps = dx.max(dy);
    let slope = if flat { (b.1 - a.1) as f64 / dx as f64 } else { (b.0 - a.0) as f64 / dy as f64 };
    for d in 0..=steps {
        let t = if backwards { steps - d } else { d };
        if flat {
            each(a.0 + t, (a.1 as f64 + slope * t as f64 + 0.5) as i64);
        } else {
            each((a.0 as f64 + slope * t as f64 + 0.5) as i64, a.1 + t);
        }
    }
}
