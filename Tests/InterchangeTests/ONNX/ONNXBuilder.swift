import Foundation
import Interchange
import Tensors

/// Writes small ONNX models, field by field, so that tests need no other tool.
///
///     let model = ONNXBuilder(opset: 13)
///       .input("x", ["N", 3]).node("Relu", ["x"], ["y"]).output("y")
struct ONNXBuilder {
  /// A message on the wire.
  struct Message {
    var bytes: [UInt8] = []

    mutating func varint(_ field: Int, _ value: Int64) {
      append(UInt64(field << 3))
      append(UInt64(bitPattern: value))
    }

    mutating func float(_ field: Int, _ value: Float) {
      append(UInt64(field << 3 | 5))
      withUnsafeBytes(of: value.bitPattern.littleEndian) { bytes += $0 }
    }

    mutating func bytes(_ field: Int, _ content: [UInt8]) {
      append(UInt64(field << 3 | 2))
      append(UInt64(content.count))
      bytes += content
    }

    mutating func text(_ field: Int, _ content: String) { bytes(field, Array(content.utf8)) }
    mutating func message(_ field: Int, _ content: Message) { bytes(field, content.bytes) }

    private mutating func append(_ value: UInt64) {
      var rest = value
      while rest >= 0x80 {
        bytes.append(UInt8(rest & 0x7F) | 0x80)
        rest >>= 7
      }
      bytes.append(UInt8(rest))
    }
  }

  enum Attribute {
    case integer(Int)
    case integers([Int])
    case float(Float)
    case text(String)
    case tensor(AnyTensor)
    /// A graph of nodes with its results.
    case graph([Message], outputs: [String])
    /// The attribute of this name of the function's call.
    case reference(String)
  }

  private var graph = Message()
  private var functions: [Message] = []
  private let opset: Int

  init(opset: Int) { self.opset = opset }

  /// The bytes of the file.
  var data: Data {
    var model = Message()
    model.varint(1, 8)
    model.message(7, graph)
    model.message(8, Self.operatorSet("", opset))
    model.message(8, Self.operatorSet("local", 1))
    for function in functions { model.message(25, function) }
    return Data(model.bytes)
  }

  /// An input; extents are numbers or names.
  func input(_ name: String, _ extents: [any Sendable], elementType: Int = 1) -> ONNXBuilder {
    var copy = self
    copy.graph.message(11, Self.valueInfo(name, extents, elementType))
    return copy
  }

  func output(_ name: String) -> ONNXBuilder {
    var copy = self
    copy.graph.message(12, Self.valueInfo(name, [], 1))
    return copy
  }

  func initializer(_ name: String, _ tensor: AnyTensor) -> ONNXBuilder {
    var copy = self
    copy.graph.bytes(5, Array(TensorProtoFile.encode(tensor, name: name)))
    return copy
  }

  /// A float32 initializer in a file beside the model.
  func external(_ name: String, _ extents: [Int], _ entries: [(String, String)]) -> ONNXBuilder {
    var tensor = Message()
    for extent in extents { tensor.varint(1, Int64(extent)) }
    tensor.varint(2, 1)
    tensor.text(8, name)
    for (key, value) in entries {
      var entry = Message()
      entry.text(1, key)
      entry.text(2, value)
      tensor.message(13, entry)
    }
    tensor.varint(14, 1)
    var copy = self
    copy.graph.message(5, tensor)
    return copy
  }

  func node(
    _ type: String, _ inputs: [String], _ outputs: [String], _ attributes: [(String, Attribute)] = [],
    domain: String = "", name: String = ""
  ) -> ONNXBuilder {
    var copy = self
    copy.graph.message(1, Self.node(type, inputs, outputs, attributes, domain: domain, name: name))
    return copy
  }

  func function(_ name: String, _ inputs: [String], _ outputs: [String], _ nodes: [Message]) -> ONNXBuilder {
    var function = Message()
    function.text(1, name)
    for input in inputs { function.text(4, input) }
    for output in outputs { function.text(5, output) }
    for node in nodes { function.message(7, node) }
    function.message(9, Self.operatorSet("", opset))
    function.message(9, Self.operatorSet("local", 1))
    function.text(10, "local")
    var copy = self
    copy.functions.append(function)
    return copy
  }

  static func node(
    _ type: String, _ inputs: [String], _ outputs: [String], _ attributes: [(String, Attribute)] = [],
    domain: String = "", name: String = ""
  ) -> Message {
    var node = Message()
    for input in inputs { node.text(1, input) }
    for output in outputs { node.text(2, output) }
    if !name.isEmpty { node.text(3, name) }
    node.text(4, type)
    node.text(7, domain)
    for (name, attribute) in attributes { node.message(5, Self.attribute(name, attribute)) }
    return node
  }

  private static func attribute(_ name: String, _ value: Attribute) -> Message {
    var attribute = Message()
    attribute.text(1, name)
    switch value {
    case .integer(let number):
      attribute.varint(3, Int64(number))
      attribute.varint(20, 2)
    case .integers(let numbers):
      for number in numbers { attribute.varint(8, Int64(number)) }
      attribute.varint(20, 7)
    case .float(let number):
      attribute.float(2, number)
      attribute.varint(20, 1)
    case .text(let text):
      attribute.text(4, text)
      attribute.varint(20, 3)
    case .tensor(let tensor):
      attribute.bytes(5, Array(TensorProtoFile.encode(tensor)))
      attribute.varint(20, 4)
    case .graph(let nodes, let outputs):
      var graph = Message()
      for node in nodes { graph.message(1, node) }
      for output in outputs { graph.message(12, valueInfo(output, [], 1)) }
      attribute.message(6, graph)
      attribute.varint(20, 5)
    case .reference(let name): attribute.text(21, name)
    }
    return attribute
  }

  private static func operatorSet(_ domain: String, _ version: Int) -> Message {
    var set = Message()
    set.text(1, domain)
    set.varint(2, Int64(version))
    return set
  }

  private static func valueInfo(_ name: String, _ extents: [any Sendable], _ elementType: Int) -> Message {
    var shape = Message()
    for extent in extents {
      var dimension = Message()
      if let number = extent as? Int { dimension.varint(1, Int64(number)) }
      if let name = extent as? String { dimension.text(2, name) }
      shape.message(1, dimension)
    }
    var tensor = Message()
    tensor.varint(1, Int64(elementType))
    tensor.message(2, shape)
    var type = Message()
    type.message(1, tensor)
    var info = Message()
    info.text(1, name)
    info.message(2, type)
    return info
  }
}
