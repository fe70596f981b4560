import Graphs
import Tensors

extension ONNXRule {
  /// Functions of two elements, each one core node.
  static let binaryFunctions: [ONNXRule] = [
    ("Add", .add), ("Sub", .subtract), ("Mul", .multiply), ("Div", .divide), ("And", .and), ("Or", .or),
    ("Xor", .exclusiveOr),
  ].map { (name: String, function: BinaryFunction) in
    ONNXRule(name, 1...28) { (node) throws(ONNXFailure) in
      let (a, b) = try node.broadcastOperands()
      return [try node.binary(function, a, b)]
    }
  }

  /// Comparisons of two elements.
  static let comparisons: [ONNXRule] = [
    ("Equal", 1, .equal), ("Less", 1, .less), ("LessOrEqual", 12, .lessOrEqual), ("Greater", 1, .greater),
    ("GreaterOrEqual", 12, .greaterOrEqual),
  ].map { (name: String, since: Int, comparison: Comparison) in
    ONNXRule(name, since...28) { (node) throws(ONNXFailure) in
      let (a, b) = try node.broadcastOperands()
      return [try node.emit(.comparison(comparison), a, b)]
    }
  }

  /// Functions of any number of operands, as a chain.
  static let variadicFunctions: [ONNXRule] =
    [("Max", .maximum), ("Min", .minimum), ("Sum", .add)].map { (name: String, function: BinaryFunction) in
      ONNXRule(name, 1...28) { (node) throws(ONNXFailure) in [try node.chain(function)] }
    } + [
      ONNXRule("Mean", 1...28) { (node) throws(ONNXFailure) in
        let sum = try node.chain(.add)
        return [try node.binary(.divide, sum, node.scalar(Float(node.operandCount)))]
      }
    ]
}

extension ONNXNode {
  /// Both operands; before set 7 the second is lined up with an axis of the first by attributes.
  func broadcastOperands() throws(ONNXFailure) -> (ValueID, ValueID) {
    let (a, b) = (try operand(0), try operand(1))
    guard opset < 7, try attributes.flag("broadcast") else { return (a, b) }
    let (left, right) = (type(a), type(b))
    guard let axis = try attributes.integer("axis"), right.rank < left.rank else { return (a, b) }
    let first = try self.axis(axis, of: left)
    let trailing = left.rank - first - right.rank
    guard trailing >= 0 else { throw .damaged("\(right) does not fit \(left) at axis \(axis)") }
    let dimensions = right.dimensions + [Dimension](repeating: .fixed(1), count: trailing)
    return (a, try reshape(b, dimensions))
  }

  /// `f(f(x0, x1), x2)...`; the operand itself if there is only one.
  func chain(_ function: BinaryFunction) throws(ONNXFailure) -> ValueID {
    let operands = try operands()
    var result = operands[0]
    for next in operands.dropFirst() { result = try binary(function, result, next) }
    return result
  }
}
