import Graphs
import Passes
import Reference
import Tensors
import Testing

@Suite struct AbsorbingCodesTests {
  static func encoding(isSigned: Bool, scale: Float = 0.02) -> AffineEncoding {
    AffineEncoding(scale: scale, zeroPoint: isSigned ? -3 : 120, isSigned: isSigned)
  }

  /// quantize → dequantize.
  private func rounded(_ x: ValueID, _ encoding: AffineEncoding, in sketch: inout Sketch) throws -> ValueID {
    let codes = try sketch.node(.quantize(encoding, encoding.isSigned ? .int8 : .uint8), x)
    return try sketch.node(.dequantize(encoding), codes)
  }

  /// Codes → dequantize, and a bias of 32-bit codes.
  private func weights(isSigned: Bool, in sketch: inout Sketch) throws -> (ValueID, ValueID) {
    let reals = Tensor<Float>.random([4, 2, 3, 3], in: 0...255, seed: 5)
    let codes: AnyTensor =
      isSigned ? .int8(reals.map { Int8($0 / 2) }) : .uint8(reals.map { UInt8($0) })
    let zeroPoints: [Int32] = isSigned ? [0, 0, 0, 0] : [128, 128, 100, 128]
    let perChannel = AffineEncoding(
      scales: [0.01, 0.02, 0.03, 0.04], zeroPoints: zeroPoints, axis: 0, bitWidth: 8, isSigned: isSigned)
    let weights = try sketch.node(.dequantize(perChannel), sketch.graph.addConstant("w", codes))
    let bias = sketch.graph.addConstant("b", .int32(Tensor(shape: [4], scalars: [100, -200, 300, -400])))
    let wide = AffineEncoding(scale: 0.001, bitWidth: 32, isSigned: true)
    return (weights, try sketch.node(.dequantize(wide), bias))
  }

  @Test("A network of quantize and dequantize pairs becomes an encoded one", arguments: [false, true], [false, true])
  func pairsBecomeEncodings(hasFloatBorders: Bool, isSigned: Bool) throws {
    var sketch = Sketch()
    let elementType: ElementType = isSigned ? .int8 : .uint8
    let (first, second) = (Self.encoding(isSigned: isSigned), Self.encoding(isSigned: isSigned, scale: 0.1))
    let input = sketch.input([.batch(1), 2, 6, 6], hasFloatBorders ? .float32 : elementType)
    let x =
      hasFloatBorders ? try rounded(input, first, in: &sketch) : try sketch.node(.dequantize(first), input)
    let (weights, bias) = try weights(isSigned: isSigned, in: &sketch)
    let window = Window(kernel: [3, 3])
    var y = try sketch.node(.convolution(Convolution(window: window)), x, weights, bias)
    y = try sketch.node(.unary(.relu), y)
    // Maximum pooling and a reshape work on the codes.
    y = try sketch.node(.quantize(second, elementType), y)
    y = try sketch.node(.pooling(Pooling(kind: .maximum, window: Window(kernel: [2, 2], strides: [2, 2]))), y)
    y = try sketch.node(.reshape([.batch(1), 16]), y)
    y = try sketch.node(.dequantize(second), y)
    y = try sketch.node(.unary(.tanh), y)
    y = try sketch.node(.quantize(first, elementType), y)
    if hasFloatBorders { y = try sketch.node(.dequantize(first), y) }
    sketch.graph.outputs = [y]

    let absorbed = sketch.graph.simplified()
    let inner: [Operator.Kind] = [.convolution, .pooling, .reshape, .unary]
    #expect(absorbed.kinds == (hasFloatBorders ? inner : [.dequantize] + inner + [.quantize]))
    let convolution = try #require(absorbed.nodes.first { $0.operator.kind == .convolution })
    guard case .coded? = absorbed.constant(convolution.inputs[1]) else {
      Issue.record("The weights are not coded")
      return
    }
    #expect(absorbed[convolution.output].encoding == .affine(second))
    #expect(convolution.inputs[0].flatMap { absorbed[$0].encoding } == .affine(first))
    if hasFloatBorders { #expect(absorbed[absorbed.outputs[0]].encoding == .affine(first)) }
    // Exact: the same roundings in the same places.
    try expectSame(absorbed, as: sketch.graph, roundsToEncodings: true)
  }

  @Test func aValueThatIsAlsoReadUnroundedStaysReal() throws {
    var sketch = Sketch()
    let x = sketch.input([.batch(1), 4])
    let y = try sketch.node(.unary(.sine), x)
    let codes = try rounded(y, Self.encoding(isSigned: true), in: &sketch)
    sketch.graph.outputs = [try sketch.node(.binary(.add, clamp: nil), y, codes)]
    let simplified = sketch.graph.simplified()
    #expect(simplified.kinds == [.unary, .unary, .binary])
    try expectSame(simplified, as: sketch.graph, roundsToEncodings: true)
  }

  @Test func twoReadersShareOneEncoding() throws {
    var sketch = Sketch()
    let encoding = Self.encoding(isSigned: false)
    let x = try sketch.node(.unary(.cosine), sketch.input([.batch(1), 4]))
    let codes = try sketch.node(.quantize(encoding, .uint8), x)
    let (a, b) = (try sketch.node(.dequantize(encoding), codes), try sketch.node(.dequantize(encoding), codes))
    let sum = try sketch.node(.binary(.add, clamp: nil), try sketch.node(.unary(.tanh), a), b)
    sketch.graph.outputs = [sum]
    let simplified = sketch.graph.simplified()
    #expect(simplified.kinds == [.unary, .unary, .binary])
    #expect(simplified[simplified.nodes[0].output].encoding == .affine(encoding))
    try expectSame(simplified, as: sketch.graph, roundsToEncodings: true)
  }

  @Test func concatenatedCodesArePulledApart() throws {
    var sketch = Sketch()
    let encoding = Self.encoding(isSigned: false)
    let x = sketch.input([.batch(1), 4])
    let quantize = Operator.quantize(encoding, .uint8)
    let a = try sketch.node(quantize, try sketch.node(.unary(.cosine), x))
    let b = try sketch.node(quantize, try sketch.node(.unary(.sine), x))
    let both = try sketch.node(.concatenation(axis: 1), a, b)
    let padded = try sketch.node(.padding(before: [0, 1], after: [0, 1], mode: .constant(120)), both)
    sketch.graph.outputs = [try sketch.node(.unary(.tanh), try sketch.node(.dequantize(encoding), padded)), both]
    let simplified = sketch.graph.simplified()
    try expectSame(simplified, as: sketch.graph, roundsToEncodings: true)
    sketch.graph.outputs.removeLast()
    let alone = sketch.graph.simplified()
    #expect(alone.kinds == [.unary, .unary, .concatenation, .padding, .unary])
    #expect(alone.nodes.prefix(4).allSatisfy { alone[$0.output].encoding == .affine(encoding) })
    try expectSame(alone, as: sketch.graph, roundsToEncodings: true)
  }

  @Test func codedWeightsStayCodedWhenMoved() throws {
    var sketch = Sketch()
    let codes = Tensor<Int8>(shape: [2, 3], scalars: [1, -2, 3, -4, 5, -6])
    let encoding = AffineEncoding(
      scales: [1, 2, 3], zeroPoints: [0, 0, 0], axis: 1, bitWidth: 8, isSigned: true)
    let weights = try sketch.node(.dequantize(encoding), sketch.graph.addConstant("w", .int8(codes)))
    sketch.graph.outputs = [try sketch.node(.matrixProduct, sketch.input([.batch(1), 2]), weights)]
    let simplified = sketch.graph.simplified()
    #expect(simplified.kinds == [.dense])
    guard case .coded(let coded)? = simplified.constant(simplified.nodes[0].inputs[1]) else {
      Issue.record("The weights are not coded")
      return
    }
    #expect(coded.codes == Tensor(shape: [3, 2], scalars: [1, -4, -2, 5, 3, -6]))
    #expect(coded.encoding.axis == 0)
    try expectSame(simplified, as: sketch.graph)
  }
}
