/// The model of coded bytes in the condensed section, written from Documentation/format.md alone: slow, obvious, for sound bytes only.
struct DocumentByteModel {
  private struct Counter {
    var probability = 32_768
    var seen = 0

    mutating func learn(_ bit: Int) {
      probability += (((bit == 1 ? 65_535 : 0) - probability) * (131_072 / (2 * seen + 3))) >> 16
      seen = min(seen + 1, 20)
    }
  }

  private var bits: DocumentBits
  private let size: Int
  private var tables = [[Int: Counter]](repeating: [:], count: 4)
  private var agreements: [Int: Counter] = [:]
  private var weights = [[Int]](repeating: [22_938, 22_938, 22_938, 22_938, 22_938], count: 16)
  private var places: [Int: Int] = [:]
  private var guess: (place: Int, length: Int)?
  private var bytes: [UInt8] = []
  private var taken = 0

  init(_ coded: [UInt8], count: Int) {
    bits = DocumentBits(coded)
    size = (10...16).first { 1 << $0 >= 4 * count } ?? 16
    for _ in 0..<count { next() }
  }

  /// The next bytes of all.
  mutating func take(_ count: Int) -> [UInt8] {
    taken += count
    return Array(bytes[taken - count..<taken])
  }

  private func hash(_ h: Int, _ k: Int) -> Int { ((h * 2_654_435_761) % (1 << 32)) >> (32 - k) }

  private var before: (x: Int, y: Int, z: Int) {
    let last = ([0, 0, 0] + bytes.suffix(3).map(Int.init)).suffix(3).map { $0 }
    return (last[2], last[1], last[0])
  }

  private mutating func next() {
    var c = 1
    for place in [7, 6, 5, 4, 3, 2, 1, 0] { c = 2 * c + bit(place, c) }
    let byte = UInt8(c - 256)
    if let old = guess {
      guess = bytes[old.place] == byte ? (old.place + 1, min(old.length + 1, 15)) : nil
    }
    bytes.append(byte)
    let (x, y, z) = before
    let q = hash(x + 256 * y + 65_536 * z, 12)
    if guess == nil, let place = places[q] { guess = (place, 1) }
    places[q] = bytes.count
  }

  private mutating func bit(_ place: Int, _ c: Int) -> Int {
    let (x, y, z) = before
    let keys = [
      c, hash(256 * x + c, size), hash(256 * (x + 256 * y) + c, size), hash(256 * (y + 256 * z) + c, size),
    ]
    var counters = (0..<4).map { tables[$0][keys[$0]] ?? Counter() }
    var (level, agreement) = (0, 0)
    if let guess, (Int(bytes[guess.place]) + 256) >> (place + 1) == c {
      level = guess.length
      agreement = 2 * level + (Int(bytes[guess.place]) >> place) % 2
      counters.append(agreements[agreement] ?? Counter())
    }
    let sure = counters.map { DocumentBits.stretched[$0.probability >> 4] }
    let q = DocumentBits.squash(zip(weights[level], sure).reduce(0) { $0 + $1.0 * $1.1 } >> 16)
    let bit = bits.bit(q)
    let error = bit == 1 ? 12 * (4096 - q) : -12 * q
    for (index, sure) in sure.enumerated() {
      weights[level][index] = min(max(weights[level][index] + ((sure * error + 8192) >> 14), -131_072), 131_072)
      counters[index].learn(bit)
    }
    for index in 0..<4 { tables[index][keys[index]] = counters[index] }
    if counters.count == 5 { agreements[agreement] = counters[4] }
    return bit
  }
}

/// Bits of known probability, written from the document.
struct DocumentBits {
  private static let curve = [
    1, 2, 3, 6, 10, 16, 27, 45, 73, 120, 194, 310, 488, 747, 1101, 1546, 2047, 2549, 2994, 3348, 3607, 3785, 3901, 3975,
    4024, 4050, 4068, 4079, 4085, 4089, 4092, 4093, 4094,
  ]
  static let stretched = (0..<4096).map { q in (-2047...2047).first { squash($0) >= q } ?? 2047 }

  static func squash(_ x: Int) -> Int {
    let x = min(max(x, -2047), 2047)
    let (i, j) = ((x >> 7) + 16, x & 127)
    return (curve[i] * (128 - j) + curve[i + 1] * j + 64) >> 7
  }

  private let bytes: [UInt8]
  private var next = 0
  private var (a, b, v) = (0, 0xFFFF_FFFF, 0)

  init(_ bytes: [UInt8]) {
    self.bytes = bytes
    for _ in 0..<4 { take() }
  }

  private mutating func take() {
    v = (v << 8 | (next < bytes.count ? Int(bytes[next]) : 0)) & 0xFFFF_FFFF
    next += 1
  }

  mutating func bit(_ q: Int) -> Int {
    let m = a + ((b - a) >> 12) * q
    let bit = v <= m ? 1 : 0
    if bit == 1 { b = m } else { a = m + 1 }
    while a >> 24 == b >> 24 {
      (a, b) = (a << 8 & 0xFFFF_FFFF, (b << 8 | 255) & 0xFFFF_FFFF)
      take()
    }
    return bit
  }
}
