extension Board {
  /// Prints on UART 0, which is the USB connector, at 115,200 baud. The chip's loader (revision 3 and later) starts what
  /// lies at the beginning of the flash after two words of its own, without the maker's second loader.
  ///
  /// - Source: ESP32-C3 Technical Reference Manual; "direct boot" as in Espressif's example of that name.
  public static let esp32C3DevKitM1 = Board(
    name: "esp32-c3-devkitm-1", title: "ESP32-C3-DevKitM-1", target: "esp32-c3", core: .rv32imc,
    flash: Region(origin: 0x4200_0000, byteCount: 4 << 20), ram: Region(origin: 0x3FC8_0000, byteCount: 320 << 10),
    text: """
      #define UART_FIFO REGISTER(0x60000000)
      #define UART_STATUS REGISTER(0x6000001C)
      #define SYSTIMER_UNIT0_OP REGISTER(0x60023004)
      #define SYSTIMER_UNIT0_VALUE_LO REGISTER(0x60023044)

      /* Stops a watchdog behind its lock. */
      static void stop_watchdog(uint32_t lock, uint32_t control, uint32_t key, uint32_t value) {
        REGISTER(lock) = key;
        REGISTER(control) = value;
        REGISTER(lock) = 0;
      }

      /* The loader leaves the serial port at 115200 baud, and watchdogs that run. */
      void board_start(void) {
        stop_watchdog(0x600080B0, 0x600080AC, 0x8F1D312A, REGISTER(0x600080AC) | 1u << 31); /* feeds itself */
        stop_watchdog(0x600080A8, 0x60008090, 0x50D83AA1, 0);
        stop_watchdog(0x6001F064, 0x6001F048, 0x50D83AA1, 0);
        stop_watchdog(0x60020064, 0x60020048, 0x50D83AA1, 0);
      }

      int32_t board_get(void) {
        while ((UART_STATUS & 0x3FFu) == 0) {}
        return (int32_t)(UART_FIFO & 0xFFu);
      }

      void board_put(char character) {
        while ((UART_STATUS >> 16 & 0x3FFu) >= 120) {}
        UART_FIFO = (uint8_t)character;
      }

      /* Of 16 MHz. */
      static uint32_t ticks(void) {
        SYSTIMER_UNIT0_OP = 1u << 30;
        while ((SYSTIMER_UNIT0_OP & 1u << 29) == 0) {}
        return SYSTIMER_UNIT0_VALUE_LO;
      }
      #define TICKS_PER_MICROSECOND 16u
      """ + BoardText.clock + BoardText.printing,
    hasSerialPort: true, constantsOrigin: 0x3C00_0000, magic: [0xAEDB_041D, 0xAEDB_041D])
}
