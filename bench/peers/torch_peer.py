"""PyTorch's side of the works: builds the network of one work, trains it on the fixed batch and serves the requests of
bench/protocol.ts, one JSON object a line. Layers and optimiser are PyTorch's own, in float32 on the CPU."""

import json
import resource
import sys
import time

import torch
import torch.nn.functional as F
from torch import nn


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
        x = F.relu(self.bn1(self.conv1(x)), inplace=True)
        return F.relu(self.bn2(self.conv2(x)) + shortcut, inplace=True)


def stages(start, widths, blocks):
    parts = []
    for i, to in enumerate(widths):
        for j in range(blocks):
            parts.append(Block(start, to, 2 if i > 0 and j == 0 else 1))
            start = to
    return parts


def network(name, shape, classes):
    height, width, channels = shape
    if name == "mlp":
        return nn.Sequential(
            nn.Flatten(),
            nn.Linear(height * width * channels, 256), nn.ReLU(inplace=True),
            nn.Linear(256, 128), nn.ReLU(inplace=True),
            nn.Linear(128, classes),
        )
    if name == "cnn":
        return nn.Sequential(
            nn.Conv2d(channels, 16, 3, padding=1, bias=False), nn.BatchNorm2d(16), nn.ReLU(inplace=True),
            nn.MaxPool2d(2),
            nn.Conv2d(16, 32, 3, padding=1, bias=False), nn.BatchNorm2d(32), nn.ReLU(inplace=True),
            nn.MaxPool2d(2),
            nn.Flatten(),
            nn.Linear(height // 4 * (width // 4) * 32, 128), nn.ReLU(inplace=True),
            nn.Linear(128, classes),
        )
    if name == "resnet20":
        stem = [nn.Conv2d(channels, 16, 3, 1, 1, bias=False), nn.BatchNorm2d(16), nn.ReLU(inplace=True)]
        body = stages(16, [16, 32, 64], 3)
        last = 64
    elif name == "resnet18":
        stem = [
            nn.Conv2d(channels, 64, 7, 2, 3, bias=False), nn.BatchNorm2d(64), nn.ReLU(inplace=True),
            nn.MaxPool2d(3, 2, 1),
        ]
        body = stages(64, [64, 128, 256, 512], 2)
        last = 512
    else:
        raise ValueError(f"there is no network {name}")
    for part in [*stem, *(m for block in body for m in block.modules())]:
        if isinstance(part, nn.Conv2d):
            nn.init.kaiming_normal_(part.weight, mode="fan_out", nonlinearity="relu")
    return nn.Sequential(*stem, *body, nn.AdaptiveAvgPool2d(1), nn.Flatten(), nn.Linear(last, classes))


def fixed_batch(work, batch):
    """The numbers of bench/works.ts, as images in PyTorch's order of axes."""
    height, width, channels = work["inputShape"]
    i = torch.arange(batch * height * width * channels, dtype=torch.float64)
    x = torch.sin(i * 12.9898) * 43758.5453
    x = ((x - torch.floor(x) - 0.5) * 12**0.5).float()
    images = x.reshape(batch, height, width, channels).permute(0, 3, 1, 2).contiguous()
    return images, torch.arange(batch) % work["classes"]


def say(**answer):
    print(json.dumps(answer), flush=True)


def main():
    config = json.loads(sys.argv[1])
    work, threads = config["work"], config["threads"]
    torch.set_num_threads(threads)
    torch.manual_seed(1)
    model = network(work["network"], work["inputShape"], work["classes"]).train()
    images, labels = fixed_batch(work, config["batch"])
    if config["variant"]["channelsLast"]:
        model = model.to(memory_format=torch.channels_last)
        images = images.contiguous(memory_format=torch.channels_last)
    optimizer = torch.optim.SGD(model.parameters(), lr=work["learningRate"], momentum=config["momentum"])

    def step():
        optimizer.zero_grad()
        loss = F.cross_entropy(model(images), labels)
        loss.backward()
        optimizer.step()
        return loss.item()

    layout = "channels-last" if config["variant"]["channelsLast"] else "channels-first"
    say(
        type="ready",
        loss=step(),
        version=f"PyTorch {torch.__version__}",
        description=f"CPU, {torch.get_num_threads()} threads, {layout}",
    )
    for line in sys.stdin:
        request = json.loads(line)
        milliseconds = []
        began = before = time.perf_counter()
        while True:
            loss = step()
            after = time.perf_counter()
            milliseconds.append((after - before) * 1000)
            before = after
            if after - began >= request["seconds"] or len(milliseconds) >= request["maxSteps"]:
                break
        # Linux counts in KiB.
        peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss * 1024
        say(type="ran", milliseconds=milliseconds, loss=loss, peakRss=peak)


if __name__ == "__main__":
    try:
        main()
    except Exception as error:
        say(type="failed", message=f"{type(error).__name__}: {error}")
