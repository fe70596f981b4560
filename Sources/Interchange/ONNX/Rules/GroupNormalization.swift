import Graphs
import Tensors

extension ONNXRule {
  static let groupNormalization = ONNXRule("GroupNormalization", 18...28) { (node) throws(ONNXFailure) in
    let x = try node.operand(0)
    let type = node.type(x)
    guard type.rank >= 2, let channels = type.dimensions[1].fixedExtent else {
      throw .damaged("\(type) has no axis of channels")
    }
    guard let groups = try node.attributes.integer("num_groups"), groups >= 1, channels % groups == 0 else {
      throw .damaged("num_groups does not divide \(channels) channels")
    }
    let inner = try ([.fixed(channels / groups)] + type.dimensions.dropFirst(2)).joined()
    let grouped = try node.reshape(x, [type.dimensions[0], .fixed(groups), inner])
    let epsilon = try node.attributes.float("epsilon", default: 1e-5)
    var result = try node.normalized(grouped, axes: [2], epsilon: epsilon).result
    // Before set 21 scale and bias are given for each group, afterwards for each channel.
    let isPerGroup = node.opset < 21
    if !isPerGroup { result = try node.reshape(result, type.dimensions) }
    let trailing = isPerGroup ? 1 : type.rank - 2
    result = try node.scaledAndShifted(result, trailing: trailing, count: isPerGroup ? groups : channels)
    return [try node.reshape(result, type.dimensions)]
  }
}
