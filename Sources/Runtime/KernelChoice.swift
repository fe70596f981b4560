/// Which of the kernels that can compute a layer is to do it.
public enum WeightedSumPreference: Sendable {
  /// The one whose estimated time is the shortest.
  case fastest
  /// The one that multiplies with every weight, zeros included.
  case dense
  /// The one that skips zeros, wherever it can.
  case gather
  /// The one whose weights stay packed in 4 or 2 bits, wherever it can.
  case packed
}

/// The kernel of a layer, and why it is that one.
public struct KernelChoice: Hashable, Sendable {
  /// The ways to compute a layer of codes.
  public enum Method: String, Sendable {
    /// Products with all weights.
    case dense
    /// Products with the weights that are not zero, picked from tables of codes.
    case gather
    /// Products with all weights, which stay packed in 4 or 2 bits until they are in registers.
    case packed
  }

  /// What runs.
  public var method: Method
  /// Its estimated time for one run on one thread, in microseconds of the processor that the estimate was made for.
  public var estimatedMicroseconds: Double
  /// What would have run else.
  public var runnerUp: Method
  /// The estimate of what would have run.
  public var runnerUpMicroseconds: Double
  /// Weights over places in the sparse kernel's rounds, 0...1; nil when the density alone decided.
  public var fill: Double?
}
