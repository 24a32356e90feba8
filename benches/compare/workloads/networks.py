"""Dense networks: one training step, and inference on one example, each library by its fastest documented way."""

from __future__ import annotations

import os
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from functools import cached_property
from typing import Any

import numpy as np

from benches import shapes
from benches.compare.rivals import load, ours
from benches.compare.workload import Side, Workload
from benches.compare.workloads.optimizer import BETA_1, BETA_2, EPSILON, adam

ADAM_RATE, SGD_RATE = 1e-3, 0.1


@dataclass(frozen=True)
class Problem:
    """A network, its data and optimizer; relu between layers, logits at the end."""

    widths: tuple[int, ...]
    batch: int
    optimizer: str
    seed: int = field(default=5)

    @property
    def binary(self) -> bool:
        return self.widths[-1] == 1

    @cached_property
    def weights(self) -> list[np.ndarray]:
        """Glorot weights and zero biases, layer by layer: kernel (in, out), bias (out,)."""
        rng = np.random.default_rng(self.seed)
        made: list[np.ndarray] = []
        for inputs, outputs in zip(self.widths, self.widths[1:]):
            limit = np.sqrt(6 / (inputs + outputs))
            made.append(rng.uniform(-limit, limit, (inputs, outputs)).astype(np.float32))
            made.append(np.zeros(outputs, np.float32))
        return made

    @cached_property
    def data(self) -> tuple[np.ndarray, np.ndarray]:
        """x (batch, inputs) float32; labels int64 (batch,), or float32 (batch, 1) of zeros and ones."""
        rng = np.random.default_rng(self.seed + 1)
        x = rng.standard_normal((self.batch, self.widths[0])).astype(np.float32)
        if self.binary:
            return x, rng.integers(0, 2, (self.batch, 1)).astype(np.float32)
        return x, rng.integers(0, self.widths[-1], self.batch)

    @property
    def flops(self) -> float:
        """Forward, gradient of weights, and gradient of inputs (not for the first layer)."""
        products = [2.0 * self.batch * i * o for i, o in zip(self.widths, self.widths[1:])]
        return 3 * sum(products) - products[0]


def losses_of(step: Callable[[], Any]) -> Callable[[], list[np.ndarray]]:
    """The result to compare: the losses of the first steps, all from the same weights."""
    return lambda: [np.array([float(np.asarray(step()).reshape(-1)[0]) for _ in range(5)])]


def keras_like(problem: Problem, layers: Any, models: Any, losses: Any, optimizers: Any) -> Any:
    """The compiled Sequential model, built from Keras's names (ours are the same)."""
    hidden = [layers.Dense(width, activation="relu") for width in problem.widths[1:-1]]
    model = models.Sequential([layers.Input((problem.widths[0],)), *hidden, layers.Dense(problem.widths[-1])])
    loss = losses.BinaryCrossentropy if problem.binary else losses.SparseCategoricalCrossentropy
    adam_like = problem.optimizer == "Adam"
    model.compile(
        optimizer=optimizers.Adam(ADAM_RATE, epsilon=EPSILON) if adam_like else optimizers.SGD(SGD_RATE),
        loss=loss(from_logits=True),
    )
    model.set_weights(problem.weights)
    return model


def _model_ours(problem: Problem) -> Any:
    return keras_like(problem, ours("layers"), ours("models"), ours("losses"), ours("optimizers"))


def _model_keras(problem: Problem) -> Any:
    keras = load("keras")
    return keras_like(problem, keras.layers, keras.models, keras.losses, keras.optimizers)


def _train_keras_like(problem: Problem, build: Callable[[Problem], Any]) -> Side:
    model = build(problem)
    x, y = problem.data

    def step() -> Any:
        model.reset_metrics()  # as in Keras, the loss returned is the mean since the last reset
        return model.train_on_batch(x, y)

    return Side(step, losses_of(step))


def _torch_network(problem: Problem, torch: Any) -> Any:
    parts: list[Any] = []
    for index, (inputs, outputs) in enumerate(zip(problem.widths, problem.widths[1:])):
        dense = torch.nn.Linear(inputs, outputs)
        with torch.no_grad():
            dense.weight.copy_(torch.from_numpy(problem.weights[2 * index].T))
            dense.bias.copy_(torch.from_numpy(problem.weights[2 * index + 1]))
        parts += [dense, torch.nn.ReLU()]
    return torch.nn.Sequential(*parts[:-1])


def _train_torch(problem: Problem) -> Side:
    torch = load("torch")
    network = _torch_network(problem, torch)
    x, y = (torch.from_numpy(part) for part in problem.data)
    criterion = torch.nn.BCEWithLogitsLoss() if problem.binary else torch.nn.CrossEntropyLoss()
    if problem.optimizer == "Adam":
        optimizer = torch.optim.Adam(network.parameters(), lr=ADAM_RATE, eps=EPSILON, fused=True)
    else:
        optimizer = torch.optim.SGD(network.parameters(), lr=SGD_RATE)

    def step() -> float:
        optimizer.zero_grad(set_to_none=True)
        loss = criterion(network(x), y)
        loss.backward()
        optimizer.step()
        return float(loss.item())

    return Side(step, losses_of(step))


def _logits_jax(jnp: Any, weights: Any, x: Any) -> Any:
    for kernel, bias in zip(weights[:-2:2], weights[1:-2:2]):
        x = jnp.maximum(x @ kernel + bias, 0)
    return x @ weights[-2] + weights[-1]


def _loss_jax(problem: Problem, jax: Any) -> Callable[[Any, Any, Any], Any]:
    jnp = jax.numpy

    def loss(weights: Any, x: Any, y: Any) -> Any:
        logits = _logits_jax(jnp, weights, x)
        if problem.binary:
            return (jnp.maximum(logits, 0) - logits * y + jnp.log1p(jnp.exp(-jnp.abs(logits)))).mean()
        return -jnp.take_along_axis(jax.nn.log_softmax(logits), y[:, None], axis=1).mean()

    return loss


def _train_jax(problem: Problem) -> Side:
    jax = load("jax")
    jnp = jax.numpy
    loss_and_gradient = jax.value_and_grad(_loss_jax(problem, jax))
    x, y = problem.data
    x, y = jnp.asarray(x), jnp.asarray(y if problem.binary else y.astype(np.int32))
    update = adam(jax)

    def whole(state: Any, count: Any) -> Any:
        weights = [part[0] for part in state]
        loss, gradients = loss_and_gradient(weights, x, y)
        if problem.optimizer == "Adam":
            return loss, update(state, gradients, count)
        return loss, [(weight - SGD_RATE * gradient, m, v) for (weight, m, v), gradient in zip(state, gradients)]

    compiled = jax.jit(whole, donate_argnums=0)
    state = [(jnp.array(w), *(jnp.zeros_like(w) for _ in range(2))) for w in problem.weights]
    if problem.optimizer != "Adam":
        state = [(weight, jnp.zeros(0), jnp.zeros(0)) for weight, _, _ in state]
    count = 0

    def step() -> float:
        nonlocal state, count
        count += 1
        loss, state = compiled(state, np.float32(count))
        return float(loss)

    return Side(step, losses_of(step))


def _train_tensorflow(problem: Problem) -> Side:
    tf = load("tensorflow")
    variables = [tf.Variable(weight) for weight in problem.weights]
    moments = [(tf.Variable(tf.zeros_like(v)), tf.Variable(tf.zeros_like(v))) for v in variables]
    powers = tf.Variable(BETA_1), tf.Variable(BETA_2)
    x, y = (tf.constant(part) for part in problem.data)

    @tf.function(jit_compile=False)
    def whole() -> Any:
        with tf.GradientTape() as tape:
            hidden = x
            for kernel, bias in zip(variables[:-2:2], variables[1:-2:2]):
                hidden = tf.nn.relu(tf.nn.bias_add(hidden @ kernel, bias))
            logits = tf.nn.bias_add(hidden @ variables[-2], variables[-1])
            if problem.binary:
                each = tf.nn.sigmoid_cross_entropy_with_logits(y, logits)
            else:
                each = tf.nn.sparse_softmax_cross_entropy_with_logits(y, logits)
            loss = tf.reduce_mean(each)
        for variable, gradient, (m, v) in zip(variables, tape.gradient(loss, variables), moments):
            if problem.optimizer == "Adam":
                tf.raw_ops.ResourceApplyAdam(
                    var=variable.handle, m=m.handle, v=v.handle, beta1_power=powers[0], beta2_power=powers[1],
                    lr=ADAM_RATE, beta1=BETA_1, beta2=BETA_2, epsilon=EPSILON, grad=gradient,
                )  # fmt: skip
            else:
                variable.assign_sub(SGD_RATE * gradient)
        powers[0].assign(powers[0] * BETA_1)
        powers[1].assign(powers[1] * BETA_2)
        return loss

    def step() -> float:
        return float(whole())

    return Side(step, losses_of(step))


def _infer(run: Callable[[], Any]) -> Side:
    return Side(run, lambda: [np.asarray(run())])


def _infer_ours(problem: Problem, x: np.ndarray) -> Side:
    model, no_grad = _model_ours(problem), ours("no_grad")

    def run() -> Any:
        with no_grad():
            return model(x)

    return _infer(run)


def _infer_torch(problem: Problem, x: np.ndarray) -> Side:
    torch = load("torch")
    network = _torch_network(problem, torch).eval()
    tx = torch.from_numpy(x)

    def run() -> Any:
        with torch.inference_mode():
            return network(tx)

    return _infer(run)


def _infer_jax(problem: Problem, x: np.ndarray) -> Side:
    jax = load("jax")
    forward = jax.jit(lambda weights, x: _logits_jax(jax.numpy, weights, x))
    weights, jx = [jax.numpy.asarray(w) for w in problem.weights], jax.numpy.asarray(x)
    return _infer(lambda: forward(weights, jx).block_until_ready())


def _infer_keras(problem: Problem, x: np.ndarray) -> Side:
    model = _model_keras(problem)
    return _infer(lambda: model.predict_on_batch(x))


def _infer_onnxruntime(problem: Problem, x: np.ndarray) -> Side:
    runtime = load("onnxruntime")
    onnx = load("onnx")
    helper, nodes, tensors, last = onnx.helper, [], [], "x"
    count = len(problem.weights) // 2
    for index in range(count):
        kernel, bias = f"w{index}", f"b{index}"
        tensors += [onnx.numpy_helper.from_array(w, n) for w, n in zip(problem.weights[2 * index :], (kernel, bias))]
        nodes.append(helper.make_node("Gemm", [last, kernel, bias], [f"h{index}"]))
        last = f"h{index}"
        if index < count - 1:
            nodes.append(helper.make_node("Relu", [last], [f"r{index}"]))
            last = f"r{index}"
    ends = [
        helper.make_tensor_value_info(name, onnx.TensorProto.FLOAT, [1, width])
        for name, width in (("x", problem.widths[0]), (last, problem.widths[-1]))
    ]
    graph = helper.make_graph(nodes, "mlp", ends[:1], ends[1:], tensors)
    model = helper.make_model(graph, opset_imports=[helper.make_opsetid("", 17)], ir_version=9)
    options = runtime.SessionOptions()
    options.intra_op_num_threads = int(os.environ.get("OMP_NUM_THREADS", "1"))
    options.inter_op_num_threads = 1
    session = runtime.InferenceSession(model.SerializeToString(), options, providers=["CPUExecutionProvider"])
    return _infer(lambda: session.run(None, {"x": x})[0])


def _training(name: str, problem: Problem) -> Workload:
    return Workload(
        name,
        {
            "ours": lambda: _train_keras_like(problem, _model_ours),
            "torch": lambda: _train_torch(problem),
            "jax": lambda: _train_jax(problem),
            "keras": lambda: _train_keras_like(problem, _model_keras),
            "tensorflow": lambda: _train_tensorflow(problem),
        },
        flops=problem.flops,
        rtol=2e-3,
        atol=2e-4,
    )


def workloads() -> Iterator[Workload]:
    """Training steps of three networks, and inference on one example."""
    mlp = Problem(*shapes.MLP, "Adam")
    yield _training("train MLP 784-512-512-10 batch 128 Adam", mlp)
    yield _training("train MLP 12288-20-7-5-1 batch 209 Adam", Problem(*shapes.MLP_DEEP, "Adam"))
    yield _training("train logistic regression 2 features batch 64 SGD", Problem(*shapes.LOGISTIC, "SGD"))
    x = mlp.data[0][:1].copy()
    yield Workload(
        "infer MLP 784-512-512-10 batch 1",
        {
            "ours": lambda: _infer_ours(mlp, x),
            "torch": lambda: _infer_torch(mlp, x),
            "jax": lambda: _infer_jax(mlp, x),
            "keras": lambda: _infer_keras(mlp, x),
            "onnxruntime": lambda: _infer_onnxruntime(mlp, x),
        },
        flops=mlp.flops / 3 / mlp.batch,
    )
