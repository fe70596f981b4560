import Graphs
import Tensors

extension ONNXRule {
  static let convolution = ONNXRule("Conv", 1...28) { (node) throws(ONNXFailure) in
    let (x, weights) = (try node.operand(0), try node.operand(1))
    let convolution = try node.convolution(x: node.type(x), weights: node.type(weights))
    return [try node.emit(.convolution(convolution), x, weights, try node.optionalOperand(2))]
  }

  static let transposedConvolution = ONNXRule("ConvTranspose", 1...28) { (node) throws(ONNXFailure) in
    let (x, weights) = (try node.operand(0), try node.operand(1))
    let convolution = try node.transposedConvolution(x: node.type(x), weights: node.type(weights))
    return [try node.emit(.transposedConvolution(convolution), x, weights, try node.optionalOperand(2))]
  }

  /// Exact in float32 as long as every sum stays below 2^24; larger ones are refused.
  static let convInteger = ONNXRule("ConvInteger", 10...28) { (node) throws(ONNXFailure) in
    let (x, weights) = (try node.operand(0), try node.operand(1))
    let convolution = try node.convolution(x: node.type(x), weights: node.type(weights))
    guard let shape = node.type(weights).fixedShape, shape.elementCount > 0 else {
      throw .unsupported("weights without elements")
    }
    // A code and its zero point differ by at most 255, so a sum of k products is at most k · 255².
    guard shape.elementCount / shape[0] <= (1 << 24) / (255 * 255) else {
      throw .unsupported("a window of \(shape.elementCount / shape[0]) products may exceed exact sums")
    }
    var centered = try node.cast(x, to: .float32)
    if let zeroPoint = try node.optionalOperand(2) {
      centered = try node.binary(.subtract, centered, try node.cast(zeroPoint, to: .float32))
    }
    var kernel = try node.cast(weights, to: .float32)
    if let zeroPoint = try node.optionalOperand(3) {
      let channels = node.type(zeroPoint).rank == 0 ? [] : [Dimension](repeating: .fixed(1), count: shape.rank - 1)
      let column = try node.reshape(zeroPoint, node.type(zeroPoint).dimensions + channels)
      kernel = try node.binary(.subtract, kernel, try node.cast(column, to: .float32))
    }
    let sums = try node.emit(.convolution(convolution), centered, kernel)
    return [try node.cast(sums, to: .int32)]
  }
}

extension ONNXNode {
  func convolution(x: TensorType, weights: TensorType) throws(ONNXFailure) -> Convolution {
    let kernel = try kernelExtents(weights)
    return Convolution(
      window: try window(x, kernel: kernel), groups: try attributes.integer("group", default: 1))
  }

  private func kernelExtents(_ weights: TensorType) throws(ONNXFailure) -> [Int] {
    guard weights.rank >= 3 else { throw .damaged("the weights have rank \(weights.rank)") }
    let kernel = try Array(weights.dimensions.dropFirst(2)).extents("the kernel")
    if let given = try attributes.integers("kernel_shape"), given != kernel {
      throw .damaged("kernel_shape is \(given), and the weights have \(kernel)")
    }
    return kernel
  }

  fileprivate func transposedConvolution(
    x: TensorType, weights: TensorType
  ) throws(ONNXFailure) -> TransposedConvolution {
    let kernel = try kernelExtents(weights)
    let rank = kernel.count
    var result = TransposedConvolution(
      window: try window(x, kernel: kernel, ignoresAutomaticPadding: true),
      groups: try attributes.integer("group", default: 1),
      outputPadding: try list("output_padding", count: rank, default: 0))
    let mode = try attributes.string("auto_pad", default: "NOTSET")
    var wanted = try attributes.integers("output_shape")
    if let given = wanted, given.count == rank + 2 { wanted = Array(given.dropFirst(2)) }
    let extents = try Array(x.dimensions.dropFirst(2)).extents("a spatial extent")
    guard extents.count == rank else { throw .damaged("\(x) has not the rank of its weights") }
    if wanted == nil && (mode == "SAME_UPPER" || mode == "SAME_LOWER") {
      var same: [Int] = []
      for axis in 0..<rank { same.append(try checkedProduct(extents[axis], result.window.strides[axis])) }
      wanted = same
    }
    guard let wanted else { return result }
    guard wanted.count == rank, wanted.allSatisfy({ $0 >= 1 && $0 < 1 << 31 }), result.window.isValid,
      extents.allSatisfy({ $0 >= 1 && $0 < 1 << 31 })
    else { throw .damaged("output_shape \(wanted) does not fit") }
    for axis in 0..<rank {
      let full = (extents[axis] - 1) * result.window.strides[axis] + result.outputPadding[axis]
      let total = full + result.window.reach(axis) - wanted[axis]
      if total < 0 { result.outputPadding[axis] -= total }
      let (half, rest) = (max(total, 0) / 2, max(total, 0) - max(total, 0) / 2)
      result.window.paddingBefore[axis] = mode == "SAME_UPPER" ? half : rest
      result.window.paddingAfter[axis] = mode == "SAME_UPPER" ? rest : half
    }
    return result
  }

  private func checkedProduct(_ a: Int, _ b: Int) throws(ONNXFailure) -> Int {
    let (product, overflow) = a.multipliedReportingOverflow(by: b)
    guard !overflow else { throw .damaged("an extent does not fit in 64 bits") }
    return product
  }

  /// A list attribute with one entry per spatial axis.
  func list(_ name: String, count: Int, default value: Int) throws(ONNXFailure) -> [Int] {
    guard let list = try attributes.integers(name), !list.isEmpty else { return [Int](repeating: value, count: count) }
    guard list.count == count else {
      throw .damaged("attribute '\(name)' has \(list.count) entries where \(count) are due")
    }
    return list
  }

  /// The window of a convolution or a pooling over `x`, with automatic padding worked out.
  func window(
    _ x: TensorType, kernel: [Int], ignoresAutomaticPadding: Bool = false
  ) throws(ONNXFailure) -> Window {
    let rank = kernel.count
    let pads = try list("pads", count: 2 * rank, default: 0)
    var window = Window(
      kernel: kernel, strides: try list("strides", count: rank, default: 1),
      dilations: try list("dilations", count: rank, default: 1), paddingBefore: Array(pads[..<rank]),
      paddingAfter: Array(pads[rank...]))
    guard window.isValid else {
      throw .damaged("kernel, strides and dilations are at least 1 and pads at least 0, for 1 to 3 axes")
    }
    let mode = try attributes.string("auto_pad", default: "NOTSET")
    switch mode {
    case "NOTSET": return window
    case "VALID":
      window.paddingBefore = [Int](repeating: 0, count: rank)
      window.paddingAfter = window.paddingBefore
      return window
    case "SAME_UPPER", "SAME_LOWER": break
    default: throw .damaged("auto_pad '\(mode.escapedForDisplay)' does not exist")
    }
    guard !ignoresAutomaticPadding else { return window }
    let extents = try Array(x.dimensions.dropFirst(2)).extents("a spatial extent")
    guard extents.count == rank, extents.allSatisfy({ $0 < 1 << 31 }) else {
      throw .damaged("\(x) does not have the rank of its window")
    }
    for axis in 0..<rank {
      let stride = window.strides[axis]
      let count = (extents[axis] + stride - 1) / stride
      let total = max((count - 1) * stride + window.reach(axis) - extents[axis], 0)
      window.paddingBefore[axis] = mode == "SAME_UPPER" ? total / 2 : total - total / 2
      window.paddingAfter[axis] = total - window.paddingBefore[axis]
    }
    return window
  }
}
