import CKernels
import Tensors

/// Mixing of the items of a batch, two and two: λ·x + (1 − λ)·x', with the labels in the same shares.
///
/// λ is drawn for each batch from the beta distribution with both parameters `alpha`; x' are the items of the batch in another
/// order. A teacher sees the mixed items.
///
///     recipe.mixup = Mixup(alpha: 0.2)
///
/// - Source: Zhang, Cisse, Dauphin, Lopez-Paz, *mixup: Beyond Empirical Risk Minimization*, arXiv 1710.09412; a λ for a batch as
///   in the authors' program.
public struct Mixup: Sendable, Hashable {
  /// Positive: small values leave most items as they are, 1 draws λ evenly.
  public var alpha: Float

  public init(alpha: Float) { self.alpha = alpha }

  var isUsable: Bool { alpha > 0 && alpha.isFinite }

  /// How the items of a batch are mixed.
  public struct Draw: Sendable, Equatable {
    /// λ, in 0...1.
    public var share: Float
    /// The item that is mixed into each.
    public var partners: [Int]

    public init(share: Float, partners: [Int]) {
      self.share = share
      self.partners = partners
    }
  }

  /// - Parameters:
  ///   - count: items of the batch.
  ///   - generator: gives λ, then the order.
  public func draw(_ count: Int, _ generator: inout SplitMix64) -> Draw {
    let (own, other) = (gamma(&generator), gamma(&generator))
    // Both round to 0 only where alpha is tiny, and λ is then 0 or 1.
    let share = own + other > 0 ? own / (own + other) : 1
    return Draw(share: Float(share), partners: (0..<count).shuffled(using: &generator))
  }

  /// A number of the gamma distribution with the shape `alpha`.
  ///
  /// - Source: Marsaglia, Tsang, *A Simple Method for Generating Gamma Variables*, 2000.
  private func gamma(_ generator: inout SplitMix64) -> Double {
    let shape = Double(alpha)
    let d = (shape < 1 ? shape + 1 : shape) - 1.0 / 3
    let c = 1 / (9 * d).squareRoot()
    while true {
      let x = Self.normal(&generator)
      let v = (1 + c * x) * (1 + c * x) * (1 + c * x)
      let u = Self.unit(&generator)
      guard v > 0, dc_log(u) < 0.5 * x * x + d * (1 - v + dc_log(v)) else { continue }
      // Γ(a) = Γ(a + 1)·u^(1/a) below 1.
      return shape < 1 ? d * v * dc_exp(dc_log(Self.unit(&generator)) / shape) : d * v
    }
  }

  /// A number of the normal distribution: Marsaglia's polar method, the second number left out.
  private static func normal(_ generator: inout SplitMix64) -> Double {
    while true {
      let (x, y) = (2 * unit(&generator) - 1, 2 * unit(&generator) - 1)
      let square = x * x + y * y
      if square > 0 && square < 1 { return x * (-2 * dc_log(square) / square).squareRoot() }
    }
  }

  /// Above 0 and below 1.
  private static func unit(_ generator: inout SplitMix64) -> Double {
    (Double(generator.next() >> 12) + 0.5) * 0x1p-52
  }

  /// Mixes items of `size` numbers in place.
  func apply(_ draw: Draw, to scalars: inout [Float], size: Int) {
    let pure = scalars
    for (item, partner) in draw.partners.enumerated() {
      for index in 0..<size {
        scalars[item * size + index] =
          draw.share * pure[item * size + index] + (1 - draw.share) * pure[partner * size + index]
      }
    }
  }
}
