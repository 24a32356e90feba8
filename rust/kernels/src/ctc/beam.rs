//! Prefix beam search (Graves 2012, Hannun et al. 2014): the labellings with the most probability over all their alignments.
//!
//! Prefixes are nodes of a tree kept in one vector. In a step, an extended prefix can only coincide with a prefix that
//! is in the beam already, so a table from (place in the beam, class) to that prefix replaces any hashing, and
//! nodes are made for survivors alone.

use crate::simd::{self, Float};
use crate::threads::{chunks, parallel_chunks};

use super::align::forced_align;
use super::lattice::Sequence;
use super::loss::SoftmaxRows;
use super::text::Scorer;

const NONE: u32 = u32::MAX;

/// How wide to search and how much to return.
#[derive(Clone, Copy)]
pub struct Options {
    pub blank: usize,
    /// Prefixes kept from step to step, at least 1.
    pub width: usize,
    /// Classes below this probability at a step extend no prefix; 0 keeps the search exact but for the width.
    pub min_p: f64,
    /// Prefixes whose log-score is this much below the best one's are dropped; infinity keeps them.
    pub prune: f64,
    /// Labellings to return.
    pub n_best: usize,
    /// Whether to find each labelling's likeliest alignment.
    pub align: bool,
}

struct Node {
    parent: u32,
    label: u32,
    first_child: u32,
    next_sibling: u32,
    /// Place in the beam, or NONE.
    place: u32,
}

#[derive(Clone, Copy)]
struct Prefix {
    node: u32,
    ends_in_blank: f64,
    ends_in_label: f64,
}

#[derive(Clone, Copy)]
struct Candidate {
    total: f64,
    /// What the beam is sorted by: `total` itself, or its logarithm plus the text's weight.
    rank: f64,
    /// Place of the prefix it comes from.
    place: u32,
    /// Class that it adds, or NONE where it stays the same prefix.
    class: u32,
}

/// Labellings, best first.
#[derive(Default)]
pub struct Beams {
    pub labels: Vec<Vec<i64>>,
    /// Step at which each label comes up in the labelling's likeliest alignment; nothing where it wasn't asked for.
    pub steps: Vec<Vec<i64>>,
    pub log_p: Vec<f64>,
    /// `log_p` plus the weight that a scorer gives the text.
    pub score: Vec<f64>,
}

impl Beams {
    /// Finds each labelling's likeliest alignment: the search itself sums over all of them.
    fn align(&mut self, p: &[f64], classes: usize, blank: usize) {
        let log_p: Vec<f64> = if self.labels.is_empty() { Vec::new() } else { p.iter().map(|p| p.ln()).collect() };
        let steps = p.len() / classes;
        let (mut path, mut scores) = (vec![0; steps], vec![0.0; steps]);
        for labels in &self.labels {
            let classes_of: Vec<usize> = labels.iter().map(|&l| l as usize).collect();
            let seq = Sequence { steps, classes, labels: &classes_of, blank };
            forced_align(&log_p, seq, &mut path, &mut scores);
            let starts = |&t: &usize| path[t] != blank as i64 && (t == 0 || path[t] != path[t - 1]);
            self.steps.push((0..steps).filter(starts).map(|t| t as i64).collect());
        }
    }
}

/// The search's state; `step` by `step`, then `finish`.
struct Search<'a, S: Scorer> {
    scorer: &'a S,
    nodes: Vec<Node>,
    /// What the scorer knows of each node's text.
    texts: Vec<S::Text>,
    beam: Vec<Prefix>,
    stays: Vec<Prefix>,
    candidates: Vec<Candidate>,
    /// child[place·C + c]: place of the prefix in the beam that extends `place` by c, or NONE.
    child: Vec<u32>,
    /// Classes worth extending by at this step, with their probabilities.
    kept: Vec<(u32, f64)>,
    log_scale: f64,
}

/// The best labellings of one sequence of probabilities p (T, C).
///
/// Of equally probable prefixes, the one met first stays (in the order of the beam, then of the classes).
pub fn prefix_beam_search<S: Scorer>(p: &[f64], classes: usize, options: Options, scorer: &S) -> Beams {
    let Options { blank, width, n_best, align, .. } = options;
    debug_assert!(width > 0 && blank < classes && p.len().is_multiple_of(classes));
    let root = Node { parent: NONE, label: NONE, first_child: NONE, next_sibling: NONE, place: 0 };
    let mut search = Search {
        scorer,
        nodes: vec![root],
        texts: vec![scorer.start()],
        beam: vec![Prefix { node: 0, ends_in_blank: 1.0, ends_in_label: 0.0 }],
        stays: Vec::new(),
        candidates: Vec::new(),
        child: vec![NONE; width * classes],
        kept: Vec::new(),
        log_scale: 0.0,
    };
    for row in p.chunks_exact(classes) {
        search.step(row, options);
    }
    let mut beams = search.finish(n_best);
    if align {
        beams.align(p, classes, blank);
    }
    beams
}

impl<S: Scorer> Search<'_, S> {
    fn step(&mut self, p: &[f64], options: Options) {
        let Options { blank, width, min_p, prune, .. } = options;
        self.propose(p, blank, min_p);
        let by_total = |a: &Candidate, b: &Candidate| {
            b.rank.total_cmp(&a.rank).then((a.place, a.class.wrapping_add(1)).cmp(&(b.place, b.class.wrapping_add(1))))
        };
        if prune < f64::INFINITY {
            let top = self.candidates.iter().map(|c| c.rank).fold(f64::NEG_INFINITY, f64::max);
            let least = if S::ACTIVE { top - prune } else { top * (-prune).exp() };
            self.candidates.retain(|c| c.rank >= least);
        }
        if self.candidates.len() > width {
            self.candidates.select_nth_unstable_by(width - 1, by_total);
            self.candidates.truncate(width);
        }
        self.candidates.sort_unstable_by(by_total);
        for prefix in &self.beam {
            self.nodes[prefix.node as usize].place = NONE;
        }
        let best = self.candidates.iter().map(|c| c.total).fold(0.0, f64::max);
        if best <= 0.0 {
            self.log_scale = f64::NEG_INFINITY;
        } else {
            self.log_scale += best.ln();
        }
        let over = if best > 0.0 { 1.0 / best } else { 1.0 };
        let candidates = std::mem::take(&mut self.candidates);
        let mut beam = Vec::with_capacity(candidates.len());
        for (place, c) in candidates.iter().enumerate() {
            let stays = self.stays[c.place as usize];
            let next = if c.class == NONE {
                Prefix {
                    node: stays.node,
                    ends_in_blank: stays.ends_in_blank * over,
                    ends_in_label: stays.ends_in_label * over,
                }
            } else {
                let node = self.extend(stays.node, c.class);
                Prefix { node, ends_in_blank: 0.0, ends_in_label: c.total * over }
            };
            self.nodes[next.node as usize].place = place as u32;
            beam.push(next);
        }
        self.candidates = candidates;
        self.beam = beam;
    }

    /// Fills `stays` (the beam's prefixes unchanged) and `candidates` with all that may follow.
    fn propose(&mut self, p: &[f64], blank: usize, min_p: f64) {
        let classes = p.len();
        self.kept.clear();
        self.kept.extend((0..classes).filter(|&c| c != blank && p[c] > 0.0 && p[c] >= min_p).map(|c| (c as u32, p[c])));
        self.stays.clear();
        for (place, prefix) in self.beam.iter().enumerate() {
            let node = &self.nodes[prefix.node as usize];
            let again = if node.label == NONE { 0.0 } else { p[node.label as usize] };
            self.stays.push(Prefix {
                node: prefix.node,
                ends_in_blank: (prefix.ends_in_blank + prefix.ends_in_label) * p[blank],
                ends_in_label: prefix.ends_in_label * again,
            });
            if let Some(slot) = self.slot(prefix, classes) {
                self.child[slot] = place as u32;
            }
        }
        self.candidates.clear();
        for (place, prefix) in self.beam.iter().enumerate() {
            let both = prefix.ends_in_blank + prefix.ends_in_label;
            let last = self.nodes[prefix.node as usize].label;
            let child = &self.child[place * classes..(place + 1) * classes];
            for &(c, p) in &self.kept {
                // The same label again needs a blank between.
                let mass = if c == last { prefix.ends_in_blank } else { both } * p;
                match child[c as usize] {
                    NONE if mass > 0.0 => {
                        let rank = if S::ACTIVE {
                            mass.ln() + self.scorer.weight_after(&self.texts[prefix.node as usize], c as usize)
                        } else {
                            mass
                        };
                        self.candidates.push(Candidate { total: mass, rank, place: place as u32, class: c });
                    }
                    NONE => (),
                    there => self.stays[there as usize].ends_in_label += mass,
                }
            }
        }
        for (place, stays) in self.stays.iter().enumerate() {
            let total = stays.ends_in_blank + stays.ends_in_label;
            if total > 0.0 {
                let rank =
                    if S::ACTIVE { total.ln() + self.scorer.weight(&self.texts[stays.node as usize]) } else { total };
                self.candidates.push(Candidate { total, rank, place: place as u32, class: NONE });
            }
        }
        for prefix in &self.beam {
            if let Some(slot) = self.slot(prefix, classes) {
                self.child[slot] = NONE;
            }
        }
    }

    /// Where the table of children holds this prefix: its parent must be in the beam too.
    fn slot(&self, prefix: &Prefix, classes: usize) -> Option<usize> {
        let node = &self.nodes[prefix.node as usize];
        let parent = self.nodes.get(node.parent as usize)?;
        (parent.place != NONE).then(|| parent.place as usize * classes + node.label as usize)
    }

    fn extend(&mut self, parent: u32, label: u32) -> u32 {
        let first = self.nodes[parent as usize].first_child;
        let mut child = first;
        while child != NONE {
            let node = &self.nodes[child as usize];
            if node.label == label {
                return child;
            }
            child = node.next_sibling;
        }
        let new = self.nodes.len() as u32;
        self.nodes.push(Node { parent, label, first_child: NONE, next_sibling: first, place: NONE });
        self.nodes[parent as usize].first_child = new;
        self.texts.push(self.scorer.extend(&self.texts[parent as usize], label as usize));
        new
    }

    fn finish(self, n_best: usize) -> Beams {
        let mut ends: Vec<(f64, f64, u32)> = Vec::with_capacity(self.beam.len());
        for prefix in &self.beam {
            let log_p = (prefix.ends_in_blank + prefix.ends_in_label).ln() + self.log_scale;
            let score = log_p + self.scorer.weight_at_end(&self.texts[prefix.node as usize]);
            ends.push((score, log_p, prefix.node));
        }
        if S::ACTIVE {
            ends.sort_by(|a, b| b.0.total_cmp(&a.0));
        }
        let mut beams = Beams::default();
        for (score, log_p, node) in ends.into_iter().take(n_best) {
            let mut labels = Vec::new();
            let mut node = &self.nodes[node as usize];
            while node.label != NONE {
                labels.push(i64::from(node.label));
                node = &self.nodes[node.parent as usize];
            }
            labels.reverse();
            beams.labels.push(labels);
            beams.log_p.push(log_p);
            beams.score.push(score);
        }
        beams
    }
}

/// [`prefix_beam_search`] of every sequence of a batch of logits (B, T, C), softmax taken first.
pub fn prefix_beam_searches<T: Float, S: Scorer>(
    logits: &[T],
    steps: usize,
    classes: usize,
    lengths: &[i64],
    options: Options,
    scorer: &S,
) -> Vec<Beams> {
    debug_assert_eq!(logits.len(), lengths.len() * steps * classes);
    let mut found: Vec<Beams> = lengths.iter().map(|_| Beams::default()).collect();
    parallel_chunks(chunks(&mut found, 1), |i, beams| {
        let logits = &logits[i * steps * classes..][..lengths[i] as usize * classes];
        let mut p: Vec<f64> = logits.iter().map(|x| x.to_f64()).collect();
        simd::dispatch(SoftmaxRows { rows: &mut p, classes });
        beams[0] = prefix_beam_search(&p, classes, options, scorer);
    });
    found
}
