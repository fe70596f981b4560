import Graphs
import Passes
import Reference
import Tensors
import Testing

@Suite struct PassTests {
  @Test func namesAreUnique() {
    let names = Pass.standard.map(\.name)
    #expect(Set(names).count == names.count)
    #expect(Pass.standard.allSatisfy { $0.summary.hasSuffix(".") })
  }

  /// Convolution, batch normalization and ReLU three times with a shortcut, pooling, and a classifier with softmax.
  static func residualNetwork() throws -> Graph {
    var sketch = Sketch()
    let x = sketch.input([.batch(1), 3, 8, 8])
    var stem = try sketch.convolution(x, from: 3, to: 4)
    stem = try sketch.node(.unary(.relu), try sketch.batchNormalization(stem, channels: 4))
    var y = try sketch.convolution(stem, from: 4, to: 4)
    y = try sketch.node(.unary(.relu), try sketch.batchNormalization(y, channels: 4))
    y = try sketch.convolution(y, from: 4, to: 8)
    y = try sketch.batchNormalization(y, channels: 8)
    // Option A: the shortcut is thinned out nowhere here, and padded with channels of zeros.
    let sides = [0, 2, 0, 0]
    let shortcut = try sketch.node(.padding(before: sides, after: sides, mode: .constant(0)), stem)
    y = try sketch.node(.unary(.relu), try sketch.node(.binary(.add, clamp: nil), y, shortcut))
    y = try sketch.node(.pooling(Pooling(kind: .average, window: Window(kernel: [8, 8]))), y)
    y = try sketch.node(.reshape([.batch(1), 8]), y)
    y = try sketch.node(.matrixProduct, y, sketch.random([8, 10]))
    y = try sketch.node(.binary(.add, clamp: nil), y, sketch.random([10]))
    let logits = try sketch.node(.softmax(axis: 1, isLogarithmic: false), y)
    sketch.graph.outputs = [logits]
    return sketch.graph
  }

  @Test("A residual network becomes convolutions, one addition and a dense layer", arguments: UInt64(0)..<3)
  func residualNetworkIsSimplified(seed: UInt64) throws {
    let graph = try Self.residualNetwork()
    let simplified = graph.simplified()
    #expect(
      simplified.kinds == [
        .convolution, .convolution, .convolution, .padding, .binary, .pooling, .reshape, .dense, .softmax,
      ])
    try expectSame(simplified, as: graph, tolerance: reassociation, seed: seed)
    #expect(simplified == simplified.simplified())
  }

  @Test("Each pass alone keeps what a network computes", arguments: Pass.standard.indices)
  func eachPassIsSafe(index: Int) throws {
    let graph = try Self.residualNetwork()
    try expectSame(Pass.standard[index].apply(graph), as: graph, tolerance: reassociation)
  }
}
