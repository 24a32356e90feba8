//! Searching and sampling sequences, a step of all sentences at a time.
//!
//! A [`Search`] holds the hypotheses of every sentence. Each step takes a row of logits for each live hypothesis, reads it
//! once (`rows.rs`), and settles what goes on, what is done, and which row each new hypothesis continues. Scores are sums
//! of log-probabilities in float64. Nothing depends on the number of threads or on what else is in the batch.
//!
//! Order of candidates: score; then the place of the hypothesis in the beam; then, within one, the logit, then the token.

use crate::threads::{chunks, parallel_chunks, pending};
use crate::topk::{Best, Ranked};

mod beams;
mod hypotheses;
mod options;
mod results;
mod rows;
mod sampling;

pub use options::{Fault, Options, Stop};
pub use results::{Results, Table};
pub use rows::{Unsound, token_log_probs};
pub use sampling::Sampling;

use beams::{Candidate, Lists};
use hypotheses::{Finished, Pool, ROOT, Tree};
use rows::{Stat, Unblocked, rows_per_part, scan};
use sampling::{Choice, Workspace};

/// No token.
const NONE: u32 = u32::MAX;
/// The most entries that the lists of one step may have.
const MOST: usize = 1 << 31;

/// A live hypothesis.
#[derive(Clone, Copy)]
struct Live {
    node: u32,
    total: f64,
    /// Which job of the step looks at its row.
    job: u32,
}

struct Group {
    live: Vec<Live>,
    pool: Pool,
}

/// A row of logits to look at.
struct Job {
    row: usize,
    sentence: usize,
    node: u32,
    /// The sequence that is sampled.
    sequence: usize,
}

/// Where each new hypothesis comes from, and its token.
#[derive(Default)]
pub struct Moves {
    pub rows: Vec<i64>,
    pub tokens: Vec<i64>,
}

/// All sentences' hypotheses.
pub struct Search {
    options: Options,
    /// For each length so far, the largest norm that a hypothesis may yet end with.
    best_norms: Vec<f64>,
    /// Bits of the tokens that no live hypothesis continues with unless it is forced to: banned ones and ends.
    blocked: Vec<u64>,
    vocabulary: usize,
    tree: Tree,
    groups: Vec<Group>,
    jobs: Vec<Job>,
    rows: usize,
    length: usize,
}

/// What one step's rows gave: `width` candidates each.
struct Scanned {
    stats: Vec<Stat>,
    tokens: Vec<u32>,
    log_ps: Vec<f64>,
    width: usize,
}

impl Search {
    /// At the start; `prompt` (sentences, P) are tokens before the first step, which n-grams may not repeat either.
    pub fn new(options: Options, prompt: &[u32]) -> Search {
        let Options { sentences, groups, .. } = options;
        debug_assert!(!options.norms.is_empty() && options.keep > 0 && options.width > 0 && groups > 0);
        let most = options.norms.len();
        let mut best_norms = vec![0.0; most];
        let mut largest: f64 = 0.0;
        for before in (0..most).rev() {
            if before + 1 >= options.min_length {
                largest = largest.max(options.norms[before]);
            }
            best_norms[before] = largest;
        }
        let mut tree = Tree::default();
        let mut all = Vec::with_capacity(sentences * groups);
        let mut jobs = Vec::new();
        let width = prompt.len().checked_div(sentences).unwrap_or(0);
        for sentence in 0..sentences {
            let tokens = &prompt[sentence * width..][..width];
            let node = tokens.iter().fold(ROOT, |node, &token| tree.push(node, token, 0.0));
            for group in 0..groups {
                let sequence = sentence * groups + group;
                // Groups share the first row; samples each draw from it by themselves.
                if group == 0 || options.sampling.is_some() {
                    jobs.push(Job { row: sentence, sentence, node, sequence });
                }
                let live = Live { node, total: 0.0, job: (jobs.len() - 1) as u32 };
                all.push(Group { live: vec![live], pool: Pool::default() });
            }
        }
        let (blocked, rows) = (Vec::new(), sentences);
        Search { options, best_norms, blocked, vocabulary: 0, tree, groups: all, jobs, rows, length: 0 }
    }

    /// Rows of logits that the next step takes; 0 when the search is over.
    pub fn rows(&self) -> usize {
        self.rows
    }

    /// Tokens of each live hypothesis.
    pub fn length(&self) -> usize {
        self.length
    }

    /// Size of the vocabulary, 0 before the first step.
    pub fn vocabulary(&self) -> usize {
        self.vocabulary
    }

    fn begin(&mut self, vocabulary: usize) -> Result<(), Fault> {
        let unknown = |token: u32| token as usize >= vocabulary;
        let options = &self.options;
        for (name, tokens) in [("end_tokens", &options.ends), ("banned_tokens", &options.banned)] {
            if let Some(&token) = tokens.iter().find(|&&token| unknown(token)) {
                return Err(Fault::Token { name, token: i64::from(token) });
            }
        }
        if let Some(&token) = options.forced.iter().find(|&&token| token >= vocabulary as i64) {
            return Err(Fault::Token { name: "forced tokens", token });
        }
        self.vocabulary = vocabulary;
        self.blocked = vec![0; vocabulary.div_ceil(64)];
        for &token in options.banned.iter().chain(&options.ends) {
            self.blocked[token as usize / 64] |= 1 << (token % 64);
        }
        Ok(())
    }

    fn forced(&self, sentence: usize) -> Option<u32> {
        let width = self.options.forced_width;
        let token = if self.length < width { self.options.forced[sentence * width + self.length] } else { -1 };
        u32::try_from(token).ok()
    }

    fn is_last(&self) -> bool {
        self.length + 1 == self.options.norms.len()
    }

    /// Whether an end token may come now.
    fn may_end(&self) -> bool {
        self.length + 1 >= self.options.min_length
    }

    /// Candidates wanted from each row. A group's penalties push at most as many tokens out of a row's best as the
    /// groups before it chose: with as many candidates as all groups have hypotheses, none is missed.
    fn list_width(&self) -> usize {
        if self.options.sampling.is_some() {
            return 1;
        }
        self.options.width.saturating_mul(self.options.groups).min(self.vocabulary).max(1)
    }

    /// One step: logits (rows, vocabulary), with the vocabulary of the step before; unchanged after a fault.
    pub fn step<T: Ranked>(&mut self, logits: &[T], vocabulary: usize) -> Result<Moves, Fault> {
        debug_assert!(logits.len() == self.rows * vocabulary && self.rows > 0);
        if self.vocabulary == 0 {
            self.begin(vocabulary)?;
        }
        let width = self.list_width();
        let entries = self.jobs.len().checked_mul(width).filter(|&n| n <= MOST).ok_or(Fault::TooLarge)?;
        if self.tree.len() + entries >= NONE as usize {
            return Err(Fault::TooLarge);
        }
        let mut scanned = Scanned {
            stats: vec![Stat::default(); self.jobs.len()],
            tokens: vec![NONE; entries],
            log_ps: vec![f64::NEG_INFINITY; entries],
            width,
        };
        self.scan(logits, &mut scanned);
        if pending() {
            return Err(Fault::Interrupted);
        }
        if let Some(job) = scanned.stats.iter().position(|stat| !stat.sound()) {
            let Job { row, sentence, .. } = self.jobs[job];
            let what = Unsound::of(&logits[row * vocabulary..][..vocabulary]);
            return Err(Fault::Row { sentence, step: self.length, what });
        }
        Ok(self.settle(logits, &scanned))
    }

    /// The heavy part: every row's statistics and candidates, over threads.
    fn scan<T: Ranked>(&self, logits: &[T], scanned: &mut Scanned) {
        let (vocabulary, width) = (self.vocabulary, scanned.width);
        let each = rows_per_part(vocabulary);
        let pieces = (
            chunks(&mut scanned.stats, each),
            chunks(&mut scanned.tokens, each * width),
            chunks(&mut scanned.log_ps, each * width),
        );
        parallel_chunks(pieces, |part, (stats, tokens, log_ps)| {
            let mut work = Work { best: Best::new(), drawing: Workspace::new(), path: Vec::new(), repeats: Vec::new() };
            for (k, stat) in stats.iter_mut().enumerate() {
                let job = &self.jobs[part * each + k];
                let x = &logits[job.row * vocabulary..][..vocabulary];
                let place = k * width..(k + 1) * width;
                *stat = self.scan_row(x, job, &mut work, &mut tokens[place.clone()], &mut log_ps[place]);
            }
        });
    }

    fn scan_row<T: Ranked>(
        &self,
        x: &[T],
        job: &Job,
        work: &mut Work<T>,
        tokens: &mut [u32],
        log_ps: &mut [f64],
    ) -> Stat {
        let Work { best, drawing, path, repeats } = work;
        let options = &self.options;
        repeats.clear();
        if options.no_repeat > 0 {
            self.tree.repeats(job.node, options.no_repeat, path, repeats);
        }
        let forced = self.forced(job.sentence);
        let only_ends = forced.is_none() && options.force_end && self.is_last();
        if let Some(sampling) = &options.sampling {
            if !self.may_end() {
                repeats.extend(&options.ends);
            }
            let choice = match &forced {
                Some(token) => Choice::Only(std::slice::from_ref(token)),
                None if only_ends => Choice::Only(&options.ends),
                None => Choice::Without(&options.banned, repeats),
            };
            let (token, stat) = sampling.draw(x, &choice, job.sequence, self.length, drawing);
            if let Some(token) = token {
                (tokens[0], log_ps[0]) = (token, stat.log_p(x[token as usize].to_f64()));
            }
            return stat;
        }
        best.reset(if forced.is_some() || only_ends { 0 } else { tokens.len() });
        let stat = scan(
            x,
            best,
            Unblocked { blocked: &self.blocked, also: repeats, count: options.banned.len() + options.ends.len() },
        );
        match forced {
            Some(token) if !options.ends.contains(&token) => {
                let log_p = stat.log_p(x[token as usize].to_f64());
                if log_p > f64::NEG_INFINITY {
                    (tokens[0], log_ps[0]) = (token, log_p);
                }
            }
            _ => {
                for ((token, log_p), &key) in tokens.iter_mut().zip(log_ps).zip(best.sorted()) {
                    (*token, *log_p) = (T::index(key), stat.log_p(T::value(key).to_f64()));
                }
            }
        }
        stat
    }

    /// The bookkeeping: chooses each group's next hypotheses, finishes others, and numbers the rows to come.
    fn settle<T: Ranked>(&mut self, logits: &[T], scanned: &Scanned) -> Moves {
        let mut moves = Moves::default();
        let mut jobs = Vec::with_capacity(self.jobs.len());
        let mut lists = Lists::default();
        let mut groups = std::mem::take(&mut self.groups);
        for (sentence, groups) in groups.chunks_exact_mut(self.options.groups).enumerate() {
            if groups.iter().all(|group| group.live.is_empty()) {
                continue;
            }
            lists.forget_choices();
            for group in &mut *groups {
                if !group.live.is_empty() {
                    self.settle_group(logits, scanned, sentence, group, &mut lists);
                }
            }
            let over = groups.iter().all(|group| self.is_over(group));
            for (number, group) in groups.iter_mut().enumerate() {
                if self.is_last() {
                    for live in &group.live {
                        self.finish(&mut group.pool, live.node, live.total, false);
                    }
                }
                if over || self.is_last() {
                    group.live.clear();
                }
                for live in &mut group.live {
                    let from = self.jobs[live.job as usize].row;
                    let sequence = sentence * self.options.groups + number;
                    live.job = jobs.len() as u32;
                    moves.rows.push(from as i64);
                    moves.tokens.push(self.tree.back(live.node).next().map_or(-1, |(token, _)| i64::from(token)));
                    jobs.push(Job { row: jobs.len(), sentence, node: live.node, sequence });
                }
            }
        }
        self.groups = groups;
        self.rows = jobs.len();
        self.jobs = jobs;
        self.length += 1;
        moves
    }

    fn settle_group<T: Ranked>(
        &mut self,
        logits: &[T],
        scanned: &Scanned,
        sentence: usize,
        group: &mut Group,
        lists: &mut Lists,
    ) {
        let sampling = self.options.sampling.is_some();
        let forced = self.forced(sentence);
        lists.clear();
        for (beam, live) in group.live.iter().enumerate() {
            let job = live.job as usize;
            let place = job * scanned.width..(job + 1) * scanned.width;
            let found = scanned.tokens[place.clone()].iter().zip(&scanned.log_ps[place]);
            lists.begin();
            for (&token, &log_p) in found.take_while(|(token, _)| **token != NONE) {
                let candidate = Candidate { score: live.total + log_p, beam: beam as u32, token, log_p };
                if sampling && self.options.ends.contains(&token) {
                    lists.ends.push(candidate);
                } else {
                    lists.push(candidate, self.options.diversity);
                }
            }
            lists.end();
            if sampling || !(self.may_end() || forced.is_some()) {
                continue;
            }
            let row = &logits[self.jobs[job].row * self.vocabulary..][..self.vocabulary];
            for &token in self.options.ends.iter().filter(|&&end| forced.is_none_or(|token| token == end)) {
                let log_p = scanned.stats[job].log_p(row[token as usize].to_f64());
                if log_p > f64::NEG_INFINITY {
                    lists.ends.push(Candidate { score: live.total + log_p, beam: beam as u32, token, log_p });
                }
            }
        }
        let (next, ends) = lists.choose(self.options.width);
        for end in ends {
            let live = group.live[end.beam as usize];
            let node = self.tree.push(live.node, end.token, end.log_p);
            self.finish(&mut group.pool, node, end.score, true);
        }
        let before = std::mem::take(&mut group.live);
        group.live.reserve(next.len());
        for candidate in next {
            let Live { node, total, job } = before[candidate.beam as usize];
            let node = self.tree.push(node, candidate.token, candidate.log_p);
            group.live.push(Live { node, total: total + candidate.log_p, job });
        }
        lists.note_choices(self.options.diversity);
    }

    fn finish(&self, pool: &mut Pool, node: u32, total: f64, ended: bool) {
        let length = self.length + 1;
        let score = total / self.options.norms[self.length];
        pool.insert(Finished { node, length, total, score, ended }, self.options.keep);
    }

    /// Whether a group's pool is final. A live hypothesis of total s ≤ 0 only loses by growing, so it never scores above
    /// s / (the largest norm that is left); and what scores as much as a kept one comes after it.
    fn is_over(&self, group: &Group) -> bool {
        if group.live.is_empty() || self.is_last() {
            return true;
        }
        let total = group.live.iter().map(|live| live.total).fold(f64::NEG_INFINITY, f64::max);
        match self.options.stop {
            Stop::Safe => group.pool.closed_to(total / self.best_norms[self.length + 1], self.options.keep),
            Stop::First => group.pool.kept.len() >= self.options.keep,
            Stop::Never => false,
        }
    }
}

struct Work<T: Ranked> {
    best: Best<T>,
    drawing: Workspace<T>,
    path: Vec<u32>,
    repeats: Vec<u32>,
}
