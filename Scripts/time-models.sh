#!/bin/sh
# Prints a table of the trained models in the folder Models: density, accuracy, and microseconds an image at batch 1 on one
# thread: with dense kernels, with kernels that skip zeros in every layer, and as chosen. Medians of processes in turns.
#
#     Scripts/time-models.sh [NAME ...]        all, or those named; DEEPCHIP=program, ROUNDS=5, CORE=1
#
# The accuracy is that of result.json, which CommittedModelTests repeats to the picture.
set -e
deepchip=${DEEPCHIP:-.build/release/deepchip}
rounds=${ROUNDS:-5}
core=${CORE:-1}
[ $# -gt 0 ] || set -- $(ls Models | grep -v README.md)
number() { tr -d ' \n' | sed -n "s/.*\"$1\":\([0-9.]*\).*/\1/p"; }
median() { sort -n | awk '{ a[NR] = $1 } END { printf "%.1f", a[int((NR + 1) / 2)] }'; }
once() { taskset -c "$core" "$deepchip" bench "$1" --threads 1 --peer --iterations 400 --kernel "$2" | number median_us; }

echo "| model | density | top-1 | dense | zeros skipped | chosen | layers that skip zeros |"
echo "|---|---:|---:|---:|---:|---:|---:|"
times=$(mktemp -d)
trap 'rm -r "$times"' EXIT
for name; do
  model=Models/$name/model.dchip
  for method in dense gather fastest; do : > "$times/$method"; done
  for round in $(seq "$rounds"); do
    for method in dense gather fastest; do once "$model" "$method" >> "$times/$method"; echo >> "$times/$method"; done
  done
  density=$("$deepchip" inspect "$model" --json | number weightDensity)
  count=$("$deepchip" bench "$model" --threads 1 --iterations 3 --json | grep -c '"kernel" *: *"conv[a-z]*_u8g8' || true)
  top1=$(awk -F'[:,} ]+' '{ for (i = 1; i <= NF; i++) { if ($i ~ /images/) n = $(i + 1); if ($i ~ /top1Count/) c = $(i + 1) } }
    END { printf "%.2f %%", 100 * c / n }' "Models/$name/result.json")
  printf '| %s | %.2f | %s |' "$name" "$density" "$top1"
  for method in dense gather fastest; do printf ' %s |' "$(grep . "$times/$method" | median)"; done
  printf ' %s |\n' "$count"
done
