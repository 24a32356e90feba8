//! What a language model and hot words think of a text that is still being written (pyctcdecode's scoring rules).

use std::collections::{HashMap, HashSet};
use std::sync::Arc;

use super::ngram::{Context, Ngram};

/// Adds a log-weight to every prefix of a search.
pub trait Scorer: Sync {
    type Text: Clone + Send;
    /// False where all weights are zero.
    const ACTIVE: bool;
    fn start(&self) -> Self::Text;
    /// The weight of a text so far.
    fn weight(&self, text: &Self::Text) -> f64;
    /// The weight of `text` once extended by `class`, without building it.
    fn weight_after(&self, text: &Self::Text, class: usize) -> f64;
    fn extend(&self, text: &Self::Text, class: usize) -> Self::Text;
    /// The weight of a text that ends here.
    fn weight_at_end(&self, text: &Self::Text) -> f64;
}

/// Acoustics alone.
pub struct NoScorer;

impl Scorer for NoScorer {
    type Text = ();
    const ACTIVE: bool = false;
    fn start(&self) {}
    fn weight(&self, _text: &()) -> f64 {
        0.0
    }
    fn weight_after(&self, _text: &(), _class: usize) -> f64 {
        0.0
    }
    fn extend(&self, _text: &(), _class: usize) {}
    fn weight_at_end(&self, _text: &()) -> f64 {
        0.0
    }
}

/// The characters of words, as a tree.
#[derive(Default)]
struct Trie {
    children: HashMap<(u32, char), u32>,
    /// Length in characters of the shortest word below each node.
    shortest: Vec<usize>,
}

impl Trie {
    fn new<'a>(words: impl Iterator<Item = &'a str>) -> Trie {
        let mut trie = Trie { children: HashMap::new(), shortest: vec![usize::MAX] };
        for word in words {
            let length = word.chars().count();
            let mut node = 0;
            for c in word.chars() {
                let new = trie.shortest.len() as u32;
                node = *trie.children.entry((node, c)).or_insert(new);
                if node == new {
                    trie.shortest.push(usize::MAX);
                }
                let shortest = &mut trie.shortest[node as usize];
                *shortest = length.min(*shortest);
            }
        }
        trie
    }

    fn walk(&self, from: Option<u32>, piece: &str) -> Option<u32> {
        piece.chars().try_fold(from?, |node, c| self.children.get(&(node, c)).copied())
    }
}

/// How much a language model and hot words count.
#[derive(Clone, Copy)]
pub struct Weights {
    /// Factor of the model's log-probability.
    pub alpha: f64,
    /// Bonus for each word.
    pub beta: f64,
    /// Added (log10) for a word that the vocabulary lacks, and to a partial word that starts none of its words.
    pub unknown: f64,
    /// Whether `<s>` and `</s>` stand around the text.
    pub boundary: bool,
    /// Bonus for each hot word.
    pub hot: f64,
}

/// What a class adds to the text.
enum Piece {
    /// Ends the word.
    Space,
    /// Ends the word and starts the next (SentencePiece's `▁…`).
    Start(String),
    Inside(String),
}

/// Language model, vocabulary and hot words over classes that are pieces of text.
pub struct WordScorer {
    pieces: Vec<Piece>,
    model: Option<Arc<Ngram>>,
    vocabulary: HashSet<String>,
    trie: Trie,
    hot_words: HashSet<String>,
    hot_trie: Trie,
    weights: Weights,
}

impl WordScorer {
    /// How many classes the scorer knows.
    pub fn classes(&self) -> usize {
        self.pieces.len()
    }
}

/// A text so far: whole words, and the word that is being written.
#[derive(Clone)]
pub struct Text {
    context: Context,
    words: f64,
    partial: String,
    node: Option<u32>,
    hot_node: Option<u32>,
    /// Weight as it stands.
    weight: f64,
    /// Weight of the whole words, with the partial one counted as whole, and the context after it.
    ended: f64,
    after: Context,
}

/// Longer partial words that are unknown cost more, in proportion (pyctcdecode's average token length).
const USUAL_LENGTH: f64 = 6.0;

impl WordScorer {
    /// `classes[c]` is what class c writes; `vocabulary` empty means every word may come.
    pub fn new(
        classes: &[String],
        model: Option<Arc<Ngram>>,
        vocabulary: HashSet<String>,
        hot_words: HashSet<String>,
        weights: Weights,
    ) -> WordScorer {
        let piece = |s: &String| match s.strip_prefix('\u{2581}') {
            Some(rest) => Piece::Start(rest.into()),
            None if s == " " => Piece::Space,
            None => Piece::Inside(s.clone()),
        };
        WordScorer {
            pieces: classes.iter().map(piece).collect(),
            model,
            trie: Trie::new(vocabulary.iter().map(String::as_str)),
            hot_trie: Trie::new(hot_words.iter().map(String::as_str)),
            vocabulary,
            hot_words,
            weights,
        }
    }

    fn text(&self, context: Context, words: f64, partial: String) -> Text {
        let node = if self.vocabulary.is_empty() { None } else { self.trie.walk(Some(0), &partial) };
        let hot_node = if self.hot_words.is_empty() { None } else { self.hot_trie.walk(Some(0), &partial) };
        let weight = words + self.partial(partial.chars().count(), node, hot_node);
        let (ended, after) =
            if partial.is_empty() { (words, context.clone()) } else { self.word(&context, words, &partial) };
        Text { context, words, partial, node, hot_node, weight, ended, after }
    }

    /// The weight of `length` characters of a word that isn't whole.
    fn partial(&self, length: usize, node: Option<u32>, hot_node: Option<u32>) -> f64 {
        if length == 0 {
            return 0.0;
        }
        let mut weight = 0.0;
        if !self.vocabulary.is_empty() && node.is_none() {
            weight += self.weights.unknown * (length as f64 / USUAL_LENGTH).max(1.0);
        }
        if let Some(node) = hot_node {
            weight += self.weights.hot * length as f64 / self.hot_trie.shortest[node as usize] as f64;
        }
        weight
    }

    /// The weight of the words with one more, and the context after it.
    fn word(&self, context: &Context, words: f64, word: &str) -> (f64, Context) {
        let mut weight = words;
        let mut after = context.clone();
        let outside = !self.vocabulary.is_empty() && !self.vocabulary.contains(word);
        if let Some(model) = &self.model {
            let (mut log10_p, next) = model.score(context, word);
            if outside || !model.has(word) {
                log10_p += self.weights.unknown;
            }
            weight += self.weights.alpha * log10_p * std::f64::consts::LN_10 + self.weights.beta;
            after = next;
        } else if outside {
            weight += self.partial(word.chars().count(), None, None);
        }
        if self.hot_words.contains(word) {
            weight += self.weights.hot;
        }
        (weight, after)
    }
}

impl Scorer for WordScorer {
    type Text = Text;
    const ACTIVE: bool = true;

    fn start(&self) -> Text {
        let context = match &self.model {
            Some(model) if self.weights.boundary => model.start(),
            _ => Context::default(),
        };
        self.text(context, 0.0, String::new())
    }

    fn weight(&self, text: &Text) -> f64 {
        text.weight
    }

    fn weight_after(&self, text: &Text, class: usize) -> f64 {
        let (words, length, node, hot_node, piece) = match &self.pieces[class] {
            Piece::Space => return text.ended,
            Piece::Start(piece) => (text.ended, 0, Some(0), Some(0), piece),
            Piece::Inside(piece) => (text.words, text.partial.chars().count(), text.node, text.hot_node, piece),
        };
        let node = if self.vocabulary.is_empty() { None } else { self.trie.walk(node, piece) };
        let hot_node = if self.hot_words.is_empty() { None } else { self.hot_trie.walk(hot_node, piece) };
        words + self.partial(length + piece.chars().count(), node, hot_node)
    }

    fn extend(&self, text: &Text, class: usize) -> Text {
        match &self.pieces[class] {
            Piece::Space => self.text(text.after.clone(), text.ended, String::new()),
            Piece::Start(piece) => self.text(text.after.clone(), text.ended, piece.clone()),
            Piece::Inside(piece) => self.text(text.context.clone(), text.words, format!("{}{piece}", text.partial)),
        }
    }

    fn weight_at_end(&self, text: &Text) -> f64 {
        match &self.model {
            // As pyctcdecode: the end of the sentence is scored with the last word, where there is one.
            Some(model) if self.weights.boundary && !text.partial.is_empty() => {
                let end = model.score(&text.after, "</s>").0;
                text.ended + self.weights.alpha * end * std::f64::consts::LN_10
            }
            _ => text.ended,
        }
    }
}
