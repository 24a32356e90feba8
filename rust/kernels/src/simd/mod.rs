//! The only door to instruction sets: which level this process uses, decided once, and how kernels run at it.
//!
//! A kernel is a struct of slices and sizes with one generic body:
//!
//! ```
//! use neuroxide_kernels::simd::{self, Float, Isa, Kernel};
//!
//! neuroxide_kernels::maps! {
//!     Twice(x) => x + x;
//! }
//!
//! struct Double<'a, T>(&'a mut [T]);
//!
//! impl<T: Float> Kernel for Double<'_, T> {
//!     type Output = ();
//!     #[inline(always)] // or the body loses the level's instructions; so no closures in it either
//!     fn run<I: Isa>(self) {
//!         simd::map_in_place::<T, I>(&Twice, self.0);
//!     }
//! }
//!
//! let mut x = [1.0f32, 2.0, 3.0];
//! simd::dispatch(Double(&mut x));
//! assert_eq!(x, [2.0, 4.0, 6.0]);
//! ```

use std::sync::OnceLock;

mod baseline;
mod lanes;
pub mod math;
mod vector;
#[cfg(target_arch = "x86_64")]
mod x86;

pub(crate) use baseline::Baseline;
pub use lanes::{AHEAD, LINE, Map, aligned, fetch_far, fetch_near, map, map_in_place, stream_fence};
pub use math::Math;
pub use vector::{Float, Isa, V, Vector};
#[cfg(target_arch = "x86_64")]
pub(crate) use x86::{Avx2, Avx512};

/// Instruction-set levels, in rising order.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Level {
    /// What the target guarantees: SSE2 on x86-64, NEON on aarch64.
    Baseline,
    /// AVX2 with FMA.
    Avx2,
    /// AVX-512 F, BW, DQ, VL.
    Avx512,
}

impl Level {
    /// The name that `NEUROXIDE_ISA` takes and `neuroxide info` prints.
    pub fn name(self) -> &'static str {
        match self {
            Level::Baseline => "baseline",
            Level::Avx2 => "avx2",
            Level::Avx512 => "avx512",
        }
    }
}

/// The best level that this machine has.
pub fn best() -> Level {
    #[cfg(target_arch = "x86_64")]
    {
        let avx2 = is_x86_feature_detected!("avx2") && is_x86_feature_detected!("fma");
        let avx512 = is_x86_feature_detected!("avx512f")
            && is_x86_feature_detected!("avx512bw")
            && is_x86_feature_detected!("avx512dq")
            && is_x86_feature_detected!("avx512vl");
        if avx2 && avx512 {
            return Level::Avx512;
        }
        if avx2 {
            return Level::Avx2;
        }
    }
    Level::Baseline
}

/// The level that a `NEUROXIDE_ISA` value asks for, or why it can't be had.
pub fn resolve(asked: Option<&str>) -> Result<Level, String> {
    let best = best();
    let level = match asked {
        None | Some("") => return Ok(best),
        Some("baseline") => Level::Baseline,
        Some("avx2") => Level::Avx2,
        Some("avx512") => Level::Avx512,
        Some(other) => {
            return Err(format!("NEUROXIDE_ISA: expected baseline, avx2 or avx512, got {other:?}"));
        }
    };
    if level > best {
        return Err(format!(
            "NEUROXIDE_ISA={} asks for more than this machine has, which is {}",
            level.name(),
            best.name()
        ));
    }
    Ok(level)
}

/// The level in use: `NEUROXIDE_ISA` where it is set, else the best. The bindings call [`resolve`]
/// at import, so that a wrong value is a Python error before any kernel runs.
///
/// # Panics
/// When `NEUROXIDE_ISA` asks for a level that the machine lacks: a test run must never fall back silently.
pub fn level() -> Level {
    static LEVEL: OnceLock<Level> = OnceLock::new();
    *LEVEL.get_or_init(|| {
        let asked = std::env::var("NEUROXIDE_ISA").ok();
        resolve(asked.as_deref()).unwrap_or_else(|why| panic!("{why}"))
    })
}

/// A body to run at the level in use. `run` must be `#[inline(always)]`.
pub trait Kernel {
    type Output;
    fn run<I: Isa>(self) -> Self::Output;
}

/// Runs a kernel at the level in use, inside one `#[target_feature]` shell.
#[inline]
pub fn dispatch<K: Kernel>(kernel: K) -> K::Output {
    match level() {
        #[cfg(target_arch = "x86_64")]
        // SAFETY: `resolve` gives a level only when the machine has it.
        Level::Avx512 => unsafe { shell_avx512(kernel) },
        #[cfg(target_arch = "x86_64")]
        // SAFETY: `resolve` gives a level only when the machine has it.
        Level::Avx2 => unsafe { shell_avx2(kernel) },
        _ => kernel.run::<baseline::Baseline>(),
    }
}

#[cfg(target_arch = "x86_64")]
#[target_feature(enable = "avx512f,avx512bw,avx512dq,avx512vl,avx2,fma")]
fn shell_avx512<K: Kernel>(kernel: K) -> K::Output {
    kernel.run::<x86::Avx512>()
}

#[cfg(target_arch = "x86_64")]
#[target_feature(enable = "avx2,fma")]
fn shell_avx2<K: Kernel>(kernel: K) -> K::Output {
    kernel.run::<x86::Avx2>()
}
