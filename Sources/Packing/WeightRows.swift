import Graphs
import Tensors

/// The weights of a layer by output channel, with what the integer result rule needs to know of them.
struct WeightRows {
  /// Real value of one unit of the sum, by output channel.
  var unitScales: [Double]
  /// Real offset, by output channel.
  var biases: [Double]
  /// The sum that stands for real 0, by output channel: input zero point times sum of weights.
  var zeroSums: [Int64]
  /// The first output channel whose sum could leave 32 bits.
  var channelThatOverflows: Int?

  /// - Parameters:
  ///   - weights: `[M, ...]`, zero points 0.
  ///   - bias: real, `[M]`, or empty.
  init(_ weights: CodedTensor, bias: [Float], inputScale: Float, inputZeroPoint: UInt8) {
    let rows = weights.shape[0]
    let length = rows == 0 ? 0 : weights.shape.elementCount / rows
    let scales = weights.encoding.scales
    let levels = weights.levels.scalars
    unitScales = (0..<rows).map { Double(inputScale) * Double(scales[scales.count == 1 ? 0 : $0]) }
    biases = bias.isEmpty ? [Double](repeating: 0, count: rows) : bias.map(Double.init)
    zeroSums = []
    for row in 0..<rows {
      var (sum, magnitude) = (Int64(0), Int64(0))
      for level in levels[row * length..<(row + 1) * length] {
        sum += Int64(level)
        magnitude += Int64(level.magnitude)
      }
      zeroSums.append(sum * Int64(inputZeroPoint))
      if magnitude * 255 > Int64(Int32.max), channelThatOverflows == nil { channelThatOverflows = row }
    }
  }

  /// The rule to codes of `output`; nil when it has no integer form.
  func codes(_ output: CodeEncoding, clamp: Clamp?, precision: ResultPrecision) -> SumResult? {
    if output.isSign { return signs(output.range(within: clamp)) }
    let step = Double(output.scale)
    return Requantization(
      scales: unitScales.map { $0 / step }, offsets: biases.map { $0 / step + Double(output.zeroPoint) },
      zeroSums: zeroSums, codeRange: output.range(within: clamp), precision: precision
    ).map(SumResult.codes)
  }

  /// The rule to signs: `unit · (sum − zero sum) + bias` is at least 0 from a threshold on; nil when that is not finite.
  private func signs(_ codeRange: ClosedRange<Int32>) -> SumResult? {
    var thresholds: [Int64] = []
    for (channel, unit) in unitScales.enumerated() {
      let bias = biases[channel]
      guard unit >= 0, unit.isFinite, bias.isFinite else { return nil }
      // Without a unit the bias alone decides.
      let distance = unit > 0 ? -bias / unit : bias < 0 ? .infinity : -.infinity
      let limit = 0x1p40
      thresholds.append(zeroSums[channel] + Int64(min(max(distance.rounded(.up), -limit), limit)))
    }
    return Requantization(signsFrom: thresholds, codeRange: codeRange).map(SumResult.codes)
  }

  /// The rule to reals; nil when a factor is not finite.
  var reals: SumResult? {
    let offsets = unitScales.indices.map { Float(biases[$0] - Double(zeroSums[$0]) * unitScales[$0]) }
    let scales = unitScales.map { Float($0) }
    guard offsets.allSatisfy(\.isFinite), scales.allSatisfy(\.isFinite) else { return nil }
    return .real(scales: scales, offsets: offsets)
  }
}

extension CodedTensor {
  /// The same codes with a scale of 1: the multipliers of a packed operator hold the scales, and files need them once.
  var withoutScales: CodedTensor {
    switch encoding {
    case .affine(let affine):
      let unit = AffineEncoding(scale: 1, bitWidth: affine.bitWidth, isSigned: affine.isSigned)
      return CodedTensor(codes: codes, encoding: .affine(unit))
    case .ternary(var ternary):
      (ternary.scales, ternary.axis) = ([1], nil)
      return CodedTensor(codes: codes, encoding: .ternary(ternary))
    }
  }
}
