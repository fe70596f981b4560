import Graphs
import Tensors

extension ONNXRule {
  static let modulo = ONNXRule("Mod", 10...28) { (node) throws(ONNXFailure) in
    let function: BinaryFunction = try node.attributes.flag("fmod") ? .remainder : .modulo
    let (a, b) = (try node.operand(0), try node.operand(1))
    guard function == .remainder || node.type(a).elementType != .float32 else {
      throw .unsupported("real numbers with fmod = 0")
    }
    return [try node.binary(function, a, b)]
  }
}
