//! Numbers for the distinct words of a text: equal bytes, equal number.

use super::tokenize::Span;

/// What [`Words::find`] answers for a word that was never added.
pub const UNKNOWN: u32 = u32::MAX;

/// Words by number, in the order in which they were added; keeps its memory from text to text.
#[derive(Default)]
pub struct Words {
    /// Number plus one of the word in each slot, 0 for none; a power of two of slots, at most half of them taken.
    slots: Vec<u32>,
    mask: usize,
    known: Vec<(u64, Span)>,
}

/// 64 bits of a word's bytes, each product folded onto itself.
#[inline]
fn hash(bytes: &[u8]) -> u64 {
    const A: u64 = 0x9e37_79b9_7f4a_7c15;
    const B: u64 = 0xd6e8_feb8_6659_fd93;
    let fold = |h: u64, word: u64| {
        let product = u128::from(h ^ word) * u128::from(B);
        (product as u64) ^ (product >> 64) as u64
    };
    let mut h = A ^ bytes.len() as u64;
    let mut chunks = bytes.chunks_exact(8);
    for chunk in &mut chunks {
        h = fold(
            h,
            u64::from_le_bytes([chunk[0], chunk[1], chunk[2], chunk[3], chunk[4], chunk[5], chunk[6], chunk[7]]),
        );
    }
    let rest = chunks.remainder().iter().fold(0u64, |word, &b| word << 8 | u64::from(b));
    fold(h, rest)
}

impl Words {
    /// Forgets all words; room for `most` of them.
    pub fn reset(&mut self, most: usize) {
        let slots = (2 * most).next_power_of_two().max(16);
        self.slots.clear();
        self.slots.resize(slots, 0);
        self.mask = slots - 1;
        self.known.clear();
    }

    /// How many there are.
    pub fn len(&self) -> usize {
        self.known.len()
    }

    pub fn is_empty(&self) -> bool {
        self.known.is_empty()
    }

    #[inline]
    fn place(&self, text: &str, word: &[u8], h: u64) -> (usize, u32) {
        let mut slot = h as usize & self.mask;
        loop {
            let number = self.slots[slot];
            if number == 0 {
                return (slot, UNKNOWN);
            }
            let (other, (start, end)) = self.known[number as usize - 1];
            if other == h && &text.as_bytes()[start..end] == word {
                return (slot, number - 1);
            }
            slot = (slot + 1) & self.mask;
        }
    }

    /// The number of the word at `span` of `text`, a new one where it is new. All words of a table come from one text.
    #[inline]
    pub fn add(&mut self, text: &str, span: Span) -> u32 {
        let word = &text.as_bytes()[span.0..span.1];
        let h = hash(word);
        let (slot, number) = self.place(text, word, h);
        if number != UNKNOWN {
            return number;
        }
        self.known.push((h, span));
        self.slots[slot] = self.known.len() as u32;
        self.known.len() as u32 - 1
    }

    /// The number of `word`, where it is one of `text`'s.
    #[inline]
    pub fn find(&self, text: &str, word: &[u8]) -> u32 {
        self.place(text, word, hash(word)).1
    }
}
