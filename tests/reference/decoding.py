"""Slow, obvious decoding: all sequences written out, a beam search with lists, sets of tokens to sample from."""

import itertools

import numpy as np


def log_softmax(x):
    x = np.asarray(x, np.float64)
    with np.errstate(divide="ignore"):
        shifted = x - x.max(-1, keepdims=True)
        return shifted - np.log(np.exp(shifted).sum(-1, keepdims=True))


class Rules:
    """Which token may come next, and what a sequence's sum is divided by."""

    def __init__(
        self, max_length, ends=(), min_length=0, banned=(), forced=None, no_repeat=0, force_end=False, norm=None
    ):
        self.max_length, self.ends, self.min_length, self.banned = max_length, set(ends), min_length, set(banned)
        self.forced, self.no_repeat, self.force_end = forced or {}, no_repeat, force_end
        self.norm = norm or (lambda length: 1.0)

    def allows(self, before, token, prompt=()):
        place = len(before)
        if place in self.forced:
            return token == self.forced[place]
        if token in self.banned and token not in self.ends:
            return False
        if token in self.ends and place + 1 < self.min_length:
            return False
        if self.force_end and place + 1 == self.max_length and token not in self.ends:
            return False
        n = self.no_repeat
        if n and token not in self.ends:
            whole = (*prompt, *before, token)
            grams = [whole[i : i + n] for i in range(len(whole) - n + 1)]
            if len(grams) and grams[-1] in grams[:-1]:
                return False
        return True

    def over(self, sequence):
        return len(sequence) == self.max_length or (bool(sequence) and sequence[-1] in self.ends)


def exhaustive(log_p, vocabulary, rules, prompt=()):
    """Every sequence that the rules allow as (score, sequence, total), best first; `log_p(prefix)` gives a row."""
    found = []
    stack = [((), 0.0)]
    while stack:
        before, total = stack.pop()
        row = log_p(before)
        for token in range(vocabulary):
            if row[token] > -np.inf and rules.allows(before, token, prompt):
                sequence, new = (*before, token), total + row[token]
                if rules.over(sequence):
                    found.append((new / rules.norm(len(sequence)), sequence, new))
                else:
                    stack.append((sequence, new))
    return sorted(found, key=lambda item: -item[0])


def beam_search(log_p, vocabulary, rules, width, n_best, groups=1, diversity=0.0, prompt=()):
    """(score, sequence, total, ended), best first: one sentence, to the greatest length, without stopping early."""
    each = width // groups
    keep = min(n_best, each)
    live = [[((), 0.0)] for _ in range(groups)]
    done = [[] for _ in range(groups)]
    for step in range(rules.max_length):
        times = np.zeros(vocabulary)
        for g in range(groups):
            candidates, ends = [], []
            for place, (before, total) in enumerate(live[g]):
                row = log_p(before)
                for token in range(vocabulary):
                    if row[token] == -np.inf or not rules.allows(before, token, prompt):
                        continue
                    new = total + row[token]
                    if token in rules.ends:
                        ends.append((-new, place, token, new, before))
                    else:
                        candidates.append((-(new - diversity * times[token]), place, token, new, before))
            candidates.sort(key=lambda c: c[:3])
            ends.sort(key=lambda c: c[:3])
            kept = candidates[:each]
            for rank, end in enumerate(ends):
                if rank + sum(c[:3] < end[:3] for c in kept) < each:
                    sequence = (*end[4], end[2])
                    done[g].append((end[3] / rules.norm(len(sequence)), sequence, end[3], True))
            live[g] = [((*before, token), new) for _, _, token, new, before in kept]
            if step + 1 == rules.max_length:
                done[g] += [(new / rules.norm(len(s)), s, new, False) for s, new in live[g]]
            done[g] = sorted(done[g], key=lambda item: -item[0])[:keep]
            for _, _, token, _, _ in kept:
                times[token] += 1
    return sorted(itertools.chain.from_iterable(done), key=lambda item: -item[0])[:n_best]


def greedy(log_p, vocabulary, rules):
    """The likeliest allowed token at each step."""
    sequence = ()
    while not rules.over(sequence):
        row = log_p(sequence)
        allowed = [token for token in range(vocabulary) if rules.allows(sequence, token)]
        sequence = (*sequence, max(allowed, key=lambda token: (row[token], -token)))
    return sequence


def sampling_distribution(logits, temperature=1.0, top_k=0, top_p=1.0, min_p=0.0, banned=()):
    """What one draw from a row of logits follows."""
    z = np.asarray(logits, np.float64) / temperature
    z[list(banned)] = -np.inf
    p = np.exp(log_softmax(z))
    order = np.argsort(-p, kind="stable")
    if top_k:
        order = order[:top_k]
    q = p[order] / p[order].sum()
    before = np.concatenate([[0.0], np.cumsum(q)[:-1]])
    kept = (before < top_p) & (q >= min_p * q[0] * (1 - 1e-12)) & (q > 0)
    out = np.zeros(len(p))
    out[order[kept]] = q[kept] / q[kept].sum()
    return out
