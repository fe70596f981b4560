import Tensors

/// Operators on 8-bit codes with exact integer arithmetic; see Documentation/arithmetic.md.
///
/// Activations are unsigned 8-bit codes; padding has the code of zero (`zeroPoint`). The stored integers are the
/// definition: nothing here depends on a floating-point unit, except results that leave as float32.
public enum IntegerOperator: Hashable, Sendable {
  /// x uint8 `[N, C, spatial...]`, weights (coded) `[M, C / groups, kernel...]` → `[N, M, out...]`.
  ///
  /// The sum is `Σ code(x) · level(w)` over the window, in int32, zero points not subtracted (they are in the
  /// result's offsets); windows that reach into the padding see `zeroPoint` there.
  case convolution(Convolution, zeroPoint: UInt8, SumResult)
  /// x uint8 `[rows, K]`, weights (coded) `[M, K]` → `[rows, M]`; the sum as in `convolution`.
  case dense(SumResult)
  /// x uint8 `[N, C, spatial...]`: the sum over the window, requantized with one multiplier for all channels.
  ///
  /// Every window has the same number of elements; padding counts with the code `zeroPoint`.
  case averagePooling(Pooling, zeroPoint: UInt8, Requantization)
  /// a, b uint8 of one shape → uint8.
  case addition(AdditionRequantization)
  /// a, b uint8, broadcast → uint8: `requantize((a − leftZeroPoint) · (b − rightZeroPoint))`.
  case multiplication(leftZeroPoint: UInt8, rightZeroPoint: UInt8, Requantization)
  /// One 8-bit code for another: any function of one element, and any change of encoding.
  case lookup(LookupTable)
  /// x uint8, along one axis: with e = exponentials[max − x], `(e · range + sum / 2) / sum`, in exact 64-bit
  /// arithmetic with truncating division, clamped to 0...255. Real value of a result: code / range.
  case softmax(axis: Int, IntegerSoftmax)
}

/// What becomes of an int32 sum.
public enum SumResult: Hashable, Sendable {
  /// uint8 codes.
  case codes(Requantization)
  /// float32: `Float(sum) · scale + offset` per channel, one rounding each for product and sum.
  case real(scales: [Float], offsets: [Float])
}

/// 256 codes by code.
public struct LookupTable: Hashable, Sendable {
  /// Results as bit patterns, indexed by the operand's bit pattern; 256 of them.
  public var results: [UInt8]
  /// uint8, int8 or bool.
  public var input: ElementType
  /// uint8 or int8.
  public var output: ElementType

  /// - Precondition: 256 results; one-byte element types.
  public init(results: [UInt8], input: ElementType = .uint8, output: ElementType = .uint8) {
    precondition(results.count == 256, "One result per 8-bit code")
    precondition(input.byteCount == 1 && output.byteCount == 1, "Codes of one byte")
    self.results = results
    self.input = input
    self.output = output
  }
}

/// The table of an integer softmax.
public struct IntegerSoftmax: Hashable, Sendable {
  /// round(2^24 · exp(−scale · d)) for d = 0...255.
  public var exponentials: [UInt32]
  /// The code that stands for probability 1 if it existed: 255 or 256.
  public var range: UInt32

  /// - Precondition: 256 entries, each at most 2^24; the first is positive; range in 1...256.
  public init(exponentials: [UInt32], range: UInt32) {
    precondition(exponentials.count == 256 && exponentials[0] > 0, "256 entries, the first positive")
    precondition(exponentials.allSatisfy { $0 <= 1 << 24 } && (1...256).contains(range), "Entries up to 2^24")
    self.exponentials = exponentials
    self.range = range
  }
}
