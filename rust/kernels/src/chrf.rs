//! chrF's sufficient statistics: character and word n-grams in common with the best reference (Popović 2015, 2017).

use crate::text::ngrams::{Clip, Ngrams};
use crate::text::tokenize::Span;
use crate::text::words::{UNKNOWN, Words};
use crate::text::{is_space, lower};
use crate::threads::{chunks, parallel_chunks};

/// Sentences of one part.
const PART: usize = 64;

/// Which n-grams count, and how references are compared.
#[derive(Clone, Copy)]
pub struct Options {
    /// The longest character n-grams.
    pub characters: usize,
    /// The longest word n-grams; 0 for none, 2 for chrF++.
    pub words: usize,
    pub beta: f64,
    pub lowercase: bool,
    /// Whether white space counts as characters.
    pub whitespace: bool,
    /// The mean of smoothed F-scores instead of the F-score of means over orders that occur.
    pub epsilon: bool,
}

/// F-score in percent of (in the hypothesis, in the reference, in both) for each order.
pub fn f_score(counts: &[i64], beta: f64, epsilon: bool) -> f64 {
    const EPSILON: f64 = 1e-16;
    let factor = beta * beta;
    let (mut score, mut precisions, mut recalls, mut effective) = (0.0, 0.0, 0.0, 0);
    for of_order in counts.chunks_exact(3) {
        let [hypothesis, reference, both] = [of_order[0] as f64, of_order[1] as f64, of_order[2] as f64];
        let precision = if hypothesis > 0.0 { both / hypothesis } else { EPSILON };
        let recall = if reference > 0.0 { both / reference } else { EPSILON };
        let weight = factor * precision + recall;
        score += if weight > 0.0 { (1.0 + factor) * precision * recall / weight } else { EPSILON };
        if hypothesis > 0.0 && reference > 0.0 {
            precisions += precision;
            recalls += recall;
            effective += 1;
        }
    }
    if epsilon {
        return 100.0 * score / (counts.len() / 3) as f64;
    }
    if effective > 0 {
        precisions /= f64::from(effective);
        recalls /= f64::from(effective);
    }
    if precisions + recalls == 0.0 {
        return 0.0;
    }
    100.0 * ((1.0 + factor) * precisions * recalls / (factor * precisions + recalls))
}

/// Words of `text`, one ASCII punctuation mark cut off from the end, or else from the beginning.
fn words_of(text: &str, spans: &mut Vec<Span>) {
    spans.clear();
    let mut start = 0;
    for piece in text.split(is_space) {
        let (from, to) = (start, start + piece.len());
        start = to + text[to..].chars().next().map_or(0, char::len_utf8);
        let first = piece.bytes().next().unwrap_or(b' ');
        let last = piece.bytes().next_back().unwrap_or(b' ');
        if piece.chars().nth(1).is_none() {
            if !piece.is_empty() {
                spans.push((from, to));
            }
        } else if last.is_ascii_punctuation() {
            spans.extend([(from, to - 1), (to - 1, to)]);
        } else if first.is_ascii_punctuation() {
            spans.extend([(from, from + 1), (from + 1, to)]);
        } else {
            spans.push((from, to));
        }
    }
}

/// Numbers for the distinct characters of a text.
struct Characters {
    ascii: [u32; 128],
    words: Words,
}

impl Characters {
    fn numbers(&mut self, text: &str, options: Options, out: &mut Vec<u32>) {
        self.ascii = [UNKNOWN; 128];
        self.words.reset(text.len());
        out.clear();
        for (at, c) in text.char_indices().filter(|&(_, c)| options.whitespace || !is_space(c)) {
            let number = if c.is_ascii() {
                if self.ascii[c as usize] == UNKNOWN {
                    self.ascii[c as usize] = self.words.add(text, (at, at + 1));
                }
                self.ascii[c as usize]
            } else {
                self.words.add(text, (at, at + c.len_utf8()))
            };
            out.push(number);
        }
    }

    fn find(&self, text: &str, other: &str, options: Options, out: &mut Vec<u32>) {
        out.clear();
        for (at, c) in other.char_indices().filter(|&(_, c)| options.whitespace || !is_space(c)) {
            out.push(if c.is_ascii() {
                self.ascii[c as usize]
            } else {
                self.words.find(text, &other.as_bytes()[at..at + c.len_utf8()])
            });
        }
    }
}

/// What one part keeps between sentences.
struct Bench {
    characters: Characters,
    character_ngrams: Ngrams,
    words: Words,
    word_ngrams: Ngrams,
    numbers: Vec<u32>,
    spans: Vec<Span>,
    common: Vec<i64>,
    row: Vec<i64>,
}

impl Bench {
    fn new(options: Options) -> Bench {
        let orders = options.characters + options.words;
        Bench {
            characters: Characters { ascii: [UNKNOWN; 128], words: Words::default() },
            character_ngrams: Ngrams::default(),
            words: Words::default(),
            word_ngrams: Ngrams::default(),
            numbers: Vec::new(),
            spans: Vec::new(),
            common: vec![0; orders],
            row: vec![0; 3 * orders],
        }
    }

    /// (hypothesis, reference, both) of each order against the reference with the best score, the first of equals.
    fn sentence<'a>(
        &mut self,
        hypothesis: &str,
        references: impl Iterator<Item = &'a str>,
        options: Options,
        best: &mut [i64],
    ) {
        let lowered = |text: &'a str| if options.lowercase { lower(text) } else { text.into() };
        let hypothesis = if options.lowercase { lower(hypothesis) } else { hypothesis.into() };
        let text: &str = &hypothesis;
        let lengths = [self.take_characters(text, options), self.take_words(text, options)];
        let mut best_score = -1.0;
        for reference in references {
            let reference = lowered(reference);
            let (characters, words) = self.common.split_at_mut(options.characters);
            characters.fill(0);
            words.fill(0);
            let mut others = [0, 0];
            if options.characters > 0 {
                self.characters.find(text, &reference, options, &mut self.numbers);
                others[0] = self.numbers.len();
                self.character_ngrams.count(&self.numbers, Clip::Alone, characters);
            }
            if options.words > 0 {
                words_of(&reference, &mut self.spans);
                others[1] = self.spans.len();
                self.numbers.clear();
                let bytes = reference.as_bytes();
                self.numbers.extend(self.spans.iter().map(|&(a, b)| self.words.find(text, &bytes[a..b])));
                self.word_ngrams.count(&self.numbers, Clip::Alone, words);
            }
            for (i, of_order) in self.row.chunks_exact_mut(3).enumerate() {
                let kind = usize::from(i >= options.characters);
                let n = i - kind * options.characters;
                let of_reference = others[kind].saturating_sub(n) as i64;
                // What no reference has room for doesn't count against the hypothesis.
                of_order[0] = if of_reference > 0 { lengths[kind].saturating_sub(n) as i64 } else { 0 };
                of_order[1] = of_reference;
                of_order[2] = self.common[i];
            }
            let score = f_score(&self.row, options.beta, options.epsilon);
            if score > best_score {
                best_score = score;
                best.copy_from_slice(&self.row);
            }
        }
    }

    /// Takes the hypothesis' character n-grams; the number of characters.
    fn take_characters(&mut self, text: &str, options: Options) -> usize {
        if options.characters == 0 {
            return 0;
        }
        self.characters.numbers(text, options, &mut self.numbers);
        self.character_ngrams.set(&self.numbers, self.characters.words.len(), options.characters);
        self.numbers.len()
    }

    /// Takes the hypothesis' word n-grams; the number of words.
    fn take_words(&mut self, text: &str, options: Options) -> usize {
        if options.words == 0 {
            return 0;
        }
        words_of(text, &mut self.spans);
        self.words.reset(self.spans.len());
        self.numbers.clear();
        self.numbers.extend(self.spans.iter().map(|&span| self.words.add(text, span)));
        self.word_ngrams.set(&self.numbers, self.words.len(), options.words);
        self.spans.len()
    }
}

/// One row for each hypothesis: for every order, characters first, the n-grams of the hypothesis, of its best reference,
/// and in both. `references[r][i]` is reference r of hypothesis i, or nothing; `out` has rows of `3 (characters + words)`.
pub fn statistics(hypotheses: &[&str], references: &[Vec<Option<&str>>], options: Options, out: &mut [i64]) {
    let width = 3 * (options.characters + options.words);
    debug_assert!(out.len() == hypotheses.len() * width && references.iter().all(|r| r.len() == hypotheses.len()));
    parallel_chunks(chunks(out, PART * width), |part, rows| {
        let mut bench = Bench::new(options);
        for (i, row) in rows.chunks_exact_mut(width).enumerate() {
            let i = part * PART + i;
            let of_this = references.iter().filter_map(|stream| stream[i]);
            row.fill(0);
            bench.sentence(hypotheses[i], of_this, options, row);
        }
    });
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn punctuation_is_cut_off_once() {
        let cut = |text: &str| {
            let mut spans = Vec::new();
            words_of(text, &mut spans);
            spans.iter().map(|&(a, b)| text[a..b].to_string()).collect::<Vec<_>>().join(" ")
        };
        assert_eq!(cut("  (hi) there,\u{2003}. é! ¿que?"), "(hi ) there , . é ! ¿que ?");
        assert_eq!(cut(""), "");
    }

    #[test]
    fn published_pairs() {
        let options =
            Options { characters: 6, words: 0, beta: 3.0, lowercase: false, whitespace: false, epsilon: true };
        for (hypothesis, reference, expected) in [("aa", "ab", 8.3333), ("a b c", "abc", 50.0), ("a", "b", 0.0)] {
            let mut row = [0; 18];
            statistics(&[hypothesis], &[vec![Some(reference)]], options, &mut row);
            assert!((f_score(&row, 3.0, true) - expected).abs() < 1e-4);
        }
    }
}
