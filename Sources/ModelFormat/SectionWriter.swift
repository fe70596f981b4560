import Coding
import Graphs
import Tensors

/// Writes the fields that sections are made of; `SectionReader` reads them.
struct SectionWriter {
  /// All but the bits of lists of integers.
  var writer = ByteWriter()
  private(set) var numbers = ByteWriter()
  /// Where the bits of each list belong in `writer`, and how far they reach in `numbers`.
  private var lists: [(place: Int, end: Int)] = []

  /// With the bits of lists in their places.
  var bytes: [UInt8] {
    var (whole, place, start) = (ByteWriter(), 0, 0)
    for list in lists {
      whole.append(Array(writer.bytes[place..<list.place] + numbers.bytes[start..<list.end]))
      (place, start) = (list.place, list.end)
    }
    whole.append(Array(writer.bytes[place...]))
    return whole.bytes
  }

  mutating func number<Member: WireNumbered>(_ member: Member) { writer.byte(member.wireNumber) }

  /// A count, extent, index or size.
  ///
  /// A negative one becomes a number that no reader accepts; what is written is read back before it is handed out.
  mutating func size(_ value: Int) { writer.varint(UInt64(bitPattern: Int64(value))) }

  mutating func sizes(_ values: [Int]) {
    size(values.count)
    for value in values { size(value) }
  }

  mutating func signed(_ value: Int) { writer.signedVarint(Int64(value)) }

  mutating func flag(_ value: Bool) { writer.byte(value ? 1 : 0) }

  mutating func floats(_ values: [Float]) {
    for value in values { writer.float32(value) }
  }

  mutating func string(_ text: String) {
    let utf8 = Array(text.utf8)
    size(utf8.count)
    writer.append(utf8)
  }

  mutating func dimensions(_ dimensions: [Dimension]) {
    for dimension in dimensions {
      switch dimension {
      case .fixed(let extent): writer.varint(UInt64(bitPattern: Int64(extent)) << 1)
      case .batch(let multiple): writer.varint(UInt64(bitPattern: Int64(multiple)) << 1 | 1)
      }
    }
  }

  mutating func type(_ type: TensorType) {
    form(type.elementType.wireNumber, rank: type.rank)
    dimensions(type.dimensions)
  }

  /// A number in 0...15 and a rank in one byte.
  mutating func form(_ number: UInt8, rank: Int) {
    writer.byte(number | UInt8(clamping: rank) << 4)
  }

  mutating func integers<Integer: FixedWidthInteger>(_ values: [Integer]) {
    PackedIntegers.write(values.map { Int64(clamping: $0) }, to: &writer, bitsTo: &numbers)
    lists.append((writer.count, numbers.count))
  }
}

// MARK: - Encodings

extension SectionWriter {
  /// First byte: bits 0-4 bit width − 1, bit 5 signed, bit 6 along an axis, bit 7 ternary.
  ///
  /// - Throws: what the types' own initializers exclude and a later assignment may have brought about.
  mutating func encoding(_ encoding: Encoding) throws(ModelFormatError) {
    switch encoding {
    case .affine(let affine): try self.affine(affine)
    case .ternary(let ternary):
      try require(ternary.axis != nil || ternary.scales.count == 1, "one scale for the tensor, or an axis")
      writer.byte(0x80 | (ternary.axis == nil ? 0 : 0x40))
      if let axis = ternary.axis {
        size(axis)
        size(ternary.scales.count)
      }
      writer.byte(UInt8(clamping: ternary.positiveLevel))
      writer.byte(UInt8(clamping: ternary.negativeLevel))
      floats(ternary.scales)
    }
  }

  mutating func affine(_ affine: AffineEncoding) throws(ModelFormatError) {
    try require(affine.scales.count == affine.zeroPoints.count, "as many zero points as scales")
    try require(affine.axis != nil || affine.scales.count == 1, "one scale for the tensor, or an axis")
    try require((1...32).contains(affine.bitWidth), "a code has 1 to 32 bits")
    writer.byte(UInt8(affine.bitWidth - 1) | (affine.isSigned ? 0x20 : 0) | (affine.axis == nil ? 0 : 0x40))
    if let axis = affine.axis {
      size(axis)
      size(affine.scales.count)
    }
    floats(affine.scales)
    integers(affine.zeroPoints)
  }
}

// MARK: - Attributes of operators

extension SectionWriter {
  /// First byte: bits 0-1 rank; bit 2 one kernel extent for all axes; bit 3 one stride; bit 4 dilations are all 1;
  /// bit 5 no padding; bit 6 one amount of padding for all axes and sides.
  mutating func window(_ window: Window) {
    let paddings = window.paddingBefore + window.paddingAfter
    let (oneKernel, oneStride) = (Self.areEqual(window.kernel), Self.areEqual(window.strides))
    let (noDilation, noPadding) = (window.dilations.allSatisfy { $0 == 1 }, paddings.allSatisfy { $0 == 0 })
    let onePadding = !noPadding && Self.areEqual(paddings)
    var form = UInt8(clamping: min(window.rank, 3))
    if oneKernel { form |= 0x04 }
    if oneStride { form |= 0x08 }
    if noDilation { form |= 0x10 }
    if noPadding { form |= 0x20 }
    if onePadding { form |= 0x40 }
    writer.byte(form)
    for extent in window.kernel.prefix(oneKernel ? 1 : 3) { size(extent) }
    for stride in window.strides.prefix(oneStride ? 1 : 3) { size(stride) }
    if !noDilation { for dilation in window.dilations { size(dilation) } }
    if !noPadding { for padding in paddings.prefix(onePadding ? 1 : 6) { size(padding) } }
  }

  mutating func clamp(_ clamp: Clamp?) {
    guard let clamp else { return number(ClampKind.none) }
    guard clamp != .relu || clamp.lower.sign == .minus else { return number(ClampKind.relu) }
    number(ClampKind.limits)
    floats([clamp.lower, clamp.upper])
  }

  mutating func codeRange(_ range: ClosedRange<Int32>) throws(ModelFormatError) {
    try require(range.lowerBound >= 0 && range.upperBound <= 255, "codes lie in 0...255")
    writer.byte(UInt8(clamping: range.lowerBound))
    writer.byte(UInt8(clamping: range.upperBound))
  }

  mutating func requantization(_ requantization: Requantization) throws(ModelFormatError) {
    try require(
      requantization.multipliers.count == requantization.offsets.count, "as many offsets as multipliers")
    size(requantization.multipliers.count)
    writer.byte(UInt8(clamping: requantization.shift))
    try codeRange(requantization.codeRange)
    integers(requantization.multipliers)
    integers(requantization.offsets)
  }

  mutating func sumResult(_ result: SumResult) throws(ModelFormatError) {
    switch result {
    case .codes(let requantization):
      number(SumResultKind.codes)
      try self.requantization(requantization)
    case .real(let scales, let offsets):
      number(SumResultKind.real)
      size(scales.count)
      floats(scales)
      floats(offsets)
    }
  }

  func require(_ condition: Bool, _ rule: StaticString) throws(ModelFormatError) {
    guard condition else { throw ModelFormatError(.invalid(rule.description), section: .graph) }
  }

  private static func areEqual(_ values: [Int]) -> Bool { values.allSatisfy { $0 == values[0] } }
}
