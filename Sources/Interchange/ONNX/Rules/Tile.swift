import Graphs
import Tensors

extension ONNXRule {
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
}
