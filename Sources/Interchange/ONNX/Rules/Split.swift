import Graphs
import Tensors

extension ONNXRule {
  /// As many slices as results; sizes are an attribute, an operand, or equal parts.
  static let split = ONNXRule("Split", 1...28) { (node) throws(ONNXFailure) in
    let x = try node.operand(0)
    let type = node.type(x)
    let axis = try node.axis(try node.attributes.integer("axis", default: 0), of: type)
    guard let extent = type.dimensions[axis].fixedExtent else {
      throw .unsupported("the batch is split; only other axes can be")
    }
    let count = node.usedOutputs.count
    var sizes = try node.integers(attribute: "split", operand: 1) ?? []
    if sizes.isEmpty, count > 0 {
      // Equal parts, the last one smaller from set 18 on.
      let parts = try node.attributes.integer("num_outputs", default: count)
      guard parts == count, node.opset >= 18 || extent % parts == 0 else {
        throw .damaged("\(extent) elements do not split into \(parts) results")
      }
      let size = (extent + parts - 1) / parts
      sizes = (0..<parts).map { max(min(size, extent - $0 * size), 0) }
    }
    var results: [ValueID?] = []
    var start = 0
    for size in sizes {
      guard size >= 0, size <= extent - start else { throw .damaged("the parts \(sizes) exceed \(extent) elements") }
      results.append(
        try node.emit(.slice([AxisSlice(axis: axis, start: start, step: 1, count: size)]), x))
      start += size
    }
    guard start == extent, sizes.count == count else {
      throw .damaged("the parts \(sizes) are not the \(extent) elements in \(count) results")
    }
    return results
  }
}
