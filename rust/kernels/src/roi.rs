//! Regions of interest: pooling, align, and position-sensitive pooling, as torchvision computes them, channels last.
//!
//! Feature maps are (N, H, W, C), regions (K, 5): index of the image, then x1, y1, x2, y2 in the units of `scale`.
//! The index must lie in 0..N. A NaN or infinite corner gives a region without pixels, or values that are NaN.

use crate::simd::{self, Float, Isa, Kernel};
use crate::threads;

/// Sizes of a call: feature maps (n, h, w, c), pooled (ph, pw), and pixels per unit of a region's corners.
#[derive(Clone, Copy, Debug)]
pub struct Sizes {
    pub n: usize,
    pub h: usize,
    pub w: usize,
    pub c: usize,
    pub ph: usize,
    pub pw: usize,
    pub scale: f64,
}

/// How [`align`] samples: points along each side of a bin (adaptive where 0), and whether pixels' centres lie at halves.
#[derive(Clone, Copy, Debug)]
pub struct Sampling {
    pub ratio: usize,
    pub aligned: bool,
}

/// Nearest whole number, halves away from zero, as C's `round`.
fn round<T: Float>(x: T) -> i64 {
    x.to_f64().round() as i64
}

/// Whole-pixel geometry of one region: where its bins begin, and how large they are.
struct Bins<T> {
    x: i64,
    y: i64,
    bin_w: T,
    bin_h: T,
}

impl<T: Float> Bins<T> {
    /// `one` is added to the sides: 1 where the last pixel belongs to the region.
    fn new(roi: &[T], s: &Sizes, one: i64) -> Self {
        let scale = T::from_f64(s.scale);
        let [x1, y1, x2, y2] = [1, 2, 3, 4].map(|i| round(roi[i] * scale));
        let side = |from: i64, to: i64, bins: usize| {
            let length = to.saturating_sub(from).saturating_add(one).max(1);
            T::from_f64(length as f64) / T::from_f64(bins as f64)
        };
        Bins { x: x1, y: y1, bin_w: side(x1, x2, s.pw), bin_h: side(y1, y2, s.ph) }
    }

    /// Pixels of a bin along one axis, clipped to `0..=limit`.
    fn range(start: i64, bin: T, index: usize, limit: usize) -> (usize, usize) {
        let at = |i: usize| (T::from_f64(i as f64) * bin).to_f64();
        let clip = |v: i64| start.saturating_add(v).clamp(0, limit as i64) as usize;
        (clip(at(index).floor() as i64), clip(at(index + 1).ceil() as i64))
    }

    fn rows(&self, ph: usize, limit: usize) -> (usize, usize) {
        Self::range(self.y, self.bin_h, ph, limit)
    }

    fn columns(&self, pw: usize, limit: usize) -> (usize, usize) {
        Self::range(self.x, self.bin_w, pw, limit)
    }
}

fn image<T: Float>(roi: &[T]) -> usize {
    roi[0].to_f64() as usize
}

/// Maximum of each bin into `out` (K, PH, PW, C), and the pixel it came from (y·W + x) into `from`; the first of equals.
/// A bin without pixels gives 0 and −1; NaN is never the maximum, and a bin of NaN alone gives the least number and −1.
pub fn pool<T: Float>(x: &[T], rois: &[T], s: &Sizes, out: &mut [T], from: &mut [i32]) {
    let size = s.ph * s.pw * s.c;
    debug_assert!(x.len() == s.n * s.h * s.w * s.c && out.len() == rois.len() / 5 * size && from.len() == out.len());
    threads::parallel_chunks((threads::chunks(out, size), threads::chunks(from, size)), |k, (out, from)| {
        let roi = &rois[5 * k..5 * k + 5];
        let bins = Bins::new(roi, s, 1);
        let x = &x[image(roi) * s.h * s.w * s.c..][..s.h * s.w * s.c];
        for (bin, (out, from)) in out.chunks_exact_mut(s.c).zip(from.chunks_exact_mut(s.c)).enumerate() {
            let ((y0, y1), (x0, x1)) = (bins.rows(bin / s.pw, s.h), bins.columns(bin % s.pw, s.w));
            let empty = y0 >= y1 || x0 >= x1;
            out.fill(if empty { T::ZERO } else { T::from_f64(f64::from(-f32::MAX)) });
            from.fill(-1);
            for pixel in (y0..y1).flat_map(|y| (x0..x1).map(move |x| y * s.w + x)) {
                let row = &x[pixel * s.c..(pixel + 1) * s.c];
                for c in 0..s.c {
                    if row[c] > out[c] {
                        (out[c], from[c]) = (row[c], pixel as i32);
                    }
                }
            }
        }
    });
}

/// Gradient of [`pool`]: adds `dy` (K, PH, PW, C) to `dx` (N, H, W, C) at the pixels in `from`.
pub fn pool_backward<T: Float>(rois: &[T], dy: &[T], from: &[i32], s: &Sizes, dx: &mut [T]) {
    each_image(rois, s, dx, |k, dx| {
        let range = k * s.ph * s.pw * s.c..(k + 1) * s.ph * s.pw * s.c;
        for (i, (&dy, &from)) in dy[range.clone()].iter().zip(&from[range]).enumerate() {
            // What was saved is trusted to be a pixel or −1 only as far as the slice reaches.
            if let Some(to) = usize::try_from(from).ok().and_then(|pixel| dx.get_mut(pixel * s.c + i % s.c)) {
                *to = *to + dy;
            }
        }
    });
}

/// Clears `dx` (N, H, W, C) and calls `add(k, image of dx)` for the regions of every image in order: regions of one
/// image share pixels, images do not.
fn each_image<T: Float>(rois: &[T], s: &Sizes, dx: &mut [T], add: impl Fn(usize, &mut [T]) + Sync) {
    threads::parallel_chunks(threads::chunks(dx, s.h * s.w * s.c), |n, dx| {
        dx.fill(T::ZERO);
        for (k, roi) in rois.chunks_exact(5).enumerate() {
            if image(roi) == n {
                add(k, dx);
            }
        }
    });
}

/// Mean of each bin, output channel c of bin (ph, pw) from input channel (c·PH + ph)·PW + pw, into `out`
/// (K, PH, PW, C/(PH·PW)). Bins end one pixel before the map's edge, as torchvision has them.
pub fn position_sensitive_pool<T: Float>(x: &[T], rois: &[T], s: &Sizes, out: &mut [T]) {
    let channels = s.c / (s.ph * s.pw);
    threads::parallel_chunks(threads::chunks(out, s.ph * s.pw * channels), |k, out| {
        let roi = &rois[5 * k..5 * k + 5];
        let x = &x[image(roi) * s.h * s.w * s.c..][..s.h * s.w * s.c];
        let bins = Bins::new(roi, s, 0);
        for (bin, out) in out.chunks_exact_mut(channels).enumerate() {
            let ((y0, y1), (x0, x1)) = (bins.rows(bin / s.pw, s.h - 1), bins.columns(bin % s.pw, s.w - 1));
            let area = T::from_f64((y1.saturating_sub(y0) * x1.saturating_sub(x0)) as f64);
            for (c, out) in out.iter_mut().enumerate() {
                let channel = c * s.ph * s.pw + bin;
                let mut sum = T::ZERO;
                for pixel in (y0..y1).flat_map(|y| (x0..x1).map(move |x| y * s.w + x)) {
                    sum = sum + x[pixel * s.c + channel];
                }
                *out = if area == T::ZERO { T::ZERO } else { sum / area };
            }
        }
    });
}

/// Gradient of [`position_sensitive_pool`] into `dx` (N, H, W, C).
pub fn position_sensitive_pool_backward<T: Float>(rois: &[T], dy: &[T], s: &Sizes, dx: &mut [T]) {
    let channels = s.c / (s.ph * s.pw);
    each_image(rois, s, dx, |k, dx| {
        let bins = Bins::new(&rois[5 * k..5 * k + 5], s, 0);
        for (bin, dy) in dy[k * s.ph * s.pw * channels..].chunks_exact(channels).take(s.ph * s.pw).enumerate() {
            let ((y0, y1), (x0, x1)) = (bins.rows(bin / s.pw, s.h - 1), bins.columns(bin % s.pw, s.w - 1));
            let area = T::from_f64((y1.saturating_sub(y0) * x1.saturating_sub(x0)) as f64);
            for (c, &dy) in dy.iter().enumerate() {
                for pixel in (y0..y1).flat_map(|y| (x0..x1).map(move |x| y * s.w + x)) {
                    let to = &mut dx[pixel * s.c + c * s.ph * s.pw + bin];
                    *to = *to + dy / area;
                }
            }
        }
    });
}

/// Points in a region at most, along one side of a bin: a guard against corners far outside any map.
const MOST_POINTS: f64 = 4096.0;

/// Sampling points of one region.
struct Grid<T> {
    x: T,
    y: T,
    bin_w: T,
    bin_h: T,
    columns: usize,
    rows: usize,
}

impl<T: Float> Grid<T> {
    fn new(roi: &[T], s: &Sizes, sampling: Sampling) -> Self {
        let (scale, offset) = (T::from_f64(s.scale), T::from_f64(if sampling.aligned { 0.5 } else { 0.0 }));
        let [x1, y1, x2, y2] = [1, 2, 3, 4].map(|i| roi[i] * scale - offset);
        let side = |from: T, to: T| {
            let length = to - from;
            if sampling.aligned || length >= T::ONE { length } else { T::ONE }
        };
        let (w, h) = (side(x1, x2), side(y1, y2));
        let bin = |length: T, bins: usize| length / T::from_f64(bins as f64);
        let points = |bin: T| match sampling.ratio {
            0 => bin.to_f64().ceil().clamp(0.0, MOST_POINTS) as usize,
            ratio => ratio,
        };
        let (bin_w, bin_h) = (bin(w, s.pw), bin(h, s.ph));
        Grid { x: x1, y: y1, bin_w, bin_h, columns: points(bin_w), rows: points(bin_h) }
    }

    /// The four pixels around every point of a bin and their weights: `each([pixel; 4], [weight; 4])`.
    #[inline(always)]
    fn points(&self, s: &Sizes, bin: usize, mut each: impl FnMut([usize; 4], [T; 4])) {
        let at = |start: T, bin: usize, size: T, i: usize, count: usize| {
            let number = |v: f64| T::from_f64(v);
            start + number(bin as f64) * size + number(i as f64 + 0.5) * size / number(count as f64)
        };
        for i in 0..self.rows {
            let y = at(self.y, bin / s.pw, self.bin_h, i, self.rows);
            for j in 0..self.columns {
                let x = at(self.x, bin % s.pw, self.bin_w, j, self.columns);
                if let (Some((y0, y1, ly)), Some((x0, x1, lx))) = (between(y, s.h), between(x, s.w)) {
                    let (hy, hx) = (T::ONE - ly, T::ONE - lx);
                    let pixel = |y: usize, x: usize| y * s.w + x;
                    let pixels = [pixel(y0, x0), pixel(y0, x1), pixel(y1, x0), pixel(y1, x1)];
                    each(pixels, [hy * hx, hy * lx, ly * hx, ly * lx]);
                }
            }
        }
    }

    /// Number of points of a bin that the mean is taken over.
    fn count(&self) -> T {
        T::from_f64((self.rows * self.columns).max(1) as f64)
    }
}

/// The pixels below and above a coordinate and how far it is from the lower one; `None` more than one pixel outside.
fn between<T: Float>(at: T, size: usize) -> Option<(usize, usize, T)> {
    let limit = T::from_f64(size as f64);
    if !(at >= -T::ONE && at <= limit) || size == 0 {
        return None;
    }
    let at = if at <= T::ZERO { T::ZERO } else { at };
    let low = at.to_f64() as usize;
    if low >= size - 1 {
        return Some((size - 1, size - 1, T::ZERO));
    }
    Some((low, low + 1, at - T::from_f64(low as f64)))
}

/// Mean over bilinear samples of each bin, into `out` (K, PH, PW, C). Points more than a pixel outside count as 0.
pub fn align<T: Float>(x: &[T], rois: &[T], s: &Sizes, sampling: Sampling, out: &mut [T]) {
    threads::parallel_chunks(threads::chunks(out, s.ph * s.pw * s.c), |k, out| {
        let roi = &rois[5 * k..5 * k + 5];
        let x = &x[image(roi) * s.h * s.w * s.c..][..s.h * s.w * s.c];
        simd::dispatch(Align { x, grid: Grid::new(roi, s, sampling), s, out });
    });
}

struct Align<'a, T> {
    x: &'a [T],
    grid: Grid<T>,
    s: &'a Sizes,
    out: &'a mut [T],
}

impl<T: Float> Kernel for Align<'_, T> {
    type Output = ();
    #[inline(always)]
    fn run<I: Isa>(self) {
        let Align { x, grid, s, out } = self;
        let count = grid.count();
        for (bin, out) in out.chunks_exact_mut(s.c).enumerate() {
            out.fill(T::ZERO);
            grid.points(s, bin, |pixels, weights| {
                let [a, b, c, d] = pixels.map(|pixel| &x[pixel * s.c..(pixel + 1) * s.c]);
                for i in 0..out.len() {
                    out[i] = out[i] + (weights[0] * a[i] + weights[1] * b[i] + weights[2] * c[i] + weights[3] * d[i]);
                }
            });
            out.iter_mut().for_each(|v| *v = *v / count);
        }
    }
}

/// Gradient of [`align`] into `dx` (N, H, W, C) from `dy` (K, PH, PW, C).
pub fn align_backward<T: Float>(rois: &[T], dy: &[T], s: &Sizes, sampling: Sampling, dx: &mut [T]) {
    each_image(rois, s, dx, |k, dx| {
        let grid = Grid::new(&rois[5 * k..5 * k + 5], s, sampling);
        let count = grid.count();
        for (bin, dy) in dy[k * s.ph * s.pw * s.c..].chunks_exact(s.c).take(s.ph * s.pw).enumerate() {
            grid.points(s, bin, |pixels, weights| {
                for (pixel, weight) in pixels.into_iter().zip(weights) {
                    for (to, &dy) in dx[pixel * s.c..(pixel + 1) * s.c].iter_mut().zip(dy) {
                        *to = *to + dy * weight / count;
                    }
                }
            });
        }
    });
}
