extension Target {
  /// Cortex-M4F at 64 MHz; on the nRF52840 DK.
  public static let nrf52840 = Target(
    name: "nrf52840", title: "nRF52840", core: .cortexM4, flashByteCount: 1 << 20, ramByteCount: 256 << 10,
    clockHertz: 64_000_000,
    cycles: CycleTable(load: 1.5, store: 1, arithmetic: 1, multiplication: 1, branch: 3, stalls: 1.1),
    energy: .supply(milliamperes: 3.3, megahertz: 64, volts: 3),
    sources: [
      Source("1 MiB of flash, 256 KiB of RAM, 64 MHz", "Nordic nRF52840 Product Specification, key features"),
      Source(
        "3.3 mA at 64 MHz and 3 V",
        "nRF52840 Product Specification, current consumption: CoreMark from flash, cache on, DC/DC (52 uA/MHz)"),
      Source("cycles", "Arm DDI 0439B, Cortex-M4 TRM, table 3-1"),
      Source("10 % for misses of the instruction cache", "none", isEstimate: true),
    ])
}
