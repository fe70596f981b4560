import Graphs
import Passes
import Reference
import Tensors
import Testing

@Suite struct SimplificationTests {
  @Test func constantsFoldButDoNotExplode() throws {
    var sketch = Sketch()
    let x = sketch.input([4])
    let small = try sketch.node(.expand([4]), try sketch.node(.unary(.exponential), sketch.random([1])))
    let large = try sketch.node(.expand([100_000, 4]), sketch.random([4]))
    let fails = try sketch.node(
      .binary(.divide, clamp: nil), sketch.graph.addConstant("one", .int64(Tensor(1))),
      sketch.graph.addConstant("zero", .int64(Tensor(0))))
    sketch.graph.outputs = [try sketch.node(.binary(.add, clamp: nil), x, small), large, fails]
    let folded = sketch.graph.foldingConstants()
    #expect(folded.kinds == [.expand, .binary, .binary])
    #expect(folded.values.map(\.name) == sketch.graph.removingDeadNodes().foldingConstants().values.map(\.name))
  }

  @Test func identitiesVanishAndOutputsKeepTheirNames() throws {
    var sketch = Sketch()
    let x = sketch.input([.batch(1), 2, 3])
    var y = try sketch.node(.transpose([0, 1, 2]), x)
    y = try sketch.node(.slice([AxisSlice(axis: 1, start: 0, step: 1, count: 2)]), y)
    y = try sketch.node(.unary(.tanh), y)
    y = try sketch.node(.padding(before: [0, 0, 0], after: [0, 0, 0], mode: .edge), y)
    y = try sketch.node(.cast(.float32), y)
    let copy = try sketch.node(.expand([.batch(1), 2, 3]), x)
    let last = try sketch.node(.unary(.clip(Clamp(lower: -.infinity, upper: .infinity))), y)
    sketch.graph.outputs = [last, copy, y]
    let removed = sketch.graph.removingIdentities()
    // The copy of an input has to stay, and so has one of two names for the same output.
    #expect(removed.kinds == [.unary, .expand, .unary])
    try expectSame(removed, as: sketch.graph)
  }

  @Test func layoutMerges() throws {
    var sketch = Sketch()
    let x = sketch.input([.batch(1), 2, 3, 1])
    var y = try sketch.node(.transpose([0, 2, 1, 3]), x)
    y = try sketch.node(.transpose([3, 0, 2, 1]), y)
    y = try sketch.node(.reshape([.batch(2), 3]), y)
    y = try sketch.node(.reshape([.batch(6)]), y)
    sketch.graph.outputs = [try sketch.node(.unary(.negate), y)]
    let simplified = sketch.graph.simplified()
    #expect(simplified.kinds == [.reshape, .unary])
    try expectSame(simplified, as: sketch.graph)
  }

  @Test("A mean over all pixels is a pooling", arguments: [false, true])
  func globalPooling(keepsAxes: Bool) throws {
    var sketch = Sketch()
    let x = sketch.input([.batch(1), 3, 4, 5])
    let mean = try sketch.node(.reduction(.mean, axes: [2, 3], keepsAxes: keepsAxes), x)
    sketch.graph.outputs = [mean, try sketch.node(.reduction(.mean, axes: [3], keepsAxes: true), x)]
    let simplified = sketch.graph.simplified()
    #expect(simplified.kinds == (keepsAxes ? [.pooling, .reduction] : [.pooling, .reshape, .reduction]))
    try expectSame(simplified, as: sketch.graph)
  }

  @Test func slicesMerge() throws {
    var sketch = Sketch()
    let x = sketch.input([.batch(1), 9, 8])
    var y = try sketch.node(.slice([AxisSlice(axis: 1, start: 8, step: -2, count: 4)]), x)
    y = try sketch.node(
      .slice([AxisSlice(axis: 2, start: 1, step: 3, count: 2), AxisSlice(axis: 1, start: 3, step: -1, count: 3)]), y)
    sketch.graph.outputs = [try sketch.node(.slice([AxisSlice(axis: 1, start: 1, step: 1, count: 1)]), y)]
    let merged = sketch.graph.mergingSlices()
    #expect(merged.kinds == [.slice])
    try expectSame(merged, as: sketch.graph)
  }

  @Test func deadNodesAndDuplicatesVanish() throws {
    var sketch = Sketch()
    let x = sketch.input([2])
    _ = sketch.input([3])
    _ = try sketch.node(.unary(.sine), x)
    let (a, b) = (try sketch.node(.unary(.cosine), x), try sketch.node(.unary(.cosine), x))
    sketch.graph.outputs = [try sketch.node(.binary(.multiply, clamp: nil), a, b)]
    let merged = sketch.graph.mergingDuplicates()
    #expect(merged.kinds == [.unary, .binary])
    #expect(merged.values.map(\.name) == ["input0", "input1", "unary 1", "binary 3"])
    try expectSame(merged, as: sketch.graph)
  }

  @Test("Written-out activations are recognized", arguments: 0..<8)
  func activations(form: Int) throws {
    var sketch = Sketch()
    let x = sketch.input([.batch(1), 8])
    let three = sketch.scalar(3)
    let multiply = Operator.binary(.multiply, clamp: nil)
    func relu6() throws -> ValueID {
      let sum = try sketch.node(.binary(.add, clamp: nil), x, three)
      return try sketch.node(.unary(.clip(Clamp(lower: 0, upper: 6))), sum)
    }
    let (y, function): (ValueID, UnaryFunction)
    switch form {
    case 0:
      let gate = try sketch.node(.unary(.hardSigmoid(slope: 1 / 6, offset: 0.5)), x)
      (y, function) = (try sketch.node(multiply, gate, x), .hardSwish)
    case 1:
      let gate = try sketch.node(.binary(.divide, clamp: nil), try relu6(), sketch.scalar(6))
      (y, function) = (try sketch.node(multiply, x, gate), .hardSwish)
    case 2:
      let product = try sketch.node(multiply, x, try relu6())
      (y, function) = (try sketch.node(multiply, product, sketch.scalar(1 / 6)), .hardSwish)
    case 3: (y, function) = (try sketch.node(multiply, x, try sketch.node(.unary(.sigmoid), x)), .swish(alpha: 1))
    case 4:
      let gate = try sketch.node(.unary(.tanh), try sketch.node(.unary(.softplus), x))
      (y, function) = (try sketch.node(multiply, gate, x), .mish)
    case 5:
      y = try sketch.node(.binary(.maximum, clamp: nil), sketch.scalar(-0.5), x)
      function = .clip(Clamp(lower: -0.5, upper: .infinity))
    case 6:
      y = try sketch.node(.binary(.minimum, clamp: nil), x, sketch.scalar(0.5))
      function = .clip(Clamp(lower: -.infinity, upper: 0.5))
    default:
      let slopes = sketch.constant(Tensor(repeating: 0.25, shape: [8]))
      (y, function) = (try sketch.node(.binary(.parametricRelu, clamp: nil), x, slopes), .leakyRelu(slope: 0.25))
    }
    sketch.graph.outputs = [y]
    let simplified = sketch.graph.simplified()
    #expect(simplified.nodes.map(\.operator) == [.unary(function)])
    try expectSame(simplified, as: sketch.graph, tolerance: reassociation)
  }
}
