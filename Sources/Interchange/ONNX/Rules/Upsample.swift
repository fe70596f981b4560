import Graphs
import Tensors

extension ONNXRule {
  /// Scales are attributes before set 9, an operand afterwards.
  static let upsample = ONNXRule("Upsample", 1...9) { (node) throws(ONNXFailure) in
    let x = try node.operand(0)
    var target = ResizeTarget(node.type(x))
    var scales = try node.attributes.floats("scales")
    if node.opset < 7 {
      guard let rows = try node.attributes.float("height_scale"), let columns = try node.attributes.float("width_scale")
      else { throw .damaged("height_scale or width_scale is missing") }
      scales = [1, 1, rows, columns]
    } else if node.opset >= 9 {
      scales = try node.constant(1).doubles.map { Float($0) }
    }
    try target.take(scales: scales ?? [], axes: Array(0..<node.type(x).rank))
    return [try node.emit(.resize(try node.resize(target)), x)]
  }
}
