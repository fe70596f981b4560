#!/usr/bin/env bash
# Kills a training run at every system call by which it saves, resumes it, and compares the result with that of a run
# that was never stopped. Linux, with strace.
#
#   Scripts/kill-while-saving.sh .build/debug/deepchip Sources/CResources/digits.onnx [CALL...]
#
# For each call that makes, writes, syncs, renames, removes or examines files, and for each number n, the process gets
# SIGKILL at its nth such call, until there is no nth. Prints a line per call; ends with 1 at the first difference. With
# names of calls only those.
set -euo pipefail

program=$(realpath "$1")
network=$(realpath "$2")
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
cd "$folder"
options=(--data digits --scale 1/16 --limit 192 --epochs 2 --seed 7 --save-every 0s)

begin() { "$program" train "$network" "${options[@]}" -o "$1.dchip" >/dev/null; }

# What is the same for every run: the model, and the metrics without the speed.
result() {
  sha256sum <"$1.dchip"
  sed 's/"imagesPerSecond":[0-9.e+]*,//' "$1.run/metrics.jsonl" | sha256sum
}

begin whole
expected=$(result whole)
total=0
calls=(mkdir flock rename fsync write close openat readlink access stat newfstatat fstat fchown fchmod unlink)
if [[ $# -gt 2 ]]; then calls=("${@:3}"); fi
for call in "${calls[@]}"; do
  kills=0
  for ((n = 1; ; n++)); do
    rm -rf run.dchip run.run
    status=0
    { strace -f -o /dev/null -e trace="$call" -e inject="$call":signal=KILL:when="$n" \
      "$program" train "$network" "${options[@]}" -o run.dchip; } >/dev/null 2>&1 || status=$?
    # Not killed: there is no nth call, or this system has no such call.
    if [[ $status -ne 137 ]]; then break; fi
    kills=$((kills + 1))
    if [[ -e run.run/config.json ]]; then
      "$program" train --resume run.run >/dev/null 2>errors || { cat errors; echo "$call $n: no resume"; exit 1; }
    else
      begin run
    fi
    if [[ -s errors ]]; then cat errors; echo "$call $n: a note"; exit 1; fi
    if [[ $(result run) != "$expected" ]]; then echo "$call $n: another result"; exit 1; fi
    leftovers=$(find run.run -name '.deepchip-*' | wc -l)
    if [[ $leftovers -ne 0 ]]; then echo "$call $n: left-over files"; exit 1; fi
  done
  echo "$call: killed at each of $kills calls, resumed, equal"
  total=$((total + kills))
done
echo "$total kills, 0 differences"
