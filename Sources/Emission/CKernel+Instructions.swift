/// An instruction of a core, as a function that other compilers make from plain C.
enum Instruction: String, CaseIterable {
  /// A word of memory, at any address.
  case load = "load4"
  case store = "store4"
  /// Bytes 0 and 2, or 1 and 3, as numbers of 16 bits.
  case evenSigned = "even_s"
  case oddSigned = "odd_s"
  case evenUnsigned = "even_u"
  case oddUnsigned = "odd_u"
  /// The sum plus the product of the lower, or upper, halves.
  case multiplyLow = "multiply_low"
  case multiplyHigh = "multiply_high"
  /// Two sums of 16 bits plus bytes 0 and 2, or 1 and 3.
  case addEven = "add_even"
  case addOdd = "add_odd"
  /// The upper half of a product of 64 bits, plus a number.
  case multiplyTop = "multiply_top"
  /// The nearest code, and that of a number of 64ths rounded down.
  case saturate
  case saturateParts = "saturate_parts"

  /// Those that results are made with.
  static let ofResults = [Instruction.multiplyTop, .saturate, .saturateParts]

  var text: String {
    switch self {
    case .load:
      """
      static inline uint32_t @_load4(const void *from) {
        uint32_t word;
        memcpy(&word, from, 4);
        return word;
      }
      """
    case .store: "static inline void @_store4(void *to, uint32_t word) { memcpy(to, &word, 4); }"
    case .evenSigned: function("uint32_t", ["uint32_t x"], "sxtb16 %0, %1", Self.signed("x"))
    case .oddSigned: function("uint32_t", ["uint32_t x"], "sxtb16 %0, %1, ror #8", Self.signed("(x >> 8)"))
    case .evenUnsigned: function("uint32_t", ["uint32_t x"], "uxtb16 %0, %1", "x & 0xff00ffu")
    case .oddUnsigned: function("uint32_t", ["uint32_t x"], "uxtb16 %0, %1, ror #8", "(x >> 8) & 0xff00ffu")
    case .multiplyLow:
      function(
        "int32_t", ["uint32_t x", "uint32_t w", "int32_t sum"], "smlabb %0, %1, %2, %3",
        "sum + (int32_t)(x & 0xffffu) * ((int32_t)((w & 0xffffu) ^ 0x8000u) - 0x8000)")
    case .multiplyHigh:
      function(
        "int32_t", ["uint32_t x", "uint32_t w", "int32_t sum"], "smlatt %0, %1, %2, %3",
        "sum + (int32_t)(x >> 16) * ((int32_t)((w >> 16) ^ 0x8000u) - 0x8000)")
    case .addEven: function("uint32_t", ["uint32_t sum", "uint32_t x"], "uxtab16 %0, %1, %2", "sum + (x & 0xff00ffu)")
    case .addOdd:
      function(
        "uint32_t", ["uint32_t sum", "uint32_t x"], "uxtab16 %0, %1, %2, ror #8", "sum + ((x >> 8) & 0xff00ffu)")
    case .saturate:
      function("uint8_t", ["int32_t x"], "usat %0, #8, %1", "(uint8_t)(x < 0 ? 0 : x > 255 ? 255 : x)")
    case .saturateParts:
      function(
        "uint8_t", ["int32_t x"], "usat %0, #8, %1, asr #6", "(uint8_t)(x < 0 ? 0 : x > 16383 ? 255 : x >> 6)")
    case .multiplyTop:
      """
      static inline int32_t @_multiply_top(int32_t a, int32_t b, int32_t sum) {
      #if defined(__ARM_FEATURE_DSP) && defined(__GNUC__)
        int32_t result;
        __asm__("smmla %0, %1, %2, %3" : "=r"(result) : "r"(a), "r"(b), "r"(sum));
        return result;
      #else
        const uint32_t bits = (uint32_t)((uint64_t)((int64_t)a * b) >> 32);
        int32_t top;
        memcpy(&top, &bits, 4);
        return top + sum;
      #endif
      }
      """
    }
  }

  /// Bytes 0 and 2 with their signs.
  private static func signed(_ x: String) -> String {
    "((((\(x) & 0xffu) ^ 0x80u) - 0x80u) & 0xffffu) | (((((\(x) >> 16) & 0xffu) ^ 0x80u) - 0x80u) << 16)"
  }

  private func function(_ type: String, _ parameters: [String], _ assembly: String, _ plain: String) -> String {
    let operands = parameters.map { "\"r\"(" + $0.split(separator: " ")[1] + ")" }.joined(separator: ", ")
    return """
      static inline \(type) @_\(rawValue)(\(parameters.joined(separator: ", "))) {
      #if defined(__ARM_FEATURE_DSP) && defined(__GNUC__)
        \(type == "uint8_t" ? "uint32_t" : type) result;
        __asm__("\(assembly)" : "=r"(result) : \(operands));
        return \(type == "uint8_t" ? "(uint8_t)" : "")result;
      #else
        return \(plain);
      #endif
      }
      """
  }
}
