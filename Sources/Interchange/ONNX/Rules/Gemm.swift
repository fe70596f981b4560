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

  /// A dense layer for a matrix and a constant matrix, else a matrix product.
  static let matMul = ONNXRule("MatMul", 1...28) { (node) throws(ONNXFailure) in
    [try node.product(try node.operand(0), try node.operand(1))]
  }

  /// Exact in int32, whose sums wrap around.
  static let matMulInteger = ONNXRule("MatMulInteger", 10...28) { (node) throws(ONNXFailure) in
    var a = try node.cast(try node.operand(0), to: .int32)
    var b = try node.cast(try node.operand(1), to: .int32)
    if let zeroPoint = try node.optionalOperand(2) {
      var rows = try node.cast(zeroPoint, to: .int32)
      if node.type(rows).rank == 1, node.type(rows).dimensions != [.fixed(1)] {
        rows = try node.reshape(rows, node.type(rows).dimensions + [.fixed(1)])
      }
      a = try node.binary(.subtract, a, rows)
    }
    if let zeroPoint = try node.optionalOperand(3) {
      b = try node.binary(.subtract, b, try node.cast(zeroPoint, to: .int32))
    }
    return [try node.emit(.matrixProduct, a, b)]
  }
}

extension ONNXNode {
  func isConstant(_ id: ValueID) -> Bool { lowering.graph.constants[id] != nil }

  /// The matrix product; a dense layer where b is a constant matrix of reals and a is a matrix.
  func product(_ a: ValueID, _ b: ValueID) throws(ONNXFailure) -> ValueID {
    guard isConstant(b), type(b).elementType == .float32, type(b).rank == 2, type(a).rank == 2 else {
      return try emit(.matrixProduct, a, b)
    }
    return try emit(.dense(clamp: nil), a, try emit(.transpose([1, 0]), b))
  }

  fileprivate func scaled(_ x: ValueID, by factor: Float) throws(ONNXFailure) -> ValueID {
    guard type(x).elementType == .float32 else {
      throw .unsupported("factors with matrices of \(type(x).elementType)")
    }
    return try binary(.multiply, x, scalar(factor))
  }

  /// `c` as one constant per row of `weights`; nil if it does not have that form.
  fileprivate func biasVector(_ c: ValueID, weights: ValueID) throws(ONNXFailure) -> ValueID? {
    guard isConstant(c), type(c).elementType == .float32, let shape = type(c).fixedShape,
      let rows = type(weights).dimensions[0].fixedExtent, shape.rank <= 2,
      shape.rank < 2 || shape[0] == 1, shape.elementCount == rows || shape.elementCount == 1
    else { return nil }
    let vector = try reshape(c, [.fixed(shape.elementCount)])
    return shape.elementCount == rows ? vector : try emit(.expand([.fixed(rows)]), vector)
  }
}
