//! Sequences as paths in a tree, and the pools of those that are done.

/// No node: before the first token.
pub(super) const ROOT: u32 = u32::MAX;

#[derive(Clone, Copy)]
struct Node {
    parent: u32,
    token: u32,
    log_p: f64,
}

/// All sequences ever looked at: each is a node, its tokens are the path from the root.
#[derive(Default)]
pub(super) struct Tree {
    nodes: Vec<Node>,
}

impl Tree {
    pub fn len(&self) -> usize {
        self.nodes.len()
    }

    pub fn push(&mut self, parent: u32, token: u32, log_p: f64) -> u32 {
        self.nodes.push(Node { parent, token, log_p });
        (self.nodes.len() - 1) as u32
    }

    /// Tokens and log-probabilities of a path, last one first.
    pub fn back(&self, from: u32) -> impl Iterator<Item = (u32, f64)> + '_ {
        let mut at = from;
        std::iter::from_fn(move || {
            let node = self.nodes.get(at as usize)?;
            at = node.parent;
            Some((node.token, node.log_p))
        })
    }

    /// Leaves in `found` the tokens that would repeat an n-gram of the path; `path` is working memory.
    pub fn repeats(&self, node: u32, n: usize, path: &mut Vec<u32>, found: &mut Vec<u32>) {
        found.clear();
        path.clear();
        path.extend(self.back(node).map(|(token, _)| token));
        // Backwards: the n − 1 last tokens come first, and what follows an n-gram's beginning lies before it.
        let Some(end) = path.get(..n - 1) else { return };
        for at in 1..(path.len() + 2).saturating_sub(n) {
            if path[at..at + n - 1] == *end && !found.contains(&path[at - 1]) {
                found.push(path[at - 1]);
            }
        }
    }
}

/// A hypothesis that ended, or was cut at the greatest length.
#[derive(Clone, Copy)]
pub(super) struct Finished {
    pub node: u32,
    pub length: usize,
    pub total: f64,
    pub score: f64,
    pub ended: bool,
}

/// The best finished hypotheses, best first; equal ones in the order in which they finished.
#[derive(Clone, Default)]
pub(super) struct Pool {
    pub kept: Vec<Finished>,
}

impl Pool {
    pub fn insert(&mut self, new: Finished, keep: usize) {
        let at = self.kept.partition_point(|old| old.score >= new.score);
        if at < keep {
            self.kept.truncate(keep - 1);
            self.kept.insert(at, new);
        }
    }

    /// Whether nothing with at most this score can still get in.
    pub fn closed_to(&self, score: f64, keep: usize) -> bool {
        self.kept.len() >= keep && self.kept[keep - 1].score >= score
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn repeated_n_grams() {
        let mut tree = Tree::default();
        let mut node = ROOT;
        for token in [1, 2, 3, 1, 2, 4, 1, 2] {
            node = tree.push(node, token, 0.0);
        }
        let found = |n| {
            let (mut path, mut found) = (Vec::new(), Vec::new());
            tree.repeats(node, n, &mut path, &mut found);
            found.sort_unstable();
            found
        };
        assert_eq!(found(3), [3, 4]);
        assert_eq!(found(2), [3, 4]);
        assert_eq!(found(1), [1, 2, 3, 4]);
        assert!(found(4).is_empty());
        assert!(found(20).is_empty());
    }

    #[test]
    fn a_pool_keeps_the_best_and_the_first() {
        let mut pool = Pool::default();
        for (node, score) in [(0, -2.0), (1, -1.0), (2, -2.0), (3, -3.0), (4, -1.0)] {
            pool.insert(Finished { node, length: 1, total: score, score, ended: true }, 3);
        }
        assert_eq!(pool.kept.iter().map(|f| f.node).collect::<Vec<_>>(), [1, 4, 0]);
        assert!(pool.closed_to(-2.0, 3) && !pool.closed_to(-1.5, 3));
    }
}
