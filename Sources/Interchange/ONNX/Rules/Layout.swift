import Graphs
import Tensors

extension ONNXRule {
  static let concat = ONNXRule("Concat", 1...28) { (node) throws(ONNXFailure) in
    let operands = try node.operands()
    guard let given = try node.attributes.integer("axis") ?? (node.opset < 4 ? 1 : nil) else {
      throw .damaged("axis is missing")
    }
    let axis = try node.axis(given, of: node.type(operands[0]))
    guard operands.count > 1 else { return [operands[0]] }
    return [try node.emit(.concatenation(axis: axis), operands)]
  }

  /// Amounts are an attribute before set 11, an operand afterwards.
  static let pad = ONNXRule("Pad", 1...28) { (node) throws(ONNXFailure) in
    let x = try node.operand(0)
    let rank = node.type(x).rank
    let listed =
      node.opset < 11
      ? try node.attributes.integers(node.opset < 2 ? "paddings" : "pads") : try node.optionalIntegers(1)
    guard let amounts = listed else { throw .damaged("pads are missing") }
    let axes = try node.optionalIntegers(3) ?? Array(0..<rank)
    guard amounts.count == 2 * axes.count else {
      throw .damaged("\(amounts.count) pads for \(axes.count) axes")
    }
    var before = [Int](repeating: 0, count: rank)
    var after = before
    for (index, given) in axes.enumerated() {
      let axis = try node.axis(given, of: node.type(x))
      before[axis] = amounts[index]
      after[axis] = amounts[axes.count + index]
    }
    let mode = try node.paddingMode(of: node.type(x).elementType)
    return [try node.emit(.padding(before: before, after: after, mode: mode), x)]
  }

  static let expand = ONNXRule("Expand", 8...28) { (node) throws(ONNXFailure) in
    let x = try node.operand(0)
    let wanted = try node.dimensions(1)
    guard let dimensions = node.type(x).dimensions.broadcast(with: wanted) else {
      throw .damaged("\(node.type(x)) does not stretch to \(wanted.listDescription)")
    }
    return [dimensions == node.type(x).dimensions ? x : try node.emit(.expand(dimensions), x)]
  }

  /// Repeats along each axis, as a stretched axis before each one.
  static let tile = ONNXRule("Tile", 6...28) { (node) throws(ONNXFailure) in
    let x = try node.operand(0)
    let type = node.type(x)
    guard let repeats = try node.optionalIntegers(1), repeats.count == type.rank,
      repeats.allSatisfy({ $0 >= 0 })
    else { throw .damaged("repeats do not fit \(type)") }
    guard type.rank <= 32 else { throw .unsupported("more than 32 axes") }
    var (split, stretched, joined): ([Dimension], [Dimension], [Dimension]) = ([], [], [])
    for (dimension, count) in zip(type.dimensions, repeats) {
      split += [.fixed(1), dimension]
      stretched += [.fixed(count), dimension]
      joined.append(try [.fixed(count), dimension].joined())
    }
    let expanded = try node.emit(.expand(stretched), try node.reshape(x, split))
    return [try node.reshape(expanded, joined)]
  }

  static let depthToSpace = ONNXRule("DepthToSpace", 1...28) { (node) throws(ONNXFailure) in
    let x = try node.operand(0)
    let (batch, channels, rows, columns, block) = try node.blocks(x)
    guard channels % (block * block) == 0 else { throw .damaged("blocks do not divide \(channels) channels") }
    let depth = Dimension.fixed(channels / (block * block))
    let isDepthFirst = try node.isDepthFirst(default: "DCR")
    let side = Dimension.fixed(block)
    let split = try node.reshape(
      x,
      isDepthFirst
        ? [batch, side, side, depth, .fixed(rows), .fixed(columns)]
        : [batch, depth, side, side, .fixed(rows), .fixed(columns)])
    let moved = try node.emit(.transpose(isDepthFirst ? [0, 3, 4, 1, 5, 2] : [0, 1, 4, 2, 5, 3]), split)
    return [try node.reshape(moved, [batch, depth, .fixed(rows * block), .fixed(columns * block)])]
  }

  static let spaceToDepth = ONNXRule("SpaceToDepth", 1...28) { (node) throws(ONNXFailure) in
    let x = try node.operand(0)
    let (batch, channels, rows, columns, block) = try node.blocks(x)
    guard rows % block == 0, columns % block == 0 else { throw .damaged("blocks do not divide \(rows) x \(columns)") }
    let (depth, side) = (Dimension.fixed(channels), Dimension.fixed(block))
    let isDepthFirst = try node.isDepthFirst(default: "DCR")
    let split = try node.reshape(x, [batch, depth, .fixed(rows / block), side, .fixed(columns / block), side])
    let moved = try node.emit(.transpose(isDepthFirst ? [0, 3, 5, 1, 2, 4] : [0, 1, 3, 5, 2, 4]), split)
    return [
      try node.reshape(
        moved, [batch, .fixed(channels * block * block), .fixed(rows / block), .fixed(columns / block)])
    ]
  }
}

extension ONNXNode {
  fileprivate func paddingMode(of elementType: ElementType) throws(ONNXFailure) -> PaddingMode {
    switch try attributes.string("mode", default: "constant") {
    case "constant":
      let value = opset < 11 ? Double(try attributes.float("value", default: 0)) : try optionalNumber(2) ?? 0
      guard Double(Float(value)) == value || value.isNaN else {
        throw .unsupported("a value of \(value) does not fit in float32")
      }
      return .constant(Float(value))
    case "reflect": return .reflect
    case "edge": return .edge
    case "wrap": return .wrap
    case let other: throw .damaged("mode '\(other.escapedForDisplay)' does not exist")
    }
  }

  /// Extents and block side of a node that moves blocks.
  fileprivate func blocks(_ x: ValueID) throws(ONNXFailure) -> (Dimension, Int, Int, Int, Int) {
    let type = type(x)
    guard type.rank == 4 else { throw .damaged("\(type) does not have 4 axes") }
    let extents = try Array(type.dimensions.dropFirst()).extents("an extent")
    guard let block = try attributes.integer("blocksize"), block >= 1, block <= 1 << 15,
      extents.allSatisfy({ $0 < 1 << 31 })
    else { throw .damaged("blocksize is at least 1") }
    return (type.dimensions[0], extents[0], extents[1], extents[2], block)
  }

  fileprivate func isDepthFirst(default value: String) throws(ONNXFailure) -> Bool {
    switch try attributes.string("mode", default: value) {
    case "DCR": return true
    case "CRD": return false
    case let other: throw .damaged("mode '\(other.escapedForDisplay)' does not exist")
    }
  }
}
