#!/bin/bash
# Lists the Swift files that people write, each ended by a zero byte: all but what a generator made.
set -euo pipefail
cd "$(dirname "$0")/.."

folders=()
for folder in Sources Tests Benchmarks Emulation Examples; do
  if [ -d "$folder" ]; then folders+=("$folder"); fi
done
find Package.swift Embedded/Package.swift "${folders[@]}" -name .build -prune -o -name '*.swift' ! -name '*.pb.swift' -print0
