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
}
