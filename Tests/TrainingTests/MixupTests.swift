import Tensors
import Testing
import Training

@Suite struct MixupTests {
  @Test(
    "Shares have the mean 1/2 and the variance 1 / (8 alpha + 4) of the beta distribution; partners are an order",
    arguments: [Float(0.1), 0.2, 0.5, 1, 2, 8])
  func distribution(alpha: Float) {
    var generator = SplitMix64(seed: 5)
    let draws = (0..<20_000).map { _ in Mixup(alpha: alpha).draw(4, &generator) }
    let shares = draws.map { Double($0.share) }
    #expect(shares.allSatisfy { (0...1).contains($0) })
    let mean = shares.reduce(0, +) / Double(shares.count)
    let variance = shares.reduce(0) { $0 + ($1 - mean) * ($1 - mean) } / Double(shares.count)
    let expected = 1 / (8 * Double(alpha) + 4)
    // Five standard deviations of the mean of 20,000; that of the variance is smaller than that of the mean.
    let limit = 5 * (expected / 20_000).squareRoot()
    #expect(abs(mean - 0.5) < limit && abs(variance - expected) < limit)
    #expect(draws.allSatisfy { $0.partners.sorted() == [0, 1, 2, 3] })
  }

  @Test("The loss of mixed items is the mixture of the losses by both labels, smoothing and teacher included")
  func loss() {
    let logits = Tensor.random([3, 5], seed: 1)
    let teacher = Tensor.random([3, 5], seed: 2)
    let loss = SoftmaxCrossEntropy(labelSmoothing: 0.1, distillation: Distillation(temperature: 2, share: 0.3))
    let (labels, partners) = ([0, 3, 4], [2, 0, 1])
    let mixed = loss.evaluate(
      logits, labels, mixing: Mixup.Draw(share: 0.7, partners: partners), teacher: teacher)
    let own = loss.evaluate(logits, labels, teacher: teacher)
    let other = loss.evaluate(logits, partners.map { labels[$0] }, teacher: teacher)
    let share = Double(Float(0.7))
    #expect(abs(mixed.loss - (share * own.loss + (1 - share) * other.loss)) < 1e-12)
    let gradients = zip(own.gradient.scalars, other.gradient.scalars).map { Float(0.7) * $0 + Float(0.3) * $1 }
    #expect(zip(mixed.gradient.scalars, gradients).allSatisfy { abs($0 - $1) < 1e-6 })
    #expect(mixed.correctCount == own.correctCount)
    let mostlyOther = loss.evaluate(logits, labels, mixing: Mixup.Draw(share: 0.2, partners: partners))
    #expect(mostlyOther.correctCount == other.correctCount)
  }

  @Test("Mixed training is the same bits for any threads and after a resume; teacher and network see one mixed batch")
  func training() throws {
    let items = try Digits.items(isTest: true)
    var recipe = Digits.recipe(epochs: 2)
    recipe.mixup = Mixup(alpha: 0.4)
    recipe.labelSmoothing = 0.1
    recipe.distillation = Distillation(temperature: 3, share: 0.4)
    var seen: [Tensor<Float>] = []
    func trainer(_ threads: Int) throws -> Trainer {
      try Trainer(
        try Digits.network(seed: 4), items: items, recipe: recipe,
        teacher: {
          seen.append($0)
          return Digits.teacher($0)
        }, threads: threads)
    }
    let whole = try trainer(1)
    var saved: [UInt8] = []
    while !whole.isFinished {
      if whole.step == 7 { saved = whole.checkpoint.bytes }
      _ = try whole.runStep()
    }
    let batches = seen
    let resumed = try trainer(3)
    try resumed.resume(from: try Checkpoint(bytes: saved))
    while !resumed.isFinished { _ = try resumed.runStep() }
    #expect(resumed.checkpoint.bytes == whole.checkpoint.bytes)
    #expect(Array(seen[batches.count...]) == Array(batches[7...]))
    // Pixels of digits are multiples of 1/16: those of mixed ones are not.
    #expect(batches.contains { $0.scalars.contains { ($0 * 16).rounded() != $0 * 16 } })
    recipe.mixup = nil
    let plain = try trainer(1)
    _ = try plain.runStep()
    #expect(seen.last != batches.first)
  }

  @Test("An alpha that is not positive is refused")
  func refused() throws {
    var recipe = Digits.recipe(epochs: 1)
    recipe.mixup = Mixup(alpha: 0)
    #expect(throws: TrainingError(.data("mixup with an alpha of 0.0; it is positive"))) {
      try Trainer(try Digits.network(seed: 4), items: try Digits.items(isTest: true), recipe: recipe)
    }
  }
}
