/* Startup for RISC-V in qemu: stack and semihosting. */

#include <stdint.h>

void run_program(void);

/* Vectors are off after reset: mstatus.VS. */
#if defined(__riscv_vector)
#define VECTORS " li t0, 0x200\n csrs mstatus, t0\n"
#else
#define VECTORS
#endif

__attribute__((naked, section(".start"), used)) void _start(void) {
  __asm__ volatile(
      ".option push\n .option norelax\n .option arch, +zicsr\n la sp, stack_top\n la t0, trap\n csrw mtvec, t0\n" VECTORS " .option pop\n j run_program");
}

__attribute__((naked, aligned(4), used)) void trap(void) {
  __asm__ volatile("li a0, 0x18\n li a1, 0x20023\n j semihost");
}

/* The three instructions must be full ones, in one page. */
__attribute__((naked, aligned(16))) int32_t semihost(int32_t operation, const void *arguments) {
  (void)operation;
  (void)arguments;
  __asm__ volatile(
      ".option push\n .option norvc\n slli x0, x0, 0x1f\n ebreak\n srai x0, x0, 7\n ret\n .option pop");
}
