import Compression
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
  /// The logits of a frozen graph by the definitions of its operators, its coding written out.
  private func definedLogits(_ frozen: Graph, _ x: Tensor<Float>) throws -> Tensor<Float> {
    let simulated = try frozen.simulatingQuantization().graph
    return try #require(try GraphEvaluator(simulated).outputs([.float32(x)])[0].asFloat32)
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

  @Test("A run with everything, resumed from the bytes of a checkpoint, ends with the same bits, for any threads",
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
}
