extension CodedTensor {
  /// The same weights with zero points of 0 and scales along the first axis or none; nil if there are no such.
  ///
  /// Weights with other zero points are coded anew in −127...127, per output channel: exactly, with the scale they had,
  /// where the codes less the zero point are in that range, else with a scale that just holds the largest.
  public var symmetric: CodedTensor? {
    guard case .affine(let affine) = encoding else { return encoding.axis ?? 0 == 0 ? self : nil }
    if affine.zeroPoints.allSatisfy({ $0 == 0 }) && affine.axis ?? 0 == 0 { return self }
    guard shape.rank > 0, shape[0] > 0 else { return nil }
    let length = shape.elementCount / shape[0]
    let reals = decoded.scalars
    var scales: [Float] = []
    var codes: [Int8] = []
    for row in 0..<shape[0] {
      let range = row * length..<(row + 1) * length
      let zeroPoint = affine.zeroPoints[affine.zeroPoints.count == 1 ? 0 : row]
      let differences = self.codes.scalars[range].map { encoding.level(of: $0) - zeroPoint }
      if affine.axis ?? 0 == 0, differences.allSatisfy({ (-127...127).contains($0) }) {
        scales.append(affine.scales[affine.scales.count == 1 ? 0 : row])
        codes += differences.map { Int8($0) }
      } else {
        let largest = reals[range].reduce(0) { max($0, $1.magnitude) }
        let scale = largest > 0 ? largest / 127 : 1
        scales.append(scale)
        codes += reals[range].map { Int8(max(-127, min(127, ($0 / scale).rounded(.toNearestOrEven)))) }
      }
    }
    let new = AffineEncoding(
      scales: scales, zeroPoints: [Int32](repeating: 0, count: scales.count), axis: 0, bitWidth: 8, isSigned: true)
    return CodedTensor(codes: Tensor(shape: shape, scalars: codes), encoding: .affine(new))
  }
}
