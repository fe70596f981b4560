/// Decoders of weight codes written from Documentation/format.md alone: slow, obvious, for sound bytes only.
struct DocumentCodes {
  private var bytes: [UInt8]
  private let count: Int
  private let rowLength: Int
  /// The encoding's first byte.
  private let encoding: Int
  /// Next bit.
  private var place = 0

  init(_ bytes: [UInt8], _ count: Int, _ rowLength: Int, _ encoding: Int) {
    (self.bytes, self.count, self.rowLength, self.encoding) = (bytes, count, rowLength, encoding)
  }

  private var isTernary: Bool { encoding & 0x80 != 0 }
  private var width: Int { isTernary ? 2 : encoding % 32 + 1 }

  /// By the number of the weight code.
  func codes(_ code: Int) -> [Int] {
    var copy = self
    switch code {
    case 1: return copy.raw()
    case 2: return (0..<count).map { Int(bytes[$0 / 5]) / [1, 3, 9, 27, 81][$0 % 5] % 3 - 1 }
    case 3: return copy.bitmap()
    case 4: return copy.gaps()
    case 5: return copy.rans()
    case 6: return copy.runs()
    case 7: return codebook()
    default: return copy.mixed()
    }
  }

  private mutating func bits(_ count: Int) -> Int {
    defer { place += count }
    return (0..<count).reduce(0) { value, index in
      let bit = Int(bytes[(place + index) / 8] >> ((place + index) % 8)) & 1
      return value | bit << index
    }
  }

  private mutating func align() { place = (place + 7) / 8 * 8 }

  private mutating func varint() -> Int {
    let byte = bits(8)
    return byte < 128 ? byte : byte - 128 + 128 * varint()
  }

  /// The code of k bits.
  private func code(_ bits: Int) -> Int {
    if isTernary { return [0, 1, 99, -1][bits] }
    if encoding & 0x20 == 0 { return bits }
    if width == 1 { return 2 * bits - 1 }
    return bits >= 1 << (width - 1) ? bits - 1 << width : bits
  }

  private mutating func raw() -> [Int] { (0..<count).map { _ in code(bits(width)) } }

  private mutating func bitmap() -> [Int] {
    let isSet = (0..<count).map { _ in bits(1) == 1 }
    align()
    return isSet.map { $0 ? 1 - 2 * bits(1) : 0 }
  }

  private mutating func gaps() -> [Int] {
    guard count > 0 else { return [] }
    let lengths = (0..<17).map { _ in bits(4) }
    var table: [String: Int] = [:]
    var next = 0
    for length in 1...15 {
      next *= 2
      for symbol in 0..<17 where lengths[symbol] == length {
        let digits = String(next, radix: 2)
        table[String(repeating: "0", count: length - digits.count) + digits] = symbol
        next += 1
      }
    }
    var codes: [Int] = []
    while codes.count < count {
      var word = ""
      while table[word] == nil { word += String(bits(1)) }
      let symbol = table[word]!
      codes += [Int](repeating: 0, count: min(symbol, count - codes.count))
      if symbol < 16 { codes.append(1 - 2 * bits(1)) }
    }
    return codes
  }

  private mutating func rans() -> [Int] {
    guard count > 0 else { return [] }
    let symbolCount = isTernary ? 3 : 1 << width
    let head = bits(8)
    let takesTurns = head & 16 != 0
    let (order, laneCount) = (head % 4, takesTurns ? 32 : head & 4 == 0 ? 1 : 4)
    // Contexts as lists of the symbols before, the newest last.
    var contexts: [[Int]] = [[]]
    for _ in 0..<order { contexts = contexts.flatMap { context in (0..<symbolCount).map { context + [$0] } } }
    var tables: [[Int]: [Int]] = [:]
    for context in contexts { tables[context] = table(symbolCount) }
    align()
    var codes = [Int](repeating: 0, count: count)
    for rows in groups(isGrouped: head & 8 != 0) {
      var states = (0..<laneCount).map { _ in bits(32) }
      if takesTurns {
        for index in rows.lowerBound * rowLength..<rows.upperBound * rowLength {
          let symbol = step(&states[(index - rows.lowerBound * rowLength) % 32], tables[[]]!)
          codes[index] = isTernary ? [0, 1, -1][symbol] : code(symbol)
        }
        continue
      }
      for band in stride(from: rows.lowerBound, to: rows.upperBound, by: laneCount) {
        var before = [[Int]](repeating: [Int](repeating: 0, count: order), count: laneCount)
        for column in 0..<rowLength {
          for lane in 0..<min(laneCount, rows.upperBound - band) {
            let symbol = step(&states[lane], tables[before[lane]]!)
            codes[(band + lane) * rowLength + column] = isTernary ? [0, 1, -1][symbol] : code(symbol)
            before[lane] = Array((before[lane] + [symbol]).suffix(order))
          }
        }
      }
    }
    return codes
  }

  private mutating func runs() -> [Int] {
    guard count > 0 else { return [] }
    let head = bits(8)
    let (laneCount, longest) = ([1, 4, 32][head % 4], bits(8))
    let frequencies = table(2 * longest + 1)
    align()
    var codes: [Int] = []
    for rows in groups(isGrouped: head & 8 != 0) {
      let symbolCount = varint()
      var states = (0..<laneCount).map { _ in bits(32) }
      for index in 0..<symbolCount {
        let symbol = step(&states[index % laneCount], frequencies)
        codes += [Int](repeating: 0, count: symbol / 2)
        if symbol < 2 * longest { codes.append(symbol % 2 == 0 ? 1 : -1) }
      }
      codes = Array(codes.prefix(rows.upperBound * rowLength))
    }
    return codes
  }

  private func codebook() -> [Int] {
    guard count > 0 else { return [] }
    let levelCount = Int(bytes[0]) + 1
    let levels = bytes[1...levelCount].map { Int(Int8(bitPattern: $0)) }
    let width = (1...8).first { 1 << $0 >= levelCount }!
    // Plain codes of that width.
    let rest = Array(bytes[(levelCount + 1)...])
    return DocumentCodes(rest, count, rowLength, width - 1).codes(5).map { levels[$0] }
  }

  /// Frequencies by symbol.
  private mutating func table(_ symbolCount: Int) -> [Int] {
    var table: [Int] = []
    for _ in 1..<symbolCount {
      let width = bits(4)
      table.append(width < 2 ? width : 1 << (width - 1) + bits(width - 1))
    }
    return table + [4096 - table.reduce(0, +)]
  }

  private mutating func mixed() -> [Int] {
    guard count > 0 else { return [] }
    let head = bits(8)
    let (columns, taps) = (bits(8), bits(8))
    let rowCount = count / rowLength
    let rowsPerGroup = head == 8 ? varint() : rowCount
    let sizes = (0..<(rowCount - 1) / rowsPerGroup).map { _ in varint() }
    var (codes, start) = ([Int](), place / 8)
    for (group, first) in stride(from: 0, to: rowCount, by: rowsPerGroup).enumerated() {
      let end = group < sizes.count ? start + sizes[group] : bytes.count
      var model = DocumentMixedModel(Array(bytes[start..<end]), columns: columns, taps: taps, rowLength: rowLength)
      for _ in first..<min(first + rowsPerGroup, rowCount) { codes += model.row() }
      start = end
    }
    return codes
  }

  /// The rows of each group; reads past the index.
  private mutating func groups(isGrouped: Bool) -> [Range<Int>] {
    let rowCount = count / rowLength
    let rowsPerGroup = isGrouped ? varint() : rowCount
    for _ in 0..<(rowCount - 1) / rowsPerGroup { _ = varint() }
    return stride(from: 0, to: rowCount, by: rowsPerGroup).map { $0..<min($0 + rowsPerGroup, rowCount) }
  }

  private mutating func step(_ state: inout Int, _ table: [Int]) -> Int {
    let slot = state % 4096
    var (symbol, sum) = (0, 0)
    while sum + table[symbol] <= slot {
      sum += table[symbol]
      symbol += 1
    }
    state = table[symbol] * (state / 4096) + slot - sum
    if state < 65536 { state = state * 65536 + bits(16) }
    return symbol
  }
}
