import Graphs

/// A small tensor of whole numbers whose elements are known while importing: shapes and what is computed from them.
struct KnownIntegers: Equatable {
  var extents: [Int]
  var values: [Int]
  /// True if an element came from the extent that stands for the batch; such numbers may only describe shapes.
  var dependsOnBatch: Bool

  /// Tensors with more elements are left to the graph.
  static let limit = 4096
}

extension TFLiteLowering {
  /// The result of the operator at hand, if it is whole numbers that follow from shapes and small constants alone.
  ///
  /// What `shape` gives for a batch of one is taken for any: reshapes read a leading 1 as the batch.
  func knownResult() throws(Fault) -> KnownIntegers? {
    guard let kind = KnownIntegersRule(rawValue: node.code), node.outputs.count == 1,
      file.tensors[node.outputs[0]].type == .int32 || file.tensors[node.outputs[0]].type == .int64
    else { return nil }
    if kind == .shape {
      let dimensions = try dimensions(0)
      return KnownIntegers(
        extents: [dimensions.count], values: dimensions.map { $0.extent(batch: 1) },
        dependsOnBatch: dimensions.contains { $0.fixedExtent == nil })
    }
    if kind == .rank { return KnownIntegers(extents: [], values: [try rank(0)], dependsOnBatch: false) }

    var operands: [KnownIntegers] = []
    for index in 0..<operandCount where hasOperand(index) {
      guard let operand = try knownIntegers(index) else { return nil }
      operands.append(operand)
    }
    guard var result = try kind.result(operands, self), result.values.count <= KnownIntegers.limit else { return nil }
    guard result.values.allSatisfy({ $0.magnitude <= 1 << 40 }) else { return nil }
    result.dependsOnBatch = operands.contains { $0.dependsOnBatch }
    return result
  }
}

/// Operators that appear in computations of shapes.
private enum KnownIntegersRule: Int {
  case add = 0
  case concatenation = 2
  case multiply = 18
  case reshape = 22
  case gather = 36
  case subtract = 41
  case squeeze = 43
  case slice = 65
  case stridedSlice = 45
  case cast = 53
  case maximum = 55
  case minimum = 57
  case expandDimensions = 70
  case shape = 77
  case product = 81
  case pack = 83
  case floorDivide = 90
  case rank = 110

  /// nil where the graph shall compute it.
  func result(_ operands: [KnownIntegers], _ lowering: TFLiteLowering) throws(Fault) -> KnownIntegers? {
    guard let first = operands.first else { return nil }
    switch self {
    case .shape, .rank: return nil
    case .add: return elementwise(operands) { $0 + $1 }
    case .subtract: return elementwise(operands) { $0 - $1 }
    case .multiply:
      return elementwise(operands) {
        let (product, overflow) = $0.multipliedReportingOverflow(by: $1)
        return overflow ? nil : product
      }
    case .maximum: return elementwise(operands) { max($0, $1) }
    case .minimum: return elementwise(operands) { min($0, $1) }
    case .floorDivide:
      return elementwise(operands) { a, b in
        guard b != 0 else { return nil }
        return a / b - (a % b != 0 && (a < 0) != (b < 0) ? 1 : 0)
      }
    case .cast: return first
    case .reshape, .squeeze, .expandDimensions: return reshaped(first, lowering)
    case .concatenation:
      guard operands.allSatisfy({ $0.extents.count == 1 }) else { return nil }
      return vector(operands.flatMap(\.values))
    case .pack:
      guard operands.allSatisfy({ $0.extents.isEmpty }) else { return nil }
      return vector(operands.flatMap(\.values))
    case .gather: return gathered(operands)
    case .slice: return sliced(operands)
    case .stridedSlice: return try stridedSlice(operands, lowering)
    case .product:
      guard first.extents.count == 1, !(try lowering.flag(0)) else { return nil }
      var product = 1
      for value in first.values {
        let (next, overflow) = product.multipliedReportingOverflow(by: value)
        if overflow { return nil }
        product = next
      }
      return KnownIntegers(extents: [], values: [product], dependsOnBatch: false)
    }
  }

  private func vector(_ values: [Int]) -> KnownIntegers {
    KnownIntegers(extents: [values.count], values: values, dependsOnBatch: false)
  }

  /// Operands of the same shape, or one number against any.
  private func elementwise(_ operands: [KnownIntegers], _ function: (Int, Int) -> Int?) -> KnownIntegers? {
    guard operands.count == 2 else { return nil }
    let (a, b) = (operands[0], operands[1])
    let isSame = a.extents == b.extents
    guard isSame || (b.extents.isEmpty && b.values.count == 1) || (a.extents.isEmpty && a.values.count == 1) else {
      return nil
    }
    var values: [Int] = []
    for index in 0..<max(a.values.count, b.values.count) {
      let left = isSame || !a.extents.isEmpty ? a.values[index] : a.values[0]
      let right = isSame || !b.extents.isEmpty ? b.values[index] : b.values[0]
      guard let value = function(left, right) else { return nil }
      values.append(value)
    }
    let extents = isSame || b.extents.isEmpty ? a.extents : b.extents
    return KnownIntegers(extents: extents, values: values, dependsOnBatch: false)
  }

  /// The same numbers in the shape that the file declares for the result.
  private func reshaped(_ operand: KnownIntegers, _ lowering: TFLiteLowering) -> KnownIntegers? {
    let extents = lowering.file.tensors[lowering.node.outputs[0]].extents
    var count = 1
    for extent in extents {
      guard extent >= 0, extent <= KnownIntegers.limit, count <= KnownIntegers.limit else { return nil }
      count *= extent
    }
    guard count == operand.values.count else { return nil }
    return KnownIntegers(extents: extents, values: operand.values, dependsOnBatch: false)
  }

  private func gathered(_ operands: [KnownIntegers]) -> KnownIntegers? {
    guard operands.count == 2, operands[0].extents.count == 1 else { return nil }
    var values: [Int] = []
    for index in operands[1].values {
      guard operands[0].values.indices.contains(index) else { return nil }
      values.append(operands[0].values[index])
    }
    return KnownIntegers(extents: operands[1].extents, values: values, dependsOnBatch: false)
  }

  private func sliced(_ operands: [KnownIntegers]) -> KnownIntegers? {
    guard operands.count == 3, operands[0].extents.count == 1, let begin = operands[1].values.first,
      let size = operands[2].values.first, begin >= 0, begin <= operands[0].values.count
    else { return nil }
    let left = operands[0].values.count - begin
    guard size <= left else { return nil }
    return vector(Array(operands[0].values[begin...].prefix(size < 0 ? left : size)))
  }

  private func stridedSlice(_ operands: [KnownIntegers], _ lowering: TFLiteLowering) throws(Fault) -> KnownIntegers? {
    guard operands.count == 4, operands[0].extents.count == 1, try lowering.option(3) == 0 else { return nil }
    let cut = try StridedCut(
      extents: [operands[0].values.count], begin: operands[1].values, end: operands[2].values,
      strides: operands[3].values, masks: try StridedCut.Masks(lowering))
    guard cut.axes.count == 1, let only = cut.axes.first else { return nil }
    let values = (0..<only.count).map { operands[0].values[only.start + $0 * only.step] }
    return KnownIntegers(extents: only.isDropped ? [] : [values.count], values: values, dependsOnBatch: false)
  }
}
