import Coding
import Foundation
import Tensors
import Testing

@Suite struct CodeEntropyTests {
  @Test("Zero-order bits are those of the frequencies", arguments: [[1, 1, 1], [3, 1], [100, 7, 13], [5]])
  func zeroOrder(counts: [Int]) {
    let codes = counts.enumerated().flatMap { [Int8](repeating: Int8($0.offset - 1), count: $0.element) }
    let total = Double(codes.count)
    let expected = counts.reduce(0.0) { $0 - Double($1) * log2(Double($1) / total) }
    #expect(abs(CodeEntropy(codes).zeroOrderBits - expected) < 1e-4 * (1 + expected))
  }

  @Test("The estimate is within 2 % and 16 bytes of the file's bytes", arguments: [0.03, 0.2, 0.5], [0.0, 0.6])
  func estimatesFiles(density: Double, repeats: Double) throws {
    var random = SplitMix64(seed: 3)
    var codes: [Int8] = []
    for _ in 0..<128 * 576 {
      let isNonZero = Double(random.nextUnit()) < density
      let other: Int8 = isNonZero ? (random.next() & 1 == 0 ? 1 : -1) : 0
      codes.append(Double(random.nextUnit()) < repeats ? codes.last ?? 0 : other)
    }
    let file = try #require(try WeightCode.best(codes, rowLength: 576, alphabet: .ternary)).bytes
    let estimate = CodeEntropy(codes, rowLength: 576).estimatedBits / 8
    #expect(abs(Double(file.count) - estimate) < 0.02 * estimate + 16, "\(file.count), \(estimate)")
  }

  @Test("No codes take no bits, one code takes none")
  func emptyAndConstant() {
    #expect(CodeEntropy([Int8]()).estimatedBits == 0)
    #expect(CodeEntropy([Int8](repeating: 1, count: 9)).zeroOrderBits == 0)
    #expect(CodeEntropy.bitsByCode([Int8](repeating: 1, count: 9)) == [1: 0])
  }

  @Test("Codes of eight bits are counted too")
  func wideCodes() {
    let codes = (0..<256).map { Int8(truncatingIfNeeded: $0) }
    #expect(abs(CodeEntropy(codes).estimatedBits - 8 * 256) < 0.01)
    #expect(CodeEntropy.bitsByCode([-1, 1, 1, 1])[-1].map { abs($0 - 2) < 1e-4 } == true)
  }
}
