import Foundation
import Graphs
import Interchange
import Reference
import Tensors
import Testing

/// What an import takes and refuses, on models of a few nodes.
@Suite struct ONNXImporterTests {
  private func floats(_ numbers: Float...) -> AnyTensor { .float32(Tensor(shape: [numbers.count], scalars: numbers)) }

  @Test("All unsupported nodes are named at once, and what only follows from them is not")
  func listsUnsupportedOperators() throws {
    let model = ONNXBuilder(opset: 13)
      .input("x", ["batch", 3])
      .node("NonZero", ["x"], ["a"], name: "first").node("Relu", ["a"], ["b"])
      .node("LSTM", ["b"], ["c"], name: "second").output("c")
    let error = #expect(throws: ImportError.self) { try ONNXImporter().graph(of: model.data, file: "m.onnx") }
    #expect(
      error?.problem
        == .unsupportedOperators([
          UnsupportedOperator(name: "first", operator: "NonZero", opset: 13, reason: "there is no rule for it"),
          UnsupportedOperator(name: "second", operator: "LSTM", opset: 13, reason: "there is no rule for it"),
        ]))
    #expect(error?.isUnsupported == true)
  }

  @Test("An operator set newer than the rules is refused with what to do")
  func refusesNewerSets() throws {
    let model = ONNXBuilder(opset: 99).input("x", ["batch"]).node("Relu", ["x"], ["y"]).output("y")
    let error = #expect(throws: ImportError.self) { try ONNXImporter().graph(of: model.data, file: "m.onnx") }
    #expect(
      error?.description
        == "m.onnx: operator set 99 is newer than 28, the newest known; export for operator set 21 or older.")
  }

  @Test("Text from the file cannot break out of a message")
  func escapesText() throws {
    let name = "x\u{1B}[2J\u{202E}'\"\\\n*/"
    let model = ONNXBuilder(opset: 13).input("x", [1]).node("Relu", [name], ["y"], name: name).output("y")
    let error = #expect(throws: ImportError.self) { try ONNXImporter().graph(of: model.data, file: "m.onnx") }
    let message = try #require(error?.description)
    #expect(message.contains("x\\u{1b}[2J\\u{202e}\\u{27}\\u{22}\\u{5c}\\u{a}*/"))
    #expect(message.unicodeScalars.allSatisfy { $0.value >= 32 && $0.value != 0x202E })
  }

  @Test("An attribute of the wrong type, or given twice, is a bad file")
  func checksAttributes() throws {
    for attributes: [(String, ONNXBuilder.Attribute)] in [
      [("alpha", .integer(1))], [("alpha", .float(1)), ("alpha", .float(1))], [("alpha", .text("1"))],
    ] {
      let model = ONNXBuilder(opset: 16).input("x", ["batch"]).node("LeakyRelu", ["x"], ["y"], attributes).output("y")
      let error = #expect(throws: ImportError.self) { try ONNXImporter().graph(of: model.data, file: "m.onnx") }
      #expect(error?.isUnsupported == false)
      #expect(error?.node == "y")
    }
  }

  @Test("Softmax below set 13 takes all axes from its own on as one", arguments: [(11, 1), (13, -1)])
  func softmaxIsCoercedBelow13(opset: Int, axis: Int) throws {
    let model = ONNXBuilder(opset: opset).input("x", ["batch", 2, 3])
      .node("Softmax", ["x"], ["y"], [("axis", .integer(axis))]).output("y")
    let graph = try ONNXImporter().graph(of: model.data, file: "m.onnx")
    let x = Tensor<Float>.random([2, 2, 3], seed: 3)
    let y = try #require(try GraphEvaluator(graph).outputs([.float32(x)])[0].asFloat32)
    let group = opset < 13 ? 6 : 3
    for start in stride(from: 0, to: 12, by: group) {
      let sum = y.scalars[start..<start + group].reduce(0, +)
      #expect(abs(sum - 1) < 1e-6)
    }
  }

  @Test("Gemm with constant weights is a dense layer with the factors folded in")
  func gemmIsDense() throws {
    let weights = Tensor<Float>.random([3, 2], seed: 5)
    let model = ONNXBuilder(opset: 13).input("x", ["batch", 3])
      .initializer("w", .float32(weights)).initializer("c", floats(1, 2))
      .node("Gemm", ["x", "w", "c"], ["y"], [("alpha", .float(2)), ("beta", .float(3))]).output("y")
    let graph = try ONNXImporter().graph(of: model.data, file: "m.onnx")
    #expect(graph.nodes.map(\.operator) == [.dense(clamp: nil)])
    let x: [Float] = [0.5, -1, 2]
    let y = try GraphEvaluator(graph).outputs([.float32(Tensor(shape: [1, 3], scalars: x))])[0].doubles
    for column in 0..<2 {
      let sum = (0..<3).reduce(Float(0)) { $0 + x[$1] * weights.scalars[$1 * 2 + column] }
      #expect(abs(Float(y[column]) - (2 * sum + 3 * Float(column + 1))) < 1e-5)
    }
  }

  @Test("Constant 8-bit codes stay codes behind DequantizeLinear, also when they are transposed")
  func weightsStayCodes() throws {
    let codes = Tensor<UInt8>(shape: [3, 2], scalars: [0, 64, 128, 192, 255, 100])
    let model = ONNXBuilder(opset: 13).input("x", ["batch", 3])
      .initializer("codes", .uint8(codes)).initializer("scale", floats(0.5, 0.25))
      .initializer("zero", .uint8(Tensor(shape: [2], scalars: [128, 100])))
      .node("DequantizeLinear", ["codes", "scale", "zero"], ["w"], [("axis", .integer(1))])
      .node("MatMul", ["x", "w"], ["y"]).output("y")
    let graph = try ONNXImporter().graph(of: model.data, file: "m.onnx")
    #expect(graph.nodes.map(\.operator) == [.dense(clamp: nil)])
    guard case .coded(let coded)? = graph.constant(graph.nodes[0].inputs[1]) else {
      Issue.record("the weights are not codes")
      return
    }
    #expect(coded.shape == [2, 3])
    #expect(coded.encoding.axis == 0)
    #expect(coded.decoded.scalars == [-64, 0, 63.5, -9, 23, 0])
  }

  @Test("Functions of the model are written out, with their attributes and left-out operands")
  func inlinesFunctions() throws {
    let body = [
      ONNXBuilder.node("LeakyRelu", ["a"], ["t"], [("alpha", .reference("slope"))]),
      ONNXBuilder.node("Clip", ["t", "low"], ["b"]),
    ]
    let model = ONNXBuilder(opset: 16).input("x", ["batch"]).function("Leaky", ["a", "low"], ["b"], body)
      .node("Leaky", ["x"], ["y"], [("slope", .float(0.5))], domain: "local", name: "call").output("y")
    let graph = try ONNXImporter().graph(of: model.data, file: "m.onnx")
    #expect(graph.nodes.map(\.operator) == [.unary(.leakyRelu(slope: 0.5))])
    #expect(graph.nodes[0].name == "call/t")
  }

  @Test("A function that calls itself is a bad file, not a hang")
  func refusesRecursion() throws {
    let body = [
      ONNXBuilder.node("Again", ["a"], ["t"], domain: "local"),
      ONNXBuilder.node("Again", ["t"], ["b"], domain: "local"),
    ]
    let model = ONNXBuilder(opset: 16).input("x", ["batch"]).function("Again", ["a"], ["b"], body)
      .node("Again", ["x"], ["y"], domain: "local").output("y")
    let error = #expect(throws: ImportError.self) { try ONNXImporter().graph(of: model.data, file: "m.onnx") }
    #expect(error?.isUnsupported == false)
  }

  @Test("A result that the core set lacks is refused only where something reads it")
  func refusesOnlyUsedResults() throws {
    let attributes: [(String, ONNXBuilder.Attribute)] = [("kernel_shape", .integers([2, 2]))]
    let model = ONNXBuilder(opset: 13).input("x", ["batch", 1, 4, 4])
      .node("MaxPool", ["x"], ["y", "places"], attributes)
    #expect(throws: Never.self) { try ONNXImporter().graph(of: model.output("y").data, file: "m.onnx") }
    #expect(throws: ImportError.self) { try ONNXImporter().graph(of: model.output("places").data, file: "m.onnx") }
  }

  @Test("A small file cannot ask for large constants")
  func limitsFolding() throws {
    let shape = AnyTensor.int64(Tensor(shape: [3], scalars: [1 << 12, 1 << 12, 1 << 10]))
    let model = ONNXBuilder(opset: 13).input("x", ["batch"]).initializer("shape", shape)
      .node("ConstantOfShape", ["shape"], ["y"]).output("y")
    let graph = try ONNXImporter().graph(of: model.data, file: "m.onnx")
    #expect(graph.constants.values.allSatisfy { $0.shape.elementCount <= 1 })
    let huge = AnyTensor.int64(Tensor(shape: [2], scalars: [1 << 40, 1 << 40]))
    let tooLarge = ONNXBuilder(opset: 13).input("x", ["batch"]).initializer("shape", huge)
      .node("ConstantOfShape", ["shape"], ["y"]).output("y")
    #expect(throws: ImportError.self) { try ONNXImporter().graph(of: tooLarge.data, file: "m.onnx") }
  }

  @Test("QLinearAdd adds what the codes stand for and rounds halves to even")
  func addsCodes() throws {
    func codes(_ numbers: [UInt8]) -> AnyTensor { .uint8(Tensor(shape: [numbers.count], scalars: numbers)) }
    func number(_ value: Float) -> AnyTensor { .float32(Tensor(value)) }
    func zero(_ value: UInt8) -> AnyTensor { .uint8(Tensor(value)) }
    let model = ONNXBuilder(opset: 13).input("a", ["batch"], elementType: 2).input("b", ["batch"], elementType: 2)
      .initializer("sa", number(0.5)).initializer("za", zero(10)).initializer("sb", number(0.25))
      .initializer("zb", zero(0)).initializer("sy", number(0.5)).initializer("zy", zero(100))
      .node("QLinearAdd", ["a", "sa", "za", "b", "sb", "zb", "sy", "zy"], ["y"], domain: "com.microsoft").output("y")
    let graph = try ONNXImporter().graph(of: model.data, file: "m.onnx")
    let (a, b): ([UInt8], [UInt8]) = ([10, 11, 0, 255], [1, 3, 0, 255])
    // (a − 10) · 0.5 + b · 0.25 in steps of 0.5 from 100: 0.5, 2.5, −10 and 372.5 steps.
    #expect(try GraphEvaluator(graph).outputs([codes(a), codes(b)]) == [codes([100, 102, 90, 255])])
  }

  @Test("Integer convolutions whose sums may not be exact are refused, not rounded")
  func refusesInexactSums() throws {
    func model(channels: Int) -> ONNXBuilder {
      ONNXBuilder(opset: 13).input("x", ["batch", channels, 3, 3], elementType: 2)
        .initializer("w", .uint8(Tensor(repeating: 255, shape: [1, channels, 3, 3])))
        .node("ConvInteger", ["x", "w"], ["y"]).output("y")
    }
    let graph = try ONNXImporter().graph(of: model(channels: 28).data, file: "m.onnx")
    let x = AnyTensor.uint8(Tensor(repeating: 255, shape: [1, 28, 3, 3]))
    let sum = Int32(28 * 9 * 255 * 255)
    #expect(try GraphEvaluator(graph).outputs([x]) == [.int32(Tensor(shape: [1, 1, 1, 1], scalars: [sum]))])
    #expect(throws: ImportError.self) { try ONNXImporter().graph(of: model(channels: 29).data, file: "m.onnx") }
  }

  @Test("Results carry the names of the file")
  func namesResults() throws {
    let model = ONNXBuilder(opset: 13).input("x", ["batch", 4])
      .node("Split", ["x"], ["left", "right"], [("axis", .integer(1))], name: "halves").output("right").output("left")
    let graph = try ONNXImporter().graph(of: model.data, file: "m.onnx")
    #expect(graph.outputs.map { graph[$0].name } == ["right", "left"])
    #expect(graph.nodes.map(\.name) == ["halves", "halves_2"])
  }

  @Test("A branch with a known condition is written out; with an open one it is refused", arguments: [true, false])
  func takesBranches(condition: Bool) throws {
    let branches: [(String, ONNXBuilder.Attribute)] = [
      ("then_branch", .graph([ONNXBuilder.node("Relu", ["x"], ["t"])], outputs: ["t"])),
      ("else_branch", .graph([ONNXBuilder.node("Neg", ["x"], ["e"])], outputs: ["e"])),
    ]
    let known = ONNXBuilder(opset: 13).input("x", ["batch"]).initializer("c", .bool(Tensor(condition)))
      .node("If", ["c"], ["y"], branches).output("y")
    let graph = try ONNXImporter().graph(of: known.data, file: "m.onnx")
    #expect(graph.nodes.map(\.operator) == [.unary(condition ? .relu : .negate)])
    let open = ONNXBuilder(opset: 13).input("x", ["batch"]).input("c", [1], elementType: 9)
      .node("If", ["c"], ["y"], branches).output("y")
    let error = #expect(throws: ImportError.self) { try ONNXImporter().graph(of: open.data, file: "m.onnx") }
    #expect(error?.isUnsupported == true)
  }

  @Test("Very many tiny messages are refused before they fill the memory")
  func weighsMessages() throws {
    // A graph of 100,000 nodes of two bytes each.
    var graph = ONNXBuilder.Message()
    for _ in 0..<100_000 { graph.bytes(1, []) }
    var model = ONNXBuilder.Message()
    model.message(7, graph)
    let error = #expect(throws: ImportError.self) {
      try ONNXImporter().graph(of: Data(model.bytes), file: "m.onnx")
    }
    #expect(error?.byteOffset != nil)
    #expect(error?.isUnsupported == false)
  }

  @Test("Weights are transposed by the definition", arguments: [(1, 1), (31, 33), (32, 64), (70, 5)])
  func transposesWeights(rows: Int, columns: Int) throws {
    let weights = Tensor<Float>.random([rows, columns], seed: 9)
    let model = ONNXBuilder(opset: 13).input("x", ["batch", rows]).initializer("w", .float32(weights))
      .node("MatMul", ["x", "w"], ["y"]).output("y")
    let graph = try ONNXImporter().graph(of: model.data, file: "m.onnx")
    let expected = try Reference.evaluate(.transpose([1, 0]), [.tensor(.float32(weights))])
    #expect(graph.constant(graph.nodes[0].inputs[1]) == .tensor(expected))
  }

  @Test("Every rule has its own name, and a range of versions that is known")
  func rulesAreDistinct() {
    let names = ONNXRule.all.map { $0.domain + "." + $0.name }
    #expect(Set(names).count == names.count)
    #expect(ONNXRule.all.allSatisfy { $0.versions.lowerBound >= 1 && $0.versions.upperBound <= ONNXRule.newestVersion })
  }
}
