use super::*;

fn wave(n: usize, shift: f64) -> Vec<f64> {
    (0..n).map(|i| (i as f64 * 0.7).sin() + shift + (i % 5) as f64 * 0.1).collect()
}

fn narrow(x: &[f64]) -> Vec<f32> {
    x.iter().map(|&x| x as f32).collect()
}

/// (layout, the set of each element, the channel of each element).
fn layouts() -> Vec<(Layout, Vec<usize>, Vec<usize>)> {
    let mut found = Vec::new();
    for (outer, c, inner) in
        [(1, 1, 1), (7, 3, 1), (133, 3, 1), (70, 64, 1), (9, 1030, 1), (3, 5, 7), (2, 3, 2051), (300, 37, 1)]
    {
        let n = outer * c * inner;
        let channel: Vec<usize> = (0..n).map(|i| i / inner % c).collect();
        found.push((Layout::batch(outer, c, inner), channel.clone(), channel));
    }
    for (e, outer, c, inner, groups) in
        [(2, 5, 6, 1, 3), (3, 1, 4, 9, 2), (2, 3, 4, 5, 4), (2, 40, 8, 1, 1), (90, 2, 48, 1, 48)]
    {
        let n = e * outer * c * inner;
        let channel: Vec<usize> = (0..n).map(|i| i / inner % c).collect();
        let set = (0..n).map(|i| i / (outer * c * inner) * groups + channel[i] / (c / groups)).collect();
        found.push((Layout::grouped(e, outer, c, inner, groups), set, channel));
    }
    found
}

fn plain_moments(x: &[f64], set: &[usize], sets: usize) -> (Vec<f64>, Vec<f64>) {
    let (mut mean, mut variance, mut count) = (vec![0.0; sets], vec![0.0; sets], vec![0.0; sets]);
    for (x, &s) in x.iter().zip(set) {
        mean[s] += x;
        count[s] += 1.0;
    }
    (0..sets).for_each(|s| mean[s] /= count[s]);
    for (x, &s) in x.iter().zip(set) {
        variance[s] += (x - mean[s]).powi(2) / count[s];
    }
    (mean, variance)
}

#[test]
fn moments_agree_with_two_passes_in_float64() {
    for (layout, set, _) in layouts() {
        for shift in [0.0, 1e4] {
            let single = narrow(&wave(set.len(), shift));
            let x: Vec<f64> = single.iter().map(|&x| f64::from(x)).collect();
            let sets = layout.statistics();
            let want = plain_moments(&x, &set, sets);
            let (mut mean, mut variance) = (vec![0.0; sets], vec![0.0; sets]);
            channel_moments(&layout, &single, &mut mean, &mut variance);
            for s in 0..sets {
                assert!((mean[s] - want.0[s]).abs() < 3e-7, "{layout:?}: mean {} {}", mean[s], want.0[s]);
                let error = (variance[s] - want.1[s]).abs();
                assert!(error <= 1e-6 * want.1[s] + 1e-12, "{layout:?}: {} {}", variance[s], want.1[s]);
            }
            channel_moments(&layout, &x, &mut mean, &mut variance);
            for s in 0..sets {
                assert!((variance[s] - want.1[s]).abs() <= 1e-12 * (1.0 + want.1[s]), "{layout:?}");
            }
        }
    }
}

#[test]
fn values_and_slopes_agree_with_the_formulas() {
    for (layout, set, channel) in layouts() {
        let n = set.len();
        let (x, dy) = (wave(n, 3.0), (0..n).map(|i| (i as f64 * 1.3).cos()).collect::<Vec<_>>());
        let c = layout.channels;
        let gamma: Vec<f64> = (0..c).map(|c| 0.5 + (c % 3) as f64).collect();
        let beta: Vec<f64> = (0..c).map(|c| (c % 4) as f64 - 1.0).collect();
        let sets = layout.statistics();
        let (mean, variance) = plain_moments(&x, &set, sets);
        let count = layout.count() as f64;
        for relu in [false, true] {
            let form = Form { gamma: Some(&gamma[..]), beta: Some(&beta[..]), epsilon: 1e-3, relu };
            let mut y = vec![0.0; n];
            channel_apply(&layout, &form, &x, &mean, &variance, &mut y);
            let inv: Vec<f64> = variance.iter().map(|v| 1.0 / (v + 1e-3).sqrt()).collect();
            let hat: Vec<f64> = (0..n).map(|i| (x[i] - mean[set[i]]) * inv[set[i]]).collect();
            let line: Vec<f64> = (0..n).map(|i| gamma[channel[i]] * hat[i] + beta[channel[i]]).collect();
            for i in 0..n {
                let want = if relu { line[i].max(0.0) } else { line[i] };
                assert!((y[i] - want).abs() < 1e-11, "{layout:?} {i}");
            }
            let g: Vec<f64> = (0..n).map(|i| if relu && line[i] <= 0.0 { 0.0 } else { dy[i] }).collect();
            let (mut sum, mut product) = (vec![0.0; sets], vec![0.0; sets]);
            let (mut want_gamma, mut want_beta) = (vec![0.0; c], vec![0.0; c]);
            for i in 0..n {
                sum[set[i]] += gamma[channel[i]] * g[i] / count;
                product[set[i]] += gamma[channel[i]] * g[i] * hat[i] / count;
                want_gamma[channel[i]] += g[i] * hat[i];
                want_beta[channel[i]] += g[i];
            }
            let (mut dx, mut dgamma, mut dbeta) = (vec![0.0; n], vec![0.0; c], vec![0.0; c]);
            let out = Gradients {
                dx: Some(&mut dx),
                dgamma: Some(&mut dgamma),
                dbeta: Some(&mut dbeta),
                dmean: None,
                dvariance: None,
            };
            let source = Source::Data { dmean: None, dvariance: None };
            channel_backward(&layout, &form, &x, &dy, &mean, &variance, source, out);
            for i in 0..n {
                let want = inv[set[i]] * (gamma[channel[i]] * g[i] - sum[set[i]] - hat[i] * product[set[i]]);
                assert!((dx[i] - want).abs() < 1e-10, "{layout:?} {i}: {} {want}", dx[i]);
            }
            for k in 0..c {
                assert!(
                    (dgamma[k] - want_gamma[k]).abs() < 1e-10 * count
                        && (dbeta[k] - want_beta[k]).abs() < 1e-10 * count
                );
            }
        }
    }
}

#[test]
fn rows_agree_with_the_formulas() {
    for (count, width) in [(1, 1), (5, 3), (33, 16), (70, 100), (3, 5000), (900, 77)] {
        for form in [Rows::Layer, Rows::Rms, Rows::Unit] {
            let (x, dy) = (wave(count * width, 2.0), wave(count * width, -0.3));
            let gamma: Vec<f64> = (0..width).map(|c| 0.5 + (c % 3) as f64).collect();
            let beta: Vec<f64> = (0..width).map(|c| (c % 4) as f64).collect();
            let (mut y, mut saved) = (vec![0.0; x.len()], vec![0.0; 2 * count]);
            rows_forward(form, &x, width, Some(&gamma), Some(&beta), 1e-3, &mut y, &mut saved);
            let (mut dx, mut dgamma, mut dbeta) = (vec![0.0; x.len()], vec![0.0; width], vec![0.0; width]);
            let out = RowGradients { dx: Some(&mut dx), dgamma: Some(&mut dgamma), dbeta: Some(&mut dbeta) };
            rows_backward(form, &x, &dy, width, Some(&gamma), 1e-3, &saved, out);
            let (mut want_gamma, mut want_beta) = (vec![0.0; width], vec![0.0; width]);
            let n = width as f64;
            for r in 0..count {
                let at = r * width;
                let (x, dy) = (&x[at..at + width], &dy[at..at + width]);
                let mean = if form == Rows::Layer { x.iter().sum::<f64>() / n } else { 0.0 };
                let squares: f64 = x.iter().map(|x| (x - mean).powi(2)).sum();
                let inv = if form == Rows::Unit { 1.0 / squares.sqrt() } else { 1.0 / (squares / n + 1e-3).sqrt() };
                let hat: Vec<f64> = x.iter().map(|x| (x - mean) * inv).collect();
                let g: Vec<f64> = (0..width).map(|c| gamma[c] * dy[c]).collect();
                let c = if form == Rows::Layer { g.iter().sum::<f64>() / n } else { 0.0 };
                let k = (0..width).map(|c| g[c] * hat[c]).sum::<f64>() / if form == Rows::Unit { 1.0 } else { n };
                for i in 0..width {
                    assert!((y[at + i] - (gamma[i] * hat[i] + beta[i])).abs() < 1e-11, "{form:?} {count} {width}");
                    let want = inv * (g[i] - c - hat[i] * k);
                    assert!((dx[at + i] - want).abs() < 1e-10, "{form:?} {count} {width}: {} {want}", dx[at + i]);
                    want_gamma[i] += dy[i] * hat[i];
                    want_beta[i] += dy[i];
                }
            }
            for i in 0..width {
                assert!((dgamma[i] - want_gamma[i]).abs() < 1e-9 && (dbeta[i] - want_beta[i]).abs() < 1e-9);
            }
        }
    }
}

#[test]
fn equal_values_have_no_variance() {
    for rows in [1, 2, 3, 5, 31, 100, 3001] {
        let x = vec![0.1f32; rows * 3];
        let (mut mean, mut variance) = ([0.0; 3], [1.0; 3]);
        channel_moments(&Layout::batch(rows, 3, 1), &x, &mut mean, &mut variance);
        assert_eq!(variance, [0.0; 3]);
        let (mut mean, mut variance) = ([0.0; 1], [1.0; 1]);
        channel_moments(&Layout::batch(1, 1, rows * 3), &x, &mut mean, &mut variance);
        assert_eq!(variance, [0.0]);
    }
}
