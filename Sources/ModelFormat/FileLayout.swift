import Coding
import Graphs
import Tensors

/// Where things lie in a packed file: what `inspect` shows, and what a reader in place needs.
public struct FileLayout: Sendable, Equatable {
  public struct Section: Sendable, Equatable {
    /// The kind as it stands in the file.
    public var number: UInt16
    /// Nil for a kind that this version does not know and skips.
    public var kind: SectionKind?
    /// From the start of the file.
    public var offset: Int
    public var byteCount: Int
    /// XXH64 of the section.
    public var checksum: UInt64
  }

  public struct Constant: Sendable, Equatable {
    public var type: TensorType
    /// What weight codes stand for; nil for a tensor as it is.
    public var encoding: Encoding?
    /// How weight codes are stored; nil for a tensor as it is.
    public var code: WeightCode?
    /// From the start of the file.
    public var offset: Int
    /// Bytes in the data section, scales not counted.
    public var byteCount: Int
  }

  public var byteCount: Int
  /// In their order in the file.
  public var sections: [Section]
  /// In the order in which the graph numbers them.
  public var constants: [Constant]

  /// Reads header, table and the list of constants, and checks all checksums; the nodes are not read.
  ///
  /// - Throws: `ModelFormatError` as `PackedModel(reading:)`.
  public init(reading bytes: UnsafeRawBufferPointer) throws(ModelFormatError) {
    let table = try SectionTable(reading: bytes)
    guard var reader = table.reader(of: .graph, budget: table.budget) else {
      throw ModelFormatError(.missingSection, section: .graph, byteOffset: 10)
    }
    var graph = Graph()
    try reader.inputs(of: &graph)
    let records = try reader.constantRecords(dataByteCount: table[.data]?.range.count ?? 0)
    let start = try table.data(records).start
    byteCount = bytes.count
    sections = table.entries.map {
      Section(
        number: $0.number, kind: $0.kind, offset: $0.range.lowerBound, byteCount: $0.range.count,
        checksum: $0.checksum)
    }
    constants = records.map { Constant($0, dataStart: start) }
  }

  /// Reads header, table and the list of constants, and checks all checksums; the nodes are not read.
  public init(reading bytes: [UInt8]) throws(ModelFormatError) {
    let result: Result<FileLayout, ModelFormatError> = bytes.withUnsafeBytes { bytes in
      do throws(ModelFormatError) { return .success(try FileLayout(reading: bytes)) } catch { return .failure(error) }
    }
    self = try result.get()
  }
}

extension FileLayout.Constant {
  fileprivate init(_ record: ConstantRecord, dataStart: Int) {
    offset = dataStart + record.range.lowerBound
    byteCount = record.range.count
    switch record.storage {
    case .tensor(let elementType): type = TensorType(elementType, record.shape)
    case .coded(let encoding, let code, _):
      type = TensorType(.float32, record.shape)
      self.encoding = encoding
      self.code = code
    }
  }
}
