import Graphs
import Quantizers
import Tensors

/// Trains a network on labeled items, a step at a time.
///
///     let trainer = try Trainer(graph, items: items, recipe: recipe, threads: 2)
///     while !trainer.isFinished { print(try trainer.runEpoch()) }
///     let trained = trainer.network.trainedGraph
///
/// The order of the items in an epoch, and the changes that augmentation makes in a step, follow from the seed and the
/// number of the epoch or step alone: a run that is resumed from a checkpoint ends with the same bits.
public final class Trainer {
  public let network: TrainableNetwork
  public let recipe: Recipe
  /// Steps done.
  public private(set) var step = 0

  private let items: LabeledItems
  private let loss: SoftmaxCrossEntropy
  private let teacher: Teacher?
  var slots: [FloatBuffer]
  /// Moving averages of the parameters; empty without.
  let averages: [FloatBuffer]
  private var order: (epoch: Int, indices: [Int])?

  /// What a step or an epoch showed, before its update.
  public struct Progress: Sendable, Equatable {
    public var itemCount = 0
    /// Mean over the items.
    public var loss = 0.0
    public var correctCount = 0
    public var learningRate: Float = 0
  }

  /// - Parameters:
  ///   - graph: what `TrainableNetwork` takes.
  ///   - quantization: of weights and values; none by default.
  ///   - items: to learn from.
  ///   - recipe: everything else that decides the run.
  ///   - teacher: asked in each step when the recipe has a `distillation`.
  ///   - threads: change nothing but the time.
  /// - Throws: what `TrainableNetwork` throws; `.data` when items, labels or recipe do not fit.
  public init(
    _ graph: Graph, quantization: NetworkQuantization = NetworkQuantization(), items: LabeledItems, recipe: Recipe,
    teacher: Teacher? = nil, threads: Int = 1
  ) throws(TrainingError) {
    guard recipe.batchSize >= 1, recipe.batchSize <= items.count, recipe.epochs >= 1 else {
      throw TrainingError(.data("batches of \(recipe.batchSize) of \(items.count) items, \(recipe.epochs) epochs"))
    }
    if let objection = recipe.augmentation?.objection(to: items.itemExtents) {
      throw TrainingError(.data(objection))
    }
    try recipe.check(hasTeacher: teacher != nil)
    network = try TrainableNetwork(
      graph, quantization: quantization, capacity: recipe.batchSize, threads: threads,
      precision: recipe.precision, dropout: recipe.dropout)
    let output = graph[graph.outputs[0]].type
    guard output.rank == 2, let classes = output.dimensions[1].fixedExtent, items.labels.allSatisfy({ $0 < classes })
    else { throw TrainingError(.data("labels that are no classes of the output \(output)")) }
    self.items = items
    self.recipe = recipe
    loss = SoftmaxCrossEntropy(
      labelSmoothing: recipe.labelSmoothing, distillation: recipe.distillation ?? Distillation())
    self.teacher = recipe.distillation == nil ? nil : teacher
    averages = recipe.averaging == nil ? [] : network.parameters.map { FloatBuffer($0.values.values) }
    slots = network.parameters.map {
      FloatBuffer($0.role.isTrained ? recipe.optimizer.slotCount * $0.values.count : 0)
    }
  }

  /// Whole batches of an epoch; items that are left over rest until the order is drawn anew.
  public var stepsPerEpoch: Int { items.count / recipe.batchSize }
  public var stepCount: Int { stepsPerEpoch * recipe.epochs }
  public var isFinished: Bool { step >= stepCount }

  /// Runs to the end of the epoch in which the run is.
  public func runEpoch() throws(TrainingError) -> Progress {
    var sum = Progress()
    repeat {
      let progress = try runStep()
      sum.itemCount += progress.itemCount
      sum.loss += progress.loss * Double(progress.itemCount)
      sum.correctCount += progress.correctCount
      sum.learningRate = progress.learningRate
    } while step % stepsPerEpoch != 0
    sum.loss /= Double(sum.itemCount)
    return sum
  }

  /// One batch: forward, backward, update.
  ///
  /// - Throws: `.notFinite`, before anything is updated but running statistics.
  public func runStep() throws(TrainingError) -> Progress {
    let (inputs, labels, mixing) = batch()
    if let schedule = recipe.density, let density = schedule.density(at: step, of: stepCount) {
      network.prune(to: density, form: schedule.form, scope: schedule.scope)
    }
    var dropping = generator(4, step)
    network.dropoutSeed = dropping.next()
    let logits = try network.forward(inputs, isTraining: true)
    let result = loss.evaluate(logits, labels, mixing: mixing, teacher: try opinion(inputs, as: logits))
    guard result.loss.isFinite else {
      throw TrainingError(.notFinite(step: step, first: network.firstNotFinite.map { "'\($0)'" } ?? "the loss"))
    }
    network.backward(result.gradient)
    let rate = recipe.schedule.rate(at: step, of: stepCount)
    try update(rate: rate)
    move(to: step + 1)
    return Progress(
      itemCount: labels.count, loss: result.loss, correctCount: result.correctCount, learningRate: rate)
  }

  /// What the teacher says, if there is one.
  private func opinion(_ inputs: Tensor<Float>, as logits: Tensor<Float>) throws(TrainingError) -> Tensor<Float>? {
    guard let teacher else { return nil }
    let result: Tensor<Float>
    do { result = try teacher(inputs) } catch { throw TrainingError(.data("the teacher failed: \(error)")) }
    guard result.shape == logits.shape else {
      throw TrainingError(.data("the teacher gives \(result.shape), the network \(logits.shape)"))
    }
    return result
  }

  private func update(rate: Float) throws(TrainingError) {
    var gradientScale: Float = 1
    let trained = network.parameters.indices.filter { network.parameters[$0].role.isTrained }
    let squares = trained.reduce(0.0) { sum, index in
      let gradient = network.parameters[index].gradient
      return UnsafeBufferPointer(start: gradient.pointer, count: gradient.count).reduce(sum) {
        $0 + Double($1) * Double($1)
      }
    }
    guard squares.isFinite else {
      throw TrainingError(.notFinite(step: step, first: network.firstNotFinite.map { "'\($0)'" } ?? "the gradient"))
    }
    if let largest = recipe.largestGradientNorm, squares.squareRoot() > Double(largest) {
      gradientScale = Float(Double(largest) / squares.squareRoot())
    }
    for index in trained {
      let parameter = network.parameters[index]
      let decay = recipe.decayExclusions.contains(parameter.role) ? 0 : recipe.weightDecay
      recipe.optimizer.update(
        parameter, slots[index], step: step + 1, rate: rate, decay: decay, gradientScale: gradientScale)
    }
    network.project()
    updateAverages()
  }

  // MARK: Data

  /// A generator of its own for each purpose and number.
  private func generator(_ purpose: UInt64, _ number: Int) -> SplitMix64 {
    var seeds = SplitMix64(seed: recipe.seed &+ purpose &* 0x9E37_79B9_97F4_A7C1)
    return SplitMix64(seed: seeds.next() ^ (UInt64(number) &* 0xD1B5_4A32_D192_ED03))
  }

  private func batch() -> (Tensor<Float>, [Int], Mixup.Draw?) {
    let epoch = step / stepsPerEpoch
    if order?.epoch != epoch {
      var shuffling = generator(1, epoch)
      order = (epoch, (0..<items.count).shuffled(using: &shuffling))
    }
    let first = step % stepsPerEpoch * recipe.batchSize
    let indices = (order?.indices ?? [])[first..<first + recipe.batchSize]
    let extents = items.itemExtents
    let size = extents.reduce(1, *)
    var changes = generator(2, step)
    var scalars = [Float](repeating: 0, count: indices.count * size)
    items.inputs.scalars.withUnsafeBufferPointer { source in
      scalars.withUnsafeMutableBufferPointer { target in
        guard let source = source.baseAddress, let target = target.baseAddress else { return }
        for (position, index) in indices.enumerated() {
          let (from, to) = (source + index * size, target + position * size)
          if let augmentation = recipe.augmentation {
            augmentation.apply(from, extents, into: to, &changes)
          } else {
            to.update(from: from, count: size)
          }
        }
      }
    }
    var mixing = generator(3, step)
    let draw = recipe.mixup?.draw(indices.count, &mixing)
    if let draw { recipe.mixup?.apply(draw, to: &scalars, size: size) }
    return (Tensor(shape: Shape([indices.count] + extents), scalars: scalars), indices.map { items.labels[$0] }, draw)
  }

  /// Goes to a step; for resuming.
  func move(to step: Int) {
    self.step = step
    network.progress.share = Float(step) / Float(stepCount)
  }

  /// How many of `items` the network gets right now, with running statistics.
  public func correctCount(_ items: LabeledItems) throws(TrainingError) -> Int {
    try network.evaluate(items, by: loss).correctCount
  }
}
