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

  static let flatten = ONNXRule("Flatten", 1...28) { (node) throws(ONNXFailure) in
    let x = try node.operand(0)
    let type = node.type(x)
    let given = try node.attributes.integer("axis", default: 1)
    guard given >= -type.rank, given <= type.rank else {
      throw .damaged("axis \(given) does not exist in rank \(type.rank)")
    }
    let first = given < 0 ? given + type.rank : given
    let rows = try Array(type.dimensions[..<first]).joined()
    return [try node.reshape(x, [rows, try Array(type.dimensions[first...]).joined()])]
  }

  static let squeeze = ONNXRule("Squeeze", 1...28) { (node) throws(ONNXFailure) in
    let x = try node.operand(0)
    let type = node.type(x)
    var axes = type.dimensions.indices.filter { type.dimensions[$0] == .fixed(1) }
    if let listed = try node.integers(attribute: "axes", operand: 1) {
      axes = try node.axes(listed, rank: type.rank)
    }
    for axis in axes where type.dimensions[axis] != .fixed(1) {
      throw .damaged("axis \(axis) of \(type) is not 1")
    }
    return [try node.reshape(x, type.dimensions.indices.filter { !axes.contains($0) }.map { type.dimensions[$0] })]
  }

  static let unsqueeze = ONNXRule("Unsqueeze", 1...28) { (node) throws(ONNXFailure) in
    let x = try node.operand(0)
    guard let listed = try node.integers(attribute: "axes", operand: 1) else {
      throw .damaged("axes are missing")
    }
    let rank = node.type(x).rank + listed.count
    guard rank <= 64 else { throw .damaged("the result would have \(rank) axes") }
    let axes = try node.axes(listed, rank: rank)
    var rest = node.type(x).dimensions[...]
    var dimensions: [Dimension] = []
    for axis in 0..<rank {
      if axes.contains(axis) {
        dimensions.append(.fixed(1))
      } else if let next = rest.popFirst() {
        dimensions.append(next)
      }
    }
    return [try node.reshape(x, dimensions)]
  }

  static let transpose = ONNXRule("Transpose", 1...28) { (node) throws(ONNXFailure) in
    let x = try node.operand(0)
    let permutation = try node.attributes.integers("perm") ?? Array((0..<node.type(x).rank).reversed())
    return [try node.emit(.transpose(permutation), x)]
  }
}

extension ONNXNode {
  /// The extents that `target` means: 0 keeps the operand's unless zeros are allowed, −1 is worked out.
  fileprivate func reshapeDimensions(
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
