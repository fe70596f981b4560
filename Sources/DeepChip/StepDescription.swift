import Graphs
import ModelFormat
import Planning
import Runtime
import Tensors

extension Step {
  /// The constant that a weighted sum multiplies with.
  var weights: ValueID? {
    if case .weightedSum(let sum) = action { sum.weights } else { nil }
  }

  /// What the step does, in the graph's words.
  func summary(_ node: Node) -> String {
    switch action {
    case .weightedSum(let sum):
      let fused: String
      switch sum.residual {
      case .none: fused = ""
      case .codes, .float: fused = " + addition"
      }
      return (weightedSumName(node) + fused)
    case .pooling, .addition, .lookup, .binary, .unary, .softmax, .quantize, .dequantize, .reference:
      return "\(node.operator.kind)"
    case .interleave(let rule): return rule == nil ? "to pixels" : "quantize"
    case .deinterleave(let rule): return rule == nil ? "to planes" : "dequantize"
    case .copy: return "\(node.operator.kind)"
    case .fillBorder: return "border"
    case .fill, .constant: return "fill"
    }
  }

  private func weightedSumName(_ node: Node) -> String {
    switch node.operator {
    case .integer(.addition): "integer convolution"
    case .binary: "convolution"
    default: "\(node.operator.kind)"
    }
  }

  /// The kernel's operation and types.
  ///
  /// - Parameter choice: why a weighted sum's kernel was chosen, when there was a choice.
  func kernelName(_ schedule: Schedule, _ choice: KernelChoice? = nil) -> String {
    switch action {
    case .weightedSum(let sum): return sum.kernelName(schedule.graph, choice)
    case .pooling(let pooling):
      switch pooling.kind {
      case .maximum: return "maxpool"
      case .mean, .codes: return "avgpool"
      }
    case .addition: return "add_u8u8u8"
    case .lookup: return "lookup_u8u8"
    case .binary: return "binary_f32"
    case .unary: return "unary_f32"
    case .softmax: return "softmax_f32"
    case .quantize: return "quantize_f32u8"
    case .dequantize: return "dequantize_u8f32"
    case .interleave: return "interleave"
    case .deinterleave: return "deinterleave"
    case .copy, .fillBorder, .fill, .constant: return "copy"
    case .reference: return "reference"
    }
  }

  /// Multiplications with accumulation of this step for its schedule's batch.
  func macCount(_ schedule: Schedule) -> Int {
    guard case .weightedSum(let sum) = action, let weights = schedule.graph[sum.weights].type.fixedShape,
      weights.rank > 0, weights[0] > 0, case .map(let output) = schedule.buffers[writes.index].layout
    else { return 0 }
    return output.images * output.rows * output.columns * weights.elementCount
  }
}

extension WeightedSum {
  fileprivate func kernelName(_ graph: Graph, _ choice: KernelChoice?) -> String {
    let isDepthwise = groups > 1 && graph[weights].type.fixedShape?.dimensions.dropFirst().first == 1
    let name = isDepthwise ? "depthwise" : kernel.rows * kernel.columns == 1 ? "conv1x1" : "conv"
    let weights =
      switch choice?.method {
      case .gather: "g8"
      case .packed: "k4"
      case .binary: "b1"
      case .add: "a2"
      case .dense, nil: "s8"
      }
    switch result {
    case .codes: return name + "_u8\(weights)u8"
    case .real: return name + "_u8\(weights)f32"
    case .float: return name + "_f32"
    }
  }
}

extension Constant {
  /// Bytes as stored before entropy coding.
  var storedByteCount: Int {
    switch self {
    case .tensor(let tensor): tensor.byteCount
    case .coded(let coded): (coded.shape.elementCount * coded.encoding.bitsPerCode + 7) / 8
    }
  }

  /// Share of weights that are not zero, 0...1.
  var density: Double {
    switch self {
    case .coded(let coded): coded.density
    case .tensor(let tensor):
      tensor.shape.elementCount == 0
        ? 0 : Double(tensor.doubles.count { $0 != 0 }) / Double(tensor.shape.elementCount)
    }
  }
}
