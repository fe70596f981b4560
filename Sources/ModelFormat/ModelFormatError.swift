import Coding
import Graphs

/// What is wrong with a packed file, where, and what the reader of the message can do.
public struct ModelFormatError: Error, Equatable, Sendable {
  public enum Problem: Equatable, Sendable {
    /// Does not begin like a packed file.
    case notPackedModel
    /// Made by a later DeepChip.
    case version(UInt16)
    /// Shorter or longer than its header says.
    case length(announced: UInt64, found: Int)
    /// Bytes differ from those that were written.
    case checksum
    /// The table of sections contradicts itself or the file.
    case layout(String)
    /// A section that must be understood and is not.
    case unknownSection(UInt16)
    case missingSection
    /// A number that names nothing in its list.
    case unknownNumber(list: String, number: UInt64)
    /// A value that has no meaning where it stands.
    case invalid(String)
    /// More than this reader accepts.
    case limit(String)
    case coding(CodingError.Problem)
    case graph(GraphError)
  }

  public var problem: Problem
  /// The section, if the place is in one.
  public var section: SectionKind?
  /// Byte from the start of the file; nil when a model cannot be written.
  public var byteOffset: Int?

  public init(_ problem: Problem, section: SectionKind? = nil, byteOffset: Int? = nil) {
    self.problem = problem
    self.section = section
    self.byteOffset = byteOffset
  }
}

extension ModelFormatError.Problem: CustomStringConvertible {
  public var description: String {
    switch self {
    case .notPackedModel: "not a packed model (.dchip)"
    case .version(let version): "format version " + String(version) + " is newer than this program knows"
    case .length(let announced, let found):
      "the header announces " + String(announced) + " bytes and the file has " + String(found)
    case .checksum: "the checksum does not match"
    case .layout(let text): text
    case .unknownSection(let kind): "section kind " + String(kind) + " is required and not known"
    case .missingSection: "the section is missing"
    case .unknownNumber(let list, let number): String(number) + " is no " + list
    case .invalid(let text): text
    case .limit(let text): text
    case .coding(let problem): problem.description
    case .graph(let error): error.description
    }
  }

  /// What the reader of the message can do about it.
  public var remedy: String {
    switch self {
    case .notPackedModel: "Make one with 'deepchip quantize MODEL.onnx --data D -o M.dchip'."
    case .version: "Update DeepChip, or pack the model again with this version."
    case .length, .checksum: "The file is damaged: copy or pack it again."
    case .layout, .unknownSection, .missingSection, .unknownNumber, .invalid, .limit, .coding, .graph:
      "Pack the model again."
    }
  }
}

extension ModelFormatError: CustomStringConvertible {
  /// As in `graph section, byte 214: 40 is no operator. Pack the model again.`
  public var description: String {
    var place = section.map { $0.name + " section" } ?? ""
    guard let byteOffset else {
      return "cannot be packed: " + (place.isEmpty ? "" : place + ": ") + problem.description + "."
    }
    place += (place.isEmpty ? "byte " : ", byte ") + String(byteOffset)
    return place + ": " + problem.description + ". " + problem.remedy
  }
}
