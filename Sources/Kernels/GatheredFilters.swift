import CKernels

/// One table of codes from which a sparse kernel picks.
public typealias GatherTable = dc_gather_table
/// Sparse weights as kernels read them.
public typealias GatheredWeights = dc_gathered

/// Sparse s8 weights in rounds, for the kernels that skip zeros: what `dc_gathered` points to.
///
/// A round picks four codes for each of 16 outputs, so a layer takes the time of its rounds, not of its products. `fill`
/// says how many of the places in rounds hold a weight. Within `span` outputs, those with as many weights lie together.
///
///     let sparse = GatheredFilters(filters)
///     let multipliers = sparse.places.map { multipliers[$0] }     // parameters go by place
public struct GatheredFilters {
  /// Outputs that trade places, and of which a call's channels begin at a multiple.
  public static let span = Int(DC_GATHER_SPAN)

  /// `tables[t]` and `tables[t + 1]` are what a round at `t` picks from.
  public private(set) var tables: [GatherTable] = []
  /// Rounds that begin at a table, `[group][table]`.
  public private(set) var rounds: [UInt8] = []
  /// Where the rounds of a group begin in `data`.
  public private(set) var groupOffsets: [Int] = []
  /// All rounds.
  public private(set) var data: [UInt8] = []
  /// The place, 0...255, of each output in its span; rounded up to 64 outputs.
  public private(set) var order: [UInt8]
  /// The output that is computed at each place.
  public private(set) var places: [Int] = []
  /// The two weights of narrow rounds; nil when rounds are wide.
  public let levels: (Int8, Int8)?
  /// Weights that are not zero.
  public private(set) var nonzeroCount = 0

  /// Rounds of all groups together.
  public var roundCount: Int { data.count / (levels == nil ? 128 : 64) }
  /// Weights over places in rounds, 0...1; 1 where there are none.
  public var fill: Double { data.isEmpty ? 1 : Double(nonzeroCount) / Double(roundCount * 64) }

  /// Packs all outputs of `filters`.
  ///
  /// - Parameters:
  ///   - filters: s8 weights.
  ///   - levels: the only two weights other than 0, for narrow rounds: half the bytes, a little more work. Both differ
  ///     from 0. With nil any weights may occur.
  public init(_ filters: Filters, levels: (Int8, Int8)? = nil) {
    self.levels = levels
    let outputs = Int(filters.outputs)
    order = [UInt8](repeating: 0, count: (outputs + 63) / 64 * 64)
    var filters = filters
    var pair: [Int8] = levels.map { [$0.0, $0.1] } ?? []
    pair.withUnsafeMutableBufferPointer { pair in
      let levels = UnsafePointer<Int8>(levels == nil ? nil : pair.baseAddress)
      tables = [GatherTable](repeating: GatherTable(), count: Int(dc_gather_tables(&filters, levels, nil)))
      _ = tables.withUnsafeMutableBufferPointer { dc_gather_tables(&filters, levels, $0.baseAddress) }
      setOrder(&filters)
      pack(&filters, levels)
    }
  }

  private mutating func setOrder(_ filters: inout Filters) {
    var block = [UInt8](repeating: 0, count: Self.span)
    for begin in stride(from: 0, to: Int(filters.outputs), by: Self.span) {
      let end = min(begin + Self.span, Int(filters.outputs))
      dc_gather_order(&filters, Int32(begin), Int32(end), &block)
      for place in 0..<end - begin {
        order[begin + Int(block[place])] = UInt8(place)
        places.append(begin + Int(block[place]))
      }
    }
  }

  private mutating func pack(_ filters: inout Filters, _ levels: UnsafePointer<Int8>?) {
    let groups = (places.count + 15) / 16
    rounds = [UInt8](repeating: 0, count: groups * tables.count)
    var buffer = [UInt8](repeating: 0, count: dc_gathered_most_bytes(&filters, levels))
    for group in 0..<groups {
      let outputs = places[group * 16..<min(group * 16 + 16, places.count)].map { Int32($0) }
      groupOffsets.append(data.count)
      let byteCount = rounds.withUnsafeMutableBufferPointer { rounds in
        dc_pack_gathered(
          &filters, levels, tables, outputs, Int32(outputs.count), rounds.baseAddress.map { $0 + group * tables.count },
          &buffer)
      }
      data += buffer[..<byteCount]
    }
    nonzeroCount = countOfNonzeros
  }

  /// Places of rounds that hold a weight.
  private var countOfNonzeros: Int {
    var count = 0
    for round in 0..<roundCount {
      for place in 0..<64 {
        if levels == nil {
          count += data[round * 128 + 64 + place] != 0 ? 1 : 0
        } else {
          count += data[round * 64 + place] & 127 != 63 ? 1 : 0
        }
      }
    }
    return count
  }
}
