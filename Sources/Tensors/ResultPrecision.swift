/// How finely the rule of the results of a weighted sum or an addition is stored: bytes of each channel against codes that come out one apart.
///
/// It is chosen when a model is packed; what is stored then is the definition, for every kernel and for training.
public struct ResultPrecision: Hashable, Sendable {
  /// Significant bits of the largest multiplier, 1...31.
  public var multiplierBits: Int
  /// Parts of a code in which offsets are counted, a power of two.
  public var offsetParts: Int

  public init(multiplierBits: Int, offsetParts: Int) {
    self.multiplierBits = multiplierBits
    self.offsetParts = offsetParts
  }

  /// For models that come with their codes: fewer than one result in 50,000 differs from the exact rule. 5 to 6 bytes a
  /// channel in a file.
  public static let exact = ResultPrecision(multiplierBits: 20, offsetParts: 65_536)
  /// For models whose codes are chosen here: results are wrong by a 64th of a code at most before they are rounded, in at
  /// most 4 bytes a channel.
  public static let brief = ResultPrecision(multiplierBits: 15, offsetParts: 64)
}
