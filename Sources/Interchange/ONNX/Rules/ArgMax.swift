import Graphs
import Tensors

extension ONNXRule {
  static let argMax = ONNXRule("ArgMax", 1...28) { (node) throws(ONNXFailure) in
    [try node.argument(ofMaximum: true)]
  }

  static let argMin = ONNXRule("ArgMin", 1...28) { (node) throws(ONNXFailure) in
    [try node.argument(ofMaximum: false)]
  }
}

extension ONNXNode {
  func argument(ofMaximum: Bool) throws(ONNXFailure) -> ValueID {
    let x = try operand(0)
    let axis = try axis(try attributes.integer("axis", default: 0), of: type(x))
    let function = Operator.argument(
      ofMaximum: ofMaximum, axis: axis, keepsAxis: try attributes.flag("keepdims", default: true),
      selectsLast: try attributes.flag("select_last_index"))
    return try emit(function, x)
  }
}
