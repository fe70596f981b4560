import Tensors

extension Requantization {
  /// The rule of a sign: code 0 for sums below a threshold, 2 from it on.
  ///
  /// Two codes a unit, (4 · (sum − threshold) + 3 + 1) >> 1, so that the code between is never met. A batch norm before the sign
  /// is part of its threshold.
  ///
  ///     Requantization(signsFrom: [5], codeRange: 0...2)?.code(4, channel: 0)    // 0; 2 for a sum of 5
  ///
  /// - Parameters:
  ///   - thresholds: the smallest sums, by channel, that are not negative.
  ///   - codeRange: 0...2, or the part of it that a clamp leaves.
  /// - Returns: nil without channels.
  init?(signsFrom thresholds: [Int64], codeRange: ClosedRange<Int32>) {
    guard !thresholds.isEmpty else { return nil }
    // No sum lies outside 32 bits, so that a threshold further away says the same.
    let offsets = thresholds.map { 3 - 4 * min(max($0, Int64(Int32.min)), Int64(Int32.max) + 1) }
    self.init(
      multipliers: [Int32](repeating: 4, count: offsets.count), offsets: offsets, shift: 1, codeRange: codeRange)
  }
}
