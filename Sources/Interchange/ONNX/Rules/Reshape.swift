import Graphs
import Tensors

extension ONNXRule {
  /// The shape is an attribute before set 5, an operand afterwards.
  static let reshape = ONNXRule("Reshape", 1...28) { (node) throws(ONNXFailure) in
    let x = try node.operand(0)
    let target: [LinearForm]
    if node.opset < 5 {
      target = (try node.attributes.integers("shape") ?? []).map { LinearForm(offset: $0) }
    } else {
      target = try node.forms(1)
    }
    let dimensions = try node.reshapeDimensions(
      of: node.type(x), to: target, allowsZero: try node.attributes.flag("allowzero"))
    return [try node.reshape(x, dimensions)]
  }
}

extension ONNXNode {
  /// The extents that `target` means: 0 keeps the operand's unless zeros are allowed, −1 is worked out.
  func reshapeDimensions(
    of type: TensorType, to target: [LinearForm], allowsZero: Bool
  ) throws(ONNXFailure) -> [Dimension] {
    guard target.count <= 64 else { throw .damaged("the result would have \(target.count) axes") }
    var dimensions: [Dimension] = []
    var open: Int?
    for (axis, form) in target.enumerated() {
      if form.constant == -1 {
        guard open == nil else { throw .damaged("two extents are -1") }
        open = axis
        dimensions.append(.fixed(1))
      } else if form.constant == 0 && !allowsZero {
        guard axis < type.rank else { throw .damaged("extent 0 keeps axis \(axis), which \(type) does not have") }
        dimensions.append(type.dimensions[axis])
      } else {
        guard let dimension = form.dimension else {
          throw .unsupported("an extent that is not a multiple of the batch size")
        }
        if let extent = dimension.fixedExtent, extent < 0 { throw .damaged("an extent of \(extent) is negative") }
        dimensions.append(dimension)
      }
    }
    guard let open else { return dimensions }
    guard let all = type.dimensions.product, let known = dimensions.product else {
      throw .damaged("the product of the extents does not fit in 64 bits")
    }
    guard known.factor != 0, all.factor % known.factor == 0 else {
      throw .damaged("\(type) cannot be divided into \(dimensions.listDescription)")
    }
    let quotient = all.factor / known.factor
    switch all.power - known.power {
    case 0: dimensions[open] = .fixed(quotient)
    case 1 where quotient > 0: dimensions[open] = .batch(quotient)
    default: throw .unsupported("\(type) as \(dimensions.listDescription) mixes the batch with other axes")
    }
    return dimensions
  }
}
