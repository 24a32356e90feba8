//! What a search found, best first, as arrays.

use super::hypotheses::Finished;
use super::{Live, Search};

impl Search {
    /// A sentence's `most` best hypotheses, or its samples in their order; live ones count as they are.
    fn ranked(&self, sentence: usize, most: usize) -> Vec<Finished> {
        let groups = self.options.groups;
        let mut all: Vec<Finished> = Vec::new();
        for group in &self.groups[sentence * groups..(sentence + 1) * groups] {
            let mut pool = group.pool.clone();
            for live in group.live.iter().filter(|_| self.length > 0) {
                let score = live.total / self.options.norms[self.length - 1];
                let Live { node, total, .. } = *live;
                pool.insert(Finished { node, length: self.length, total, score, ended: false }, self.options.keep);
            }
            all.append(&mut pool.kept);
        }
        if self.options.sampling.is_none() {
            all.sort_by(|a, b| b.score.total_cmp(&a.score));
        }
        all.truncate(most);
        all
    }

    /// The `most` best hypotheses of every sentence.
    pub fn results(&self, most: usize) -> Results<'_> {
        let found = (0..self.options.sentences).map(|sentence| self.ranked(sentence, most)).collect();
        Results { search: self, found }
    }
}

/// What a search found.
pub struct Results<'a> {
    search: &'a Search,
    found: Vec<Vec<Finished>>,
}

/// Where results are written: sequences and log-probabilities (N, n, L), the rest (N, n).
pub struct Table<'a> {
    pub sequences: &'a mut [i64],
    pub log_ps: &'a mut [f64],
    pub lengths: &'a mut [i64],
    pub scores: &'a mut [f64],
    pub totals: &'a mut [f64],
    pub ended: &'a mut [u8],
}

impl Results<'_> {
    pub fn sentences(&self) -> usize {
        self.found.len()
    }

    /// The longest sequence.
    pub fn longest(&self) -> usize {
        self.found.iter().flatten().map(|f| f.length).max().unwrap_or(0)
    }

    /// Fills a table for `most` hypotheses each: missing ones have length 0, score −∞; places behind a sequence hold `pad` and 0.
    pub fn write(&self, most: usize, pad: i64, table: Table<'_>) {
        let longest = self.longest();
        table.sequences.fill(pad);
        table.log_ps.fill(0.0);
        for (sentence, found) in self.found.iter().enumerate() {
            for n in 0..most {
                let at = sentence * most + n;
                let Some(one) = found.get(n) else {
                    (table.lengths[at], table.ended[at]) = (0, 0);
                    (table.scores[at], table.totals[at]) = (f64::NEG_INFINITY, f64::NEG_INFINITY);
                    continue;
                };
                (table.lengths[at], table.ended[at]) = (one.length as i64, u8::from(one.ended));
                (table.scores[at], table.totals[at]) = (one.score, one.total);
                let path = self.search.tree.back(one.node).take(one.length);
                for (back, (token, log_p)) in path.enumerate() {
                    let place = at * longest + one.length - 1 - back;
                    (table.sequences[place], table.log_ps[place]) = (i64::from(token), log_p);
                }
            }
        }
    }
}
