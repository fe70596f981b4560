import Tensors

extension Graph {
  /// Multiplications with accumulation that `node` does for a batch of one.
  ///
  /// Counts convolutions, dense layers and matrix products; padding counts like data. A count that does not fit in
  /// `Int` is `Int.max`.
  public func macCount(_ node: Node) -> Int {
    guard let output = try? self[node.output].type.shape(batch: 1) else { return 0 }
    func operand(_ index: Int) -> Shape? {
      guard index < node.inputs.count, let id = node.inputs[index] else { return nil }
      return try? self[id].type.shape(batch: 1)
    }
    switch node.operator {
    case .convolution, .dense, .integer(.convolution), .integer(.dense):
      guard let weights = operand(1), weights.rank > 0, weights[0] > 0 else { return 0 }
      return output.elementCount.multipliedSaturating(by: weights.elementCount / weights[0])
    case .transposedConvolution:
      guard let input = operand(0), let weights = operand(1), weights.rank > 0, weights[0] > 0 else { return 0 }
      return input.elementCount.multipliedSaturating(by: weights.elementCount / weights[0])
    case .matrixProduct:
      guard let a = operand(0), let last = a.dimensions.last else { return 0 }
      return output.elementCount.multipliedSaturating(by: last)
    case .pooling, .batchNormalization, .localResponseNormalization, .softmax, .unary, .binary, .comparison, .select,
      .cast, .reduction, .argument, .gather, .concatenation, .padding, .reshape, .transpose, .slice, .expand, .resize,
      .quantize, .dequantize, .integer(.averagePooling), .integer(.addition), .integer(.multiplication),
      .integer(.lookup), .integer(.softmax):
      return 0
    }
  }

  /// Multiplications with accumulation for a batch of one, all nodes together.
  public var macCount: Int { nodes.reduce(0) { $0.addingSaturating(macCount($1)) } }

  /// Numbers stored in float32 constants and in weight codes.
  public var parameterCount: Int {
    constants.values.reduce(0) { sum, constant in
      switch constant {
      case .tensor(.float32(let tensor)): sum + tensor.shape.elementCount
      case .tensor: sum
      case .coded(let coded): sum + coded.shape.elementCount
      }
    }
  }
}

extension Int {
  /// The product of two numbers that are not negative, `Int.max` if it is larger.
  fileprivate func multipliedSaturating(by other: Int) -> Int {
    let (product, overflow) = multipliedReportingOverflow(by: other)
    return overflow ? .max : product
  }

  /// The sum of two numbers that are not negative, `Int.max` if it is larger.
  fileprivate func addingSaturating(_ other: Int) -> Int {
    let (sum, overflow) = addingReportingOverflow(other)
    return overflow ? .max : sum
  }
}
