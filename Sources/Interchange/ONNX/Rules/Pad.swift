import Graphs
import Tensors

extension ONNXRule {
  /// Amounts are an attribute before set 11, an operand afterwards.
  static let pad = ONNXRule("Pad", 1...28) { (node) throws(ONNXFailure) in
    let x = try node.operand(0)
    let rank = node.type(x).rank
    let listed =
      node.opset < 11
      ? try node.attributes.integers(node.opset < 2 ? "paddings" : "pads") : try node.optionalIntegers(1)
    guard let amounts = listed else { throw .damaged("pads are missing") }
    let axes = try node.optionalIntegers(3) ?? Array(0..<rank)
    guard amounts.count == 2 * axes.count else {
      throw .damaged("\(amounts.count) pads for \(axes.count) axes")
    }
    var before = [Int](repeating: 0, count: rank)
    var after = before
    for (index, given) in axes.enumerated() {
      let axis = try node.axis(given, of: node.type(x))
      before[axis] = amounts[index]
      after[axis] = amounts[axes.count + index]
    }
    let mode = try node.paddingMode(of: node.type(x).elementType)
    return [try node.emit(.padding(before: before, after: after, mode: mode), x)]
  }
}

extension ONNXNode {
  func paddingMode(of elementType: ElementType) throws(ONNXFailure) -> PaddingMode {
    switch try attributes.string("mode", default: "constant") {
    case "constant":
      let value = opset < 11 ? Double(try attributes.float("value", default: 0)) : try optionalNumber(2) ?? 0
      guard Double(Float(value)) == value || value.isNaN else {
        throw .unsupported("a value of \(value) does not fit in float32")
      }
      return .constant(Float(value))
    case "reflect": return .reflect
    case "edge": return .edge
    case "wrap": return .wrap
    case let other: throw .damaged("mode '\(other.escapedForDisplay)' does not exist")
    }
  }
}
