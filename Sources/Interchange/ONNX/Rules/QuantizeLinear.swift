import Graphs
import Tensors

extension ONNXRule {
  static let quantizeLinear = ONNXRule("QuantizeLinear", 10...28) { (node) throws(ONNXFailure) in
    let x = try node.cast(try node.operand(0), to: .float32)
    let codes = try node.codeType(zeroPoint: 2)
    try node.checkNoBlocks()
    let axis = try node.attributes.integer("axis", default: 1)
    if let encoding = try node.encoding(scale: 1, zeroPoint: 2, codes: codes, type: node.type(x), axis: axis) {
      return [try node.emit(.quantize(encoding, codes), x)]
    }
    let scale = try node.lined(1, with: node.type(x), axis: axis)
    let zeroPoint = node.has(2) ? try node.lined(2, with: node.type(x), axis: axis) : nil
    return [try node.quantized(x, scale: scale, zeroPoint: zeroPoint, codes)]
  }
}
