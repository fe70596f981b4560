import Graphs
import Tensors

extension ONNXRule {
  /// Real convolution between dequantization and quantization; the weights stay codes.
  static let qLinearConv = ONNXRule("QLinearConv", 10...28) { (node) throws(ONNXFailure) in
    let x = try node.dequantized(0, scale: 1, zeroPoint: 2, axis: 1)
    let weights = try node.dequantized(3, scale: 4, zeroPoint: 5, axis: 0, isWeight: true)
    let convolution = try node.convolution(x: node.type(x), weights: node.type(weights))
    let bias = node.has(8) ? try node.realBias(8, inputScale: 1, weightScale: 4) : nil
    let sum = try node.emit(.convolution(convolution), x, weights, bias)
    return [try node.requantized(sum, scale: 6, zeroPoint: 7)]
  }
}

extension ONNXNode {
  /// An int32 bias as real values: one step is the product of both scales.
  func realBias(_ index: Int, inputScale: Int, weightScale: Int) throws(ONNXFailure) -> ValueID {
    guard case .int32(let codes) = try constant(index), let step = try optionalNumber(inputScale) else {
      throw .damaged("the bias is int32, and the input has one scale")
    }
    let scales = try constant(weightScale).doubles
    guard codes.shape.rank == 1, scales.count == 1 || scales.count == codes.scalars.count else {
      throw .damaged("a bias of \(codes.shape) for \(scales.count) scales")
    }
    let reals = codes.scalars.enumerated().map { channel, code in
      Float(Double(code) * step * scales[scales.count == 1 ? 0 : channel])
    }
    return constant(.float32(Tensor(shape: codes.shape, scalars: reals)))
  }
}
