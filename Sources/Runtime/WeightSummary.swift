import Graphs
import Planning
import Tensors

/// What there is to say about the weights of a step, once they are packed.
public struct WeightSummary: Hashable, Sendable {
  /// Bytes as stored before entropy coding.
  public var byteCount: Int
  /// Share of weights that are not zero, 0...1; 0 where there are none.
  public var density: Double

  /// - Parameter density: of weights whose density is known.
  init(_ weights: Constant, density: Double?) {
    switch weights {
    case .coded(let coded):
      byteCount = (coded.shape.elementCount * coded.encoding.bitsPerCode + 7) / 8
      self.density = density ?? coded.density
    case .tensor(let tensor):
      byteCount = tensor.byteCount
      self.density = density ?? tensor.asFloat32.map { Self.density($0.scalars) } ?? 1
    }
  }

  private static func density(_ scalars: [Float]) -> Double {
    scalars.withUnsafeBufferPointer { scalars in
      var count = 0
      for scalar in scalars { count += scalar == 0 ? 0 : 1 }
      return scalars.isEmpty ? 0 : Double(count) / Double(scalars.count)
    }
  }
}

extension Schedule {
  /// The last step that reads each constant.
  var lastUsesOfConstants: [ValueID: Int] {
    var result: [ValueID: Int] = [:]
    for (index, step) in steps.enumerated() {
      switch step.action {
      case .weightedSum(let sum):
        result[sum.weights] = index
        if let bias = sum.bias { result[bias] = index }
      case .constant(let id): result[id] = index
      case .reference(_, let operands):
        for case .constant(let id)? in operands { result[id] = index }
      case .pooling, .addition, .lookup, .binary, .unary, .softmax, .quantize, .dequantize, .interleave,
        .deinterleave, .copy, .fillBorder, .fill:
        break
      }
    }
    return result
  }
}
