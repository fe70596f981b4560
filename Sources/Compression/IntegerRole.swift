import Graphs
import Tensors

/// What a node can do with codes instead of real numbers.
public enum IntegerRole: Hashable, Sendable {
  /// Sums products of codes and coded weights; the result is codes or real.
  case weightedSum
  /// Computes codes from codes, in an encoding of its own.
  case computes
  /// Hands codes on as they are: operands and result share one encoding.
  case moves
  /// Has no integer form.
  case real
}

extension Graph {
  /// What `node` can do with codes.
  public func integerRole(of node: Node) -> IntegerRole {
    guard self[node.output].type.elementType == .float32 else { return .real }
    switch node.operator {
    case .convolution, .dense:
      return node.inputs.count > 1 && constant(node.inputs[1]) != nil && isActivation(node.inputs[0])
        ? .weightedSum : .real
    case .pooling(let pooling):
      switch pooling.kind {
      case .maximum: return .moves
      case .average: return hasEvenWindows(pooling, node) ? .computes : .real
      }
    case .binary(let function, _): return binaryRole(function, node)
    case .unary, .softmax(_, isLogarithmic: false): return isActivation(node.inputs[0]) ? .computes : .real
    case .reduction(.mean, let axes, _):
      // The mean over all spatial axes is a pooling.
      guard let id = node.inputs[0], isActivation(id) else { return .real }
      return self[id].type.rank > 2 && axes == Array(2..<self[id].type.rank) ? .computes : .real
    case .concatenation: return node.inputs.allSatisfy(isActivation) ? .moves : .real
    case .padding(_, _, .constant(let value)): return value.isFinite ? .moves : .real
    case .padding, .reshape, .transpose, .slice, .expand: return .moves
    case .gather: return constant(node.inputs[1]) != nil ? .moves : .real
    case .resize(let resize):
      if case .nearest = resize.interpolation { return .moves }
      return .real
    case .transposedConvolution, .matrixProduct, .batchNormalization, .localResponseNormalization, .softmax,
      .comparison, .select, .cast, .reduction, .argument, .quantize, .dequantize, .integer:
      return .real
    }
  }

  /// Whether `id` is a real value that is not known in advance.
  func isActivation(_ id: ValueID?) -> Bool {
    guard let id else { return false }
    return constants[id] == nil && self[id].type.elementType == .float32
  }

  private func binaryRole(_ function: BinaryFunction, _ node: Node) -> IntegerRole {
    let operands = node.inputs.compactMap { $0 }
    guard operands.count == 2 else { return .real }
    let activations = operands.filter(isActivation)
    // With one number on the other side it is a function of one element.
    if activations.count == 1 {
      return operands.contains { constant($0)?.shape.elementCount == 1 } ? .computes : .real
    }
    guard activations.count == 2 else { return .real }
    switch function {
    case .add, .subtract:
      return self[operands[0]].type.dimensions == self[operands[1]].type.dimensions ? .computes : .real
    case .multiply: return .computes
    case .divide, .power, .minimum, .maximum, .modulo, .remainder, .parametricRelu, .and, .or, .exclusiveOr:
      return .real
    }
  }

  /// Whether all windows average the same number of elements.
  private func hasEvenWindows(_ pooling: Pooling, _ node: Node) -> Bool {
    if pooling.window.isPadded && !pooling.countsPadding { return false }
    guard pooling.roundsUp, let id = node.inputs[0] else { return true }
    for (axis, dimension) in self[id].type.dimensions.dropFirst(2).enumerated() {
      guard let extent = dimension.fixedExtent,
        pooling.window.outputExtent(extent, axis: axis, roundsUp: true)
          == pooling.window.outputExtent(extent, axis: axis)
      else { return false }
    }
    return true
  }
}
