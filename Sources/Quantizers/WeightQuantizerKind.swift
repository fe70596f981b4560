/// One way to code weights, with what the command line says about it.
///
/// `all` is the list that options, help texts and tests read. To add a quantizer: its file, and a line there.
public struct WeightQuantizerKind: Sendable {
  /// The word on the command line, as in `--weights int4`.
  public let name: String
  /// Bits that tell a weight's code from the others of its layer, before entropy coding.
  public let bitsPerWeight: Int
  /// One line for help texts.
  public let help: String
  /// Makes the quantizer.
  public let quantizer: @Sendable (WeightQuantizerOptions) -> any Quantizer

  public static let all: [WeightQuantizerKind] = [int8, codebook5, codebook4, int4, int2, ternary, binary]

  public static let int8 = WeightQuantizerKind(
    name: "int8", bitsPerWeight: 8, help: "symmetric codes in -127...127, a scale per output channel"
  ) { SymmetricQuantizer(bitWidth: 8, granularity: $0.granularity, usesFullRange: $0.usesFullRange) }

  public static let codebook5 = WeightQuantizerKind(
    name: "codebook5", bitsPerWeight: 5, help: "32 of the int8 codes, chosen for each layer"
  ) { CodebookQuantizer(levelCount: 32, granularity: $0.granularity) }

  public static let codebook4 = WeightQuantizerKind(
    name: "codebook4", bitsPerWeight: 4, help: "16 of the int8 codes, chosen for each layer"
  ) { CodebookQuantizer(levelCount: 16, granularity: $0.granularity) }

  public static let int4 = WeightQuantizerKind(
    name: "int4", bitsPerWeight: 4, help: "symmetric codes in -7...7, the scale with the least squared error"
  ) {
    SymmetricQuantizer(
      bitWidth: 4, granularity: $0.granularity, usesFullRange: $0.usesFullRange, scaleRule: .leastSquares)
  }

  public static let int2 = WeightQuantizerKind(
    name: "int2", bitsPerWeight: 2, help: "codes in -1...1, the scale with the least squared error"
  ) {
    SymmetricQuantizer(
      bitWidth: 2, granularity: $0.granularity, usesFullRange: $0.usesFullRange, scaleRule: .leastSquares)
  }

  public static let ternary = WeightQuantizerKind(
    name: "ternary", bitsPerWeight: 2, help: "-1, 0, +1 with a scale for each sign; zero within T times the largest"
  ) { TernaryQuantizer(thresholdRatio: $0.ternaryThreshold, granularity: $0.granularity) }

  public static let binary = WeightQuantizerKind(
    name: "binary", bitsPerWeight: 1, help: "the sign, times the mean magnitude of the filter"
  ) { BinaryQuantizer(granularity: $0.granularity) }

  /// The kind of that name, or nil.
  public static func named(_ name: String) -> WeightQuantizerKind? { all.first { $0.name == name } }
}

/// What the kinds of weight quantizers can be told.
public struct WeightQuantizerOptions: Hashable, Sendable {
  /// Which weights share a scale.
  public var granularity: Granularity
  /// Whether symmetric codes use the one further code below.
  public var usesFullRange: Bool
  /// T of ternary weights, in `0..<1`; the default lost least on trained networks that are not trained again.
  public var ternaryThreshold: Float

  public init(
    granularity: Granularity = .perOutputChannel, usesFullRange: Bool = false, ternaryThreshold: Float = 0.25
  ) {
    self.granularity = granularity
    self.usesFullRange = usesFullRange
    self.ternaryThreshold = ternaryThreshold
  }
}

extension WeightQuantizerKind: Equatable {
  /// Kinds are equal when their names are.
  public static func == (a: WeightQuantizerKind, b: WeightQuantizerKind) -> Bool { a.name == b.name }
}
