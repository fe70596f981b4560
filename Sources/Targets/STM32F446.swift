extension Target {
  /// Cortex-M4F at 180 MHz; on the Nucleo-F446RE.
  public static let stm32f446 = Target(
    name: "stm32f446", title: "STM32F446RE", core: .cortexM4, flashByteCount: 512 << 10, ramByteCount: 128 << 10,
    clockHertz: 180_000_000, cycles: .cortexM4, energy: .supply(milliamperes: 40, megahertz: 180, volts: 3.3),
    sources: [
      Source("512 KiB of flash, 128 KiB of SRAM, 180 MHz", "ST DS10693, STM32F446xC/E data sheet, features"),
      Source("cycles", "Arm DDI 0439B, Cortex-M4 TRM, table 3-1; no stalls: the ART accelerator serves the flash"),
      Source("40 mA at 180 MHz and 3.3 V", "order of the run currents in DS10693, peripherals off", isEstimate: true),
    ])
}
