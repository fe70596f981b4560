import Coding
import Graphs
import ModelFormat
import Planning
import Reference
import Tensors

/// Why a model cannot be made ready, or a run cannot be done.
public enum RuntimeError: Error, Equatable, Sendable {
  case schedule(ScheduleError)
  /// An operator without a kernel was given values it cannot compute with.
  case evaluation(node: String, ReferenceError)
  case inputCount(expected: Int, found: Int)
  case input(name: String, expected: TensorType, found: TensorType)
  /// Activations would take more memory than the caller allows.
  case memory(needed: Int, limit: Int)
  /// This machine lacks the instruction set that was asked for.
  case instructionSet(String)
  /// Weights that stay coded, of a constant or a node, are not what their code makes.
  case weights(name: String, CodingError)
}

extension RuntimeError: CustomStringConvertible {
  public var description: String {
    switch self {
    case .schedule(let error): error.description
    case .evaluation(let node, let error): "node '" + node + "': " + error.description
    case .inputCount(let expected, let found):
      "the model takes " + String(expected) + " inputs, not " + String(found)
    case .input(let name, let expected, let found):
      "input '" + name + "' is " + expected.description + ", not " + found.description
    case .memory(let needed, let limit):
      "activations take " + String(needed) + " bytes, more than the " + String(limit)
        + " that are allowed: take a smaller batch or smaller inputs"
    case .instructionSet(let name): "this machine has no " + name
    case .weights(let name, let error): "weights of '" + name + "': " + error.problem.description
    }
  }
}
