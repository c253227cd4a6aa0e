"""Golden values of single operations: forward and the gradient of every input, by PyTorch in float64.

A case names its operation, its options and its inputs; test/golden/ops.case.ts builds the same from the file. Images are
NHWC and convolution weights [out, kernelH, kernelW, in] in the file; PyTorch's layouts stay in this script.
"""

import torch
import torch.nn.functional as F

from rng import golden, integers, numbers

SEED = 11


def nchw(x):
    return x.permute(0, 3, 1, 2)


def nhwc(x):
    return x.permute(0, 2, 3, 1)


def conv2d(t, stride=1, padding=0, dilation=1, groups=1):
    return nhwc(F.conv2d(nchw(t["input"]), nchw(t["weight"]), t.get("bias"), stride, padding, dilation, groups))


def embedding(t):
    return F.embedding(t["indices"], t["table"])


def batch_norm(t, training=True):
    # The running values are the case's outputs too: PyTorch updates them in place.
    mean, spread = t["runningMean"].detach().clone(), t["runningSpread"].detach().clone()
    x = t["input"]
    flat = x.reshape(-1, x.shape[-1])
    output = F.batch_norm(flat, mean, spread, t["weight"], t["bias"], training, 0.1, 1e-5).reshape(x.shape)
    return {"output": output, "runningMean": mean, "runningSpread": spread}


def cross_entropy(t, labelSmoothing=0.0):
    classes = t["logits"].shape[-1]
    return F.cross_entropy(t["logits"].reshape(-1, classes), t["labels"].reshape(-1), label_smoothing=labelSmoothing)


def slice_(t, starts, sizes):
    return t["input"][tuple(slice(start, start + size) for start, size in zip(starts, sizes))]


def matmul(t, transposeLeft=False, transposeRight=False):
    left = t["left"].transpose(-1, -2) if transposeLeft else t["left"]
    right = t["right"].transpose(-1, -2) if transposeRight else t["right"]
    return left @ right


OPS = {
    "add": lambda t: t["left"] + t["right"],
    "sub": lambda t: t["left"] - t["right"],
    "mul": lambda t: t["left"] * t["right"],
    "div": lambda t: t["left"] / t["right"],
    "affine": lambda t, scale, shift: scale * t["input"] + shift,
    "exp": lambda t: torch.exp(t["input"]),
    "log": lambda t: torch.log(t["input"]),
    "sqrt": lambda t: torch.sqrt(t["input"]),
    "tanh": lambda t: torch.tanh(t["input"]),
    "gelu": lambda t: F.gelu(t["input"]),
    "relu": lambda t: F.relu(t["input"]),
    "leakyRelu": lambda t, slope: F.leaky_relu(t["input"], slope),
    "softmax": lambda t: F.softmax(t["input"], dim=-1),
    "logSoftmax": lambda t: F.log_softmax(t["input"], dim=-1),
    "reshape": lambda t, shape: t["input"].reshape(shape),
    "flatten": lambda t: torch.flatten(t["input"], 1),
    "transpose": lambda t, axes: t["input"].permute(axes),
    "broadcastTo": lambda t, shape: t["input"].expand(shape),
    "slice": slice_,
    "concat": lambda t, axis: torch.cat([t["a"], t["b"], t["c"]], dim=axis),
    "sum": lambda t, axes: t["input"].sum(dim=axes),
    "mean": lambda t, axes: t["input"].mean(dim=axes),
    "matmul": matmul,
    "linear": lambda t: F.linear(t["input"], t["weight"], t.get("bias")),
    "conv2d": conv2d,
    "maxPool2d": lambda t, kernel, stride=None, padding=0: nhwc(F.max_pool2d(nchw(t["input"]), kernel, stride, padding)),
    "avgPool2d": lambda t, kernel, stride=None, padding=0: nhwc(F.avg_pool2d(nchw(t["input"]), kernel, stride, padding)),
    "globalAvgPool2d": lambda t: F.adaptive_avg_pool2d(nchw(t["input"]), 1).flatten(1),
    "layerNorm": lambda t: F.layer_norm(t["input"], t["input"].shape[-1:], t["weight"], t["bias"], 1e-5),
    "norm": batch_norm,
    "embedding": embedding,
    "crossEntropy": cross_entropy,
    "mse": lambda t: F.mse_loss(t["prediction"], t["target"]),
}

POSITIVE = "positive"


def shapes(**inputs):
    """Inputs by role: a shape, or (shape, draw), or (shape, number of classes) for int32 indices."""
    return inputs


def conv_shapes(batch, height, width, channels, out, kernel, groups=1, bias=True):
    inputs = shapes(input=[batch, height, width, channels], weight=[out, kernel[0], kernel[1], channels // groups])
    return {**inputs, "bias": [out]} if bias else inputs


PAIR = shapes(left=[3, 4, 5], right=[4, 1])
NORM = shapes(
    input=[3, 2, 4, 5], weight=[5], bias=[5], runningMean=[5], runningSpread=([5], POSITIVE)
)

# title, operation, inputs, options
CASES = [
    ("add, broadcast", "add", PAIR, {}),
    ("sub, broadcast", "sub", PAIR, {}),
    ("mul, broadcast", "mul", PAIR, {}),
    ("div, broadcast", "div", shapes(left=[3, 4, 5], right=([4, 1], POSITIVE)), {}),
    ("affine", "affine", shapes(input=[3, 7]), {"scale": -1.5, "shift": 0.25}),
    ("exp", "exp", shapes(input=[4, 9]), {}),
    ("log", "log", shapes(input=([4, 9], POSITIVE)), {}),
    ("sqrt", "sqrt", shapes(input=([4, 9], POSITIVE)), {}),
    ("tanh", "tanh", shapes(input=[4, 9]), {}),
    ("gelu", "gelu", shapes(input=[4, 9]), {}),
    ("relu", "relu", shapes(input=[4, 9]), {}),
    ("leaky relu", "leakyRelu", shapes(input=[4, 9]), {"slope": 0.125}),
    ("softmax", "softmax", shapes(input=[2, 3, 6]), {}),
    ("log softmax", "logSoftmax", shapes(input=[2, 3, 6]), {}),
    ("reshape", "reshape", shapes(input=[2, 6, 3]), {"shape": [4, 9]}),
    ("flatten", "flatten", shapes(input=[2, 3, 2, 3]), {}),
    ("transpose", "transpose", shapes(input=[2, 3, 4, 2]), {"axes": [2, 0, 3, 1]}),
    ("broadcast", "broadcastTo", shapes(input=[3, 1]), {"shape": [2, 3, 4]}),
    ("slice", "slice", shapes(input=[4, 5, 3]), {"starts": [1, 2, 0], "sizes": [2, 3, 2]}),
    ("concat", "concat", shapes(a=[2, 3, 2], b=[2, 1, 2], c=[2, 2, 2]), {"axis": 1}),
    ("sum over two axes", "sum", shapes(input=[2, 3, 4, 5]), {"axes": [0, 2]}),
    ("mean over two axes", "mean", shapes(input=[2, 3, 4, 5]), {"axes": [1, 3]}),
    ("matmul", "matmul", shapes(left=[2, 3, 5], right=[2, 5, 4]), {}),
    ("matmul, left transposed", "matmul", shapes(left=[2, 5, 3], right=[2, 5, 4]), {"transposeLeft": True}),
    ("matmul, right transposed", "matmul", shapes(left=[2, 3, 5], right=[2, 4, 5]), {"transposeRight": True}),
    (
        "matmul, both transposed",
        "matmul",
        shapes(left=[5, 3], right=[4, 5]),
        {"transposeLeft": True, "transposeRight": True},
    ),
    ("linear", "linear", shapes(input=[3, 7], weight=[5, 7], bias=[5]), {}),
    ("linear without bias on three axes", "linear", shapes(input=[2, 3, 7], weight=[5, 7]), {}),
    ("conv2d 3x3, padding 1", "conv2d", conv_shapes(2, 5, 6, 3, 4, (3, 3)), {"padding": 1}),
    ("conv2d 3x3, stride 2", "conv2d", conv_shapes(2, 7, 6, 3, 4, (3, 3)), {"padding": 1, "stride": 2}),
    ("conv2d 1x1, stride 2", "conv2d", conv_shapes(2, 5, 5, 3, 4, (1, 1), bias=False), {"stride": 2}),
    (
        "conv2d 5x3, oblong stride and padding",
        "conv2d",
        conv_shapes(2, 9, 8, 2, 3, (5, 3)),
        {"padding": [2, 0], "stride": [3, 2]},
    ),
    ("conv2d dilated", "conv2d", conv_shapes(1, 9, 8, 2, 3, (3, 3)), {"dilation": [2, 3], "padding": 2}),
    ("conv2d in groups", "conv2d", conv_shapes(2, 5, 5, 6, 4, (3, 3), 2), {"groups": 2, "padding": 1}),
    ("conv2d depthwise", "conv2d", conv_shapes(2, 5, 5, 4, 4, (3, 3), 4), {"groups": 4, "padding": 1}),
    (
        "conv2d depthwise, two outputs a channel",
        "conv2d",
        conv_shapes(2, 5, 5, 3, 6, (3, 3), 3, bias=False),
        {"groups": 3, "stride": 2, "padding": 1},
    ),
    ("max pool", "maxPool2d", shapes(input=[2, 4, 6, 3]), {"kernel": 2}),
    ("max pool, overlapping", "maxPool2d", shapes(input=[2, 7, 7, 2]), {"kernel": 3, "stride": 2, "padding": 1}),
    ("average pool", "avgPool2d", shapes(input=[2, 4, 6, 3]), {"kernel": 2}),
    ("average pool, overlapping", "avgPool2d", shapes(input=[2, 7, 7, 2]), {"kernel": 3, "stride": 2, "padding": 1}),
    ("global average pool", "globalAvgPool2d", shapes(input=[2, 3, 4, 5]), {}),
    ("layer norm", "layerNorm", shapes(input=[2, 3, 8], weight=[8], bias=[8]), {}),
    ("batch norm, training", "norm", NORM, {"training": True}),
    ("batch norm of vectors, training", "norm", {**NORM, "input": [6, 5]}, {"training": True}),
    ("batch norm, running values", "norm", NORM, {"training": False}),
    ("embedding", "embedding", shapes(table=[7, 4], indices=([2, 5], 7)), {}),
    ("cross-entropy", "crossEntropy", shapes(logits=[5, 7], labels=([5], 7)), {}),
    (
        "cross-entropy, label smoothing, two leading axes",
        "crossEntropy",
        shapes(logits=[2, 3, 6], labels=([2, 3], 6)),
        {"labelSmoothing": 0.1},
    ),
    ("mse", "mse", shapes(prediction=[4, 5], target=[4, 5]), {}),
]

# Inputs that octograd does not differentiate.
FIXED = ("runningMean", "runningSpread")


def run_case(title, op, inputs, options, full):
    """Forward, and the gradients of sum(outputs * weights) with the numbers of the stream `<title>/weights`."""
    specs, tensors = {}, {}
    for role, given in inputs.items():
        shape, kind = given if isinstance(given, tuple) else (given, "normal")
        name = f"{title}/{role}"
        if isinstance(kind, int):
            specs[role] = {"shape": shape, "below": kind}
            count = int(torch.tensor(shape).prod())
            tensors[role] = torch.from_numpy(integers(SEED, name, count, kind)).reshape(shape)
        else:
            specs[role] = {"shape": shape, "draw": kind}
            tensors[role] = torch.from_numpy(numbers(SEED, name, shape, kind)).requires_grad_(role not in FIXED)
    made = OPS[op](tensors, **options)
    outputs = made if isinstance(made, dict) else {"output": made}
    output = outputs["output"]
    weights = torch.from_numpy(numbers(SEED, f"{title}/weights", list(output.shape)))
    (output * weights).sum().backward()
    gradients = {role: t.grad for role, t in tensors.items() if t.requires_grad}
    return {
        "title": title,
        "op": op,
        "options": options,
        "inputs": specs,
        "outputs": {role: golden(t, full) for role, t in outputs.items()},
        "gradients": {role: golden(t, full) for role, t in gradients.items()},
    }


def make(full):
    return {"seed": SEED, "cases": [run_case(*case, full) for case in CASES]}
