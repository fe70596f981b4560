import Graphs
import Tensors

extension Graph {
  /// Adds to a layer's bias what its coded weights take from the mean result.
  ///
  /// The mean result changes by Σ (W − W') · E[x], summed over the inputs of an output channel; with padding, each tap
  /// counts with the share of output positions at which it lies inside the input.
  ///
  /// - Parameters:
  ///   - node: index of a convolution or dense layer.
  ///   - real: its weights, output channel first.
  ///   - coded: what their codes stand for; same shape.
  ///   - inputMeans: E[x] by input channel, or one number for all.
  /// - Source: Nagel et al., *Data-Free Quantization Through Weight Equalization and Bias Correction*, arXiv
  ///   1906.04721, section 4.2, with observed instead of derived means. Departure: padding counts.
  mutating func correctBias(of node: Int, real: Tensor<Float>, coded: Tensor<Float>, inputMeans: [Double]) {
    let channels = real.shape[0]
    let coverage = tapCoverage(of: nodes[node])
    guard channels > 0, real.shape.rank >= 2, coverage.count > 0 else { return }
    let biasID = nodes[node].inputs.count > 2 ? nodes[node].inputs[2] : nil
    var bias = [Float](repeating: 0, count: channels)
    if biasID != nil {
      guard let given = constant(biasID)?.tensor.asFloat32 else { return }
      bias = given.scalars
    }
    let perGroup = real.shape[1]
    let groups = inputMeans.count > 1 && perGroup > 0 ? max(inputMeans.count / perGroup, 1) : 1
    let inner = perGroup * coverage.count
    for m in 0..<channels {
      let first = m / max(channels / groups, 1) * perGroup
      var change = 0.0
      for c in 0..<perGroup {
        let mean = inputMeans.count == 1 ? inputMeans[0] : inputMeans[min(first + c, inputMeans.count - 1)]
        for tap in 0..<coverage.count {
          let index = m * inner + c * coverage.count + tap
          change += Double(real.scalars[index] - coded.scalars[index]) * mean * coverage[tap]
        }
      }
      bias[m] += Float(change)
    }
    setOwnConstant(
      .tensor(.float32(Tensor(shape: [channels], scalars: bias))), at: biasID, of: node, operand: 2)
  }

  /// For each tap of a layer's kernel, the share of output positions at which it meets the input; `[1]` if dense.
  private func tapCoverage(of node: Node) -> [Double] {
    guard case .convolution(let convolution) = node.operator, let input = node.inputs[0] else { return [1] }
    let window = convolution.window
    var coverage = [1.0]
    for axis in 0..<window.rank {
      guard let extent = self[input].type.dimensions[axis + 2].fixedExtent,
        let outputs = window.outputExtent(extent, axis: axis), outputs > 0
      else { return [] }
      let shares = (0..<window.kernel[axis]).map { tap in
        let inside = (0..<outputs).count { position in
          let place = position * window.strides[axis] + tap * window.dilations[axis] - window.paddingBefore[axis]
          return (0..<extent).contains(place)
        }
        return Double(inside) / Double(outputs)
      }
      coverage = coverage.flatMap { outer in shares.map { outer * $0 } }
    }
    return coverage
  }
}
