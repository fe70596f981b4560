import Graphs
import Tensors

/// Why a network of a name cannot be built.
public struct NetworkError: Error, Equatable, Sendable {
  public enum Problem: Equatable, Sendable {
    /// No kind of network has such a name.
    case unknown(known: [String])
    /// The kind is known, but its numbers are missing or are none.
    case form(usage: String, example: String)
    /// A number is outside what the kind takes.
    case parameter(String, expected: String)
    /// Extents of the wrong number, not positive, or beyond 16,384.
    case input(Shape, expected: Shape)
    /// A number of classes outside 1...1,048,576.
    case classes(Int)
    /// The network gives back its input.
    case hasNoClasses
    /// The layers do not fit the input.
    case graph(GraphError)
  }

  public var problem: Problem
  /// The name as it was given.
  public var name: String

  public init(_ problem: Problem, name: String) {
    self.problem = problem
    self.name = name
  }
}

extension NetworkError: CustomStringConvertible {
  public var description: String {
    switch problem {
    case .unknown(let known): "'\(name)': no such network. Known are \(known.joined(separator: ", "))."
    case .form(let usage, let example): "'\(name)': is not of the form \(usage), as in \(example)."
    case .parameter(let parameter, let expected): "'\(name)': \(parameter) is \(expected)."
    case .input(let shape, let expected):
      "'\(name)': takes no input \(shape). Give \(expected.rank) extents of 1 to 16384, as in \(expected)."
    case .classes(let count): "'\(name)': \(count) classes. Give 1 to 1048576."
    case .hasNoClasses: "'\(name)': has no classes, it gives back its input. Leave the number of classes out."
    case .graph(let error):
      error.problem == .tooLarge
        ? "'\(name)': node '\(error.node)' would take the weights beyond a gigabyte. Give smaller pictures."
        : "'\(name)': does not fit its input: \(error). Give larger pictures."
    }
  }
}
