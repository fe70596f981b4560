extension Target {
  /// RV32IMC at 160 MHz; on the ESP32-C3-DevKitM-1.
  public static let esp32c3 = Target(
    name: "esp32-c3", title: "ESP32-C3", core: .rv32imc, flashByteCount: 4 << 20, ramByteCount: 384 << 10,
    clockHertz: 160_000_000,
    cycles: CycleTable(load: 1.5, store: 1, arithmetic: 1, multiplication: 1, branch: 3, stalls: 1.1),
    energy: .supply(milliamperes: 23, megahertz: 160, volts: 3.3),
    sources: [
      Source(
        "400 KiB of SRAM, of which 16 KiB are the cache of the flash; 160 MHz", "Espressif ESP32-C3 Series Datasheet"),
      Source("4 MiB of flash", "ESP32-C3-DevKitM-1 user guide; the chip itself has none or 4 MiB"),
      Source(
        "23 mA at 160 MHz and 3.3 V",
        "ESP32-C3 Series Datasheet, current consumption in modem-sleep mode, CPU running, peripheral clocks off"),
      Source("cycles, 10 % for misses of the flash cache", "none", isEstimate: true),
    ])
}
