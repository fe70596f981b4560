#!/usr/bin/env python3
"""Prints the expected pictures in ResamplingTests.swift (needs Pillow; 13.0.0 was used)."""

from PIL import Image


def picture(width, height):
    image = Image.new("L", (width, height))
    image.putdata([(x * 37 + y * 59 + x * y * 11) % 256 for y in range(height) for x in range(width)])
    return image


for source, target in (((13, 9), (5, 4)), ((5, 4), (8, 7)), ((7, 5), (7, 2)), ((6, 3), (4, 6))):
    pixels = picture(*source).resize(target, Image.BILINEAR)
    print(source, "->", target, list(pixels.tobytes()))
