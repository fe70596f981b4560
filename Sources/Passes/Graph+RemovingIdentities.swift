import Graphs

extension Graph {
  /// The graph without operators that return their operand as it is.
  ///
  /// One that rounds to other codes than its operand has stays, and so does one between an input and an output.
  public func removingIdentities() -> Graph {
    var rewriting = Rewriting(self)
    for index in rewriting.indices {
      guard let node = rewriting.node(index), let source = rewriting.identitySource(node) else { continue }
      rewriting.bypass(index, to: source)
    }
    return rewriting.finished()
  }
}

extension Rewriting {
  /// The operand that `node` returns unchanged, if it does.
  fileprivate func identitySource(_ node: Node) -> ValueID? {
    guard let x = node.inputs[0] else { return nil }
    let (type, result) = (graph[x].type, graph[node.output].type)
    let isSame: Bool
    switch node.operator {
    case .reshape, .expand, .cast: isSame = type == result
    case .transpose(let permutation): isSame = permutation == Array(permutation.indices)
    case .slice(let slices): isSame = type == result && slices.allSatisfy { $0.step == 1 || $0.count == 1 }
    case .padding(let before, let after, _): isSame = (before + after).allSatisfy { $0 == 0 }
    case .unary(.clip(let clamp)): isSame = clamp.lower == -.infinity && clamp.upper == .infinity
    case .concatenation: isSame = node.inputs.count == 1
    case .resize(let resize): isSame = type == result && resize.scales.allSatisfy { $0 == 1 }
    case .pooling(let pooling):
      isSame = pooling.window.kernel.allSatisfy { $0 == 1 } && type == result && !pooling.window.isPadded
    case .reduction(let reduction, let axes, _):
      isSame = axes.isEmpty && [.sum, .mean, .product, .maximum, .minimum].contains(reduction)
    case .binary(let function, clamp: nil): return neutralSource(function, node)
    default: isSame = false
    }
    return isSame ? x : nil
  }

  /// The operand that is left when the other one is the function's neutral element.
  private func neutralSource(_ function: BinaryFunction, _ node: Node) -> ValueID? {
    let neutral: Float
    switch function {
    case .add, .subtract: neutral = 0
    case .multiply, .divide: neutral = 1
    case .power, .minimum, .maximum, .modulo, .remainder, .parametricRelu, .and, .or, .exclusiveOr: return nil
    }
    let isSymmetric = function == .add || function == .multiply
    for (operand, constant) in pairs(node).prefix(isSymmetric ? 2 : 1) {
      if let values = floats(constant), values.scalars.allSatisfy({ $0 == neutral }) { return operand }
    }
    return nil
  }
}
