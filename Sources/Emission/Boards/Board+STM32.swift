extension Board {
  /// Green LED on PA5; USART2 on the USB connector. Runs from the internal oscillator of 16 MHz.
  public static let nucleoF446RE = Board(
    name: "nucleo-f446re", title: "ST Nucleo-F446RE", target: "stm32f446", core: .cortexM4,
    flash: Region(origin: 0x0800_0000, byteCount: 512 << 10), ram: Region(origin: 0x2000_0000, byteCount: 128 << 10),
    text: """
      #define RCC_AHB1ENR REGISTER(0x40023830)
      #define RCC_APB1ENR REGISTER(0x40023840)
      #define GPIOA_MODER REGISTER(0x40020000)
      #define GPIOA_BSRR REGISTER(0x40020018)
      #define GPIOA_AFRL REGISTER(0x40020020)
      #define USART2_SR REGISTER(0x40004400)
      #define USART2_DR REGISTER(0x40004404)
      #define USART2_BRR REGISTER(0x40004408)
      #define USART2_CR1 REGISTER(0x4000440C)
      #define DEMCR REGISTER(0xE000EDFC)
      #define DWT_CTRL REGISTER(0xE0001000)
      #define DWT_CYCCNT REGISTER(0xE0001004)

      void board_start(void) {
        RCC_AHB1ENR |= 1u; /* port A */
        RCC_APB1ENR |= 1u << 17; /* USART2 */
        GPIOA_MODER = (GPIOA_MODER & ~0xCF0u) | 0x4A0u; /* PA5 output, PA2 and PA3 alternate */
        GPIOA_AFRL = (GPIOA_AFRL & ~0xFF00u) | 0x7700u;
        USART2_BRR = 139; /* 115200 baud at 16 MHz */
        USART2_CR1 = 1u << 13 | 1u << 3 | 1u << 2;
        DEMCR |= 1u << 24;
        DWT_CTRL |= 1u;
      }

      static void led(int on) { GPIOA_BSRR = on ? 1u << 5 : 1u << 21; }

      int32_t board_get(void) {
        while ((USART2_SR & 1u << 5) == 0) {}
        return (int32_t)(USART2_DR & 0xFFu);
      }

      void board_put(char character) {
        while ((USART2_SR & 1u << 7) == 0) {}
        USART2_DR = (uint8_t)character;
      }

      static uint32_t ticks(void) { return DWT_CYCCNT; }
      #define TICKS_PER_MICROSECOND 16u
      """ + BoardText.clock + BoardText.blinking,
    hasSerialPort: true)

  /// Green LED on PC7. Runs from the internal oscillator of 4 MHz, without TrustZone.
  public static let nucleoL552ZEQ = Board(
    name: "nucleo-l552ze-q", title: "ST Nucleo-L552ZE-Q", target: "stm32l552", core: .cortexM33,
    flash: Region(origin: 0x0800_0000, byteCount: 512 << 10), ram: Region(origin: 0x2000_0000, byteCount: 256 << 10),
    text: """
      #define RCC_AHB2ENR REGISTER(0x4002104C)
      #define GPIOC_MODER REGISTER(0x42020800)
      #define GPIOC_BSRR REGISTER(0x42020818)

      void board_start(void) {
        RCC_AHB2ENR |= 1u << 2; /* port C */
        (void)RCC_AHB2ENR;
        GPIOC_MODER = (GPIOC_MODER & ~(3u << 14)) | 1u << 14;
      }

      static void led(int on) { GPIOC_BSRR = on ? 1u << 7 : 1u << 23; }
      """ + BoardText.blinking,
    hasSerialPort: false)
}
