import Graphs
import Tensors

extension ONNXRule {
  /// With the stored statistics; training mode is refused.
  static let batchNormalization = ONNXRule("BatchNormalization", 1...28) { (node) throws(ONNXFailure) in
    let isTraining =
      node.opset < 7 ? try !node.attributes.flag("is_test") : try node.attributes.flag("training_mode")
    guard !isTraining else { throw .unsupported("training mode; export the model for inference") }
    guard try node.attributes.flag("spatial", default: true) else {
      throw .unsupported("statistics for every element; only those for every channel are known")
    }
    let epsilon = try node.attributes.float("epsilon", default: 1e-5)
    var operands: [ValueID] = []
    for index in 0..<5 { operands.append(try node.operand(index)) }
    return [try node.emit(.batchNormalization(epsilon: epsilon), operands)]
  }
}
