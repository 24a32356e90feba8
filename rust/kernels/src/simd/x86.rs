//! AVX2 with FMA, and AVX-512: the registers of x86-64.
//!
//! The intrinsics are unsafe outside their `#[target_feature]` functions. What makes the calls below sound is
//! that `Avx2` and `Avx512` are named by `dispatch` alone, after the machine was asked.

use std::arch::x86_64::*;
use std::ops::{Add, Div, Mul, Neg, Sub};

use super::vector::{Isa, Vector};

#[derive(Clone, Copy)]
pub struct Avx2;

impl Isa for Avx2 {
    type F32 = F32x8;
    type F64 = F64x4;
}

#[derive(Clone, Copy)]
pub struct Avx512;

impl Isa for Avx512 {
    type F32 = F32x16;
    type F64 = F64x8;
}

#[derive(Clone, Copy)]
pub struct F32x8(pub __m256);
#[derive(Clone, Copy)]
pub struct F64x4(pub __m256d);
#[derive(Clone, Copy)]
pub struct F32x16(pub __m512);
#[derive(Clone, Copy)]
pub struct F64x8(pub __m512d);

macro_rules! operators {
    ($name:ident, $($trait:ident, $method:ident, $intrinsic:ident);*) => {
        $(impl $trait for $name {
            type Output = Self;
            #[inline(always)]
            fn $method(self, other: Self) -> Self {
                // SAFETY: values of this type exist only inside their level's shell (module comment).
                $name(unsafe { $intrinsic(self.0, other.0) })
            }
        })*
        impl Neg for $name {
            type Output = Self;
            #[inline(always)]
            fn neg(self) -> Self {
                self.flip_sign()
            }
        }
    };
}

operators!(F32x8, Add, add, _mm256_add_ps; Sub, sub, _mm256_sub_ps; Mul, mul, _mm256_mul_ps; Div, div, _mm256_div_ps);
operators!(F64x4, Add, add, _mm256_add_pd; Sub, sub, _mm256_sub_pd; Mul, mul, _mm256_mul_pd; Div, div, _mm256_div_pd);
operators!(F32x16, Add, add, _mm512_add_ps; Sub, sub, _mm512_sub_ps; Mul, mul, _mm512_mul_ps; Div, div, _mm512_div_ps);
operators!(F64x8, Add, add, _mm512_add_pd; Sub, sub, _mm512_sub_pd; Mul, mul, _mm512_mul_pd; Div, div, _mm512_div_pd);

/// A method whose body is one unsafe expression.
macro_rules! method {
    ($(fn $name:ident($($arg:ident: $type:ty),*) -> $out:ty = $body:expr;)*) => {
        $(#[inline(always)]
        fn $name($($arg: $type),*) -> $out {
            #[allow(unused_unsafe)]
            // SAFETY: values of this type exist only inside their level's shell (module comment).
            unsafe {
                $body
            }
        })*
    };
}

/// What all four registers share, given the names of their intrinsics.
macro_rules! shared {
    ($t:ty, $lanes:literal, $set1:ident, $load:ident, $store:ident, $stream:ident, $fma:ident, $fnma:ident,
     $min:ident, $max:ident, $sqrt:ident) => {
        const LANES: usize = $lanes;
        method! {
            fn splat(value: $t) -> Self = Self($set1(value));
            fn fma(self: Self, a: Self, b: Self) -> Self = Self($fma(self.0, a.0, b.0));
            fn neg_fma(self: Self, a: Self, b: Self) -> Self = Self($fnma(self.0, a.0, b.0));
            fn min(self: Self, other: Self) -> Self = Self($min(self.0, other.0));
            fn max(self: Self, other: Self) -> Self = Self($max(self.0, other.0));
            fn sqrt(self: Self) -> Self = Self($sqrt(self.0));
        }
        #[inline(always)]
        unsafe fn load(from: *const $t) -> Self {
            // SAFETY: the caller grants reading LANES elements.
            Self(unsafe { $load(from) })
        }
        #[inline(always)]
        unsafe fn store(self, to: *mut $t) {
            // SAFETY: the caller grants writing LANES elements.
            unsafe { $store(to, self.0) }
        }
        #[inline(always)]
        unsafe fn stream(self, to: *mut $t) {
            // SAFETY: the caller grants writing LANES elements at an aligned address.
            unsafe { $stream(to, self.0) }
        }
        #[inline(always)]
        fn sum(self) -> $t {
            let mut lanes = [0.0; $lanes];
            // SAFETY: the array has LANES elements.
            unsafe { self.store(lanes.as_mut_ptr()) };
            let mut width = $lanes / 2;
            while width > 0 {
                for i in 0..width {
                    lanes[i] += lanes[i + width];
                }
                width /= 2;
            }
            lanes[0]
        }
    };
}

/// 2^k for whole k + bias in the range of exponents: adding `magic` leaves k + bias in the low bits.
const MAGIC32: f32 = 12_582_912.0;
const MAGIC64: f64 = 6_755_399_441_055_744.0;

/// [`Vector::sums`] by halves that are laid side by side, in the order of `sum`.
macro_rules! sums {
    (F32x16) => {
        #[inline(always)]
        fn sums([a, b, c, d]: [Self; 4]) -> [f32; 4] {
            #[allow(unused_unsafe)]
            // SAFETY: values of this type exist only inside their level's shell; the array has 4 elements.
            unsafe {
                macro_rules! halves {
                    ($x:expr, $y:expr, $low:literal, $high:literal) => {
                        _mm512_add_ps(_mm512_shuffle_f32x4::<$low>($x, $y), _mm512_shuffle_f32x4::<$high>($x, $y))
                    };
                }
                let (ab, cd) = (halves!(a.0, b.0, 0x44, 0xEE), halves!(c.0, d.0, 0x44, 0xEE));
                let all = halves!(ab, cd, 0x88, 0xDD);
                let all = _mm512_add_ps(all, _mm512_shuffle_ps::<0x4E>(all, all));
                let all = _mm512_add_ps(all, _mm512_shuffle_ps::<0xB1>(all, all));
                let mut found = [0.0; 4];
                _mm_storeu_ps(found.as_mut_ptr(), _mm512_castps512_ps128(_mm512_maskz_compress_ps(0x1111, all)));
                found
            }
        }
    };
    (F32x8) => {
        #[inline(always)]
        fn sums([a, b, c, d]: [Self; 4]) -> [f32; 4] {
            #[allow(unused_unsafe)]
            // SAFETY: values of this type exist only inside their level's shell.
            unsafe {
                macro_rules! halves {
                    ($x:expr, $y:expr) => {
                        _mm256_add_ps(_mm256_permute2f128_ps::<0x20>($x, $y), _mm256_permute2f128_ps::<0x31>($x, $y))
                    };
                }
                let (ab, cd) = (halves!(a.0, b.0), halves!(c.0, d.0));
                let all = _mm256_add_ps(_mm256_shuffle_ps::<0x44>(ab, cd), _mm256_shuffle_ps::<0xEE>(ab, cd));
                // Of a and c in the lower half, of b and d in the upper one.
                let all = _mm256_hadd_ps(all, all);
                let (low, high) = (_mm256_castps256_ps128(all), _mm256_extractf128_ps::<1>(all));
                let mut found = [0.0; 4];
                _mm_storeu_ps(found.as_mut_ptr(), _mm_unpacklo_ps(low, high));
                found
            }
        }
    };
    ($other:ident) => {};
}

macro_rules! avx2 {
    ($name:ident, $t:ty, $int:ty, $lanes:literal, $mantissa:literal, $bias:literal, $magic:ident,
     shared: [$($shared:ident),*],
     load: $maskload:ident, store: $maskstore:ident, and: $and:ident, andnot: $andnot:ident, or: $or:ident,
     xor: $xor:ident, cmp: $cmp:ident, blend: $blend:ident, movemask: $movemask:ident, round: $round:ident,
     to_int: $to_int:ident, from_int: $from_int:ident, sll: $sll:ident, srl: $srl:ident) => {
        impl $name {
            method! {
                fn flip_sign(self: Self) -> Self = Self($xor(self.0, Self::splat(-0.0).0));
                fn power_of_two(k: Self) -> Self = {
                    let biased = k + Self::splat($magic + $bias);
                    Self($from_int($sll::<$mantissa>($to_int(biased.0))))
                };
            }
            #[inline(always)]
            fn first(count: usize) -> __m256i {
                static WINDOW: [$int; 2 * $lanes] = {
                    let mut window = [0; 2 * $lanes];
                    let mut i = 0;
                    while i < $lanes {
                        window[i] = -1;
                        i += 1;
                    }
                    window
                };
                debug_assert!(count <= $lanes);
                // SAFETY: count ≤ LANES, so the 32 bytes read lie inside the window.
                unsafe { _mm256_loadu_si256(WINDOW.as_ptr().add($lanes - count).cast()) }
            }
        }

        impl Vector<$t> for $name {
            sums!($name);
            type Mask = Self;
            shared!($t, $lanes, $($shared),*);

            #[inline(always)]
            unsafe fn load_partial(from: *const $t, count: usize) -> Self {
                // SAFETY: only the first `count` elements are touched, which the caller grants.
                Self(unsafe { $maskload(from, Self::first(count)) })
            }
            #[inline(always)]
            unsafe fn store_partial(self, to: *mut $t, count: usize) {
                // SAFETY: only the first `count` elements are touched, which the caller grants.
                unsafe { $maskstore(to, Self::first(count), self.0) }
            }
            method! {
                fn abs(self: Self) -> Self = Self($andnot(Self::splat(-0.0).0, self.0));
                fn round(self: Self) -> Self = Self($round::<{ _MM_FROUND_TO_NEAREST_INT | _MM_FROUND_NO_EXC }>(self.0));
                fn floor(self: Self) -> Self = Self($round::<{ _MM_FROUND_TO_NEG_INF | _MM_FROUND_NO_EXC }>(self.0));
                fn copysign(self: Self, sign: Self) -> Self =
                    Self($or(self.abs().0, $and(Self::splat(-0.0).0, sign.0)));
                fn eq(self: Self, other: Self) -> Self = Self($cmp::<_CMP_EQ_OQ>(self.0, other.0));
                fn lt(self: Self, other: Self) -> Self = Self($cmp::<_CMP_LT_OQ>(self.0, other.0));
                fn le(self: Self, other: Self) -> Self = Self($cmp::<_CMP_LE_OQ>(self.0, other.0));
                fn is_nan(self: Self) -> Self = Self($cmp::<_CMP_UNORD_Q>(self.0, self.0));
                fn select(mask: Self, yes: Self, no: Self) -> Self = Self($blend(no.0, yes.0, mask.0));
                fn mask_and(a: Self, b: Self) -> Self = Self($and(a.0, b.0));
                fn mask_or(a: Self, b: Self) -> Self = Self($or(a.0, b.0));
                fn mask_not(a: Self) -> Self = Self($xor(a.0, $cmp::<_CMP_TRUE_UQ>(a.0, a.0)));
                fn any(mask: Self) -> bool = $movemask(mask.0) != 0;
                fn bits(mask: Self) -> u32 = $movemask(mask.0) as u32;
                fn scale2(self: Self, n: Self) -> Self = {
                    let half = (n * Self::splat(0.5)).round();
                    self * Self::power_of_two(half) * Self::power_of_two(n - half)
                };
                fn split(self: Self) -> (Self, Self) = {
                    // The exponent's bits below those of 2^mantissa are the number 2^mantissa + exponent.
                    let offset = Self::splat((1u64 << $mantissa) as $t);
                    let exponent = Self($or($from_int($srl::<$mantissa>($to_int(self.0))), offset.0));
                    let low = Self::splat(<$t>::from_bits((1 << $mantissa) - 1));
                    let mantissa = Self($or($and(self.0, low.0), Self::splat(1.0).0));
                    (mantissa, exponent - (offset + Self::splat($bias)))
                };
            }
        }
    };
}

avx2!(F32x8, f32, i32, 8, 23, 127.0, MAGIC32,
    shared: [_mm256_set1_ps, _mm256_loadu_ps, _mm256_storeu_ps, _mm256_stream_ps, _mm256_fmadd_ps,
        _mm256_fnmadd_ps, _mm256_min_ps, _mm256_max_ps, _mm256_sqrt_ps],
    load: _mm256_maskload_ps, store: _mm256_maskstore_ps, and: _mm256_and_ps, andnot: _mm256_andnot_ps,
    or: _mm256_or_ps, xor: _mm256_xor_ps, cmp: _mm256_cmp_ps, blend: _mm256_blendv_ps,
    movemask: _mm256_movemask_ps, round: _mm256_round_ps, to_int: _mm256_castps_si256,
    from_int: _mm256_castsi256_ps, sll: _mm256_slli_epi32, srl: _mm256_srli_epi32);

avx2!(F64x4, f64, i64, 4, 52, 1023.0, MAGIC64,
    shared: [_mm256_set1_pd, _mm256_loadu_pd, _mm256_storeu_pd, _mm256_stream_pd, _mm256_fmadd_pd,
        _mm256_fnmadd_pd, _mm256_min_pd, _mm256_max_pd, _mm256_sqrt_pd],
    load: _mm256_maskload_pd, store: _mm256_maskstore_pd, and: _mm256_and_pd, andnot: _mm256_andnot_pd,
    or: _mm256_or_pd, xor: _mm256_xor_pd, cmp: _mm256_cmp_pd, blend: _mm256_blendv_pd,
    movemask: _mm256_movemask_pd, round: _mm256_round_pd, to_int: _mm256_castpd_si256,
    from_int: _mm256_castsi256_pd, sll: _mm256_slli_epi64, srl: _mm256_srli_epi64);

macro_rules! avx512 {
    ($name:ident, $t:ty, $mask:ty, $lanes:literal,
     shared: [$($shared:ident),*],
     load: $maskload:ident, store: $maskstore:ident, and: $and:ident, andnot: $andnot:ident, or: $or:ident,
     xor: $xor:ident, cmp: $cmp:ident, blend: $blend:ident, round: $round:ident, scalef: $scalef:ident,
     getmant: $getmant:ident, getexp: $getexp:ident) => {
        impl $name {
            method! {
                fn flip_sign(self: Self) -> Self = Self($xor(self.0, Self::splat(-0.0).0));
            }
            #[inline(always)]
            fn first(count: usize) -> $mask {
                debug_assert!(count <= $lanes);
                ((1u32 << count) - 1) as $mask
            }
        }

        impl Vector<$t> for $name {
            sums!($name);
            type Mask = $mask;
            shared!($t, $lanes, $($shared),*);

            #[inline(always)]
            unsafe fn load_partial(from: *const $t, count: usize) -> Self {
                // SAFETY: only the first `count` elements are touched, which the caller grants.
                Self(unsafe { $maskload(Self::first(count), from) })
            }
            #[inline(always)]
            unsafe fn store_partial(self, to: *mut $t, count: usize) {
                // SAFETY: only the first `count` elements are touched, which the caller grants.
                unsafe { $maskstore(to, Self::first(count), self.0) }
            }
            #[inline(always)]
            fn mask_and(a: $mask, b: $mask) -> $mask {
                a & b
            }
            #[inline(always)]
            fn mask_or(a: $mask, b: $mask) -> $mask {
                a | b
            }
            #[inline(always)]
            fn mask_not(a: $mask) -> $mask {
                !a
            }
            #[inline(always)]
            fn any(mask: $mask) -> bool {
                mask != 0
            }
            #[inline(always)]
            fn bits(mask: $mask) -> u32 {
                u32::from(mask)
            }
            method! {
                fn abs(self: Self) -> Self = Self($andnot(Self::splat(-0.0).0, self.0));
                fn round(self: Self) -> Self = Self($round::<{ _MM_FROUND_TO_NEAREST_INT | _MM_FROUND_NO_EXC }>(self.0));
                fn floor(self: Self) -> Self = Self($round::<{ _MM_FROUND_TO_NEG_INF | _MM_FROUND_NO_EXC }>(self.0));
                fn copysign(self: Self, sign: Self) -> Self =
                    Self($or(self.abs().0, $and(Self::splat(-0.0).0, sign.0)));
                fn eq(self: Self, other: Self) -> $mask = $cmp::<_CMP_EQ_OQ>(self.0, other.0);
                fn lt(self: Self, other: Self) -> $mask = $cmp::<_CMP_LT_OQ>(self.0, other.0);
                fn le(self: Self, other: Self) -> $mask = $cmp::<_CMP_LE_OQ>(self.0, other.0);
                fn is_nan(self: Self) -> $mask = $cmp::<_CMP_UNORD_Q>(self.0, self.0);
                fn select(mask: $mask, yes: Self, no: Self) -> Self = Self($blend(mask, no.0, yes.0));
                fn scale2(self: Self, n: Self) -> Self = Self($scalef(self.0, n.0));
                fn split(self: Self) -> (Self, Self) = (
                    Self($getmant::<_MM_MANT_NORM_1_2, _MM_MANT_SIGN_SRC>(self.0)),
                    Self($getexp(self.0)),
                );
            }
        }
    };
}

avx512!(F32x16, f32, __mmask16, 16,
    shared: [_mm512_set1_ps, _mm512_loadu_ps, _mm512_storeu_ps, _mm512_stream_ps, _mm512_fmadd_ps,
        _mm512_fnmadd_ps, _mm512_min_ps, _mm512_max_ps, _mm512_sqrt_ps],
    load: _mm512_maskz_loadu_ps, store: _mm512_mask_storeu_ps, and: _mm512_and_ps, andnot: _mm512_andnot_ps,
    or: _mm512_or_ps, xor: _mm512_xor_ps, cmp: _mm512_cmp_ps_mask, blend: _mm512_mask_blend_ps,
    round: _mm512_roundscale_ps, scalef: _mm512_scalef_ps, getmant: _mm512_getmant_ps, getexp: _mm512_getexp_ps);

avx512!(F64x8, f64, __mmask8, 8,
    shared: [_mm512_set1_pd, _mm512_loadu_pd, _mm512_storeu_pd, _mm512_stream_pd, _mm512_fmadd_pd,
        _mm512_fnmadd_pd, _mm512_min_pd, _mm512_max_pd, _mm512_sqrt_pd],
    load: _mm512_maskz_loadu_pd, store: _mm512_mask_storeu_pd, and: _mm512_and_pd, andnot: _mm512_andnot_pd,
    or: _mm512_or_pd, xor: _mm512_xor_pd, cmp: _mm512_cmp_pd_mask, blend: _mm512_mask_blend_pd,
    round: _mm512_roundscale_pd, scalef: _mm512_scalef_pd, getmant: _mm512_getmant_pd, getexp: _mm512_getexp_pd);
