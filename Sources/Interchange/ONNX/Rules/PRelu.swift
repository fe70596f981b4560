import Graphs
import Tensors

extension ONNXRule {
  /// Before set 7 a slope with several elements has one per channel.
  static let pRelu = ONNXRule("PRelu", 1...28) { (node) throws(ONNXFailure) in
    let (x, slope) = (try node.operand(0), try node.operand(1))
    guard node.opset < 7, node.type(slope).rank == 1, node.type(x).rank > 2 else {
      return [try node.binary(.parametricRelu, x, slope)]
    }
    let column = node.type(slope).dimensions + [Dimension](repeating: .fixed(1), count: node.type(x).rank - 2)
    return [try node.binary(.parametricRelu, x, try node.reshape(slope, column))]
  }
}
