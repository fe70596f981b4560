import Coding
import Graphs
import Tensors

/// What the graph section says about a constant; what it holds lies in the data section.
struct ConstantRecord {
  enum Storage {
    case tensor(ElementType)
    case coded(Encoding, WeightCode, CodeAlphabet)
  }

  var shape: Shape
  var storage: Storage
  /// Where it lies in the data section.
  var range: Range<Int>

  /// The number in the form byte that stands for weight codes; element types have those below.
  static let codedNumber: UInt8 = 8

  /// The type of its value.
  var type: TensorType {
    switch storage {
    case .tensor(let elementType): TensorType(elementType, shape)
    case .coded: TensorType(.float32, shape)
    }
  }

  /// A constant without contents, for a graph that is still being read or whose weights stay coded.
  var emptyConstant: Constant {
    switch storage {
    case .tensor: .tensor(.float32(Tensor(shape: [0], scalars: [])))
    case .coded(let encoding, _, _):
      .coded(CodedTensor(codes: Tensor(shape: [0], scalars: []), encoding: encoding))
    }
  }

  /// The boundary at which `byteCount` bytes start whose unit takes `unit` bytes.
  static func alignment(byteCount: Int, unit: Int) -> Int {
    byteCount >= FileForm.largePayload ? FileForm.dataAlignment : unit
  }
}

extension [ConstantRecord] {
  /// Bytes of what the records hold, weight codes in a byte each.
  var decodedByteCount: Int { reduce(0) { $0 + $1.decodedByteCount } }

  /// The weights of integer layers of `graph`, whose constants they are, with their bytes.
  func candidates(in graph: Graph) -> [(id: ValueID, coded: Int, decoded: Int)] {
    let weights = graph.integerWeights
    return enumerated().compactMap { index, record in
      let id = ValueID(graph.inputs.count + index)
      guard case .coded = record.storage, weights.contains(id) else { return nil }
      return (id, record.range.count, record.decodedByteCount)
    }
  }
}

extension ConstantRecord {
  fileprivate var decodedByteCount: Int {
    switch storage {
    case .tensor: range.count
    case .coded: shape.elementCount
    }
  }
}

extension Encoding {
  /// The alphabet of weight codes under this encoding; nil if they do not fit in an Int8.
  var alphabet: CodeAlphabet? {
    let alphabet: CodeAlphabet
    switch self {
    case .affine(let affine):
      if affine.isSigned {
        alphabet = affine.bitWidth == 1 ? .binary : .signed(bitWidth: affine.bitWidth)
      } else {
        alphabet = .unsigned(bitWidth: affine.bitWidth)
      }
    case .ternary: alphabet = .ternary
    }
    return alphabet.isValid ? alphabet : nil
  }

  /// True if there is one scale, or as many as the axis has elements.
  func fits(_ dimensions: [Dimension]) -> Bool {
    guard let axis else { return true }
    return dimensions.indices.contains(axis) && dimensions[axis] == .fixed(scales.count)
  }
}

// MARK: - Writing

extension SectionWriter {
  /// Writes the record of `constant` here and what it holds to `data`; `name` is for errors.
  mutating func constant(
    _ constant: Constant, name: String, options: WritingOptions, data: inout ByteWriter
  ) throws(ModelFormatError) {
    switch constant {
    case .tensor(let tensor):
      form(tensor.elementType.wireNumber, rank: tensor.shape.rank)
      for extent in tensor.shape.dimensions { size(extent) }
      data.pad(
        to: ConstantRecord.alignment(byteCount: tensor.byteCount, unit: tensor.elementType.byteCount))
      data.append(elementsOf: tensor)
    case .coded(let coded):
      form(ConstantRecord.codedNumber, rank: coded.shape.rank)
      for extent in coded.shape.dimensions { size(extent) }
      try encoding(coded.encoding)
      let (code, bytes) = try Self.best(coded, name: name, options)
      number(code)
      if !code.hasFixedLength { size(bytes.count) }
      data.pad(to: ConstantRecord.alignment(byteCount: bytes.count, unit: 1))
      data.append(bytes)
    }
  }

  /// The code to store it in, and its bytes.
  private static func best(
    _ coded: CodedTensor, name: String, _ options: WritingOptions
  ) throws(ModelFormatError) -> (WeightCode, [UInt8]) {
    do throws(CodingError) {
      if let alphabet = coded.encoding.alphabet,
        let best = try WeightCode.best(
          of: options.weightCodes, coded.codes.scalars, rowLength: coded.shape.rowLength, alphabet: alphabet,
          preference: options.codePreference)
      {
        return best
      }
    } catch {
      let place = "'" + name + "', code " + String(error.offset) + ": "
      throw ModelFormatError(.invalid(place + error.problem.description), section: .data)
    }
    throw ModelFormatError(.invalid("'" + name + "': no weight code holds its encoding"), section: .data)
  }
}

extension Shape {
  /// Elements for each place of the first axis, at least 1: a row of weights makes one output.
  var rowLength: Int { max(dimensions.dropFirst().reduce(1, *), 1) }
}

extension ByteWriter {
  /// The elements in their order, little-endian; bool as 0 and 1.
  mutating func append(elementsOf tensor: AnyTensor) {
    switch tensor {
    case .float32(let tensor): append(integers: tensor.scalars.map { $0.bitPattern })
    case .uint8(let tensor): append(tensor.scalars)
    case .int8(let tensor): append(integers: tensor.scalars)
    case .int16(let tensor): append(integers: tensor.scalars)
    case .int32(let tensor): append(integers: tensor.scalars)
    case .int64(let tensor): append(integers: tensor.scalars)
    case .bool(let tensor): append(tensor.scalars.map { $0 ? 1 : 0 })
    }
  }

  private mutating func append<Integer: FixedWidthInteger>(integers: [Integer]) {
    integers.map { $0.littleEndian }.withUnsafeBytes { append($0) }
  }
}

// MARK: - Reading

extension SectionReader {
  /// Reads the record of a constant that lies in the data section in `free`, at its first aligned byte.
  mutating func constantRecord(in free: Range<Int>) throws(ModelFormatError) -> ConstantRecord {
    let offset = position
    let (number, rank) = try form()
    var type = TensorType(.float32, [])
    for _ in 0..<rank { type.dimensions.append(.fixed(try size(0...Limits.extent, "an extent"))) }
    if let problem = type.formProblem { throw error(.limit(problem), at: offset) }
    guard let shape = type.fixedShape else { throw error(.limit("a constant is too large"), at: offset) }
    if number == ConstantRecord.codedNumber { return try codedRecord(shape, type, in: free) }
    guard let elementType = ElementType(wireNumber: number) else {
      throw error(.unknownNumber(list: ElementType.listName, number: UInt64(number)), at: offset)
    }
    let (byteCount, overflow) = shape.elementCount.multipliedReportingOverflow(by: elementType.byteCount)
    guard !overflow else { throw error(.limit("a constant is too large"), at: offset) }
    let range = try range(byteCount, unit: elementType.byteCount, in: free)
    return ConstantRecord(shape: shape, storage: .tensor(elementType), range: range)
  }

  private mutating func codedRecord(
    _ shape: Shape, _ type: TensorType, in free: Range<Int>
  ) throws(ModelFormatError) -> ConstantRecord {
    let offset = position
    let encoding = try self.encoding()
    guard encoding.fits(type.dimensions) else {
      throw error(.invalid("the number of scales is not the extent of their axis"), at: offset)
    }
    let code = try number(WeightCode.self)
    guard let alphabet = encoding.alphabet, code.supports(alphabet) else {
      throw error(.coding(.unsupportedAlphabet), at: offset)
    }
    let byteCount: Int
    if code.hasFixedLength {
      guard let count = code.byteCount(count: shape.elementCount, alphabet: alphabet) else {
        throw error(.coding(.unsupportedAlphabet), at: offset)
      }
      byteCount = count
    } else {
      byteCount = try size(0...Limits.extent, "the length of weight codes")
    }
    return ConstantRecord(
      shape: shape, storage: .coded(encoding, code, alphabet), range: try range(byteCount, unit: 1, in: free))
  }

  private func range(_ byteCount: Int, unit: Int, in free: Range<Int>) throws(ModelFormatError) -> Range<Int> {
    let alignment = ConstantRecord.alignment(byteCount: byteCount, unit: unit)
    let gap = (alignment - free.lowerBound % alignment) % alignment
    guard gap <= free.count, byteCount <= free.count - gap else {
      throw error(.invalid("a constant of " + String(byteCount) + " bytes leaves the data section"))
    }
    let start = free.lowerBound + gap
    return start..<start + byteCount
  }
}

/// The contents of the data section.
struct ConstantData {
  let bytes: UnsafeRawBufferPointer
  /// Where the section starts in the file.
  let start: Int

  /// Checks that `records`, which follow each other, take all of the section, and that the gaps are 0.
  func check(_ records: [ConstantRecord]) throws(ModelFormatError) {
    var end = 0
    for record in records {
      guard bytes[end..<record.range.lowerBound].allSatisfy({ $0 == 0 }) else {
        throw error(.layout("the bytes between constants are not 0"), at: end)
      }
      end = record.range.upperBound
    }
    guard end == bytes.count else { throw error(.layout("there are bytes after the last constant"), at: end) }
  }

  /// The constant of a record that `check` has seen.
  func constant(_ record: ConstantRecord, budget: inout MemoryBudget) throws(ModelFormatError) -> Constant {
    let contents = UnsafeRawBufferPointer(rebasing: bytes[record.range])
    switch record.storage {
    case .tensor(let elementType):
      guard budget.charge(1, byteCount: contents.count) else {
        throw error(.limit("the constants take too much memory"), at: record.range.lowerBound)
      }
      return .tensor(try tensor(contents, record, elementType))
    case .coded(let encoding, let code, let alphabet):
      guard budget.charge(codes: record.shape.elementCount, payload: contents.count) else {
        throw error(
          .limit("the weights take more memory than a file of this size can need"), at: record.range.lowerBound)
      }
      let codes: [Int8]
      do throws(CodingError) {
        codes = try code.decode(
          contents, count: record.shape.elementCount, rowLength: record.shape.rowLength, alphabet: alphabet)
      } catch {
        throw self.error(.coding(error.problem), at: record.range.lowerBound + error.offset)
      }
      return .coded(CodedTensor(codes: Tensor(shape: record.shape, scalars: codes), encoding: encoding))
    }
  }

  /// The weights of a record that `check` has seen, coded, found sound.
  func weights(_ record: ConstantRecord, budget: inout MemoryBudget) throws(ModelFormatError) -> CodedWeights {
    guard case .coded(let encoding, let code, let alphabet) = record.storage else {
      throw error(.invalid("this constant has no weight codes"), at: record.range.lowerBound)
    }
    let weights = CodedWeights(
      shape: record.shape, encoding: encoding, code: code, alphabet: alphabet, payload: Array(bytes[record.range]))
    do throws(CodingError) {
      guard budget.charge(codes: try weights.bufferCount(), payload: weights.payload.count) else {
        throw CodingError(.integerTooLarge, at: 0)
      }
      _ = try weights.density()
    } catch {
      throw self.error(.coding(error.problem), at: record.range.lowerBound + error.offset)
    }
    return weights
  }

  private func tensor(
    _ contents: UnsafeRawBufferPointer, _ record: ConstantRecord, _ elementType: ElementType
  ) throws(ModelFormatError) -> AnyTensor {
    let shape = record.shape
    switch elementType {
    case .float32:
      return .float32(
        Tensor(shape: shape, scalars: elements(contents, UInt32.self, shape) { Float(bitPattern: $0) }))
    case .uint8: return .uint8(Tensor(shape: shape, scalars: elements(contents, UInt8.self, shape) { $0 }))
    case .int8: return .int8(Tensor(shape: shape, scalars: elements(contents, Int8.self, shape) { $0 }))
    case .int16: return .int16(Tensor(shape: shape, scalars: elements(contents, Int16.self, shape) { $0 }))
    case .int32: return .int32(Tensor(shape: shape, scalars: elements(contents, Int32.self, shape) { $0 }))
    case .int64: return .int64(Tensor(shape: shape, scalars: elements(contents, Int64.self, shape) { $0 }))
    case .bool:
      guard let index = contents.firstIndex(where: { $0 > 1 }) else {
        return .bool(Tensor(shape: shape, scalars: elements(contents, UInt8.self, shape) { $0 == 1 }))
      }
      throw error(.invalid("a bool is neither 0 nor 1"), at: record.range.lowerBound + index)
    }
  }

  private func elements<Stored: FixedWidthInteger & BitwiseCopyable, Element>(
    _ contents: UnsafeRawBufferPointer, _ stored: Stored.Type, _ shape: Shape, _ convert: (Stored) -> Element
  ) -> [Element] {
    [Element](unsafeUninitializedCapacity: shape.elementCount) { elements, count in
      for index in 0..<shape.elementCount {
        let value = contents.loadUnaligned(fromByteOffset: index * MemoryLayout<Stored>.size, as: stored)
        (elements.baseAddress.unsafelyUnwrapped + index).initialize(to: convert(Stored(littleEndian: value)))
      }
      count = shape.elementCount
    }
  }

  private func error(_ problem: ModelFormatError.Problem, at offset: Int) -> ModelFormatError {
    ModelFormatError(problem, section: .data, byteOffset: start + offset)
  }
}
