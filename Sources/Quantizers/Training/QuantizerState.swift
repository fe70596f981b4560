/// Numbers that a quantizer keeps beside what it quantizes: step sizes, scales by sign, running ranges.
public struct QuantizerState: Sendable, Hashable {
  /// For logs and checkpoints, such as `positiveScale`.
  public var name: String
  public var values: [Float]
  /// Whether the optimizer moves it by its gradient; otherwise the quantizer itself changes it, if anything does.
  public var isTrained: Bool
  /// By which a trainer multiplies its gradient before the optimizer sees it.
  ///
  /// A number that many weights share gets the sum of their gradients; with 1/√n for n of them it moves about as fast as
  /// they do.
  public var gradientFactor: Float

  public init(_ name: String, _ values: [Float], isTrained: Bool, gradientFactor: Float = 1) {
    self.name = name
    self.values = values
    self.isTrained = isTrained
    self.gradientFactor = gradientFactor
  }
}

/// Where a training run is, as far as quantizers must know.
public struct QuantizationProgress: Sendable, Hashable {
  /// Share of the run that is done, in 0...1.
  public var share: Float
  /// The share of weights that may be non-zero, in 0...1; nil leaves that to the quantizer's own threshold.
  public var density: Float?
  /// Whether untrained state follows the data; false in evaluation.
  public var updatesState: Bool

  public init(share: Float = 0, density: Float? = nil, updatesState: Bool = true) {
    self.share = share
    self.density = density
    self.updatesState = updatesState
  }
}
