//! Forward and backward sums over all alignments of one sequence (Graves et al. 2006, section 4.1).
//!
//! State `b[s]` is the blank before label `s`, `l[s]` the label itself. The sums run in probability space,
//! rescaled at every step. They are compared at the end: the forward and the backward pass lose different
//! alignments to underflow, so where they disagree the sequence is done again in log space.

/// Buffers for one sequence, reused from call to call.
#[derive(Default)]
pub struct Lattice {
    /// p[t·C + c]: probabilities of the classes, filled by the caller.
    pub probabilities: Vec<f64>,
    /// log Σ exp of each step's logits, filled by the caller.
    pub log_totals: Vec<f64>,
    alpha: Vec<f64>,
    emitted: Vec<f64>,
    beta: Vec<f64>,
    emission: Vec<f64>,
    skip: Vec<f64>,
}

/// What the sums need to know of one sequence.
#[derive(Clone, Copy)]
pub struct Sequence<'a> {
    pub steps: usize,
    pub classes: usize,
    pub labels: &'a [usize],
    pub blank: usize,
}

/// How far the two passes may disagree, relative to 1 + |log p|.
const AGREE: f64 = 1e-9;

impl Sequence<'_> {
    /// Enough steps for the labels, and for a blank between equal neighbours.
    pub fn feasible(&self) -> bool {
        let repeats = self.labels.windows(2).filter(|w| w[0] == w[1]).count();
        self.steps >= self.labels.len() + repeats
    }

    /// Length of a row of states: blanks (L+1), one zero, labels (L).
    fn row(&self) -> usize {
        2 * self.labels.len() + 2
    }
}

impl Lattice {
    /// log p(labels), and through `posterior(t, class, share)` how much of it passes through `class` at step `t`
    /// (shares of one step add up to 1). Needs `feasible()` and at least one step. `logit(t, c)` is asked only where
    /// probabilities do not reach.
    #[inline(always)]
    pub fn sums(
        &mut self,
        seq: Sequence<'_>,
        logit: impl Fn(usize, usize) -> f64,
        posterior: impl FnMut(usize, usize, f64),
    ) -> f64 {
        let labels = seq.labels;
        self.skip.clear();
        self.skip.extend((0..labels.len()).map(|s| f64::from(s > 0 && labels[s] != labels[s - 1])));
        self.skip.push(0.0);
        self.alpha.resize(seq.steps * seq.row(), 0.0);
        self.emission.resize(labels.len(), 0.0);
        self.emitted.clear();
        self.emitted.resize(seq.row(), 0.0);
        let forward = self.forward(seq);
        if forward.is_nan() {
            return forward;
        }
        let backward = self.backward(seq);
        if forward.is_finite() && (forward - backward).abs() <= AGREE * (1.0 + forward.abs()) {
            self.report(seq, posterior);
            return forward;
        }
        self.in_log_space(seq, logit, posterior)
    }

    /// Fills `emission` with the probabilities of the labels at step `t`; that of the blank.
    #[inline(always)]
    fn gather(&mut self, seq: Sequence<'_>, t: usize) -> f64 {
        let p = &self.probabilities[t * seq.classes..(t + 1) * seq.classes];
        for (e, &c) in self.emission.iter_mut().zip(seq.labels) {
            *e = p[c];
        }
        p[seq.blank]
    }

    /// Fills `alpha`, each row scaled to sum 1; log p, or −∞ where a row underflowed.
    #[inline(always)]
    fn forward(&mut self, seq: Sequence<'_>) -> f64 {
        let n = seq.labels.len();
        let width = seq.row();
        let mut log_p = 0.0;
        for t in 0..seq.steps {
            let p_blank = self.gather(seq, t);
            let (before, rest) = self.alpha.split_at_mut(t * width);
            let row = &mut rest[..width];
            if t == 0 {
                row.fill(0.0);
                row[0] = p_blank;
                if n > 0 {
                    row[n + 2] = self.emission[0];
                }
            } else {
                // States before `from` cannot reach the end any more; kept, they could push the others into underflow.
                let from = (n + t).saturating_sub(seq.steps).min(n);
                let (b, l) = row.split_at_mut(n + 1);
                let (b0, l0) = before[(t - 1) * width..].split_at(n + 1);
                b[..from].fill(0.0);
                l[..from + 1].fill(0.0);
                for ((b, b0), prev) in b[from..].iter_mut().zip(&b0[from..]).zip(&l0[from..]) {
                    *b = (b0 + prev) * p_blank;
                }
                let labels = l[from + 1..].iter_mut().zip(&b0[from..]).zip(&l0[from..]).zip(&l0[from + 1..]);
                for ((((l, b0), prev), own), (e, skip)) in
                    labels.zip(self.emission[from..].iter().zip(&self.skip[from..]))
                {
                    *l = (own + b0 + skip * prev) * e;
                }
            }
            let total = sum(row);
            if total.is_nan() {
                return f64::NAN;
            }
            if total <= 0.0 {
                return f64::NEG_INFINITY;
            }
            scale(row, 1.0 / total);
            log_p += total.ln();
        }
        let last = &self.alpha[(seq.steps - 1) * width..seq.steps * width];
        log_p + (last[n] + if n > 0 { last[width - 1] } else { 0.0 }).ln()
    }

    /// One backward step: from β(t+1) in `beta` and the emissions of t+1 to β(t), scaled; the log of the scale.
    #[inline(always)]
    fn step_back(&mut self, seq: Sequence<'_>, t: usize) -> f64 {
        let n = seq.labels.len();
        let p_blank = self.gather(seq, t + 1);
        let (b, l) = self.beta.split_at_mut(n + 1);
        let (eb, el) = self.emitted.split_at_mut(n + 1);
        for (e, b) in eb.iter_mut().zip(&*b) {
            *e = b * p_blank;
        }
        for ((e, l), p) in el.iter_mut().zip(&*l).zip(&self.emission) {
            *e = l * p;
        }
        let total = sum(&self.emitted);
        let over = if total > 0.0 { 1.0 / total } else { 1.0 };
        // States after these cannot have been reached by step t.
        let (blanks, labels) = ((n + 1).min(t + 1), n.min(t + 1));
        let (eb, el) = self.emitted.split_at(n + 1);
        for ((b, eb), el) in b[..blanks].iter_mut().zip(eb).zip(el) {
            *b = (eb + el) * over;
        }
        let ahead = eb[1..].iter().zip(&el[1..]).zip(&self.skip[1..]);
        for ((l, el), ((eb, next), skip)) in l[..labels].iter_mut().zip(el).zip(ahead) {
            *l = (el + eb + skip * next) * over;
        }
        b[blanks..].fill(0.0);
        l[labels..].fill(0.0);
        total.ln()
    }

    /// log p by the backward pass, which turns each row of `alpha` into the posterior of its states.
    #[inline(always)]
    fn backward(&mut self, seq: Sequence<'_>) -> f64 {
        let n = seq.labels.len();
        let width = seq.row();
        self.beta.clear();
        self.beta.resize(width, 0.0);
        self.beta[n] = 1.0;
        if n > 0 {
            self.beta[2 * n] = 1.0;
        }
        let mut log_p = 0.0;
        for t in (0..seq.steps).rev() {
            if t + 1 < seq.steps {
                log_p += self.step_back(seq, t);
            }
            // alpha keeps a zero before its labels, beta after them.
            let row = &mut self.alpha[t * width..(t + 1) * width];
            for (a, b) in row[..n + 1].iter_mut().zip(&self.beta[..n + 1]) {
                *a *= b;
            }
            for (a, b) in row[n + 2..].iter_mut().zip(&self.beta[n + 1..]) {
                *a *= b;
            }
            let over = 1.0 / sum(row);
            scale(row, over);
        }
        let p_blank = self.gather(seq, 0);
        let first = p_blank * self.beta[0] + if n > 0 { self.emission[0] * self.beta[n + 1] } else { 0.0 };
        log_p + first.ln()
    }

    fn report(&self, seq: Sequence<'_>, mut posterior: impl FnMut(usize, usize, f64)) {
        let n = seq.labels.len();
        for (t, row) in self.alpha.chunks_exact(seq.row()).take(seq.steps).enumerate() {
            posterior(t, seq.blank, sum(&row[..n + 1]));
            for (&c, &share) in seq.labels.iter().zip(&row[n + 2..]) {
                posterior(t, c, share);
            }
        }
    }

    /// The same sums with log-add-exp: for probabilities that span more than f64 does.
    #[inline(never)]
    fn in_log_space(
        &mut self,
        seq: Sequence<'_>,
        logit: impl Fn(usize, usize) -> f64,
        mut posterior: impl FnMut(usize, usize, f64),
    ) -> f64 {
        let labels = seq.labels;
        let states = 2 * labels.len() + 1;
        let class = |s: usize| if s % 2 == 1 { labels[s / 2] } else { seq.blank };
        let skips = |s: usize| s % 2 == 1 && s > 1 && labels[s / 2] != labels[s / 2 - 1];
        let log_p = |t: usize, s: usize| logit(t, class(s)) - self.log_totals[t];
        let alpha = &mut self.alpha;
        alpha.clear();
        alpha.resize(seq.steps * states, f64::NEG_INFINITY);
        for s in 0..states.min(2) {
            alpha[s] = log_p(0, s);
        }
        for t in 1..seq.steps {
            for s in 0..states {
                let at = |back: usize| alpha[(t - 1) * states + s - back];
                let mut a = at(0);
                if s > 0 {
                    a = log_add(a, at(1));
                }
                if skips(s) {
                    a = log_add(a, at(2));
                }
                alpha[t * states + s] = a + log_p(t, s);
            }
        }
        let last = &alpha[(seq.steps - 1) * states..];
        let total = if states > 1 { log_add(last[states - 1], last[states - 2]) } else { last[0] };
        if total == f64::NEG_INFINITY {
            return total;
        }
        let mut beta = vec![f64::NEG_INFINITY; states];
        for b in beta.iter_mut().rev().take(2) {
            *b = 0.0;
        }
        for t in (0..seq.steps).rev() {
            if t + 1 < seq.steps {
                for s in 0..states {
                    let e = |ahead: usize| beta[s + ahead] + log_p(t + 1, s + ahead);
                    let mut b = e(0);
                    if s + 1 < states {
                        b = log_add(b, e(1));
                    }
                    if s + 2 < states && skips(s + 2) {
                        b = log_add(b, e(2));
                    }
                    beta[s] = b; // rising s reads only what lies ahead
                }
            }
            for s in 0..states {
                posterior(t, class(s), (alpha[t * states + s] + beta[s] - total).exp());
            }
        }
        total
    }
}

fn log_add(a: f64, b: f64) -> f64 {
    let (high, low) = if a > b { (a, b) } else { (b, a) };
    if low == f64::NEG_INFINITY { high } else { high + (low - high).exp().ln_1p() }
}

/// Sum in a fixed order of eight running sums.
#[inline(always)]
fn sum(x: &[f64]) -> f64 {
    let mut lanes = [0.0; 8];
    let chunks = x.chunks_exact(8);
    let rest = chunks.remainder();
    for chunk in chunks {
        for i in 0..8 {
            lanes[i] += chunk[i];
        }
    }
    for (i, v) in rest.iter().enumerate() {
        lanes[i] += v;
    }
    ((lanes[0] + lanes[4]) + (lanes[1] + lanes[5])) + ((lanes[2] + lanes[6]) + (lanes[3] + lanes[7]))
}

#[inline(always)]
fn scale(x: &mut [f64], by: f64) {
    for v in x {
        *v *= by;
    }
}
