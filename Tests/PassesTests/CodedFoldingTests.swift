import Graphs
import Passes
import Tensors
import Testing

@Suite struct CodedFoldingTests {
  /// Random codes in the range of an encoding.
  private func codes(_ range: ClosedRange<Int>, _ shape: Shape, seed: UInt64) -> Tensor<Int8> {
    var generator = SplitMix64(seed: seed)
    return Tensor(
      shape: shape, scalars: (0..<shape.elementCount).map { _ in Int8(Int.random(in: range, using: &generator)) })
  }

  /// Coded filters of 6 outputs, a batch normalization with the given factors, and ReLU.
  private func sketch(_ coded: CodedTensor, gamma: [Float]) throws -> Sketch {
    var sketch = Sketch()
    let x = sketch.input([.batch(1), 2, 5, 5])
    let weights = sketch.graph.addConstant("weights", .coded(coded))
    let sum = try sketch.node(
      .convolution(Convolution(window: Window(kernel: [3, 3]))), x, weights, sketch.random([6]))
    let factors = sketch.constant(Tensor(shape: [6], scalars: gamma))
    let normalized = try sketch.node(
      .batchNormalization(epsilon: 1e-5), sum, factors, sketch.random([6]), sketch.random([6]),
      sketch.random([6], in: 0.5...2))
    sketch.graph.outputs = [try sketch.node(.unary(.relu), normalized)]
    return sketch
  }

  static let alphabets: [(ClosedRange<Int>, Encoding)] = [
    (-127...127, .affine(AffineEncoding(scale: 0.01, bitWidth: 8, isSigned: true))),
    (
      -1...1,
      .affine(
        AffineEncoding(
          scales: [0.5, 1, 2, 3, 4, 5], zeroPoints: [Int32](repeating: 0, count: 6), axis: 0, bitWidth: 2,
          isSigned: true))
    ),
    (-1...1, .ternary(TernaryEncoding(positiveLevel: 1, negativeLevel: 1, scales: [0.3], axis: nil))),
    (-1...1, .ternary(TernaryEncoding(positiveLevel: 5, negativeLevel: 4, scales: [0.3], axis: nil))),
    (3...12, .affine(AffineEncoding(scale: 0.25, zeroPoint: 7, bitWidth: 4, isSigned: false))),
  ]

  @Test(
    "Batch normalization folds into codes: the scales change, the codes only where a factor is 0 or negative",
    arguments: alphabets.indices, [[Float(1), 0.5, 2, 3, 0.01, 1], [1, -0.5, 2, -3, 1, 1], [1, 0, 2, 3, 0, 1]])
  func foldsIntoCodes(alphabet: Int, gamma: [Float]) throws {
    let (range, encoding) = Self.alphabets[alphabet]
    let coded = CodedTensor(codes: codes(range, [6, 2, 3, 3], seed: 9), encoding: encoding)
    let sketch = try sketch(coded, gamma: gamma)
    let folded = sketch.graph.foldingBatchNormalization()
    // The alphabets that have no negative of a code: two levels, and codes about another zero point.
    if alphabet >= 3 && gamma.contains(where: { $0 < 0 }) {
      #expect(folded == sketch.graph)
      return
    }
    #expect(folded.kinds == [.convolution, .unary])
    try expectSame(folded, as: sketch.graph, tolerance: 1e-5)
    guard let id = folded.nodes[0].inputs[1], case .coded(let result)? = folded.constants[id] else {
      Issue.record("The weights stay coded")
      return
    }
    #expect(result.encoding.axis == 0 && result.encoding.scales.allSatisfy { $0 > 0 })
    for (channel, factor) in gamma.enumerated() {
      let place = channel * 18..<(channel + 1) * 18
      if factor > 0 { #expect(result.codes.scalars[place] == coded.codes.scalars[place]) }
      if factor < 0 { #expect(result.codes.scalars[place].map { -$0 } == Array(coded.codes.scalars[place])) }
      if factor == 0 { #expect(Set(result.decoded.scalars[place]) == [0]) }
    }
  }

  @Test("A lowest code without a counterpart, and a binary alphabet without a zero, keep their normalization")
  func refusals() throws {
    let lowest = CodedTensor(
      codes: Tensor(repeating: -128, shape: [6, 2, 3, 3]),
      encoding: .affine(AffineEncoding(scale: 0.01, bitWidth: 8, isSigned: true)))
    let binary = CodedTensor(
      codes: Tensor(repeating: -1, shape: [6, 2, 3, 3]),
      encoding: .affine(AffineEncoding(scale: 0.1, bitWidth: 1, isSigned: true)))
    for (coded, gamma) in [(lowest, [Float(1), 1, -1, 1, 1, 1]), (binary, [1, 0, 1, 1, 1, 1])] {
      let sketch = try sketch(coded, gamma: gamma)
      #expect(sketch.graph.foldingBatchNormalization() == sketch.graph)
    }
    let negative = try self.sketch(binary, gamma: [1, -1, 1, 1, 1, -1])
    let folded = negative.graph.foldingBatchNormalization()
    #expect(folded.kinds == [.convolution, .unary])
    try expectSame(folded, as: negative.graph, tolerance: 1e-5)
  }
}
