#!/bin/bash
# Tests the AArch64 kernels, and the whole executor with them, under emulation.
#
#   Scripts/test-aarch64.sh [MODEL.dchip ...]
#
# 1. Every kernel against its scalar twin, between guard pages, on a processor of each level: Cortex-A72 (NEON),
#    Neoverse N1 (dot products), and all that QEMU has (matrix products).
# 2. The core as Embedded Swift, with these kernels: it runs packed models, and its outputs have to be the bytes that this
#    machine's `deepchip run` gives. Without a model, the built-in digits network is quantized. Skipped when no
#    `deepchip` was built.
#
# Needs clang and lld (of the Swift toolchain), and on Debian the packages gcc-aarch64-linux-gnu, libc6-dev-arm64-cross
# and qemu-user; without them it says so and ends well. CC_FLAGS are added to the compiler's. Everything built goes to
# .build/aarch64.
set -euo pipefail
cd "$(dirname "$0")/.."

for tool in clang ld.lld aarch64-linux-gnu-gcc qemu-aarch64; do
  if ! command -v "$tool" > /dev/null; then
    echo "Skipped: $tool was not found, so nothing was tested on AArch64."
    exit 0
  fi
done

folder=.build/aarch64
mkdir -p "$folder/c"
library=$(dirname "$(aarch64-linux-gnu-gcc -print-libgcc-file-name)")
system=$(cd "$(dirname "$(aarch64-linux-gnu-gcc -print-file-name=crt1.o)")/.." && pwd)

# Whether `$1` is missing or older than a file of the folders that follow.
is_outdated() {
  local product=$1
  shift
  [ ! -e "$product" ] || [ -n "$(find "$@" -type f -newer "$product" -print -quit)" ]
}

compile() { # source object flag...
  local source=$1 object=$2
  shift 2
  clang --target=aarch64-linux-gnu --sysroot=/ -isystem "$system/include" -Wall -Wextra -ISources/CKernels/include -ISources/CCoding/include "$@" \
    ${CC_FLAGS:-} -c "$source" -o "$object"
}

link() { # product object...
  local product=$1
  shift
  clang --target=aarch64-linux-gnu -fuse-ld=lld -static -B"$library" -L"$library" -B"$system/lib" -L"$system/lib" \
    "$@" "$folder"/c/*.o -lm -Wl,--gc-sections -o "$product"
}

build_kernels() {
  is_outdated "$folder/kernels" Sources/CKernels Sources/CCoding Emulation || return 0
  rm -f "$folder"/c/*.o
  local source
  for source in Sources/CKernels/*.c Sources/CKernels/*/*.c Sources/CCoding/*.c; do
    compile "$source" "$folder/c/$(basename "$(dirname "$source")")-$(basename "$source").o" -O3
  done
  compile Emulation/kernels.c "$folder/kernels.o" -O2
  compile Emulation/cost.c "$folder/cost.o" -O2
  link "$folder/cost" "$folder/cost.o"
  link "$folder/kernels" "$folder/kernels.o"
}

test_kernels() { # processor instruction-set...
  local processor=$1
  shift
  echo "$processor: $*"
  qemu-aarch64 -cpu "$processor" "$folder/kernels" "$@"
}

# The modules that are free of Foundation, in the order in which they import each other.
build_core() {
  local modules=(Tensors Graphs Coding ModelFormat Kernels Reference Planning Runtime) module
  local flags=(-target aarch64-none-none-elf -enable-experimental-feature Embedded -wmo -O -swift-version 6 -Xcc -fPIC
    -Xfrontend -function-sections -parse-as-library -package-name deepchip -I "$folder/swift" -I "$folder/swift/C")
  mkdir -p "$folder/swift/C"
  for module in CKernels CCoding; do
    printf 'module %s { umbrella "%s" export * }\n' "$module" "$PWD/Sources/$module/include"
  done > "$folder/swift/C/module.modulemap"
  local earlier=(Sources/CKernels/include Sources/CCoding/include)
  for module in "${modules[@]}"; do
    earlier+=("Sources/$module")
    is_outdated "$folder/swift/$module.o" "${earlier[@]}" || continue
    swiftc "${flags[@]}" -module-name "$module" -emit-module -emit-module-path "$folder/swift/$module.swiftmodule" \
      -c Sources/"$module"/*.swift -o "$folder/swift/$module.o"
  done
  is_outdated "$folder/executor" "${earlier[@]}" Emulation "$folder/kernels" || return 0
  swiftc "${flags[@]}" -import-objc-header Emulation/files.h -module-name executor \
    -c Emulation/executor.swift -o "$folder/swift/executor.o"
  compile Emulation/files.c "$folder/files.o" -O2
  local tables
  tables=$(dirname "$(command -v swiftc)")/../lib/swift/embedded/aarch64-none-none-elf/libswiftUnicodeDataTables.a
  link "$folder/executor" "$folder"/swift/*.o "$folder/files.o" "$tables"
}

test_executor() { # deepchip model
  local deepchip=$1 model=$2 seed processor
  for seed in 1 2 3; do
    for processor in cortex-a72 neoverse-n1 max; do
      qemu-aarch64 -cpu "$processor" "$folder/executor" "$model" "$seed" "$folder/input.npy" "$folder/output.bytes" \
        > "$folder/executor.log" || { cat "$folder/executor.log"; return 1; }
      "$deepchip" run "$model" --input "$folder/input.npy" -o "$folder/output.npy" > /dev/null
      if ! tail -c "$(wc -c < "$folder/output.bytes")" "$folder/output.npy" | cmp -s - "$folder/output.bytes"; then
        echo "$(basename "$model"), input $seed: $processor gives other bytes than this machine."
        return 1
      fi
    done
  done
  echo "$(basename "$model"): three inputs give this machine's bytes on each processor, with dense, sparse, packed and added weights."
}

build_kernels
test_kernels cortex-a72 neon
test_kernels neoverse-n1 neon dotprod
test_kernels max neon dotprod i8mm

deepchip=
for candidate in .build/release/deepchip .build/debug/deepchip; do
  if [ -x "$candidate" ]; then deepchip=$candidate && break; fi
done
deepchip=${DEEPCHIP:-$deepchip}
if [ -z "$deepchip" ] || ! command -v swiftc > /dev/null; then
  echo "Skipped: the executor on AArch64, as there is no swiftc, or no deepchip to compare with (swift build makes it)."
  exit 0
fi
build_core
models=("$@")
if [ ${#models[@]} = 0 ]; then
  "$deepchip" quantize Sources/CResources/digits.onnx --data digits -o "$folder/digits.dchip" > /dev/null
  models=("$folder/digits.dchip")
fi
for model in "${models[@]}"; do test_executor "$deepchip" "$model"; done
