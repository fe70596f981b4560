import Coding
import Graphs
import Tensors

extension PackedModel {
  /// Reads a packed file from memory.
  ///
  /// - Throws: `ModelFormatError`, for any bytes that are not a sound model.
  public init(reading bytes: [UInt8]) throws(ModelFormatError) {
    // `withUnsafeBytes` passes only untyped errors on.
    let result: Result<PackedModel, ModelFormatError> = bytes.withUnsafeBytes { bytes in
      do throws(ModelFormatError) { return .success(try PackedModel(reading: bytes)) } catch { return .failure(error) }
    }
    self = try result.get()
  }

  /// Reads a packed file from memory.
  ///
  /// - Throws: `ModelFormatError`, for any bytes that are not a sound model.
  public init(reading bytes: RawSpan) throws(ModelFormatError) {
    let result: Result<PackedModel, ModelFormatError> = bytes.withUnsafeBytes { bytes in
      do throws(ModelFormatError) { return .success(try PackedModel(reading: bytes)) } catch { return .failure(error) }
    }
    self = try result.get()
  }

  /// Reads a packed file from memory, as from a mapped file; copies what it needs.
  ///
  /// Nothing in the bytes is trusted: every number is checked before it is used, and memory is asked for only after
  /// the bytes that fill it have been found. It takes at most 32 MiB and twice the file, and a byte for each weight code, of
  /// which there are at most 64 a byte of the file and what is left of the 32 MiB.
  ///
  /// - Throws: `ModelFormatError`, for any bytes that are not a sound model.
  public init(reading bytes: UnsafeRawBufferPointer) throws(ModelFormatError) {
    var weights: [ValueID: CodedWeights] = [:]
    try self.init(reading: bytes, keeping: &weights, decoding: .load)
  }

  /// Reads a packed file whose weights stay coded where `decoding` says so; they are put into `weights`.
  init(
    reading bytes: UnsafeRawBufferPointer, keeping weights: inout [ValueID: CodedWeights], decoding: WeightDecoding
  ) throws(ModelFormatError) {
    let table = try SectionTable(reading: bytes)
    guard var section = table.reader(of: .graph, budget: table.budget) else {
      throw ModelFormatError(.missingSection, section: .graph, byteOffset: 10)
    }
    var graph = Graph()
    try section.inputs(of: &graph)
    let records = try section.constantRecords(dataByteCount: table[.data]?.range.count ?? 0)
    let data = try table.data(records)
    for (index, record) in records.enumerated() {
      let constant = try decoding == .load ? data.constant(record, budget: &section.budget) : record.emptyConstant
      let id = graph.addConstant("constant " + String(index), constant)
      graph.values[id.index].type = record.type
    }
    try section.nodes(of: &graph)
    if decoding != .load {
      let first = graph.inputs.count
      let kept = decoding.keeps(records.candidates(in: graph), total: records.decodedByteCount)
      for (index, record) in records.enumerated() {
        let id = ValueID(first + index)
        if kept.contains(id) {
          weights[id] = try data.weights(record, budget: &section.budget)
        } else {
          graph.constants[id] = try data.constant(record, budget: &section.budget)
        }
      }
    }
    var budget = section.budget
    if var section = table.reader(of: .names, budget: budget) {
      try section.names(of: &graph, constantCount: records.count)
      budget = section.budget
    }
    if var section = table.reader(of: .encodings, budget: budget) {
      try section.encodings(of: &graph)
      budget = section.budget
    }
    self.init(graph: graph)
    if var section = table.reader(of: .preprocessing, budget: budget) {
      preprocessing = try section.preprocessing()
      budget = section.budget
    }
    if var section = table.reader(of: .classNames, budget: budget) { classNames = try section.classNames() }
  }
}

extension SectionTable {
  /// The data section, found to hold exactly `records`.
  func data(_ records: [ConstantRecord]) throws(ModelFormatError) -> ConstantData {
    let entry = self[.data]
    let data = ConstantData(
      bytes: entry.map(contents) ?? UnsafeRawBufferPointer(start: nil, count: 0),
      start: entry?.range.lowerBound ?? 0)
    try data.check(records)
    return data
  }
}

// MARK: - The graph section

extension SectionReader {
  mutating func inputs(of graph: inout Graph) throws(ModelFormatError) {
    let count = try size(0...Limits.values, "the number of inputs")
    for index in 0..<count {
      try charge(1, byteCount: 384)
      graph.addInput("input " + String(index), try type())
    }
  }

  mutating func constantRecords(dataByteCount: Int) throws(ModelFormatError) -> [ConstantRecord] {
    let count = try size(0...Limits.values, "the number of constants")
    var records: [ConstantRecord] = []
    var end = 0
    for _ in 0..<count {
      try charge(1, byteCount: 384)
      let record = try constantRecord(in: end..<dataByteCount)
      end = record.range.upperBound
      records.append(record)
    }
    return records
  }

  /// Nodes and outputs, up to the end of the section.
  mutating func nodes(of graph: inout Graph) throws(ModelFormatError) {
    let (inputCount, constantCount) = (graph.inputs.count, graph.constants.count)
    guard graph.values.count <= Limits.values else { throw error(.limit("more than 65536 values")) }
    let count = try size(0...Limits.values - graph.values.count, "the number of nodes")
    graph.nodes.reserveCapacity(min(count, position))
    for index in 0..<count {
      try charge(1, byteCount: 384)
      let offset = position
      let head = try byte()
      guard let kind = Operator.Kind(wireNumber: head & 0x3F) else {
        throw error(.unknownNumber(list: Operator.Kind.listName, number: UInt64(head & 0x3F)), at: offset)
      }
      var operandCount = Int(head >> 6)
      if operandCount == 3 { operandCount += try size(0...Limits.operands - 3, "the number of operands") }
      try charge(operandCount, byteCount: 16)
      var operands: [ValueID?] = []
      for _ in 0..<operandCount {
        operands.append(try reference(inputCount: inputCount, constantCount: constantCount, nodeCount: index))
      }
      let `operator` = try self.operator(kind)
      let name = kind.description + " " + String(index)
      do throws(GraphError) {
        let result = try graph.append(`operator`, operands, name: name)
        if let problem = graph[result].type.formProblem { throw GraphError(.attribute(problem), node: name) }
      } catch { throw self.error(.graph(error), at: offset) }
    }
    try outputs(of: &graph, inputCount: inputCount, constantCount: constantCount)
    try end()
  }

  private mutating func outputs(
    of graph: inout Graph, inputCount: Int, constantCount: Int
  ) throws(ModelFormatError) {
    for _ in 0..<(try size(0...Limits.values, "the number of outputs")) {
      let offset = position
      let id = try reference(inputCount: inputCount, constantCount: constantCount, nodeCount: graph.nodes.count)
      guard let id else { throw error(.invalid("an output is left out"), at: offset) }
      graph.outputs.append(id)
    }
  }

  /// A value that exists after `nodeCount` nodes, or nil; see `ValueOrder.reference`.
  private mutating func reference(
    inputCount: Int, constantCount: Int, nodeCount: Int
  ) throws(ModelFormatError) -> ValueID? {
    let offset = position
    let number = try varint()
    guard number > 0 else { return nil }
    let place = Int(exactly: (number - 1) >> 1) ?? Int.max
    if number & 1 == 0 {
      guard place < constantCount else {
        throw error(.invalid("there is no constant " + String(place)), at: offset)
      }
      return ValueID(inputCount + place)
    }
    guard place < inputCount + nodeCount else {
      throw error(.invalid("an operand lies before the first value"), at: offset)
    }
    let computed = inputCount + nodeCount - 1 - place
    return ValueID(computed < inputCount ? computed : constantCount + computed)
  }
}

// MARK: - The other sections

extension SectionReader {
  mutating func names(of graph: inout Graph, constantCount: Int) throws(ModelFormatError) {
    for index in 0..<graph.inputs.count + constantCount { graph.values[index].name = try string() }
    for index in graph.nodes.indices {
      let name = try string()
      graph.nodes[index].name = name
      let byteCount = try size(0...Limits.extent, "the length of a name")
      graph[graph.nodes[index].output].name = byteCount == 0 ? name : try string(byteCount: byteCount - 1)
    }
    try end()
  }

  mutating func encodings(of graph: inout Graph) throws(ModelFormatError) {
    var next = 0
    for _ in 0..<(try size(1...Limits.values, "the number of encodings")) {
      let offset = position
      let index = try size(0...Limits.values, "the number of a value")
      guard index >= next, index < graph.values.count else {
        throw error(.invalid("values do not ascend, or there is no value " + String(index)), at: offset)
      }
      let encoding = try self.encoding()
      guard encoding.fits(graph.values[index].type.dimensions) else {
        throw error(.invalid("the number of scales is not the extent of their axis"), at: offset)
      }
      graph.values[index].encoding = encoding
      next = index + 1
    }
    try end()
  }

  mutating func preprocessing() throws(ModelFormatError) -> Preprocessing {
    let scale = try finiteFloat("the scale of pixels")
    let count = try size(1...Limits.pictureChannels, "the number of means")
    let mean = try finiteFloats(count, "a mean")
    let offset = position
    let std = try finiteFloats(count, "a standard deviation")
    guard std.allSatisfy({ $0 != 0 }) else { throw error(.invalid("a standard deviation is 0"), at: offset) }
    let (order, layout) = (try number(Preprocessing.ChannelOrder.self), try number(Preprocessing.Layout.self))
    let resize = try size(0...Limits.extent, "the resized side")
    let cropAt = position
    var crop: [Int] = []
    for _ in 0..<(try size(0...2, "the number of crop extents")) {
      crop.append(try size(1...Limits.extent, "a crop extent"))
    }
    guard crop.count != 1 else { throw error(.invalid("a crop has rows and columns"), at: cropAt) }
    try end()
    return Preprocessing(
      scale: scale, mean: mean, std: std, channelOrder: order, layout: layout, resize: resize == 0 ? nil : resize,
      crop: crop.isEmpty ? nil : crop)
  }

  mutating func classNames() throws(ModelFormatError) -> [String] {
    var names: [String] = []
    for _ in 0..<(try size(1...Limits.extent, "the number of classes")) { names.append(try string()) }
    try end()
    return names
  }
}
