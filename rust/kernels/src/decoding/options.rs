//! What is searched, when it stops, and why a step may be refused.

use super::{Sampling, Unsound};

/// When a sentence's search ends before the greatest length.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Stop {
    /// As soon as no live hypothesis can enter the pool.
    Safe,
    /// As soon as the pool is full.
    First,
    /// Never.
    Never,
}

/// What is searched.
#[derive(Clone, Debug)]
pub struct Options {
    pub sentences: usize,
    /// Groups of a sentence, each a beam of its own; samples of a sentence.
    pub groups: usize,
    /// Live hypotheses of a group.
    pub width: usize,
    /// Finished hypotheses that a group keeps.
    pub keep: usize,
    pub min_length: usize,
    /// What a total is divided by, for lengths from 1 to the greatest; all positive.
    pub norms: Vec<f64>,
    pub ends: Vec<u32>,
    pub banned: Vec<u32>,
    /// A token for each sentence and position, negative where it is free.
    pub forced: Vec<i64>,
    pub forced_width: usize,
    /// No n-gram of this length comes twice; 0: any may.
    pub no_repeat: usize,
    /// What a token loses for each choice of it by the groups before, at the same step.
    pub diversity: f64,
    /// Whether the last position must hold an end token.
    pub force_end: bool,
    pub stop: Stop,
    pub sampling: Option<Sampling>,
}

/// Why a step was not taken.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Fault {
    /// A token of the options is none of the vocabulary.
    Token {
        name: &'static str,
        token: i64,
    },
    Row {
        sentence: usize,
        step: usize,
        what: Unsound,
    },
    TooLarge,
    Interrupted,
}
