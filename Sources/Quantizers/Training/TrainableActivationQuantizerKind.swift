/// One way to quantize activations in the training loop, with what the command line says about it.
///
/// `all` is the list that options, help texts and tests read. To add a quantizer: its file, and a line there.
public struct TrainableActivationQuantizerKind: Sendable {
  /// The word on the command line, as in `--activations pact4`.
  public let name: String
  /// Bits of one code.
  public let bitsPerActivation: Int
  /// One line for help texts.
  public let help: String
  /// Makes the quantizer.
  public let quantizer: @Sendable () -> any TrainableActivationQuantizer

  public static let all: [TrainableActivationQuantizerKind] =
    [range, movingRange, sign]
    + [fixed, dorefa, hwgq, pact, lsq, lsqPlus].flatMap { family in (1...8).map { family($0) } }

  public static let range = TrainableActivationQuantizerKind(
    name: "range", bitsPerActivation: 8, help: "8-bit codes over the range that calibration found"
  ) { RangeActivation() }

  public static let movingRange = TrainableActivationQuantizerKind(
    name: "moving-range", bitsPerActivation: 8, help: "8-bit codes over a moving average of the batches' ranges"
  ) { RangeActivation(momentum: 0.01) }

  public static let sign = TrainableActivationQuantizerKind(
    name: "sign", bitsPerActivation: 1, help: "-1 and +1"
  ) { SignActivation() }

  /// `fixed1` to `fixed8`; `fixed8` is the paper's.
  static func fixed(_ bitWidth: Int) -> TrainableActivationQuantizerKind {
    TrainableActivationQuantizerKind(
      name: "fixed\(bitWidth)", bitsPerActivation: bitWidth, help: "\(bitWidth)-bit codes over 0...1 (DeepChip)"
    ) { FixedPointActivation(bitWidth: bitWidth) }
  }

  /// `dorefa1` to `dorefa8`, the same as `fixed1` to `fixed8`.
  static func dorefa(_ bitWidth: Int) -> TrainableActivationQuantizerKind {
    TrainableActivationQuantizerKind(
      name: "dorefa\(bitWidth)", bitsPerActivation: bitWidth, help: "\(bitWidth)-bit codes over 0...1 (DoReFa-Net)"
    ) { FixedPointActivation(bitWidth: bitWidth) }
  }

  /// `hwgq1` to `hwgq8`.
  static func hwgq(_ bitWidth: Int) -> TrainableActivationQuantizerKind {
    TrainableActivationQuantizerKind(
      name: "hwgq\(bitWidth)", bitsPerActivation: bitWidth,
      help: "\(bitWidth)-bit codes in the best steps for normal values (HWGQ)"
    ) { HalfWaveGaussianActivation(bitWidth: bitWidth) }
  }

  /// `pact1` to `pact8`.
  static func pact(_ bitWidth: Int) -> TrainableActivationQuantizerKind {
    TrainableActivationQuantizerKind(
      name: "pact\(bitWidth)", bitsPerActivation: bitWidth,
      help: "\(bitWidth)-bit codes from 0 to a trained clip (PACT)"
    ) { ClippedActivation(bitWidth: bitWidth) }
  }

  /// `lsq1` to `lsq8`.
  static func lsq(_ bitWidth: Int) -> TrainableActivationQuantizerKind {
    TrainableActivationQuantizerKind(
      name: "lsq\(bitWidth)", bitsPerActivation: bitWidth, help: "\(bitWidth)-bit codes from 0, the step trained (LSQ)"
    ) { LearnedStepActivation(bitWidth: bitWidth) }
  }

  /// `lsqplus1` to `lsqplus8`.
  static func lsqPlus(_ bitWidth: Int) -> TrainableActivationQuantizerKind {
    TrainableActivationQuantizerKind(
      name: "lsqplus\(bitWidth)", bitsPerActivation: bitWidth,
      help: "\(bitWidth)-bit codes, step and lowest value trained (LSQ+)"
    ) { LearnedOffsetActivation(bitWidth: bitWidth) }
  }

  /// The kind of that name, or nil.
  public static func named(_ name: String) -> TrainableActivationQuantizerKind? { all.first { $0.name == name } }
}

extension TrainableActivationQuantizerKind: Equatable {
  /// Kinds are equal when their names are.
  public static func == (a: TrainableActivationQuantizerKind, b: TrainableActivationQuantizerKind) -> Bool {
    a.name == b.name
  }
}
