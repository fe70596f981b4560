#!/bin/bash
# Counts the instructions of the AArch64 kernels on typical layers, under emulation, and prints a table.
#
#   Scripts/count-aarch64.sh [--markdown]
#
# Counts are exact and the same on every run; they are instructions, not cycles. Builds with Scripts/test-aarch64.sh, and
# needs what that needs, gcc, and a QEMU that takes plugins.
set -euo pipefail
cd "$(dirname "$0")/.."

Scripts/test-aarch64.sh > /dev/null
folder=.build/aarch64
gcc -O2 -Wall -Wextra -shared -fPIC Scripts/emulation/count.c -o "$folder/instructions.so"
qemu-aarch64 -cpu max -plugin "$folder/instructions.so" -d plugin -D "$folder/counts" "$folder/cost" > "$folder/rows"

# Every second count lies between the markers of a run.
grep '^[0-9]' "$folder/counts" | awk 'NR % 2 == 0' | paste "$folder/rows" - | awk -F '\t' -v markdown="${1:-}" '
  { key = $2 "\t" $3; if (!(key in unit)) { order[++n] = key; unit[key] = $5 }
    cost[key, $1] = $6 / $4; if (!($1 in seen)) { seen[$1] = 1; isa[++m] = $1 } }
  END {
    if (markdown) {
      printf "| kernel | layer | per |"; for (i = 1; i <= m; i++) printf " %s |", isa[i]
      printf "\n|---|---|---|"; for (i = 1; i <= m; i++) printf "---|"; print ""
    }
    for (k = 1; k <= n; k++) {
      split(order[k], name, "\t")
      printf markdown ? "| %s | %s | %s |" : "%-26s %-28s %-8s", name[1], name[2], unit[order[k]]
      for (i = 1; i <= m; i++) printf markdown ? " %.3f |" : "  %8.3f", cost[order[k], isa[i]]
      print ""
    }
  }'
