import Graphs
import Tensors

extension ONNXRule {
  static let gather = ONNXRule("Gather", 1...28) { (node) throws(ONNXFailure) in
    let (x, indices) = (try node.operand(0), try node.operand(1))
    let axis = try node.axis(try node.attributes.integer("axis", default: 0), of: node.type(x))
    if let known = try node.knownConstant(1)?.integers, let extent = node.type(x).dimensions[axis].fixedExtent {
      for index in known where index < -extent || index >= extent {
        throw .damaged("index \(index) lies outside axis \(axis) of \(node.type(x))")
      }
    }
    return [try node.emit(.gather(axis: axis), x, indices)]
  }
}
