extension Board {
  /// LED 1 on P0.13, lit by 0.
  public static let nrf52840DK = Board(
    name: "nrf52840-dk", title: "Nordic nRF52840 DK", target: "nrf52840", core: .cortexM4,
    flash: Region(origin: 0, byteCount: 1 << 20), ram: Region(origin: 0x2000_0000, byteCount: 256 << 10),
    text: """
      #define P0_OUTSET REGISTER(0x50000508)
      #define P0_OUTCLR REGISTER(0x5000050C)
      #define P0_DIRSET REGISTER(0x50000518)

      void board_start(void) {
        P0_OUTSET = 1u << 13;
        P0_DIRSET = 1u << 13;
      }

      static void led(int on) {
        if (on) P0_OUTCLR = 1u << 13;
        else P0_OUTSET = 1u << 13;
      }
      """ + BoardText.blinking,
    hasSerialPort: false)

  /// LED 1 on P0.28, lit by 0; the application core, secure.
  public static let nrf5340DK = Board(
    name: "nrf5340-dk", title: "Nordic nRF5340 DK", target: "nrf5340", core: .cortexM33,
    flash: Region(origin: 0, byteCount: 1 << 20), ram: Region(origin: 0x2000_0000, byteCount: 512 << 10),
    text: """
      #define P0_OUTSET REGISTER(0x50842508)
      #define P0_OUTCLR REGISTER(0x5084250C)
      #define P0_DIRSET REGISTER(0x50842518)

      void board_start(void) {
        P0_OUTSET = 1u << 28;
        P0_DIRSET = 1u << 28;
      }

      static void led(int on) {
        if (on) P0_OUTCLR = 1u << 28;
        else P0_OUTSET = 1u << 28;
      }
      """ + BoardText.blinking,
    hasSerialPort: false)
}
