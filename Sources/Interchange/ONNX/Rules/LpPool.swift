import Graphs
import Tensors

extension ONNXRule {
  /// `(Σ |x|^p)^(1/p)` over each window, through the mean.
  static let lpPool = ONNXRule("LpPool", 2...28) { (node) throws(ONNXFailure) in
    let x = try node.operand(0)
    var pooling = try node.pooling(.average, of: node.type(x))
    guard !pooling.roundsUp else { throw .unsupported("windows that are partly outside") }
    pooling.countsPadding = true
    let count = pooling.window.kernel.reduce(Float(1)) { $0 * Float($1) }
    return [
      try node.norm(x, p: try node.attributes.integer("p", default: 2)) { (powers) throws(ONNXFailure) in
        let mean = try node.emit(.pooling(pooling), powers)
        return try node.binary(.multiply, mean, node.scalar(count))
      }
    ]
  }

  static let globalLpPool = ONNXRule("GlobalLpPool", 2...28) { (node) throws(ONNXFailure) in
    let x = try node.operand(0)
    return [
      try node.norm(x, p: try node.attributes.integer("p", default: 2)) { (powers) throws(ONNXFailure) in
        let axes = Array(2..<Swift.max(node.type(x).rank, 2))
        return try node.reduce(.sum, powers, axes: axes)
      }
    ]
  }
}

extension ONNXNode {
  /// `(sum(|x|^p))^(1/p)`, where `sum` says what is added.
  func norm(
    _ x: ValueID, p: Int, sum: (ValueID) throws(ONNXFailure) -> ValueID
  ) throws(ONNXFailure) -> ValueID {
    guard p >= 1 else { throw .damaged("p is at least 1, not \(p)") }
    let magnitudes = try unary(.absolute, x)
    switch p {
    case 1: return try sum(magnitudes)
    case 2: return try unary(.squareRoot, try sum(try binary(.multiply, x, x)))
    default:
      let powers = try binary(.power, magnitudes, scalar(Float(p)))
      return try binary(.power, try sum(powers), scalar(1 / Float(p)))
    }
  }
}
