/// A decoder of `.dchip` files written from Documentation/format.md alone: it uses nothing of the package.
///
/// It reads sound files; it is for comparison, and traps on others.
struct DocumentDecoder {
  struct Constant: Equatable {
    var form: Int
    var extents: [Int]
    /// Elements as real numbers; codes as they are.
    var values: [Double]
    /// p, q for ternary codes.
    var levels: [Int] = []
    var scales: [Float] = []
    var zeroPoints: [Int64] = []
  }

  struct Node: Equatable {
    var number: Int
    /// Numbers of values, −1 for one that is left out.
    var operands: [Int]
    /// Every number among the attributes, in the order of the document.
    var attributes: [Double]
  }

  private(set) var inputs: [[Int]] = []
  private(set) var constants: [Constant] = []
  private(set) var nodes: [Node] = []
  private(set) var outputs: [Int] = []
  private(set) var classNames: [String] = []
  private(set) var names: [String] = []
  private var bytes: [UInt8]
  private var position = 0
  private var attributes: [Double] = []
  /// By a part's place: where its lists are, in a condensed file.
  private var listPlaces: [Int: Int] = [:]
  /// Where the next list's bits are; nil where they follow their head.
  private var lists: Int?

  init(_ file: [UInt8]) {
    bytes = file
    var places: [Int: Int] = [:]
    for index in 0..<fixed(at: 10, 2) {
      places[fixed(at: 24 + 32 * index, 2)] = fixed(at: 24 + 32 * index + 8, 8)
    }
    if let place = places[8] { unfold(place, &places) }
    begin(places[1]!)
    graph(data: places[7] ?? 0)
    if let place = places[3] {
      begin(place)
      for _ in 0..<varint() { classNames.append(string(varint())) }
    }
    if let place = places[4] {
      begin(place)
      for _ in 0..<inputs.count + constants.count { names.append(string(varint())) }
      for _ in nodes {
        names.append(string(varint()))
        let count = varint()
        names.append(count == 0 ? names.last! : string(count - 1))
      }
    }
  }
}

// MARK: - The condensed section

extension DocumentDecoder {
  /// Puts the parts of the condensed section behind the file.
  private mutating func unfold(_ place: Int, _ places: inout [Int: Int]) {
    let end = (0..<fixed(at: 10, 2)).first { fixed(at: 24 + 32 * $0, 2) == 8 }.map {
      fixed(at: 24 + 32 * $0 + 8, 8) + fixed(at: 24 + 32 * $0 + 16, 8)
    }!
    position = place
    let parts = (0..<varint()).map { _ in (kind: u8(), count: varint(), lists: varint()) }
    var lists = end - parts.reduce(0) { $0 + $1.lists }
    var bytes = DocumentByteModel(
      Array(self.bytes[position..<lists]), count: parts.reduce(0) { $0 + $1.count })
    for part in parts {
      places[part.kind] = self.bytes.count
      listPlaces[self.bytes.count] = lists
      lists += part.lists
      self.bytes += bytes.take(part.count)
    }
  }

  private mutating func begin(_ place: Int) {
    position = place
    lists = listPlaces[place]
  }
}

// MARK: - Numbers

extension DocumentDecoder {
  private func fixed(at offset: Int, _ count: Int) -> Int {
    (0..<count).reduce(0) { $0 | Int(bytes[offset + $1]) << (8 * $1) }
  }

  private mutating func u8() -> Int {
    position += 1
    return Int(bytes[position - 1])
  }

  private mutating func f32() -> Float {
    position += 4
    return Float(bitPattern: UInt32(fixed(at: position - 4, 4)))
  }

  private mutating func varint() -> Int {
    let byte = u8()
    return byte < 128 ? byte : (byte - 128) | (varint() << 7)
  }

  private mutating func signed() -> Int64 {
    let folded = UInt64(bitPattern: Int64(varint()))
    return folded % 2 == 0 ? Int64(folded / 2) : -Int64(folded / 2) - 1
  }

  private mutating func string(_ count: Int) -> String {
    position += count
    return String(decoding: bytes[position - count..<position], as: UTF8.self)
  }

  /// Bit `index` after `start`.
  private func bit(_ index: Int, from start: Int) -> UInt64 { UInt64(bytes[start + index / 8] >> (index % 8)) & 1 }

  private func bits(_ index: Int, _ width: Int, from start: Int) -> UInt64 {
    (0..<width).reduce(0) { $0 | bit(index * width + $1, from: start) << UInt64($1) }
  }

  private mutating func integers(_ count: Int) -> [Int64] {
    guard count > 0 else { return [] }
    let head = u8()
    let width = head & 0x7F
    let shift = width == 0 ? 0 : u8()
    let base = head & 0x80 != 0 ? 0 : signed()
    let start = lists ?? position
    if lists == nil { position += (count * width + 7) / 8 } else { lists = start + (count * width + 7) / 8 }
    return (0..<count).map { index in
      var value = bits(index, width, from: start)
      if head & 0x80 != 0 && width > 0 && value >> UInt64(width - 1) == 1 && width < 64 { value |= ~0 << UInt64(width) }
      return base &+ Int64(bitPattern: value << UInt64(shift))
    }
  }
}

// MARK: - The graph

extension DocumentDecoder {
  private mutating func graph(data: Int) {
    for _ in 0..<varint() {
      let form = u8()
      inputs.append([form & 15] + (0..<form >> 4).map { _ in varint() })
    }
    var end = data
    for _ in 0..<varint() { constants.append(constant(after: &end)) }
    for index in 0..<varint() { nodes.append(node(index)) }
    for _ in 0..<varint() { outputs.append(reference(nodes.count)) }
  }

  private mutating func constant(after end: inout Int) -> Constant {
    let form = u8()
    var constant = Constant(form: form & 15, extents: (0..<form >> 4).map { _ in varint() }, values: [])
    let count = constant.extents.reduce(1, *)
    guard constant.form == 8 else {
      let size = [0, 4, 1, 1, 2, 4, 8, 1][constant.form]
      let start = payload(count * size, unit: size, after: &end)
      constant.values = (0..<count).map { element(constant.form, start + $0 * size) }
      return constant
    }
    let encoding = encoding(&constant)
    let alphabet = encoding & 0x80 != 0 ? 2 : (encoding & 0x1F) + 1
    let code = u8()
    let length = [(count * alphabet + 7) / 8, (count + 4) / 5]
    let byteCount = code <= 2 ? length[code - 1] : varint()
    let start = payload(byteCount, unit: 1, after: &end)
    let rowLength = max(constant.extents.dropFirst().reduce(1, *), 1)
    constant.values = DocumentCodes(Array(bytes[start..<start + byteCount]), count, rowLength, encoding).codes(code)
      .map(Double.init)
    return constant
  }

  /// - Returns: the first byte, without the axis.
  private mutating func encoding(_ constant: inout Constant) -> Int {
    let form = u8()
    var count = 1
    if form & 0x40 != 0 {
      _ = varint()
      count = varint()
    }
    if form & 0x80 != 0 { constant.levels = [u8(), u8()] }
    constant.scales = (0..<count).map { _ in f32() }
    if form & 0x80 == 0 { constant.zeroPoints = integers(count) }
    return form
  }

  private func payload(_ byteCount: Int, unit: Int, after end: inout Int) -> Int {
    let alignment = byteCount >= 65_536 ? 64 : unit
    while end % alignment != 0 { end += 1 }
    defer { end += byteCount }
    return end
  }

  private func element(_ type: Int, _ offset: Int) -> Double {
    switch type {
    case 1: Double(Float(bitPattern: UInt32(fixed(at: offset, 4))))
    case 3: Double(Int8(truncatingIfNeeded: fixed(at: offset, 1)))
    case 4: Double(Int16(truncatingIfNeeded: fixed(at: offset, 2)))
    case 5: Double(Int32(truncatingIfNeeded: fixed(at: offset, 4)))
    case 6: Double(Int64(fixed(at: offset, 8)))
    default: Double(bytes[offset])
    }
  }

  private mutating func reference(_ nodeCount: Int) -> Int {
    let number = varint()
    if number == 0 { return -1 }
    if number % 2 == 0 { return inputs.count + number / 2 - 1 }
    let place = inputs.count + nodeCount - 1 - number / 2
    return place < inputs.count ? place : place + constants.count
  }

  private mutating func node(_ index: Int) -> Node {
    let head = u8()
    let count = head >> 6 == 3 ? 3 + varint() : head >> 6
    let operands = (0..<count).map { _ in reference(index) }
    attributes = []
    attributes(of: head & 63)
    return Node(number: head & 63, operands: operands, attributes: attributes)
  }
}

// MARK: - Attributes

extension DocumentDecoder {
  private mutating func note(_ value: Int) -> Int {
    attributes.append(Double(value))
    return value
  }

  private mutating func bytes(_ count: Int) { for _ in 0..<count { _ = note(u8()) } }
  private mutating func sizes(_ count: Int) { for _ in 0..<count { _ = note(varint()) } }
  private mutating func signeds(_ count: Int) { for _ in 0..<count { attributes.append(Double(signed())) } }
  private mutating func floats(_ count: Int) { for _ in 0..<count { attributes.append(Double(f32())) } }
  private mutating func list(_ count: Int) { attributes += integers(count).map(Double.init) }

  private mutating func window() -> Int {
    let form = u8()
    let rank = form & 3
    func amounts(_ bit: Int, _ count: Int) -> Int { form & bit != 0 ? 1 : count }
    let kernel = (0..<amounts(4, rank)).map { _ in varint() }
    let strides = (0..<amounts(8, rank)).map { _ in varint() }
    let dilations = form & 16 != 0 ? [1] : (0..<rank).map { _ in varint() }
    let paddings = form & 32 != 0 ? [0] : (0..<amounts(64, 2 * rank)).map { _ in varint() }
    for (list, count) in [(kernel, rank), (strides, rank), (dilations, rank), (paddings, 2 * rank)] {
      attributes += (0..<count).map { Double(list[list.count == 1 ? 0 : $0]) }
    }
    return rank
  }

  private mutating func clamp() {
    let kind = u8()
    if kind == 1 { attributes += [0, .infinity] }
    if kind == 2 { floats(2) }
  }

  private mutating func convolution() {
    _ = window()
    sizes(1)
    clamp()
  }

  private mutating func pooling() {
    bytes(1)
    _ = window()
    bytes(1)
  }

  private mutating func requantization() {
    let count = varint()
    bytes(3)
    list(count)
    list(count)
  }

  private mutating func sumResult() {
    guard u8() == 2 else { return requantization() }
    floats(2 * varint())
  }

  private mutating func affine() {
    var constant = Constant(form: 0, extents: [], values: [])
    _ = encoding(&constant)
    attributes += constant.scales.map(Double.init) + constant.zeroPoints.map(Double.init)
  }

  private mutating func attributes(of number: Int) {
    switch number {
    case 1: convolution()
    case 2:
      let rank = window()
      sizes(1 + rank)
    case 3: clamp()
    case 4, 12: break
    case 5: pooling()
    case 6: floats(1)
    case 7:
      sizes(1)
      floats(3)
    case 8: sizes(2)
    case 9:
      switch note(u8()) {
      case 2, 5, 9: floats(2)
      case 3, 8, 10, 14, 16: floats(1)
      case 11: bytes(1)
      default: break
      }
    case 10:
      bytes(1)
      clamp()
    case 11, 13: bytes(1)
    case 14:
      bytes(2)
      sizes(varint())
    case 15, 20: sizes(number == 15 ? 2 : varint())
    case 16, 17: sizes(1)
    case 18:
      if note(u8()) == 1 { floats(1) }
      signeds(2 * varint())
    case 19, 22: sizes(varint())
    case 21:
      for _ in 0..<varint() {
        sizes(2)
        signeds(1)
        sizes(1)
      }
    case 23:
      switch note(u8()) {
      case 1: bytes(1)
      case 3: floats(1)
      default: break
      }
      bytes(2)
      let rank = varint()
      sizes(rank)
      floats(rank)
    case 24:
      bytes(1)
      affine()
    case 25: affine()
    case 26:
      convolution()
      bytes(1)
      sumResult()
    case 27: sumResult()
    case 28:
      pooling()
      bytes(1)
      requantization()
    case 29:
      signeds(3)
      bytes(3)
    case 30:
      bytes(2)
      requantization()
    case 31: bytes(258)
    case 32:
      sizes(2)
      list(256)
    default: preconditionFailure("The document knows no operator \(number)")
    }
  }
}
