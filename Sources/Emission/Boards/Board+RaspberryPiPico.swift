extension Board {
  /// LED on GPIO 25. The program is loaded into RAM (USB, SWD): flash needs the second stage of the maker's loader.
  public static let raspberryPiPico = Board(
    name: "raspberry-pi-pico", title: "Raspberry Pi Pico, from RAM", target: "rp2040", core: .cortexM0Plus,
    flash: Region(origin: 0x2000_0000, byteCount: 192 << 10), ram: Region(origin: 0x2003_0000, byteCount: 72 << 10),
    text: """
      #define RESETS_RESET_CLEAR REGISTER(0x4000F000)
      #define RESETS_DONE REGISTER(0x4000C008)
      #define GPIO25_CTRL REGISTER(0x400140CC)
      #define SIO_OUT_SET REGISTER(0xD0000014)
      #define SIO_OUT_CLR REGISTER(0xD0000018)
      #define SIO_OE_SET REGISTER(0xD0000024)

      void board_start(void) {
        RESETS_RESET_CLEAR = 1u << 5 | 1u << 8; /* the pins and their pads */
        while ((~RESETS_DONE & (1u << 5 | 1u << 8)) != 0) {}
        GPIO25_CTRL = 5; /* for the processor */
        SIO_OE_SET = 1u << 25;
      }

      static void led(int on) {
        if (on) SIO_OUT_SET = 1u << 25;
        else SIO_OUT_CLR = 1u << 25;
      }
      """ + BoardText.blinking,
    hasSerialPort: false, startsInRAM: true)
}
