import Graphs
import Tensors

extension ONNXRule {
  /// Functions of all elements along axes.
  static let reductions: [ONNXRule] = [
    ("ReduceSum", .sum), ("ReduceMean", .mean), ("ReduceProd", .product), ("ReduceMax", .maximum),
    ("ReduceMin", .minimum), ("ReduceL1", .l1), ("ReduceL2", .l2), ("ReduceSumSquare", .sumOfSquares),
    ("ReduceLogSum", .logSum), ("ReduceLogSumExp", .logSumExponential),
  ].map { (name: String, reduction: Reduction) in
    ONNXRule(name, 1...(name.hasPrefix("ReduceLog") ? 27 : 28)) { (node) throws(ONNXFailure) in
      [try node.reduction(reduction)]
    }
  }
}

extension ONNXNode {
  fileprivate func reduction(_ reduction: Reduction) throws(ONNXFailure) -> ValueID {
    let x = try operand(0)
    let type = type(x)
    let listed = try integers(attribute: "axes", operand: 1) ?? []
    let keepsAxes = try attributes.flag("keepdims", default: true)
    if listed.isEmpty, try attributes.flag("noop_with_empty_axes") {
      switch reduction {
      case .sum, .mean, .product, .maximum, .minimum: return x
      case .l1, .l2, .sumOfSquares, .logSum, .logSumExponential:
        throw .unsupported("a reduction over no axes is not supported")
      }
    }
    let axes = listed.isEmpty ? Array(0..<type.rank) : try axes(listed, rank: type.rank)
    guard type.elementType == .bool else { return try reduce(reduction, x, axes: axes, keepsAxes: keepsAxes) }
    guard reduction == .maximum || reduction == .minimum else {
      throw .unsupported("a reduction of bool other than maximum and minimum")
    }
    let codes = try reduce(reduction, try cast(x, to: .uint8), axes: axes, keepsAxes: keepsAxes)
    return try cast(codes, to: .bool)
  }
}
