import struct Kernels.KernelCosts
import enum Kernels.WeightedSumMethod

/// Which of the kernels that can compute a layer is to do it.
public enum WeightedSumPreference: String, CaseIterable, Sendable {
  /// The one whose estimated time is the shortest.
  case fastest
  /// The one that multiplies with every weight, zeros included.
  case dense
  /// The one that skips zeros, wherever it can.
  case gather
  /// The one whose weights stay packed in 4 or 2 bits, wherever it can.
  case packed
  /// The one that counts bits, wherever weights have two levels.
  case binary
  /// The one that adds up codes, wherever weights have two levels and zeros.
  case add

  /// What is asked for; nil leaves it to the estimates.
  var method: WeightedSumMethod? {
    switch self {
    case .fastest: nil
    case .dense: .dense
    case .gather: .gather
    case .packed: .packed
    case .binary: .binary
    case .add: .add
    }
  }
}

/// How the kernels of weighted sums are chosen; results are the same for every choice.
public struct KernelSelection: Sendable {
  /// For all layers that `overrides` does not name.
  public var preference: WeightedSumPreference
  /// By the name of a node.
  public var overrides: [String: WeightedSumPreference]
  /// What estimates go by; nil takes those shipped for the instruction set.
  public var costs: KernelCosts?

  public init(
    _ preference: WeightedSumPreference = .fastest, overrides: [String: WeightedSumPreference] = [:],
    costs: KernelCosts? = nil
  ) {
    self.preference = preference
    self.overrides = overrides
    self.costs = costs
  }

  func preference(for name: String) -> WeightedSumPreference { overrides[name] ?? preference }
}

/// The kernel of a layer, and why it is that one.
public struct KernelChoice: Hashable, Sendable {
  public typealias Method = WeightedSumMethod

  /// A kernel that could compute the layer, with its estimated time for one run on one thread.
  public struct Candidate: Hashable, Sendable {
    public var method: Method
    /// Microseconds on the machine that the costs were measured on.
    public var microseconds: Double
    /// Whether the time is the least that it could be, found without packing the weights.
    public var isBound = false
  }

  /// What runs.
  public var method: Method
  /// All that were looked at, the fastest first.
  public var candidates: [Candidate]
  /// Share of weights that are not zero, 0...1.
  public var density: Double
  /// Weights over places in the sparse kernel's rounds, 0...1; nil when the density alone decided.
  public var fill: Double?

  /// The estimated time of what runs, in microseconds.
  public var estimatedMicroseconds: Double { candidates.first { $0.method == method }?.microseconds ?? 0 }
  /// The fastest that does not run.
  public var runnerUp: Candidate? { candidates.first { $0.method != method } }

  /// Whether a tenth of the weights or more are zeros, and skipping them would gain less than 3 % on this machine.
  public var zerosGainNothing: Bool {
    let sparse = candidates.filter { $0.method.skipsZeros }.map { $0.microseconds }.min()
    guard density <= 0.9, let sparse else { return false }
    return candidates.contains { !$0.method.skipsZeros && $0.microseconds <= sparse * 1.03 }
  }

  init(_ method: Method, _ candidates: [Candidate], density: Double, fill: Double?) {
    self.method = method
    // Stable: of two that are as fast, the one that was looked at first.
    let order = candidates.enumerated().sorted {
      ($0.element.microseconds, $0.offset) < ($1.element.microseconds, $1.offset)
    }
    self.candidates = order.map { $0.element }
    self.density = density
    self.fill = fill
  }
}
