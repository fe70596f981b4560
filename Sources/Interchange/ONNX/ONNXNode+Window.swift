import Graphs
import Tensors

extension ONNXNode {
  func convolution(x: TensorType, weights: TensorType) throws(ONNXFailure) -> Convolution {
    let kernel = try kernelExtents(weights)
    return Convolution(
      window: try window(x, kernel: kernel), groups: try attributes.integer("group", default: 1))
  }

  func kernelExtents(_ weights: TensorType) throws(ONNXFailure) -> [Int] {
    guard weights.rank >= 3 else { throw .damaged("the weights have rank \(weights.rank)") }
    let kernel = try Array(weights.dimensions.dropFirst(2)).extents("the kernel")
    if let given = try attributes.integers("kernel_shape"), given != kernel {
      throw .damaged("kernel_shape is \(given), and the weights have \(kernel)")
    }
    return kernel
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

  func pooling(_ kind: Pooling.Kind, of x: TensorType) throws(ONNXFailure) -> Pooling {
    guard let kernel = try attributes.integers("kernel_shape"), !kernel.isEmpty else {
      throw .damaged("kernel_shape is missing")
    }
    return Pooling(
      kind: kind, window: try window(x, kernel: kernel), roundsUp: try attributes.flag("ceil_mode"))
  }
}
