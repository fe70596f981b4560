/// A small ONNX file, written field by field.
///
///     ONNXBytes.file(inputs: [("x", [1, 4])], initializers: [], nodes: [("Relu", ["x"], ["y"], [])], outputs: ["y"])
enum ONNXBytes {
  typealias Node = (type: String, inputs: [String], outputs: [String], attributes: [(name: String, values: [Int])])

  /// - Parameter inputs: names and extents; an extent of 0 stands for the batch.
  static func file(
    inputs: [(name: String, extents: [Int])], initializers: [(name: String, extents: [Int], values: [Float])],
    nodes: [Node], outputs: [String]
  ) -> [UInt8] {
    var graph: [UInt8] = []
    for node in nodes { graph += field(1, bytes(of: node)) }
    for tensor in initializers {
      let data = tensor.values.flatMap { value in
        (0..<4).map { UInt8(truncatingIfNeeded: value.bitPattern >> (8 * $0)) }
      }
      graph += field(
        5, tensor.extents.flatMap { number(1, $0) } + number(2, 1) + field(8, tensor.name.utf8) + field(9, data))
    }
    for input in inputs { graph += field(11, information(input.name, input.extents)) }
    for output in outputs { graph += field(12, information(output, nil)) }
    return number(1, 8) + field(7, graph) + field(8, field(1, []) + number(2, 13))
  }

  private static func bytes(of node: Node) -> [UInt8] {
    var bytes = node.inputs.flatMap { field(1, $0.utf8) } + node.outputs.flatMap { field(2, $0.utf8) }
    bytes += field(3, (node.outputs.first ?? "").utf8) + field(4, node.type.utf8)
    for attribute in node.attributes {
      bytes += field(
        5, field(1, attribute.name.utf8) + attribute.values.flatMap { number(8, $0) } + number(20, 7))
    }
    return bytes
  }

  private static func information(_ name: String, _ extents: [Int]?) -> [UInt8] {
    let shape = (extents ?? []).flatMap { field(1, $0 > 0 ? number(1, $0) : field(2, "N".utf8)) }
    return field(1, name.utf8) + field(2, field(1, number(1, 1) + (extents == nil ? [] : field(2, shape))))
  }

  private static func number(_ field: Int, _ value: Int) -> [UInt8] { variable(field << 3) + variable(value) }

  private static func field(_ field: Int, _ content: some Collection<UInt8>) -> [UInt8] {
    variable(field << 3 | 2) + variable(content.count) + content
  }

  private static func variable(_ value: Int) -> [UInt8] {
    var (rest, bytes) = (UInt64(value), [UInt8]())
    while rest >= 0x80 {
      bytes.append(UInt8(rest & 0x7F) | 0x80)
      rest >>= 7
    }
    return bytes + [UInt8(rest)]
  }
}

extension ONNXBytes {
  /// Convolution, ReLU, pooling, a shape and a dense layer on 1x2x6x6: a bit of everything in two kilobytes.
  static let smallNetwork = file(
    inputs: [("x", [1, 2, 6, 6])],
    initializers: [
      ("w", [4, 2, 3, 3], (0..<72).map { Float($0 % 7) / 8 - 0.375 }), ("b", [4], [0.5, -0.25, 0, 1]),
      ("v", [36, 3], (0..<108).map { Float($0 % 11) / 16 - 0.3 }),
    ],
    nodes: [
      ("Conv", ["x", "w", "b"], ["c"], [("kernel_shape", [3, 3]), ("pads", [1, 1, 1, 1])]),
      ("Relu", ["c"], ["r"], []),
      ("MaxPool", ["r"], ["p"], [("kernel_shape", [2, 2]), ("strides", [2, 2])]),
      ("Flatten", ["p"], ["f"], []),
      ("MatMul", ["f", "v"], ["m"], []),
      ("Softmax", ["m"], ["y"], []),
    ],
    outputs: ["y"])

  /// Two operators that nobody has.
  static let unsupportedNetwork = file(
    inputs: [("x", [1, 4])], initializers: [],
    nodes: [("Frobnicate", ["x"], ["a"], []), ("Relu", ["a"], ["b"], []), ("Defenestrate", ["b"], ["y"], [])],
    outputs: ["y"])
}
