#!/usr/bin/env python3
"""Trains the float network that `deepchip demo` starts from, and writes it as ONNX.

    python3 -m venv /some/scratch && /some/scratch/bin/pip install torch numpy onnx
    /some/scratch/bin/python Scripts/train-digits.py [OUTPUT.onnx]

Run once by hand; neither the build nor the tests need it. One thread and a fixed seed: the same versions of the
packages on the same processor give the same file.

Data: the UCI digits shipped with the package (1,797 pictures of 8x8, values 0...16). The first 1,437 are the training
split, the last 360 the test split, as in the `digits` data set. The test split is looked at once, after training.

Network, 18,418 trained parameters, input `input` [batch, 1, 8, 8] = value / 16, output `logits` [batch, 10]:
    conv 3x3, 24 - batch norm - ReLU - conv 3x3, 48 - batch norm - ReLU - max pool 2x2 - flatten - dense 10
Batch norm is kept, not folded; operator set 13.
"""

import csv
import math
import pathlib
import sys

import numpy as np
import onnx
import torch
from onnx import TensorProto, helper, numpy_helper
from torch import nn
from torch.nn import functional as F

ROOT = pathlib.Path(__file__).resolve().parent.parent
DIGITS = ROOT / "Sources" / "CResources" / "digits.csv"
OUTPUT = ROOT / "Sources" / "CResources" / "digits.onnx"
TEST_COUNT = 360
EPOCHS = 120
BATCH = 64


def load_digits():
    rows = list(csv.reader(DIGITS.open()))[1:]
    table = np.array(rows, dtype=np.int64)
    pixels = torch.tensor(table[:, :64].reshape(-1, 1, 8, 8), dtype=torch.float32) / 16
    return pixels, torch.tensor(table[:, 64])


def network():
    return nn.Sequential(
        nn.Conv2d(1, 24, 3, padding=1, bias=False),
        nn.BatchNorm2d(24),
        nn.ReLU(),
        nn.Conv2d(24, 48, 3, padding=1, bias=False),
        nn.BatchNorm2d(48),
        nn.ReLU(),
        nn.MaxPool2d(2),
        nn.Flatten(),
        nn.Linear(48 * 16, 10),
    )


def distorted(pixels, generator):
    """Small random turns, stretches, shears and shifts (in parts of half a picture)."""
    count = len(pixels)

    def uniform(limit):
        return (torch.rand(count, generator=generator) * 2 - 1) * limit

    angle, shear = uniform(0.2), uniform(0.15)
    width, height = 1 + uniform(0.12), 1 + uniform(0.12)
    matrix = torch.zeros(count, 2, 3)
    matrix[:, 0, 0] = angle.cos() * width
    matrix[:, 0, 1] = -angle.sin() + shear
    matrix[:, 0, 2] = uniform(0.2)
    matrix[:, 1, 0] = angle.sin()
    matrix[:, 1, 1] = angle.cos() * height
    matrix[:, 1, 2] = uniform(0.2)
    grid = F.affine_grid(matrix, list(pixels.shape), align_corners=False)
    return F.grid_sample(pixels, grid, align_corners=False)


def train(pixels, labels):
    torch.manual_seed(1)
    generator = torch.Generator().manual_seed(2)
    model = network()
    optimizer = torch.optim.AdamW(model.parameters(), lr=3e-3, weight_decay=0.02)
    for epoch in range(EPOCHS):
        for group in optimizer.param_groups:
            group["lr"] = 3e-3 * 0.5 * (1 + math.cos(math.pi * epoch / EPOCHS))
        model.train()
        total = 0.0
        for indices in torch.randperm(len(pixels), generator=generator).split(BATCH):
            inputs = distorted(pixels[indices], generator)
            loss = F.cross_entropy(model(inputs), labels[indices], label_smoothing=0.05)
            optimizer.zero_grad()
            loss.backward()
            optimizer.step()
            total += loss.item() * len(indices)
        if epoch % 20 == 19:
            print(f"epoch {epoch + 1}: training loss {total / len(pixels):.4f}")
    return model.eval()


def export(model, path):
    first, norm1, _, second, norm2, _, _, _, dense = model
    tensors = {"conv1.weight": first.weight, "conv2.weight": second.weight}
    tensors |= {"dense.weight": dense.weight, "dense.bias": dense.bias}
    for name, norm in (("bn1", norm1), ("bn2", norm2)):
        tensors |= {f"{name}.weight": norm.weight, f"{name}.bias": norm.bias}
        tensors |= {f"{name}.mean": norm.running_mean, f"{name}.variance": norm.running_var}
    constants = [numpy_helper.from_array(t.detach().numpy(), n) for n, t in tensors.items()]

    def conv(name, source):
        return helper.make_node(
            "Conv", [source, f"{name}.weight"], [name], name=name, kernel_shape=[3, 3], pads=[1, 1, 1, 1])

    def norm(name, source):
        inputs = [source] + [f"{name}.{part}" for part in ("weight", "bias", "mean", "variance")]
        return helper.make_node("BatchNormalization", inputs, [name], name=name, epsilon=1e-5)

    nodes = [
        conv("conv1", "input"), norm("bn1", "conv1"), helper.make_node("Relu", ["bn1"], ["relu1"], name="relu1"),
        conv("conv2", "relu1"), norm("bn2", "conv2"), helper.make_node("Relu", ["bn2"], ["relu2"], name="relu2"),
        helper.make_node("MaxPool", ["relu2"], ["pool"], name="pool", kernel_shape=[2, 2], strides=[2, 2]),
        helper.make_node("Flatten", ["pool"], ["flat"], name="flat", axis=1),
        helper.make_node("Gemm", ["flat", "dense.weight", "dense.bias"], ["logits"], name="dense", transB=1),
    ]
    graph = helper.make_graph(
        nodes, "digits",
        [helper.make_tensor_value_info("input", TensorProto.FLOAT, ["batch", 1, 8, 8])],
        [helper.make_tensor_value_info("logits", TensorProto.FLOAT, ["batch", 10])], constants)
    file = helper.make_model(graph, opset_imports=[helper.make_opsetid("", 13)], producer_name="train-digits.py")
    file.ir_version = 7
    onnx.checker.check_model(file, full_check=True)
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_bytes(file.SerializeToString(deterministic=True))


def main():
    torch.set_num_threads(1)
    output = pathlib.Path(sys.argv[1]) if len(sys.argv) > 1 else OUTPUT
    pixels, labels = load_digits()
    split = len(pixels) - TEST_COUNT
    model = train(pixels[:split], labels[:split])
    for name, part in (("training", slice(None, split)), ("test", slice(split, None))):
        with torch.no_grad():
            right = int((model(pixels[part]).argmax(1) == labels[part]).sum())
        print(f"{name} split: {right} of {len(labels[part])} right, {100 * right / len(labels[part]):.2f} %")
    print(f"{sum(p.numel() for p in model.parameters())} trained parameters")
    export(model, output)
    print(f"wrote {output.name}, {output.stat().st_size} bytes")


if __name__ == "__main__":
    main()
