import Graphs
import Tensors

extension ONNXRule {
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
}

extension ONNXNode {
  /// Extents and block side of a node that moves blocks.
  func blocks(_ x: ValueID) throws(ONNXFailure) -> (Dimension, Int, Int, Int, Int) {
    let type = type(x)
    guard type.rank == 4 else { throw .damaged("\(type) does not have 4 axes") }
    let extents = try Array(type.dimensions.dropFirst()).extents("an extent")
    guard let block = try attributes.integer("blocksize"), block >= 1, block <= 1 << 15,
      extents.allSatisfy({ $0 < 1 << 31 })
    else { throw .damaged("blocksize is at least 1") }
    return (type.dimensions[0], extents[0], extents[1], extents[2], block)
  }

  func isDepthFirst(default value: String) throws(ONNXFailure) -> Bool {
    switch try attributes.string("mode", default: value) {
    case "DCR": return true
    case "CRD": return false
    case let other: throw .damaged("mode '\(other.escapedForDisplay)' does not exist")
    }
  }
}
