//! The machine's limits, measured: multiply-adds per second, and bytes copied per second.

use crate::scratch;
use crate::simd::{self, Float, Isa, Kernel, V, Vector};
use crate::threads;
use std::hint::black_box;
use std::time::Instant;

/// Independent chains of multiply-adds: more than latency times throughput of any machine.
const CHAINS: usize = 12;
/// Steps of every chain between two looks at the clock: some tens of microseconds.
const STEPS: usize = 16_384;
/// The longest that `fma` measures, since no Ctrl-C is heard meanwhile.
pub const MAX_SECONDS: f64 = 2.0;
/// Bytes that one part of a copy handles.
const PIECE: usize = 1 << 20;

/// GFLOP/s of fused multiply-adds in float32 at the level in use, on `threads` threads for about `seconds`,
/// `MAX_SECONDS` at most.
/// Every thread counts what it does in the same stretch of time, in registers alone.
pub fn fma(seconds: f64, threads: usize) -> f64 {
    let threads = threads.clamp(1, crate::threads::MAX_THREADS);
    let seconds = seconds.clamp(0.0, MAX_SECONDS);
    let run = || {
        // Half the time warms the core up.
        let begin = Instant::now();
        while begin.elapsed().as_secs_f64() < seconds / 2.0 {
            simd::dispatch(Chains::<f32>::new());
        }
        let begin = Instant::now();
        let mut done = 0.0;
        loop {
            done += simd::dispatch(Chains::<f32>::new());
            let elapsed = begin.elapsed().as_secs_f64();
            if elapsed >= seconds / 2.0 {
                return done / elapsed / 1e9;
            }
        }
    };
    std::thread::scope(|scope| {
        // Without threads of its own a machine measures on the caller.
        let others: Vec<_> =
            (1..threads).filter_map(|_| std::thread::Builder::new().spawn_scoped(scope, run).ok()).collect();
        let own = run();
        own + others.into_iter().filter_map(|t| t.join().ok()).sum::<f64>()
    })
}

struct Chains<T>(std::marker::PhantomData<T>);

impl<T> Chains<T> {
    fn new() -> Self {
        Chains(std::marker::PhantomData)
    }
}

impl<T: Float> Kernel for Chains<T> {
    /// Floating-point operations done.
    type Output = f64;

    #[inline(always)]
    fn run<I: Isa>(self) -> f64 {
        let factor = V::<T, I>::splat(black_box(T::from_f64(0.999)));
        let term = V::<T, I>::splat(black_box(T::from_f64(0.001)));
        let mut sums = [V::<T, I>::splat(black_box(T::ONE)); CHAINS];
        for _ in 0..STEPS {
            for sum in &mut sums {
                *sum = sum.fma(factor, term);
            }
        }
        let mut all = sums[0];
        for sum in &sums[1..] {
            all = all + *sum;
        }
        black_box(all.sum());
        (2 * STEPS * CHAINS * V::<T, I>::LANES) as f64
    }
}

/// GB/s of copying `bytes` bytes (read plus written) on all threads: the best of several runs.
/// `non_temporal` writes past the caches, as kernels do with outputs too large for them.
pub fn stream(bytes: usize, non_temporal: bool) -> f64 {
    let len = (bytes / size_of::<f32>()).max(PIECE / size_of::<f32>());
    let mut from = scratch::take::<f32>(len);
    let mut to = scratch::take::<f32>(len);
    from.fill(1.0);
    to.fill(2.0);
    let from = &from[..];
    let chunk = PIECE / size_of::<f32>();
    let mut best = f64::INFINITY;
    for _ in 0..5 {
        let begin = Instant::now();
        threads::parallel_chunks_whole(threads::chunks(&mut to, chunk), |part, to| {
            let from = &from[part * chunk..][..to.len()];
            simd::dispatch(Copy { from, to, non_temporal });
        });
        best = best.min(begin.elapsed().as_secs_f64());
    }
    2.0 * (len * size_of::<f32>()) as f64 / best / 1e9
}

struct Copy<'a> {
    from: &'a [f32],
    to: &'a mut [f32],
    non_temporal: bool,
}

impl Kernel for Copy<'_> {
    type Output = ();

    #[inline(always)]
    fn run<I: Isa>(self) {
        simd::map::<f32, I, 1>(&Same, [self.from], self.to, self.non_temporal);
    }
}

crate::maps! {
    Same(x) => x;
}

#[cfg(test)]
mod tests {
    #[test]
    fn rates_are_plausible() {
        let one = super::fma(0.02, 1);
        assert!(one > 0.5 && one < 2000.0, "{one} GFLOP/s");
        for non_temporal in [false, true] {
            let rate = super::stream(8 << 20, non_temporal);
            assert!(rate > 0.1 && rate < 5000.0, "{rate} GB/s");
        }
    }
}
