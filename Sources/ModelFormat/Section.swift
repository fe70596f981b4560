/// The parts of a packed file that this version knows; the raw value is the number in the file.
public enum SectionKind: UInt16, CaseIterable, Hashable, Sendable {
  /// Inputs, constants without their payload, nodes, outputs.
  case graph = 1
  /// How pictures become inputs.
  case preprocessing = 2
  /// Names of the classes.
  case classNames = 3
  /// Names of values and nodes, for people.
  case names = 4
  /// Encodings decided for values.
  case encodings = 5
  /// Reserved: kernel choice and memory plan for one target. Skipped in this version.
  case plan = 6
  /// What the constants hold.
  case data = 7
  /// All but the data, in fewer bytes.
  case condensed = 8

  /// The name in tables and messages.
  public var name: String {
    switch self {
    case .graph: "graph"
    case .preprocessing: "preprocessing"
    case .classNames: "class names"
    case .names: "names"
    case .encodings: "encodings"
    case .plan: "plan"
    case .data: "data"
    case .condensed: "condensed"
    }
  }

  /// True if a reader that does not know the kind must refuse the file.
  public var isRequired: Bool {
    switch self {
    case .graph, .preprocessing, .data, .condensed: true
    case .classNames, .names, .encodings, .plan: false
    }
  }
}

/// The fixed parts of a packed file.
enum FileForm {
  /// Not text (bit 7), the name, and a line end that a text-mode transfer would change.
  static let magic: [UInt8] = [0x89, 0x64, 0x63, 0x68, 0x69, 0x70, 0x0D, 0x0A]
  static let version: UInt16 = 1
  static let headerByteCount = 24
  static let tableEntryByteCount = 32
  static let checksumByteCount = 8
  /// Set in a table entry whose kind must be known.
  static let requiredFlag: UInt16 = 1
  static let sectionLimit = 64
  /// The data section starts at a multiple of this.
  static let dataAlignment = 64
  /// A payload of at least this many bytes starts at a multiple of `dataAlignment`.
  static let largePayload = 65_536
}

/// What a reader accepts, so that a damaged or hostile file costs neither much memory nor an overflow.
enum Limits {
  static let rank = 8
  /// An extent, a stride, a size.
  static let extent = Int(Int32.max)
  /// Elements of one value for a batch of one.
  static let elements: UInt64 = 1 << 40
  /// Inputs, constants and nodes together.
  static let values = 65_536
  static let operands = 4_096
  /// Channels of a picture.
  static let pictureChannels = 1_024
}
