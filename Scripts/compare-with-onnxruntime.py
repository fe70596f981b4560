#!/usr/bin/env python3
"""Compares 'deepchip run' with ONNX Runtime on random inputs.

For ONNX models that come without expected outputs. Optional: nothing else in this repository needs Python.

    python3 -m venv venv && venv/bin/pip install numpy onnxruntime
    make build
    venv/bin/python Scripts/compare-with-onnxruntime.py model.onnx ...

Prints a line for each model: the largest difference of any output element, as such and as a share of the range of that
output in ONNX Runtime (largest minus smallest element), and in how many rows the largest element is in the same place.
Exits with 1 if a share is above --tolerance, integer outputs differ by more than --steps, or a run fails. Quantized
models run as integers here and in parts as floats there: a few steps apart at a softmax; '--backend reference' computes
them as ONNX defines it.
"""

import argparse
import pathlib
import subprocess
import sys
import tempfile

import numpy
import onnxruntime

TYPES = {
    "tensor(float)": numpy.float32, "tensor(uint8)": numpy.uint8, "tensor(int8)": numpy.int8,
    "tensor(int32)": numpy.int32, "tensor(int64)": numpy.int64, "tensor(bool)": numpy.bool_,
}


def random_input(argument, batch, scale, generator):
    """An array for a model's input; extents without a number are the batch."""
    shape = [extent if isinstance(extent, int) else batch for extent in argument.shape]
    kind = TYPES[argument.type]
    if kind == numpy.float32:
        return (scale * generator.standard_normal(shape)).astype(kind)
    if kind == numpy.bool_:
        return generator.integers(0, 2, shape).astype(kind)
    limits = numpy.iinfo(kind)
    return generator.integers(max(limits.min, -128), min(limits.max, 255) + 1, shape).astype(kind)


def outputs_of_deepchip(command, model, inputs, backend):
    """The outputs in graph order."""
    with tempfile.TemporaryDirectory() as folder:
        files = []
        for index, (name, array) in enumerate(inputs.items()):
            path = f"{folder}/in{index}.npy"
            numpy.save(path, array)
            files.append(f"{name}={path}")
        place = pathlib.Path(folder, "outputs")
        place.mkdir()
        subprocess.run(
            [command, "run", model, "--backend", backend, "-o", str(place), "--input", *files], check=True)
        count = len(list(place.glob("output_*.npy")))
        return [numpy.load(place / f"output_{index}.npy") for index in range(count)]


def compare(found, expected):
    """Largest difference, the same as a share of the range, and rows whose largest element is in the same place."""
    if found.shape != expected.shape or found.dtype != expected.dtype:
        raise ValueError(f"{found.dtype} {found.shape} instead of {expected.dtype} {expected.shape}")
    if expected.size == 0:
        return 0.0, 0.0, 0, 0
    difference = float(numpy.max(numpy.abs(found.astype(numpy.float64) - expected.astype(numpy.float64))))
    extent = float(expected.max()) - float(expected.min())
    share = difference / extent if extent > 0 else (0.0 if difference == 0 else float("inf"))
    rows, others = (array.reshape(-1, array.shape[-1] if array.ndim else 1) for array in (found, expected))
    same = int(numpy.sum(rows.argmax(axis=1) == others.argmax(axis=1)))
    return difference, share, same, len(rows)


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("models", nargs="+")
    parser.add_argument("--deepchip", default=".build/release/deepchip", help="the command to test")
    parser.add_argument("--backend", default="runtime", choices=["runtime", "reference"])
    parser.add_argument("--batch", type=int, default=1, help="extent of symbolic dimensions")
    parser.add_argument("--count", type=int, default=3, help="random inputs per model")
    parser.add_argument("--scale", type=float, default=1.0, help="standard deviation of float inputs")
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--tolerance", type=float, default=1e-4, help="share of the range that is let pass")
    parser.add_argument("--steps", type=int, default=0, help="difference of integer outputs that is let pass")
    options = parser.parse_args()
    onnxruntime.set_default_logger_severity(3)
    has_failed = False
    for model in options.models:
        name = pathlib.Path(model).name
        try:
            session = onnxruntime.InferenceSession(model, providers=["CPUExecutionProvider"])
            worst = [0.0, 0.0, 0, 0]
            passes = True
            for run in range(options.count):
                generator = numpy.random.default_rng(options.seed + run)
                inputs = {
                    argument.name: random_input(argument, options.batch, options.scale, generator)
                    for argument in session.get_inputs()
                }
                expected = session.run(None, inputs)
                found = outputs_of_deepchip(options.deepchip, model, inputs, options.backend)
                if len(found) != len(expected):
                    raise ValueError(f"{len(found)} outputs instead of {len(expected)}")
                for one, other in zip(found, expected):
                    difference, share, same, rows = compare(one, other)
                    passes &= difference <= options.steps if one.dtype != numpy.float32 else share <= options.tolerance
                    worst = [max(worst[0], difference), max(worst[1], share), worst[2] + same, worst[3] + rows]
            verdict = "ok" if passes else "DIFFERS"
            print(f"{verdict:8}{name:40} largest difference {worst[0]:.3g}, {worst[1]:.2g} of the range, "
                  f"largest element in place in {worst[2]} of {worst[3]} rows", flush=True)
            has_failed |= not passes
        except Exception as error:  # One bad model must not hide the others.
            print(f"FAILED  {name:40} {error}", flush=True)
            has_failed = True
    sys.exit(1 if has_failed else 0)


if __name__ == "__main__":
    main()
