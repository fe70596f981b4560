import Graphs
import Tensors

extension ONNXRule {
  static let constantOfShape = ONNXRule("ConstantOfShape", 9...28) { (node) throws(ONNXFailure) in
    var value = AnyTensor.float32(Tensor(0))
    if let proto = try node.attributes.tensor("value") { value = try node.lowering.tensors.tensor(proto) }
    guard value.shape.elementCount == 1 else { throw .damaged("the value is one number, not \(value.shape)") }
    let dimensions = try node.dimensions(0)
    let scalar = node.constant(value.reshaped(.scalar))
    return [dimensions.isEmpty ? scalar : try node.emit(.expand(dimensions), scalar)]
  }
}
