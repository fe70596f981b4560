import Targets

extension Board {
  /// Arm's FPGA image AN386 as qemu has it.
  public static let mps2AN386 = mps2("mps2-an386", .cortexM4)
  /// AN385: a Cortex-M3, which runs the code of a Cortex-M0+.
  public static let mps2AN385 = mps2("mps2-an385", .cortexM0Plus)
  public static let mps2AN505 = mps2(
    "mps2-an505", .cortexM33, flash: 0x1000_0000, ram: 0x3800_0000, serialPort: 0x4020_0000, timer: 0x4000_0000)

  private static func mps2(
    _ name: String, _ core: Core, flash: Int = 0, ram: Int = 0x2000_0000, serialPort: Int = 0x4000_4000,
    timer: Int = 0x4000_0000
  ) -> Board {
    Board(
      name: name, title: "qemu's \(name)", target: nil, core: core,
      flash: Region(origin: flash, byteCount: 4 << 20), ram: Region(origin: ram, byteCount: 2 << 20),
      text: """
        #define UART_DATA REGISTER(0x\(String(serialPort, radix: 16)))
        #define UART_STATE REGISTER(0x\(String(serialPort + 4, radix: 16)))
        #define UART_CTRL REGISTER(0x\(String(serialPort + 8, radix: 16)))
        #define UART_BAUDDIV REGISTER(0x\(String(serialPort + 16, radix: 16)))
        #define TIMER_CTRL REGISTER(0x\(String(timer, radix: 16)))
        #define TIMER_VALUE REGISTER(0x\(String(timer + 4, radix: 16)))
        #define TIMER_RELOAD REGISTER(0x\(String(timer + 8, radix: 16)))

        void board_start(void) {
          UART_BAUDDIV = 217; /* 115200 baud at 25 MHz */
          UART_CTRL = 3;
          TIMER_RELOAD = 0xFFFFFFFF;
          TIMER_VALUE = 0xFFFFFFFF;
          TIMER_CTRL = 1;
        }

        int32_t board_get(void) {
          while ((UART_STATE & 2u) == 0) {}
          return (int32_t)(UART_DATA & 0xFFu);
        }

        void board_put(char character) {
          while ((UART_STATE & 1u) != 0) {}
          UART_DATA = (uint8_t)character;
        }

        static uint32_t ticks(void) { return 0xFFFFFFFFu - TIMER_VALUE; }
        #define TICKS_PER_MICROSECOND 25u

        __attribute__((naked, noinline)) static int32_t semihost(int32_t operation, const void *arguments) {
          (void)operation;
          (void)arguments;
          __asm__ volatile("bkpt 0xab\\n bx lr");
        }
        """ + BoardText.clock + BoardText.semihosting,
      hasSerialPort: true,
      emulator: [
        "qemu-system-arm", "-M", name, "-nographic", "-monitor", "none", "-semihosting-config",
        "enable=on,target=native", "-kernel",
      ])
  }

  /// qemu's RISC-V machine without firmware.
  public static let riscvVirt = Board(
    name: "riscv-virt", title: "qemu's riscv32 virt", target: nil, core: .rv32imc,
    flash: Region(origin: 0x8000_0000, byteCount: 4 << 20), ram: Region(origin: 0x8040_0000, byteCount: 2 << 20),
    text: """
      #define UART(offset) (*(volatile uint8_t *)(uintptr_t)(0x10000000u + (offset)))
      #define MTIME REGISTER(0x0200BFF8)

      void board_start(void) {}

      int32_t board_get(void) {
        while ((UART(5) & 1u) == 0) {}
        return UART(0);
      }

      void board_put(char character) {
        while ((UART(5) & 0x20u) == 0) {}
        UART(0) = (uint8_t)character;
      }

      static uint32_t ticks(void) { return MTIME; }
      #define TICKS_PER_MICROSECOND 10u

      /* The three instructions must be full ones, in one page. */
      __attribute__((naked, noinline, aligned(16))) static int32_t semihost(int32_t operation, const void *arguments) {
        (void)operation;
        (void)arguments;
        __asm__ volatile(
            ".option push\\n .option norvc\\n slli x0, x0, 0x1f\\n ebreak\\n srai x0, x0, 7\\n ret\\n .option pop");
      }
      """ + BoardText.clock + BoardText.semihosting,
    hasSerialPort: true,
    emulator: [
      "qemu-system-riscv32", "-M", "virt", "-bios", "none", "-nographic", "-monitor", "none", "-semihosting-config",
      "enable=on,target=native", "-kernel",
    ])
}
