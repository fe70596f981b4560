import Graphs
import Tensors

extension ONNXRule {
  static let averagePool = ONNXRule("AveragePool", 1...28) { (node) throws(ONNXFailure) in
    let x = try node.operand(0)
    var pooling = try node.pooling(.average, of: node.type(x))
    pooling.countsPadding = try node.attributes.flag("count_include_pad")
    return [try node.emit(.pooling(pooling), x)]
  }
}
