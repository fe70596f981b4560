import Measurements
import Runtime

extension KernelChoiceReport {
  public init(_ choice: KernelChoice) {
    self.init(
      method: choice.method.rawValue, predictedMicroseconds: choice.estimatedMicroseconds,
      runnerUp: choice.runnerUp?.method.rawValue, runnerUpMicroseconds: choice.runnerUp?.microseconds,
      runnerUpIsBound: choice.runnerUp?.isBound ?? false, fill: choice.fill,
      zerosGainNothing: choice.zerosGainNothing)
  }

  /// For people; empty where there is nothing to say.
  public var note: String { zerosGainNothing ? "dense is as fast: zeros gain nothing here" : "" }
}
