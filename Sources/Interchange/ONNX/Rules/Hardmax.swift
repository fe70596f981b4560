import Graphs
import Tensors

extension ONNXRule {
  /// 1 at the first largest element along an axis, 0 elsewhere.
  static let hardmax = ONNXRule("Hardmax", 1...28) { (node) throws(ONNXFailure) in
    [
      try node.alongAxis { (x, axis) throws(ONNXFailure) in
        let type = node.type(x)
        guard let extent = type.dimensions[axis].fixedExtent, extent <= 1 << 20, node.lowering.reserve(8 * extent)
        else {
          throw .unsupported("an axis that depends on the batch or is very long")
        }
        let place = try node.emit(
          .argument(ofMaximum: true, axis: axis, keepsAxis: true, selectsLast: false), x)
        var dimensions = [Int](repeating: 1, count: type.rank)
        dimensions[axis] = extent
        let places = node.constant(
          .int64(Tensor(shape: Shape(dimensions), scalars: (0..<extent).map { Int64($0) })))
        return try node.cast(try node.emit(.comparison(.equal), place, places), to: type.elementType)
      }
    ]
  }
}
