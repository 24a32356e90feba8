//! BLEU's sufficient statistics: clipped n-gram counts and lengths of every sentence (Papineni et al. 2002).

use crate::text::ngrams::{Clip, Ngrams};
use crate::text::tokenize::{Line, Tokenizer};
use crate::text::words::Words;
use crate::threads::{chunks, parallel_chunks};

/// Sentences of one part: some hundred microseconds.
const PART: usize = 128;

/// What each n-gram count is made from.
#[derive(Clone, Copy)]
pub struct Options {
    pub tokenizer: Tokenizer,
    pub lowercase: bool,
    /// The longest n-grams, at least 1.
    pub order: usize,
}

/// What one part keeps between sentences.
#[derive(Default)]
struct Bench {
    hypothesis: Line,
    reference: Line,
    words: Words,
    ngrams: Ngrams,
    numbers: Vec<u32>,
}

impl Bench {
    fn sentence<'a>(
        &mut self,
        hypothesis: &str,
        references: impl Iterator<Item = &'a str>,
        options: Options,
        row: &mut [i64],
    ) {
        let Options { tokenizer, lowercase, order } = options;
        let (text, spans) = self.hypothesis.cut(hypothesis, tokenizer, lowercase);
        self.words.reset(spans.len());
        self.numbers.clear();
        self.numbers.extend(spans.iter().map(|&span| self.words.add(text, span)));
        self.ngrams.set(&self.numbers, self.words.len(), order);
        let length = spans.len() as i64;
        let (lengths, counts) = row.split_at_mut(2);
        let (correct, total) = counts.split_at_mut(order);
        correct.fill(0);
        for (n, total) in total.iter_mut().enumerate() {
            *total = (length - n as i64).max(0);
        }
        let mut closest: Option<i64> = None;
        for reference in references {
            let (other, spans) = self.reference.cut(reference, tokenizer, lowercase);
            self.numbers.clear();
            self.numbers.extend(spans.iter().map(|&(start, end)| self.words.find(text, &other.as_bytes()[start..end])));
            self.ngrams.count(&self.numbers, Clip::ByMost, correct);
            let other = spans.len() as i64;
            closest = match closest {
                Some(so_far) if ((so_far - length).abs(), so_far) <= ((other - length).abs(), other) => closest,
                _ => Some(other),
            };
        }
        lengths[0] = length;
        lengths[1] = closest.unwrap_or(0);
    }
}

/// One row for each hypothesis: its length, that of the closest reference (the shorter of two as close), then for each
/// n from 1 to `order` the n-grams found in a reference, clipped by the most that one reference has, then all n-grams.
///
/// `references[r][i]` is reference r of hypothesis i, or nothing. `out` has `hypotheses.len()` rows of `2 + 2 order`.
pub fn statistics(hypotheses: &[&str], references: &[Vec<Option<&str>>], options: Options, out: &mut [i64]) {
    let width = 2 + 2 * options.order;
    debug_assert!(out.len() == hypotheses.len() * width && references.iter().all(|r| r.len() == hypotheses.len()));
    parallel_chunks(chunks(out, PART * width), |part, rows| {
        let mut bench = Bench::default();
        for (i, row) in rows.chunks_exact_mut(width).enumerate() {
            let i = part * PART + i;
            let of_this = references.iter().filter_map(|stream| stream[i]);
            bench.sentence(hypotheses[i], of_this, options, row);
        }
    });
}

/// The tokens of each line, with one space between them.
pub fn tokenized(lines: &[&str], tokenizer: Tokenizer, lowercase: bool, out: &mut [String]) {
    debug_assert!(out.len() == lines.len());
    parallel_chunks(chunks(out, PART), |part, out| {
        let mut line = Line::default();
        for (i, to) in out.iter_mut().enumerate() {
            let (text, spans) = line.cut(lines[part * PART + i], tokenizer, lowercase);
            for &(start, end) in spans {
                if !to.is_empty() {
                    to.push(' ');
                }
                to.push_str(&text[start..end]);
            }
        }
    });
}

/// Sums of rows drawn from `rows` (of `width` numbers): row k of `out` adds up those that row k of `draws` names, in
/// order, in float32 (as a NumPy sum over the first axis does). `draws` are below the number of rows.
pub fn resampled(rows: &[f32], width: usize, draws: &[i64], per_sample: usize, out: &mut [f32]) {
    debug_assert!(out.len() * per_sample == draws.len() * width);
    parallel_chunks(chunks(out, width), |sample, sum| {
        sum.fill(0.0);
        for &draw in &draws[sample * per_sample..][..per_sample] {
            for (sum, &x) in sum.iter_mut().zip(&rows[draw as usize * width..][..width]) {
                *sum += x;
            }
        }
    });
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_notes_examples() {
        let options = Options { tokenizer: Tokenizer::V13a, lowercase: true, order: 2 };
        let references = [vec![Some("The cat is on the mat."); 2], vec![Some("There is a cat on the mat."); 2]];
        let mut out = [0; 12];
        let hypotheses = ["the the the the the the the", "the cat the cat on the mat"];
        statistics(&hypotheses, &references, options, &mut out);
        assert_eq!(out[..6], [7, 7, 2, 0, 7, 6]);
        assert_eq!(out[6..], [7, 7, 5, 4, 7, 6]);
    }

    #[test]
    fn empty_sentences() {
        let options = Options { tokenizer: Tokenizer::None, lowercase: false, order: 4 };
        let mut out = [9; 20];
        statistics(&["", "a"], &[vec![Some("b"), Some("")]], options, &mut out);
        assert_eq!(out, [0, 1, 0, 0, 0, 0, 0, 0, 0, 0, 1, 0, 0, 0, 0, 0, 1, 0, 0, 0]);
    }
}
