/* Startup for Arm Cortex-M in qemu: vectors, stack, semihosting, and the two functions that programs need. */

#include <stddef.h>
#include <stdint.h>

void run_program(void);
extern uint32_t stack_top[];

__attribute__((naked)) int32_t semihost(int32_t operation, const void *arguments) {
  (void)operation;
  (void)arguments;
  __asm__ volatile("bkpt 0xab\n bx lr");
}

static void reset(void) {
#if defined(__ARM_FP)
  *(volatile uint32_t *)0xE000ED88 |= 0xFu << 20; /* the floating-point unit */
  __asm__ volatile("dsb\n isb");
#endif
  run_program();
}

static void fault(void) {
  static const uint32_t arguments[2] = {0x20026, 99};
  semihost(0x20, arguments);
  for (;;) {}
}

__attribute__((section(".vectors"), used)) static const void *const vectors[16] = {
    stack_top, (const void *)reset, (const void *)fault, (const void *)fault, (const void *)fault,
    (const void *)fault, (const void *)fault, (const void *)fault, (const void *)fault, (const void *)fault,
    (const void *)fault, (const void *)fault, (const void *)fault, (const void *)fault, (const void *)fault,
    (const void *)fault,
};
