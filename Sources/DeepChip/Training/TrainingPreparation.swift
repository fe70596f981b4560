import Coding
import Compression
import Datasets
import Foundation
import Graphs
import Networks
import Passes
import Quantizers
import Tensors
import Training

/// What a configuration means: network, items, quantizers and teachers.
struct TrainingPreparation {
  let configuration: TrainingConfiguration
  let checksums: TrainingConfiguration.Checksums
  private let graph: Graph
  private let quantization: NetworkQuantization
  private let items: LabeledItems
  /// The run where this one begins, if it does at one.
  private let start: FinishedRun?
  /// What a user should know of how the run begins.
  let notes: [String]

  /// - Parameter dataset: the training split.
  init(_ configuration: TrainingConfiguration, _ dataset: Dataset) throws {
    self.configuration = configuration
    let name = configuration.network
    start = Networks.has(name) ? nil : try FinishedRun(URL(fileURLWithPath: name))
    let found = try Self.network(start?.network.path ?? name, configuration, dataset)
    let network: Graph
    (network, notes) = Self.recycled(found, configuration.recipe)
    let feeder = try InputFeeder(network, configuration.preprocessing.preprocessing)
    items = try Self.items(dataset, limit: configuration.limit, feeder)
    (graph, quantization) = try Self.quantized(network, configuration, dataset, items)
    var checksums = TrainingConfiguration.Checksums()
    checksums.start = network.checksumOfConstants
    checksums.training = items.checksum
    checksums.teachers = TeacherNetwork.checksum(of: configuration.recipe.distillation?.teachers ?? [])
    self.checksums = checksums
  }

  var isQuantized: Bool { !quantization.weights.isEmpty || !quantization.activations.isEmpty }

  func trainer(threads: Int) throws -> Trainer {
    let settings = configuration.recipe.settings(itemCount: items.count, masks: quantization.masks)
    let trainer = try Trainer(
      graph, quantization: quantization, items: items, recipe: settings, teacher: try teacher(threads: threads),
      threads: threads)
    try start?.handOverScales(to: trainer, of: configuration.recipe)
    return trainer
  }

  /// How the run gets to a number of bytes; nil if it is to get to none.
  var sizeControl: FileSizeControl? {
    guard let density = configuration.recipe.density, let byteCount = density.byteCount else { return nil }
    return FileSizeControl(
      byteCount: byteCount, initial: Float(density.initialShare(masks: quantization.masks)), from: density.from,
      to: density.to, form: quantization.masks ? .masking : .regrowing, scope: density.scope.scope)
  }

  // MARK: Network

  /// From a file, or built by name with the data's classes.
  private static func network(
    _ name: String, _ configuration: TrainingConfiguration, _ dataset: Dataset
  ) throws -> Graph {
    let url = URL(fileURLWithPath: name)
    guard Model.Format(rawValue: url.pathExtension.lowercased()) == nil else {
      let model = try Model(contentsOf: url)
      return model.format == .dchip ? model.packed.graph : model.graph
    }
    var choice = configuration.recipe.network
    choice.name = name
    let classes = dataset.classNames.isEmpty ? (dataset.labels?.max() ?? -1) + 1 : dataset.classNames.count
    choice.classes = choice.classes ?? max(classes, 1)
    return try choice.graph(seed: configuration.recipe.seed)
  }

  /// With fresh weights for filters that have died, and a note of how many.
  private static func recycled(_ graph: Graph, _ recipe: TrainingRecipe) -> (Graph, notes: [String]) {
    guard let share = recipe.recycling else { return (graph, []) }
    let result = graph.recyclingDormantFilters(below: Float(share), seed: recipe.seed)
    return (result.graph, ["\(result.filterCount) dormant filters of \(result.layerCount) layers begin anew"])
  }

  // MARK: Items

  private static func items(_ dataset: Dataset, limit: Int?, _ feeder: InputFeeder) throws -> LabeledItems {
    guard let labels = dataset.labels else {
      throw Failure(.usage, "\(dataset.name.escapedForDisplay): has no labels to learn from.")
    }
    let count = min(limit ?? dataset.count, dataset.count)
    return try LabeledItems(inputs: feeder.reals(dataset, Array(0..<count)), labels: Array(labels.prefix(count)))
  }

  // MARK: Quantizers

  /// The graph that is trained, and what of it is quantized.
  private static func quantized(
    _ graph: Graph, _ configuration: TrainingConfiguration, _ dataset: Dataset, _ items: LabeledItems
  ) throws -> (Graph, NetworkQuantization) {
    let choice = configuration.recipe.quantization ?? TrainingRecipe.QuantizationChoice()
    let weights = try choice.weights.map(weightKind)
    let activations = try choice.activations.map(activationKind)
    guard weights != nil || activations != nil || configuration.recipe.density != nil else {
      return (graph.simplified(by: Pass.training), NetworkQuantization())
    }
    guard weights != nil || configuration.recipe.density?.byteCount == nil else {
      throw Failure(
        .usage, "--target-bytes: real weights take 4 bytes each, zeros too. Give --weights and --activations.")
    }
    guard (weights == nil) == (activations == nil) else {
      throw Failure(.usage, "--weights and --activations: integers need both, or neither for real numbers.")
    }
    let hasRange = activations.map { [.range, .movingRange].contains($0) } ?? true
    var plan = try QuantizationPlan(graph, needsNarrowInputs: !hasRange, takesSigns: activations == .sign)
    var result = NetworkQuantization()
    for (index, layer) in plan.layers.enumerated() {
      let name = !layer.isEnd ? nil : index == 0 ? choice.firstLayer : choice.lastLayer
      result.weights[layer.weights] = try weightQuantization(weights, end: name)
    }
    let schedule = configuration.recipe.settings(itemCount: items.count, masks: result.masks).density
    let observed = try QuantizedStart(items: items, quantization: result, schedule: schedule).observed(plan.graph)
    // One thread: the ranges are part of the result.
    var calibration = Quantization()
    calibration.preprocessing = configuration.preprocessing.preprocessing
    calibration.seed = configuration.recipe.seed
    try plan.calibrate(observed, calibration.source(dataset, passCount: 1))
    if let activations {
      result.activations = plan.activations.map { values in
        let kind = hasRange || values.isNarrow ? activations : TrainableActivationQuantizerKind.range
        return ActivationQuantization(values.sources, kind.quantizer(), values.statistics)
      }
    }
    return (plan.graph, result)
  }

  /// - Parameter end: what was chosen for an end layer; nil for inner layers.
  private static func weightQuantization(
    _ kind: TrainableWeightQuantizerKind?, end: String?
  ) throws -> WeightQuantization {
    let options = TrainableWeightQuantizerOptions()
    guard let end else { return WeightQuantization(kind?.quantizer(options)) }
    guard kind != nil, end != "float" else { return WeightQuantization(nil, isPruned: false) }
    return WeightQuantization(try weightKind(end).quantizer(options), isPruned: false)
  }

  private static func weightKind(_ name: String) throws -> TrainableWeightQuantizerKind {
    if let kind = TrainableWeightQuantizerKind.named(name) { return kind }
    let names = TrainableWeightQuantizerKind.all.map(\.name).joined(separator: ", ")
    throw Failure(.usage, "--weights \(name.escapedForDisplay): one of \(names).")
  }

  private static func activationKind(_ name: String) throws -> TrainableActivationQuantizerKind {
    if let kind = TrainableActivationQuantizerKind.named(name) { return kind }
    let names = TrainableActivationQuantizerKind.all.map(\.name).joined(separator: ", ")
    throw Failure(.usage, "--activations \(name.escapedForDisplay): one of \(names).")
  }

  // MARK: Teachers

  private func teacher(threads: Int) throws -> Teacher? {
    guard let distillation = configuration.recipe.distillation else { return nil }
    guard !distillation.teachers.isEmpty else {
      throw Failure(.usage, "the recipe learns from a teacher: name one with --teacher.")
    }
    let teachers = try distillation.teachers.map { file in
      try TeacherNetwork(
        file, preprocessing: configuration.preprocessing.preprocessing, inputShape: items.inputs.shape,
        batchSize: configuration.recipe.batchSize, threads: threads)
    }
    return { inputs in try TeacherNetwork.logits(of: teachers, inputs) }
  }
}

extension NetworkQuantization {
  /// Whether weights that are pruned stay so: they may come back if all quantizers move their thresholds by a density.
  fileprivate var masks: Bool {
    !weights.values.filter(\.isPruned).allSatisfy { $0.quantizer?.followsDensity ?? false }
  }
}

extension LabeledItems {
  /// Of inputs and labels.
  fileprivate var checksum: UInt64 {
    let content = inputs.scalars.withUnsafeBytes { Checksum.of($0) }
    return content ^ (labels.withUnsafeBytes { Checksum.of($0) } &* 0x9E37_79B9_7F4A_7C15)
  }
}

extension Graph {
  /// Of the real constants, in their order.
  fileprivate var checksumOfConstants: UInt64 {
    var writer = ByteWriter()
    for id in constants.keys.sorted() {
      guard case .tensor(.float32(let tensor))? = constants[id] else { continue }
      writer.uint64(UInt64(id.index))
      writer.uint64(tensor.scalars.withUnsafeBytes { Checksum.of($0) })
    }
    return Checksum.of(writer.bytes)
  }
}
