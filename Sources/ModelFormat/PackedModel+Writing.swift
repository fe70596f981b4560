import Coding
import Graphs
import Tensors

/// What goes into a packed file, where there is a choice.
public struct WritingOptions: Sendable, Equatable {
  /// Whether names of values and nodes are kept; a file without them is smaller, and messages number the nodes.
  public var includesNames: Bool
  /// The weight codes to choose from, tensor by tensor; see `WeightCode.best`.
  public var weightCodes: [WeightCode]
  /// How much more bytes codes may take that decode faster.
  public var codePreference: CodePreference
  /// Whether all but the weights is coded too, where that is smaller, by over 1/64 of the file unless codes have to be small; it
  /// takes some microseconds a node to read.
  public var condenses: Bool

  /// - Parameters:
  ///   - includesNames: whether names of nodes and values are kept.
  ///   - weightCodes: to choose from, by size.
  ///   - codePreference: small files or fast codes.
  ///   - condenses: nil for yes, unless the codes have to be fast.
  public init(
    includesNames: Bool = true, weightCodes: [WeightCode] = WeightCode.allCases,
    codePreference: CodePreference = .balanced, condenses: Bool? = nil
  ) {
    self.condenses = condenses ?? (codePreference != .fast)
    self.includesNames = includesNames
    self.weightCodes = weightCodes
    self.codePreference = codePreference
  }
}

extension PackedModel {
  /// The bytes of a `.dchip` file: the same for the same model and options; see Documentation/format.md.
  ///
  /// Values are numbered anew (inputs, constants, results of nodes), and values that nothing gives are left out. What
  /// is returned has been read back.
  ///
  /// - Throws: `ModelFormatError` when the graph is not well-formed or something lies outside the format's limits.
  public func serialized(_ options: WritingOptions = WritingOptions()) throws(ModelFormatError) -> [UInt8] {
    do throws(GraphError) { try graph.validate() } catch { throw ModelFormatError(.graph(error), section: .graph) }
    for value in graph.values {
      if let problem = value.type.formProblem { throw ModelFormatError(.limit(problem), section: .graph) }
    }
    let order = ValueOrder(graph)
    var data = ByteWriter()
    var sections = [(kind: SectionKind.graph, contents: try graphSection(order, options, data: &data))]
    sections += try descriptiveSections(order, options)
    var bytes = Self.file(sections.map { ($0.kind, $0.contents.bytes) }, data: data.bytes)
    if options.condenses {
      let condensed = Self.file([(.condensed, try CondensedSections.bytes(sections))], data: data.bytes)
      let spared = options.codePreference == .small ? 0 : bytes.count / 64
      if condensed.count < bytes.count - spared { bytes = condensed }
    }
    do throws(ModelFormatError) {
      _ = try PackedModel(reading: bytes)
    } catch {
      throw ModelFormatError(error.problem, section: error.section)
    }
    return bytes
  }

  private typealias Contents = (kind: SectionKind, contents: SectionWriter)

  private func descriptiveSections(
    _ order: ValueOrder, _ options: WritingOptions
  ) throws(ModelFormatError) -> [Contents] {
    var sections: [Contents] = []
    if let preprocessing {
      var section = SectionWriter()
      try section.preprocessing(preprocessing)
      sections.append((.preprocessing, section))
    }
    if !classNames.isEmpty {
      var section = SectionWriter()
      section.size(classNames.count)
      for name in classNames { section.string(name) }
      sections.append((.classNames, section))
    }
    if options.includesNames {
      var section = SectionWriter()
      section.names(graph, order)
      sections.append((.names, section))
    }
    var encodings = SectionWriter()
    try encodings.encodings(graph, order)
    if encodings.writer.count > 0 { sections.append((.encodings, encodings)) }
    return sections
  }

  private func graphSection(
    _ order: ValueOrder, _ options: WritingOptions, data: inout ByteWriter
  ) throws(ModelFormatError) -> SectionWriter {
    var writer = SectionWriter()
    writer.size(graph.inputs.count)
    for id in graph.inputs { writer.type(graph[id].type) }
    writer.size(order.constants.count)
    for id in order.constants {
      guard let constant = graph.constants[id] else { continue }
      try writer.constant(constant, name: graph[id].name, options: options, data: &data)
    }
    writer.size(graph.nodes.count)
    for (index, node) in graph.nodes.enumerated() {
      let count = node.inputs.count
      writer.writer.byte(node.operator.kind.wireNumber | UInt8(min(count, 3)) << 6)
      if count >= 3 { writer.size(count - 3) }
      for operand in node.inputs { writer.writer.varint(order.reference(operand, before: index)) }
      try writer.attributes(of: node.operator)
    }
    writer.size(graph.outputs.count)
    for id in graph.outputs { writer.writer.varint(order.reference(id, before: graph.nodes.count)) }
    return writer
  }

  /// Header, table, sections; those of constants last, if there are any.
  private static func file(_ sections: [(kind: SectionKind, bytes: [UInt8])], data: [UInt8]) -> [UInt8] {
    let sections = data.isEmpty ? sections : sections + [(.data, data)]
    let tableEnd = FileForm.headerByteCount + sections.count * FileForm.tableEntryByteCount
    var end = tableEnd + FileForm.checksumByteCount
    var (table, contents) = (ByteWriter(), ByteWriter())
    let first = end
    for section in sections {
      if section.kind == .data {
        end = (end + FileForm.dataAlignment - 1) / FileForm.dataAlignment * FileForm.dataAlignment
        while first + contents.count < end { contents.byte(0) }
      }
      table.uint16(section.kind.rawValue)
      table.uint16(section.kind.isRequired ? FileForm.requiredFlag : 0)
      table.uint32(0)
      table.uint64(UInt64(end))
      table.uint64(UInt64(section.bytes.count))
      table.uint64(Checksum.of(section.bytes))
      contents.append(section.bytes)
      end += section.bytes.count
    }
    var file = ByteWriter()
    file.append(FileForm.magic)
    file.uint16(FileForm.version)
    file.uint16(UInt16(sections.count))
    file.uint32(0)
    file.uint64(UInt64(end))
    file.append(table.bytes)
    file.uint64(Checksum.of(file.bytes))
    file.append(contents.bytes)
    return file.bytes
  }
}

/// The order of values in a file: inputs, constants, results of nodes.
struct ValueOrder {
  /// By their place among the values.
  let constants: [ValueID]
  /// By the value's index: its place among the constants, or among inputs and results.
  private var places: [Place?]
  private let inputCount: Int

  private enum Place {
    case constant(Int)
    /// An input or the result of a node.
    case computed(Int)
  }

  init(_ graph: Graph) {
    constants = graph.constants.keys.sorted()
    inputCount = graph.inputs.count
    places = [Place?](repeating: nil, count: graph.values.count)
    for (index, id) in graph.inputs.enumerated() { places[id.index] = .computed(index) }
    for (index, id) in constants.enumerated() { places[id.index] = .constant(index) }
    for (index, node) in graph.nodes.enumerated() { places[node.output.index] = .computed(inputCount + index) }
  }

  /// The number for an operand of the node `index`: 0 none; else 1 + twice the distance back from the newest value, or
  /// 2 + twice the constant's place.
  func reference(_ id: ValueID?, before index: Int) -> UInt64 {
    guard let id, let place = places[id.index] else { return 0 }
    return switch place {
    case .constant(let place): 2 + 2 * UInt64(place)
    case .computed(let place): 1 + 2 * UInt64(inputCount + index - 1 - place)
    }
  }

  /// The number that the value gets when the file is read; nil if nothing gives it.
  func number(_ index: Int) -> Int? {
    switch places[index] {
    case nil: nil
    case .constant(let place): inputCount + place
    case .computed(let place): place < inputCount ? place : constants.count + place
    }
  }
}

extension SectionWriter {
  mutating func preprocessing(_ preprocessing: Preprocessing) throws(ModelFormatError) {
    guard preprocessing.mean.count == preprocessing.std.count else {
      throw ModelFormatError(.invalid("as many means as standard deviations"), section: .preprocessing)
    }
    floats([preprocessing.scale])
    size(preprocessing.mean.count)
    floats(preprocessing.mean)
    floats(preprocessing.std)
    number(preprocessing.channelOrder)
    number(preprocessing.layout)
    size(preprocessing.resize ?? 0)
    sizes(preprocessing.crop ?? [])
  }

  /// Names of inputs, constants and nodes; after a node's, that of its result unless it is the same.
  mutating func names(_ graph: Graph, _ order: ValueOrder) {
    for id in graph.inputs + order.constants { string(graph[id].name) }
    for node in graph.nodes {
      string(node.name)
      let name = graph[node.output].name
      if name == node.name {
        size(0)
      } else {
        size(name.utf8.count + 1)
        writer.append(Array(name.utf8))
      }
    }
  }

  /// Number and encoding of every value that has one, by number; nothing if none has.
  mutating func encodings(_ graph: Graph, _ order: ValueOrder) throws(ModelFormatError) {
    var rows: [(number: Int, encoding: Encoding)] = []
    for (index, value) in graph.values.enumerated() {
      if let encoding = value.encoding, let number = order.number(index) { rows.append((number, encoding)) }
    }
    guard !rows.isEmpty else { return }
    size(rows.count)
    for row in rows.sorted(by: { $0.number < $1.number }) {
      size(row.number)
      try encoding(row.encoding)
    }
  }
}
