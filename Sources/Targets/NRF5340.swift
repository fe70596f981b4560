extension Target {
  /// The application core, Cortex-M33 at 128 MHz; on the nRF5340 DK.
  public static let nrf5340 = Target(
    name: "nrf5340", title: "nRF5340", core: .cortexM33, flashByteCount: 1 << 20, ramByteCount: 512 << 10,
    clockHertz: 128_000_000, cycles: .cortexM33, energy: .supply(milliamperes: 7.9, megahertz: 128, volts: 3),
    sources: [
      Source(
        "1 MiB of flash, 512 KiB of RAM, 128 MHz", "Nordic nRF5340 Product Specification, application core features"),
      Source(
        "7.9 mA at 128 MHz and 3 V",
        "nRF5340 Product Brief: 514 CoreMark at 65 CoreMark/mA; the division is ours"),
      Source("cycles", "Arm prints no table for the Cortex-M33: close to the Cortex-M4", isEstimate: true),
    ])
}
