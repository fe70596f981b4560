import Graphs
import Reference
import Tensors

/// A graph of one operator on real values.
struct Layer: Sendable, CustomStringConvertible {
  var name: String
  var graph: Graph

  var description: String { name }

  /// - Parameters:
  ///   - inputs: shapes of the operands that are computed, batch first.
  ///   - constants: real operands after those, random in −1...1.
  init(_ name: String, _ operator: Operator, inputs: [Shape], constants: [Shape] = []) {
    var graph = Graph()
    var operands: [ValueID] = []
    for (index, shape) in inputs.enumerated() {
      let dimensions = [Dimension.batch(1)] + shape.dimensions.map(Dimension.fixed)
      operands.append(graph.addInput("input\(index)", TensorType(.float32, dimensions)))
    }
    for (index, shape) in constants.enumerated() {
      operands.append(graph.addConstant("constant\(index)", .float32(.random(shape, seed: UInt64(index) + 1))))
    }
    do throws(GraphError) {
      graph.outputs = [try graph.append(`operator`, operands, name: "layer")]
    } catch {
      preconditionFailure("\(name): \(error)")
    }
    self.name = name
    self.graph = graph
  }

  /// One layer of every sort that the packer turns into integers.
  static let all: [Layer] = [
    Layer(
      "convolution with padding",
      .convolution(Convolution(window: Window(kernel: [3, 3], paddingBefore: [1, 1], paddingAfter: [1, 1]))),
      inputs: [[5, 6, 7]], constants: [[4, 5, 3, 3], [4]]),
    Layer(
      "convolution with stride and ReLU",
      .convolution(Convolution(window: Window(kernel: [3, 2], strides: [2, 1]), clamp: .relu)),
      inputs: [[3, 7, 7]], constants: [[8, 3, 3, 2]]),
    Layer(
      "depthwise convolution",
      .convolution(
        Convolution(window: Window(kernel: [3, 3], paddingBefore: [0, 1], paddingAfter: [2, 0]), groups: 6)),
      inputs: [[6, 5, 5]], constants: [[6, 1, 3, 3], [6]]),
    Layer("dense", .dense(clamp: nil), inputs: [[40]], constants: [[10, 40], [10]]),
    Layer(
      "average pooling", .pooling(Pooling(kind: .average, window: Window(kernel: [2, 3], strides: [2, 2]))),
      inputs: [[3, 6, 7]]),
    Layer(
      "average pooling that counts padding",
      .pooling(
        Pooling(
          kind: .average, window: Window(kernel: [3, 3], paddingBefore: [1, 1], paddingAfter: [1, 1]),
          countsPadding: true)),
      inputs: [[2, 5, 5]]),
    Layer(
      "maximum pooling",
      .pooling(Pooling(kind: .maximum, window: Window(kernel: [3, 3], strides: [2, 2], paddingBefore: [1, 1]))),
      inputs: [[3, 6, 7]]),
    Layer("addition", .binary(.add, clamp: nil), inputs: [[3, 4, 5], [3, 4, 5]]),
    Layer("addition with ReLU", .binary(.add, clamp: .relu), inputs: [[30], [30]]),
    Layer("multiplication", .binary(.multiply, clamp: nil), inputs: [[4, 3, 3], [4, 1, 1]]),
    Layer("sigmoid", .unary(.sigmoid), inputs: [[50]]),
    Layer("hard swish", .unary(.hardSwish), inputs: [[50]]),
    Layer("concatenation", .concatenation(axis: 1), inputs: [[3, 4], [2, 4], [1, 4]]),
    Layer(
      "padding", .padding(before: [0, 0, 1], after: [0, 0, 2], mode: .constant(0.25)), inputs: [[3, 4]]),
    Layer("transposition", .transpose([0, 2, 1]), inputs: [[3, 4]]),
  ]
}

extension Graph {
  /// Random inputs in −1...1.
  func randomInputs(batch: Int, seed: UInt64) throws -> [AnyTensor] {
    try inputs.enumerated().map { index, id in
      .float32(.random(try self[id].type.shape(batch: batch), seed: seed &* 31 &+ UInt64(index)))
    }
  }

  /// The same graph with 8-bit weights per channel and an encoding for every computed value, from its range on
  /// random data.
  func encoded(isSigned: Bool, bitWidth: Int = 8) throws -> Graph {
    var encoded = self
    let shift: Int32 = isSigned ? 1 << Int32(bitWidth - 1) : 0
    let steps = Float((1 << bitWidth) - 1)
    _ = try GraphEvaluator(self).outputs(randomInputs(batch: 8, seed: 1000)) { id, tensor in
      guard let scalars = tensor.asFloat32?.scalars else { return }
      let (lower, upper) = (min(scalars.min() ?? 0, 0), max(scalars.max() ?? 0, 1e-3))
      let scale = (upper - lower) / steps
      encoded[id].encoding = .affine(
        AffineEncoding(
          scale: scale, zeroPoint: Int32((-lower / scale).rounded()) - shift, bitWidth: bitWidth, isSigned: isSigned))
    }
    for node in nodes where node.inputs.count > 1 {
      guard let id = node.inputs[1], case .tensor(.float32(let weights))? = constants[id] else { continue }
      encoded.constants[id] = .coded(weights.codedPerChannel)
    }
    return encoded
  }
}

extension Tensor<Float> {
  /// Symmetric codes in −127...127, one scale for each index of the first axis.
  var codedPerChannel: CodedTensor {
    let row = shape.elementCount / shape[0]
    let scales = (0..<shape[0]).map { channel in
      (scalars[channel * row..<(channel + 1) * row].map { $0.magnitude }.max() ?? 1) / 127
    }
    let codes = scalars.enumerated().map { Int8(Swift.max(-127, Swift.min(127, ($1 / scales[$0 / row]).rounded()))) }
    let zeroPoints = [Int32](repeating: 0, count: scales.count)
    let encoding = AffineEncoding(scales: scales, zeroPoints: zeroPoints, axis: 0, bitWidth: 8, isSigned: true)
    return CodedTensor(codes: Tensor<Int8>(shape: shape, scalars: codes), encoding: .affine(encoding))
  }
}

extension Operator {
  /// True for operators that compute with codes or bring values into and out of them.
  var isInteger: Bool { if case .integer = self { true } else { false } }
}
