import Tensors

/// Why a graph is not well-formed, and at which node.
public struct GraphError: Error, Equatable, Sendable {
  public enum Problem: Error, Equatable, Sendable {
    case operandCount(expected: ClosedRange<Int>, found: Int)
    case missingOperand(Int)
    case undefinedOperand(Int)
    case elementType(operand: Int, found: ElementType)
    case rank(operand: Int, found: Int)
    case mismatch(String)
    case attribute(String)
    case emptyResult
    case tooLarge
    case order(value: Int)
    case type(declared: TensorType, inferred: TensorType)
  }

  public var problem: Problem
  /// The node's name; empty when the graph as a whole is meant.
  public var node: String

  public init(_ problem: Problem, node: String = "") {
    self.problem = problem
    self.node = node
  }
}

extension GraphError.Problem: CustomStringConvertible {
  public var description: String {
    switch self {
    case .operandCount(let expected, let found):
      "takes " + String(expected.lowerBound)
        + (expected.count == 1 ? "" : " to " + String(expected.upperBound)) + " operands, not " + String(found)
    case .missingOperand(let index): "operand " + String(index) + " is required"
    case .undefinedOperand(let index): "operand refers to value " + String(index) + ", which does not exist"
    case .elementType(let operand, let found):
      "operand " + String(operand) + " is " + found.description + ", which this operator does not take"
    case .rank(let operand, let found):
      "operand " + String(operand) + " has rank " + String(found) + ", which this operator does not take"
    case .mismatch(let text): text
    case .attribute(let text): text
    case .emptyResult: "the result would have no elements along an axis: the window is larger than its input"
    case .tooLarge: "the result's size does not fit in 64 bits"
    case .order(let value): "value " + String(value) + " is used before it is computed"
    case .type(let declared, let inferred):
      "result declared as " + declared.description + " but inferred as " + inferred.description
    }
  }
}

extension GraphError: CustomStringConvertible {
  public var description: String {
    node.isEmpty ? problem.description : "node '" + node + "': " + problem.description
  }
}
