import Tensors

/// Why a data set cannot be read: what is wrong, in which file and where, and what to do.
public struct DatasetError: Error, Equatable, Sendable {
  public enum Problem: Equatable, Sendable {
    /// There is no such file or folder; `advice` says what to do.
    case missing(advice: String)
    /// The system refused.
    case unreadable(reason: String)
    /// The file ends before what it announces.
    case truncated(needed: Int, available: Int)
    /// The file goes on after its end.
    case excess(byteCount: Int)
    /// Not a whole number of records.
    case partialRecord(byteCount: Int, recordByteCount: Int)
    /// Not the kind of file that its name says.
    case wrongMagic(found: UInt32, expected: UInt32)
    /// Contents that contradict the format.
    case damaged(reason: String)
    /// A label outside the classes.
    case invalidLabel(Int, classCount: Int)
    /// As many labels as items are needed.
    case countMismatch(items: Int, labels: Int)
    /// More memory than allowed would be needed.
    case tooLarge(byteCount: Int, limit: Int)
    /// A sound file of a form that is not read.
    case unsupported(String)
    /// Items of different shapes cannot form a batch.
    case differingShapes(Shape, Shape)
    /// The set has no such part.
    case noSuchSplit(Split, advice: String)
    /// A specifier that names no known kind.
    case unknownKind(known: [String])
    /// A specifier without its path, or with one that its kind does not take.
    case wrongArgument(usage: String)
    /// An item cannot become a model's input.
    case preprocessing(PreprocessingError)
  }

  public var problem: Problem
  /// The file or folder, or the specifier as it was given.
  public var file: String
  /// Where in the file, counted from 0, if that is known.
  public var byteOffset: Int?
  /// The line of a text file, counted from 1.
  public var line: Int?
  /// The item of the set, counted from 0.
  public var item: Int?

  public init(_ problem: Problem, file: String, byteOffset: Int? = nil, line: Int? = nil, item: Int? = nil) {
    self.problem = problem
    self.file = file
    self.byteOffset = byteOffset
    self.line = line
    self.item = item
  }
}

extension DatasetError: CustomStringConvertible {
  public var description: String {
    var place = file
    if let byteOffset { place += ", byte \(byteOffset)" }
    if let line { place += ", line \(line)" }
    if let item { place += ", item \(item)" }
    return "\(place): \(sentence)"
  }

  /// What is wrong and what to do, without the place.
  var sentence: String {
    switch problem {
    case .missing(let advice): "not found. \(advice)"
    case .unreadable(let reason): "cannot be read: \(reason)."
    case .truncated(let needed, let available): "\(needed) bytes needed, \(available) left. Fetch the file again."
    case .excess(let byteCount): "\(byteCount) bytes too many. Fetch the file again."
    case .partialRecord(let byteCount, let recordByteCount):
      "\(byteCount) bytes are not a whole number of records of \(recordByteCount). Fetch the file again."
    case .wrongMagic(let found, let expected):
      "begins with 0x\(String(found, radix: 16)), not 0x\(String(expected, radix: 16)). Is it the right file?"
    case .damaged(let reason): "damaged: \(reason). Fetch the file again."
    case .invalidLabel(let label, let classCount): "label \(label) is outside 0...\(classCount - 1)."
    case .countMismatch(let items, let labels): "\(items) items but \(labels) labels. Both must come from one set."
    case .tooLarge(let byteCount, let limit):
      "\(byteCount) bytes would be needed, at most \(limit) are allowed. Make it smaller first."
    case .unsupported(let what): "\(what) is not supported."
    case .differingShapes(let first, let other):
      "items of shapes \(first) and \(other) cannot form a batch. Give --resize and --crop."
    case .noSuchSplit(let split, let advice): "has no \(split) part. \(advice)"
    case .unknownKind(let known): "unknown kind of data set. Known are \(known.joined(separator: ", "))."
    case .wrongArgument(let usage): "is not of the form \(usage)."
    case .preprocessing(let error): error.description
    }
  }
}
