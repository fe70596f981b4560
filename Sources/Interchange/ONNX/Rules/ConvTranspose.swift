import Graphs
import Tensors

extension ONNXRule {
  static let transposedConvolution = ONNXRule("ConvTranspose", 1...28) { (node) throws(ONNXFailure) in
    let (x, weights) = (try node.operand(0), try node.operand(1))
    let convolution = try node.transposedConvolution(x: node.type(x), weights: node.type(weights))
    return [try node.emit(.transposedConvolution(convolution), x, weights, try node.optionalOperand(2))]
  }
}

extension ONNXNode {
  func transposedConvolution(
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
}
