//! Hashes of texts that are the same on every machine and in every release: FarmHash's Fingerprint64 (Pike, 2014) and, with
//! a secret key, SipHash-2-4 (Aumasson and Bernstein, 2012).

use crate::threads::{chunks, parallel_chunks};

const K0: u64 = 0xc3a5_c85c_97cb_3127;
const K1: u64 = 0xb492_b66f_be98_f273;
const K2: u64 = 0x9ae1_6a3b_2f90_404f;

/// Texts in one part.
const TEXTS: usize = 1 << 12;

fn word(text: &[u8], at: usize) -> u64 {
    let mut bytes = [0; 8];
    bytes.copy_from_slice(&text[at..at + 8]);
    u64::from_le_bytes(bytes)
}

fn half_word(text: &[u8], at: usize) -> u64 {
    let mut bytes = [0; 4];
    bytes.copy_from_slice(&text[at..at + 4]);
    u64::from(u32::from_le_bytes(bytes))
}

fn shift_mix(x: u64) -> u64 {
    x ^ (x >> 47)
}

/// Two words into one, after Murmur.
fn join(u: u64, v: u64, mul: u64) -> u64 {
    let a = shift_mix((u ^ v).wrapping_mul(mul));
    shift_mix((v ^ a).wrapping_mul(mul)).wrapping_mul(mul)
}

fn up_to_16(text: &[u8]) -> u64 {
    let n = text.len();
    let mul = K2.wrapping_add(2 * n as u64);
    match n {
        8.. => {
            let a = word(text, 0).wrapping_add(K2);
            let b = word(text, n - 8);
            let c = b.rotate_right(37).wrapping_mul(mul).wrapping_add(a);
            let d = a.rotate_right(25).wrapping_add(b).wrapping_mul(mul);
            join(c, d, mul)
        }
        4.. => join((half_word(text, 0) << 3).wrapping_add(n as u64), half_word(text, n - 4), mul),
        1.. => {
            let y = u64::from(text[0]) + (u64::from(text[n / 2]) << 8);
            let z = n as u64 + (u64::from(text[n - 1]) << 2);
            shift_mix(y.wrapping_mul(K2) ^ z.wrapping_mul(K0)).wrapping_mul(K2)
        }
        0 => K2,
    }
}

/// The two words that 17 to 32 bytes come to before they are joined, and the first product.
fn ends(text: &[u8], mul: u64) -> (u64, u64, u64) {
    let n = text.len();
    let a = word(text, 0);
    let b = word(text, 8);
    let c = word(text, n - 8).wrapping_mul(mul);
    let d = word(text, n - 16).wrapping_mul(K2);
    let a = a.wrapping_mul(if n <= 32 { K1 } else { K2 });
    let y = a.wrapping_add(b).rotate_right(43).wrapping_add(c.rotate_right(30)).wrapping_add(d);
    let z = a.wrapping_add(b.wrapping_add(K2).rotate_right(18)).wrapping_add(c);
    (y, z, a)
}

fn up_to_64(text: &[u8]) -> u64 {
    let n = text.len();
    let mul = K2.wrapping_add(2 * n as u64);
    let (y, z, a) = ends(text, mul);
    let z = join(y, z, mul);
    if n <= 32 {
        return z;
    }
    let e = word(text, 16).wrapping_mul(mul);
    let f = word(text, 24);
    let g = y.wrapping_add(word(text, n - 32)).wrapping_mul(mul);
    let h = z.wrapping_add(word(text, n - 24)).wrapping_mul(mul);
    let first = e.wrapping_add(f).rotate_right(43).wrapping_add(g.rotate_right(30)).wrapping_add(h);
    let second = e.wrapping_add(f.wrapping_add(a).rotate_right(18)).wrapping_add(g);
    join(first, second, mul)
}

/// A weak hash of 32 bytes and two seeds.
fn weak(text: &[u8], at: usize, a: u64, b: u64) -> (u64, u64) {
    let [w, x, y, z] = [0, 8, 16, 24].map(|offset| word(text, at + offset));
    let start = a.wrapping_add(w);
    let b = b.wrapping_add(start).wrapping_add(z).rotate_right(21);
    let a = start.wrapping_add(x).wrapping_add(y);
    (a.wrapping_add(z), b.wrapping_add(a.rotate_right(44)).wrapping_add(start))
}

/// The state that runs over 64 bytes at a time.
struct State {
    x: u64,
    y: u64,
    z: u64,
    v: (u64, u64),
    w: (u64, u64),
}

impl State {
    /// Takes in the block at `at`; `k` is 1 within the text and 9 at its end.
    fn block(&mut self, text: &[u8], at: usize, mul: u64, k: u64) {
        let State { x, y, z, v, w } = self;
        *x = x.wrapping_add(*y).wrapping_add(v.0).wrapping_add(word(text, at + 8)).rotate_right(37).wrapping_mul(mul);
        *y = y.wrapping_add(v.1).wrapping_add(word(text, at + 48)).rotate_right(42).wrapping_mul(mul);
        *x ^= w.1.wrapping_mul(k);
        *y = y.wrapping_add(v.0.wrapping_mul(k)).wrapping_add(word(text, at + 40));
        *z = z.wrapping_add(w.0).rotate_right(33).wrapping_mul(mul);
        *v = weak(text, at, v.1.wrapping_mul(mul), x.wrapping_add(w.0));
        *w = weak(text, at + 32, z.wrapping_add(w.1), y.wrapping_add(word(text, at + 16)));
        std::mem::swap(x, z);
    }
}

/// FarmHash's Fingerprint64 of the bytes.
pub fn farm(text: &[u8]) -> u64 {
    let n = text.len();
    if n <= 16 {
        return up_to_16(text);
    }
    if n <= 64 {
        return up_to_64(text);
    }
    const SEED: u64 = 81;
    let y = SEED.wrapping_mul(K1).wrapping_add(113);
    let z = shift_mix(y.wrapping_mul(K2).wrapping_add(113)).wrapping_mul(K2);
    let mut state = State { x: SEED.wrapping_mul(K2).wrapping_add(word(text, 0)), y, z, v: (0, 0), w: (0, 0) };
    let blocks = (n - 1) / 64;
    for block in 0..blocks {
        state.block(text, 64 * block, K1, 1);
    }
    let mul = K1.wrapping_add((state.z & 0xff) << 1);
    state.w.0 = state.w.0.wrapping_add(((n - 1) & 63) as u64);
    state.v.0 = state.v.0.wrapping_add(state.w.0);
    state.w.0 = state.w.0.wrapping_add(state.v.0);
    state.block(text, n - 64, mul, 9);
    let State { x, y, z, v, w } = state;
    let first = join(v.0, w.0, mul).wrapping_add(shift_mix(y).wrapping_mul(K0)).wrapping_add(z);
    let second = join(v.1, w.1, mul).wrapping_add(x);
    join(first, second, mul)
}

/// SipHash-2-4 of the bytes under a key of two words.
pub fn sip(text: &[u8], key: [u64; 2]) -> u64 {
    let [k0, k1] = key;
    let mut v = [
        k0 ^ 0x736f_6d65_7073_6575,
        k1 ^ 0x646f_7261_6e64_6f6d,
        k0 ^ 0x6c79_6765_6e65_7261,
        k1 ^ 0x7465_6462_7974_6573,
    ];
    let mut take = |m: u64| {
        v[3] ^= m;
        sip_rounds(&mut v, 2);
        v[0] ^= m;
    };
    let words = text.chunks_exact(8);
    let rest = words.remainder();
    words.for_each(|chunk| take(word(chunk, 0)));
    let mut last = [0; 8];
    last[..rest.len()].copy_from_slice(rest);
    last[7] = text.len() as u8;
    take(u64::from_le_bytes(last));
    v[2] ^= 0xff;
    sip_rounds(&mut v, 4);
    v[0] ^ v[1] ^ v[2] ^ v[3]
}

fn sip_rounds(v: &mut [u64; 4], count: usize) {
    for _ in 0..count {
        v[0] = v[0].wrapping_add(v[1]);
        v[2] = v[2].wrapping_add(v[3]);
        v[1] = v[1].rotate_left(13) ^ v[0];
        v[3] = v[3].rotate_left(16) ^ v[2];
        v[0] = v[0].rotate_left(32).wrapping_add(v[3]);
        v[2] = v[2].wrapping_add(v[1]);
        v[1] = v[1].rotate_left(17) ^ v[2];
        v[3] = v[3].rotate_left(21) ^ v[0];
        v[2] = v[2].rotate_left(32);
    }
}

/// y[i] = the hash of texts[i]: SipHash with a key, else FarmHash.
pub fn fingerprints(texts: &[&[u8]], key: Option<[u64; 2]>, y: &mut [u64]) {
    debug_assert!(texts.len() == y.len());
    parallel_chunks(chunks(y, TEXTS), |part, y| {
        for (y, text) in y.iter_mut().zip(&texts[part * TEXTS..]) {
            *y = key.map_or_else(|| farm(text), |key| sip(text, key));
        }
    });
}

#[cfg(test)]
mod tests {
    use super::*;

    /// The first vectors of the paper's appendix and of the reference code: key 00…0f, texts 00, 00 01, …
    #[test]
    fn sip_vectors() {
        let bytes: Vec<u8> = (0..16).collect();
        let key = [word(&bytes, 0), word(&bytes, 8)];
        assert_eq!(sip(&bytes[..15], key), 0xa129_ca61_49be_45e5);
        assert_eq!(sip(&[], key), 0x726f_db47_dd0e_0e31);
    }
}
