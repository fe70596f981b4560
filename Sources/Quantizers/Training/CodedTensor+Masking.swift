import Tensors

extension CodedTensor {
  /// The same weights, those outside the mask replaced by 0.
  ///
  /// Binary codes, which have no 0, become ternary codes with the levels 1 and 1; they stay binary when the mask keeps all.
  ///
  /// - Parameter mask: true where a weight stays; as many as codes.
  public func masked(by mask: [Bool]) -> CodedTensor {
    precondition(mask.count == codes.scalars.count, "As many mask entries as codes")
    guard mask.contains(false) else { return self }
    var result = self
    var zeroPoints: [Int32] = [0]
    if case .affine(let affine) = encoding {
      if affine.bitWidth == 1 && affine.isSigned {
        result.encoding = .ternary(
          TernaryEncoding(positiveLevel: 1, negativeLevel: 1, scales: affine.scales, axis: affine.axis))
      } else {
        zeroPoints = affine.zeroPoints
      }
    }
    let inner = encoding.axis.map { shape.dimensions[($0 + 1)...].reduce(1, *) } ?? 1
    for (index, isKept) in mask.enumerated() where !isKept {
      let channel = zeroPoints.count == 1 ? 0 : index / inner % zeroPoints.count
      result.codes.scalars[index] = Int8(clamping: zeroPoints[channel])
    }
    return result
  }
}
