import Graphs
import Tensors

/// The slow and obvious definition of every operator: what all kernels, emitters and trainers are compared with.
///
///     let sum = try Reference.evaluate(.binary(.add, clamp: nil), [.tensor(a), .tensor(b)])
///
/// Sums of floats are taken in Double and rounded once to Float, so that whole numbers stay exact.
/// Whole numbers wrap around; nothing traps on any element.
public enum Reference {
  /// The most elements a result may have: a bound on memory for graphs from outside.
  public static let elementLimit = 1 << 30

  /// The result of one operator.
  ///
  /// - Parameters:
  ///   - operator: what is computed.
  ///   - operands: in the operator's order, nil where an optional one is left out. Weights of integer operators may
  ///     be coded; real operators see what the codes stand for.
  ///   - batch: what `Dimension.batch(1)` in the operator's own attributes means; at least 0.
  /// - Throws: `ReferenceError` when the operands do not fit, and for divisions by zero and indices out of range.
  public static func evaluate(
    _ operator: Operator, _ operands: [Constant?], batch: Int = 1
  ) throws(ReferenceError) -> AnyTensor {
    let bound = try `operator`.bound(toBatch: batch)
    let type: TensorType
    do throws(GraphError.Problem) {
      type = try bound.inferredType(operands.map { $0?.type })
    } catch {
      throw ReferenceError(.operands(error))
    }
    guard let shape = type.fixedShape, shape.elementCount <= elementLimit else { throw ReferenceError(.tooLarge(type)) }
    let result = try evaluate(bound, Given(operands: operands, shape: shape))
    let found = TensorType(result.elementType, result.shape)
    guard found == type else { throw ReferenceError(.result(declared: type, found: found)) }
    return result
  }

  private static func evaluate(_ operator: Operator, _ given: Given) throws(ReferenceError) -> AnyTensor {
    switch `operator` {
    case .convolution(let attributes): .float32(try convolution(attributes, given))
    case .transposedConvolution(let attributes): .float32(try transposedConvolution(attributes, given))
    case .dense(let clamp): .float32(try dense(clamp, given))
    case .matrixProduct: try matrixProduct(given)
    case .pooling(let pooling): try self.pooling(pooling, given)
    case .batchNormalization(let epsilon): .float32(try batchNormalization(epsilon, given))
    case .localResponseNormalization(let size, let alpha, let beta, let bias):
      .float32(try localResponseNormalization(size: size, alpha: alpha, beta: beta, bias: bias, given))
    case .softmax(let axis, let isLogarithmic):
      .float32(try softmax(axis: axis, isLogarithmic: isLogarithmic, given))
    case .unary(let function): try unary(function, given)
    case .binary(let function, let clamp): try binary(function, clamp: clamp, given)
    case .comparison(let comparison): .bool(try self.comparison(comparison, given))
    case .select: try select(given)
    case .cast(let elementType): try given.tensor(0).cast(to: elementType)
    case .reduction(let reduction, let axes, _): try self.reduction(reduction, axes: axes, given)
    case .argument(let ofMaximum, let axis, _, let selectsLast):
      .int64(try argument(ofMaximum: ofMaximum, axis: axis, selectsLast: selectsLast, given))
    case .gather(let axis): try gather(axis: axis, given)
    case .concatenation(let axis): try concatenation(axis: axis, given)
    case .padding(let before, _, let mode): try padding(before: before, mode: mode, given)
    case .reshape: try given.tensor(0).reshaped(given.shape)
    case .transpose(let permutation): try transpose(permutation, given)
    case .slice(let slices): try slice(slices, given)
    case .expand: try expand(given)
    case .resize(let resize): try self.resize(resize, given)
    case .quantize(let encoding, let elementType): try quantize(encoding, elementType, given)
    case .dequantize(let encoding): .float32(try dequantize(encoding, given))
    case .integer(let integer): try self.integer(integer, given)
    }
  }
}

/// The operands of one evaluation, already checked by type inference, and the shape of its result.
struct Given {
  var operands: [Constant?]
  var shape: Shape

  func has(_ index: Int) -> Bool { index < operands.count && operands[index] != nil }

  func constant(_ index: Int) throws(ReferenceError) -> Constant {
    guard index < operands.count, let constant = operands[index] else {
      throw ReferenceError(.operands(.missingOperand(index)))
    }
    return constant
  }

  func tensor(_ index: Int) throws(ReferenceError) -> AnyTensor { try constant(index).tensor }

  func floats(_ index: Int) throws(ReferenceError) -> Tensor<Float> {
    let tensor = try tensor(index)
    guard case .float32(let floats) = tensor else {
      throw ReferenceError(.operands(.elementType(operand: index, found: tensor.elementType)))
    }
    return floats
  }

  func codes(_ index: Int) throws(ReferenceError) -> Tensor<UInt8> {
    let tensor = try tensor(index)
    guard case .uint8(let codes) = tensor else {
      throw ReferenceError(.operands(.elementType(operand: index, found: tensor.elementType)))
    }
    return codes
  }
}

extension Operator {
  /// The same operator with every batch dimension in its attributes replaced by a number.
  func bound(toBatch batch: Int) throws(ReferenceError) -> Operator {
    switch self {
    case .reshape(let dimensions): return .reshape(try dimensions.bound(toBatch: batch))
    case .expand(let dimensions): return .expand(try dimensions.bound(toBatch: batch))
    case .resize(var resize):
      resize.extents = try resize.extents.bound(toBatch: batch)
      return .resize(resize)
    case .convolution, .transposedConvolution, .dense, .matrixProduct, .pooling, .batchNormalization,
      .localResponseNormalization, .softmax, .unary, .binary, .comparison, .select, .cast, .reduction, .argument,
      .gather, .concatenation, .padding, .transpose, .slice, .quantize, .dequantize, .integer:
      return self
    }
  }
}

extension [Dimension] {
  fileprivate func bound(toBatch batch: Int) throws(ReferenceError) -> [Dimension] {
    do throws(ShapeError) {
      return try TensorType(.float32, self).shape(batch: batch).dimensions.map(Dimension.fixed)
    } catch {
      throw ReferenceError(.tooLarge(TensorType(.float32, self)))
    }
  }
}
