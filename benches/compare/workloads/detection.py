"""Non-maximum suppression, overlap matrices, COCO's evaluation: what people install detection packages for."""

from __future__ import annotations

import contextlib
import io
import os
from collections.abc import Callable, Iterator
from typing import Any

import numpy as np

from benches import shapes
from benches.compare.rivals import load, ours
from benches.compare.workload import Side, Workload
from benches.data import random_boxes

Made = Callable[[], Any]


def once(make: Made) -> Made:
    """`make`, called when first asked for and remembered: data belong to the sides, not to the list of workloads."""
    made: list[Any] = []

    def get() -> Any:
        if not made:
            made.append(make())
        return made[0]

    return get


def _same(run: Made) -> Side:
    return Side(run, lambda: [run()])


def _ours(name: str, *arguments: Any) -> Side:
    function = ours(name)
    return _same(lambda: function(*arguments))


def _onnx_nms(boxes: np.ndarray, scores: np.ndarray) -> Side:
    """One node; corners are (y, x) there, which changes nothing but the order of two axes."""
    onnxruntime, onnx = load("onnxruntime"), load("onnx")
    helper, kind = onnx.helper, onnx.TensorProto
    n = len(boxes)
    graph = helper.make_graph(
        [helper.make_node("NonMaxSuppression", ["boxes", "scores", "most", "iou"], ["kept"])],
        "nms",
        [
            helper.make_tensor_value_info("boxes", kind.FLOAT, [1, n, 4]),
            helper.make_tensor_value_info("scores", kind.FLOAT, [1, 1, n]),
        ],
        [helper.make_tensor_value_info("kept", kind.INT64, None)],
        [helper.make_tensor("most", kind.INT64, [1], [n]), helper.make_tensor("iou", kind.FLOAT, [1], [0.5])],
    )
    model = helper.make_model(graph, opset_imports=[helper.make_opsetid("", 11)], ir_version=8)
    options = onnxruntime.SessionOptions()
    options.intra_op_num_threads = int(os.environ["OMP_NUM_THREADS"])
    session = onnxruntime.InferenceSession(model.SerializeToString(), options, providers=["CPUExecutionProvider"])
    feeds = {"boxes": boxes[None, :, [1, 0, 3, 2]].copy(), "scores": scores[None, None]}
    return _same(lambda: session.run(None, feeds)[0][:, 2])


def _torchvision_nms(boxes: np.ndarray, scores: np.ndarray) -> Side:
    operators, torch = load("torchvision").ops, load("torch")
    b, s = torch.from_numpy(boxes), torch.from_numpy(scores)
    return _same(lambda: operators.nms(b, s, 0.5))


def _powerboxes_nms(boxes: np.ndarray, scores: np.ndarray) -> Side:
    rtree_nms, wide = load("powerboxes").rtree_nms, scores.astype(np.float64)
    return _same(lambda: rtree_nms(boxes, wide, 0.5, -1.0))


def _opencv_nms(boxes: np.ndarray, scores: np.ndarray) -> Side:
    function = load("cv2").dnn.NMSBoxes
    sides = np.concatenate([boxes[:, :2], boxes[:, 2:] - boxes[:, :2]], axis=1)
    return _same(lambda: np.ravel(function(sides, scores, 0.0, 0.5)))


def _nms(n: int) -> Workload:
    data = once(lambda: random_boxes(n))
    sides: dict[str, Callable[[], Side]] = {
        "ours": lambda: _ours("vision.nms", *data(), 0.5),
        "onnxruntime": lambda: _onnx_nms(*data()),
        "torchvision": lambda: _torchvision_nms(*data()),
        "powerboxes": lambda: _powerboxes_nms(*data()),
        "cv2": lambda: _opencv_nms(*data()),
    }
    return Workload(f"nms {n // 1000}k boxes", sides, rtol=0, atol=0)


def _iou(n: int) -> Workload:
    data = once(lambda: random_boxes(n)[0])

    def torchvision() -> Side:
        function, boxes = load("torchvision").ops.box_iou, load("torch").from_numpy(data())
        return _same(lambda: function(boxes, boxes))

    def powerboxes() -> Side:
        function, boxes = load("powerboxes").parallel_iou_distance, data()
        return Side(lambda: function(boxes, boxes), lambda: [1 - function(boxes, boxes)])

    sides: dict[str, Callable[[], Side]] = {
        "ours": lambda: _ours("vision.box_iou", data(), data()),
        "torchvision": torchvision,
        "powerboxes": powerboxes,
    }
    return Workload(f"box_iou {n // 1000}k x {n // 1000}k f32", sides, traffic=4.0 * n * n, rtol=0, atol=1e-6)


def coco_scene(images: int, objects: int, most: int) -> tuple[dict[str, Any], list[dict[str, Any]]]:
    """A detector's run: near misses of every object with high scores, wrong classes and noise with low ones."""
    rng = np.random.default_rng(0)
    annotations, found = [], []
    for image in range(1, images + 1):
        n = int(rng.poisson(objects))
        boxes = np.concatenate([rng.uniform(0, 400, (n, 2)), rng.lognormal(3.8, 0.9, (n, 2)).clip(4, 400)], axis=1)
        classes = rng.integers(1, 81, n)
        for box, category in zip(boxes.round(2).tolist(), classes.tolist()):
            entry = {"id": len(annotations) + 1, "image_id": image, "category_id": category, "bbox": box}
            annotations.append({**entry, "area": 0.7 * box[2] * box[3], "iscrowd": int(rng.random() < 0.01)})
        rows = rng.integers(0, n, most) if n else np.zeros(0, int)
        noise = rng.normal(0, 0.25, len(rows)).clip(-0.6, 0.6)
        guess = boxes[rows] * (1 + noise[:, None] * rng.uniform(0.3, 1, (len(rows), 4)))
        right = rng.random(len(rows)) < 0.7
        classes = np.where(right, classes[rows], rng.integers(1, 81, len(rows)))
        scores = (np.exp(-4 * np.abs(noise)) * np.where(right, 1, 0.4) * rng.uniform(0.5, 1, len(rows))).round(3)
        found += [
            {"image_id": image, "category_id": c, "bbox": box, "score": s}
            for c, box, s in zip(classes.tolist(), guess.round(2).tolist(), scores.tolist())
        ]
    pictures = [{"id": image, "width": 640, "height": 480} for image in range(1, images + 1)]
    categories = [{"id": category, "name": str(category)} for category in range(1, 81)]
    return {"images": pictures, "annotations": annotations, "categories": categories}, found


def _evaluation(coco: Any, evaluator: Any, scene: tuple[dict[str, Any], list[dict[str, Any]]]) -> Side:
    """From dictionaries to the twelve numbers."""

    def run() -> Any:
        with contextlib.redirect_stdout(io.StringIO()):
            if coco.__module__.startswith("pycocotools"):
                truth = coco()
                truth.dataset = scene[0]
                truth.createIndex()
            else:
                truth = coco(scene[0])
            result = evaluator(truth, truth.loadRes(scene[1]), "bbox")
            result.evaluate()
            result.accumulate()
            result.summarize()
        return np.asarray(result.stats)[:12]

    return _same(run)


def _coco() -> Workload:
    def scene() -> Any:
        # Each side has its own: the others write into theirs.
        return coco_scene(*shapes.COCO_IMAGES)

    def pycocotools() -> Side:
        load("pycocotools")
        return _evaluation(load("pycocotools.coco").COCO, load("pycocotools.cocoeval").COCOeval, scene())

    def faster() -> Side:
        package = load("faster_coco_eval")
        return _evaluation(package.COCO, package.COCOeval_faster, scene())

    sides: dict[str, Callable[[], Side]] = {
        "ours": lambda: _evaluation(ours("vision.COCO"), ours("vision.COCOeval"), scene()),
        "pycocotools": pycocotools,
        "faster_coco_eval": faster,
    }
    return Workload(f"COCO evaluation {shapes.COCO_IMAGES[0]} images", sides, rtol=0, atol=1e-12)


def workloads() -> Iterator[Workload]:
    """NMS at each size, one matrix, one evaluation."""
    for n in shapes.NMS:
        yield _nms(n)
    yield _iou(shapes.BOX_IOU[-1][0])
    yield _coco()
