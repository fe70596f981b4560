import CKernels
import Graphs
import Quantizers

/// Values that share a rule, with what a batch shows of them.
final class QuantizedActivations {
  let values: [ValueID]
  let states: QuantizerStates
  /// Of the current batch.
  private(set) var rule: ActivationRule
  private let quantizer: any TrainableActivationQuantizer
  private var sums = ActivationGradientSums()
  private var gradientCount = 0
  private var statistics: (range: (Float, Float), magnitudes: Double, count: Int)?

  init(_ quantization: ActivationQuantization, name: String) {
    values = quantization.values
    quantizer = quantization.quantizer
    states = QuantizerStates(
      quantizer.initialState(quantization.statistics), of: quantization.values[0], name: name)
    rule = quantizer.rule(states.state)
  }

  /// That of the state as it is now.
  var currentRule: ActivationRule { quantizer.rule(states.state) }

  var followsBatches: Bool { quantizer.followsBatches }

  /// Whether the rule is one: its step and ends are finite and it has codes.
  var isUsable: Bool {
    rule.step > 0 && rule.step.isFinite && rule.highestCode >= 1 && rule.highestCode < 1 << 22
      && rule.lowest.isFinite && rule.highest.isFinite
  }

  var grid: dc_grid {
    dc_grid(
      step: rule.step, inverseStep: rule.inverseStep, lowest: Float(-rule.zeroPoint),
      highest: Float(rule.highestCode - rule.zeroPoint), isSign: rule.isSign ? 1 : 0)
  }

  // MARK: Forward

  /// Takes the rule of a batch from the state.
  func beginForward() {
    rule = quantizer.rule(states.state)
    statistics = nil
  }

  func add(smallest: Float, largest: Float, magnitudes: Double, count: Int) {
    let old = statistics ?? ((smallest, largest), 0, 0)
    statistics = (
      (min(old.range.0, smallest), max(old.range.1, largest)), old.magnitudes + magnitudes, old.count + count
    )
  }

  /// Lets the state follow the batch, for the next one.
  func endForward(_ progress: QuantizationProgress) {
    guard let statistics, statistics.range.0 <= statistics.range.1, statistics.magnitudes.isFinite else { return }
    var state = states.state
    quantizer.update(
      &state,
      with: ActivationStatistics(
        range: statistics.range.0...statistics.range.1,
        meanMagnitude: Float(statistics.magnitudes / Double(max(statistics.count, 1)))),
      progress: progress)
    states.update(state)
  }

  // MARK: Backward

  func beginBackward() { (sums, gradientCount) = (ActivationGradientSums(), 0) }

  func add(below: Double, above: Double, inside: Double, count: Int) {
    sums.below += below
    sums.above += above
    sums.inside += inside
    gradientCount += count
  }

  func endBackward() {
    guard gradientCount > 0 else { return }
    states.setGradients(quantizer.stateGradients(sums, state: states.state, count: gradientCount))
  }
}
