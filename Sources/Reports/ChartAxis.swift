import Foundation

/// Which numbers an axis shows, and where.
struct ChartAxis {
  let lower: Double
  let upper: Double
  let ticks: [Double]
  let isLogarithmic: Bool

  /// An axis that holds all of `values` and ends at round numbers.
  ///
  /// - Parameters:
  ///   - isLogarithmic: for positive values over more than one power of ten; otherwise the axis is even.
  ///   - isWhole: ticks at whole numbers only, and the ends where the values end.
  init(_ values: [Double], tickCount: Int = 6, isLogarithmic: Bool = false, isWhole: Bool = false) {
    let finite = values.filter(\.isFinite)
    let (least, most) = (finite.min() ?? 0, finite.max() ?? 1)
    if isLogarithmic, least > 0, most / least > 10, most / least < 1e12 {
      self = .init(logarithmic: least, most)
      return
    }
    self.isLogarithmic = false
    if isWhole {
      let step = max(1, Self.roundStep((most - least) / Double(tickCount)).rounded(.up))
      let first = (least / step).rounded(.up) * step
      ticks = Self.ticks(from: first, to: most, step)
      (lower, upper) = most > least ? (least, most) : (least - 0.5, least + 0.5)
      return
    }
    let width = most - least > abs(most) * 1e-9 ? most - least : max(abs(most), 1) * 0.1
    let step = Self.roundStep(width / Double(tickCount))
    lower = (least / step + 1e-9).rounded(.down) * step
    let above = (most / step - 1e-9).rounded(.up) * step
    upper = above > lower ? above : lower + step
    ticks = Self.ticks(from: lower, to: upper, step)
  }

  private init(logarithmic least: Double, _ most: Double) {
    isLogarithmic = true
    let (first, last) = (Int(log10(least).rounded(.down)), Int(log10(most).rounded(.up)))
    (lower, upper) = (pow(10, Double(first)), pow(10, Double(last)))
    ticks = (first...last).map { pow(10, Double($0)) }
  }

  private static func ticks(from first: Double, to last: Double, _ step: Double) -> [Double] {
    let count = Int(((last - first) / step + 1e-6).rounded(.down))
    return count < 0 ? [] : (0...min(count, 100)).map { first + Double($0) * step }
  }

  /// The next of 1, 2, 5 times a power of ten.
  private static func roundStep(_ width: Double) -> Double {
    guard width > 0, width.isFinite else { return 1 }
    let power = pow(10, log10(width).rounded(.down))
    let factor = width / power
    return power * (factor <= 1.0001 ? 1 : factor <= 2.0001 ? 2 : factor <= 5.0001 ? 5 : 10)
  }

  /// 0 at the lower end, 1 at the upper.
  func fraction(_ value: Double) -> Double {
    isLogarithmic
      ? (log10(value) - log10(lower)) / (log10(upper) - log10(lower)) : (value - lower) / (upper - lower)
  }
}
