"""What every example shares: its options, toy data, and a line with the result."""

from __future__ import annotations

import argparse
from pathlib import Path

import numpy as np

import neuroxide as nx


def options(description: str | None) -> argparse.Namespace:
    """Read the command line, seed the library, and make the folder for pictures."""
    parser = argparse.ArgumentParser(description=description, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--out", type=Path, default=Path("figures"), help="folder for pictures (default: figures)")
    parser.add_argument("--seed", type=int, default=0)
    parser.add_argument("--quick", action="store_true", help="a few epochs, to see that it runs")
    chosen = parser.parse_args()
    chosen.out.mkdir(parents=True, exist_ok=True)
    nx.utils.set_random_seed(chosen.seed)
    return chosen


def result(text: str) -> None:
    """Print the line that says what came out."""
    print(f"result: {text}")


def flower(n: int = 400, seed: int = 1) -> tuple[np.ndarray, np.ndarray]:
    """Two classes on the petals of a flower (the course's planar data): x of shape (n, 2), y of 0 and 1."""
    rng = np.random.default_rng(seed)
    y = np.arange(n) % 2
    angle = y * 3.12 + np.linspace(0, 3.12, n) + rng.normal(0, 0.2, n)
    radius = 4 * np.sin(4 * angle) + rng.normal(0, 0.2, n)
    return np.stack([radius * np.sin(angle), radius * np.cos(angle)], axis=1).astype(np.float32), y


def circles(n: int = 300, seed: int = 0, noise: float = 0.07) -> tuple[np.ndarray, np.ndarray]:
    """A ring and a disc inside it: x of shape (n, 2), y of 0 (ring) and 1 (disc)."""
    rng = np.random.default_rng(seed)
    y = np.arange(n) % 2
    angle = rng.uniform(0, 2 * np.pi, n)
    radius = np.where(y == 1, 0.6, 1.0) + rng.normal(0, noise, n)
    return np.stack([radius * np.cos(angle), radius * np.sin(angle)], axis=1).astype(np.float32), y


def moons(n: int = 300, seed: int = 0, noise: float = 0.2) -> tuple[np.ndarray, np.ndarray]:
    """Two half moons that reach into each other: x of shape (n, 2), y of 0 and 1."""
    rng = np.random.default_rng(seed)
    y = np.arange(n) % 2
    angle = rng.uniform(0, np.pi, n)
    x = np.stack([np.cos(angle), np.sin(angle)], axis=1)
    x[y == 1] = [1.0, 0.5] - x[y == 1]
    return (x + rng.normal(0, noise, (n, 2))).astype(np.float32), y
