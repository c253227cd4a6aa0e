"""Golden values of training: ResNet-8 and a small MLP under PyTorch's own layers and optimisers, in float64.

The network is src/models/resnet-cifar.ts (He et al. 2016 with projection shortcuts), the names of its parts the same.
Initial parameters are random everywhere, gamma and beta included, so that no gradient is trivially zero.
"""

import torch
import torch.nn.functional as F
from torch import nn

from rng import golden, integers, numbers

SEED = 12
STEPS = 10
# No ReLU of the ResNet's first step may have an input nearer to zero than this: a float32 backend could then pass what
# float64 stops, and no tolerance on its gradients would mean anything.
RELU_MARGIN = 2e-6


class Block(nn.Module):
    def __init__(self, start, to, stride):
        super().__init__()
        self.conv1 = nn.Conv2d(start, to, 3, stride, 1, bias=False)
        self.bn1 = nn.BatchNorm2d(to)
        self.conv2 = nn.Conv2d(to, to, 3, 1, 1, bias=False)
        self.bn2 = nn.BatchNorm2d(to)
        self.downsample = None
        if stride != 1 or start != to:
            self.downsample = nn.Sequential(nn.Conv2d(start, to, 1, stride, bias=False), nn.BatchNorm2d(to))

    def forward(self, x):
        shortcut = x if self.downsample is None else self.downsample(x)
        x = relu(self.bn1(self.conv1(x)))
        return relu(self.bn2(self.conv2(x)) + shortcut)


class ResNet8(nn.Module):
    def __init__(self, channels, classes, width):
        super().__init__()
        self.conv1 = nn.Conv2d(channels, width, 3, 1, 1, bias=False)
        self.bn1 = nn.BatchNorm2d(width)
        self.layer1 = nn.Sequential(Block(width, width, 1))
        self.layer2 = nn.Sequential(Block(width, 2 * width, 2))
        self.layer3 = nn.Sequential(Block(2 * width, 4 * width, 2))
        self.fc = nn.Linear(4 * width, classes)

    def forward(self, x):
        x = relu(self.bn1(self.conv1(x.permute(0, 3, 1, 2))))
        x = self.layer3(self.layer2(self.layer1(x)))
        return self.fc(F.adaptive_avg_pool2d(x, 1).flatten(1))


class Mlp(nn.Module):
    def __init__(self, widths):
        super().__init__()
        for i in range(1, len(widths)):
            setattr(self, f"fc{i}", nn.Linear(widths[i - 1], widths[i]))

    def forward(self, x):
        return self.fc2(F.relu(self.fc1(x.flatten(1))))


nearest_to_zero = [float("inf")]


def relu(x):
    nearest_to_zero[0] = min(nearest_to_zero[0], float(x.detach().abs().min()))
    return F.relu(x)


def own_layout(tensor):
    """Convolution weights [out, in, H, W] as octograd keeps them: [out, H, W, in]."""
    return tensor.permute(0, 2, 3, 1) if tensor.dim() == 4 else tensor


def initial(path, parameter):
    """Spread and centre of a parameter's first numbers."""
    if parameter.dim() > 1:
        outputs = parameter.numel() // parameter.shape[1]
        return {"scale": (2 / outputs) ** 0.5 if parameter.dim() == 4 else parameter.shape[1] ** -0.5, "shift": 0.0}
    is_gamma = path.endswith("weight")
    return {"scale": 0.2 if is_gamma else 0.1, "shift": 1.0 if is_gamma else 0.0}


def initialise(model, case):
    specs = {}
    for path, parameter in model.named_parameters():
        spec = {"shape": list(own_layout(parameter).shape), **initial(path, parameter)}
        values = torch.from_numpy(numbers(SEED, f"{case}/{path}", spec["shape"], "normal", spec["scale"], spec["shift"]))
        with torch.no_grad():
            own_layout(parameter).copy_(values)
        specs[path] = spec
    return specs


def batch_of(case, step, batch, input_shape, classes):
    inputs = numbers(SEED, f"{case}/inputs/{step}", [batch, *input_shape])
    labels = integers(SEED, f"{case}/labels/{step}", batch, classes)
    return torch.from_numpy(inputs), torch.from_numpy(labels)


def states(model):
    """Running statistics; octograd's spread of a batch norm is PyTorch's variance."""
    return {
        path.replace("running_var", "running_spread"): value
        for path, value in model.named_buffers()
        if not path.endswith("num_batches_tracked")
    }


def train(case, model, optimizer, config, full):
    """STEPS steps on as many batches: the losses, and of the first step logits and gradients too."""
    input_shape, batch, classes = config["inputShape"], config["batch"], config["classes"]
    smoothing, clip_norm = config.get("labelSmoothing", 0.0), config.get("clipNorm")
    parameters = initialise(model, case)
    losses, logits, gradients = [], None, {}
    for step in range(STEPS):
        inputs, labels = batch_of(case, step, batch, input_shape, classes)
        optimizer.zero_grad()
        output = model(inputs)
        loss = F.cross_entropy(output, labels, label_smoothing=smoothing)
        loss.backward()
        if step == 0:
            logits = golden(output, full)
            named = model.named_parameters()
            gradients = {path: golden(own_layout(parameter.grad), full) for path, parameter in named}
            margin = nearest_to_zero[0]
            assert margin > RELU_MARGIN, f"{case}: a ReLU's input is {margin:.1e}; choose another SEED"
        if clip_norm is not None:
            torch.nn.utils.clip_grad_norm_(model.parameters(), clip_norm)
        optimizer.step()
        losses.append(float(loss.detach()))
    model.eval()
    with torch.no_grad():
        predicted = model(batch_of(case, STEPS, batch, input_shape, classes)[0])
    return {
        "name": case,
        **config,
        "parameters": parameters,
        "logits": logits,
        "gradients": gradients,
        "losses": losses,
        "final": {path: golden(own_layout(parameter), full) for path, parameter in model.named_parameters()},
        "states": {path: golden(value, full) for path, value in states(model).items()},
        "predicted": golden(predicted, full),
    }


def resnet(case, width, settings, full, **config):
    model = ResNet8(config["inputShape"][2], config["classes"], width)
    optimizer = torch.optim.SGD(model.parameters(), config["learningRate"], **settings_of(settings))
    nearest_to_zero[0] = float("inf")
    return train(case, model, optimizer, {"width": width, "optimizer": settings, **config}, full)


def mlp(case, settings, full, **config):
    config = {"inputShape": [4, 5, 1], "hidden": [12], "batch": 7, "classes": 5, "optimizer": settings, **config}
    model = Mlp([20, *config["hidden"], config["classes"]])
    kinds = {"sgd": torch.optim.SGD, "adam": torch.optim.Adam, "adamw": torch.optim.AdamW}
    optimizer = kinds[settings["name"]](model.parameters(), config["learningRate"], **settings_of(settings))
    return train(case, model, optimizer, config, full)


def settings_of(settings):
    """octograd's settings under PyTorch's names."""
    renamed = {"weightDecay": "weight_decay"}
    kept = {renamed.get(key, key): value for key, value in settings.items() if key not in ("name", "beta1", "beta2")}
    return {**kept, "betas": (settings["beta1"], settings["beta2"])} if "beta1" in settings else kept


def make(full):
    momentum = {"name": "sgd", "momentum": 0.9, "weightDecay": 1e-4}
    return {
        "seed": SEED,
        "resnets": [
            resnet("resnet8", 16, momentum, full, inputShape=[12, 12, 3], batch=8, classes=10, learningRate=0.05),
            resnet(
                "resnet8, nesterov",
                8,
                {**momentum, "nesterov": True},
                full,
                inputShape=[13, 10, 1],
                batch=5,
                classes=7,
                learningRate=0.1,
                labelSmoothing=0.1,
            ),
        ],
        "mlps": [
            mlp("mlp, sgd", {"name": "sgd"}, full, learningRate=0.5),
            mlp("mlp, sgd, clipped", {**momentum, "weightDecay": 0.01}, full, learningRate=0.5, clipNorm=0.25),
            mlp("mlp, adam", {"name": "adam", "weightDecay": 0.01}, full, learningRate=0.01),
            mlp(
                "mlp, adamw",
                {"name": "adamw", "beta1": 0.8, "beta2": 0.95, "eps": 1e-6, "weightDecay": 0.1},
                full,
                learningRate=0.02,
            ),
        ],
    }
