import Graphs

extension Graph {
  /// ReLU and clip as the clamp of the convolution, dense layer or float addition, subtraction or multiplication
  /// before them.
  public func fusingActivations() -> Graph {
    var rewriting = Rewriting(self)
    for index in rewriting.indices {
      guard let node = rewriting.node(index), case .unary(let function) = node.operator, let next = function.clamp,
        let producer = rewriting.fusibleProducer(of: node.inputs[0])
      else { continue }
      if let sum = WeightedSum(producer, in: rewriting) {
        _ = sum.replace(index, clamp: sum.clamp?.followed(by: next) ?? next, in: &rewriting)
      } else if case .binary(let function, let first) = producer.operator,
        function == .add || function == .subtract || function == .multiply
      {
        let clamp = first?.followed(by: next) ?? next
        rewriting.replace(index, by: .binary(function, clamp: clamp), producer.inputs, name: producer.name)
      }
    }
    return rewriting.finished()
  }
}

extension UnaryFunction {
  /// The limits that this function sets, if it does nothing else.
  var clamp: Clamp? {
    switch self {
    case .relu: .relu
    case .clip(let clamp): clamp
    case .leakyRelu, .sigmoid, .hardSigmoid, .hardSwish, .tanh, .elu, .selu, .celu, .gelu, .softplus, .softsign,
      .swish, .mish, .thresholdedRelu, .absolute, .negate, .sign, .reciprocal, .squareRoot, .exponential, .logarithm,
      .error, .floor, .ceiling, .round, .sine, .cosine, .not, .isNaN:
      nil
    }
  }
}
