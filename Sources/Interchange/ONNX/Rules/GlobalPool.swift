import Graphs
import Tensors

extension ONNXRule {
  static let globalAveragePool = ONNXRule("GlobalAveragePool", 1...28) { (node) throws(ONNXFailure) in
    let x = try node.operand(0)
    return [try node.globalPooling(.average, x)]
  }

  static let globalMaxPool = ONNXRule("GlobalMaxPool", 1...28) { (node) throws(ONNXFailure) in
    let x = try node.operand(0)
    return [try node.globalPooling(.maximum, x)]
  }
}

extension ONNXNode {
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
}
