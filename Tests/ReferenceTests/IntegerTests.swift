import Graphs
import Reference
import Tensors
import Testing

@Suite struct IntegerTests {
  private func randomBytes(_ shape: Shape, seed: UInt64) -> Tensor<UInt8> {
    Tensor.random(shape, in: 0...255, seed: seed).map { UInt8($0) }
  }

  private func randomCodes(_ shape: Shape, seed: UInt64) -> Tensor<Int8> {
    Tensor.random(shape, in: -127...127, seed: seed).map { Int8($0) }
  }

  @Test("The sum equals a float convolution of the codes, then one requantization", arguments: UInt64(0)..<4)
  func convolutionOfCodes(seed: UInt64) throws {
    let window = Window(kernel: [3, 3], strides: [2, 1], paddingBefore: [1, 0], paddingAfter: [1, 2])
    let x = randomBytes([1, 4, 6, 5], seed: seed)
    let encoding = Encoding.affine(AffineEncoding(scale: 0.5, isSigned: true))
    let weights = CodedTensor(codes: randomCodes([2, 2, 3, 3], seed: seed + 9), encoding: encoding)
    let requantization = Requantization(
      multipliers: [1 << 20, -(1 << 19)], offsets: [0, 1 << 36], shift: 30, codeRange: 3...250)
    let found = try Reference.evaluate(
      .integer(.convolution(Convolution(window: window, groups: 2), zeroPoint: 77, .codes(requantization))),
      [.tensor(.uint8(x)), .coded(weights)])

    let padded = try Reference.evaluate(
      .padding(before: [0, 0, 1, 0], after: [0, 0, 1, 2], mode: .constant(77)),
      [.tensor(.float32(x.map { Float($0) }))])
    let plain = Window(kernel: [3, 3], strides: [2, 1])
    let sums = try evaluated(
      .convolution(Convolution(window: plain, groups: 2)), .tensor(padded),
      .tensor(.float32(weights.codes.map { Float($0) })))
    let expected = sums.enumerated().map { index, sum in
      Int64(requantization.code(Int32(sum), channel: index / (sums.count / 2)))
    }
    #expect(found.integers == expected)
  }

  @Test func realResultsTakeOneRoundingEach() throws {
    let encoding = Encoding.ternary(TernaryEncoding(positiveLevel: 3, negativeLevel: 5, scales: [1], axis: nil))
    let weights = CodedTensor(codes: Tensor(shape: [2, 3], scalars: [1, 0, -1, -1, 1, 1]), encoding: encoding)
    let found = try evaluated(
      .integer(.dense(.real(scales: [0.1, 0.3], offsets: [1, 2]))), bytes([1, 3], [10, 20, 30]), .coded(weights))
    #expect(found == [Float(30 - 150) * 0.1 + 1, Float(-50 + 60 + 90) * 0.3 + 2])
  }

  @Test func averagePaddingIsZeroPoint() throws {
    let pooling = Pooling(kind: .average, window: Window(kernel: [2], paddingBefore: [1], paddingAfter: [0]))
    let half = Requantization(multipliers: [1], offsets: [0], shift: 1, codeRange: 0...255)
    let mean = Operator.integer(.averagePooling(pooling, zeroPoint: 11, half))
    let found = try evaluatedIntegers(mean, bytes([1, 1, 2], [4, 9]))
    // 15 / 2 and 13 / 2, halves up.
    #expect(found == [8, 7])
  }

  @Test func elementwise() throws {
    let addition = AdditionRequantization(
      leftMultiplier: 1, rightMultiplier: 3, offset: -8, shift: 2, codeRange: 0...100)
    let sum = try evaluatedIntegers(
      .integer(.addition(addition)), bytes([3], [1, 100, 255]), bytes([3], [2, 50, 255]))
    #expect(sum == [0, 61, 100])
    let product = try evaluatedIntegers(
      .integer(
        .multiplication(
          leftZeroPoint: 10, rightZeroPoint: 0,
          Requantization(multipliers: [1], offsets: [20], shift: 1, codeRange: 0...255))),
      bytes([2, 1], [8, 12]), bytes([2], [3, 4]))
    #expect(product == [7, 6, 13, 14])
    let inverse = LookupTable(results: (0...255).map { 255 - $0 }, input: .int8, output: .int8)
    let codes = Constant.tensor(.int8(Tensor(shape: [3], scalars: [-128, -1, 5])))
    #expect(try evaluatedIntegers(.integer(.lookup(inverse)), codes) == [127, 0, -6])
  }

  @Test func softmaxOfCodes() throws {
    var exponentials = [UInt32](repeating: 0, count: 256)
    (exponentials[0], exponentials[1]) = (1 << 24, 1 << 23)
    let softmax = IntegerSoftmax(exponentials: exponentials, range: 256)
    let found = try evaluatedIntegers(
      .integer(.softmax(axis: 1, softmax)), bytes([2, 3], [7, 6, 0, 9, 200, 4]))
    #expect(found == [171, 85, 0, 0, 255, 0])
  }

  @Test func codesRoundHalvesToEvenAndSaturate() throws {
    let encoding = AffineEncoding(scale: 0.5, zeroPoint: 10, isSigned: false)
    let x = floats([6], [0.25, 0.75, -0.25, 1000, -.infinity, .nan])
    #expect(try evaluatedIntegers(.quantize(encoding, .uint8), x) == [10, 12, 10, 255, 0, 10])
    #expect(try evaluated(.dequantize(encoding), bytes([3], [0, 10, 13])) == [-5, 0, 1.5])
    let channels = AffineEncoding(scales: [1, 2], zeroPoints: [0, 1], axis: 0, bitWidth: 8, isSigned: true)
    let codes = Constant.tensor(.int8(Tensor(shape: [2, 2], scalars: [1, 2, 3, 4])))
    #expect(try evaluated(.dequantize(channels), codes) == [1, 2, 4, 6])
  }

  @Test func aSumBeyond32BitsIsRefused() {
    let encoding = Encoding.affine(AffineEncoding(scale: 1, isSigned: true))
    let depth = 70_000
    let weights = CodedTensor(codes: Tensor(repeating: 127, shape: [1, depth]), encoding: encoding)
    let x = Tensor<UInt8>(repeating: 255, shape: [1, depth])
    #expect(throws: ReferenceError(.sum(255 * 127 * 70_000, channel: 0))) {
      try Reference.evaluate(
        .integer(.dense(.real(scales: [1], offsets: [0]))), [.tensor(.uint8(x)), .coded(weights)])
    }
  }
}
