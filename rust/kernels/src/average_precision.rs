//! Average precision of detections: matching within images, and the curves of precision and recall.
//!
//! The rules are those of COCO's evaluation (pycocotools), and of the VOC development kit.

use crate::rle::{self, Masks};
use crate::threads;
use std::sync::Mutex;

/// Detections in one part of the matching.
const PART: usize = 2048;
/// Thresholds of IoU, at most: one bit each.
pub const MOST_THRESHOLDS: usize = 64;

/// Annotated objects or detections. Boxes are (x, y, width, height).
#[derive(Clone, Copy)]
pub struct Objects<'a> {
    /// Image and category of each, any numbers.
    pub image: &'a [i64],
    pub category: &'a [i64],
    /// (N, 4); unused with masks.
    pub boxes: &'a [f64],
    pub area: &'a [f64],
    pub masks: Option<Masks<'a>>,
}

/// What the matching is to do.
#[derive(Clone, Copy)]
pub struct Rules<'a> {
    pub iou_thresholds: &'a [f64],
    /// (A, 2): lowest and highest area.
    pub area_ranges: &'a [f64],
    /// Detections per image and category, at most.
    pub most: usize,
}

/// Detections after matching, in columns. Bit t of the masks stands for IoU threshold t.
#[derive(Clone, Debug, Default)]
pub struct Matched {
    pub detection: Vec<u32>,
    /// Place among the detections of its image and category, by falling score.
    pub rank: Vec<u32>,
    /// (N, A): for each range of areas, whether it matched an object, and whether it does not count.
    pub matched: Vec<u64>,
    pub ignored: Vec<u64>,
}

/// Objects and detections of one category in one image.
struct Group<'a> {
    truths: &'a [u32],
    detections: &'a [u32],
}

/// Indices by (category, image), then by falling score where scores are given, then by rising index.
/// Categories and images are below 2^32, scores not NaN and not −0.
fn sorted(objects: &Objects<'_>, scores: Option<&[f64]>) -> Vec<u32> {
    let key = |i: usize| {
        let falling = scores.map_or(0, |scores| {
            let bits = scores[i].to_bits();
            !if bits >> 63 == 1 { !bits } else { bits | 1 << 63 }
        });
        ((objects.category[i] as u64) << 32 | objects.image[i] as u64, falling, i as u32)
    };
    let mut keys: Vec<(u64, u64, u32)> = (0..objects.image.len()).map(key).collect();
    keys.sort_unstable();
    keys.into_iter().map(|(_, _, i)| i).collect()
}

/// Pairs of runs of `truths` and `detections` with the same category and image; groups without detections are left out.
fn groups<'a>(truth: &Objects<'_>, found: &Objects<'_>, truths: &'a [u32], detections: &'a [u32]) -> Vec<Group<'a>> {
    let key = |objects: &Objects<'_>, i: u32| (objects.category[i as usize], objects.image[i as usize]);
    let mut out = Vec::new();
    let mut at = 0;
    for run in detections.chunk_by(|&a, &b| key(found, a) == key(found, b)) {
        let here = key(found, run[0]);
        at += truths[at..].partition_point(|&i| key(truth, i) < here);
        let len = truths[at..].partition_point(|&i| key(truth, i) == here);
        out.push(Group { truths: &truths[at..at + len], detections: run });
        at += len;
    }
    out
}

/// IoU of two boxes (x, y, width, height); over the area of the detection where the object is a crowd.
fn box_iou(d: &[f64], g: &[f64], crowd: bool) -> f64 {
    let w = (d[2] + d[0]).min(g[2] + g[0]) - d[0].max(g[0]);
    let h = (d[3] + d[1]).min(g[3] + g[1]) - d[1].max(g[1]);
    if w <= 0.0 || h <= 0.0 {
        return 0.0;
    }
    let inter = w * h;
    let area = d[2] * d[3];
    inter / if crowd { area } else { area + g[2] * g[3] - inter }
}

/// Matches detections to objects as COCO does, for every range of areas and every threshold.
///
/// By falling score, a detection takes the free object with the highest IoU of at least the threshold, the later one of
/// equals; objects that count go before those that do not (crowds, and areas out of range). A crowd may be taken again.
/// Returned by category, image, falling score. Scores are not NaN.
pub fn match_coco(
    truth: &Objects<'_>,
    crowd: &[u8],
    found: &Objects<'_>,
    scores: &[f64],
    rules: &Rules<'_>,
) -> Matched {
    debug_assert!(rules.iou_thresholds.len() <= MOST_THRESHOLDS);
    let (truths, detections) = (sorted(truth, None), sorted(found, Some(scores)));
    let boxes = |objects: &Objects<'_>| -> Vec<f64> {
        match objects.masks {
            Some(masks) => (0..masks.len()).flat_map(|i| rle::bounding_box(masks.runs(i), masks.size(i).0)).collect(),
            None => objects.boxes.to_vec(),
        }
    };
    let (truth_boxes, found_boxes) = (boxes(truth), boxes(found));
    let iou = |d: u32, g: u32| {
        let (d, g) = (d as usize, g as usize);
        let crowd = crowd[g] != 0;
        let overlap = box_iou(&found_boxes[4 * d..4 * d + 4], &truth_boxes[4 * g..4 * g + 4], crowd);
        match (found.masks, truth.masks) {
            (Some(a), Some(b)) if overlap > 0.0 => rle::iou(a.runs(d), b.runs(g), crowd),
            _ => overlap,
        }
    };
    let parts = in_parts(&groups(truth, found, &truths, &detections), |group, out: &mut Matched| {
        match_group(group, truth, crowd, found, rules, &iou, out);
    });
    let mut all = Matched::default();
    for part in parts {
        all.detection.extend(part.detection);
        all.rank.extend(part.rank);
        all.matched.extend(part.matched);
        all.ignored.extend(part.ignored);
    }
    all
}

/// Runs `each` over all groups, in parts of about [`PART`] detections; the results of the parts, in order.
fn in_parts<R: Send + Default>(groups: &[Group<'_>], each: impl Fn(&Group<'_>, &mut R) + Sync) -> Vec<R> {
    let (mut bounds, mut size) = (vec![0], 0);
    for (i, group) in groups.iter().enumerate() {
        size += group.detections.len();
        if size >= PART {
            bounds.push(i + 1);
            size = 0;
        }
    }
    if bounds.last() != Some(&groups.len()) {
        bounds.push(groups.len());
    }
    let slots: Vec<Mutex<R>> = (1..bounds.len()).map(|_| Mutex::default()).collect();
    threads::parallel(slots.len(), |part| {
        let mut out = R::default();
        for group in &groups[bounds[part]..bounds[part + 1]] {
            each(group, &mut out);
        }
        put(&slots[part], out);
    });
    slots.into_iter().map(taken_out).collect()
}

fn taken_out<R>(slot: Mutex<R>) -> R {
    slot.into_inner().unwrap_or_else(|poisoned| poisoned.into_inner())
}

fn put<R>(slot: &Mutex<R>, value: R) {
    *slot.lock().unwrap_or_else(|poisoned| poisoned.into_inner()) = value;
}

fn match_group(
    group: &Group<'_>,
    truth: &Objects<'_>,
    crowd: &[u8],
    found: &Objects<'_>,
    rules: &Rules<'_>,
    iou: &impl Fn(u32, u32) -> f64,
    out: &mut Matched,
) {
    let detections = &group.detections[..group.detections.len().min(rules.most)];
    let areas = rules.area_ranges.len() / 2;
    let lowest = rules.iou_thresholds.iter().copied().fold(f64::INFINITY, f64::min).min(MOST_IOU);
    // Pairs that can match at all, by detection and then by object.
    let mut pairs: Vec<(u32, u32, f64)> = Vec::new();
    for (d, &detection) in detections.iter().enumerate() {
        for (g, &object) in group.truths.iter().enumerate() {
            let overlap = iou(detection, object);
            if overlap >= lowest {
                pairs.push((d as u32, g as u32, overlap));
            }
        }
    }
    let first = out.detection.len();
    out.detection.extend(detections);
    out.rank.extend(0..detections.len() as u32);
    out.matched.resize((first + detections.len()) * areas, 0);
    out.ignored.resize((first + detections.len()) * areas, 0);
    let all = u64::MAX >> (64 - rules.iou_thresholds.len());
    let mut taken = vec![0u64; group.truths.len()];
    for (a, range) in rules.area_ranges.chunks_exact(2).enumerate() {
        let outside = |area: f64| area < range[0] || area > range[1];
        let ignore = |g: u32| {
            let object = group.truths[g as usize] as usize;
            crowd[object] != 0 || outside(truth.area[object])
        };
        taken.fill(0);
        for of_one in pairs.chunk_by(|p, q| p.0 == q.0) {
            let place = (first + of_one[0].0 as usize) * areas + a;
            for (t, &threshold) in rules.iou_thresholds.iter().enumerate() {
                let mut best: Option<(u32, bool)> = None;
                let mut overlap = threshold.min(MOST_IOU);
                for ignored in [false, true] {
                    if ignored && best.is_some() {
                        break;
                    }
                    for &(_, g, value) in of_one {
                        let free = taken[g as usize] >> t & 1 == 0 || crowd[group.truths[g as usize] as usize] != 0;
                        if free && ignore(g) == ignored && value >= overlap {
                            overlap = value;
                            best = Some((g, ignored));
                        }
                    }
                }
                if let Some((g, ignored)) = best {
                    taken[g as usize] |= 1 << t;
                    out.matched[place] |= 1 << t;
                    out.ignored[place] |= u64::from(ignored) << t;
                }
            }
        }
        for (d, &detection) in detections.iter().enumerate() {
            if outside(found.area[detection as usize]) {
                let place = (first + d) * areas + a;
                out.ignored[place] |= all & !out.matched[place];
            }
        }
    }
}

/// A threshold of 1 asks for no more than this, as in pycocotools.
const MOST_IOU: f64 = 1.0 - 1e-10;

/// Matched detections in columns, as [`accumulate`] takes them.
#[derive(Clone, Copy)]
pub struct Records<'a> {
    /// 0..K.
    pub category: &'a [i64],
    /// Decides between equal scores: lower first.
    pub image: &'a [i64],
    pub rank: &'a [i64],
    pub score: &'a [f64],
    /// (N, A).
    pub matched: &'a [u64],
    pub ignored: &'a [u64],
}

/// Sizes and thresholds of [`accumulate`].
#[derive(Clone, Copy)]
pub struct Curves<'a> {
    pub thresholds: usize,
    pub recalls: &'a [f64],
    pub categories: usize,
    pub areas: usize,
    pub most: &'a [i64],
}

/// Precision (T, R, K, A, M) at the recalls, recall (T, K, A, M) and scores (T, R, K, A, M) of the curves; −1 where a
/// category has no object that counts. `positives` is (K, A), the number of those.
pub fn accumulate(
    records: &Records<'_>,
    positives: &[i64],
    curves: &Curves<'_>,
    precision: &mut [f64],
    recall: &mut [f64],
    scores: &mut [f64],
) {
    precision.fill(-1.0);
    recall.fill(-1.0);
    scores.fill(-1.0);
    let mut order: Vec<u32> = (0..records.score.len() as u32).collect();
    order.sort_by(|&a, &b| {
        let (a, b) = (a as usize, b as usize);
        (records.category[a].cmp(&records.category[b]))
            .then_with(|| records.score[b].total_cmp(&records.score[a]))
            .then_with(|| (records.image[a], records.rank[a]).cmp(&(records.image[b], records.rank[b])))
    });
    let (k, a, m) = (curves.categories, curves.areas, curves.most.len());
    let slots: Vec<Mutex<Vec<f64>>> = (0..k).map(|_| Mutex::new(Vec::new())).collect();
    let (t, r) = (curves.thresholds, curves.recalls.len());
    // Per category: for each area, limit and threshold the recall, then R precisions and R scores.
    threads::parallel(k, |category| {
        let from = order.partition_point(|&i| records.category[i as usize] < category as i64);
        let to = order.partition_point(|&i| records.category[i as usize] <= category as i64);
        let mut out = vec![-1.0; a * m * t * (1 + 2 * r)];
        let mut column = Column::default();
        for (pair, out) in out.chunks_exact_mut(t * (1 + 2 * r)).enumerate() {
            let (area, limit) = (pair / m, pair % m);
            let positive = positives[category * a + area];
            if positive > 0 {
                column.fill(records, &order[from..to], area, a, curves.most[limit]);
                for (threshold, out) in out.chunks_exact_mut(1 + 2 * r).enumerate() {
                    one_curve(&column, threshold, positive, curves.recalls, out);
                }
            }
        }
        put(&slots[category], out);
    });
    for (category, slot) in slots.into_iter().enumerate() {
        let found = taken_out(slot);
        for (curve, found) in found.chunks_exact(1 + 2 * r).enumerate() {
            let (area, limit, threshold) = (curve / (m * t), curve / t % m, curve % t);
            let place = |outer: usize| ((outer * k + category) * a + area) * m + limit;
            recall[place(threshold)] = found[0];
            for i in 0..r {
                precision[place(threshold * r + i)] = found[1 + i];
                scores[place(threshold * r + i)] = found[1 + r + i];
            }
        }
    }
}

/// The records of one curve by falling score: bit t says whether one is a hit, or a miss, at threshold t.
#[derive(Default)]
struct Column {
    hit: Vec<u64>,
    miss: Vec<u64>,
    score: Vec<f64>,
}

impl Column {
    fn fill(&mut self, records: &Records<'_>, order: &[u32], area: usize, areas: usize, most: i64) {
        self.hit.clear();
        self.miss.clear();
        self.score.clear();
        for i in order.iter().map(|&i| i as usize).filter(|&i| records.rank[i] < most) {
            let (matched, ignored) = (records.matched[i * areas + area], records.ignored[i * areas + area]);
            self.hit.push(matched & !ignored);
            self.miss.push(!matched & !ignored);
            self.score.push(records.score[i]);
        }
    }
}

/// Recall at the end, then precision and score at each of the recalls, into `out` (1 + 2 R).
///
/// Precision after a detection is made the highest from there on; it is highest right after hits, and recall grows
/// there alone, so hits are all that has to be kept.
fn one_curve(column: &Column, threshold: usize, positive: i64, recalls: &[f64], out: &mut [f64]) {
    let (end, curve) = out.split_at_mut(1);
    let (precision, scores) = curve.split_at_mut(recalls.len());
    precision.fill(0.0);
    scores.fill(0.0);
    let mut misses = 0u64;
    // Precision and place of each hit.
    let mut hits: Vec<(f64, usize)> = Vec::with_capacity(column.hit.len().min(positive as usize));
    for (place, (&hit, &miss)) in column.hit.iter().zip(&column.miss).enumerate() {
        misses += miss >> threshold & 1;
        if hit >> threshold & 1 == 1 {
            let (tp, fp) = ((hits.len() + 1) as f64, misses as f64);
            hits.push((tp / (fp + tp + f64::EPSILON), place));
        }
    }
    end[0] = hits.len() as f64 / positive as f64;
    for i in (1..hits.len()).rev() {
        hits[i - 1].0 = hits[i - 1].0.max(hits[i].0);
    }
    let mut at = 0;
    for (i, &wanted) in recalls.iter().enumerate() {
        if wanted <= 0.0 {
            // Reached by the very first detection.
            precision[i] = hits.first().map_or(0.0, |hit| hit.0);
            scores[i] = column.score.first().copied().unwrap_or(0.0);
            continue;
        }
        while at < hits.len() && ((at + 1) as f64 / positive as f64) < wanted {
            at += 1;
        }
        let Some(&(value, place)) = hits.get(at) else { break };
        precision[i] = value;
        scores[i] = column.score[place];
    }
}

/// Matches detections to objects as the VOC development kit does: each detection, by falling score, is compared with
/// the object of highest IoU in its image (the first of equals). From `threshold` on it is a hit (1) when the object is
/// free and otherwise a miss (0); a difficult object makes it not count (−1). `one` is added to sides of boxes
/// (x, y, width, height): 1 where corners are whole pixels that belong to the box, else 0.
pub fn match_voc(
    truth: &Objects<'_>,
    difficult: &[u8],
    found: &Objects<'_>,
    scores: &[f64],
    threshold: f64,
    one: f64,
    outcome: &mut [i8],
) {
    let (truths, detections) = (sorted(truth, None), sorted(found, Some(scores)));
    let wider = |boxes: &[f64], i: u32| {
        let b = &boxes[4 * i as usize..];
        [b[0], b[1], b[2] + one, b[3] + one]
    };
    let found_outcomes = in_parts(&groups(truth, found, &truths, &detections), |group, out: &mut Vec<(u32, i8)>| {
        let mut taken = vec![false; group.truths.len()];
        for &d in group.detections {
            let mut best = (f64::NEG_INFINITY, 0);
            for (g, &object) in group.truths.iter().enumerate() {
                let overlap = box_iou(&wider(found.boxes, d), &wider(truth.boxes, object), false);
                if overlap > best.0 {
                    best = (overlap, g);
                }
            }
            let result = match best {
                (overlap, g) if overlap >= threshold => match (difficult[group.truths[g] as usize] != 0, taken[g]) {
                    (true, _) => -1,
                    (false, true) => 0,
                    (false, false) => {
                        taken[g] = true;
                        1
                    }
                },
                _ => 0,
            };
            out.push((d, result));
        }
    });
    for (d, result) in found_outcomes.into_iter().flatten() {
        outcome[d as usize] = result;
    }
}
