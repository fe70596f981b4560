import Graphs
import Tensors

extension ONNXRule {
  static let expand = ONNXRule("Expand", 8...28) { (node) throws(ONNXFailure) in
    let x = try node.operand(0)
    let wanted = try node.dimensions(1)
    guard let dimensions = node.type(x).dimensions.broadcast(with: wanted) else {
      throw .damaged("\(node.type(x)) does not stretch to \(wanted.listDescription)")
    }
    return [dimensions == node.type(x).dimensions ? x : try node.emit(.expand(dimensions), x)]
  }
}
