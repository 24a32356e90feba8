"""The tables: one line builds a class of Keras and ours from the same arguments and compares them.

A new class needs one line here; `python -m tests.parity.make` then writes Keras's numbers, and
`python tools/keras_parity.py` the list in the docs. Options of layers: `random` (nothing is compared in training),
`mask` (handed to the call), `adapt` (data for `adapt`), `dtype` (None where the layer's own decides).
"""

from __future__ import annotations

from typing import Any

from tests.parity.cases import Case, Made, case, literal, of, whole

L2 = Made("regularizers", "L2", {"l2": 0.1})
DENSE = Made("layers", "Dense", {"units": 3, "activation": "tanh", "kernel_regularizer": "l2", "name": "inner"})
RANDOM: dict[str, Any] = {"random": True}
OWN: dict[str, Any] = {"dtype": None}
WORDS = literal([["a", "b"], ["z", "c"]])
COUNTS = literal([[3, 1], [2, 3]])

_PLAIN_ACTIVATIONS = (
    "linear relu leaky_relu relu6 elu celu selu gelu silu swish sigmoid tanh softmax log_softmax softplus softsign "
    "exponential hard_sigmoid hard_silu hard_swish hard_tanh log_sigmoid mish tanh_shrink squareplus soft_shrink "
    "hard_shrink sparse_plus sparse_sigmoid glu"
)
ACTIVATIONS: list[Case] = [
    *[case(name, (3, 4)) for name in _PLAIN_ACTIVATIONS.split()],
    case("relu", (3, 4), max_value=0.7, negative_slope=0.1, threshold=0.2),
    case("leaky_relu", (3, 4), negative_slope=0.01),
    case("elu", (3, 4), alpha=0.5),
    case("celu", (3, 4), alpha=0.5),
    case("gelu", (3, 4), approximate=True),
    case("softmax", (2, 3, 4), axis=1),
    case("log_softmax", (2, 3, 4), axis=1),
    case("squareplus", (3, 4), b=2),
    case("soft_shrink", (3, 4), threshold=0.2),
    case("hard_shrink", (3, 4), threshold=0.2),
    case("threshold", (3, 4), threshold=0.2, default_value=-1.0),
    case("glu", (2, 4, 3), axis=1),
]

LAYERS: list[Case] = [
    # Core
    case("Dense", (4, 5), units=3),
    case("Dense", (4, 5), units=3, use_bias=False, activation="relu"),
    case("Dense", (2, 3, 5), units=2, activation="tanh", kernel_regularizer=L2, bias_constraint="non_neg"),
    case("Dense", (3, 2), units=4, activation="softmax", kernel_initializer="ones", activity_regularizer="l1"),
    case("Embedding", whole(6, 3, 4), input_dim=6, output_dim=2),
    case("Embedding", whole(6, 3, 4), input_dim=6, output_dim=2, mask_zero=True, embeddings_regularizer=L2),
    case("Embedding", whole(6, 5), input_dim=6, output_dim=3, embeddings_constraint="unit_norm"),
    case("Masking", literal([[[1.0, 2.0], [0.0, 0.0]], [[0.0, 0.0], [0.0, 1.0]]])),
    case("Masking", literal([[[1.0, 1.0], [0.0, 1.0]]]), mask_value=1.0),
    case("Identity", (3, 2)),
    case("Flatten", (2, 3, 4)),
    case("Flatten", (3,)),
    case("Reshape", (3, 6), target_shape=[2, -1]),
    case("Permute", (2, 3, 4), dims=[2, 1]),
    case("Permute", (2, 3, 4, 5), dims=[3, 1, 2]),
    case("RepeatVector", (2, 3), n=4),
    case("EinsumDense", (2, 3, 4), equation="abc,cd->abd", output_shape=[None, 5], bias_axes="d"),
    case(
        "EinsumDense",
        (2, 3, 4),
        equation="abc,cde->abde",
        output_shape=[None, 5, 2],
        bias_axes="de",
        activation="tanh",
        kernel_regularizer=L2,
    ),
    case("EinsumDense", (2, 3, 4), equation="abc,bcd->abd", output_shape=[3, 5], bias_axes="b"),
    case("EinsumDense", (2, 3, 4), equation="...x,xy->...y", output_shape=5),
    case("EinsumDense", (2, 3, 4), equation="ab...,bcd->acd...", output_shape=[5, 2], bias_axes="c"),
    case("ActivityRegularization", (3, 4), l1=0.1, l2=0.2),
    # Activations
    *[case("Activation", (3, 4), activation=name) for name in ("relu", "softmax", "hard_tanh", "mish", "linear")],
    case("ReLU", (5, 4)),
    case("ReLU", (5, 4), max_value=0.7, negative_slope=0.1, threshold=0.2),
    case("ReLU", (5, 4), max_value=6.0),
    case("ReLU", (5, 4), threshold=0.3, max_value=1.0),
    case("LeakyReLU", (3, 4)),
    case("LeakyReLU", (3, 4), negative_slope=0.01),
    case("ELU", (3, 4)),
    case("ELU", (3, 4), alpha=0.5),
    case("PReLU", (3, 4)),
    case("PReLU", (2, 3, 4), shared_axes=[1], alpha_initializer="ones", alpha_regularizer=L2),
    case("Softmax", (3, 4)),
    case("Softmax", (2, 3, 4), axis=[1, 2]),
    case("Softmax", (2, 4), options={"mask": [[True, True, False, True], [True, False, False, True]]}),
    # Merging
    *[case(n, (3, 4), (3, 4)) for n in ("Add", "Subtract", "Multiply", "Average", "Maximum", "Minimum")],
    *[case(n, (3, 4), (3, 4)) for n in ("add", "subtract", "multiply", "average", "maximum", "minimum")],
    case("Add", (3, 4), (3, 4), (3, 4)),
    case("Add", (3, 2, 4), (3, 1, 4)),
    case("Multiply", (3, 2, 4), (3, 4)),
    case("Average", (3, 4), (3, 4), (3, 1)),
    case("Concatenate", (3, 4), (3, 2)),
    case("Concatenate", (3, 4, 2), (3, 1, 2), axis=1),
    case("concatenate", (3, 4), (3, 2)),
    case("Dot", (3, 4), (3, 4), axes=1),
    case("Dot", (3, 4), (3, 4), axes=1, normalize=True),
    case("Dot", (2, 3, 4), (2, 5, 4), axes=2),
    case("Dot", (2, 3, 4), (2, 4, 5), axes=[2, 1]),
    case("dot", (3, 4), (3, 4), axes=1),
    # Normalisation
    case("BatchNormalization", (6, 4)),
    case("BatchNormalization", (2, 3, 3, 4), momentum=0.5, epsilon=0.01, gamma_regularizer=L2),
    case("BatchNormalization", (5, 3, 4), axis=1, scale=False),
    case("BatchNormalization", (5, 4), center=False, beta_constraint="non_neg"),
    case("BatchNormalization", (2, 3, 4), options={"mask": [[True, True, False], [True, False, False]]}),
    case("LayerNormalization", (4, 6)),
    case("LayerNormalization", (2, 3, 4), axis=[1, 2], epsilon=0.01),
    case("LayerNormalization", (2, 3, 4), center=False, scale=False),
    case("LayerNormalization", (2, 3, 4), axis=1, gamma_regularizer=L2),
    case("GroupNormalization", (2, 3, 8), groups=4),
    case("GroupNormalization", (2, 3, 3, 4), groups=-1, epsilon=0.01),
    case("GroupNormalization", (2, 4, 3), groups=2, axis=1, center=False),
    case("GroupNormalization", (3, 6), groups=1, scale=False),
    case("RMSNormalization", (4, 6)),
    case("RMSNormalization", (2, 3, 4), axis=[1, 2], epsilon=0.01),
    case("UnitNormalization", (4, 6)),
    case("UnitNormalization", (2, 3, 4), axis=1),
    case("UnitNormalization", (2, 3, 4), axis=[1, 2]),
    case("SpectralNormalization", (4, 5), layer=DENSE),
    case("SpectralNormalization", (2, 3, 5), layer=DENSE, power_iterations=4),
    # Noise
    case("Dropout", (3, 4), rate=0.3, noise_shape=[3, 1], seed=4, options=RANDOM),
    case("AlphaDropout", (3, 4), rate=0.3, seed=1, options=RANDOM),
    case("GaussianDropout", (3, 4), rate=0.3, seed=1, options=RANDOM),
    case("GaussianNoise", (3, 4), stddev=0.3, seed=1, options=RANDOM),
    case("SpatialDropout1D", (2, 3, 4), rate=0.3, options=RANDOM),
    case("SpatialDropout2D", (2, 3, 4, 5), rate=0.3, options=RANDOM),
    case("SpatialDropout3D", (2, 3, 4, 2, 2), rate=0.3, options=RANDOM),
    # Structured data
    case("Rescaling", (3, 4), scale=0.5, offset=1.0),
    case("Rescaling", (3, 2), scale=[0.5, 2.0], offset=[1.0, -1.0]),
    case("Normalization", (3, 2), mean=1.0, variance=4.0, axis=None),
    case("Normalization", (3, 2), mean=[1.0, 2.0], variance=[4.0, 0.0], invert=True),
    case("Normalization", (4, 3, 2), mean=[1.0, 2.0, 3.0], variance=[4.0, 1.0, 2.0], axis=1),
    case("Normalization", (3, 2), options={"adapt": [[1.0, 2.0], [3.0, 6.0], [5.0, 1.0]]}),
    case("Discretization", of("real", 4, 3), bin_boundaries=[-0.5, 0.0, 1.0], options=OWN),
    *[
        case("Discretization", of("real", 4, 3), bin_boundaries=[-0.5, 1.0], output_mode=mode, options=OWN)
        for mode in ("one_hot", "multi_hot", "count")
    ],
    *[
        case("CategoryEncoding", COUNTS, num_tokens=4, output_mode=mode, options=OWN)
        for mode in ("multi_hot", "one_hot", "count")
    ],
    case("Hashing", literal([[1, 2], [30, 400]]), num_bins=5, options=OWN),
    case("Hashing", WORDS, num_bins=7, options=OWN),
    case("Hashing", WORDS, num_bins=7, salt=133, options=OWN),
    case("Hashing", WORDS, num_bins=7, mask_value="z", output_mode="one_hot", options=OWN),
    case("HashedCrossing", literal([1, 2, 3]), literal([4, 5, 4]), num_bins=9, options=OWN),
    case("HashedCrossing", literal(["a", "b"]), literal(["x", "y"]), num_bins=9, output_mode="one_hot", options=OWN),
    case("StringLookup", WORDS, vocabulary=["a", "b", "c"], options=OWN),
    case("StringLookup", WORDS, vocabulary=["a", "b", "c"], num_oov_indices=2, mask_token="", options=OWN),
    *[
        case("StringLookup", WORDS, vocabulary=["a", "b", "c"], output_mode=mode, options=OWN)
        for mode in ("multi_hot", "count")
    ],
    case("StringLookup", literal([[1, 2], [3, 0]]), vocabulary=["a", "b", "c"], invert=True, options=OWN),
    case("IntegerLookup", COUNTS, vocabulary=[1, 2, 5], options=OWN),
    case("IntegerLookup", COUNTS, vocabulary=[1, 2, 5], output_mode="multi_hot", options=OWN),
]

# inputs: targets, predictions
LOSSES: list[Case] = [
    *[case(name, (4, 3), (4, 3)) for name in (
        "MeanSquaredError", "MeanAbsoluteError", "MeanAbsolutePercentageError", "LogCosh", "Huber", "CosineSimilarity",
    )],
    case("MeanSquaredError", (2, 3, 4), (2, 3, 4)),
    case("MeanAbsoluteError", (4,), (4, 1)),
    case("Huber", (4, 3), (4, 3), delta=0.3),
    case("MeanSquaredLogarithmicError", of("positive", 4, 3), of("positive", 4, 3)),
    case("MeanSquaredLogarithmicError", (4, 3), (4, 3)),
    case("Poisson", of("positive", 4, 3), of("positive", 4, 3)),
    case("KLDivergence", of("distribution", 4, 3), of("distribution", 4, 3)),
    case("CosineSimilarity", (4, 3), (4, 3), axis=0),
    *[case(name, of(kind, 4, 3), (4, 3)) for name in ("Hinge", "SquaredHinge") for kind in ("binary", "signs")],
    case("CategoricalHinge", of("onehot", 4, 3), (4, 3)),
    case("BinaryCrossentropy", of("binary", 4, 3), of("unit", 4, 3)),
    case("BinaryCrossentropy", of("binary", 4), of("unit", 4, 1)),
    case("BinaryCrossentropy", of("binary", 4, 3), (4, 3), from_logits=True),
    case("BinaryCrossentropy", of("binary", 4, 1), (4, 1), from_logits=True, label_smoothing=0.1),
    case("BinaryCrossentropy", of("binary", 4, 3), of("unit", 4, 3), label_smoothing=0.2, axis=0),
    case("BinaryFocalCrossentropy", of("binary", 4, 3), of("unit", 4, 3)),
    case("BinaryFocalCrossentropy", of("binary", 4, 3), (4, 3), from_logits=True, apply_class_balancing=True,
         alpha=0.3),
    case("BinaryFocalCrossentropy", of("binary", 4, 3), of("unit", 4, 3), gamma=0.5, label_smoothing=0.2, axis=0),
    case("CategoricalCrossentropy", of("onehot", 4, 3), of("distribution", 4, 3)),
    case("CategoricalCrossentropy", of("onehot", 4, 3), of("positive", 4, 3)),
    case("CategoricalCrossentropy", of("distribution", 4, 3), (4, 3), from_logits=True),
    case("CategoricalCrossentropy", of("onehot", 2, 4, 3), (2, 4, 3), from_logits=True, label_smoothing=0.1),
    case("CategoricalCrossentropy", of("onehot1", 2, 4, 3), (2, 4, 3), from_logits=True, axis=1),
    case("CategoricalFocalCrossentropy", of("onehot", 4, 3), of("distribution", 4, 3)),
    case("CategoricalFocalCrossentropy", of("onehot", 4, 3), of("positive", 4, 3), alpha=[0.1, 0.5, 0.9], gamma=1.5),
    case("CategoricalFocalCrossentropy", of("onehot", 4, 3), (4, 3), from_logits=True, label_smoothing=0.1),
    case("CategoricalFocalCrossentropy", of("onehot1", 2, 4, 3), (2, 4, 3), from_logits=True, axis=1),
    case("CategoricalGeneralizedCrossEntropy", whole(3, 4), of("distribution", 4, 3)),
    case("CategoricalGeneralizedCrossEntropy", whole(3, 4), of("distribution", 4, 3), q=0.9),
    case("SparseCategoricalCrossentropy", whole(3, 4), of("distribution", 4, 3)),
    case("SparseCategoricalCrossentropy", whole(3, 4), (4, 3), from_logits=True),
    case("SparseCategoricalCrossentropy", whole(3, 2, 4), (2, 4, 3), from_logits=True),
    case("SparseCategoricalCrossentropy", whole(3, 6), (6, 3), from_logits=True, ignore_class=1),
    case("SparseCategoricalCrossentropy", literal([0, -1, 2, 1]), of("distribution", 4, 3), ignore_class=-1),
    case("Dice", of("binary", 2, 3, 4), of("unit", 2, 3, 4)),
    case("Dice", of("binary", 2, 3, 4), of("unit", 2, 3, 4), axis=[1, 2]),
    case("Tversky", of("binary", 2, 3, 4), of("unit", 2, 3, 4), alpha=0.3, beta=0.7),
    case("Tversky", of("binary", 2, 3, 4), of("unit", 2, 3, 4), axis=[1, 2]),
    case("Circle", whole(3, 8), of("directions", 8, 3)),
    case("Circle", whole(3, 8), of("directions", 8, 3), gamma=4.0, margin=0.2, remove_diagonal=False),
    case("CTC", literal([[1, 2, 0], [2, 2, 1]]), (2, 7, 4)),
]  # fmt: skip

_UNIT = (of("binary", 6, 1), of("unit", 6, 1))
_WIDE = (of("binary", 6, 4), of("unit", 6, 4))
_REAL = ((6, 4), (6, 4))
_SOFT = (of("onehot", 6, 4), of("distribution", 6, 4))
# inputs: targets, predictions; three batches, the second weighted
METRICS: list[Case] = [
    case("Mean", (6, 4)),
    case("Mean", (6,)),
    case("Sum", (6, 4)),
    case("Accuracy", whole(4, 6), whole(4, 6)),
    case("BinaryAccuracy", *_UNIT),
    case("BinaryAccuracy", *_WIDE, threshold=0.3),
    case("CategoricalAccuracy", *_SOFT),
    case("SparseCategoricalAccuracy", whole(4, 6), of("distribution", 6, 4)),
    case("SparseCategoricalAccuracy", whole(4, 6, 1), of("distribution", 6, 4)),
    case("TopKCategoricalAccuracy", *_SOFT, k=2),
    case("SparseTopKCategoricalAccuracy", whole(4, 6), of("distribution", 6, 4), k=2),
    case("SparseTopKCategoricalAccuracy", whole(4, 6), of("ties", 6, 4), k=2),
    *[case(name, *_REAL) for name in (
        "MeanSquaredError", "MeanAbsoluteError", "RootMeanSquaredError", "MeanAbsolutePercentageError", "LogCoshError",
        "CosineSimilarity", "PearsonCorrelation", "ConcordanceCorrelation", "R2Score",
    )],
    case("MeanSquaredLogarithmicError", of("positive", 6, 4), of("positive", 6, 4)),
    case("Poisson", of("positive", 6, 4), of("positive", 6, 4)),
    case("KLDivergence", of("distribution", 6, 4), of("distribution", 6, 4)),
    case("CosineSimilarity", (6, 6), (6, 6), axis=0),
    case("PearsonCorrelation", (6, 6), (6, 6), axis=0),
    case("R2Score", *_REAL, class_aggregation=None),
    case("R2Score", *_REAL, class_aggregation="variance_weighted_average"),
    case("R2Score", (9, 1), (9, 1), num_regressors=2),
    case("Hinge", of("signs", 6, 4), (6, 4)),
    case("SquaredHinge", of("binary", 6, 4), (6, 4)),
    case("CategoricalHinge", of("onehot", 6, 4), (6, 4)),
    case("BinaryCrossentropy", *_UNIT),
    case("BinaryCrossentropy", of("binary", 6, 4), (6, 4), from_logits=True, label_smoothing=0.1),
    case("CategoricalCrossentropy", *_SOFT, label_smoothing=0.1),
    case("SparseCategoricalCrossentropy", whole(4, 6), (6, 4), from_logits=True),
    *[case(name, *data, **arguments) for name in ("TruePositives", "FalsePositives", "TrueNegatives", "FalseNegatives")
      for data, arguments in ((_UNIT, {}), (_WIDE, {"thresholds": [0.2, 0.7]}), (_UNIT, {"thresholds": 0.3}))],
    *[case(name, *data, **arguments) for name in ("Precision", "Recall") for data, arguments in (
        (_UNIT, {}), (_WIDE, {"thresholds": [0.7, 0.2]}), (_SOFT, {"top_k": 2}), (_SOFT, {"class_id": 1}),
        (_SOFT, {"class_id": 1, "top_k": 2, "thresholds": 0.2}), (_UNIT, {"thresholds": [0.0, 0.5, 1.0]}),
    )],
    *[case(name, *data, **arguments, num_thresholds=n) for name, arguments in (
        ("SensitivityAtSpecificity", {"specificity": 0.55}), ("SpecificityAtSensitivity", {"sensitivity": 0.55}),
        ("PrecisionAtRecall", {"recall": 0.55}), ("RecallAtPrecision", {"precision": 0.55}),
    ) for data, n in ((_WIDE, 50), (_UNIT, 1))],
    case("SensitivityAtSpecificity", *_SOFT, specificity=0.5, class_id=2),
    case("AUC", *_WIDE),
    *[case("AUC", *_UNIT, num_thresholds=9, curve=curve, summation_method=method)
      for curve in ("ROC", "PR", "PRGAIN") for method in ("interpolation", "majoring", "minoring")],
    case("AUC", *_UNIT, thresholds=[0.1, 0.5, 0.6]),
    case("AUC", *_WIDE, multi_label=True),
    case("AUC", *_WIDE, multi_label=True, num_labels=4, label_weights=[1.0, 2.0, 0.5, 1.0], curve="PR"),
    case("AUC", *_WIDE, label_weights=[1.0, 2.0, 0.5, 1.0]),
    case("AUC", of("binary", 6, 1), (6, 1), from_logits=True),
    *[case("FBetaScore", *_WIDE, average=average, beta=2.0, threshold=0.4)
      for average in (None, "micro", "macro", "weighted")],
    case("F1Score", *_SOFT),
    case("F1Score", *_SOFT, average="weighted"),
    case("IoU", whole(4, 6), whole(4, 6), num_classes=4, target_class_ids=[0, 2]),
    case("IoU", whole(4, 2, 3), of("distribution", 2, 3, 4), num_classes=4, target_class_ids=[1], sparse_y_pred=False),
    case("BinaryIoU", of("binary", 6), of("unit", 6), target_class_ids=[1], threshold=0.3),
    case("BinaryIoU", of("binary", 6), of("unit", 6)),
    case("MeanIoU", whole(4, 6), whole(4, 6), num_classes=4),
    case("MeanIoU", whole(4, 6), whole(4, 6), num_classes=4, ignore_class=1),
    case("OneHotIoU", *_SOFT, num_classes=4, target_class_ids=[0, 3]),
    case("OneHotMeanIoU", *_SOFT, num_classes=4),
    case("OneHotMeanIoU", of("onehot", 6, 4), whole(4, 6), num_classes=4, sparse_y_pred=True),
]  # fmt: skip

EXPONENTIAL = Made("schedules", "ExponentialDecay", {"initial_learning_rate": 0.1, "decay_steps": 3, "decay_rate": 0.5})
OPTIMIZERS: list[Case] = [
    *[case(name) for name in (
        "SGD", "RMSprop", "Adam", "AdamW", "Adagrad", "Adadelta", "Adamax", "Nadam", "Ftrl", "Lion", "Lamb",
        "Adafactor", "Muon", "ScheduleFreeAdamW",
    )],
    case("SGD", learning_rate=0.1, momentum=0.9),
    case("SGD", learning_rate=0.1, momentum=0.9, nesterov=True),
    case("SGD", learning_rate=EXPONENTIAL),
    *[case("SGD", learning_rate=0.1, **options) for options in (
        {"weight_decay": 0.05}, {"clipnorm": 0.5}, {"clipvalue": 0.3}, {"global_clipnorm": 0.5},
        {"loss_scale_factor": 8.0}, {"use_ema": True, "ema_momentum": 0.5, "ema_overwrite_frequency": 3},
        {"gradient_accumulation_steps": 3},
    )],
    case("RMSprop", learning_rate=0.01, rho=0.5, epsilon=0.01),
    case("RMSprop", learning_rate=0.01, momentum=0.8),
    case("RMSprop", learning_rate=0.01, centered=True, momentum=0.5, epsilon=0.1),
    case("Adam", learning_rate=0.01, beta_1=0.5, beta_2=0.7, epsilon=0.1),
    case("Adam", learning_rate=0.01, amsgrad=True),
    case("Adam", learning_rate=0.01, weight_decay=0.1, global_clipnorm=1.0, use_ema=True, ema_momentum=0.9),
    case("AdamW", learning_rate=0.01, weight_decay=0.1, amsgrad=True),
    case("Adagrad", learning_rate=0.1, initial_accumulator_value=0.5, epsilon=0.01),
    case("Adadelta", learning_rate=1.0, rho=0.5, epsilon=0.01),
    case("Adamax", learning_rate=0.1, beta_1=0.5, beta_2=0.7, epsilon=0.01),
    case("Nadam", learning_rate=0.1, beta_1=0.5, beta_2=0.7, epsilon=0.01, clipnorm=0.7),
    case("Ftrl", learning_rate=0.1, learning_rate_power=-0.7, l1_regularization_strength=0.05,
         l2_regularization_strength=0.1, l2_shrinkage_regularization_strength=0.02, beta=0.3),
    case("Lion", learning_rate=0.01, beta_1=0.5, beta_2=0.7, weight_decay=0.1),
    case("Lamb", learning_rate=0.01, beta_1=0.5, beta_2=0.7, epsilon=0.01, weight_decay=0.1),
    case("Adafactor", learning_rate=0.1, relative_step=False),
]  # fmt: skip

SCHEDULES: list[Case] = [
    case("ExponentialDecay", initial_learning_rate=0.1, decay_steps=10, decay_rate=0.5),
    case("ExponentialDecay", initial_learning_rate=0.1, decay_steps=10, decay_rate=0.5, staircase=True, name="mine"),
    case("InverseTimeDecay", initial_learning_rate=0.1, decay_steps=10, decay_rate=0.5),
    case("InverseTimeDecay", initial_learning_rate=0.1, decay_steps=10, decay_rate=0.5, staircase=True),
    case("PiecewiseConstantDecay", boundaries=[5, 20], values=[0.1, 0.05, 0.01]),
    case("PolynomialDecay", initial_learning_rate=0.1, decay_steps=30),
    case("PolynomialDecay", initial_learning_rate=0.1, decay_steps=30, end_learning_rate=0.01, power=0.5),
    case("PolynomialDecay", initial_learning_rate=0.1, decay_steps=30, power=2.0, cycle=True),
    case("CosineDecay", initial_learning_rate=0.1, decay_steps=30),
    case("CosineDecay", initial_learning_rate=0.0, decay_steps=30, alpha=0.1, warmup_target=0.2, warmup_steps=7),
    case("CosineDecayRestarts", initial_learning_rate=0.1, first_decay_steps=8),
    case("CosineDecayRestarts", initial_learning_rate=0.1, first_decay_steps=8, t_mul=1.0, m_mul=0.5, alpha=0.1),
]

INITIALIZERS: list[Case] = [
    case("Zeros", options={"shape": [2, 3]}),
    case("Ones", options={"shape": [2, 3]}),
    case("Constant", value=0.3, options={"shape": [2, 3]}),
    case("Identity", gain=0.5, options={"shape": [3, 4]}),
    case("STFT", side="real", options={"shape": [8, 1, 5]}),
    *[case(name, **arguments, options={"shape": [300, 200], "random": True}) for name, arguments in (
        ("GlorotNormal", {}), ("GlorotUniform", {"seed": 3}), ("HeNormal", {}), ("HeUniform", {}), ("LecunNormal", {}),
        ("LecunUniform", {}), ("RandomNormal", {}), ("RandomNormal", {"mean": 1.0, "stddev": 0.2}),
        ("RandomUniform", {}),
        ("RandomUniform", {"minval": 0.5, "maxval": 2.0}), ("TruncatedNormal", {}),
        ("TruncatedNormal", {"mean": 1.0, "stddev": 0.2}), ("VarianceScaling", {}), ("Orthogonal", {"gain": 2.0}),
        ("VarianceScaling", {"scale": 2.0, "mode": "fan_out", "distribution": "uniform"}),
        ("VarianceScaling", {"scale": 0.5, "mode": "fan_avg", "distribution": "untruncated_normal"}),
    )],
    *[case(name, options={"shape": [3, 3, 40, 50], "random": True})
      for name in ("GlorotUniform", "HeNormal", "LecunNormal", "Orthogonal")],
]  # fmt: skip

REGULARIZERS: list[Case] = [
    *[case(name, (3, 4)) for name in ("L1", "L2", "L1L2")],
    case("OrthogonalRegularizer", (3, 4), options={"dtype": "float32"}),
    case("L1", (3, 4), l1=0.5),
    case("L2", (3, 4), l2=0.5),
    case("L1L2", (3, 4), l1=0.1, l2=0.3),
    case("OrthogonalRegularizer", (3, 4), factor=0.2, mode="columns", options={"dtype": "float32"}),
]

CONSTRAINTS: list[Case] = [
    *[case(name, (3, 4)) for name in ("MaxNorm", "NonNeg", "UnitNorm", "MinMaxNorm")],
    case("MaxNorm", (3, 4), max_value=0.5, axis=1),
    case("UnitNorm", (3, 4), axis=[0, 1]),
    case("MinMaxNorm", (3, 4), min_value=0.5, max_value=0.8, rate=0.5),
]

TABLES: dict[str, list[Case]] = {
    "layers": LAYERS,
    "activations": ACTIVATIONS,
    "losses": LOSSES,
    "metrics": METRICS,
    "optimizers": OPTIMIZERS,
    "schedules": SCHEDULES,
    "initializers": INITIALIZERS,
    "regularizers": REGULARIZERS,
    "constraints": CONSTRAINTS,
}

# Arguments that ours refuses by name, and keys of configurations that only one side has.
REFUSED = {
    "lora_rank", "lora_alpha", "quantization_config", "gptq_unpacked_column_size", "input_axes", "output_axes",
    "optional", "allow_last_axis_squeeze",
}  # fmt: skip

# Places of records that differ, and why.
KNOWN = {
    "layers.Normalization.config.axis": "Keras writes axis=None as an empty list",
    "layers.StringLookup.config.vocabulary": "ours writes the whole vocabulary, with the tokens for the unknown",
    "layers.IntegerLookup.config.vocabulary": "as of `StringLookup`",
    "activations.sparsemax.output": "Keras's rows do not add up to 1: it adds up the cumulated sums of the support",
    "activations.sparsemax.gradient": "as its output",
}

# Shared names that no line can compare, and why.
NOT_COMPARED: dict[str, dict[str, str]] = {
    "layers": {
        "Layer": "the base class",
        "Input": "makes a symbolic tensor; the comparisons of `summary()` use it",
        "InputLayer": "made by `Input`; the comparisons of `summary()` use it",
        "InputSpec": "a description, no layer",
        "Lambda": "holds a function",
        "Wrapper": "a base class",
    },
    "losses": {"Loss": "the base class"},
    "metrics": {"Metric": "the base class", "MeanMetricWrapper": "holds a function; its subclasses are compared"},
    "optimizers": {"Optimizer": "the base class"},
    "schedules": {"LearningRateSchedule": "the base class"},
    "initializers": {"Initializer": "the base class"},
    "regularizers": {"Regularizer": "the base class"},
    "constraints": {"Constraint": "the base class"},
    "activations": {"sparsemax": "Keras 3.15's results do not sum to 1; ours are held against bisection"},
}

# Where ours differs on purpose; told in the docs.
DIFFERENCES: dict[str, list[str]] = {
    "layers": [
        "LoRA and quantisation arguments are refused by name.",
        "`SpectralNormalization` with `trainable=False` leaves the kernel as it is, and around an `Embedding` gives "
        "floats (Keras: normalises frozen kernels too, and casts outputs to the inputs' integers).",
        "`Embedding` and `CategoryEncoding` raise for fractions (Keras cuts them off).",
        "Symbolic shapes follow activations that change the shape, such as `glu` (Keras's do not).",
    ],
    "losses": [
        "Logits are used wherever a softmax or sigmoid is the last operation, so probabilities need no clipping.",
        "Labels outside the classes, targets of a binary loss outside [0, 1] and shapes that need broadcasting raise.",
        "`label_smoothing` with `axis` divides by the number of classes along that axis (Keras: along the last one).",
    ],
    "metrics": [
        "Sums are float64, results Python floats.",
        "Masks of predictions and of `ignore_class` count in every metric (Keras: in some).",
        "`MeanIoU` and its kin take fractions as weights and raise for labels outside the classes (Keras rounds "
        "weights "
        "to integers and drops such labels).",
        "`R2Score` gives constant targets 1 where they are met exactly, else 0, as scikit-learn; it adjusts for "
        "regressors by the number of examples (Keras: of elements).",
        "Two metrics of one class get their names when they are compiled (`auc`, `auc_1`); Keras counts them all.",
        "F-scores and IoU divide without adding 1e-7.",
    ],
}
