import Graphs
import Tensors

extension ONNXRule {
  static let constant = ONNXRule("Constant", 1...28) { (node) throws(ONNXFailure) in
    let attributes = node.attributes
    if let proto = try attributes.tensor("value") { return [node.constant(try node.lowering.tensors.tensor(proto))] }
    if let value = try attributes.float("value_float") { return [node.scalar(value)] }
    if let values = try attributes.floats("value_floats") {
      return [node.constant(.float32(Tensor(shape: [values.count], scalars: values)))]
    }
    if let value = try attributes.integer("value_int") { return [node.constant(.int64(Tensor(Int64(value))))] }
    if let values = try attributes.integers("value_ints") {
      return [node.constant(.int64(Tensor(shape: [values.count], scalars: values.map { Int64($0) })))]
    }
    if let sparse = try attributes.sparseTensor("sparse_value") {
      let tensor = try node.lowering.tensors.dense(sparse, limit: node.lowering.byteBudget / 8)
      _ = node.lowering.reserve(tensor.byteCount)
      return [node.constant(tensor)]
    }
    throw .unsupported("a constant that is not numbers")
  }

  static let constantOfShape = ONNXRule("ConstantOfShape", 9...28) { (node) throws(ONNXFailure) in
    var value = AnyTensor.float32(Tensor(0))
    if let proto = try node.attributes.tensor("value") { value = try node.lowering.tensors.tensor(proto) }
    guard value.shape.elementCount == 1 else { throw .damaged("the value is one number, not \(value.shape)") }
    let dimensions = try node.dimensions(0)
    let scalar = node.constant(value.reshaped(.scalar))
    return [dimensions.isEmpty ? scalar : try node.emit(.expand(dimensions), scalar)]
  }

  /// Extents; folds before this is asked, except for shape arithmetic on the batch itself.
  static let shape = ONNXRule("Shape", 1...28) { (_) throws(ONNXFailure) in
    throw .unsupported("the shape of a list that depends on the batch size")
  }

  static let size = ONNXRule("Size", 1...28) { (_) throws(ONNXFailure) in
    throw .unsupported("the size of a list that depends on the batch size")
  }

  static let range = ONNXRule("Range", 11...26) { (node) throws(ONNXFailure) in
    let first = try node.constant(0)
    guard let start = try node.optionalNumber(0), let limit = try node.optionalNumber(1),
      let step = try node.optionalNumber(2), step != 0, start.isFinite, limit.isFinite, step.isFinite
    else { throw .damaged("start, limit and delta are three numbers, the last not 0") }
    let exactCount = ((limit - start) / step).rounded(.up)
    guard exactCount <= 0x1p24, node.lowering.reserve(max(Int(max(exactCount, 0)), 0) * 8) else {
      throw .unsupported("a range of \(exactCount) elements is larger than the file justifies")
    }
    let count = Int(max(exactCount, 0))
    let shape = Shape(count)
    func integers() throws(ONNXFailure) -> [Int64] {
      // Whole numbers are exact in Double up to 2^53.
      guard start.magnitude <= 0x1p53, limit.magnitude <= 0x1p53, step.magnitude <= 0x1p53
      else { throw .unsupported("numbers above 2^53") }
      return (0..<count).map { Int64(start) + Int64($0) * Int64(step) }
    }
    switch first.elementType {
    case .float32:
      return [
        node.constant(
          .float32(Tensor(shape: shape, scalars: (0..<count).map { Float(start) + Float($0) * Float(step) })))
      ]
    case .int64: return [node.constant(.int64(Tensor(shape: shape, scalars: try integers())))]
    case .int32:
      return [
        node.constant(.int32(Tensor(shape: shape, scalars: try integers().map { Int32(truncatingIfNeeded: $0) })))
      ]
    case .int16:
      return [
        node.constant(.int16(Tensor(shape: shape, scalars: try integers().map { Int16(truncatingIfNeeded: $0) })))
      ]
    case .uint8, .int8, .bool: throw .damaged("a range of \(first.elementType)")
    }
  }
}
