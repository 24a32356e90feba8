//! Which candidates of one group go on and which end.

/// A hypothesis with one more token.
#[derive(Clone, Copy, Debug)]
pub(super) struct Candidate {
    /// What it is ranked by: its total, less what its token loses for having been chosen before.
    pub score: f64,
    pub beam: u32,
    pub token: u32,
    pub log_p: f64,
}

impl Candidate {
    /// Whether this one ranks before another: score, beam, token.
    fn before(&self, other: &Candidate) -> bool {
        self.score > other.score || (self.score == other.score && (self.beam, self.token) < (other.beam, other.token))
    }
}

/// Candidates of one group, a sorted list for each live hypothesis, and what the sentence's groups before it chose.
#[derive(Default)]
pub(super) struct Lists {
    all: Vec<Candidate>,
    /// Start of each list in `all`.
    starts: Vec<usize>,
    penalised: bool,
    /// Candidates that end a hypothesis.
    pub ends: Vec<Candidate>,
    next: Vec<Candidate>,
    heads: Vec<usize>,
    chosen: Vec<(u32, f64)>,
}

impl Lists {
    pub fn clear(&mut self) {
        self.all.clear();
        self.starts.clear();
        self.ends.clear();
    }

    /// A new sentence: nothing was chosen yet.
    pub fn forget_choices(&mut self) {
        self.chosen.clear();
    }

    /// Opens the list of the next live hypothesis.
    pub fn begin(&mut self) {
        self.starts.push(self.all.len());
        self.penalised = false;
    }

    /// Adds to the open list, where candidates come best first.
    pub fn push(&mut self, mut candidate: Candidate, diversity: f64) {
        if let Some((_, times)) = self.chosen.iter().find(|(token, _)| *token == candidate.token) {
            candidate.score -= diversity * times;
            self.penalised = true;
        }
        self.all.push(candidate);
    }

    /// Closes the list.
    pub fn end(&mut self) {
        if self.penalised {
            let start = self.starts[self.starts.len() - 1];
            self.all[start..].sort_by(|a, b| b.score.total_cmp(&a.score));
        }
    }

    /// The `width` best candidates that go on, best first; and the ends that fewer than `width` candidates rank before.
    pub fn choose(&mut self, width: usize) -> (&[Candidate], &[Candidate]) {
        self.heads.clear();
        self.heads.extend(&self.starts);
        self.next.clear();
        while self.next.len() < width {
            let mut best: Option<(usize, &Candidate)> = None;
            for (list, &head) in self.heads.iter().enumerate() {
                let end = self.starts.get(list + 1).copied().unwrap_or(self.all.len());
                if head < end && best.is_none_or(|(_, other)| self.all[head].score > other.score) {
                    best = Some((list, &self.all[head]));
                }
            }
            let Some((list, &candidate)) = best else { break };
            self.heads[list] += 1;
            self.next.push(candidate);
        }
        self.ends.sort_by(|a, b| b.score.total_cmp(&a.score).then((a.beam, a.token).cmp(&(b.beam, b.token))));
        let mut ahead = 0;
        let mut count = 0;
        while count < self.ends.len() {
            while ahead < self.next.len() && self.next[ahead].before(&self.ends[count]) {
                ahead += 1;
            }
            if ahead + count >= width {
                break;
            }
            count += 1;
        }
        (&self.next, &self.ends[..count])
    }

    /// Remembers what was chosen, for the groups that follow.
    pub fn note_choices(&mut self, diversity: f64) {
        if diversity == 0.0 {
            return;
        }
        for candidate in &self.next {
            match self.chosen.iter_mut().find(|(token, _)| *token == candidate.token) {
                Some((_, times)) => *times += 1.0,
                None => self.chosen.push((candidate.token, 1.0)),
            }
        }
    }
}
