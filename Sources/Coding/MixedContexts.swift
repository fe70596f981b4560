/// Ternary codes bit by bit, with probabilities that are learned on the way from what the neighbors are: in about an eighth
/// fewer bytes than their entropy for weights of trained networks, and in ten times the time of `RunsANS`.
///
/// A filter has planes of `taps` codes, one for each input channel, with `columns` in a row. A code is a bit that says
/// whether it is not 0, and then one for its sign. How sure the first is comes from three counters: of the codes left, above, above
/// right and above left in the plane and the place in it; of the row of weights; of the input channel. A mixer for each
/// place adds them up. The second has one counter for the place and the signs left and above.
///
///     head       byte: bit 3 groups
///     columns    byte, 1...64
///     taps       byte, columns...64, a multiple of columns
///     groups     see RowGroups; each starts anew, see BinaryEncoder
public struct MixedContexts {
  static let largestPlane = 64

  private let payload: UnsafeRawBufferPointer
  private let groups: RowGroups
  private let plane: Plane

  /// Reads the form of the planes and the sizes of the groups; the payload has to stay while this is used.
  ///
  /// - Parameters:
  ///   - payload: what `encode` made.
  ///   - count: codes in all.
  ///   - rowLength: codes in a row; `count` is a multiple.
  /// - Throws: `length` when there are more than 256 codes a byte; `truncated`, `invalidModel`, `unsupportedAlphabet`.
  public init(_ payload: UnsafeRawBufferPointer, count: Int, rowLength: Int) throws(CodingError) {
    try RowGroups.check(payload, count: count, rowLength: rowLength)
    var reader = ByteReader(payload)
    let head = try reader.byte()
    plane = Plane(columns: Int(try reader.byte()), taps: Int(try reader.byte()))
    guard head & ~8 == 0, plane.divides(rowLength) else { throw CodingError(.invalidModel, at: 0) }
    self.payload = payload
    groups = try RowGroups(payload, at: 3, isGrouped: head & 8 != 0, count: count, rowLength: rowLength)
  }

  public var groupCount: Int { groups.groupCount }

  /// The rows of a group.
  public func rows(ofGroup group: Int) -> Range<Int> { groups.rows(ofGroup: group) }

  /// Decodes one group into `codes`, which has room for its rows.
  ///
  /// - Throws: `truncated`, `invalidStream`, `length`, `padding` unless it ends as an encoder ends.
  public func decode(group: Int, into codes: UnsafeMutableBufferPointer<Int8>) throws(CodingError) {
    try Logistic.withTables { logistic throws(CodingError) in
      try decode(group, try groups.range(ofGroup: group), into: codes, logistic)
    }
  }

  /// Decodes everything into `codes`, one for each weight.
  public func decode(into codes: UnsafeMutableBufferPointer<Int8>) throws(CodingError) {
    precondition(codes.count == groups.rowCount * groups.rowLength, "There is room for exactly the codes")
    try Logistic.withTables { logistic throws(CodingError) in
      var index = try groups.index()
      for group in 0..<groupCount {
        let rows = rows(ofGroup: group)
        let places = rows.lowerBound * groups.rowLength..<rows.upperBound * groups.rowLength
        try decode(group, try index.next(), into: UnsafeMutableBufferPointer(rebasing: codes[places]), logistic)
      }
    }
  }

  private func decode(
    _ group: Int, _ range: Range<Int>, into codes: UnsafeMutableBufferPointer<Int8>, _ logistic: Logistic
  ) throws(CodingError) {
    let rows = rows(ofGroup: group).count
    precondition(codes.count >= rows * groups.rowLength, "There is room for a group")
    guard let base = codes.baseAddress else { return }
    base.update(repeating: 0, count: rows * groups.rowLength)
    var decoder = BinaryDecoder(UnsafeRawBufferPointer(rebasing: payload[range]))
    TernaryModel.code(base, rows: rows, rowLength: groups.rowLength, plane, logistic, &decoder)
    let byteCount: Int
    do throws(CodingError) { byteCount = try decoder.finish() } catch {
      throw CodingError(error.problem, at: range.lowerBound + error.offset)
    }
    try groups.finish(group, at: range.lowerBound + byteCount, in: range)
  }

  /// All codes of a payload.
  ///
  /// - Throws: as `init` and `decode(into:)`; `length` before anything is allocated.
  public static func decode(
    _ payload: UnsafeRawBufferPointer, count: Int, rowLength: Int
  ) throws(CodingError) -> [Int8] {
    guard count > 0 else { return try InterleavedANS.noCodes(payload) }
    let decoder = try MixedContexts(payload, count: count, rowLength: rowLength)
    return try InterleavedANS.array(count) { codes throws(CodingError) in try decoder.decode(into: codes) }
  }
}

/// How the codes of one input channel lie.
private struct Plane {
  var columns: Int
  var taps: Int

  func divides(_ rowLength: Int) -> Bool {
    columns > 0 && taps >= columns && taps <= MixedContexts.largestPlane && taps % columns == 0 && rowLength % taps == 0
  }
}

// MARK: - Encoding

extension MixedContexts {
  private static let groupByteCount = 32_768
  /// Codes from which the form of the planes is chosen.
  private static let sampleCount = 65_536
  private static let planes = [(1, 1), (3, 9), (5, 25), (7, 49), (3, 3), (2, 4)]

  /// - Parameters:
  ///   - codes: in rows, one after the other.
  ///   - rowLength: codes in a row, at least 1; the number of codes is a multiple.
  /// - Throws: `invalidCode` at the first code outside −1...1; `unsupportedAlphabet`, also for no codes.
  public static func encode(_ codes: [Int8], rowLength: Int) throws(CodingError) -> [UInt8] {
    guard !codes.isEmpty, rowLength > 0, codes.count % rowLength == 0 else {
      throw CodingError(.unsupportedAlphabet, at: 0)
    }
    if let index = codes.firstIndex(where: { !(-1...1).contains($0) }) { throw CodingError(.invalidCode, at: index) }
    return try Logistic.withTables { logistic throws(CodingError) in
      let rowCount = codes.count / rowLength
      let sampleRows = min(max(sampleCount / rowLength, 1), rowCount)
      var best = (plane: Plane(columns: 1, taps: 1), byteCount: Int.max)
      for (columns, taps) in planes {
        let plane = Plane(columns: columns, taps: taps)
        guard plane.divides(rowLength) else { continue }
        let byteCount = bytes(codes[..<(sampleRows * rowLength)], rowLength, plane, logistic).count
        if byteCount < best.byteCount { best = (plane, byteCount) }
      }
      let estimate = best.byteCount * rowCount / sampleRows
      let rowsPerGroup = RowGroups.rowsPerGroup(rowCount, lanes: 1, estimate: estimate, groupByteCount: groupByteCount)
      let groups = stride(from: 0, to: rowCount, by: rowsPerGroup).map { first in
        bytes(
          codes[first * rowLength..<min(first + rowsPerGroup, rowCount) * rowLength], rowLength, best.plane, logistic)
      }
      var writer = ByteWriter()
      writer.byte(groups.count > 1 ? 8 : 0)
      writer.byte(UInt8(best.plane.columns))
      writer.byte(UInt8(best.plane.taps))
      RowGroups.write(groups, rowsPerGroup: rowsPerGroup, count: codes.count, to: &writer)
      return writer.bytes
    }
  }

  private static func bytes(
    _ codes: ArraySlice<Int8>, _ rowLength: Int, _ plane: Plane, _ logistic: Logistic
  ) -> [UInt8] {
    var (encoder, copy) = (BinaryEncoder(), Array(codes))
    copy.withUnsafeMutableBufferPointer { codes in
      guard let base = codes.baseAddress else { return }
      TernaryModel.code(base, rows: codes.count / rowLength, rowLength: rowLength, plane, logistic, &encoder)
    }
    encoder.finish()
    return encoder.bytes
  }
}

// MARK: - The model

private enum TernaryModel {
  private static let contexts = 16
  private static let signs = 9

  /// Codes rows: writes those at `codes`, or reads them to there.
  static func code<Coder: BinaryCoding>(
    _ codes: UnsafeMutablePointer<Int8>, rows: Int, rowLength: Int, _ plane: Plane, _ logistic: Logistic,
    _ coder: inout Coder
  ) {
    let channels = rowLength / plane.taps
    let counterCount = 1 + channels + plane.taps * (contexts + signs)
    withUnsafeTemporaryAllocation(of: BitCounter.self, capacity: counterCount) { counters in
      withUnsafeTemporaryAllocation(of: BitMixer.self, capacity: plane.taps) { mixers in
        guard let row = counters.baseAddress, let mixers = mixers.baseAddress else { return }
        // A quarter of the weights are not 0, until more is known; as many are negative as positive.
        row.initialize(repeating: BitCounter(probability: 16_384), count: counterCount)
        let neighbors = row + 1 + channels
        let sign = neighbors + plane.taps * contexts
        sign.update(repeating: BitCounter(probability: 32_768), count: plane.taps * signs)
        mixers.initialize(repeating: BitMixer(), count: plane.taps)
        for index in 0..<rows {
          row.pointee = BitCounter(probability: 16_384)
          for channel in 0..<channels {
            let first = codes + index * rowLength + channel * plane.taps
            let before = channel * plane.taps
            for tap in 0..<plane.taps {
              let here = first + tap
              let around = Neighbors(here, tap, plane, before: before)
              let counter = neighbors + (tap &* contexts &+ around.context)
              let isSet = mixers[tap].code(
                here.pointee == 0 ? 0 : 1, counter, row, row + 1 + channel, logistic, &coder)
              guard isSet != 0 else {
                here.pointee = 0
                continue
              }
              let signCounter = sign + (tap &* signs &+ around.signs)
              let probability = min(max(signCounter.pointee.state & 0xFFFF, 16), 65_535) &>> 4
              let isPositive = coder.code(here.pointee > 0 ? 1 : 0, probability: probability)
              signCounter.pointee.learn(isPositive, logistic)
              here.pointee = isPositive == 0 ? -1 : 1
            }
          }
        }
      }
    }
  }

  /// The codes next to one that are known: in its plane, or, where a plane is a single code, the three before in the row.
  private struct Neighbors {
    var left: Int8 = 0
    var above: Int8 = 0
    var right: Int8 = 0
    var corner: Int8 = 0

    @inline(__always)
    init(_ here: UnsafeMutablePointer<Int8>, _ tap: Int, _ plane: Plane, before: Int) {
      guard plane.taps > 1 else {
        if before > 0 { left = here[-1] }
        if before > 1 { above = here[-2] }
        if before > 2 { right = here[-3] }
        return
      }
      let column = tap % plane.columns
      if column > 0 { left = here[-1] }
      guard tap >= plane.columns else { return }
      above = here[-plane.columns]
      if column < plane.columns - 1 { right = here[1 - plane.columns] }
      if column > 0 { corner = here[-1 - plane.columns] }
    }

    var context: Int {
      (left == 0 ? 0 : 1) | (above == 0 ? 0 : 2) | (right == 0 ? 0 : 4) | (corner == 0 ? 0 : 8)
    }

    var signs: Int { 3 &* Int(left &+ 1) &+ Int(above &+ 1) }
  }
}
