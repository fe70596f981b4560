import CResources
import Graphs
import Reference
import Tensors
import Testing
import Training

/// The built-in digits: 1,437 pictures for training, 360 for testing.
enum Digits {
  static func items(isTest: Bool) throws -> LabeledItems {
    var byteCount = 0
    let start = try #require(dc_digits_csv(&byteCount))
    let text = String(decoding: UnsafeBufferPointer(start: start, count: byteCount), as: UTF8.self)
    let rows = text.split(whereSeparator: \.isNewline).dropFirst().map {
      $0.split(separator: ",").compactMap { Int($0) }
    }
    let chosen = isTest ? rows.suffix(360) : rows.dropLast(360)
    let pixels = chosen.flatMap { $0.prefix(64).map { Float($0) / 16 } }
    return try LabeledItems(
      inputs: Tensor(shape: [chosen.count, 1, 8, 8], scalars: pixels), labels: chosen.map { $0[64] })
  }

  /// Two convolutions with batch normalization, pooling, and a dense layer; weights after He et al.
  static func network(seed: UInt64) throws -> Graph {
    var graph = Graph()
    var seeds = SplitMix64(seed: seed)
    var x = graph.addInput("pixels", TensorType(.float32, [.batch(1), 1, 8, 8]))
    func weights(_ shape: Shape) -> AnyTensor {
      let limit = (6 / Float(shape.elementCount / shape[0])).squareRoot()
      return .float32(.random(shape, in: -limit...limit, seed: seeds.next()))
    }
    func all(_ value: Float, _ count: Int) -> AnyTensor { .float32(Tensor(repeating: value, shape: [count])) }
    for (inputs, outputs) in [(1, 32), (32, 64)] {
      let filters = graph.addConstant("filters", weights([outputs, inputs, 3, 3]))
      x = try graph.append(
        .convolution(Convolution(window: GradientCase.same)), [x, filters], name: "convolution \(outputs)")
      let parameters = [1, 0, 0, 1].map { graph.addConstant("statistics", all($0, outputs)) }
      x = try graph.append(.batchNormalization(epsilon: 1e-5), [x] + parameters, name: "normalization \(outputs)")
      x = try graph.append(.unary(.relu), [x], name: "relu \(outputs)")
      let window = Window(kernel: [2, 2], strides: [2, 2])
      x = try graph.append(.pooling(Pooling(kind: .maximum, window: window)), [x], name: "pool \(outputs)")
    }
    x = try graph.append(.reshape([.batch(1), 256]), [x], name: "flatten")
    let rows = graph.addConstant("rows", weights([10, 256]))
    x = try graph.append(.dense(clamp: nil), [x, rows, graph.addConstant("bias", all(0, 10))], name: "classes")
    graph.outputs = [x]
    return graph
  }

  static func recipe(epochs: Int, optimizer: Optimizer = .sgd(momentum: 0.9, nesterov: true)) -> Recipe {
    Recipe(
      batchSize: 32, epochs: epochs, optimizer: optimizer,
      schedule: LearningRateSchedule(
        peak: optimizer.isAdam ? 0.003 : 0.05, shape: .oneCycle(rise: 0.3), warmUpSteps: 5),
      weightDecay: 5e-4, labelSmoothing: 0.05, largestGradientNorm: 5, augmentation: Augmentation(padding: 1),
      seed: 3)
  }
}

extension Optimizer {
  fileprivate var isAdam: Bool { if case .adamW = self { true } else { false } }
}

@Suite struct TrainerTests {
  @Test(
    "A small network learns the digits from scratch; the definition of its graph gives the same classes",
    arguments: [
      (Optimizer.sgd(momentum: 0.9, nesterov: true), 0.97), (.adamW(beta1: 0.9, beta2: 0.999, epsilon: 1e-8), 0.95),
    ])
  func learnsDigits(optimizer: Optimizer, accuracy: Double) throws {
    let test = try Digits.items(isTest: true)
    let trainer = try Trainer(
      try Digits.network(seed: 1), items: try Digits.items(isTest: false),
      recipe: Digits.recipe(epochs: 24, optimizer: optimizer), threads: 2)
    while !trainer.isFinished { _ = try trainer.runEpoch() }
    let correct = try trainer.correctCount(test)
    #expect(Double(correct) >= accuracy * Double(test.count))
    let graph = trainer.network.trainedGraph
    let logits = try #require(try GraphEvaluator(graph).outputs([.float32(test.inputs)])[0].asFloat32)
    #expect(SoftmaxCrossEntropy().evaluate(logits, test.labels).correctCount == correct)
  }

  @Test("The bits of the weights depend neither on the number of threads nor on the run")
  func isDeterministic() throws {
    let items = try Digits.items(isTest: false)
    let checkpoints = try [1, 2, 3, 1].map { threads in
      let trainer = try Trainer(
        try Digits.network(seed: 2), items: items, recipe: Digits.recipe(epochs: 1), threads: threads)
      _ = try trainer.runEpoch()
      return trainer.checkpoint.bytes
    }
    #expect(checkpoints.allSatisfy { $0 == checkpoints[0] })
  }

  @Test(
    "A run resumed from the bytes of a checkpoint ends with the same bits",
    arguments: [Optimizer.sgd(momentum: 0.9, nesterov: false), .adamW(beta1: 0.9, beta2: 0.99, epsilon: 1e-8)],
    [1, 44, 50])
  func resumes(optimizer: Optimizer, stop: Int) throws {
    let items = try Digits.items(isTest: false)
    let recipe = Digits.recipe(epochs: 2, optimizer: optimizer)
    let whole = try Trainer(try Digits.network(seed: 4), items: items, recipe: recipe)
    var saved: [UInt8] = []
    while !whole.isFinished {
      if whole.step == stop { saved = whole.checkpoint.bytes }
      _ = try whole.runStep()
    }
    // Another start: everything comes from the checkpoint.
    let resumed = try Trainer(try Digits.network(seed: 5), items: items, recipe: recipe, threads: 2)
    try resumed.resume(from: try Checkpoint(bytes: saved))
    #expect(resumed.step == stop)
    while !resumed.isFinished { _ = try resumed.runStep() }
    #expect(resumed.checkpoint.bytes == whole.checkpoint.bytes)
  }

  @Test("Damaged checkpoints, and those of other runs, are refused", arguments: UInt64(0)..<20)
  func refusesDamage(seed: UInt64) throws {
    var recipe = Digits.recipe(epochs: 1)
    let items = try Digits.items(isTest: true)
    let trainer = try Trainer(try Digits.network(seed: 1), items: items, recipe: recipe)
    let bytes = trainer.checkpoint.bytes
    var generator = SplitMix64(seed: seed)
    var damaged = bytes
    damaged[Int.random(in: 0..<bytes.count, using: &generator)] ^= 1 << UInt8.random(in: 0..<8, using: &generator)
    #expect(throws: TrainingError.self) { try Checkpoint(bytes: damaged) }
    let cut = Array(bytes.prefix(Int.random(in: 0..<bytes.count, using: &generator)))
    #expect(throws: TrainingError.self) { try Checkpoint(bytes: cut) }
    recipe.seed = seed &+ 100
    let other = try Trainer(try Digits.network(seed: 1), items: items, recipe: recipe)
    #expect(throws: TrainingError(.checkpoint("its seed is 3, the recipe's \(recipe.seed)"))) {
      try other.resume(from: try Checkpoint(bytes: bytes))
    }
  }

  @Test("A rate that is far too high ends with an error that names the step")
  func divergenceIsReported() throws {
    var recipe = Digits.recipe(epochs: 3)
    recipe.schedule = LearningRateSchedule(peak: 1e30, shape: .constant)
    recipe.largestGradientNorm = nil
    let trainer = try Trainer(try Digits.network(seed: 1), items: try Digits.items(isTest: true), recipe: recipe)
    let error = #expect(throws: TrainingError.self) { while !trainer.isFinished { _ = try trainer.runStep() } }
    guard case .notFinite(let step, _)? = error?.problem else {
      Issue.record("\(String(describing: error))")
      return
    }
    #expect(step == trainer.step)
  }
}

@Suite struct ScheduleTests {
  @Test func ratesFollowTheirShapes() {
    let cosine = LearningRateSchedule(peak: 2, shape: .cosine, warmUpSteps: 4)
    #expect((0..<4).map { cosine.rate(at: $0, of: 104) } == [0.5, 1, 1.5, 2])
    #expect(abs(cosine.rate(at: 54, of: 104) - 1) < 1e-6)
    let steps = LearningRateSchedule(peak: 1, shape: .steps(at: [0.5, 0.75], factor: 0.5))
    #expect([0, 49, 50, 74, 75, 99].map { steps.rate(at: $0, of: 100) } == [1, 1, 0.5, 0.5, 0.25, 0.25])
    let cycle = LearningRateSchedule(peak: 1, shape: .oneCycle(rise: 0.25))
    #expect(abs(cycle.rate(at: 0, of: 100) - 0.04) < 1e-6)
    #expect(abs(cycle.rate(at: 25, of: 100) - 1) < 1e-6)
    #expect(cycle.rate(at: 99, of: 100) < 0.01)
  }

  @Test("The loss and its gradient are those of the smoothed target", arguments: [Float(0), 0.1])
  func lossFollowsItsDefinition(smoothing: Float) {
    let logits = Tensor(shape: [2, 3], scalars: [Float(1), 2, -1, 0, 0.5, 0.25])
    let labels = [0, 1]
    let result = SoftmaxCrossEntropy(labelSmoothing: smoothing).evaluate(logits, labels)
    #expect(result.correctCount == 1)
    for index in 0..<6 {
      func loss(_ shift: Float) -> Double {
        var moved = logits.scalars
        moved[index] += shift
        let logits = Tensor(shape: logits.shape, scalars: moved)
        return SoftmaxCrossEntropy(labelSmoothing: smoothing).evaluate(logits, labels).loss
      }
      let slope = (loss(0x1p-10) - loss(-0x1p-10)) * 0x1p9
      #expect(abs(slope - Double(result.gradient.scalars[index])) < 1e-5)
    }
  }

  @Test(
    "A teacher's share of the loss has the gradient of its definition", arguments: [Float(0), 0.3, 1], [Float(1), 4])
  func distillationFollowsItsDefinition(share: Float, temperature: Float) {
    let logits = Tensor(shape: [2, 3], scalars: [Float(1), 2, -1, 0, 0.5, 0.25])
    let teacher = Tensor(shape: [2, 3], scalars: [Float(3), -1, 0.5, 1, 1, -2])
    let loss = SoftmaxCrossEntropy(
      labelSmoothing: 0.1, distillation: Distillation(temperature: temperature, share: share))
    let result = loss.evaluate(logits, [0, 1], teacher: teacher)
    func softmax(_ row: ArraySlice<Float>) -> [Double] {
      let powers = row.map { exponential(Double($0) / Double(temperature)) }
      return powers.map { $0 / powers.reduce(0, +) }
    }
    // λ·T²·KL from its definition, by item, beside the loss without a teacher.
    var divergence = 0.0
    for item in 0..<2 {
      let range = item * 3..<item * 3 + 3
      for (q, p) in zip(softmax(teacher.scalars[range]), softmax(logits.scalars[range])) {
        divergence += q * logarithm(q / p) / 2
      }
    }
    let hard = loss.evaluate(logits, [0, 1]).loss
    let expected = Double(1 - share) * hard + Double(share * temperature * temperature) * divergence
    #expect(abs(result.loss - expected) < 1e-6)
    for index in 0..<6 {
      func moved(_ shift: Float) -> Double {
        var scalars = logits.scalars
        scalars[index] += shift
        return loss.evaluate(Tensor(shape: logits.shape, scalars: scalars), [0, 1], teacher: teacher).loss
      }
      let slope = (moved(0x1p-10) - moved(-0x1p-10)) * 0x1p9
      #expect(abs(slope - Double(result.gradient.scalars[index])) < 1e-5)
    }
  }

  private func exponential(_ x: Double) -> Double {
    // 40 terms of the series: exact to the last digits for |x| below 5.
    (1..<40).reversed().reduce(1.0) { 1 + x / Double($1) * $0 }
  }

  private func logarithm(_ x: Double) -> Double {
    // Newton's steps for e^y = x.
    (0..<60).reduce(0.0) { y, _ in y - 1 + x / exponential(y) }
  }

  @Test("A density falls as a cubic from its start to its end, and is final there whatever the interval")
  func densityFollowsItsDefinition() {
    let schedule = DensitySchedule(from: 0.8, to: 0.2, start: 0.1, end: 0.51, interval: 7)
    let changes = (0..<200).map { schedule.density(at: $0, of: 200) }
    #expect(changes.indices.filter { changes[$0] != nil } == [20, 27, 34, 41, 48, 55, 62, 69, 76, 83, 90, 97, 102])
    #expect(changes[20] == 0.8)
    #expect(changes[102] == 0.2)
    let left = 1 - Float(62 - 20) / 82
    #expect(abs((changes[62] ?? 0) - (0.2 + 0.6 * left * left * left)) < 1e-6)
    #expect(DensitySchedule(to: 0.3, end: 1).density(at: 9, of: 10) == 0.3)
  }
}
