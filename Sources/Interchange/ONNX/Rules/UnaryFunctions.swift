import Graphs

extension ONNXRule {
  /// Functions of one element, each one core node.
  static let unaryFunctions: [ONNXRule] = [
    unary("Abs") { _ in .absolute },
    unary("Ceil") { _ in .ceiling },
    unary("Celu", 12...28) { (node) throws(ONNXFailure) in
      .celu(alpha: try node.attributes.float("alpha", default: 1))
    },
    unary("Cos", 7...28) { _ in .cosine },
    unary("Elu") { (node) throws(ONNXFailure) in .elu(alpha: try node.attributes.float("alpha", default: 1)) },
    unary("Erf", 9...28) { _ in .error },
    unary("Exp") { _ in .exponential },
    unary("Floor") { _ in .floor },
    unary("Gelu", 20...28) { (node) throws(ONNXFailure) in
      switch try node.attributes.string("approximate", default: "none") {
      case "none": .gelu(approximatesWithTanh: false)
      case "tanh": .gelu(approximatesWithTanh: true)
      case let other: throw .damaged("approximation '\(other.escapedForDisplay)' does not exist")
      }
    },
    unary("HardSigmoid") { (node) throws(ONNXFailure) in
      .hardSigmoid(
        slope: try node.attributes.float("alpha", default: 0.2),
        offset: try node.attributes.float("beta", default: 0.5))
    },
    unary("HardSwish", 14...28) { _ in .hardSwish },
    unary("IsNaN", 9...28) { _ in .isNaN },
    unary("LeakyRelu") { (node) throws(ONNXFailure) in
      .leakyRelu(slope: try node.attributes.float("alpha", default: 0.01))
    },
    unary("Log") { _ in .logarithm },
    unary("Mish", 18...28) { _ in .mish },
    unary("Neg") { _ in .negate },
    unary("Not") { _ in .not },
    unary("Reciprocal") { _ in .reciprocal },
    unary("Relu") { _ in .relu },
    unary("Round", 11...28) { _ in .round },
    unary("Selu") { (node) throws(ONNXFailure) in
      let isFirst = node.opset < 6
      return .selu(
        alpha: try node.attributes.float("alpha", default: isFirst ? 1.6732 : 1.673_263_2),
        gamma: try node.attributes.float("gamma", default: isFirst ? 1.0507 : 1.050_701))
    },
    unary("Sigmoid") { _ in .sigmoid },
    unary("Sign", 9...28) { _ in .sign },
    unary("Sin", 7...28) { _ in .sine },
    unary("Softplus") { _ in .softplus },
    unary("Softsign") { _ in .softsign },
    unary("Sqrt") { _ in .squareRoot },
    unary("Swish", 24...28) { (node) throws(ONNXFailure) in
      .swish(alpha: try node.attributes.float("alpha", default: 1))
    },
    unary("Tanh") { _ in .tanh },
    unary("ThresholdedRelu", 10...28) { (node) throws(ONNXFailure) in
      .thresholdedRelu(alpha: try node.attributes.float("alpha", default: 1))
    },
  ]

  private static func unary(
    _ name: String, _ versions: ClosedRange<Int> = 1...28,
    _ function: @escaping @Sendable (ONNXNode) throws(ONNXFailure) -> UnaryFunction
  ) -> ONNXRule {
    ONNXRule(name, versions) { (node) throws(ONNXFailure) in
      [try node.unary(try function(node), try node.operand(0))]
    }
  }
}
