import Quantizers
import Tensors
import Testing

@Suite struct MaskingTests {
  @Test("Masked codes decode to the values times the mask", arguments: TrainingStep.names, UInt64(0)..<3)
  func maskedValues(name: String, seed: UInt64) throws {
    var step = TrainingStep(name, TrainingStep.weights([4, 3, 5], seed: seed))
    let values = step.forward()
    let coded = try step.coded()
    var generator = SplitMix64(seed: seed)
    let mask = values.map { _ in generator.nextUnit() < 0.6 }
    let masked = coded.masked(by: mask)
    #expect(masked.decoded.scalars == zip(values, mask).map { $1 ? $0 : 0 })
    for (code, isKept) in zip(masked.codes.scalars, mask) where !isKept { #expect(code == 0) }
    #expect(masked.masked(by: mask) == masked)
    #expect(coded.masked(by: mask.map { _ in true }) == coded)
  }

  @Test("Binary codes become ternary ones with equal levels")
  func binaryBecomesTernary() throws {
    let coded = try TrainingStep("binary", Tensor(shape: [2, 2], scalars: [1, -3, 0.5, 0.5])).coded()
    let expected = TernaryEncoding(positiveLevel: 1, negativeLevel: 1, scales: [2, 0.5], axis: 0)
    let masked = coded.masked(by: [true, false, true, true])
    #expect(masked.encoding == .ternary(expected))
    #expect(masked.codes.scalars == [1, 0, 1, 1])
  }

  @Test("The code of a masked weight is the zero point of its channel")
  func zeroPoints() {
    let encoding = AffineEncoding(scales: [1, 2], zeroPoints: [3, -4], axis: 0, bitWidth: 8, isSigned: true)
    let coded = CodedTensor(codes: Tensor(shape: [2, 2], scalars: [7, 8, 9, 10]), encoding: .affine(encoding))
    #expect(coded.masked(by: [true, false, false, true]).codes.scalars == [7, 3, -4, 10])
  }
}
