//! Connectionist temporal classification: loss with gradient, greedy and prefix-beam decoding, forced alignment.

mod align;
mod beam;
mod lattice;
mod loss;
mod ngram;
mod text;

pub use align::forced_aligns;
pub use beam::{Beams, Options, prefix_beam_search, prefix_beam_searches};
pub use loss::{Batch, collapse, ctc_loss, greedy};
pub use ngram::{Context, Ngram};
pub use text::{NoScorer, Scorer, Weights, WordScorer};
