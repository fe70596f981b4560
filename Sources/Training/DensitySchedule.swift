/// How the share of weights that are not 0 falls during a run.
///
/// From `start` on it is d_f + (d_i − d_f)(1 − p)³, with p going from 0 to 1 at `end`; it stays d_f then. It counts weights
/// with `WeightQuantization.isPruned` only. Before `start` quantizers follow their own thresholds.
///
///     DensitySchedule(to: 0.15)    // per layer, cubic over the first half of the run, weights may come back
///
/// - Source: Zhu, Gupta, *To Prune, or Not to Prune*, arXiv 1710.01878 (AGP).
public struct DensitySchedule: Sendable, Hashable {
  /// What happens to weights that are to be 0.
  public enum Form: Sendable, Hashable {
    /// The quantizer moves its threshold: latent weights stay real and may come back. For quantizers that follow
    /// `QuantizationProgress.density`; others do not thin.
    case regrowing
    /// Masks: latent weights become 0 for good. For every quantizer, and for real weights.
    case masking
  }

  /// What weights compete with.
  public enum Scope: Sendable, Hashable {
    /// Those of their layer: all layers have the same density.
    case layer
    /// Those of all layers by |w| / rms(w) of the layer, so that the scale of a layer, which a normalization takes
    /// away, does not decide.
    case network
    /// Those of all layers by |w|.
    case networkByMagnitude
    /// Those of their layer; layers have densities by their shapes.
    case byShape(ErdosRenyiKernel)
  }

  /// d_i, in 0...1.
  public var initial: Float
  /// d_f, in 0...1.
  public var final: Float
  /// Shares of the run, in 0...1.
  public var start: Float
  public var end: Float
  /// Steps from one change to the next.
  public var interval: Int
  public var form: Form
  public var scope: Scope

  public init(
    from initial: Float = 0.8, to final: Float, start: Float = 0, end: Float = 0.5, interval: Int = 20,
    form: Form = .regrowing, scope: Scope = .layer
  ) {
    self.initial = initial
    self.final = final
    self.start = start
    self.end = end
    self.interval = interval
    self.form = form
    self.scope = scope
  }

  var isUsable: Bool {
    if case .byShape(let kernel) = scope, !kernel.isUsable { return false }
    return (0...1).contains(initial) && (0...1).contains(final) && start >= 0 && start <= end && end <= 1
      && interval >= 1
  }

  /// The density to go to before a step, if that changes it.
  ///
  /// - Parameters:
  ///   - step: 0 for the first.
  ///   - count: steps of the run.
  public func density(at step: Int, of count: Int) -> Float? {
    let first = Int((Double(start) * Double(count)).rounded())
    let last = max(min(Int((Double(end) * Double(count)).rounded()), count - 1), first)
    guard (first...last).contains(step), step == last || (step - first) % interval == 0 else { return nil }
    let left = 1 - Float(step - first) / Float(max(last - first, 1))
    return step == last ? final : final + (initial - final) * left * left * left
  }
}
