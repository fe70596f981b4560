import Graphs
import Passes
import Tensors
import Testing

@Suite struct FusionTests {
  @Test("Batch normalization folds into every kind of weighted sum", arguments: 0..<4)
  func batchNormalizationFolds(kind: Int) throws {
    var sketch = Sketch()
    var y: ValueID
    switch kind {
    case 0:
      y = try sketch.convolution(sketch.input([.batch(1), 2, 5, 5]), from: 2, to: 6)
    case 1:
      let depthwise = Convolution(window: Window(kernel: [3]), groups: 6)
      let x = sketch.input([.batch(1), 6, 7])
      y = try sketch.node(.convolution(depthwise), x, sketch.random([6, 1, 3]), sketch.random([6]))
    case 2:
      let transposed = TransposedConvolution(
        window: Window(kernel: [2, 2], strides: [2, 2]), groups: 2, outputPadding: [0, 0])
      let x = sketch.input([.batch(1), 4, 3, 3])
      y = try sketch.node(.transposedConvolution(transposed), x, sketch.random([4, 3, 2, 2]), sketch.random([6]))
    default:
      y = try sketch.node(.dense(clamp: nil), sketch.input([.batch(1), 5]), sketch.random([6, 5]))
    }
    sketch.graph.outputs = [try sketch.batchNormalization(y, channels: 6)]
    let folded = sketch.graph.foldingBatchNormalization()
    #expect(folded.kinds == Array(sketch.graph.kinds.prefix(1)))
    #expect(folded.nodes[0].name == sketch.graph.nodes[0].name)
    try expectSame(folded, as: sketch.graph, tolerance: reassociation)
  }

  @Test("Nothing fuses when others see the value in between, or when it has codes", arguments: [false, true])
  func visibleValuesStay(isEncoded: Bool) throws {
    var sketch = Sketch()
    let sum = try sketch.convolution(sketch.input([.batch(1), 1, 4, 4]), from: 1, to: 2)
    let normalized = try sketch.batchNormalization(sum, channels: 2)
    sketch.graph.outputs = [try sketch.node(.unary(.relu), normalized)]
    if isEncoded {
      let encoding = Encoding.affine(AffineEncoding(scale: 0.1, zeroPoint: 128, isSigned: false))
      sketch.graph[sum].encoding = encoding
      sketch.graph[normalized].encoding = encoding
    } else {
      sketch.graph.outputs += [sum, normalized]
    }
    let simplified = sketch.graph.simplified()
    // Batch norm has become a depthwise convolution of its own, with factors in float32.
    #expect(simplified.kinds == [.convolution, .convolution, .unary])
    try expectSame(simplified, as: sketch.graph, tolerance: 1e-6, roundsToEncodings: true)
  }

  @Test func activationsBecomeClamps() throws {
    var sketch = Sketch()
    let x = sketch.input([.batch(1), 4])
    var y = try sketch.node(.dense(clamp: nil), x, sketch.random([4, 4]))
    y = try sketch.node(.unary(.relu), y)
    y = try sketch.node(.unary(.clip(Clamp(lower: -1, upper: 0.5))), y)
    y = try sketch.node(.unary(.relu), try sketch.node(.binary(.add, clamp: nil), y, x))
    sketch.graph.outputs = [y]
    let fused = sketch.graph.fusingActivations()
    #expect(fused.nodes.map(\.operator) == [.dense(clamp: Clamp(lower: 0, upper: 0.5)), .binary(.add, clamp: .relu)])
    try expectSame(fused, as: sketch.graph)
  }

  @Test func productsAndSumsBecomeDenseLayers() throws {
    var sketch = Sketch()
    let x = sketch.input([.batch(1), 3])
    var y = try sketch.node(.matrixProduct, x, sketch.random([3, 5]))
    y = try sketch.node(.binary(.add, clamp: nil), sketch.random([1, 5]), y)
    y = try sketch.node(.binary(.subtract, clamp: .relu), y, sketch.scalar(0.25))
    sketch.graph.outputs = [y]
    let fused = sketch.graph.fusingBias()
    #expect(fused.nodes.map(\.operator) == [.dense(clamp: .relu)])
    try expectSame(fused, as: sketch.graph, tolerance: reassociation)
  }

  @Test func scalesFold() throws {
    var sketch = Sketch()
    let x = sketch.input([.batch(1), 2, 4, 4])
    var y = try sketch.convolution(x, from: 2, to: 3)
    y = try sketch.node(.binary(.multiply, clamp: nil), sketch.random([3, 1, 1]), y)
    y = try sketch.node(.binary(.divide, clamp: nil), y, sketch.scalar(3))
    // Along the last axis it does not fold, and at the input there are no weights before it.
    y = try sketch.node(.binary(.multiply, clamp: nil), y, sketch.random([4]))
    sketch.graph.outputs = [y, try sketch.node(.binary(.divide, clamp: nil), x, sketch.scalar(255))]
    let folded = sketch.graph.foldingScales()
    #expect(folded.kinds == [.convolution, .binary, .binary])
    try expectSame(folded, as: sketch.graph, tolerance: reassociation)
  }

  @Test("Zeros move into windows and go on counting", arguments: [false, true])
  func paddingMerges(countsPadding: Bool) throws {
    var sketch = Sketch()
    let x = sketch.input([.batch(1), 2, 5, 5])
    let padding = Operator.padding(before: [0, 0, 1, 0], after: [0, 0, 2, 1], mode: .constant(0))
    let lowest = Operator.padding(before: [0, 0, 1, 1], after: [0, 0, 1, 1], mode: .constant(-.infinity))
    let window = Window(kernel: [2, 3], strides: [2, 1])
    let pooling = Pooling(kind: .average, window: window, countsPadding: countsPadding)
    let maximum = Operator.pooling(Pooling(kind: .maximum, window: window))
    let padded = try sketch.node(padding, x)
    sketch.graph.outputs = [
      try sketch.convolution(padded, from: 2, to: 1), try sketch.node(.pooling(pooling), padded),
      try sketch.node(maximum, try sketch.node(lowest, x)), try sketch.node(maximum, padded),
    ]
    let merged = sketch.graph.mergingPadding()
    #expect(merged.kinds.count { $0 == .padding } == 1)
    try expectSame(merged, as: sketch.graph)
  }
}
