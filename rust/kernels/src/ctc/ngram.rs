//! Back-off n-gram language models, read from ARPA files.

use std::collections::HashMap;

/// The longest n-grams that are read.
pub const MAX_ORDER: usize = 8;

/// What an unknown word costs where the model has no `<unk>` (log10), as KenLM has it.
const NO_UNK: f64 = -100.0;

#[derive(Clone, Copy)]
struct Gram {
    log10_p: f64,
    backoff: f64,
}

/// Words seen last, oldest first; at most order − 1.
#[derive(Clone, Default, PartialEq, Eq, Debug)]
pub struct Context(Vec<u32>);

/// p(word | words before it), with back-off: of the contexts that the model has, the longest counts.
pub struct Ngram {
    words: HashMap<String, u32>,
    grams: HashMap<Box<[u32]>, Gram>,
    order: usize,
    unknown: Option<u32>,
}

impl Ngram {
    /// Reads an ARPA file's text. The error says what is wrong and in which line.
    pub fn from_arpa(text: &str) -> Result<Ngram, String> {
        let mut reader = Reader { lines: text.lines(), number: 0 };
        let order = reader.header()?;
        let mut model = Ngram { words: HashMap::new(), grams: HashMap::new(), order: order.len(), unknown: None };
        for (n, &count) in (1..).zip(&order) {
            reader.section(n, count, &mut model)?;
        }
        model.unknown = model.words.get("<unk>").or_else(|| model.words.get("<UNK>")).copied();
        Ok(model)
    }

    pub fn order(&self) -> usize {
        self.order
    }

    pub fn has(&self, word: &str) -> bool {
        self.words.contains_key(word)
    }

    /// All words of the model, markers such as `<s>` among them.
    pub fn words(&self) -> impl Iterator<Item = &str> {
        self.words.keys().map(String::as_str)
    }

    /// The context at the start of a sentence: `<s>` where the model has it.
    pub fn start(&self) -> Context {
        Context(self.words.get("<s>").copied().into_iter().collect())
    }

    /// log10 p(word | context), and the context after it.
    pub fn score(&self, context: &Context, word: &str) -> (f64, Context) {
        let Some(id) = self.words.get(word).copied().or(self.unknown) else {
            return (NO_UNK, Context::default());
        };
        let mut key = [0; MAX_ORDER];
        let n = context.0.len();
        key[..n].copy_from_slice(&context.0);
        key[n] = id;
        let mut total = 0.0;
        for from in 0..n + 1 {
            if let Some(gram) = self.grams.get(&key[from..n + 1]) {
                total += gram.log10_p;
                break;
            }
            total += self.grams.get(&key[from..n]).map_or(0.0, |gram| gram.backoff);
        }
        let keep = (n + 1).min(self.order - 1);
        (total, Context(key[n + 1 - keep..n + 1].to_vec()))
    }
}

struct Reader<'a> {
    lines: std::str::Lines<'a>,
    number: usize,
}

impl<'a> Reader<'a> {
    /// The next line that is not blank.
    fn next(&mut self) -> Option<&'a str> {
        loop {
            let line = self.lines.next()?.trim();
            self.number += 1;
            if !line.is_empty() {
                return Some(line);
            }
        }
    }

    fn wrong(&self, expected: &str, line: Option<&str>) -> String {
        let got =
            line.map_or("the end of the file".into(), |l| format!("{:?}", l.chars().take(60).collect::<String>()));
        format!("line {}: expected {expected}, got {got}", self.number)
    }

    /// Up to the first section: how many n-grams of each length there are.
    fn header(&mut self) -> Result<Vec<usize>, String> {
        loop {
            match self.next() {
                Some("\\data\\") => break,
                Some(_) => (),
                None => return Err(self.wrong("\\data\\", None)),
            }
        }
        let mut counts = Vec::new();
        loop {
            let line = self.next();
            if line == Some("\\1-grams:") && !counts.is_empty() {
                return Ok(counts);
            }
            let count = line
                .and_then(|l| l.strip_prefix("ngram "))
                .and_then(|l| l.split_once('='))
                .filter(|(n, _)| n.trim().parse() == Ok(counts.len() + 1))
                .and_then(|(_, count)| count.trim().parse().ok());
            match count {
                Some(count) if counts.len() < MAX_ORDER => counts.push(count),
                Some(_) => return Err(self.wrong(&format!("at most {MAX_ORDER}-grams"), line)),
                None => {
                    return Err(self.wrong(&format!("'ngram {}=COUNT' or '\\1-grams:'", counts.len() + 1), line));
                }
            }
        }
    }

    /// The n-grams of one length, and the line that opens the next section.
    fn section(&mut self, n: usize, count: usize, model: &mut Ngram) -> Result<(), String> {
        for _ in 0..count {
            let line = self.next();
            let expected = || format!("a log-probability, {n} words and perhaps a back-off weight");
            let parsed = line.and_then(|l| Self::gram(l, n));
            let Some((gram, words)) = parsed else {
                return Err(self.wrong(&expected(), line));
            };
            let mut key = Vec::with_capacity(n);
            for word in words {
                let id = match model.words.get(word) {
                    Some(&id) => id,
                    None if n == 1 => {
                        let id = model.words.len() as u32;
                        model.words.insert(word.into(), id);
                        id
                    }
                    None => {
                        return Err(self.wrong(&format!("words that stand among the 1-grams, unlike {word:?}"), line));
                    }
                };
                key.push(id);
            }
            model.grams.insert(key.into(), gram);
        }
        let line = self.next();
        let longer = format!("\\{}-grams:", n + 1);
        let next = if n == model.order { "\\end\\" } else { &longer };
        if line == Some(next) { Ok(()) } else { Err(self.wrong(&format!("'{next}' after {count} {n}-grams"), line)) }
    }

    fn gram(line: &str, n: usize) -> Option<(Gram, Vec<&str>)> {
        let mut fields = line.split_ascii_whitespace();
        let log10_p: f64 = fields.next()?.parse().ok().filter(|p: &f64| *p <= 0.0)?;
        let words: Vec<&str> = fields.by_ref().take(n).collect();
        let backoff = match fields.next() {
            Some(weight) => weight.parse().ok().filter(|w: &f64| w.is_finite())?,
            None => 0.0,
        };
        (words.len() == n && fields.next().is_none()).then_some((Gram { log10_p, backoff }, words))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const BIGRAMS: &str = "
\\data\\
ngram 1=4
ngram 2=2

\\1-grams:
-1.0 <s> -0.5
-0.7 a -0.25
-0.9 b
-2.0 <unk>

\\2-grams:
-0.1 <s> a
-0.3 a b

\\end\\
";

    #[test]
    fn backs_off() {
        let model = Ngram::from_arpa(BIGRAMS).unwrap();
        let (p, after) = model.score(&model.start(), "a");
        assert_eq!(p, -0.1);
        assert_eq!(model.score(&after, "b").0, -0.3);
        assert_eq!(model.score(&after, "a").0, -0.25 + -0.7);
        assert_eq!(model.score(&model.start(), "b").0, -0.5 + -0.9);
        assert_eq!(model.score(&after, "zebra").0, -0.25 + -2.0);
    }

    #[test]
    fn says_which_line_is_wrong() {
        let message = |text: &str| Ngram::from_arpa(text).err().unwrap();
        assert!(message("").contains("line 0: expected \\data\\, got the end of the file"));
        assert!(message(&BIGRAMS.replace("-0.7 a", "x a")).starts_with("line 8: expected a log-probability, 1 words"));
        assert!(message(&BIGRAMS.replace("-0.3 a b", "-0.3 a c")).contains("among the 1-grams, unlike \"c\""));
        assert!(message(&BIGRAMS.replace("ngram 2=2", "ngram 2=999999999999")).contains("expected a log-probability"));
        assert!(message(&BIGRAMS.replace("\\end\\", "")).contains("expected '\\end\\' after 2 2-grams"));
    }
}
