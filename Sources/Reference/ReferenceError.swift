import Graphs
import Tensors

/// Why an operator or a graph could not be evaluated, and at which node.
public struct ReferenceError: Error, Equatable, Sendable {
  public enum Problem: Equatable, Sendable {
    /// The operands do not fit the operator.
    case operands(GraphError.Problem)
    case divisionByZero
    /// An index that `gather` was given lies outside its axis.
    case index(Int64, extent: Int)
    /// An axis without elements has no largest or smallest one.
    case emptyAxis(Int)
    /// An integer operator's sum does not fit in 32 bits.
    case sum(Int64, channel: Int)
    /// More elements than `Reference.elementLimit`.
    case tooLarge(TensorType)
    case inputCount(expected: Int, found: Int)
    case input(name: String, declared: TensorType, found: TensorType)
    /// Inputs, or an input's axes, ask for different batch sizes.
    case batch(name: String, expected: Int, found: Int)
    /// The result is not what type inference promised.
    case result(declared: TensorType, found: TensorType)
    case undefinedValue(Int)
  }

  public var problem: Problem
  /// The node's name; empty when an operator is evaluated alone, or the graph as a whole is meant.
  public var node: String

  public init(_ problem: Problem, node: String = "") {
    self.problem = problem
    self.node = node
  }
}

extension ReferenceError.Problem: CustomStringConvertible {
  public var description: String {
    switch self {
    case .operands(let problem): problem.description
    case .divisionByZero: "a whole number is divided by zero"
    case .index(let index, let extent):
      "index " + String(index) + " lies outside an axis of " + String(extent) + " elements"
    case .emptyAxis(let axis): "axis " + String(axis) + " has no elements to choose from"
    case .sum(let sum, let channel):
      "the sum " + String(sum) + " of channel " + String(channel) + " does not fit in 32 bits"
    case .tooLarge(let type):
      "the result " + type.description + " has more than " + String(Reference.elementLimit) + " elements"
    case .inputCount(let expected, let found):
      "the network takes " + String(expected) + " inputs, not " + String(found)
    case .input(let name, let declared, let found):
      "input '" + name + "' is " + found.description + ", but the network takes " + declared.description
    case .batch(let name, let expected, let found):
      "input '" + name + "' has a batch of " + String(found) + ", not of " + String(expected)
    case .result(let declared, let found):
      "the result is " + found.description + ", but was declared as " + declared.description
    case .undefinedValue(let index): "value " + String(index) + " was never computed"
    }
  }
}

extension ReferenceError: CustomStringConvertible {
  public var description: String {
    node.isEmpty ? problem.description : "node '" + node + "': " + problem.description
  }
}
