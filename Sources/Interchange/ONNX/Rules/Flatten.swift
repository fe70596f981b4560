import Graphs
import Tensors

extension ONNXRule {
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
}
