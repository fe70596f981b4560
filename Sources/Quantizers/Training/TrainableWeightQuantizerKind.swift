/// One way to quantize weights in the training loop, with what the command line says about it.
///
/// `all` is the list that options, help texts and tests read. To add a quantizer: its file, and a line there. Names shared
/// with `WeightQuantizerKind` mean the same codes.
public struct TrainableWeightQuantizerKind: Sendable {
  /// The word on the command line, as in `--weights ternary`.
  public let name: String
  /// Bits that tell the values of one weight apart, before entropy coding.
  public let bitsPerWeight: Int
  /// Whether a weight can be 0; where it cannot, a mask makes codes ternary (`CodedTensor.masked(by:)`).
  public let hasZero: Bool
  /// One line for help texts.
  public let help: String
  /// Makes the quantizer.
  public let quantizer: @Sendable (TrainableWeightQuantizerOptions) -> any TrainableWeightQuantizer

  public static let all: [TrainableWeightQuantizerKind] =
    [int8, int4, int2, ternary, ec2t, twn, atwn, binary, bwn, xnor, binaryConnect, doReFaBinary]
    + (2...8).map { dorefa($0) } + (2...8).map { lsq($0) } + (1...4).map { lq($0) } + (2...5).map { inq($0) }
    + [3, 5, 7, 9].map { nary($0) }

  public static let int8 = TrainableWeightQuantizerKind(
    name: "int8", bitsPerWeight: 8, hasZero: true, help: "symmetric codes in -127...127, a scale per output channel"
  ) { _ in ChannelRangeQuantizer() }

  public static let int4 = TrainableWeightQuantizerKind(
    name: "int4", bitsPerWeight: 4, hasZero: true, help: "symmetric codes in -7...7, the step trained"
  ) { _ in LearnedStepQuantizer(bitWidth: 4, usesFullRange: false) }

  public static let int2 = TrainableWeightQuantizerKind(
    name: "int2", bitsPerWeight: 2, hasZero: true, help: "codes in -1...1, the step trained"
  ) { _ in LearnedStepQuantizer(bitWidth: 2, usesFullRange: false) }

  public static let ternary = TrainableWeightQuantizerKind(
    name: "ternary", bitsPerWeight: 2, hasZero: true,
    help: "-1, 0, +1 with a trained scale for each sign; zero within T times the largest, or by density (TTQ)"
  ) {
    TrainedTernaryQuantizer(
      threshold: .ratio($0.ternaryThreshold), initialScales: $0.initialScales, gradientRule: $0.gradientRule)
  }

  public static let ec2t = TrainableWeightQuantizerKind(
    name: "ec2t", bitsPerWeight: 2, hasZero: true,
    help: "-1, 0, +1 with a trained scale for each sign; zeros by an entropy penalty"
  ) {
    TrainedTernaryQuantizer(
      threshold: .entropyPenalty($0.entropyPenalty), initialScales: $0.initialScales, gradientRule: $0.gradientRule)
  }

  public static let twn = TrainableWeightQuantizerKind(
    name: "twn", bitsPerWeight: 2, hasZero: true,
    help: "-1, 0, +1 with one scale; zero within 0.7 times the mean magnitude (TWN)"
  ) { _ in TernaryWeightNetworkQuantizer() }

  public static let atwn = TrainableWeightQuantizerKind(
    name: "atwn", bitsPerWeight: 2, hasZero: true, help: "the same with the mean magnitude of each sign"
  ) { _ in TernaryWeightNetworkQuantizer(isAsymmetric: true) }

  public static let binary = TrainableWeightQuantizerKind(
    name: "binary", bitsPerWeight: 1, hasZero: false, help: "the sign, times the mean magnitude of the filter (BWN)"
  ) { _ in BinaryWeightQuantizer() }

  public static let bwn = TrainableWeightQuantizerKind(
    name: "bwn", bitsPerWeight: 1, hasZero: false, help: "the sign, times the mean magnitude of the layer"
  ) { _ in BinaryWeightQuantizer(isPerChannel: false) }

  public static let xnor = TrainableWeightQuantizerKind(
    name: "xnor", bitsPerWeight: 1, hasZero: false, help: "as binary, with the gradient of XNOR-Net"
  ) { _ in BinaryWeightQuantizer(gradientRule: .scaled) }

  public static let binaryConnect = TrainableWeightQuantizerKind(
    name: "binaryconnect", bitsPerWeight: 1, hasZero: false, help: "-1 and +1"
  ) { _ in BinaryConnectQuantizer() }

  /// The same as `bwn`.
  static let doReFaBinary = TrainableWeightQuantizerKind(
    name: "dorefa1", bitsPerWeight: 1, hasZero: false, help: "as bwn (DoReFa-Net)"
  ) { _ in BinaryWeightQuantizer(isPerChannel: false) }

  /// `dorefa2` to `dorefa8`.
  static func dorefa(_ bitWidth: Int) -> TrainableWeightQuantizerKind {
    TrainableWeightQuantizerKind(
      name: "dorefa\(bitWidth)", bitsPerWeight: bitWidth, hasZero: bitWidth == 8,
      help: "\(bitWidth)-bit values over -1...1 of the weights' tanh (DoReFa-Net)"
    ) { _ in DoReFaWeightQuantizer(bitWidth: bitWidth) }
  }

  /// `lq1` to `lq4`.
  static func lq(_ bitWidth: Int) -> TrainableWeightQuantizerKind {
    TrainableWeightQuantizerKind(
      name: "lq\(bitWidth)", bitsPerWeight: bitWidth, hasZero: false,
      help: "\(1 << bitWidth) values by a basis that each filter learns (LQ-Nets)"
    ) { _ in LearnedBasisQuantizer(bitWidth: bitWidth) }
  }

  /// `inq2` to `inq5`.
  static func inq(_ bitWidth: Int) -> TrainableWeightQuantizerKind {
    TrainableWeightQuantizerKind(
      name: "inq\(bitWidth)", bitsPerWeight: bitWidth, hasZero: true,
      help: "zero and powers of two, frozen portion by portion (INQ)"
    ) { _ in IncrementalQuantizer(bitWidth: bitWidth) }
  }

  /// `nary3` to `nary9`.
  static func nary(_ levels: Int) -> TrainableWeightQuantizerKind {
    TrainableWeightQuantizerKind(
      name: "nary\(levels)", bitsPerWeight: levels == 3 ? 2 : levels == 9 ? 4 : 3, hasZero: true,
      help: "\(levels) values with trained scales, bounds by nested means (N-ary)"
    ) { _ in NestedMeansQuantizer(levels: levels) }
  }

  /// `lsq2` to `lsq8`.
  static func lsq(_ bitWidth: Int) -> TrainableWeightQuantizerKind {
    TrainableWeightQuantizerKind(
      name: "lsq\(bitWidth)", bitsPerWeight: bitWidth, hasZero: true,
      help: "\(bitWidth)-bit codes, the step trained (LSQ)"
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
