import Tensors

/// The codes 0...255 that a value can have.
///
///     CodeSet(0...2).bits                            // 0b11
///     graph.codeSets[input.index].bits.nonzeroBitCount    // 1 for signs, whose codes are 0 and 2
public struct CodeSet: Hashable, Sendable {
  private var words: SIMD4<UInt64>

  /// All of 0...255.
  public static let all = CodeSet(words: SIMD4(repeating: .max))
  public static let none = CodeSet(words: SIMD4(repeating: 0))

  private init(words: SIMD4<UInt64>) { self.words = words }

  /// The codes of a range, as far as they are in 0...255.
  public init(_ range: ClosedRange<Int32>) {
    self = .none
    for code in range.clamped(to: 0...255) { insert(UInt8(truncatingIfNeeded: code)) }
  }

  public func contains(_ code: UInt8) -> Bool { words[Int(code >> 6)] >> UInt64(code & 63) & 1 != 0 }

  public mutating func insert(_ code: UInt8) { words[Int(code >> 6)] |= 1 << UInt64(code & 63) }

  public func union(_ other: CodeSet) -> CodeSet { CodeSet(words: words | other.words) }

  /// Ones where a code has a bit.
  public var bits: UInt8 {
    var bits: UInt8 = 0
    for code in UInt8.min...UInt8.max where contains(code) { bits |= code }
    return bits
  }

  /// What a table makes of the codes.
  func mapped(by table: LookupTable) -> CodeSet {
    var result = CodeSet.none
    for code in UInt8.min...UInt8.max where contains(code) { result.insert(table.results[Int(code)]) }
    return result
  }
}

extension Graph {
  /// The codes that each value can have, by value: what rules and tables leave, moved with the values. All codes where
  /// nothing is known, and for values that are no unsigned codes.
  public var codeSets: [CodeSet] {
    var sets = [CodeSet](repeating: .all, count: values.count)
    for node in nodes where self[node.output].type.elementType == .uint8 {
      sets[node.output.index] = codeSet(node, sets)
    }
    return sets
  }

  private func codeSet(_ node: Node, _ sets: [CodeSet]) -> CodeSet {
    let operands = node.inputs.compactMap { $0.map { sets[$0.index] } }
    let first = operands.first ?? .all
    switch node.operator {
    case .integer(let integer):
      switch integer {
      case .convolution(_, _, .codes(let rule)), .dense(.codes(let rule)), .averagePooling(_, _, let rule),
        .multiplication(_, _, let rule):
        return CodeSet(rule.codeRange)
      case .addition(let rule): return CodeSet(rule.codeRange)
      case .lookup(let table): return first.mapped(by: table)
      case .convolution(_, _, .real), .dense(.real), .softmax: return .all
      }
    case .concatenation: return operands.reduce(.none) { $0.union($1) }
    case .pooling(let pooling): return pooling.window.isPadded ? first.union(CodeSet(0...0)) : first
    case .reshape, .transpose, .slice, .expand: return first
    default: return .all
    }
  }
}
