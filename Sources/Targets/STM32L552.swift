extension Target {
  /// Cortex-M33 at 110 MHz; on the Nucleo-L552ZE-Q.
  public static let stm32l552 = Target(
    name: "stm32l552", title: "STM32L552ZE", core: .cortexM33, flashByteCount: 512 << 10, ramByteCount: 256 << 10,
    clockHertz: 110_000_000, cycles: .cortexM33, energy: .supply(milliamperes: 6.82, megahertz: 110, volts: 3),
    sources: [
      Source("512 KiB of flash, 256 KiB of SRAM, 110 MHz", "ST DS12737, STM32L552xx data sheet, features"),
      Source(
        "62 uA/MHz at 3 V", "DS12737, features: run mode with the SMPS step-down converter (106 uA/MHz with the LDO)"),
      Source("cycles", "Arm prints no table for the Cortex-M33: close to the Cortex-M4", isEstimate: true),
    ])
}
