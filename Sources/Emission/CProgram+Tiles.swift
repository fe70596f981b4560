import Planning

/// The rows of weights of a layer: `[outputs][taps][channels]`.
struct WeightRows {
  var levels: [Int8]
  var outputs: Int
  var taps: Int
  var channels: Int

  var length: Int { taps * channels }

  /// Of the magnitudes of sums.
  var bound: Int {
    stride(from: 0, to: levels.count, by: length).map { start in
      255 * levels[start..<start + length].reduce(0) { $0 + Int($1.magnitude) }
    }.max() ?? 0
  }

  /// 0 beyond the last row, and beyond a row's end.
  func level(_ output: Int, _ term: Int) -> Int8 {
    output < outputs && term < length ? levels[output * length + term] : 0
  }
}

/// Weights in the order in which the tiles of a core read them.
extension CProgram {
  /// Tiles of convolutions: for some outputs at a time, runs of terms, row by row.
  mutating func tileWeights(_ rows: WeightRows) -> String {
    let depth = (rows.length + core.tileDepth - 1) / core.tileDepth * core.tileDepth
    return interleaved(rows, outputs: core.tileOutputs, depth: depth)
  }

  /// Tiles of dense layers.
  mutating func denseWeights(_ rows: WeightRows) -> String {
    let depth = (rows.length + core.weightRun - 1) / core.weightRun * core.weightRun
    return interleaved(rows, outputs: CoreKind.denseOutputs, depth: depth)
  }

  /// Depthwise layers: `[channels / 4][taps][4]`.
  mutating func channelWeights(_ rows: WeightRows) -> String {
    var bytes: [Int8] = []
    for first in stride(from: 0, to: rows.outputs, by: 4) {
      for tap in 0..<rows.taps {
        bytes += (first..<first + 4).map { rows.level($0, tap) }
      }
    }
    return core == .armDSP
      ? data.array("weights", words(bytes.map(UInt8.init(bitPattern:))), isWeights: true)
      : data.array("weights", bytes, isWeights: true)
  }

  private mutating func interleaved(_ rows: WeightRows, outputs: Int, depth: Int) -> String {
    let run = core.weightRun
    var bytes: [UInt8] = []
    bytes.reserveCapacity((rows.outputs + outputs) * depth)
    for first in stride(from: 0, to: rows.outputs, by: outputs) {
      for term in stride(from: 0, to: depth, by: run) {
        for output in first..<first + outputs {
          for place in term..<term + run {
            let isPadding = place >= rows.length
            bytes.append(UInt8(truncatingIfNeeded: Int(rows.level(output, place)) + (isPadding ? 0 : core.weightBias)))
          }
        }
      }
    }
    switch core {
    case .armDSP: return data.array("weights", words(bytes), isWeights: true)
    case .armv6m, .armMVE: return data.array("weights", bytes, isWeights: true)
    case .portable, .riscv32, .riscvVector:
      return data.array("weights", bytes.map(Int8.init(bitPattern:)), isWeights: true)
    }
  }

  /// Bytes as little-endian words.
  private func words(_ bytes: [UInt8]) -> [UInt32] {
    stride(from: 0, to: bytes.count, by: 4).map { first in
      (0..<4).reduce(0) { $0 | UInt32(bytes[first + $1]) << UInt32(8 * $1) }
    }
  }
}
