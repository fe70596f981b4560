#!/bin/sh
# Runs an emitted program on an emulated chip.
#
#   Scripts/emulation/run.sh BOARD FOLDER [COUNT]
#
# BOARD is m4, m33, m55, m0plus, riscv32 or riscv32v. FOLDER holds the files of 'deepchip emit --name model' and "inputs", COUNT (20)
# inputs as bytes; "outputs" is written there. Prints the instructions of one run (the difference between COUNT runs
# and one, divided), the stack in bytes, the compiler's version, and the sizes of code, constants and memory. CFLAGS
# (-O2) optimizes; EMULATION_CACHE names a folder for what several runs share.
set -eu
here=$(cd "$(dirname "$0")" && pwd)
board=$1 folder=$(cd "$2" && pwd) count=${3:-20}
optimize=${CFLAGS:--O2}
case $board in
  m4) tool=arm-none-eabi chip="-mcpu=cortex-m4 -mthumb -mfloat-abi=hard -mfpu=fpv4-sp-d16" machine=mps2-an386
    flash=0 ram=0x20000000 start=arm ;;
  m33) tool=arm-none-eabi chip="-mcpu=cortex-m33 -mthumb -mfloat-abi=soft" machine=mps2-an505
    flash=0x10000000 ram=0x38000000 start=arm ;;
  m0plus) tool=arm-none-eabi chip="-mcpu=cortex-m0plus -mthumb" machine=mps2-an385
    flash=0 ram=0x20000000 start=arm ;;
  m55) tool=arm-none-eabi chip="-mcpu=cortex-m55 -mthumb -mfloat-abi=hard" machine=mps3-an547
    flash=0 ram=0x20000000 start=arm ;;
  riscv32v) tool=riscv64-unknown-elf chip="-march=rv32imac_zve32x_zvl128b -mabi=ilp32 --specs=picolibc.specs" machine=virt
    flash=0x80000000 ram=0x80400000 start=riscv32 cpu="-cpu rv32,v=true,vlen=128"
    link="-march=rv32imac -mabi=ilp32 --specs=picolibc.specs" ;; # libraries know nothing of vectors
  riscv32) tool=riscv64-unknown-elf chip="-march=rv32imac -mabi=ilp32 --specs=picolibc.specs" machine=virt
    flash=0x80000000 ram=0x80400000 start=riscv32 ;;
  *) echo "run.sh: no board '$board': m4, m33, m55, m0plus, riscv32, riscv32v" >&2; exit 2 ;;
esac
case $start in arm) emulator="qemu-system-arm" ;; *) emulator="qemu-system-riscv32 -bios none ${cpu:-}" ;; esac
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
cache=${EMULATION_CACHE:-$work}
# once FILE COMMAND...: runs the command, which ends in an option for its output, unless the file is there already.
once() {
  target=$1; shift
  if [ -f "$target" ]; then return; fi
  "$@" "$target.$$" && mv "$target.$$" "$target"
}
plugin=$cache/count.so
once "$plugin" ${CC:-cc} -O2 -shared -fPIC "$here/count.c" -o
flags="$chip $optimize -std=c99 -ffunction-sections -fdata-sections -I$folder"
for source in model model_data; do
  $tool-gcc $flags -Wall -Wextra -Werror -pedantic -c -o "$work/$source.o" "$folder/$source.c"
done
for source in "$start" memory; do
  once "$cache/$board$optimize-$source.o" $tool-gcc $chip $optimize -std=c99 -ffunction-sections -fdata-sections \
    -fno-builtin -Wall -Wextra -c "$here/$source.c" -o
done
run() {
  $tool-gcc $flags -DCOUNT=$1 -c -o "$work/main.o" "$here/main.c"
  $tool-gcc ${link:-$chip} -nostartfiles -nostdlib -static -Wl,--gc-sections -Wl,--defsym=FLASH=$flash -Wl,--defsym=RAM=$ram \
    -T "$here/chip.ld" -o "$work/program.elf" "$work/main.o" "$cache/$board$optimize-$start.o" \
    "$cache/$board$optimize-memory.o" "$work/model.o" \
    "$work/model_data.o" -lgcc
  (cd "$folder" && timeout "${LIMIT:-300}" $emulator -M $machine -nographic -monitor none -serial none \
    -semihosting-config enable=on,target=native -plugin "$plugin" -d plugin -D "$work/count" \
    -kernel "$work/program.elf") > "$work/log" 2>&1 || { echo "run.sh: status $?" >&2; cat "$work/log" >&2; exit 1; }
  sed -n 's/^instructions //p' "$work/count"
}
one=$(run 1)
all=$(run "$count")
if [ "$count" -gt 1 ]; then echo "instructions $(((all - one) / (count - 1)))"; fi
cat "$work/log"
echo "compiler $($tool-gcc -dumpfullversion)"
# What the compiler puts aside for the code, such as numbers that do not fit in instructions, counts as code.
$tool-size -A "$work/model.o" | awk '
  $1 ~ /^\.(text|s?rodata)/ { code += $2 } $1 ~ /^\.s?(bss|data)/ { memory += $2 }
  END { print "code", code; print "memory", memory }'
$tool-size -A "$work/model_data.o" | awk '$1 ~ /^\.s?rodata/ { constants += $2 } END { print "constants", constants }'
