import Graphs
import Tensors

extension ONNXRule {
  /// `alpha · A' · B' + beta · C`: a dense layer where B is a constant, else a matrix product.
  static let gemm = ONNXRule("Gemm", 1...28) { (node) throws(ONNXFailure) in
    let transposesA = try node.attributes.flag("transA")
    let transposesB = try node.attributes.flag("transB")
    let alpha = try node.attributes.float("alpha", default: 1)
    let beta = try node.attributes.float("beta", default: 1)
    var (a, b) = (try node.operand(0), try node.operand(1))
    guard node.type(a).rank == 2, node.type(b).rank == 2 else { throw .damaged("A and B are matrices") }
    if transposesA { a = try node.emit(.transpose([1, 0]), a) }
    var c = try node.optionalOperand(2)
    if let addend = c, beta != 1 {
      c = try node.scaled(addend, by: beta)
    }
    if node.isConstant(b), node.type(b).elementType == .float32 {
      if !transposesB { b = try node.emit(.transpose([1, 0]), b) }
      if alpha != 1 { b = try node.scaled(b, by: alpha) }
      let bias = try c.flatMap { (id) throws(ONNXFailure) in try node.biasVector(id, weights: b) }
      let result = try node.emit(.dense(clamp: nil), bias == nil ? [a, b] : [a, b, bias])
      guard let c, bias == nil else { return [result] }
      return [try node.binary(.add, result, c)]
    }
    if transposesB { b = try node.emit(.transpose([1, 0]), b) }
    var result = try node.emit(.matrixProduct, a, b)
    if alpha != 1 { result = try node.scaled(result, by: alpha) }
    if let c { result = try node.binary(.add, result, c) }
    return [result]
  }
}

extension ONNXNode {
  func scaled(_ x: ValueID, by factor: Float) throws(ONNXFailure) -> ValueID {
    guard type(x).elementType == .float32 else {
      throw .unsupported("factors with matrices of \(type(x).elementType)")
    }
    return try binary(.multiply, x, scalar(factor))
  }

  /// `c` as one constant per row of `weights`; nil if it does not have that form.
  func biasVector(_ c: ValueID, weights: ValueID) throws(ONNXFailure) -> ValueID? {
    guard isConstant(c), type(c).elementType == .float32, let shape = type(c).fixedShape,
      let rows = type(weights).dimensions[0].fixedExtent, shape.rank <= 2,
      shape.rank < 2 || shape[0] == 1, shape.elementCount == rows || shape.elementCount == 1
    else { return nil }
    let vector = try reshape(c, [.fixed(shape.elementCount)])
    return shape.elementCount == rows ? vector : try emit(.expand([.fixed(rows)]), vector)
  }
}
