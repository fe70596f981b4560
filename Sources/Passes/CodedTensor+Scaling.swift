import Tensors

extension CodedTensor {
  /// The same weights times a factor for each output channel (axis 0): codes stay, scales become `scale · |factor|`,
  /// computed in Double and rounded once.
  ///
  /// Codes of channels with a negative factor change sign, which needs an alphabet of equal signs: ternary with equal
  /// levels, or signed codes about 0 without the lowest one that has no counterpart. Those of channels with the factor 0
  /// become 0.
  ///
  /// - Parameter factors: finite, as many as output channels.
  /// - Returns: nil where the alphabet has no such codes, or a scale would leave the normal numbers.
  func scaled(by factors: [Double]) -> CodedTensor? {
    guard encoding.axis ?? 0 == 0, shape.rank > 0, shape[0] == factors.count, !factors.isEmpty else { return nil }
    let old = encoding.scales
    var scales = factors.indices.map { Float(Double(old[old.count == 1 ? 0 : $0]) * factors[$0].magnitude) }
    guard zip(scales, factors).allSatisfy({ $0.isNormal || $1 == 0 }) else { return nil }
    // A scale that nothing is multiplied by, but of the others' size.
    let spare = zip(scales, factors).filter { $1 != 0 }.map(\.0).min() ?? 1
    for channel in factors.indices where factors[channel] == 0 { scales[channel] = spare }
    guard let changed = changed(factors) else { return nil }
    switch encoding {
    case .ternary(var ternary):
      (ternary.scales, ternary.axis) = (scales, 0)
      return CodedTensor(codes: changed, encoding: .ternary(ternary))
    case .affine(let affine):
      let zeroPoints = factors.indices.map { affine.zeroPoints[affine.zeroPoints.count == 1 ? 0 : $0] }
      return CodedTensor(
        codes: changed,
        encoding: .affine(
          AffineEncoding(
            scales: scales, zeroPoints: zeroPoints, axis: 0, bitWidth: affine.bitWidth, isSigned: affine.isSigned)))
    }
  }

  /// Codes with the signs of the factors put in; nil if one has no place in the alphabet.
  private func changed(_ factors: [Double]) -> Tensor<Int8>? {
    let length = shape.elementCount / factors.count
    var codes = codes
    for (channel, factor) in factors.enumerated() where factor <= 0 {
      for index in channel * length..<(channel + 1) * length {
        guard let code = factor < 0 ? negated(codes.scalars[index]) : zero(channel) else { return nil }
        codes.scalars[index] = code
      }
    }
    return codes
  }

  private func negated(_ code: Int8) -> Int8? {
    switch encoding {
    case .ternary(let ternary): return ternary.positiveLevel == ternary.negativeLevel ? 0 - code : nil
    case .affine(let affine):
      let opposite = -Int32(code)
      guard affine.isSigned, affine.zeroPoints.allSatisfy({ $0 == 0 }), affine.codeRange.contains(opposite) else {
        return nil
      }
      return Int8(exactly: opposite)
    }
  }

  private func zero(_ channel: Int) -> Int8? {
    guard case .affine(let affine) = encoding else { return 0 }
    let zeroPoint = affine.zeroPoints[affine.zeroPoints.count == 1 ? 0 : channel]
    return affine.bitWidth == 1 && affine.isSigned ? nil : Int8(exactly: zeroPoint)
  }
}
