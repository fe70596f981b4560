import Tensors
import Testing

@Suite struct AffineEncodingTests {
  @Test("The code range is that of the bits", arguments: 1...32, [true, false])
  func codeRange(bitWidth: Int, isSigned: Bool) {
    let range = AffineEncoding(scale: 1, bitWidth: bitWidth, isSigned: isSigned).codeRange
    if isSigned && bitWidth == 1 {
      #expect(range == -1...1)
    } else if isSigned {
      #expect(Int64(range.upperBound) - Int64(range.lowerBound) + 1 == Int64(1) << Int64(bitWidth))
      #expect(Int64(range.lowerBound) == -Int64(range.upperBound) - 1)
    } else {
      // Codes are Int32: of 32 unsigned bits, 31 are used.
      #expect(range.lowerBound == 0)
      #expect(Int64(range.upperBound) == min((Int64(1) << Int64(bitWidth)) - 1, Int64(Int32.max)))
    }
  }

  @Test("A scale and an axis are those of the case")
  func commonProperties() {
    let affine = Encoding.affine(
      AffineEncoding(scales: [1, 2], zeroPoints: [0, 0], axis: 0, bitWidth: 4, isSigned: true))
    let ternary = Encoding.ternary(TernaryEncoding(positiveLevel: 3, negativeLevel: 2, scales: [0.5], axis: nil))
    #expect(affine.scales == [1, 2] && affine.axis == 0 && affine.bitsPerCode == 4)
    #expect(ternary.scales == [0.5] && ternary.axis == nil && ternary.bitsPerCode == 2)
    #expect([-1, 0, 1].map { ternary.level(of: $0) } == [-2, 0, 3])
    #expect([-128, 0, 127].map { affine.level(of: $0) } == [-128, 0, 127])
  }
}

@Suite struct CodedTensorTests {
  static let shapes: [Shape] = [[4], [4, 3], [2, 4, 3], [2, 4, 1, 5]]

  @Test("A decoded value is the scale of its channel times code minus zero point", arguments: shapes, 0..<4)
  func decodesAffine(shape: Shape, seed: UInt64) {
    var generator = SplitMix64(seed: seed)
    let axis = shape.dimensions.firstIndex(of: 4) ?? 0
    let codes = Tensor(
      shape: shape, scalars: (0..<shape.elementCount).map { _ in Int8(truncatingIfNeeded: generator.next()) })
    let encoding = AffineEncoding(
      scales: [0.5, 2, 0.125, 3], zeroPoints: [0, 7, -128, 127], axis: axis, bitWidth: 8, isSigned: true)
    let decoded = CodedTensor(codes: codes, encoding: .affine(encoding)).decoded
    for (index, value) in decoded.scalars.enumerated() {
      let channel = index / shape.strides[axis] % 4
      // Powers of two and small products: exact in Float.
      #expect(value == Float(Int(codes.scalars[index]) - Int(encoding.zeroPoints[channel])) * encoding.scales[channel])
    }
    #expect(decoded.shape == shape)
  }

  @Test("Ternary codes stand for one of two levels times the scale")
  func decodesTernary() {
    let codes = Tensor<Int8>(shape: [2, 3], scalars: [1, 0, -1, -1, 1, 1])
    let encoding = TernaryEncoding(positiveLevel: 4, negativeLevel: 3, scales: [0.5, 2], axis: 0)
    let coded = CodedTensor(codes: codes, encoding: .ternary(encoding))
    #expect(coded.decoded.scalars == [2, 0, -1.5, -6, 8, 8])
    #expect(coded.levels.scalars == [4, 0, -3, -3, 4, 4])
  }

  @Test("Density is the share of codes that are not zero")
  func density() {
    let encoding = Encoding.affine(AffineEncoding(scale: 1, isSigned: true))
    #expect(CodedTensor(codes: Tensor(shape: [4], scalars: [0, -1, 0, 5]), encoding: encoding).density == 0.5)
    #expect(CodedTensor(codes: Tensor(shape: [0], scalars: []), encoding: encoding).density == 0)
  }

  @Test("An empty tensor decodes to an empty tensor, whatever its axes", arguments: [[0, 4], [4, 0], [4, 0, 3]])
  func decodesEmpty(dimensions: [Int]) {
    let axis = dimensions.firstIndex(of: 4) ?? 0
    let encoding = AffineEncoding(
      scales: [1, 1, 1, 1], zeroPoints: [0, 0, 0, 0], axis: axis, bitWidth: 8, isSigned: true)
    let coded = CodedTensor(
      codes: Tensor<Int8>(shape: Shape(dimensions), scalars: []), encoding: .affine(encoding))
    #expect(coded.decoded.scalars == [] && coded.decoded.shape == Shape(dimensions))
  }
}
