"""Make `roi.json`: regions of interest with gradients by torchvision. Run with Python that has torchvision."""

import json
import pathlib

import numpy as np
import torch
import torchvision.ops as ops


def case(seed):
    """Maps channels first, regions inside, across and outside the map; each operation's result and gradient."""
    rng = np.random.default_rng(seed)
    n, h, w = (int(v) for v in rng.integers(1, [3, 9, 9]))
    size = tuple(int(v) for v in rng.integers(1, 4, 2))
    x = np.round(rng.normal(size=(n, size[0] * size[1], h, w)), 2)
    corner = rng.uniform(-4, 14, (4, 2))
    rois = np.concatenate([rng.integers(0, n, (4, 1)), corner, corner + rng.uniform(0, 12, (4, 2))], axis=1)
    rois = np.round(rois, 0 if seed % 3 == 0 else 2)
    scale, ratio, aligned = float(rng.choice([1, 0.5])), int(rng.choice([-1, 2])), bool(seed % 2)
    functions = {
        "roi_pool": lambda maps, regions: ops.roi_pool(maps, regions, size, scale),
        "roi_align": lambda maps, regions: ops.roi_align(maps, regions, size, scale, ratio, aligned),
        "ps_roi_pool": lambda maps, regions: ops.ps_roi_pool(maps, regions, size, scale),
    }
    found = {"x": x.tolist(), "rois": rois.tolist(), "size": size, "scale": scale, "ratio": ratio, "aligned": aligned}
    for name, function in functions.items():
        maps = torch.tensor(x, requires_grad=True)
        y = function(maps, torch.tensor(rois))
        y.backward(torch.arange(1.0, y.numel() + 1, dtype=torch.float64).reshape(y.shape) / y.numel())
        found[name] = {"y": y.tolist(), "dx": np.round(maps.grad.numpy(), 12).tolist()}
    return found


def main():
    path = pathlib.Path(__file__).with_name("roi.json")
    version = __import__("torchvision").__version__.split("+")[0]
    path.write_text(json.dumps({"torchvision": version, "cases": [case(seed) for seed in range(8)]}) + "\n")


if __name__ == "__main__":
    main()
