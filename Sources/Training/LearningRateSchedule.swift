import CKernels

/// The learning rate at each step of a run.
public struct LearningRateSchedule: Sendable, Hashable {
  public enum Shape: Sendable, Hashable {
    case constant
    /// Falls to 0 along half a cosine.
    case cosine
    /// Multiplied by `factor` at each of the given shares of the run.
    case steps(at: [Float], factor: Float)
    /// Rises from 1/25 to the peak along half a cosine for the first share of the run, then falls to 1/250,000.
    ///
    /// - Source: Smith, Topin, *Super-Convergence*, arXiv 1708.07120; the form of PyTorch's OneCycleLR.
    case oneCycle(rise: Float)
  }

  public var peak: Float
  public var shape: Shape
  /// Steps over which the rate first rises from 0, evenly.
  public var warmUpSteps: Int

  public init(peak: Float, shape: Shape = .cosine, warmUpSteps: Int = 0) {
    self.peak = peak
    self.shape = shape
    self.warmUpSteps = warmUpSteps
  }

  /// - Parameters:
  ///   - step: 0 for the first.
  ///   - count: steps of the run.
  public func rate(at step: Int, of count: Int) -> Float {
    if step < warmUpSteps { return peak * Float(step + 1) / Float(warmUpSteps) }
    let progress = Double(step - warmUpSteps) / Double(max(count - warmUpSteps, 1))
    switch shape {
    case .constant: return peak
    case .cosine: return peak * Self.halfCosine(from: 1, to: 0, progress)
    case .steps(let places, let factor):
      return places.reduce(peak) { Double(step) >= Double($1) * Double(count) ? $0 * factor : $0 }
    case .oneCycle(let rise):
      let top = Double(rise)
      return progress < top
        ? peak * Self.halfCosine(from: 1 / 25, to: 1, progress / top)
        : peak * Self.halfCosine(from: 1, to: 1 / 250_000, (progress - top) / max(1 - top, 1e-9))
    }
  }

  private static func halfCosine(from: Double, to: Double, _ progress: Double) -> Float {
    Float(to + (from - to) * 0.5 * (1 + dc_cos(Double.pi * min(progress, 1))))
  }
}
