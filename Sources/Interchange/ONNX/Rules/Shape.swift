import Graphs
import Tensors

extension ONNXRule {
  /// Extents; folds before this is asked, except for shape arithmetic on the batch itself.
  static let shape = ONNXRule("Shape", 1...28) { (_) throws(ONNXFailure) in
    throw .unsupported("the shape of a list that depends on the batch size")
  }

  static let size = ONNXRule("Size", 1...28) { (_) throws(ONNXFailure) in
    throw .unsupported("the size of a list that depends on the batch size")
  }
}
