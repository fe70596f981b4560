/// The model of the code `mixed`, written from Documentation/format.md alone: slow, obvious, for sound bytes only.
struct DocumentMixedModel {
  private struct Counter {
    var probability: Int
    var seen = 0

    mutating func learn(_ bit: Int) {
      probability += (((bit == 1 ? 65_535 : 0) - probability) * (131_072 / (2 * seen + 3))) >> 16
      seen = min(seen + 1, 127)
    }

    var stretched: Int { DocumentBits.stretched[probability >> 4] }
  }

  private var bits: DocumentBits
  private let columns: Int
  private let taps: Int
  private let rowLength: Int
  private var near: [[Counter]]
  private var signs: [[Counter]]
  private var planes: [Counter]
  private var weights: [[Int]]

  init(_ bytes: [UInt8], columns: Int, taps: Int, rowLength: Int) {
    (bits, self.columns, self.taps, self.rowLength) = (DocumentBits(bytes), columns, taps, rowLength)
    near = [[Counter]](repeating: [Counter](repeating: Counter(probability: 16_384), count: 16), count: taps)
    signs = [[Counter]](repeating: [Counter](repeating: Counter(probability: 32_768), count: 9), count: taps)
    planes = [Counter](repeating: Counter(probability: 16_384), count: rowLength / taps)
    weights = [[Int]](repeating: [22_938, 22_938, 22_938], count: taps)
  }

  /// The codes of the next row.
  mutating func row() -> [Int] {
    var codes: [Int] = []
    var own = Counter(probability: 16_384)
    for index in 0..<rowLength {
      let tap = index % taps
      let (x, y) = (tap % columns, tap / columns)
      var around = [0, 0, 0, 0]
      if taps == 1 {
        for k in 1...3 where k <= index { around[k - 1] = codes[index - k] }
      } else {
        if x > 0 { around[0] = codes[index - 1] }
        if y > 0 { around[1] = codes[index - columns] }
        if y > 0 && x < columns - 1 { around[2] = codes[index - columns + 1] }
        if y > 0 && x > 0 { around[3] = codes[index - columns - 1] }
      }
      let context = (0..<4).reduce(0) { $0 + (around[$1] == 0 ? 0 : 1 << $1) }
      let plane = index / taps
      let sure = [near[tap][context].stretched, own.stretched, planes[plane].stretched]
      let q = DocumentBits.squash((0..<3).reduce(0) { $0 + weights[tap][$1] * sure[$1] } >> 16)
      let isSet = bits.bit(q)
      let error = isSet == 1 ? 12 * (4096 - q) : -12 * q
      for place in 0..<3 {
        weights[tap][place] = min(max(weights[tap][place] + ((sure[place] * error + 8192) >> 14), -262_144), 262_144)
      }
      near[tap][context].learn(isSet)
      own.learn(isSet)
      planes[plane].learn(isSet)
      guard isSet == 1 else {
        codes.append(0)
        continue
      }
      let sign = 3 * (around[0] + 1) + around[1] + 1
      let isPositive = bits.bit(max(signs[tap][sign].probability, 16) >> 4)
      signs[tap][sign].learn(isPositive)
      codes.append(2 * isPositive - 1)
    }
    return codes
  }
}
