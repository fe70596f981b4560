/// Why a graph cannot be trained, or a checkpoint not be used.
public struct TrainingError: Error, Equatable, Sendable {
  public enum Problem: Equatable, Sendable {
    /// Nodes that have no gradient, each with what it is.
    case unsupported([String])
    /// The graph's inputs and outputs are not one of each, with the batch first.
    case form(String)
    /// Items, labels or settings do not fit the network or each other.
    case data(String)
    /// Something that is to be quantized is not there, or a rule is none.
    case quantization(String)
    /// The bytes of a checkpoint are damaged, or are those of another network or recipe.
    case checkpoint(String)
    /// The loss or a gradient was NaN or infinite at a step.
    case notFinite(step: Int, first: String)
  }
  public var problem: Problem

  public init(_ problem: Problem) { self.problem = problem }
}

extension TrainingError: CustomStringConvertible {
  public var description: String {
    switch problem {
    case .unsupported(let nodes):
      "These nodes have no gradient: \(nodes.joined(separator: ", ")). Simplify the graph first, or leave them out."
    case .form(let reason): "The graph cannot be trained: \(reason)."
    case .data(let reason): "The data do not fit: \(reason)."
    case .quantization(let reason): "The network cannot be quantized so: \(reason)."
    case .checkpoint(let reason): "The checkpoint cannot be used: \(reason)."
    case .notFinite(let step, let first):
      "Step \(step): \(first) became infinite or NaN. Lower the learning rate, or clip gradients."
    }
  }
}
