import Graphs
import Tensors

extension ONNXRule {
  /// Does nothing in inference; the mask is all ones.
  static let dropout = ONNXRule("Dropout", 1...28) { (node) throws(ONNXFailure) in
    let x = try node.operand(0)
    var isTraining = false
    if node.opset < 7 {
      isTraining = !(try node.attributes.flag("is_test"))
    } else if node.opset >= 12, node.has(2) {
      isTraining = try node.optionalNumber(2) != 0
    }
    guard !isTraining else { throw .unsupported("training mode; export the model for inference") }
    guard node.uses(output: 1) else { return [x] }
    let one = node.constant(.bool(Tensor(true)))
    let mask = try node.emit(.expand(node.type(x).dimensions), one)
    return [x, node.opset < 10 ? try node.cast(mask, to: node.type(x).elementType) : mask]
  }
}
