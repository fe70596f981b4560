import Graphs
import Tensors

extension ONNXRule {
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
