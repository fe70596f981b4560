import Graphs
import Tensors

extension ONNXRule {
  static let squeeze = ONNXRule("Squeeze", 1...28) { (node) throws(ONNXFailure) in
    let x = try node.operand(0)
    let type = node.type(x)
    var axes = type.dimensions.indices.filter { type.dimensions[$0] == .fixed(1) }
    if let listed = try node.integers(attribute: "axes", operand: 1) {
      axes = try node.axes(listed, rank: type.rank)
    }
    for axis in axes where type.dimensions[axis] != .fixed(1) {
      throw .damaged("axis \(axis) of \(type) is not 1")
    }
    return [try node.reshape(x, type.dimensions.indices.filter { !axes.contains($0) }.map { type.dimensions[$0] })]
  }
}
