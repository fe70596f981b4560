#!/bin/bash
# Builds the documentation of the public interface of every library module, and fails on a broken link or a
# malformed comment.
#
#   Scripts/build-documentation.sh [OUTPUT]
#
# OUTPUT is .build/documentation unless given: one folder NAME.doccarchive per module. Open one with
# `docc preview`, or serve a static copy made by `docc process-archive transform-for-static-hosting`.
# Needs only the Swift toolchain: symbol graphs of the debug build, then DocC. Works offline.
set -euo pipefail
cd "$(dirname "$0")/.."

output=${1:-.build/documentation}
docc=$(command -v docc || xcrun --find docc 2>/dev/null) || {
  echo "docc not found. It is part of the Swift toolchain: see https://www.swift.org/install." >&2
  exit 1
}

log=$(mktemp)
trap 'rm -f "$log"' EXIT
swift package dump-symbol-graph --minimum-access-level public --skip-synthesized-members > "$log" 2>&1 || {
  cat "$log" >&2
  exit 1
}
graphs=$(dirname "$(swift build --show-bin-path)")/symbolgraph
rm -rf "$output"
mkdir -p "$output"

for folder in Sources/*/; do
  module=$(basename "$folder")
  graph="$graphs/$module.symbols.json"
  # C modules have no Swift interface; the command documents itself with --help.
  if ! ls "$folder" | grep -q '\.swift$' && [ -z "$(find "$folder" -name '*.swift' -print -quit)" ]; then continue; fi
  if [ "$module" = DeepChipCommand ]; then continue; fi
  if [ ! -f "$graph" ]; then
    echo "$module: no symbol graph. Is it a target of Package.swift?" >&2
    exit 1
  fi
  scratch="$output/.graphs/$module"
  mkdir -p "$scratch"
  cp "$graph" "$scratch"
  find "$graphs" -name "$module@*.symbols.json" -exec cp {} "$scratch" \;
  "$docc" convert --additional-symbol-graph-dir "$scratch" --output-path "$output/$module.doccarchive" \
    --fallback-display-name "$module" --fallback-bundle-identifier "deepchip.$module" \
    --warnings-as-errors
  echo "$module.doccarchive"
done
rm -rf "$output/.graphs"
