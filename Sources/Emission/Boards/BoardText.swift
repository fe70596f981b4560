/// C text that boards share.
enum BoardText {
  static let origin = "/* Made by deepchip emit. Edits are lost when it runs again. */\n"

  /// Needs `led`.
  static let blinking = """


    static void wait(void) {
      volatile uint32_t turns = 400000;
      while (turns > 0) turns--;
    }

    /* Blinks once for result 0, twice for 1, and so on; then a pause. */
    void board_show(int32_t result) {
      for (; result >= 0; result--) {
        led(1);
        wait();
        led(0);
        wait();
      }
      wait();
      wait();
      wait();
    }
    """

  /// Needs `ticks` and TICKS_PER_MICROSECOND.
  static let clock = """


    uint64_t board_microseconds(void) {
      static uint64_t sum;
      static uint32_t last;
      const uint32_t now = ticks();
      sum += now - last;
      last = now;
      return sum / TICKS_PER_MICROSECOND;
    }
    """

  /// Needs `board_put`.
  static let printing = """


    /* Prints the result, then waits. */
    void board_show(int32_t result) {
      static const char text[] = "result ";
      volatile uint32_t turns = 4000000;
      int32_t divisor = 100000, place = 0;
      for (; text[place] != 0; place++) board_put(text[place]);
      while (divisor > 1 && result < divisor) divisor /= 10;
      for (; divisor > 0; divisor /= 10) board_put((char)('0' + result / divisor % 10));
      board_put('\\r');
      board_put('\\n');
      while (turns > 0) turns--;
    }
    """

  /// Needs `semihost`.
  static let semihosting = """


    /* Prints the result and ends the emulation. */
    void board_show(int32_t result) {
      static const uint32_t leave[2] = {0x20026, 0};
      char text[] = "result ......\\n";
      int32_t divisor = 100000, place = 7;
      for (; divisor > 0; divisor /= 10) text[place++] = (char)('0' + result / divisor % 10);
      semihost(4, text);
      semihost(0x20, leave);
    }
    """

  static let header = """
    \(origin)
    #ifndef BOARD_H
    #define BOARD_H

    #include <stdint.h>

    void board_start(void);
    /* Shows a small number in the way that the board has. */
    void board_show(int32_t result);

    /* On boards with a serial port: waits for a byte, sends one; time since the start. */
    int32_t board_get(void);
    void board_put(char character);
    uint64_t board_microseconds(void);

    #endif

    """

  static let armStartup = """
    \(origin)
    #include <stdint.h>

    int main(void);
    void reset(void);
    extern uint32_t stack_top[], data_begin[], data_end[], data_source[], bss_begin[], bss_end[];

    void reset(void) {
      uint32_t *to;
      const uint32_t *from = data_source;
      for (to = data_begin; to < data_end; to++) *to = *from++;
      for (to = bss_begin; to < bss_end; to++) *to = 0;
      main();
      for (;;) {}
    }

    static void stop(void) {
      for (;;) {}
    }

    typedef void (*handler)(void);

    /* The first stack pointer, reset, and faults; no interrupt is enabled. */
    __attribute__((section(".vectors"), used)) static const struct {
      uint32_t *stack;
      handler handlers[15];
    } vectors = {stack_top, {reset, stop, stop, stop, stop, stop, stop, stop, stop, stop, stop, stop, stop, stop, stop}};

    """

  /// For loaders that jump to the first byte.
  static let armEntry = """

    __attribute__((naked, section(".entry"), used)) void entry(void) {
      __asm__ volatile(
          "ldr r0, =stack_top\\n msr msp, r0\\n ldr r0, =0xE000ED08\\n ldr r1, =vector_table\\n str r1, [r0]\\n"
          " ldr r0, =reset\\n bx r0");
    }

    """

  static let riscvStartup = """
    \(origin)
    #include <stdint.h>

    int main(void);
    void reset(void);
    extern uint32_t data_begin[], data_end[], data_source[], bss_begin[], bss_end[];

    __attribute__((used)) static void start(void) {
      uint32_t *to;
      const uint32_t *from = data_source;
      for (to = data_begin; to < data_end; to++) *to = *from++;
      for (to = bss_begin; to < bss_end; to++) *to = 0;
      main();
      for (;;) {}
    }

    __attribute__((naked, section(".entry"), used)) void reset(void) {
      __asm__ volatile(".option push\\n .option norelax\\n la sp, stack_top\\n .option pop\\n j start");
    }

    """

  /// What compilers call.
  static let memory = """
    \(origin)
    #include <stddef.h>
    #include <stdint.h>

    void *memcpy(void *to, const void *from, size_t count);
    void *memmove(void *to, const void *from, size_t count);
    void *memset(void *to, int byte, size_t count);

    void *memcpy(void *to, const void *from, size_t count) {
      uint8_t *y = to;
      const uint8_t *x = from;
      while (count-- > 0) *y++ = *x++;
      return to;
    }

    void *memmove(void *to, const void *from, size_t count) {
      uint8_t *y = to;
      const uint8_t *x = from;
      if ((uintptr_t)y - (uintptr_t)x >= count) return memcpy(to, from, count);
      while (count-- > 0) y[count] = x[count];
      return to;
    }

    void *memset(void *to, int byte, size_t count) {
      uint8_t *y = to;
      while (count-- > 0) *y++ = (uint8_t)byte;
      return to;
    }

    #if defined(__arm__)
    /* The names of Arm's run-time ABI; the order of the last two arguments of memset differs. */
    #define COPY(name) \\
      void name(void *to, const void *from, size_t count); \\
      void name(void *to, const void *from, size_t count) { memmove(to, from, count); }
    #define SET(name) \\
      void name(void *to, size_t count, int byte); \\
      void name(void *to, size_t count, int byte) { memset(to, byte, count); }
    #define CLEAR(name) \\
      void name(void *to, size_t count); \\
      void name(void *to, size_t count) { memset(to, 0, count); }
    COPY(__aeabi_memcpy) COPY(__aeabi_memcpy4) COPY(__aeabi_memcpy8)
    COPY(__aeabi_memmove) COPY(__aeabi_memmove4) COPY(__aeabi_memmove8)
    SET(__aeabi_memset) SET(__aeabi_memset4) SET(__aeabi_memset8)
    CLEAR(__aeabi_memclr) CLEAR(__aeabi_memclr4) CLEAR(__aeabi_memclr8)
    #endif

    """

  /// For tool chains without a C library.
  static let stringHeader = """
    \(origin)
    #ifndef BOARD_STRING_H
    #define BOARD_STRING_H

    #include <stddef.h>

    void *memcpy(void *to, const void *from, size_t count);
    void *memmove(void *to, const void *from, size_t count);
    void *memset(void *to, int byte, size_t count);

    #endif

    """
}
