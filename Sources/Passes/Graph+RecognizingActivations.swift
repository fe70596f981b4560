import Graphs
import Tensors

extension Graph {
  /// Activation functions that exporters write out in smaller operators, each as one.
  ///
  /// - `x · hardSigmoid(x)` with slope 1/6 and offset 1/2, `x · clip(x + 3, 0, 6) / 6`: `hardSwish`
  /// - `x · sigmoid(x)`: `swish`
  /// - `x · tanh(softplus(x))`: `mish`
  /// - `max(x, c)`, `min(x, c)` of floats: `clip`
  /// - `parametricRelu` with one slope: `leakyRelu`
  public func recognizingActivations() -> Graph {
    var rewriting = Rewriting(self)
    for index in rewriting.indices {
      guard let node = rewriting.node(index), self[node.output].type.elementType == .float32 else { continue }
      if let (function, x) = rewriting.activation(node) { rewriting.replace(index, by: .unary(function), [x]) }
    }
    return rewriting.finished()
  }
}

extension Rewriting {
  /// The function that `node` computes together with those before it, and its argument.
  fileprivate func activation(_ node: Node) -> (UnaryFunction, ValueID)? {
    guard case .binary(let function, clamp: nil) = node.operator else { return nil }
    if let product = sixth(node), let inner = hidden(product), case .binary(.multiply, clamp: nil) = inner.operator {
      for (x, other) in pairs(inner) where isShiftedRelu6(other, of: x) { return (.hardSwish, x) }
    }
    for (x, other) in pairs(node) {
      switch function {
      case .multiply:
        if let gate = gate(other, of: x) { return (gate, x) }
      case .maximum:
        if let limit = scalar(other), !limit.isNaN { return (.clip(Clamp(lower: limit, upper: .infinity)), x) }
      case .minimum:
        if let limit = scalar(other), !limit.isNaN { return (.clip(Clamp(lower: -.infinity, upper: limit)), x) }
      case .parametricRelu:
        if x == node.inputs[0], let slopes = floats(other), let slope = slopes.scalars.first,
          slopes.scalars.allSatisfy({ $0 == slope })
        {
          return (.leakyRelu(slope: slope), x)
        }
      case .add, .subtract, .divide, .power, .modulo, .remainder, .and, .or, .exclusiveOr: break
      }
    }
    return nil
  }

  /// The function that `x · id` is.
  private func gate(_ id: ValueID, of x: ValueID) -> UnaryFunction? {
    guard let node = hidden(id) else { return nil }
    switch node.operator {
    case .unary(.sigmoid) where node.inputs == [x]: return .swish(alpha: 1)
    case .unary(.hardSigmoid(let slope, offset: 0.5)) where node.inputs == [x] && isSixth(slope): return .hardSwish
    case .unary(.tanh):
      guard let inner = hidden(node.inputs[0]), inner.operator == .unary(.softplus), inner.inputs == [x] else {
        return nil
      }
      return .mish
    default:
      guard let product = sixth(node), isShiftedRelu6(product, of: x) else { return nil }
      return .hardSwish
    }
  }

  /// The operand of a division by 6.
  private func sixth(_ node: Node) -> ValueID? {
    for (operand, constant) in pairs(node) {
      guard let number = scalar(constant) else { continue }
      if node.operator == .binary(.multiply, clamp: nil) && isSixth(number) { return operand }
      if node.operator == .binary(.divide, clamp: nil) && number == 6 && constant == node.inputs[1] { return operand }
    }
    return nil
  }

  /// Exporters print 1/6 with six to nine digits.
  private func isSixth(_ number: Float) -> Bool { (number - 1 / 6).magnitude < 1e-6 }

  /// `clip(x + 3, 0, 6)`, in one operator or in two.
  private func isShiftedRelu6(_ id: ValueID, of x: ValueID) -> Bool {
    let relu6 = Clamp(lower: 0, upper: 6)
    guard var node = hidden(id) else { return false }
    var clamp: Clamp?
    if case .unary(.clip(let limits)) = node.operator {
      guard let inner = hidden(node.inputs[0]) else { return false }
      (node, clamp) = (inner, limits)
    }
    guard case .binary(.add, let own) = node.operator, (own == nil) != (clamp == nil), own ?? clamp == relu6 else {
      return false
    }
    return pairs(node).contains { $0 == x && scalar($1) == 3 }
  }

  /// The node that computes a value which is not rounded to codes.
  private func hidden(_ id: ValueID?) -> Node? {
    guard let id, graph[id].encoding == nil else { return nil }
    return producer(of: id)
  }
}
