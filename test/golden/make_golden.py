"""Writes the golden files that test/pytorch-*.test.ts hold octograd against: PyTorch's numbers, in float64.

    python3 test/golden/make_golden.py [--full] [FOLDER]

FOLDER is by default the one of this script, whose files are committed. --full writes every element of every tensor
(a few MiB) in place of samples and projections. Needs torch alone (written with Debian's python3-torch 1.13).
"""

import json
import sys
from pathlib import Path

import torch

import ops
import scheme
import training


def lines(value, depth=0):
    """JSON with a line for each entry of the outer levels, so that a change shows as the lines that changed."""
    if depth == 4 or not isinstance(value, (dict, list)) or not value or not isinstance(first(value), (dict, list)):
        return json.dumps(value)
    pad = " " * (depth + 1)
    if isinstance(value, dict):
        inner = [f"{pad}{json.dumps(key)}: {lines(item, depth + 1)}" for key, item in value.items()]
        return "{\n" + ",\n".join(inner) + "\n" + " " * depth + "}"
    return "[\n" + ",\n".join(pad + lines(item, depth + 1) for item in value) + "\n" + " " * depth + "]"


def first(value):
    """An entry that decides whether a container is broken into lines."""
    entries = list(value.values()) if isinstance(value, dict) else value
    return next((entry for entry in entries if isinstance(entry, (dict, list))), None)


def main(arguments):
    full = "--full" in arguments
    folders = [argument for argument in arguments if argument != "--full"]
    folder = Path(folders[0]) if folders else Path(__file__).parent
    torch.set_default_dtype(torch.float64)
    # One thread: sums in one order.
    torch.set_num_threads(1)
    torch.use_deterministic_algorithms(True)
    for name, module in {"ops": ops, "training": training, "scheme": scheme}.items():
        made = {"torch": torch.__version__, **module.make(full)}
        (folder / f"{name}.json").write_text(lines(made) + "\n", encoding="utf-8")


main(sys.argv[1:])
