import Graphs
import Tensors

/// A convolution, transposed or not, or a dense layer: what scales, biases and activations fold into.
struct WeightedSum {
  private let node: Node
  private let x: ValueID
  private let weights: ValueID
  private let bias: ValueID?
  /// Output channels; axis 1 of the result.
  let channels: Int
  /// The activation that is already fused.
  let clamp: Clamp?

  init?(_ node: Node, in rewriting: Rewriting) {
    switch node.operator {
    case .convolution(let convolution): clamp = convolution.clamp
    case .dense(let clamp): self.clamp = clamp
    case .transposedConvolution: clamp = nil
    default: return nil
    }
    guard node.inputs.count >= 2, let x = node.inputs[0], let weights = node.inputs[1],
      let channels = rewriting.graph[node.output].type.dimensions[1].fixedExtent
    else { return nil }
    (self.node, self.x, self.weights, self.channels) = (node, x, weights, channels)
    bias = node.inputs.count > 2 ? node.inputs[2] : nil
  }

  /// Makes the node at `index` compute `clamp(scales · sum + offsets)` instead of what it reads now.
  ///
  /// New weights, or scales of coded ones, and biases are computed in Double and rounded once.
  ///
  /// - Parameter scales: by channel; nil for 1, which leaves the weights as they are.
  /// - Returns: false, and nothing is changed, if weights or bias are not constants, coded weights have no codes for
  ///   the result, or the operator has no place for the clamp.
  func replace(
    _ index: Int, scales: [Double]?, offsets: [Double], clamp: Clamp?, in rewriting: inout Rewriting
  ) -> Bool {
    guard let `operator` = self.operator(clamp: clamp) else { return false }
    guard offsets.allSatisfy(\.isFinite), scales?.allSatisfy(\.isFinite) ?? true else { return false }
    var sums = [Double](repeating: 0, count: channels)
    if let bias {
      guard let tensor = rewriting.floats(bias) else { return false }
      sums = tensor.scalars.map(Double.init)
    }
    var newWeights = weights
    if let scales {
      guard let constant = scaled(rewriting.graph.constant(weights), by: scales) else { return false }
      newWeights = rewriting.addConstant(rewriting.graph[weights].name, constant)
    }
    let values = sums.indices.map { Float(sums[$0] * (scales?[$0] ?? 1) + offsets[$0]) }
    let name = bias.map { rewriting.graph[$0].name } ?? node.name + ".bias"
    let newBias = rewriting.addConstant(name, .tensor(.float32(Tensor(shape: [channels], scalars: values))))
    return rewriting.replace(index, by: `operator`, [x, newWeights, newBias], name: node.name)
  }

  /// Makes the node at `index` compute the clamped sum.
  func replace(_ index: Int, clamp: Clamp, in rewriting: inout Rewriting) -> Bool {
    guard let `operator` = self.operator(clamp: clamp) else { return false }
    return rewriting.replace(index, by: `operator`, node.inputs, name: node.name)
  }

  private func `operator`(clamp: Clamp?) -> Operator? {
    switch node.operator {
    case .convolution(var convolution):
      convolution.clamp = clamp
      return .convolution(convolution)
    case .dense: return .dense(clamp: clamp)
    case .transposedConvolution: return clamp == nil ? node.operator : nil
    default: return nil
    }
  }

  private func scaled(_ weights: Constant?, by scales: [Double]) -> Constant? {
    switch weights {
    case .tensor(.float32(let tensor)): return .tensor(.float32(scaled(tensor, by: scales)))
    case .coded(let coded):
      // A transposed convolution's outputs are not along axis 0.
      if case .transposedConvolution = node.operator { return nil }
      return coded.scaled(by: scales).map(Constant.coded)
    case .tensor, nil: return nil
    }
  }

  private func scaled(_ weights: Tensor<Float>, by scales: [Double]) -> Tensor<Float> {
    let shape = weights.shape
    let filter = shape.elementCount / max(shape[0], 1)
    var scalars = weights.scalars
    for index in scalars.indices {
      var channel = index / filter
      if case .transposedConvolution(let convolution) = node.operator {
        // Axis 0 counts inputs, group by group; axis 1 the outputs of one group.
        let perGroup = shape[1]
        channel = channel / (shape[0] / convolution.groups) * perGroup + index % filter / (filter / perGroup)
      }
      scalars[index] = Float(Double(scalars[index]) * scales[channel])
    }
    return Tensor(shape: shape, scalars: scalars)
  }
}

extension Rewriting {
  /// A constant as one number per channel (axis 1) of a value of `rank` axes; nil if it varies along another axis.
  func channelVector(_ id: ValueID?, channels: Int, rank: Int) -> [Double]? {
    guard let tensor = floats(id), tensor.shape.rank <= rank else { return nil }
    let extents = [Int](repeating: 1, count: rank - tensor.shape.rank) + tensor.shape.dimensions
    for (axis, extent) in extents.enumerated() where extent != 1 && (axis != 1 || extent != channels) { return nil }
    let values = tensor.scalars.map(Double.init)
    return values.count == 1 ? [Double](repeating: values[0], count: channels) : values
  }
}
