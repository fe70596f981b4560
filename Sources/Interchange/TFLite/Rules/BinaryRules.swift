import Graphs
import Tensors

extension TFLiteRule {
  /// Functions of two elements and more, with broadcasting in the file's order of axes.
  static let binaries = [
    binary(0, "ADD", .add, hasActivation: true),
    binary(18, "MUL", .multiply, hasActivation: true),
    binary(41, "SUB", .subtract, hasActivation: true),
    binary(42, "DIV", .divide, hasActivation: true),
    binary(54, "PRELU", .parametricRelu),
    binary(55, "MAXIMUM", .maximum),
    binary(57, "MINIMUM", .minimum),
    binary(78, "POW", .power),
    binary(84, "LOGICAL_OR", .or),
    binary(86, "LOGICAL_AND", .and),
    comparison(58, "LESS", .less),
    comparison(61, "GREATER", .greater),
    comparison(62, "GREATER_EQUAL", .greaterOrEqual),
    comparison(63, "LESS_EQUAL", .lessOrEqual),
    comparison(71, "EQUAL", .equal),
    TFLiteRule(72, "NOT_EQUAL") { (lowering: inout TFLiteLowering) throws(Fault) in
      let (operands, order) = try lowering.aligned([0, 1])
      let equal = try lowering.append(.comparison(.equal), operands)
      return [TFLiteResult(try lowering.append(.unary(.not), [equal]), order: order)]
    },
    TFLiteRule(90, "FLOOR_DIV") { (lowering: inout TFLiteLowering) throws(Fault) in
      let (operands, order) = try lowering.aligned([0, 1])
      let quotient = try lowering.append(.binary(.divide, clamp: nil), operands)
      guard lowering.graph[quotient].type.elementType == .float32 else {
        throw .unsupported("FLOOR_DIV of computed whole numbers")
      }
      return [TFLiteResult(try lowering.append(.unary(.floor), [quotient]), order: order)]
    },
    TFLiteRule(99, "SQUARED_DIFFERENCE") { (lowering: inout TFLiteLowering) throws(Fault) in
      let (operands, order) = try lowering.aligned([0, 1])
      let difference = try lowering.append(.binary(.subtract, clamp: nil), operands)
      let square = try lowering.append(.binary(.multiply, clamp: nil), [difference, difference])
      return [TFLiteResult(square, order: order)]
    },
    TFLiteRule(106, "ADD_N") { (lowering: inout TFLiteLowering) throws(Fault) in
      let (operands, order) = try lowering.aligned(Array(0..<lowering.operandCount))
      guard var sum = operands.first else { throw .damaged("a sum of nothing") }
      for operand in operands.dropFirst() { sum = try lowering.append(.binary(.add, clamp: nil), [sum, operand]) }
      return [TFLiteResult(sum, order: order)]
    },
    TFLiteRule(64, "SELECT") { (lowering: inout TFLiteLowering) throws(Fault) in
      let (condition, rank) = (try lowering.rank(0), try lowering.rank(1))
      // The old operator aligns a condition of rank 1 at the first axis.
      guard condition == rank || condition == 0 else {
        throw .unsupported("a condition of rank \(condition) for operands of rank \(rank)")
      }
      return try select(&lowering)
    },
    TFLiteRule(123, "SELECT_V2", select),
  ]

  private static func binary(
    _ code: Int, _ name: String, _ function: BinaryFunction, hasActivation: Bool = false
  ) -> TFLiteRule {
    TFLiteRule(code, name) { (lowering: inout TFLiteLowering) throws(Fault) in
      let (operands, order) = try lowering.aligned([0, 1])
      let activation = hasActivation ? try FusedActivation(try lowering.choice(0)) : .none
      let id = try lowering.append(.binary(function, clamp: activation.clamp), operands)
      return [TFLiteResult(try lowering.finish(activation, id), order: order)]
    }
  }

  private static func comparison(_ code: Int, _ name: String, _ comparison: Comparison) -> TFLiteRule {
    TFLiteRule(code, name) { (lowering: inout TFLiteLowering) throws(Fault) in
      let (operands, order) = try lowering.aligned([0, 1])
      return [TFLiteResult(try lowering.append(.comparison(comparison), operands), order: order)]
    }
  }

  private static func select(_ lowering: inout TFLiteLowering) throws(Fault) -> [TFLiteResult] {
    let (operands, order) = try lowering.aligned([0, 1, 2])
    return [TFLiteResult(try lowering.append(.select, operands), order: order)]
  }
}

extension TFLiteLowering {
  /// The operands with one order of axes and, so that broadcasting aligns them, one rank.
  ///
  /// The order is that of the first computed operand of full rank that is not in the file's order, so that constants
  /// are moved rather than activations.
  mutating func aligned(_ indices: [Int]) throws(Fault) -> (operands: [ValueID], order: [Int]) {
    var rank = 0
    for index in indices { rank = max(rank, try self.rank(index)) }
    var order = Array(0..<rank)
    for index in indices where try self.rank(index) == rank {
      let own = try self.order(index)
      if try !isConstant(index) && own != own.sorted() {
        order = own
        break
      }
    }
    var operands: [ValueID] = []
    for index in indices { operands.append(try real(index, order: order)) }
    return (operands, order)
  }
}
