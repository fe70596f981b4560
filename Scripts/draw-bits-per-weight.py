#!/usr/bin/env python3
"""Draws bits per weight by layer, with the zero-order entropy beside them, as SVG; only the standard library.

    deepchip inspect M.dchip --json | Scripts/draw-bits-per-weight.py "ResNet-44, ternary" > picture.svg
"""

import json
import sys

COLORS = {"raw": "#8c8c8c", "trits": "#b5a642", "bitmap": "#5b9a8b", "gaps": "#7a6fac", "rans": "#2f6db3", "runs": "#c8553d"}


def main():
    report = json.load(sys.stdin)
    # Layers of a few weights (a constant for each channel) say nothing of codes.
    layers = [layer for layer in report["layers"] if layer.get("weightCode") and layer["codedWeightCount"] > 300]
    width, height, left, top, bottom = 900, 320, 46, 44, 26
    most = max(max(layer["bitsPerWeight"] for layer in layers), 1)
    # Layers of 8 bits would flatten the rest: the axis ends above the ternary ones, and taller bars say their number.
    small = [layer["bitsPerWeight"] for layer in layers if layer["bitsPerWeight"] <= 2.5]
    limit = max(small) * 1.3 if small and most > 2.5 else most * 1.1
    scale = (height - top - bottom) / limit
    step = (width - left - 10) / len(layers)
    out = ['<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 %d %d" font-family="sans-serif" font-size="11">' % (width, height),
           '<rect width="%d" height="%d" fill="white"/>' % (width, height),
           '<text x="%d" y="18" font-size="14">%s: bits per weight by layer</text>' % (left, sys.argv[1] if len(sys.argv) > 1 else report["model"])]
    x = left
    for name in sorted({layer["weightCode"] for layer in layers}):
        out.append('<rect x="%d" y="26" width="10" height="10" fill="%s"/><text x="%d" y="35">%s</text>' % (x, COLORS[name], x + 14, name))
        x += 64
    out.append('<path d="M%d 31h14" stroke="black" stroke-width="2"/><text x="%d" y="35">zero-order entropy</text>' % (x, x + 18))
    tick = 0.25 if limit <= 2 else 1
    for i in range(int(limit / tick) + 1):
        y = height - bottom - i * tick * scale
        out.append('<path d="M%d %.1fH%d" stroke="#ddd"/><text x="%d" y="%.1f" text-anchor="end">%g</text>' % (left, y, width - 10, left - 6, y + 4, i * tick))
    for i, layer in enumerate(layers):
        bits, entropy = layer["bitsPerWeight"], layer["entropyBitsPerWeight"]
        x, tall = left + i * step, min(bits, limit) * scale
        title = "%s: %s, %.3f bits, entropy %.3f, %d weights" % (
            layer["name"].replace("&", "&amp;").replace("<", "&lt;"), layer["weightCode"], bits, entropy, layer["codedWeightCount"])
        out.append('<rect x="%.1f" y="%.1f" width="%.1f" height="%.1f" fill="%s"><title>%s</title></rect>' % (
            x + step * 0.1, height - bottom - tall, step * 0.8, tall, COLORS[layer["weightCode"]], title))
        if entropy <= limit:
            out.append('<path d="M%.1f %.1fh%.1f" stroke="black" stroke-width="1.5"/>' % (x, height - bottom - entropy * scale, step))
        if bits > limit:
            out.append('<text x="%.1f" y="%.1f" text-anchor="middle" fill="white">%.1f</text>' % (x + step / 2, height - bottom - tall + 14, bits))
        if i % 5 == 0 or len(layers) < 20:
            out.append('<text x="%.1f" y="%d" text-anchor="middle">%d</text>' % (x + step / 2, height - bottom + 14, i))
    out.append("</svg>")
    print("\n".join(out))


main()
