"""Make `coco.json`: small data sets and what pycocotools says of them. Run with Python that has pycocotools."""

import contextlib
import copy
import io
import json
import pathlib

import numpy as np
from pycocotools import mask
from pycocotools.coco import COCO
from pycocotools.cocoeval import COCOeval


def dataset(seed, images=8, categories=3, masks=False):
    """Annotations and detections with crowds, equal scores, equal boxes, unknown categories, several forms of mask."""
    rng = np.random.default_rng(seed)
    height, width = int(rng.integers(40, 120)), int(rng.integers(40, 200))
    annotations, detections = [], []
    for image in range(images):
        for _ in range(rng.integers(0, 7)):
            box = np.concatenate([rng.uniform(0, [width - 20, height - 20]), rng.uniform(3, [width / 2, height / 2])])
            box = np.round(box / 8) * 8 + 1 if rng.random() < 0.2 else np.round(box, 2)
            entry = {
                "id": len(annotations) + 1,
                "image_id": image * 7 + 3,
                "category_id": 2 * int(rng.integers(1, categories + 1)),
            }
            entry |= {"bbox": box.tolist(), "iscrowd": int(rng.random() < 0.15)}
            entry["area"] = float(np.round(box[2] * box[3] * rng.uniform(0.5, 1), 1))
            if masks:
                entry["segmentation"] = shape(rng, box, height, width, entry["iscrowd"])
            annotations.append(entry)
            detections += [
                found(rng, seed, entry, box, height, width, masks, categories) for _ in range(rng.integers(0, 4))
            ]
    pictures = [{"id": image * 7 + 3, "height": height, "width": width} for image in range(images)]
    kinds = [{"id": 2 * category} for category in range(1, categories + 1)]
    return {"images": pictures, "annotations": annotations, "categories": kinds}, detections


def rectangle(box, height, width):
    x, y, w, h = (int(max(value, 0)) for value in box)
    pixels = np.zeros((height, width), np.uint8, order="F")
    pixels[y : y + h, x : x + w] = 1
    return pixels


def shape(rng, box, height, width, crowd):
    x, y, w, h = box
    if not crowd:
        angle, radius = np.sort(rng.uniform(0, 2 * np.pi, 6)), rng.uniform(0.5, 1.2, 6)
        polygon = np.stack([x + w / 2 * (1 + radius * np.cos(angle)), y + h / 2 * (1 + radius * np.sin(angle))], axis=1)
        parts = [np.round(polygon, 2).ravel().tolist()]
        return parts + ([[x, y, x + w / 3, y, x + w / 3, y + h / 3]] if rng.random() < 0.3 else [])
    rle = mask.encode(rectangle(box, height, width))
    if rng.random() < 0.5:
        return {"size": rle["size"], "counts": rle["counts"].decode()}
    pixels = mask.decode(rle).ravel(order="F")
    edges = np.flatnonzero(np.diff(pixels, prepend=0))
    return {"size": rle["size"], "counts": np.diff(edges, prepend=0, append=pixels.size).tolist()}


def found(rng, seed, entry, box, height, width, masks, categories):
    moved = box * (1 if rng.random() < 0.2 else np.round(rng.uniform(0.8, 1.2, 4), 2))
    category = entry["category_id"] if rng.random() < 0.8 else 2 * int(rng.integers(1, categories + 2))
    score = float(np.round(rng.random(), 1 if rng.random() < 0.5 else 4))
    result = {"image_id": entry["image_id"], "category_id": category, "score": score}
    if masks:
        pixels = rectangle(moved, height, width)
        pixels[rng.random((height, width)) < 0.02] ^= 1
        result["segmentation"] = {"size": [height, width], "counts": mask.encode(pixels)["counts"].decode()}
    if not masks or seed % 3 == 0:
        result["bbox"] = moved.tolist()
    return result


def evaluate(data, detections, kind, categories=1, most=None):
    """pycocotools' evaluation, silently."""
    with contextlib.redirect_stdout(io.StringIO()):
        truth = COCO()
        truth.dataset = copy.deepcopy(data)
        truth.createIndex()
        result = COCOeval(truth, truth.loadRes(copy.deepcopy(detections)), kind)
        result.params.useCats = categories
        result.params.maxDets = most or result.params.maxDets
        result.evaluate()
        result.accumulate()
        result.summarize()
    return result


def main():
    cases = []
    for seed, kind in ((1, "bbox"), (2, "bbox"), (3, "segm"), (4, "segm")):
        data, detections = dataset(seed, masks=kind == "segm")
        result = evaluate(data, detections, kind)
        case = {"kind": kind, "dataset": data, "detections": detections, "stats": result.stats.tolist()}
        case["recall"] = result.eval["recall"].tolist()
        case["precision"] = result.eval["precision"].mean(axis=1).tolist()
        case["scores"] = result.eval["scores"].mean(axis=1).tolist()
        cases.append(case)
    shapes = []
    for case in cases[2:]:
        for entry in case["dataset"]["annotations"]:
            size = case["dataset"]["images"][0]
            rles = entry["segmentation"]
            if isinstance(rles, list) or isinstance(rles["counts"], list):
                rles = mask.frPyObjects(rles, size["height"], size["width"])
            merged = mask.merge(rles) if isinstance(rles, list) else rles
            text = merged["counts"] if isinstance(merged["counts"], str) else merged["counts"].decode()
            shape = {"size": merged["size"], "segmentation": entry["segmentation"], "counts": text}
            shapes.append({**shape, "area": int(mask.area(merged)), "bbox": mask.toBbox(merged).tolist()})
    path = pathlib.Path(__file__).with_name("coco.json")
    path.write_text(json.dumps({"cases": cases, "shapes": shapes}) + "\n", encoding="utf-8")


if __name__ == "__main__":
    main()
