"""Benchmarks: pytest-benchmark suites of our own kernels, and the comparison with other libraries."""
