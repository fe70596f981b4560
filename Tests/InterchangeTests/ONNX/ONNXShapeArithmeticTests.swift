import Foundation
import Graphs
import Interchange
import Reference
import Tensors
import Testing

/// Shapes that depend on the batch, through the nodes that exporters write.
@Suite struct ONNXShapeArithmeticTests {
  static func list(_ numbers: Int...) -> AnyTensor {
    .int64(Tensor(shape: [numbers.count], scalars: numbers.map { Int64($0) }))
  }

  static func number(_ value: Int) -> AnyTensor { .int64(Tensor(Int64(value))) }

  @Test("Flattening through Shape, Gather, Unsqueeze and Concat keeps the batch open")
  func flattensThroughShape() throws {
    let model = ONNXBuilder(opset: 11)
      .input("x", ["batch", 3, 4]).initializer("zero", Self.number(0)).initializer("open", Self.list(-1))
      .node("Shape", ["x"], ["shape"]).node("Gather", ["shape", "zero"], ["n"])
      .node("Unsqueeze", ["n"], ["list"], [("axes", .integers([0]))])
      .node("Concat", ["list", "open"], ["target"], [("axis", .integer(0))])
      .node("Reshape", ["x", "target"], ["y"]).output("y")
    let graph = try ONNXImporter().graph(of: model.data, file: "flatten.onnx")
    #expect(graph.nodes.map(\.operator) == [.reshape([.batch(1), 12])])
    #expect(graph[graph.outputs[0]].name == "y")
    let x = Tensor<Float>.random([2, 3, 4], seed: 1)
    #expect(try GraphEvaluator(graph).outputs([.float32(x)]) == [.float32(x.reshaped([2, 12]))])
  }

  @Test("Products and quotients of the batch stay multiples of it")
  func multipliesAndDivides() throws {
    let model = ONNXBuilder(opset: 13)
      .input("x", ["batch", 6, 4]).initializer("six", Self.number(6)).initializer("two", Self.number(2))
      .initializer("zero", Self.number(0)).initializer("axes", Self.list(0)).initializer("rest", Self.list(2, 4))
      .node("Shape", ["x"], ["shape"]).node("Gather", ["shape", "zero"], ["n"])
      .node("Mul", ["n", "six"], ["n6"]).node("Div", ["n6", "two"], ["n3"])
      .node("Unsqueeze", ["n3", "axes"], ["list"]).node(
        "Concat", ["list", "rest"], ["target"], [("axis", .integer(0))]
      )
      .node("Reshape", ["x", "target"], ["y"]).output("y")
    let graph = try ONNXImporter().graph(of: model.data, file: "m.onnx")
    #expect(graph.nodes.map(\.operator) == [.reshape([.batch(3), 2, 4])])
  }

  @Test("A tensor of the batch's size can be made of nothing")
  func constantOfShape() throws {
    let model = ONNXBuilder(opset: 13)
      .input("x", ["batch", 2])
      .node("Shape", ["x"], ["shape"])
      .node("ConstantOfShape", ["shape"], ["ones"], [("value", .tensor(.float32(Tensor(shape: [1], scalars: [1]))))])
      .node("Add", ["x", "ones"], ["y"]).output("y")
    let graph = try ONNXImporter().graph(of: model.data, file: "m.onnx")
    let result = try GraphEvaluator(graph).outputs([.float32(Tensor(shape: [2, 2], scalars: [1, 2, 3, 4]))])
    #expect(result == [.float32(Tensor(shape: [2, 2], scalars: [2, 3, 4, 5]))])
  }

  @Test("Extents that are no multiple of the batch are refused, naming the node")
  func refusesOtherForms() throws {
    let model = ONNXBuilder(opset: 13)
      .input("x", ["batch", 2]).initializer("one", Self.list(1, 0))
      .node("Shape", ["x"], ["shape"]).node("Add", ["shape", "one"], ["more"])
      .node("Expand", ["x", "more"], ["y"], name: "stretch").output("y")
    let error = #expect(throws: ImportError.self) { try ONNXImporter().graph(of: model.data, file: "m.onnx") }
    #expect(error?.isUnsupported == true)
    #expect(error?.description.contains("stretch") == true)
  }

  @Test("A known input fixes the batch, and a name gives any other open axis")
  func knownInputsAndNames() throws {
    let model = ONNXBuilder(opset: 13).input("x", ["batch", 3, "height", "width"]).node("Relu", ["x"], ["y"]).output(
      "y")
    let named = ONNXImporter(dimensions: ["height": 8, "width": 9])
    let graph = try named.graph(of: model.data, file: "m.onnx")
    #expect(graph[graph.outputs[0]].type == TensorType(.float32, [.batch(1), 3, 8, 9]))
    let known = ONNXImporter(knownInputs: ["x": .float32(Tensor(repeating: 0, shape: [2, 3, 4, 5]))])
    let fixed = try known.graph(of: model.data, file: "m.onnx")
    #expect(fixed[fixed.outputs[0]].type == TensorType(.float32, [2, 3, 4, 5]))
    let error = #expect(throws: ImportError.self) { try ONNXImporter().graph(of: model.data, file: "m.onnx") }
    #expect(
      error?.description == "m.onnx, 'x': axis 2 has the open extent 'height'; give it a number.")
  }
}
