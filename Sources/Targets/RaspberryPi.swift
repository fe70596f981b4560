/// Cycles and energies are those of scalar code; the runtime's vector kernels take a fraction of them.
extension Target {
  private static let estimates = [
    Source("cycles", "the number of instructions that issue together", isEstimate: true),
    Source(
      "energy of the core", "Horowitz, ISSCC 2014, figure 1.1.9, scaled by feature size and voltage squared",
      isEstimate: true),
  ]

  /// Four Cortex-A53 at 1.4 GHz (BCM2837B0), one of them counted.
  public static let raspberryPi3 = Target(
    name: "raspberry-pi-3", title: "Raspberry Pi 3 B+", core: .cortexA53, flashByteCount: nil, ramByteCount: 1 << 30,
    clockHertz: 1_400_000_000, cycles: .cortexA53, energy: .scaledOperations(nanometers: 40, volts: 1.2),
    sources: [Source("1 GiB of RAM, 1.4 GHz", "Raspberry Pi 3 Model B+ Product Brief")] + estimates)

  /// Four Cortex-A72 at 1.5 GHz (BCM2711), one of them counted.
  public static let raspberryPi4 = Target(
    name: "raspberry-pi-4", title: "Raspberry Pi 4 B", core: .cortexA72, flashByteCount: nil, ramByteCount: 1 << 30,
    clockHertz: 1_500_000_000, cycles: .cortexA72, energy: .scaledOperations(nanometers: 28, volts: 0.9),
    sources: [Source("1 GiB of RAM in the smallest, 1.5 GHz", "Raspberry Pi 4 Model B Product Brief")] + estimates)

  /// Four Cortex-A76 at 2.4 GHz (BCM2712), one of them counted.
  public static let raspberryPi5 = Target(
    name: "raspberry-pi-5", title: "Raspberry Pi 5", core: .cortexA76, flashByteCount: nil, ramByteCount: 2 << 30,
    clockHertz: 2_400_000_000, cycles: .cortexA76, energy: .scaledOperations(nanometers: 16, volts: 0.85),
    sources: [Source("2 GiB of RAM in the smallest, 2.4 GHz", "Raspberry Pi 5 Product Brief")] + estimates)
}
