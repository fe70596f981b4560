import Graphs
import Tensors

extension ONNXRule {
  static let cast = ONNXRule("Cast", 6...28) { (node) throws(ONNXFailure) in
    guard let to = try node.attributes.integer("to"), let foreign = Onnx_TensorProto.DataType(rawValue: to) else {
      throw .damaged("attribute 'to' names no element type")
    }
    guard let elementType = foreign.elementType else {
      throw .unsupported("element type \(foreign.label) is not supported")
    }
    return [try node.cast(try node.operand(0), to: elementType)]
  }

  static let castLike = ONNXRule("CastLike", 15...28) { (node) throws(ONNXFailure) in
    [try node.cast(try node.operand(0), to: try node.type(1).elementType)]
  }
}
