import Tensors

/// How the weights of a layer lie in flash.
enum WeightForm: Int, CaseIterable, Hashable {
  /// Indices into a list of 2 levels, 8 in a byte, lowest bits first.
  case bits = 1
  /// Of 4 levels, 4 in a byte.
  case pairs = 2
  /// Of 16 levels, 2 in a byte.
  case nibbles = 4
  /// Signed bytes, the levels themselves.
  case bytes = 8

  /// Suffix of the kernels that read it.
  var suffix: String { "w" + String(rawValue) }

  /// Parameters of a kernel, and what they are called with.
  var parameters: String {
    self == .bytes ? "const int8_t *weights" : "const uint8_t *weights, const int8_t *levels"
  }
  var arguments: String { self == .bytes ? "weights" : "weights, levels" }

  /// Weight `i`, in C.
  var weight: String {
    switch self {
    case .bits: "levels[(weights[i >> 3] >> (i & 7)) & 1]"
    case .pairs: "levels[(weights[i >> 2] >> (2 * (i & 3))) & 3]"
    case .nibbles: "levels[(weights[i >> 1] >> (4 * (i & 1))) & 15]"
    case .bytes: "weights[i]"
    }
  }
}

/// The weights of a layer in the order and form in which kernels read them.
struct LayerCodes {
  var form: WeightForm
  /// Distinct levels, ascending; empty for bytes.
  var levels: [Int8]
  /// Levels, or packed indices.
  var bytes: [UInt8]

  /// - Parameters:
  ///   - levels: the integers that multiply activations, in the kernels' order.
  ///   - packs: whether few levels are packed; else a byte each.
  init(_ numbers: [Int8], packs: Bool) {
    let distinct = Set(numbers).sorted()
    let form = packs ? WeightForm.allCases.first { distinct.count <= 1 << $0.rawValue && $0 != .bytes } : nil
    guard let form else {
      (self.form, levels) = (.bytes, [])
      bytes = numbers.map(UInt8.init(bitPattern:))
      return
    }
    (self.form, levels) = (form, distinct)
    var places = [UInt8](repeating: 0, count: 256)
    for (place, level) in distinct.enumerated() { places[Int(UInt8(bitPattern: level))] = UInt8(place) }
    let perByte = 8 / form.rawValue
    bytes = [UInt8](repeating: 0, count: (numbers.count + perByte - 1) / perByte)
    for (index, number) in numbers.enumerated() {
      bytes[index / perByte] |= places[Int(UInt8(bitPattern: number))] << UInt8(index % perByte * form.rawValue)
    }
  }
}
