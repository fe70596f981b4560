#!/bin/sh
# Makes Sources/Interchange/ONNX/Generated/onnx.pb.swift from the ONNX schema.
#
#   Scripts/generate-onnx-proto.sh SCHEMA PLUGIN
#
# SCHEMA is onnx.proto (proto2) of the Python package `onnx`, as in
#   python3 -m venv venv && venv/bin/pip install onnx==1.23.2   ->  venv/lib/python3*/site-packages/onnx/onnx.proto
# PLUGIN is protoc-gen-swift of swift-protobuf 1.39.0, as in
#   swift build -c release --product protoc-gen-swift           ->  .build/release/protoc-gen-swift
# protoc is taken from PATH (3.21 or later).
set -eu

schema=${1:?usage: generate-onnx-proto.sh SCHEMA PLUGIN}
plugin=${2:?usage: generate-onnx-proto.sh SCHEMA PLUGIN}
target=$(cd "$(dirname "$0")/.." && pwd)/Sources/Interchange/ONNX/Generated/onnx.pb.swift
scratch=$(mktemp -d)
trap 'rm -rf "$scratch"' EXIT

cp "$schema" "$scratch/onnx.proto"
protoc --proto_path="$scratch" --plugin=protoc-gen-swift="$plugin" \
  --swift_opt=Visibility=Internal --swift_out="$scratch" onnx.proto
{
  echo '// Made by Scripts/generate-onnx-proto.sh from onnx.proto of the Python package onnx 1.23.2. Do not edit.'
  echo '//'
  echo '// The schema: Copyright (c) ONNX Project Contributors.'
  echo '// SPDX-License-Identifier: Apache-2.0'
  echo
  echo '// swift-format-ignore-file'
  echo
  cat "$scratch/onnx.pb.swift"
} > "$target"
