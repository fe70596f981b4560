import Coding
import Training

extension TrainingRun {
  /// Bytes of the file at another density, which is not set.
  private static func size(
    at density: Float, _ control: FileSizeControl, _ trainer: Trainer, _ configuration: TrainingConfiguration,
    _ classNames: [String]
  ) throws -> Int {
    try trainer.withAverages {
      let weights = try trainer.network.prunedWeights(to: density, form: control.form, scope: control.scope)
      return try packed(trainer.network.frozenGraph(with: weights).completed(), configuration, classNames)
        .serialized().count
    }
  }

  private func lastDensity(_ control: FileSizeControl) throws -> Float? {
    try control.lastDensity { try Self.size(at: $0, control, trainer, configuration, test.classNames) }
  }

  /// Refuses a number of bytes that no density gets to; says so if there is nothing to do.
  static func checkSize(
    _ control: FileSizeControl?, _ trainer: Trainer, _ configuration: TrainingConfiguration, _ classNames: [String],
    _ notes: inout [String]
  ) throws {
    guard let control else { return }
    let last = try control.lastDensity { try size(at: $0, control, trainer, configuration, classNames) }
    if last == 1 { notes.append("the file has no more than \(control.byteCount) bytes without thinning") }
    guard last == nil else { return }
    let least = try size(at: FileSizeControl.leastDensity, control, trainer, configuration, classNames)
    let others = try trainer.network.frozenGraph().constants.compactMap { id, constant -> Double? in
      guard case .coded(let coded) = constant, trainer.network.isPruned(id) == false else { return nil }
      return CodeEntropy(coded.codes.scalars).estimatedBits / 8
    }
    throw Failure(
      .usage,
      "--target-bytes \(control.byteCount): the file has \(least) bytes when one inner weight in a hundred is left; about "
        + "\(Int(others.reduce(0, +))) of them are weights of the first and last layers, the rest mostly rules by "
        + "channel and the graph. Ask for more, take a smaller network, or --end-weights of fewer bits.")
  }

  /// Before a step: brings the density nearer to that of the file that is asked for.
  func steer() throws {
    guard let control = sizeControl,
      control.isDue(at: trainer.step, stepsPerEpoch: trainer.stepsPerEpoch, stepCount: trainer.stepCount)
    else { return }
    let isFalling = Double(trainer.step) < control.to * Double(trainer.stepCount)
    if !isFalling, control.isClose(try packed().serialized().count) { return }
    let last = try lastDensity(control) ?? FileSizeControl.leastDensity
    // Small enough by itself: zeros are the quantizers' business.
    guard last < 1 else { return }
    trainer.prune(
      to: control.density(at: trainer.step, of: trainer.stepCount, towards: last), form: control.form,
      scope: control.scope)
  }

  /// After the last step: makes sure that the file has no more bytes than were asked for.
  func fit() throws {
    guard var control = sizeControl else { return }
    let limit = control.byteCount
    if control.isClose(try packed().serialized().count) { return }
    // Averages and weights may be thinned at slightly different places, so that what was found is measured.
    for _ in 0..<16 {
      guard let density = try lastDensity(control) else { break }
      if try density == 1 && packed().serialized().count <= limit { return }
      trainer.prune(to: density, form: control.form, scope: control.scope)
      let excess = try packed().serialized().count - limit
      if excess <= 0 { return }
      control.byteCount -= excess
    }
    throw Failure(
      .doesNotFit, "--target-bytes \(limit): the file did not get that small. Ask for more, or take a smaller network.")
  }
}
