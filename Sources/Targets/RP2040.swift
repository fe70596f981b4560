extension Target {
  /// Two Cortex-M0+ at 133 MHz, of which one is counted; on the Raspberry Pi Pico.
  public static let rp2040 = Target(
    name: "rp2040", title: "RP2040", core: .cortexM0Plus, flashByteCount: 2 << 20, ramByteCount: 264 << 10,
    clockHertz: 133_000_000,
    cycles: CycleTable(load: 2, store: 2, arithmetic: 1, multiplication: 1, branch: 2.3, stalls: 1.1),
    energy: .supply(milliamperes: 25, megahertz: 133, volts: 3.3),
    sources: [
      Source(
        "264 KiB of SRAM, 133 MHz, a multiplier of one cycle", "Raspberry Pi RP2040 Datasheet, sections 1 and 2.4"),
      Source("2 MiB of flash", "Raspberry Pi Pico Datasheet: the chip has none of its own"),
      Source("cycles", "Arm DDI 0484C, Cortex-M0+ TRM, table 3-1"),
      Source("25 mA at 133 MHz and 3.3 V, 10 % for misses of the flash cache", "none", isEstimate: true),
    ])
}
