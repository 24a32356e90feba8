//! Products of every form and size against a plain triple loop in f64.

use neuroxide_kernels::gemm::{Activation, Epilogue, Factor, Scalar, Shape, gemm};
use neuroxide_kernels::scratch::Plain;
use neuroxide_kernels::threads;
use std::sync::{Mutex, MutexGuard};

/// The thread count is the process's: one test at a time.
fn alone() -> MutexGuard<'static, ()> {
    static ALONE: Mutex<()> = Mutex::new(());
    ALONE.lock().unwrap_or_else(|poisoned| poisoned.into_inner())
}

/// Numbers of about unit size that need all bits, from a linear congruence.
struct Numbers(u64);

impl Numbers {
    fn next(&mut self) -> f64 {
        self.0 = self.0.wrapping_mul(6364136223846793005).wrapping_add(1442695040888963407);
        (self.0 >> 11) as f64 / (1u64 << 52) as f64 - 1.0
    }

    fn fill<T: Scalar>(&mut self, len: usize) -> Vec<T> {
        (0..len).map(|_| T::from_f64(self.next())).collect()
    }
}

/// One product with everything that can be asked of it.
#[derive(Clone, Copy, Debug)]
struct Case {
    shape: Shape,
    ta: bool,
    tb: bool,
    /// Elements between the end of a stored row and the next row.
    gap: usize,
    accumulate: bool,
    bias: bool,
    activation: Activation,
}

impl Case {
    fn plain(m: usize, n: usize, k: usize, ta: bool, tb: bool) -> Case {
        let shape = Shape { batch: 1, m, n, k };
        Case { shape, ta, tb, gap: 0, accumulate: false, bias: false, activation: Activation::Linear }
    }
}

struct Data<T> {
    a: Vec<T>,
    b: Vec<T>,
    c: Vec<T>,
    bias: Vec<T>,
    a_row: usize,
    b_row: usize,
    a_batch: usize,
    b_batch: usize,
}

fn data<T: Scalar>(case: &Case) -> Data<T> {
    let Shape { batch, m, n, k } = case.shape;
    let mut numbers = Numbers((m * 31 + n * 17 + k * 7 + batch) as u64);
    let (a_rows, a_columns) = if case.ta { (k, m) } else { (m, k) };
    let (b_rows, b_columns) = if case.tb { (n, k) } else { (k, n) };
    let (a_row, b_row) = (a_columns + case.gap, b_columns + case.gap);
    let (a_batch, b_batch) = (a_rows * a_row + case.gap, b_rows * b_row + case.gap);
    Data {
        a: numbers.fill(batch * a_batch),
        b: numbers.fill(batch * b_batch),
        c: numbers.fill(batch * m * n),
        bias: numbers.fill(n),
        a_row,
        b_row,
        a_batch,
        b_batch,
    }
}

fn run<T: Scalar + Plain>(case: &Case, d: &Data<T>) -> Vec<T> {
    let a = Factor { data: &d.a, row_stride: d.a_row, batch_stride: d.a_batch, transposed: case.ta };
    let b = Factor { data: &d.b, row_stride: d.b_row, batch_stride: d.b_batch, transposed: case.tb };
    let epilogue =
        Epilogue { accumulate: case.accumulate, bias: case.bias.then_some(&d.bias[..]), activation: case.activation };
    let mut c = d.c.clone();
    gemm(case.shape, a, b, &mut c, epilogue);
    c
}

/// Compares with the triple loop; the bound is that of any order of summation.
fn check<T: Scalar + Plain>(case: Case) {
    let d = data::<T>(&case);
    let got = run(&case, &d);
    let Shape { batch, m, n, k } = case.shape;
    let epsilon = if size_of::<T>() == 4 { f64::from(f32::EPSILON) } else { f64::EPSILON };
    for s in 0..batch {
        for i in 0..m {
            for j in 0..n {
                let (mut sum, mut size) = (0.0, 0.0);
                for l in 0..k {
                    let a = d.a[s * d.a_batch + if case.ta { l * d.a_row + i } else { i * d.a_row + l }].to_f64();
                    let b = d.b[s * d.b_batch + if case.tb { j * d.b_row + l } else { l * d.b_row + j }].to_f64();
                    sum += a * b;
                    size += (a * b).abs();
                }
                let at = (s * m + i) * n + j;
                if case.accumulate {
                    sum += d.c[at].to_f64();
                    size += d.c[at].to_f64().abs();
                }
                if case.bias {
                    sum += d.bias[j].to_f64();
                    size += d.bias[j].to_f64().abs();
                }
                let want = match case.activation {
                    Activation::Linear => sum,
                    Activation::Relu => sum.max(0.0),
                    Activation::Tanh => sum.tanh(),
                    Activation::Sigmoid => 1.0 / (1.0 + (-sum).exp()),
                };
                let bound = (k as f64 + 8.0)
                    * epsilon
                    * size.max(if case.activation == Activation::Linear { 0.0 } else { 1.0 });
                let error = (got[at].to_f64() - want).abs();
                assert!(error <= bound, "{case:?} at {s},{i},{j}: got {:?}, want {want}, bound {bound:e}", got[at]);
            }
        }
    }
}

fn both(case: Case) {
    check::<f32>(case);
    check::<f64>(case);
}

const FORMS: [(bool, bool); 4] = [(false, false), (false, true), (true, false), (true, true)];

#[test]
fn all_small_sizes_in_every_form() {
    let _alone = alone();
    for (ta, tb) in FORMS {
        for m in 0..=17 {
            for n in 0..=17 {
                for k in 0..=17 {
                    both(Case { gap: (m + n + k) % 3, ..Case::plain(m, n, k, ta, tb) });
                }
            }
        }
    }
}

#[test]
fn sizes_past_each_lane_width_and_tile() {
    let _alone = alone();
    let sizes = [1, 2, 7, 11, 12, 13, 19, 23, 24, 25, 31, 32, 33, 37, 53, 67, 97];
    for (ta, tb) in FORMS {
        for m in sizes {
            for n in sizes {
                both(Case::plain(m, n, 5 + m % 4, ta, tb));
            }
        }
    }
}

#[test]
fn several_blocks_of_every_dimension() {
    let _alone = alone();
    for (ta, tb) in FORMS {
        for (m, n, k) in [
            (1, 300, 700),
            (300, 1, 700),
            (2, 65, 1100),
            (67, 263, 257),
            (131, 67, 521),
            (97, 521, 64),
            (5, 10, 3000),
            (260, 20, 129),
            (700, 20, 600),
            (300, 3, 70),
            // Few columns with a long sum: in one and in several runs, rows past one turn, every number of columns at once.
            (50, 3, 300),
            (47, 20, 1701),
            (601, 10, 5003),
            (4103, 2, 259),
        ] {
            both(Case { gap: 3, ..Case::plain(m, n, k, ta, tb) });
        }
        // A B of 24 MiB and more is brought into panels before a few rows use it.
        both(Case { gap: 3, ..Case::plain(17, 2497, 2603, ta, tb) });
        for n in 2..=25 {
            both(Case { gap: 1, ..Case::plain(19, n, 517, ta, tb) });
        }
        // Rows a multiple of a page apart are copied.
        both(Case::plain(40, 200, 1024, ta, tb));
    }
}

#[test]
fn epilogues() {
    let _alone = alone();
    for activation in [Activation::Linear, Activation::Relu, Activation::Tanh, Activation::Sigmoid] {
        for accumulate in [false, true] {
            for bias in [false, true] {
                for (m, n, k) in [
                    (1, 37, 19),
                    (37, 1, 19),
                    // A row's product in several runs of k, and with a width past whole registers.
                    (1, 301, 701),
                    (13, 45, 0),
                    (1, 5, 0),
                    (29, 71, 33),
                    (14, 40, 600),
                    (150, 9, 520),
                    (3, 3, 3),
                ] {
                    for (ta, tb) in FORMS {
                        both(Case { accumulate, bias, activation, ..Case::plain(m, n, k, ta, tb) });
                    }
                }
            }
        }
    }
}

#[test]
fn batches() {
    let _alone = alone();
    for (ta, tb) in FORMS {
        for (batch, m, n, k) in
            [(0, 3, 4, 5), (3, 4, 5, 6), (70, 2, 3, 4), (5, 33, 47, 29), (3, 1, 9, 7), (2, 130, 300, 40)]
        {
            let case = Case { gap: 2, bias: true, ..Case::plain(m, n, k, ta, tb) };
            both(Case { shape: Shape { batch, ..case.shape }, ..case });
        }
    }
    // One factor for all of the batch.
    let (a, b) = (Numbers(1).fill::<f32>(6 * 2 * 3), Numbers(2).fill::<f32>(3 * 4));
    let mut c = vec![0.0f32; 6 * 2 * 4];
    let shape = Shape { batch: 6, m: 2, n: 4, k: 3 };
    gemm(shape, Factor::new(&a, 3, false).batched(6), Factor::new(&b, 4, false), &mut c, Epilogue::default());
    let mut flat = vec![0.0f32; 6 * 2 * 4];
    let shape = Shape { batch: 1, m: 12, n: 4, k: 3 };
    gemm(shape, Factor::new(&a, 3, false), Factor::new(&b, 4, false), &mut flat, Epilogue::default());
    assert_eq!(c, flat);
}

/// Same bits for any number of threads, and wherever the operands lie.
#[test]
fn bits_depend_on_nothing_but_the_numbers() {
    let _alone = alone();
    let before = threads::num_threads();
    for (m, n, k) in [
        (1, 700, 900),
        (64, 256, 700),
        (209, 20, 3000),
        (300, 300, 300),
        (513, 130, 77),
        (128, 10, 512),
        (4200, 3, 700),
    ] {
        for (ta, tb) in FORMS {
            let case = Case::plain(m, n, k, ta, tb);
            let d = data::<f32>(&case);
            threads::set_num_threads(1);
            let one = run(&case, &d);
            for t in [2, 3, 5] {
                threads::set_num_threads(t);
                assert!(one == run(&case, &d), "{case:?} on {t} threads");
            }
            let shifted = |v: &[f32]| [&[0.0; 3][..], v].concat();
            let (a, b) = (shifted(&d.a), shifted(&d.b));
            let mut c = vec![0.0f32; m * n + 1];
            let (a, b) = (Factor::new(&a[3..], d.a_row, ta), Factor::new(&b[3..], d.b_row, tb));
            gemm(case.shape, a, b, &mut c[1..], Epilogue::default());
            assert!(one == c[1..], "{case:?} at another address");
        }
    }
    threads::set_num_threads(before);
}

#[test]
fn nan_and_infinity_propagate() {
    let _alone = alone();
    for (m, n, k) in [(1, 40, 30), (20, 45, 600), (40, 1, 30), (3, 3, 3), (20, 5, 600)] {
        for (ta, tb) in FORMS {
            for activation in [Activation::Linear, Activation::Relu, Activation::Tanh, Activation::Sigmoid] {
                let case = Case { activation, ..Case::plain(m, n, k, ta, tb) };
                let mut d = data::<f32>(&case);
                // Row i of A has a NaN; an infinity in row 0 meets a zero of column 0 of B.
                let (i, l) = (m - 1, k / 2);
                d.a[if ta { l * m + i } else { i * k + l }] = f32::NAN;
                let c = run(&case, &d);
                assert!(c[i * n..][..n].iter().all(|x| x.is_nan()), "{case:?}");
                assert!(c[..i * n].iter().all(|x| !x.is_nan()), "{case:?}");
                d = data(&case);
                d.a[0] = f32::INFINITY;
                d.b[0] = 0.0;
                assert!(run(&case, &d)[0].is_nan(), "{case:?}");
            }
        }
    }
}

#[test]
#[should_panic(expected = "too short")]
fn a_short_slice_is_refused() {
    let mut c = [0.0f32; 4];
    gemm(
        Shape { batch: 1, m: 2, n: 2, k: 2 },
        Factor::new(&[0.0; 3], 2, false),
        Factor::new(&[0.0; 4], 2, false),
        &mut c,
        Epilogue::default(),
    );
}
