import Graphs
import Tensors

extension ONNXRule {
  static let concat = ONNXRule("Concat", 1...28) { (node) throws(ONNXFailure) in
    let operands = try node.operands()
    guard let given = try node.attributes.integer("axis") ?? (node.opset < 4 ? 1 : nil) else {
      throw .damaged("axis is missing")
    }
    let axis = try node.axis(given, of: node.type(operands[0]))
    guard operands.count > 1 else { return [operands[0]] }
    return [try node.emit(.concatenation(axis: axis), operands)]
  }
}
