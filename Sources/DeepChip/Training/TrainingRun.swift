import Compression
import Datasets
import Foundation
import Graphs
import Measurements
import ModelFormat
import Packing
import Passes
import Reports
import Training

/// A training run in its folder: from a network and data to a packed model, through any number of interruptions.
///
///     let run = try TrainingRun(configuration, in: folder, threads: 2)
///     if try run.train() == .finished { let packed = try run.packed() }
///
/// A run that was stopped, or killed at any moment, goes on from its newest checkpoint and ends with the same bits as one
/// that was not.
public final class TrainingRun {
  public enum Ending: Equatable, Sendable {
    case finished
    case stopped(StopReason)
  }

  public enum StopReason: Equatable, Sendable {
    case signal(Int32)
    case timeBudget
  }

  /// Where a run is, after a step.
  public struct Position: Sendable {
    public var step: Int
    public var stepCount: Int
    /// 1 for the first.
    public var epoch: Int
    /// Mean since the epoch began.
    public var loss: Double
    public var imagesPerSecond: Double
  }

  public let configuration: TrainingConfiguration
  public let folder: RunFolder
  public let trainer: Trainer
  /// Reports of the epochs done.
  public private(set) var epochs: [EpochReport] = []
  /// What a person should know about the data and the checkpoint, in sentences.
  public private(set) var notes: [String] = []
  /// Time between checkpoints inside an epoch.
  public var saveInterval = Duration.seconds(300)

  let test: Dataset
  private let testIndices: [Int]
  private let isQuantized: Bool
  let sizeControl: FileSizeControl?
  private let threads: Int
  private var epoch = RunCheckpoint.EpochSum()
  private var savedStep: Int?
  private var savedAt = ContinuousClock.now

  /// Begins a run, or goes on with the one that is in the folder.
  ///
  /// - Parameters:
  ///   - configuration: for a run in the folder, its own.
  ///   - url: the folder; made unless it is there.
  ///   - threads: change nothing but the time.
  /// - Throws: `Failure`.
  public init(_ configuration: TrainingConfiguration, in url: URL, threads: Int = 1) throws {
    do {
      let data = try TrainingData(configuration)
      let training = data.training
      test = data.evaluation
      let preparation = try TrainingPreparation(configuration, training)
      let isResumed = RunFolder.holdsRun(url)
      notes = data.notes + (isResumed ? [] : preparation.notes)
      testIndices = Array(0..<min(configuration.limit ?? test.count, test.count))
      trainer = try preparation.trainer(threads: threads)
      isQuantized = preparation.isQuantized
      sizeControl = preparation.sizeControl
      self.threads = threads
      if isResumed { try preparation.checksums.check(configuration) }
      self.configuration = isResumed ? configuration : configuration.with(preparation.checksums)
      if !isResumed { try Self.checkSize(sizeControl, trainer, self.configuration, test.classNames, &notes) }
      folder = try RunFolder(url)
      if isResumed { try resume() } else { try folder.write(self.configuration) }
    } catch { throw Failure(error) }
  }

  private func resume() throws {
    guard let (checkpoint, note) = try folder.newestCheckpoint(of: configuration.checksum) else { return }
    if let note { notes.append(note) }
    try trainer.resume(from: checkpoint.training)
    epoch = checkpoint.epoch
    savedStep = trainer.step
    epochs = folder.epochs(first: trainer.step / trainer.stepsPerEpoch)
  }

  // MARK: Training

  /// Trains to the end, or until it is told to stop.
  ///
  /// - Parameters:
  ///   - stopReason: asked after every step; whatever the answer, the step is done and saved.
  ///   - onStep: told where the run is.
  ///   - onEpoch: told what an epoch showed.
  /// - Throws: `Failure`; the newest checkpoint is then the last one before.
  public func train(
    until stopReason: () -> StopReason? = { nil }, onStep: (Position) -> Void = { _ in },
    onEpoch: (EpochReport) throws -> Void = { _ in }
  ) throws -> Ending {
    do {
      savedAt = .now
      while !trainer.isFinished {
        try steer()
        let start = Clock.nanoseconds()
        let step = try trainer.runStep()
        epoch.add(step, nanoseconds: Clock.nanoseconds() - start)
        onStep(position)
        if trainer.isFinished { try fit() }
        if trainer.step % trainer.stepsPerEpoch == 0 {
          try onEpoch(finishEpoch())
        } else if ContinuousClock.now - savedAt >= saveInterval {
          try save()
        }
        if let reason = stopReason(), !(trainer.isFinished && reason == .timeBudget) {
          try save()
          return .stopped(reason)
        }
      }
      try folder.write(report: page.html)
      try folder.write(trained: trained.serialized())
      return .finished
    } catch { throw Failure(error) }
  }

  private var position: Position {
    Position(
      step: trainer.step, stepCount: trainer.stepCount, epoch: (trainer.step - 1) / trainer.stepsPerEpoch + 1,
      loss: epoch.loss / Double(max(epoch.itemCount, 1)),
      imagesPerSecond: Double(epoch.itemCount) / (Double(max(epoch.nanoseconds, 1)) / 1e9))
  }

  /// Evaluates, and writes metrics, report and checkpoint, in this order: a run that is killed between them does the
  /// epoch's last steps again.
  private func finishEpoch() throws -> EpochReport {
    let position = self.position
    let report = EpochReport(
      epoch: position.epoch, step: position.step, trainingLoss: position.loss,
      trainingTop1: Double(epoch.correctCount) / Double(max(epoch.itemCount, 1)),
      learningRate: Double(epoch.learningRate), imagesPerSecond: position.imagesPerSecond.rounded(),
      evaluation: try evaluated().evaluation,
      fileByteCount: try sizeControl.map { _ in try packed().serialized().count },
      densities: densities, scales: scales)
    epochs.append(report)
    epoch = .init()
    try folder.write(epochs)
    try folder.write(report: page.html)
    try save()
    return report
  }

  /// Curves and settings.
  public var page: TrainingPage {
    TrainingPage(title: configuration.title, epochs: epochs, settings: configuration.settings)
  }

  private func save() throws {
    guard savedStep != trainer.step else { return }
    try folder.write(
      RunCheckpoint(configuration: configuration.checksum, epoch: epoch, training: trainer.checkpoint))
    savedStep = trainer.step
    savedAt = .now
  }

  // MARK: The network as it is now

  private var densities: [EpochReport.LayerValue] {
    if isQuantized { return trainer.network.densities.map { .init(layer: $0.name, value: $0.density) } }
    return trainer.network.parameters.filter { $0.role == .weights }.map { parameter in
      let scalars = parameter.value.scalars
      let density = Double(scalars.count { $0 != 0 }) / Double(max(scalars.count, 1))
      return .init(layer: parameter.name, value: density)
    }
  }

  /// Trained numbers of quantizers, two of a kind apart, of more their mean.
  private var scales: [EpochReport.LayerValue] {
    trainer.network.parameters.filter { $0.role == .quantizerScale }.flatMap { parameter in
      let values = parameter.value.scalars.map { Double($0) }
      if values.count == 2 {
        return values.enumerated().map { EpochReport.LayerValue(layer: "\(parameter.name) \($0 + 1)", value: $1) }
      }
      return [EpochReport.LayerValue(layer: parameter.name, value: values.reduce(0, +) / Double(max(values.count, 1)))]
    }
  }

  /// The network with real weights as training left them, to be trained on or to teach.
  private var trained: PackedModel {
    trainer.withAverages {
      PackedModel(
        graph: trainer.network.trainedGraph, preprocessing: configuration.preprocessing.preprocessing,
        classNames: test.classNames)
    }
  }

  /// The network as it would be deployed: frozen, folded and packed, of averages if the recipe keeps them.
  public func packed() throws -> PackedModel {
    do {
      return try trainer.withAverages {
        try Self.packed(
          isQuantized ? trainer.network.frozenGraph().completed() : trainer.network.trainedGraph, configuration,
          test.classNames)
      }
    } catch { throw Failure(error) }
  }

  static func packed(
    _ graph: Graph, _ configuration: TrainingConfiguration, _ classNames: [String]
  ) throws -> PackedModel {
    try Packer.pack(
      graph.simplified(), preprocessing: configuration.preprocessing.preprocessing, classNames: classNames,
      precision: .brief)
  }

  /// How the deployed network does on the test items: its integers, not their simulation.
  public func evaluated() throws -> Evaluator.Outcome { try evaluated(Model(packed())) }

  /// How a model does on the test items.
  public func evaluated(_ model: Model, progress: (Double) -> Void = { _ in }) throws -> Evaluator.Outcome {
    var evaluator = Evaluator(model)
    evaluator.threads = threads
    return try evaluator.evaluate(test, indices: testIndices) { progress(Double($0) / Double(testIndices.count)) }
  }

  /// Evaluates a file that `packed` was written to, item by item against the network in memory.
  ///
  /// - Throws: `Failure`, code 6, when a prediction differs.
  public func verified(_ model: Model, progress: (Double) -> Void = { _ in }) throws -> Evaluator.Outcome {
    let (expected, found) = (try evaluated(), try evaluated(model, progress: progress))
    let differences = zip(expected.predictions, found.predictions).count { $0 != $1 }
    guard differences == 0, expected.predictions.count == found.predictions.count else {
      throw Failure(
        .accuracyMissed,
        "\(model.url.lastPathComponent.escapedForDisplay): \(differences) of \(found.predictions.count) predictions are"
          + " not those of the network in training. Please report this, with the run's config.json.")
    }
    return found
  }
}

extension Graph {
  /// A frozen graph, folded, with an encoding for values that codes only move to; layers with real weights stay real.
  ///
  /// Normalizations that no layer takes in (those of pre-activation networks) become integers too: they have one weight a channel,
  /// which a code with the channel's scale stands for exactly.
  ///
  /// - Throws: `Failure` when a value that integers need has no encoding, which training should have given it.
  func completed() throws -> Graph {
    var options = QuantizationOptions(correctsBias: false, matchesStatistics: false)
    let folded = PostTrainingQuantizer(options).prepared(self)
    let layers = folded.nodes.filter { folded.integerRole(of: $0) == .weightedSum }
    for (index, layer) in layers.enumerated() {
      guard case .tensor? = folded.constant(layer.inputs[1]), !folded.scalesChannels(layer) else { continue }
      options.overrides.append(LayerOverride(.index(index), .real))
    }
    let quantizer = PostTrainingQuantizer(options)
    guard try quantizer.passCount(folded) == 0 else {
      throw Failure(
        .failed, "a value that integers need was not quantized in training; this is a defect: report the model")
    }
    return try quantizer.encoded(folded, calibration: ActivationSource { _, _, _ in })
  }

  /// Whether a node multiplies each channel of codes by one number.
  private func scalesChannels(_ node: Node) -> Bool {
    guard case .convolution(let convolution) = node.operator, let input = node.inputs[0],
      let weights = constant(node.inputs[1])
    else { return false }
    return self[input].encoding != nil && weights.shape[0] == convolution.groups
      && weights.shape.elementCount == convolution.groups
  }
}
