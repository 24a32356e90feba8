//! The n-grams of one sequence of numbers, to be found again in others.
//!
//! An n-gram is a node, reached from the node of its first n − 1 members by the last one: exact, no hash stands for an
//! n-gram. Another sequence walks the same paths and stops where one ends, so n-grams that don't occur cost nothing.

use super::words::UNKNOWN;

/// One n-gram.
#[derive(Clone, Copy, Default)]
struct Node {
    /// How often the sequence has it.
    count: u32,
    /// How often the other sequence of `stamp` had it so far, and the most of all others.
    here: u32,
    most: u32,
    stamp: u32,
}

/// What other sequences have in common with the one that was added.
#[derive(Clone, Copy, PartialEq, Eq)]
pub enum Clip {
    /// Each n-gram counts as often as in the other sequence that has it most often (BLEU's clipping).
    ByMost,
    /// Each other sequence by itself.
    Alone,
}

/// The n-grams up to an order; keeps its memory.
#[derive(Default)]
pub struct Ngrams {
    /// (node before << 32 | member, node), `EMPTY` where free; at most half of a power of two is taken.
    edges: Vec<(u64, u32)>,
    shift: u32,
    nodes: Vec<Node>,
    order: usize,
    stamp: u32,
}

const EMPTY: u64 = u64::MAX;

impl Ngrams {
    /// Takes the n-grams of `sequence` for n from 1 to `order`; members are below `members`, which is at most its length.
    pub fn set(&mut self, sequence: &[u32], members: usize, order: usize) {
        let longer = sequence.len() * (order.min(sequence.len().max(1)) - 1);
        let slots = (2 * longer).next_power_of_two().max(16);
        self.edges.clear();
        self.edges.resize(slots, (EMPTY, 0));
        self.shift = 64 - slots.trailing_zeros();
        self.nodes.clear();
        self.nodes.resize(members, Node::default());
        self.order = order;
        self.stamp = 0;
        for (at, &first) in sequence.iter().enumerate() {
            let mut node = first;
            self.nodes[node as usize].count += 1;
            for &next in sequence[at + 1..].iter().take(order - 1) {
                node = self.grown(node, next);
                self.nodes[node as usize].count += 1;
            }
        }
    }

    #[inline]
    fn slot(&self, key: u64) -> usize {
        let mut slot = (key.wrapping_mul(0x9e37_79b9_7f4a_7c15) >> self.shift) as usize;
        while self.edges[slot].0 != key && self.edges[slot].0 != EMPTY {
            slot = (slot + 1) & (self.edges.len() - 1);
        }
        slot
    }

    #[inline]
    fn grown(&mut self, node: u32, next: u32) -> u32 {
        let key = u64::from(node) << 32 | u64::from(next);
        let slot = self.slot(key);
        if self.edges[slot].0 == EMPTY {
            self.edges[slot] = (key, self.nodes.len() as u32);
            self.nodes.push(Node::default());
        }
        self.edges[slot].1
    }

    /// Adds to `common[n - 1]` how many n-grams `other` has in common with the sequence, with multiplicity;
    /// by [`Clip::ByMost`] only what those before it had not. Members of `other` that the sequence lacks are [`UNKNOWN`].
    pub fn count(&mut self, other: &[u32], clip: Clip, common: &mut [i64]) {
        self.stamp += 1;
        for (at, &first) in other.iter().enumerate() {
            if first == UNKNOWN {
                continue;
            }
            let mut node = first;
            common[0] += self.seen(node, clip);
            for (n, &next) in other[at + 1..].iter().take(self.order - 1).enumerate() {
                if next == UNKNOWN {
                    break;
                }
                let (key, found) = self.edges[self.slot(u64::from(node) << 32 | u64::from(next))];
                if key == EMPTY {
                    break;
                }
                node = found;
                common[n + 1] += self.seen(node, clip);
            }
        }
    }

    /// Notes one more occurrence: 1 where it is common, else 0.
    #[inline]
    fn seen(&mut self, node: u32, clip: Clip) -> i64 {
        let node = &mut self.nodes[node as usize];
        if node.stamp != self.stamp {
            node.stamp = self.stamp;
            node.here = 0;
        }
        node.here += 1;
        let new = clip == Clip::Alone || node.here > node.most;
        node.most = node.most.max(node.here);
        i64::from(new && node.here <= node.count)
    }
}
