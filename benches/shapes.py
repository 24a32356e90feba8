"""The one shape table: every benchmark takes its sizes from here."""

# (M, K, N): C = A (M, K) times B (K, N).
GEMM_SQUARE = ((256, 256, 256), (512, 512, 512), (1024, 1024, 1024), (2048, 2048, 2048))
GEMM_LAYERS = (
    (12544, 147, 64),  # first convolution of a residual net, unfolded
    (3136, 576, 64),  # 3x3 convolution, 64 channels
    (196, 2304, 256),  # 3x3 convolution, 256 channels, 14x14 pixels
    (64, 4096, 4096),  # wide dense layer
    (1, 4096, 4096),  # the same for one example: bound by memory
)
GEMM = GEMM_SQUARE + GEMM_LAYERS
GEMM_NARROW = ((128, 512, 10), (32, 2048, 2))  # the last layer of a classifier
GEMM_BATCHED = (64, 128, 128, 128)  # (batch, M, K, N)

# Vector lengths: one that stays in the last cache, one that streams from memory.
VECTOR = {"1M": 1_000_000, "16M": 16_000_000}

# (N, C) logits.
SOFTMAX = ((256, 1000), (64, 30000))
# x of batch normalisation, channels last; x of layer normalisation.
BATCH_NORM = ((32, 56, 56, 256), (128, 512))
LAYER_NORM = (4096, 768)
# (N, F) predictions.
LOSS = ((128, 10), (4096, 784))

# (shape, axes) of reductions.
REDUCE = (((4096, 1024), (0,)), ((4096, 1024), (1,)), ((4096, 1024), (0, 1)), ((32, 56, 56, 64), (0, 1, 2)))

# (rows, width, indices) of embedding tables.
ROWS = ((50_000, 128, 64 * 50), (10_000, 64, 1024))

# (rows, numbers in a row, categories), and how many texts are hashed.
CATEGORIES = ((4096, 1, 100), (1024, 50, 5000))
TEXTS = 100_000

# Tensor lengths of an optimizer's step.
OPTIMIZER = {
    "25M in 1 tensor": (25_000_000,),
    "25M in 160 tensors": (156_250,) * 160,
    "60 tensors of 10": (10,) * 60,
}

# (layer widths, batch) of dense networks.
MLP = ((784, 512, 512, 10), 128)
MLP_DEEP = ((12288, 20, 7, 5, 1), 209)
LOGISTIC = ((2, 1), 64)

# Boxes to suppress; (N, M) of overlap matrices.
NMS = (1_000, 10_000, 50_000)
BOX_IOU = ((100, 1_000), (5_000, 5_000))

# (images, objects in each, detections in each); (N, H, W) of masks.
COCO_IMAGES = (5_000, 7, 50)
MASKS = (200, 480, 640)

# (points, features, clusters).
KMEANS = (20_000, 64, 64)

# Regions of interest: maps (N, H, W, C), regions, bins along a side.
ROI = (1, 50, 68, 256, 512, 7)

# (steps, sequences, classes, labels) of a CTC loss; (steps, classes, beam) of a search.
CTC_LOSS = (500, 16, 29, 80)
CTC_BEAM = (1_000, 29, 25)
# (sentences, tokens of each, more or less); references of each sentence.
BLEU = (20_000, 25)
BLEU_REFERENCES = (1, 4)
# Decoding: (sentences, beam, vocabulary) of a search; (rows, columns, k) of a selection.
BEAM = (16, 10, 10_000)
TOPK = (32, 50_257, 50)
