/// Why a recipe cannot be read: what is wrong, in which file and at which key.
public struct RecipeError: Error, Equatable, Sendable {
  public enum Problem: Equatable, Sendable {
    /// The system refused.
    case unreadable(reason: String)
    /// More bytes than a recipe has.
    case tooLarge(byteCount: Int, limit: Int)
    /// Not JSON; the parser's words.
    case notJSON(reason: String)
    /// A key that must be there is not.
    case missing
    /// A key that has no meaning here.
    case unknownKey(known: [String])
    /// Another kind of value, or one outside what it may be.
    case value(found: String, expected: String)
    /// No built-in recipe of that name, and no file.
    case unknownName(known: [String])
  }

  public var problem: Problem
  /// The file, or the name of a built-in recipe.
  public var file: String
  /// Keys from the outermost, joined by points, with places in lists: `augmentation.contrast[1]`. Empty for the whole.
  public var keyPath: String

  public init(_ problem: Problem, file: String, keyPath: String = "") {
    self.problem = problem
    self.file = file
    self.keyPath = keyPath
  }
}

extension RecipeError: CustomStringConvertible {
  public var description: String {
    let place = keyPath.isEmpty ? file : "\(file), \(keyPath)"
    switch problem {
    case .unreadable(let reason): return "\(place): cannot be read: \(reason)."
    case .tooLarge(let byteCount, let limit):
      return "\(place): \(byteCount) bytes are no recipe; at most \(limit) are read."
    case .notJSON(let reason): return "\(place): is not JSON: \(reason)."
    case .missing: return "\(place): is missing."
    case .unknownKey(let known): return "\(place): unknown key. Known here are \(known.joined(separator: ", "))."
    case .value(let found, let expected): return "\(place): is \(found); it has to be \(expected)."
    case .unknownName(let known):
      return "\(place): no such file, and no built-in recipe. Built in are \(known.joined(separator: ", "))."
    }
  }
}
