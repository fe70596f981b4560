import Tensors

extension TFLiteLowering {
  /// The encoding of a quantized tensor, its axis in the file's order; nil if the tensor's elements are what they are.
  ///
  /// Whole numbers of 32 and 64 bits are codes only in constants (biases).
  func encoding(_ tensor: Int) throws(Fault) -> AffineEncoding? {
    let stored = file.tensors[tensor]
    let bitWidth: Int
    switch stored.type {
    case .int4: bitWidth = 4
    case .int8, .uint8: bitWidth = 8
    case .int16: bitWidth = 16
    case .int32, .int64:
      guard file.isConstant(tensor) else { return nil }
      bitWidth = 32
    default: return nil
    }
    guard !stored.hasOtherQuantization else {
      throw .unsupported("tensor '\(stored.displayName)' is quantized in a custom way")
    }
    guard !stored.scales.isEmpty, stored.scales != [0] else { return nil }
    guard stored.scales.allSatisfy({ $0.isFinite && $0 > 0 }) else {
      throw .damaged("a scale of tensor '\(stored.displayName)' is not a positive number")
    }
    return AffineEncoding(
      scales: stored.scales, zeroPoints: try zeroPoints(stored), axis: try axis(stored), bitWidth: bitWidth,
      isSigned: stored.type != .uint8)
  }

  private func zeroPoints(_ stored: TFLiteTensor) throws(Fault) -> [Int32] {
    let given = stored.zeroPoints.isEmpty ? [0] : stored.zeroPoints
    guard given.count == 1 || given.count == stored.scales.count else {
      throw .damaged("\(given.count) zero points and \(stored.scales.count) scales of tensor '\(stored.displayName)'")
    }
    let all = given.count == stored.scales.count ? given : [Int](repeating: given[0], count: stored.scales.count)
    var result: [Int32] = []
    for value in all {
      guard let zeroPoint = Int32(exactly: value) else {
        throw .damaged("the zero point \(value) of tensor '\(stored.displayName)' is out of range")
      }
      result.append(zeroPoint)
    }
    return result
  }

  private func axis(_ stored: TFLiteTensor) throws(Fault) -> Int? {
    guard stored.scales.count > 1 else { return nil }
    guard stored.extents.indices.contains(stored.axis), stored.extents[stored.axis] == stored.scales.count else {
      throw .damaged("\(stored.scales.count) scales do not fit axis \(stored.axis) of tensor '\(stored.displayName)'")
    }
    return stored.axis
  }
}
