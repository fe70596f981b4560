import Graphs
import Tensors

extension ONNXRule {
  static let unsqueeze = ONNXRule("Unsqueeze", 1...28) { (node) throws(ONNXFailure) in
    let x = try node.operand(0)
    guard let listed = try node.integers(attribute: "axes", operand: 1) else {
      throw .damaged("axes are missing")
    }
    let rank = node.type(x).rank + listed.count
    guard rank <= 64 else { throw .damaged("the result would have \(rank) axes") }
    let axes = try node.axes(listed, rank: rank)
    var rest = node.type(x).dimensions[...]
    var dimensions: [Dimension] = []
    for axis in 0..<rank {
      if axes.contains(axis) {
        dimensions.append(.fixed(1))
      } else if let next = rest.popFirst() {
        dimensions.append(next)
      }
    }
    return [try node.reshape(x, dimensions)]
  }
}
