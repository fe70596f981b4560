import Planning

/// A layer with one positive and one negative level, and zeros.
struct TernaryRows {
  /// −1, 0, 1; `[outputs][taps][channels]`.
  var signs: [Int8]
  var plus: Int
  var minus: Int

  /// Nil if there are other levels, or no zeros.
  init?(_ levels: [Int8]) {
    let distinct = Set(levels)
    let (positive, negative) = (distinct.filter { $0 > 0 }, distinct.filter { $0 < 0 })
    guard distinct.contains(0), positive.count <= 1, negative.count <= 1 else { return nil }
    signs = levels.map { $0.signum() }
    plus = Int(positive.first ?? 0)
    minus = -Int(negative.first ?? 0)
  }

  /// Rows as `[kernel rows][channels][kernel columns]`: the order of planes.
  func inPlanes(_ rows: WeightRows, kernelColumns: Int) -> [Int8] {
    var ordered: [Int8] = []
    ordered.reserveCapacity(signs.count)
    for output in 0..<rows.outputs {
      for kernelRow in 0..<rows.taps / kernelColumns {
        for channel in 0..<rows.channels {
          for column in 0..<kernelColumns {
            let tap = kernelRow * kernelColumns + column
            ordered.append(signs[(output * rows.taps + tap) * rows.channels + channel])
          }
        }
      }
    }
    return ordered
  }
}

/// Where the planes of a layer lie in scratch memory: the fields of the emitted structure.
struct PlaneLayout {
  var rows: Int
  var rowByteCount: Int
  var pitch: Int
  var phaseByteCount: Int
  var left: Int
  /// Offset of each kernel column.
  var steps: [Int]
  /// The most places of positive, and of negative weights in a row.
  var positives: Int
  var negatives: Int

  init(
    _ sum: WeightedSum, _ input: MapLayout, _ output: MapLayout, signs: [Int8], outputs: Int, budget: Int, limit: Int
  ) {
    let stride = sum.strides.columns
    // Planes of neighboring columns begin at whole words.
    left = stride == 1 ? (sum.origin.columns + 3) / 4 * 4 : sum.origin.columns
    let shift = left - sum.origin.columns
    let last = (sum.kernel.columns - 1 + shift) / stride
    let stored = (left + input.columns - 1) / stride + 1
    phaseByteCount = (max(last + (output.columns + 7) / 8 * 8, stored) + 3) / 4 * 4
    pitch = stride * phaseByteCount
    rowByteCount = input.channels * pitch
    let (phases, phase) = (stride, phaseByteCount)
    steps = (0..<sum.kernel.columns).map { ($0 + shift) % phases * phase + ($0 + shift) / phases }
    let length = signs.count / outputs
    let counts = Swift.stride(from: 0, to: signs.count, by: length).map { start in
      let row = signs[start..<start + length]
      return (row.count { $0 > 0 }, row.count { $0 < 0 })
    }
    positives = counts.map(\.0).max() ?? 0
    negatives = counts.map(\.1).max() ?? 0
    rows = 1
    let limit = max(min(budget, limit), Self.comfortableByteCount)
    rows = (1...output.rows).last { byteCount(sum, rows: $0) <= limit } ?? 1
  }

  /// Scratch memory that a layer may take even if that is more than other steps need.
  static let comfortableByteCount = 3072

  func byteCount(_ sum: WeightedSum) -> Int { byteCount(sum, rows: rows) }

  private func byteCount(_ sum: WeightedSum, rows: Int) -> Int {
    4 * (positives + negatives) + ((rows - 1) * sum.strides.rows + sum.kernel.rows) * rowByteCount
  }

  func fields(_ sum: WeightedSum) -> [Int] {
    let taps = sum.kernel.columns
    return [
      rows, rowByteCount, pitch, phaseByteCount, left, taps, (65536 + taps - 1) / taps, positives,
      positives + negatives,
    ]
  }
}

extension CProgram {
  /// The weights of a layer that adds up the codes at them; nil if it is not one.
  func additions(_ sum: WeightedSum, _ rows: WeightRows, input: MapLayout, output: MapLayout) -> TernaryRows? {
    guard options.addsOnlyNonzeros, packsWeights, sum.groups == 1, rows.length < SparseForm.placeLimit,
      let ternary = TernaryRows(rows.levels)
    else { return nil }
    let isDense = output.rows * output.columns == 1 && sum.seesAll(of: input)
    guard isDense || sum.dilations == (1, 1) && rows.length * sum.kernel.columns < 65536 else { return nil }
    return ternary
  }

  /// The call of a layer that adds up the codes at its weights.
  mutating func sparseCall(
    _ sum: WeightedSum, _ step: Step, _ rows: WeightRows, _ ternary: TernaryRows, input: MapLayout, output: MapLayout,
    start: [String], result: CKernel.ResultKind, factor: Int, following: [String]
  ) throws(NoCode) -> [String] {
    let factors = [String(ternary.plus * factor), String(ternary.minus * factor)]
    if output.rows * output.columns == 1, sum.seesAll(of: input) {
      let (form, codes) = smallest(ternary.signs, length: rows.length)
      return call(
        .sparseDense(result, form), start + [data.array("weights", codes, isWeights: true)] + factors + following)
    }
    let signs = ternary.inPlanes(rows, kernelColumns: sum.kernel.columns)
    let layout = PlaneLayout(
      sum, input, output, signs: signs, outputs: rows.outputs, budget: freeByteCount(),
      limit: scratchLimit)
    guard layout.byteCount(sum) < Self.sizeLimit else { throw NoCode("its planes are too large") }
    let (form, codes) = smallest(signs, length: rows.length)
    let isProved = !core.hasDSP || max(layout.positives, layout.negatives) <= 257
    rowsAtATime[calls.count] = layout.rows
    let planes = [
      data.array("weights", codes, isWeights: true), data.structure("planes", layout.fields(sum)),
      data.array("steps", layout.steps.map(Int32.init)),
    ]
    let places = "(uint32_t *)(void *)(" + scratch(layout.byteCount(sum), step) + ")"
    return call(
      .sparseLayer(result, form, core, isProved: isProved), start + planes + factors + following + [places])
  }

  /// The form of the fewest bytes; trits, which are slow to read, must save an eighth.
  func smallest(_ signs: [Int8], length: Int) -> (SparseForm, [UInt8]) {
    let all = SparseForm.allCases.map { ($0, $0.codes(signs, length: length)) }
    func cost(_ entry: (form: SparseForm, codes: [UInt8])) -> Int {
      entry.codes.count * (entry.form == .trits ? 9 : 8)
    }
    return all.dropFirst().reduce(all[0]) { cost($1) < cost($0) ? $1 : $0 }
  }
}
