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

  /// 1 at the first largest element along an axis, 0 elsewhere.
  static let hardmax = ONNXRule("Hardmax", 1...28) { (node) throws(ONNXFailure) in
    [
      try node.alongAxis { (x, axis) throws(ONNXFailure) in
        let type = node.type(x)
        guard let extent = type.dimensions[axis].fixedExtent, extent <= 1 << 20, node.lowering.reserve(8 * extent)
        else {
          throw .unsupported("an axis that depends on the batch or is very long")
        }
        let place = try node.emit(
          .argument(ofMaximum: true, axis: axis, keepsAxis: true, selectsLast: false), x)
        var dimensions = [Int](repeating: 1, count: type.rank)
        dimensions[axis] = extent
        let places = node.constant(
          .int64(Tensor(shape: Shape(dimensions), scalars: (0..<extent).map { Int64($0) })))
        return try node.cast(try node.emit(.comparison(.equal), place, places), to: type.elementType)
      }
    ]
  }

  static let argMax = ONNXRule("ArgMax", 1...28) { (node) throws(ONNXFailure) in
    [try node.argument(ofMaximum: true)]
  }

  static let argMin = ONNXRule("ArgMin", 1...28) { (node) throws(ONNXFailure) in
    [try node.argument(ofMaximum: false)]
  }

  static let gather = ONNXRule("Gather", 1...28) { (node) throws(ONNXFailure) in
    let (x, indices) = (try node.operand(0), try node.operand(1))
    let axis = try node.axis(try node.attributes.integer("axis", default: 0), of: node.type(x))
    if let known = try node.knownConstant(1)?.integers, let extent = node.type(x).dimensions[axis].fixedExtent {
      for index in known where index < -extent || index >= extent {
        throw .damaged("index \(index) lies outside axis \(axis) of \(node.type(x))")
      }
    }
    return [try node.emit(.gather(axis: axis), x, indices)]
  }
}

extension ONNXNode {
  /// A function along one axis; before set 13 along all axes from `axis` on, as if they were one.
  fileprivate func alongAxis(
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

  fileprivate func argument(ofMaximum: Bool) throws(ONNXFailure) -> ValueID {
    let x = try operand(0)
    let axis = try axis(try attributes.integer("axis", default: 0), of: type(x))
    let function = Operator.argument(
      ofMaximum: ofMaximum, axis: axis, keepsAxis: try attributes.flag("keepdims", default: true),
      selectsLast: try attributes.flag("select_last_index"))
    return try emit(function, x)
  }
}
