//! Edit distance with its alignment: the fewest substitutions, deletions and insertions that make one sequence of
//! another.
//!
//! D(i, j) = min(D(i−1, j) + 1, D(i, j−1) + 1, D(i−1, j−1) + [aᵢ ≠ bⱼ]), 64 cells at a time: a row of D is kept as two
//! rows of bits, where D rises and where it falls (Myers 1999, Hyyrö 2003). Of the alignments of least cost the one is
//! taken that the way back from the end finds when it tries deletion, then insertion, then substitution; very long
//! sequences are halved first (Hirschberg 1975). That is rapidfuzz's choice, and so jiwer's.

use crate::text::tokenize::Span;
use crate::text::words::Words;
use crate::text::{is_space, strip};
use crate::threads::{checkpoint, chunks, parallel_chunks};

/// Pairs of one part.
const PART: usize = 64;
/// Words of bits from which a pair runs on the caller, which hears Ctrl-C between rows: about a millisecond.
const LONG: usize = 1 << 20;
/// Bytes of bits from which sequences are halved.
const HALVE_FROM: usize = 1 << 20;

/// What sequences are made of.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Unit {
    /// What stands between spaces; single other white space belongs to the word it stands in, as jiwer has it.
    Words,
    /// Characters, white space at both ends aside.
    Characters,
}

/// One step from the reference to the hypothesis; equal members are no step.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Edit {
    Substitute,
    Delete,
    Insert,
}

/// An edit and where it happens in reference and hypothesis.
pub type Step = (Edit, usize, usize);

/// `[hits, substitutions, deletions, insertions]`, then the lengths of reference and hypothesis.
pub type Counts = [i64; 6];

/// Where the members of the reference are, and rows of bits.
#[derive(Default)]
struct Rows {
    /// (word, bits) for each word in which a member is, those of member m from `starts[m]`.
    places: Vec<(usize, u64)>,
    starts: Vec<usize>,
    /// Where the member of the current row is; zeros between rows.
    equal: Vec<u64>,
    rises: Vec<u64>,
    falls: Vec<u64>,
}

impl Rows {
    /// Looks up where each member of `a` is, from its end where `reversed`.
    fn set(&mut self, a: &[u32], reversed: bool) {
        let members = a.iter().max().map_or(0, |&m| m as usize + 1);
        let member = |i: usize| a[if reversed { a.len() - 1 - i } else { i }] as usize;
        let mut last = vec![usize::MAX; members];
        self.starts.clear();
        self.starts.resize(members + 1, 0);
        for i in 0..a.len() {
            let m = member(i);
            self.starts[m + 1] += usize::from(last[m] != i / 64);
            last[m] = i / 64;
        }
        for m in 0..members {
            self.starts[m + 1] += self.starts[m];
        }
        self.places.clear();
        self.places.resize(self.starts[members], (usize::MAX, 0));
        let mut next = self.starts.clone();
        for i in 0..a.len() {
            let m = member(i);
            if next[m] == self.starts[m] || self.places[next[m] - 1].0 != i / 64 {
                self.places[next[m]] = (i / 64, 0);
                next[m] += 1;
            }
            self.places[next[m] - 1].1 |= 1 << (i % 64);
        }
        let words = a.len().div_ceil(64);
        for (bits, value) in [(&mut self.equal, 0), (&mut self.rises, !0), (&mut self.falls, 0)] {
            bits.clear();
            bits.resize(words, value);
        }
    }

    /// The next row of D, for the member `b` of the other sequence.
    fn step(&mut self, b: u32) {
        let b = b as usize;
        let places = match self.starts.get(b + 1) {
            Some(&end) => &self.places[self.starts[b]..end],
            None => &[],
        };
        for &(word, bits) in places {
            self.equal[word] = bits;
        }
        let (mut up, mut down) = (1, 0);
        for ((rises, falls), &equal) in self.rises.iter_mut().zip(&mut self.falls).zip(&self.equal) {
            let x = equal | down;
            let diagonal = (((x & *rises).wrapping_add(*rises)) ^ *rises) | x | *falls;
            let up_here = *falls | !(diagonal | *rises);
            let down_here = diagonal & *rises;
            let shifted_up = up_here << 1 | up;
            let shifted_down = down_here << 1 | down;
            (up, down) = (up_here >> 63, down_here >> 63);
            *rises = shifted_down | !(diagonal | shifted_up);
            *falls = shifted_up & diagonal;
        }
        for &(word, _) in places {
            self.equal[word] = 0;
        }
    }

    /// Asked after row `j` of a sequence that the caller aligns: whether to stop. Often enough, not at every row.
    fn interrupted(&self, j: usize) -> bool {
        let words = self.rises.len();
        words * (j + 1) >= LONG && j.is_multiple_of(1 + (1 << 16) / words) && checkpoint()
    }

    /// D(i, all of b) for every i.
    fn distances(&mut self, a: &[u32], b: &[u32], reversed: bool) -> Option<Vec<usize>> {
        self.set(a, reversed);
        for j in 0..b.len() {
            self.step(b[if reversed { b.len() - 1 - j } else { j }]);
            if self.interrupted(j) {
                return None;
            }
        }
        let mut here = b.len();
        let mut all = vec![here];
        for i in 0..a.len() {
            here = here + bit(&self.rises, i) - bit(&self.falls, i);
            all.push(here);
        }
        Some(all)
    }
}

fn bit(words: &[u64], i: usize) -> usize {
    (words[i / 64] >> (i % 64)) as usize & 1
}

/// Working memory of an alignment.
#[derive(Default)]
pub struct Aligner {
    rows: Rows,
    all_rises: Vec<u64>,
    all_falls: Vec<u64>,
}

impl Aligner {
    /// Appends the steps from `a` to `b`, in rising order; false when interrupted (on the caller's thread only).
    pub fn align(&mut self, a: &[u32], b: &[u32], steps: &mut Vec<Step>) -> bool {
        self.part(a, b, (0, 0), usize::MAX, steps)
    }

    fn part(&mut self, a: &[u32], b: &[u32], at: (usize, usize), most: usize, steps: &mut Vec<Step>) -> bool {
        let same = a.iter().zip(b).take_while(|(x, y)| x == y).count();
        let (a, b, at) = (&a[same..], &b[same..], (at.0 + same, at.1 + same));
        let same = a.iter().rev().zip(b.iter().rev()).take_while(|(x, y)| x == y).count();
        let (a, b) = (&a[..a.len() - same], &b[..b.len() - same]);
        let most = most.min(a.len().max(b.len()));
        let band = a.len().min(most.saturating_mul(2).saturating_add(1));
        if band.saturating_mul(b.len()) / 4 < HALVE_FROM || a.len() < 65 || b.len() < 10 {
            self.whole(a, b, at, steps)
        } else {
            self.halves(a, b, at, steps)
        }
    }

    fn halves(&mut self, a: &[u32], b: &[u32], at: (usize, usize), steps: &mut Vec<Step>) -> bool {
        let (left, right) = b.split_at(b.len() / 2);
        let (Some(before), Some(after)) = (self.rows.distances(a, left, false), self.rows.distances(a, right, true))
        else {
            return false;
        };
        // The first of the cheapest places to cut `a`.
        let cut = (0..=a.len()).min_by_key(|&i| before[i] + after[a.len() - i]).unwrap_or(0);
        let (costs, middle) = ((before[cut], after[a.len() - cut]), (at.0 + cut, at.1 + left.len()));
        self.part(&a[..cut], left, at, costs.0, steps) && self.part(&a[cut..], right, middle, costs.1, steps)
    }

    fn whole(&mut self, a: &[u32], b: &[u32], at: (usize, usize), steps: &mut Vec<Step>) -> bool {
        let first = steps.len();
        self.rows.set(a, false);
        let words = self.rows.rises.len();
        self.all_rises.clear();
        self.all_falls.clear();
        for (j, &member) in b.iter().enumerate() {
            self.rows.step(member);
            self.all_rises.extend_from_slice(&self.rows.rises);
            self.all_falls.extend_from_slice(&self.rows.falls);
            if self.rows.interrupted(j) {
                return false;
            }
        }
        let (mut i, mut j) = (a.len(), b.len());
        while i > 0 || j > 0 {
            let rises = j == 0 || i > 0 && bit(&self.all_rises[(j - 1) * words..], i - 1) == 1;
            if rises {
                i -= 1;
                steps.push((Edit::Delete, at.0 + i, at.1 + j));
                continue;
            }
            j -= 1;
            if i == 0 || j > 0 && bit(&self.all_falls[(j - 1) * words..], i - 1) == 1 {
                steps.push((Edit::Insert, at.0 + i, at.1 + j));
                continue;
            }
            i -= 1;
            if a[i] != b[j] {
                steps.push((Edit::Substitute, at.0 + i, at.1 + j));
            }
        }
        steps[first..].reverse();
        true
    }
}

/// The spans of a text's units.
fn units(text: &str, unit: Unit, spans: &mut Vec<Span>) {
    spans.clear();
    let inner = strip(text);
    let base = inner.as_ptr() as usize - text.as_ptr() as usize;
    if unit == Unit::Characters {
        spans.extend(inner.char_indices().map(|(at, c)| (base + at, base + at + c.len_utf8())));
        return;
    }
    // A lone white-space character other than a space does not part words.
    let mut start = 0;
    let mut chars = inner.char_indices().peekable();
    while let Some((at, c)) = chars.next() {
        if !is_space(c) {
            continue;
        }
        let mut end = at + c.len_utf8();
        while let Some(&(next, c)) = chars.peek()
            && is_space(c)
        {
            end = next + c.len_utf8();
            chars.next();
        }
        if c == ' ' || end > at + c.len_utf8() {
            spans.push((base + start, base + at));
            start = end;
        }
    }
    if start < inner.len() {
        spans.push((base + start, base + inner.len()));
    }
}

/// What one part keeps between pairs.
#[derive(Default)]
pub struct Bench {
    aligner: Aligner,
    words: Words,
    both: String,
    spans: Vec<Span>,
    a: Vec<u32>,
    b: Vec<u32>,
}

impl Bench {
    /// Numbers for the units of both texts.
    fn take(&mut self, reference: &str, hypothesis: &str, unit: Unit) {
        self.both.clear();
        self.both.push_str(reference);
        self.both.push_str(hypothesis);
        self.words.reset(self.both.len());
        for (text, base, numbers) in [(reference, 0, &mut self.a), (hypothesis, reference.len(), &mut self.b)] {
            units(text, unit, &mut self.spans);
            numbers.clear();
            numbers.extend(self.spans.iter().map(|&(from, to)| self.words.add(&self.both, (base + from, base + to))));
        }
    }

    /// The steps from one text to the other and their counts, or nothing when interrupted.
    pub fn align(&mut self, reference: &str, hypothesis: &str, unit: Unit, steps: &mut Vec<Step>) -> Option<Counts> {
        self.take(reference, hypothesis, unit);
        steps.clear();
        if !self.aligner.align(&self.a, &self.b, steps) {
            return None;
        }
        let count = |kind| steps.iter().filter(|step| step.0 == kind).count() as i64;
        let (substituted, deleted, inserted) = (count(Edit::Substitute), count(Edit::Delete), count(Edit::Insert));
        let lengths = [self.a.len() as i64, self.b.len() as i64];
        Some([lengths[0] - substituted - deleted, substituted, deleted, inserted, lengths[0], lengths[1]])
    }
}

/// Whether a pair is so long that the caller has to listen for interrupts.
fn is_long(reference: &str, hypothesis: &str) -> bool {
    reference.len().div_ceil(64).saturating_mul(hypothesis.len()) >= LONG
}

/// [`Counts`] and steps of each pair of texts; the order of pairs changes nothing.
pub fn alignments(references: &[&str], hypotheses: &[&str], unit: Unit, out: &mut [(Counts, Vec<Step>)]) {
    debug_assert!(references.len() == out.len() && hypotheses.len() == out.len());
    for (i, to) in out.iter_mut().enumerate() {
        if is_long(references[i], hypotheses[i]) {
            match Bench::default().align(references[i], hypotheses[i], unit, &mut to.1) {
                Some(counts) => to.0 = counts,
                None => return,
            }
        }
    }
    parallel_chunks(chunks(out, PART), |part, out| {
        let mut bench = Bench::default();
        for (i, to) in out.iter_mut().enumerate() {
            let (reference, hypothesis) = (references[part * PART + i], hypotheses[part * PART + i]);
            if !is_long(reference, hypothesis)
                && let Some(counts) = bench.align(reference, hypothesis, unit, &mut to.1)
            {
                to.0 = counts;
            }
        }
    });
}

#[cfg(test)]
mod tests {
    use super::*;

    fn counts(reference: &str, hypothesis: &str, unit: Unit) -> Counts {
        let mut out = vec![Default::default()];
        alignments(&[reference], &[hypothesis], unit, &mut out);
        out[0].0
    }

    #[test]
    fn words_and_characters() {
        assert_eq!(counts("the cat sat", "the bat sat down", Unit::Words), [2, 1, 0, 1, 3, 4]);
        assert_eq!(counts("kitten", "sitting", Unit::Characters), [4, 2, 0, 1, 6, 7]);
        assert_eq!(counts("", "a b", Unit::Words), [0, 0, 0, 2, 0, 2]);
        assert_eq!(counts("a\tb  c", "a b c", Unit::Words)[4..], [2, 3]);
    }

    #[test]
    fn halved_and_whole_have_the_same_cost() {
        let word = |i: usize, salt: usize| ((i * 7919 + salt) % 13 + i % 5) as u32;
        let a: Vec<u32> = (0..3000).map(|i| word(i, 0)).collect();
        let b: Vec<u32> = (0..3100).map(|i| word(i + i / 50, 3)).collect();
        let (mut halved, mut whole) = (Vec::new(), Vec::new());
        assert!(Aligner::default().align(&a, &b, &mut halved));
        assert!(Aligner::default().whole(&a, &b, (0, 0), &mut whole));
        assert_eq!(halved.len(), whole.len());
    }
}
