/// Why a layer is computed by one kernel and not by another, by the kernels' costs.
public struct KernelChoiceReport: Codable, Hashable, Sendable {
  /// `dense`, `gather` and `add` (zeros are skipped), `packed` or `binary`.
  public var method: String
  /// Estimated time of one run on one thread.
  public var predictedMicroseconds: Double
  /// What would run else; nil where nothing else could.
  public var runnerUp: String?
  /// Its estimate; at least this long where `runnerUpIsBound`.
  public var runnerUpMicroseconds: Double?
  /// Whether the runner-up's time is the least possible, found from the density alone.
  public var runnerUpIsBound: Bool
  /// Weights over places in the sparse kernel's rounds, 0...1; nil where the weights were not packed for it.
  public var fill: Double?
  /// Whether the layer has zeros and skipping them gains nothing on this machine.
  public var zerosGainNothing: Bool

  public init(
    method: String, predictedMicroseconds: Double, runnerUp: String?, runnerUpMicroseconds: Double?,
    runnerUpIsBound: Bool, fill: Double?, zerosGainNothing: Bool
  ) {
    self.method = method
    self.predictedMicroseconds = predictedMicroseconds
    self.runnerUp = runnerUp
    self.runnerUpMicroseconds = runnerUpMicroseconds
    self.runnerUpIsBound = runnerUpIsBound
    self.fill = fill
    self.zerosGainNothing = zerosGainNothing
  }
}
