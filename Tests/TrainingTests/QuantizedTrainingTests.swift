import Graphs
import Quantizers
import Reference
import Tensors
import Testing
import Training

extension Digits {
  /// 8-bit weights outside, ternary ones inside; 8-bit activations with a trained clip.
  static func quantization(
    _ graph: Graph, inner: any TrainableWeightQuantizer = TrainedTernaryQuantizer()
  ) -> NetworkQuantization {
    var result = NetworkQuantization()
    let sums = graph.nodes.compactMap { node in
      switch node.operator {
      case .convolution, .dense: node.inputs[1]
      default: nil
      }
    }
    for (index, id) in sums.enumerated() {
      let isInner = index > 0 && index < sums.count - 1
      result.weights[id] =
        isInner ? WeightQuantization(inner) : WeightQuantization(ChannelRangeQuantizer(), isPruned: false)
    }
    func statistics(_ highest: Float) -> ActivationStatistics {
      ActivationStatistics(range: 0...highest, meanMagnitude: highest / 4)
    }
    result.activations.append(
      ActivationQuantization([graph.inputs[0]], FixedPointActivation(bitWidth: 8), statistics(1)))
    for node in graph.nodes where node.operator == .unary(.relu) {
      result.activations.append(
        ActivationQuantization([node.output], ClippedActivation(bitWidth: 8), statistics(4)))
    }
    return result
  }

  /// Everything at once: density, moving averages, a teacher, clipping, augmentation.
  static func fullRecipe(epochs: Int, form: DensitySchedule.Form = .regrowing) -> Recipe {
    var recipe = recipe(epochs: epochs)
    recipe.density = DensitySchedule(from: 0.8, to: 0.2, end: 0.6, interval: 7, form: form)
    recipe.distillation = Distillation(temperature: 3, share: 0.4)
    recipe.averaging = 0.95
    return recipe
  }

  /// A teacher that needs no training: pixels themselves, added up in ten ways.
  @Sendable static func teacher(_ batch: Tensor<Float>) -> Tensor<Float> {
    let size = batch.scalars.count / batch.shape[0]
    let logits = (0..<batch.shape[0] * 10).map { index in
      stride(from: index % 10, to: size, by: 10).reduce(Float(0)) { $0 + batch.scalars[index / 10 * size + $1] }
    }
    return Tensor(shape: [batch.shape[0], 10], scalars: logits)
  }
}

@Suite struct QuantizedTrainingTests {
  /// The logits of a frozen graph by the definitions of its operators, with values rounded to their encodings.
  private func definedLogits(_ frozen: Graph, _ x: Tensor<Float>) throws -> Tensor<Float> {
    let evaluator = GraphEvaluator(frozen, roundsToEncodings: true)
    return try #require(try evaluator.outputs([.float32(x)])[0].asFloat32)
  }

  @Test("Ternary weights and 8-bit activations learn the digits; the frozen graph gives the same logits")
  func learnsDigits() throws {
    let test = try Digits.items(isTest: true)
    let graph = try Digits.network(seed: 1)
    var recipe = Digits.recipe(epochs: 24)
    recipe.density = DensitySchedule(to: 0.2)
    recipe.averaging = 0.98
    let trainer = try Trainer(
      graph, quantization: Digits.quantization(graph), items: try Digits.items(isTest: false), recipe: recipe,
      threads: 2)
    while !trainer.isFinished { _ = try trainer.runEpoch() }
    let correct = try trainer.withAverages { try trainer.correctCount(test) }
    #expect(Double(correct) >= 0.95 * Double(test.count))
    let frozen = try trainer.withAverages { try trainer.network.frozenGraph() }
    guard case .coded(let codes)? = frozen.constants[frozen.nodes[4].inputs[1] ?? ValueID(0)] else {
      Issue.record("The inner weights have codes")
      return
    }
    #expect(Set(codes.codes.scalars) == [-1, 0, 1])
    #expect(abs(codes.density - 0.2) < 1e-3)
    let logits = try definedLogits(frozen, test.inputs)
    #expect(SoftmaxCrossEntropy().evaluate(logits, test.labels).correctCount == correct)
  }

  @Test("Binary weights and signs of activations learn the digits; the frozen graph gives the same logits")
  func learnsWithSigns() throws {
    let test = try Digits.items(isTest: true)
    var graph = try Digits.network(seed: 1)
    // Signs want values on both sides of 0.
    let widest = Clamp(lower: -.greatestFiniteMagnitude, upper: .greatestFiniteMagnitude)
    graph.nodes[2].operator = .unary(.clip(widest))
    let kind = try #require(TrainableWeightQuantizerKind.named("xnor"))
    var quantization = Digits.quantization(graph, inner: kind.quantizer(TrainableWeightQuantizerOptions()))
    let signs = graph.nodes[2].output
    let statistics = ActivationStatistics(range: -4...4, meanMagnitude: 0.8)
    quantization.activations.append(ActivationQuantization([signs], SignActivation(), statistics))
    let trainer = try Trainer(
      graph, quantization: quantization, items: try Digits.items(isTest: false), recipe: Digits.recipe(epochs: 16),
      threads: 2)
    while !trainer.isFinished { _ = try trainer.runEpoch() }
    let correct = try trainer.correctCount(test)
    #expect(Double(correct) >= 0.9 * Double(test.count))
    let frozen = try trainer.network.frozenGraph()
    #expect(frozen[signs].encoding == .affine(AffineEncoding(scale: 1, bitWidth: 1, isSigned: true)))
    let logits = try definedLogits(frozen, test.inputs)
    #expect(SoftmaxCrossEntropy().evaluate(logits, test.labels).correctCount == correct)
  }

  @Test("Latent weights stay in the range that their quantizer keeps them in, however long the steps")
  func clipsLatentWeights() throws {
    let graph = try Digits.network(seed: 1)
    var recipe = Digits.recipe(epochs: 1)
    recipe.schedule = LearningRateSchedule(peak: 3000, shape: .constant)
    let quantization = Digits.quantization(graph, inner: BinaryConnectQuantizer())
    let trainer = try Trainer(
      graph, quantization: quantization, items: try Digits.items(isTest: false), recipe: recipe)
    _ = try trainer.runStep()
    let inner = try #require(graph.nodes[4].inputs[1])
    let latent = try #require(trainer.network.parameters.first { $0.id == inner && $0.role == .weights }).value.scalars
    #expect(latent.allSatisfy { (-1...1).contains($0) })
    #expect(latent.contains { $0.magnitude == 1 })
  }

  @Test(
    "A run with everything, resumed from the bytes of a checkpoint, ends with the same bits, for any threads",
    arguments: [DensitySchedule.Form.regrowing, .masking], [1, 23, 60])
  func resumes(form: DensitySchedule.Form, stop: Int) throws {
    let items = try Digits.items(isTest: false)
    let recipe = Digits.fullRecipe(epochs: 2, form: form)
    func trainer(_ seed: UInt64, _ threads: Int) throws -> Trainer {
      let graph = try Digits.network(seed: seed)
      return try Trainer(
        graph, quantization: Digits.quantization(graph), items: items, recipe: recipe, teacher: Digits.teacher,
        threads: threads)
    }
    let whole = try trainer(4, 1)
    var saved: [UInt8] = []
    while !whole.isFinished {
      if whole.step == stop { saved = whole.checkpoint.bytes }
      _ = try whole.runStep()
      // Looking at the averages changes nothing.
      if whole.step == 30 { _ = try whole.withAverages { try whole.network.frozenGraph() } }
    }
    let resumed = try trainer(5, 3)
    try resumed.resume(from: try Checkpoint(bytes: saved))
    #expect(try resumed.checkpoint == Checkpoint(bytes: saved))
    while !resumed.isFinished { _ = try resumed.runStep() }
    #expect(resumed.checkpoint.bytes == whole.checkpoint.bytes)
    #expect(try resumed.network.frozenGraph() == whole.network.frozenGraph())
  }

  @Test(
    "Every weight quantizer trains and freezes with a mask: zeros stay, and the frozen graph gives the logits",
    arguments: TrainableWeightQuantizerKind.all.map(\.name))
  func masksCompose(name: String) throws {
    let kind = try #require(TrainableWeightQuantizerKind.named(name))
    let graph = try Digits.network(seed: 6)
    var recipe = Digits.recipe(epochs: 1)
    recipe.density = DensitySchedule(from: 0.5, to: 0.3, end: 0.5, interval: 5, form: .masking)
    let trainer = try Trainer(
      graph, quantization: Digits.quantization(graph, inner: kind.quantizer(TrainableWeightQuantizerOptions())),
      items: try Digits.items(isTest: true), recipe: recipe)
    while !trainer.isFinished { _ = try trainer.runEpoch() }
    let id = try #require(graph.nodes[4].inputs[1])
    let lives = try #require(trainer.network.mask(of: id))
    #expect(lives.count { $0 } == Int((0.3 * Float(lives.count)).rounded()))
    let frozen = try trainer.network.frozenGraph()
    guard case .coded(let codes)? = frozen.constants[id] else {
      Issue.record("The weights have codes")
      return
    }
    #expect(zip(lives, codes.decoded.scalars).allSatisfy { $0 || $1 == 0 })
    let x = try Digits.items(isTest: true).inputs
    let batch = Tensor(shape: [32, 1, 8, 8], scalars: Array(x.scalars[..<(32 * 64)]))
    let logits = try trainer.network.forward(batch, isTraining: false)
    let expected = try definedLogits(frozen, batch)
    // A value that lies between two codes may go either way with the order of a sum.
    let largest = expected.scalars.map(\.magnitude).max() ?? 0
    let close = zip(logits.scalars, expected.scalars).count { abs($0 - $1) <= 1e-4 * largest }
    #expect(close * 10 >= 9 * logits.scalars.count)
    #expect(zip(logits.scalars, expected.scalars).allSatisfy { abs($0 - $1) <= 0.03 * largest })
  }

  @Test(
    "Layers that compete thin by their own measure; the counts add up",
    arguments: [
      DensitySchedule.Scope.layer, .network, .networkByMagnitude, .byShape(ErdosRenyiKernel()),
    ])
  func scopes(scope: DensitySchedule.Scope) throws {
    let graph = try Digits.network(seed: 3)
    var quantization = NetworkQuantization()
    for node in graph.nodes {
      switch node.operator {
      case .convolution, .dense:
        if let id = node.inputs[1] { quantization.weights[id] = WeightQuantization(nil) }
      default: break
      }
    }
    let network = try TrainableNetwork(graph, quantization: quantization, capacity: 1)
    network.prune(to: 0.25, form: .masking, scope: scope)
    _ = try network.forward(Tensor(repeating: 0, shape: [1, 1, 8, 8]), isTraining: false)
    let layers = network.densities
    let total = layers.reduce(0) { $0 + $1.count }
    #expect(layers.map(\.count) == [288, 18432, 2560])
    let kept = layers.reduce(0) { $0 + Int((Double($1.count) * $1.density).rounded()) }
    #expect(abs(kept - total / 4) <= 2)
    switch scope {
    case .layer: #expect(layers.allSatisfy { abs($0.density - 0.25) < 0.002 })
    // Uniform weights of all layers have the same distribution over their own deviation.
    case .network: #expect(layers.allSatisfy { abs($0.density - 0.25) < 0.05 })
    // The first layer's are the largest.
    case .networkByMagnitude: #expect(layers[0].density > 0.7)
    // 5320 in proportion to 39 : 102 : 266 are more than the first and the last have.
    case .byShape: #expect(layers.map { Int((Double($0.count) * $0.density).rounded()) } == [288, 2472, 2560])
    }
  }

  @Test(
    "Densities by shape hold at the end of a run, whether weights may come back or not",
    arguments: [DensitySchedule.Form.regrowing, .masking])
  func densitiesByShape(form: DensitySchedule.Form) throws {
    let graph = try Digits.network(seed: 3)
    var quantization = NetworkQuantization()
    for (id, own) in Digits.quantization(graph).weights {
      quantization.weights[id] = WeightQuantization(own.isPruned ? own.quantizer : TrainedTernaryQuantizer())
    }
    var recipe = Digits.recipe(epochs: 1)
    recipe.density = DensitySchedule(
      from: 1, to: 0.2, end: 0.5, form: form, scope: .byShape(ErdosRenyiKernel(ceiling: 0.9)))
    let trainer = try Trainer(
      graph, quantization: quantization, items: try Digits.items(isTest: true), recipe: recipe)
    while !trainer.isFinished { _ = try trainer.runEpoch() }
    // 4256 in proportion to 39 : 102 : 266; the first and the last take nine tenths.
    let expected = [259, 1693, 2304]
    for (layer, count) in zip(trainer.network.densities, expected) {
      #expect(abs(layer.density * Double(layer.count) - Double(count)) < 2)
    }
  }

  @Test("Rewinding brings back the start with the masks of the end")
  func rewinds() throws {
    let graph = try Digits.network(seed: 8)
    let trainer = try Trainer(
      graph, quantization: Digits.quantization(graph), items: try Digits.items(isTest: true),
      recipe: Digits.recipe(epochs: 1))
    let start = trainer.checkpoint
    while !trainer.isFinished { _ = try trainer.runEpoch() }
    trainer.network.prune(to: 0.4, form: .masking, scope: .layer)
    let id = try #require(graph.nodes[4].inputs[1])
    let lives = try #require(trainer.network.mask(of: id))
    try trainer.rewind(to: start)
    #expect(trainer.step == 0)
    let place = try #require(trainer.network.parameters.firstIndex { $0.id == id })
    let weights = trainer.network.parameters[place].value.scalars
    #expect(trainer.network.mask(of: id) == lives)
    #expect(weights == zip(start.values[place], lives).map { $1 ? $0 : 0 })
    while !trainer.isFinished { _ = try trainer.runEpoch() }
    let trained = trainer.network.parameters[place].value.scalars
    #expect(zip(trained, lives).allSatisfy { $1 || $0 == 0 })
    #expect(trained != weights)
  }

  @Test("Negative factors of normalizations move into the weights, which changes no result")
  func signsMove() throws {
    var graph = try Digits.network(seed: 2)
    let gamma = try #require(graph.nodes[1].inputs[1])
    let factors = (0..<32).map { Float($0 % 3) - 0.75 }
    graph.constants[gamma] = .tensor(.float32(Tensor(shape: [32], scalars: factors)))
    let filters = try #require(graph.nodes[0].inputs[1])
    let quantization = NetworkQuantization(weights: [filters: WeightQuantization(ChannelRangeQuantizer())])
    let network = try TrainableNetwork(graph, quantization: quantization, capacity: 8)
    let x = Tensor.random([8, 1, 8, 8], seed: 4)
    let before = try TrainableNetwork(graph, capacity: 8).forward(x, isTraining: true)
    let after = try network.forward(x, isTraining: true)
    let moved = try #require(network.parameters.first { $0.id == gamma }).value.scalars
    #expect(moved == factors.map(\.magnitude))
    let largest = before.scalars.map(\.magnitude).max() ?? 0
    // 8-bit filters of a scale per channel.
    #expect(zip(before.scalars, after.scalars).allSatisfy { abs($0 - $1) < 0.03 * largest })
  }

  @Test("What cannot be quantized is named")
  func refusals() throws {
    let graph = try Digits.network(seed: 1)
    let statistics = ActivationStatistics(range: 0...1, meanMagnitude: 0.3)
    func error(_ quantization: NetworkQuantization) -> String? {
      do throws(TrainingError) {
        _ = try TrainableNetwork(graph, quantization: quantization, capacity: 1)
        return nil
      } catch { return error.description }
    }
    let clip = FixedPointActivation(bitWidth: 8)
    let start = "The network cannot be quantized so: "
    let relu = graph.nodes[2].output
    #expect(
      error(NetworkQuantization(activations: [.init([relu, relu], clip, statistics)]))
        == start + "'relu 32' has two rules.")
    let filters = try #require(graph.nodes[0].inputs[1])
    #expect(
      error(NetworkQuantization(activations: [.init([filters], clip, statistics)]))
        == start + "value \(filters.index) is no activation that the trainer computes.")
    #expect(
      error(NetworkQuantization(weights: [relu: .init(ChannelRangeQuantizer())]))
        == start + "'relu 32' holds no weights of a convolution or a dense layer.")
    var recipe = Digits.recipe(epochs: 1)
    recipe.distillation = Distillation()
    #expect(throws: TrainingError(.data("distillation without a teacher"))) {
      try Trainer(graph, items: try Digits.items(isTest: true), recipe: recipe)
    }
  }
}
