/// How the signs of ternary weights lie in flash: row by row, each row at a byte of its own.
///
/// A row is two lists of places, of positive and then of negative weights, or all its signs.
enum SparseForm: String, CaseIterable {
  /// A list is a count, then the number of weights passed over before each; the largest code passes over as many
  /// weights as it says and no more. Two codes in a byte, lower half first.
  case nibbles = "g4"
  case bytes = "g8"
  /// Five signs in a byte, as fractions in base 3: `code * 3 >> 8` is the first plus 1, `code * 3 & 255` the rest.
  case trits = "t5"

  /// The codes of rows of `length` signs (−1, 0, 1).
  func codes(_ signs: [Int8], length: Int) -> [UInt8] {
    var codes: [UInt8] = []
    for start in stride(from: 0, to: signs.count, by: length) {
      let row = signs[start..<start + length]
      switch self {
      case .trits: codes += Self.trits(Array(row))
      case .nibbles, .bytes:
        for sign in [Int8(1), -1] {
          codes += list(row.indices.filter { row[$0] == sign }.map { $0 - start })
        }
      }
    }
    return codes
  }

  private func list(_ places: [Int]) -> [UInt8] {
    let limit = self == .bytes ? 255 : 15
    var gaps: [UInt8] = []
    var next = 0
    for place in places {
      while place - next >= limit {
        gaps.append(UInt8(limit))
        next += limit
      }
      gaps.append(UInt8(place - next))
      next = place + 1
    }
    let count = places.count
    let start = count < 128 ? [UInt8(count)] : [UInt8(128 | count >> 8), UInt8(count & 255)]
    guard self == .nibbles else { return start + gaps }
    if gaps.count % 2 == 1 { gaps.append(0) }
    return start + stride(from: 0, to: gaps.count, by: 2).map { gaps[$0] | gaps[$0 + 1] << 4 }
  }

  private static func trits(_ signs: [Int8]) -> [UInt8] {
    stride(from: 0, to: signs.count, by: 5).map { first in
      let value = (first..<first + 5).reduce(0) { $0 * 3 + ($1 < signs.count ? Int(signs[$1]) + 1 : 1) }
      return UInt8((value * 256 + 242) / 243)
    }
  }

  /// Places that a list can count.
  static let placeLimit = 1 << 15
}
