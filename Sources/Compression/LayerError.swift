import CKernels
import Graphs
import Tensors

/// What coding costs at one value of a network, on sample data.
public struct LayerError: Sendable, Equatable {
  /// The value, in the encoded graph.
  public var value: ValueID
  /// Name of the node that computes it, or of the input.
  public var name: String
  /// What computes it; nil for an input.
  public var kind: Operator.Kind?
  /// Power of the real values over the power of the differences, in decibels; infinite when there is no difference.
  public var signalToNoise: Double
  /// Share of the real values more than a step outside what codes can stand for, 0...1; 0 without an encoding.
  public var clippedShare: Double
  /// The same as `signalToNoise`, of the weights alone; nil without weights or their real form.
  public var weightSignalToNoise: Double?

  /// What helps most, in one sentence about this layer.
  public var remedy: String {
    if clippedShare > 0.01 {
      return "\(percent(clippedShare)) of the values are clipped: calibrate with min-max, or on more samples."
    }
    if let weightSignalToNoise, weightSignalToNoise < 25, weightSignalToNoise < signalToNoise + 6 {
      return "The weights carry most of the error: give them more bits, or train with them."
    }
    switch kind {
    case .convolution, .dense, .integerConvolution, .integerDense:
      return "Leave this layer real, or equalize channel ranges first."
    case .binary, .integerAddition, .integerMultiplication:
      return "Two ranges are joined here: calibrate with mse, or leave the layers before it real."
    default:
      return "The error comes from the layers before: repair those first."
    }
  }

  private func percent(_ share: Double) -> String {
    let tenths = Int((share * 1000).rounded())
    return "\(tenths / 10).\(tenths % 10) %"
  }
}

extension [LayerError] {
  /// The values with the lowest signal-to-noise ratio, worst first; three unless told otherwise.
  public func worst(_ count: Int = 3) -> [LayerError] {
    Array(sorted { ($0.signalToNoise, $0.value) < ($1.signalToNoise, $1.value) }.prefix(count))
  }
}

/// Compares two runs of a network value by value, batch by batch.
///
///     var meter = LayerErrorMeter(encoded, real: prepared)
///     for batch in batches { meter.add(value, real: tensor, coded: otherTensor) }
///     for error in meter.errors.worst() { print(error.name + ":", error.remedy) }
public struct LayerErrorMeter: Sendable {
  private struct Sums: Sendable {
    var signal = 0.0
    var noise = 0.0
    var clipped = 0
    var count = 0
  }

  private let encoded: Graph
  private var weightRatios: [ValueID: Double] = [:]
  private var sums: [ValueID: Sums] = [:]

  /// - Parameters:
  ///   - encoded: the graph with encodings and coded weights.
  ///   - real: the prepared graph it was made from; nil leaves weights out.
  public init(_ encoded: Graph, real: Graph? = nil) {
    self.encoded = encoded
    guard let real, real.nodes.count == encoded.nodes.count else { return }
    for (before, after) in zip(real.nodes, encoded.nodes) {
      guard before.inputs.count > 1, after.inputs.count > 1,
        case .coded(let coded)? = encoded.constant(after.inputs[1]),
        let weights = real.constant(before.inputs[1])?.tensor.asFloat32, weights.shape == coded.shape
      else { continue }
      weightRatios[after.output] = SignalToNoise.ratio(weights.scalars, coded.decoded.scalars)
    }
  }

  /// Compares the weights of the node that computes `value` where the two graphs do not run side by side.
  ///
  /// - Precondition: both have the same shape.
  public mutating func setWeights(of value: ValueID, real: Tensor<Float>, coded: Tensor<Float>) {
    weightRatios[value] = SignalToNoise.ratio(real.scalars, coded.scalars)
  }

  /// Takes in one batch of one value: from the real network and from the coded one.
  ///
  /// - Precondition: both tensors have as many elements.
  public mutating func add(_ value: ValueID, real: Tensor<Float>, coded: Tensor<Float>) {
    var sums = self.sums[value] ?? Sums()
    let (signal, noise) = SignalToNoise.powers(real.scalars, coded.scalars)
    sums.signal += signal
    sums.noise += noise
    sums.count += real.scalars.count
    if case .affine(let affine)? = encoded[value].encoding, affine.axis == nil {
      let range = affine.realRange()
      let margin = affine.scales[0]
      sums.clipped += real.scalars.count { $0 < range.lowerBound - margin || $0 > range.upperBound + margin }
    }
    self.sums[value] = sums
  }

  /// One entry for each value that was added, in the order of computation.
  public var errors: [LayerError] {
    let inputs = encoded.inputs.compactMap { error($0, name: encoded[$0].name, kind: nil) }
    return inputs + encoded.nodes.compactMap { error($0.output, name: $0.name, kind: $0.operator.kind) }
  }

  private func error(_ value: ValueID, name: String, kind: Operator.Kind?) -> LayerError? {
    guard let sums = sums[value], sums.count > 0 else { return nil }
    return LayerError(
      value: value, name: name, kind: kind, signalToNoise: SignalToNoise.decibels(sums.signal, sums.noise),
      clippedShare: Double(sums.clipped) / Double(sums.count), weightSignalToNoise: weightRatios[value])
  }
}

/// The power of a signal against that of its error.
public enum SignalToNoise {
  /// In decibels: 10 · log₁₀(Σ real² / Σ (real − coded)²); infinite when they are equal.
  ///
  /// - Precondition: as many elements in both.
  public static func ratio(_ real: [Float], _ coded: [Float]) -> Double {
    let (signal, noise) = powers(real, coded)
    return decibels(signal, noise)
  }

  static func powers(_ real: [Float], _ coded: [Float]) -> (signal: Double, noise: Double) {
    precondition(real.count == coded.count, "As many real as coded elements")
    var (signal, noise) = (0.0, 0.0)
    for index in real.indices {
      let difference = Double(real[index]) - Double(coded[index])
      signal += Double(real[index]) * Double(real[index])
      noise += difference * difference
    }
    return (signal, noise)
  }

  static func decibels(_ signal: Double, _ noise: Double) -> Double {
    noise == 0 ? .infinity : 10 * dc_log(signal / noise) / dc_log(10)
  }
}
