import Coding
import Graphs
import Tensors

/// Reads the fields that sections are made of and checks every one before it is used.
struct SectionReader {
  let section: SectionKind
  /// Where the section starts in the file, or the condensed one that it is a part of.
  let start: Int
  private var reader: ByteReader
  /// Bits of lists of integers, where they lie apart.
  private var numbers: ByteReader?
  /// What owns the bytes, unless the file does.
  private let condensed: CondensedSections?
  var budget: MemoryBudget

  /// Of a section as it lies in the file.
  init(_ bytes: UnsafeRawBufferPointer, section: SectionKind, start: Int, budget: MemoryBudget) {
    (self.section, self.start, self.budget) = (section, start, budget)
    (reader, numbers, condensed) = (ByteReader(bytes), nil, nil)
  }

  /// Of a part of the condensed section, which starts at `start`.
  init(_ part: CondensedSections.Part, of condensed: CondensedSections, start: Int, budget: MemoryBudget) {
    (section, self.start, self.budget, self.condensed) = (part.kind, start, budget, condensed)
    reader = ByteReader(condensed.bytes(of: part))
    numbers = ByteReader(condensed.numbers(of: part))
  }

  var position: Int { reader.position }

  /// An error at the byte `offset` of the section, by default the next one; a part of the condensed section has no such places.
  func error(_ problem: ModelFormatError.Problem, at offset: Int? = nil) -> ModelFormatError {
    let offset = condensed == nil ? offset ?? reader.position : 0
    return ModelFormatError(problem, section: section, byteOffset: start + offset)
  }

  private func located(_ error: CodingError) -> ModelFormatError {
    self.error(.coding(error.problem), at: error.offset)
  }

  /// - Throws: unless everything has been read.
  func end() throws(ModelFormatError) {
    let remaining = reader.remaining + (numbers?.remaining ?? 0)
    guard remaining == 0 else { throw error(.invalid(String(remaining) + " bytes too many")) }
  }

  mutating func charge(_ count: Int, byteCount: Int) throws(ModelFormatError) {
    guard budget.charge(count, byteCount: byteCount) else {
      throw error(.limit("this takes more memory than a file of this size can need"))
    }
  }
}

// MARK: - Numbers

extension SectionReader {
  mutating func byte() throws(ModelFormatError) -> UInt8 {
    do throws(CodingError) { return try reader.byte() } catch { throw located(error) }
  }

  mutating func take(_ count: Int) throws(ModelFormatError) -> UnsafeRawBufferPointer {
    do throws(CodingError) { return try reader.take(count) } catch { throw located(error) }
  }

  mutating func varint() throws(ModelFormatError) -> UInt64 {
    do throws(CodingError) { return try reader.varint() } catch { throw located(error) }
  }

  mutating func signedVarint() throws(ModelFormatError) -> Int64 {
    do throws(CodingError) { return try reader.signedVarint() } catch { throw located(error) }
  }

  /// A number in `range`, which lies in 0...Int32.max.
  mutating func size(_ range: ClosedRange<Int>, _ what: StaticString) throws(ModelFormatError) -> Int {
    let offset = position
    let value = try varint()
    guard value <= UInt64(range.upperBound), value >= UInt64(range.lowerBound) else {
      throw error(.invalid(outside(what, String(value), range)), at: offset)
    }
    return Int(value)
  }

  /// A number in −Int32.max...Int32.max.
  mutating func signed(_ what: StaticString) throws(ModelFormatError) -> Int {
    let offset = position
    let value = try signedVarint()
    guard value.magnitude <= UInt64(Limits.extent) else {
      throw error(.invalid(outside(what, String(value), -Limits.extent...Limits.extent)), at: offset)
    }
    return Int(value)
  }

  private func outside(_ what: StaticString, _ value: String, _ range: ClosedRange<Int>) -> String {
    what.description + " is " + value + ", not in " + String(range.lowerBound) + "..." + String(range.upperBound)
  }

  mutating func flag(_ what: StaticString) throws(ModelFormatError) -> Bool { try size(0...1, what) == 1 }

  mutating func number<Member: WireNumbered>(_: Member.Type) throws(ModelFormatError) -> Member {
    let offset = position
    let number = try byte()
    guard let member = Member(wireNumber: number) else {
      throw error(.unknownNumber(list: Member.listName, number: UInt64(number)), at: offset)
    }
    return member
  }

  /// Any bit pattern.
  mutating func anyFloat() throws(ModelFormatError) -> Float {
    do throws(CodingError) { return try reader.float32() } catch { throw located(error) }
  }

  mutating func finiteFloat(_ what: StaticString) throws(ModelFormatError) -> Float {
    let offset = position
    let value = try anyFloat()
    guard value.isFinite else { throw error(.invalid(what.description + " is not finite"), at: offset) }
    return value
  }

  /// `count` finite numbers; `count` is checked against the bytes that are left.
  mutating func finiteFloats(_ count: Int, _ what: StaticString) throws(ModelFormatError) -> [Float] {
    let offset = position
    let (byteCount, overflow) = count.multipliedReportingOverflow(by: 4)
    guard !overflow else { throw error(.limit(what.description + " are too many"), at: offset) }
    let bytes = try take(byteCount)
    try charge(count, byteCount: 4)
    var values: [Float] = []
    values.reserveCapacity(count)
    for index in 0..<count {
      let pattern = UInt32(littleEndian: bytes.loadUnaligned(fromByteOffset: 4 * index, as: UInt32.self))
      let value = Float(bitPattern: pattern)
      guard value.isFinite else {
        throw error(.invalid(what.description + " is not finite"), at: offset + 4 * index)
      }
      values.append(value)
    }
    return values
  }

  /// A list of integers of the given type.
  mutating func integers<Integer: FixedWidthInteger>(
    _ count: Int, _ type: Integer.Type, _ what: StaticString
  ) throws(ModelFormatError) -> [Integer] {
    let offset = position
    try charge(count, byteCount: 8 + MemoryLayout<Integer>.stride)
    let wide: [Int64]
    do throws(CodingError) {
      if var bits = numbers {
        wide = try PackedIntegers.read(count: count, from: &reader, bitsFrom: &bits)
        numbers = bits
      } else {
        wide = try PackedIntegers.read(count: count, from: &reader)
      }
    } catch { throw located(error) }
    var values: [Integer] = []
    values.reserveCapacity(count)
    for value in wide {
      guard let narrow = Integer(exactly: value) else {
        throw error(.invalid(what.description + " of " + String(value) + " does not fit"), at: offset)
      }
      values.append(narrow)
    }
    return values
  }

  /// UTF-8 with its length before it.
  mutating func string() throws(ModelFormatError) -> String {
    try string(byteCount: try size(0...Limits.extent, "the length of a name"))
  }

  mutating func string(byteCount: Int) throws(ModelFormatError) -> String {
    let offset = position
    let bytes = try take(byteCount)
    try charge(1, byteCount: byteCount > 15 ? byteCount + 48 : 16)
    guard let text = String(validating: bytes, as: UTF8.self) else {
      throw error(.invalid("a name is not UTF-8"), at: offset)
    }
    return text
  }
}

// MARK: - Types and encodings

extension SectionReader {
  mutating func dimension() throws(ModelFormatError) -> Dimension {
    let offset = position
    let value = try varint()
    guard value >> 1 <= UInt64(Limits.extent), value != 1 else {
      throw error(.invalid("an extent is negative, too large, or 0 times the batch"), at: offset)
    }
    return value & 1 == 0 ? .fixed(Int(value >> 1)) : .batch(Int(value >> 1))
  }

  mutating func dimensions(_ count: Int) throws(ModelFormatError) -> [Dimension] {
    var dimensions: [Dimension] = []
    for _ in 0..<count { dimensions.append(try dimension()) }
    return dimensions
  }

  /// A number in 0...15 and a rank in one byte.
  mutating func form() throws(ModelFormatError) -> (number: UInt8, rank: Int) {
    let offset = position
    let byte = try self.byte()
    guard byte >> 4 <= UInt8(Limits.rank) else {
      throw error(.limit("rank " + String(byte >> 4) + " is above " + String(Limits.rank)), at: offset)
    }
    return (byte & 0x0F, Int(byte >> 4))
  }

  mutating func type() throws(ModelFormatError) -> TensorType {
    let offset = position
    let (number, rank) = try form()
    guard let elementType = ElementType(wireNumber: number) else {
      throw error(.unknownNumber(list: ElementType.listName, number: UInt64(number)), at: offset)
    }
    let type = TensorType(elementType, try dimensions(rank))
    if let problem = type.formProblem { throw error(.limit(problem), at: offset) }
    return type
  }

  mutating func encoding() throws(ModelFormatError) -> Encoding {
    let offset = position
    let form = try byte()
    guard form & 0x80 != 0 else { return .affine(try affine(form: form, at: offset)) }
    guard form & 0x3F == 0 else { throw error(.invalid("an unknown encoding"), at: offset) }
    let (axis, count) = try axisAndCount(form)
    let positive = Int32(try size(1...127, "a level"))
    let negative = Int32(try size(1...127, "a level"))
    let scales = try finiteFloats(count, "a scale")
    return .ternary(TernaryEncoding(positiveLevel: positive, negativeLevel: negative, scales: scales, axis: axis))
  }

  mutating func affine() throws(ModelFormatError) -> AffineEncoding {
    let offset = position
    return try affine(form: try byte(), at: offset)
  }

  private mutating func affine(form: UInt8, at offset: Int) throws(ModelFormatError) -> AffineEncoding {
    guard form & 0x80 == 0 else { throw error(.invalid("an encoding with a zero point is expected"), at: offset) }
    let (axis, count) = try axisAndCount(form)
    let scalesAt = position
    let scales = try finiteFloats(count, "a scale")
    guard scales.allSatisfy({ $0 > 0 }) else { throw error(.invalid("a scale is not positive"), at: scalesAt) }
    return AffineEncoding(
      scales: scales, zeroPoints: try integers(count, Int32.self, "a zero point"), axis: axis,
      bitWidth: Int(form & 0x1F) + 1, isSigned: form & 0x20 != 0)
  }

  private mutating func axisAndCount(_ form: UInt8) throws(ModelFormatError) -> (axis: Int?, count: Int) {
    guard form & 0x40 != 0 else { return (nil, 1) }
    let axis = try size(0...Limits.rank - 1, "an axis")
    return (axis, try size(0...Limits.extent, "the number of scales"))
  }
}

// MARK: - Attributes of operators

extension SectionReader {
  mutating func window() throws(ModelFormatError) -> Window {
    let offset = position
    let form = try byte()
    let rank = Int(form & 0x03)
    guard rank >= 1, form & 0x80 == 0, form & 0x60 != 0x60 else {
      throw error(.invalid("an unknown form of window"), at: offset)
    }
    let kernel = try amounts(rank, isOne: form & 0x04 != 0, 1...Limits.extent, "a kernel extent")
    let strides = try amounts(rank, isOne: form & 0x08 != 0, 1...Limits.extent, "a stride")
    let dilations =
      form & 0x10 != 0
      ? [Int](repeating: 1, count: rank) : try amounts(rank, isOne: false, 1...Limits.extent, "a dilation")
    let paddings =
      form & 0x20 != 0
      ? [Int](repeating: 0, count: 2 * rank)
      : try amounts(2 * rank, isOne: form & 0x40 != 0, 0...Limits.extent, "padding")
    return Window(
      kernel: kernel, strides: strides, dilations: dilations, paddingBefore: Array(paddings[..<rank]),
      paddingAfter: Array(paddings[rank...]))
  }

  private mutating func amounts(
    _ count: Int, isOne: Bool, _ range: ClosedRange<Int>, _ what: StaticString
  ) throws(ModelFormatError) -> [Int] {
    if isOne { return [Int](repeating: try size(range, what), count: count) }
    var values: [Int] = []
    for _ in 0..<count { values.append(try size(range, what)) }
    return values
  }

  mutating func clamp() throws(ModelFormatError) -> Clamp? {
    switch try number(ClampKind.self) {
    case .none: return nil
    case .relu: return .relu
    case .limits: return try limits()
    }
  }

  mutating func limits() throws(ModelFormatError) -> Clamp {
    let offset = position
    let limits = Clamp(lower: try anyFloat(), upper: try anyFloat())
    guard !limits.lower.isNaN, !limits.upper.isNaN else { throw error(.invalid("a limit is not a number"), at: offset) }
    return limits
  }

  mutating func shift() throws(ModelFormatError) -> Int { try size(1...62, "a shift") }

  mutating func codeRange() throws(ModelFormatError) -> ClosedRange<Int32> {
    let offset = position
    let (lower, upper) = (Int32(try byte()), Int32(try byte()))
    guard lower <= upper else { throw error(.invalid("the smallest code is above the largest"), at: offset) }
    return lower...upper
  }

  mutating func requantization() throws(ModelFormatError) -> Requantization {
    let count = try size(1...Limits.extent, "the number of multipliers")
    let shift = try self.shift()
    let range = try codeRange()
    let multipliers = try integers(count, Int32.self, "a multiplier")
    let offset = position
    let offsets = try integers(count, Int64.self, "an offset")
    guard offsets.allSatisfy(Requantization.isValidOffset) else {
      throw error(.invalid("an offset reaches 2^60"), at: offset)
    }
    return Requantization(multipliers: multipliers, offsets: offsets, shift: shift, codeRange: range)
  }

  mutating func sumResult() throws(ModelFormatError) -> SumResult {
    switch try number(SumResultKind.self) {
    case .codes: return .codes(try requantization())
    case .real:
      let count = try size(1...Limits.extent, "the number of scales")
      let scales = try finiteFloats(count, "a scale")
      return .real(scales: scales, offsets: try finiteFloats(count, "an offset"))
    }
  }
}
