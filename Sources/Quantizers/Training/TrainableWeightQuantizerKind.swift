/// One way to quantize weights in the training loop, with what the command line says about it.
///
/// `all` is the list that options, help texts and tests read. To add a quantizer: its file, and a line there. Names shared
/// with `WeightQuantizerKind` mean the same codes.
public struct TrainableWeightQuantizerKind: Sendable {
  /// The word on the command line, as in `--weights ternary`.
  public let name: String
  /// Bits that tell the values of one weight apart, before entropy coding.
  public let bitsPerWeight: Int
  /// One line for help texts.
  public let help: String
  /// Makes the quantizer.
  public let quantizer: @Sendable (TrainableWeightQuantizerOptions) -> any TrainableWeightQuantizer

  public static let all: [TrainableWeightQuantizerKind] = [
    int8, int4, int2, ternary, ec2t,
  ] + (2...8).map(lsq)

  public static let int8 = TrainableWeightQuantizerKind(
    name: "int8", bitsPerWeight: 8, help: "symmetric codes in -127...127, a scale per output channel"
  ) { _ in ChannelRangeQuantizer() }

  public static let int4 = TrainableWeightQuantizerKind(
    name: "int4", bitsPerWeight: 4, help: "symmetric codes in -7...7, the step trained"
  ) { _ in LearnedStepQuantizer(bitWidth: 4, usesFullRange: false) }

  public static let int2 = TrainableWeightQuantizerKind(
    name: "int2", bitsPerWeight: 2, help: "codes in -1...1, the step trained"
  ) { _ in LearnedStepQuantizer(bitWidth: 2, usesFullRange: false) }

  public static let ternary = TrainableWeightQuantizerKind(
    name: "ternary", bitsPerWeight: 2,
    help: "-1, 0, +1 with a trained scale for each sign; zero within T times the largest, or by density (TTQ)"
  ) {
    TrainedTernaryQuantizer(
      threshold: .ratio($0.ternaryThreshold), initialScales: $0.initialScales, gradientRule: $0.gradientRule)
  }

  public static let ec2t = TrainableWeightQuantizerKind(
    name: "ec2t", bitsPerWeight: 2, help: "-1, 0, +1 with a trained scale for each sign; zeros by an entropy penalty"
  ) {
    TrainedTernaryQuantizer(
      threshold: .entropyPenalty($0.entropyPenalty), initialScales: $0.initialScales, gradientRule: $0.gradientRule)
  }

  /// `lsq2` to `lsq8`.
  static func lsq(_ bitWidth: Int) -> TrainableWeightQuantizerKind {
    TrainableWeightQuantizerKind(
      name: "lsq\(bitWidth)", bitsPerWeight: bitWidth, help: "\(bitWidth)-bit codes, the step trained (LSQ)"
    ) { _ in LearnedStepQuantizer(bitWidth: bitWidth) }
  }

  /// The kind of that name, or nil.
  public static func named(_ name: String) -> TrainableWeightQuantizerKind? { all.first { $0.name == name } }
}

/// What the kinds of trainable weight quantizers can be told.
public struct TrainableWeightQuantizerOptions: Hashable, Sendable {
  /// T of ternary weights, in `0..<1`.
  public var ternaryThreshold: Float
  /// λ of entropy-constrained ternary weights as a share of the largest useful one, in `0..<1`.
  public var entropyPenalty: Float
  /// The two scales of ternary weights at the start.
  public var initialScales: TrainedTernaryQuantizer.InitialScales
  /// The gradient at latent ternary weights.
  public var gradientRule: TrainedTernaryQuantizer.GradientRule

  public init(
    ternaryThreshold: Float = 0.05, entropyPenalty: Float = 0.2,
    initialScales: TrainedTernaryQuantizer.InitialScales = .meanMagnitudes,
    gradientRule: TrainedTernaryQuantizer.GradientRule = .scaled
  ) {
    self.ternaryThreshold = ternaryThreshold
    self.entropyPenalty = entropyPenalty
    self.initialScales = initialScales
    self.gradientRule = gradientRule
  }
}

extension TrainableWeightQuantizerKind: Equatable {
  /// Kinds are equal when their names are.
  public static func == (a: TrainableWeightQuantizerKind, b: TrainableWeightQuantizerKind) -> Bool { a.name == b.name }
}
