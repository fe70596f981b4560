import Graphs
import Tensors

extension ONNXRule {
  static let instanceNormalization = ONNXRule("InstanceNormalization", 1...28) { (node) throws(ONNXFailure) in
    let x = try node.operand(0)
    let type = node.type(x)
    guard type.rank >= 3, let channels = type.dimensions[1].fixedExtent else {
      throw .damaged("\(type) has no axes of channels and places")
    }
    let epsilon = try node.attributes.float("epsilon", default: 1e-5)
    let result = try node.normalized(x, axes: Array(2..<type.rank), epsilon: epsilon).result
    return [try node.scaledAndShifted(result, trailing: type.rank - 2, count: channels)]
  }
}
