import Graphs
import Tensors

extension ONNXRule {
  static let softmax = ONNXRule("Softmax", 1...28) { (node) throws(ONNXFailure) in
    [
      try node.alongAxis { (x, axis) throws(ONNXFailure) in
        try node.emit(.softmax(axis: axis, isLogarithmic: false), x)
      }
    ]
  }

  static let logSoftmax = ONNXRule("LogSoftmax", 1...28) { (node) throws(ONNXFailure) in
    [
      try node.alongAxis { (x, axis) throws(ONNXFailure) in
        try node.emit(.softmax(axis: axis, isLogarithmic: true), x)
      }
    ]
  }
}

extension ONNXNode {
  /// A function along one axis; before set 13 along all axes from `axis` on, as if they were one.
  func alongAxis(
    _ function: (ValueID, Int) throws(ONNXFailure) -> ValueID
  ) throws(ONNXFailure) -> ValueID {
    let x = try operand(0)
    let type = type(x)
    let given = try attributes.integer("axis", default: opset < 13 ? 1 : -1)
    if opset >= 13 || type.rank == 0 { return try function(x, try axis(given, of: type)) }
    guard given >= -type.rank, given <= type.rank else {
      throw .damaged("axis \(given) does not exist in rank \(type.rank)")
    }
    let first = given < 0 ? given + type.rank : given
    let inner = type.dimensions[first...]
    if first < type.rank, inner.dropFirst().allSatisfy({ $0 == .fixed(1) }) { return try function(x, first) }
    let rows = try Array(type.dimensions[..<first]).joined()
    let matrix = try reshape(x, [rows, try Array(inner).joined()])
    return try reshape(try function(matrix, 1), type.dimensions)
  }
}
