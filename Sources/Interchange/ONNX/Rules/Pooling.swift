import Graphs
import Tensors

extension ONNXRule {
  /// The places of the largest elements (a second result) are not supported.
  static let maxPool = ONNXRule("MaxPool", 1...28) { (node) throws(ONNXFailure) in
    let x = try node.operand(0)
    return [try node.emit(.pooling(try node.pooling(.maximum, of: node.type(x))), x)]
  }

  static let averagePool = ONNXRule("AveragePool", 1...28) { (node) throws(ONNXFailure) in
    let x = try node.operand(0)
    var pooling = try node.pooling(.average, of: node.type(x))
    pooling.countsPadding = try node.attributes.flag("count_include_pad")
    return [try node.emit(.pooling(pooling), x)]
  }

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

  static let globalAveragePool = ONNXRule("GlobalAveragePool", 1...28) { (node) throws(ONNXFailure) in
    let x = try node.operand(0)
    return [try node.globalPooling(.average, x)]
  }

  static let globalMaxPool = ONNXRule("GlobalMaxPool", 1...28) { (node) throws(ONNXFailure) in
    let x = try node.operand(0)
    return [try node.globalPooling(.maximum, x)]
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
  fileprivate func pooling(_ kind: Pooling.Kind, of x: TensorType) throws(ONNXFailure) -> Pooling {
    guard let kernel = try attributes.integers("kernel_shape"), !kernel.isEmpty else {
      throw .damaged("kernel_shape is missing")
    }
    return Pooling(
      kind: kind, window: try window(x, kernel: kernel), roundsUp: try attributes.flag("ceil_mode"))
  }

  /// One window over all spatial axes.
  func globalPooling(_ kind: Pooling.Kind, _ x: ValueID) throws(ONNXFailure) -> ValueID {
    let type = type(x)
    guard type.rank >= 3 else { return x }
    let kernel = try Array(type.dimensions.dropFirst(2)).extents("a spatial extent")
    guard kernel.count <= 3, kernel.allSatisfy({ $0 >= 1 && $0 < 1 << 31 }) else {
      let reduction: Reduction = kind == .average ? .mean : .maximum
      return try reduce(reduction, x, axes: Array(2..<type.rank))
    }
    return try emit(.pooling(Pooling(kind: kind, window: Window(kernel: kernel))), x)
  }

  /// `(sum(|x|^p))^(1/p)`, where `sum` says what is added.
  fileprivate func norm(
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
