import Tensors

/// Sets values to 0 at random in training, and copies them otherwise.
final class DropoutLayer: Layer {
  private let share: Float
  private let itemCount: Int

  /// - Parameters:
  ///   - share: of the values that become 0, in `0..<1`.
  ///   - itemCount: values of one item.
  init(name: String, input: Int, output: Int, share: Float, itemCount: Int) {
    self.share = share
    self.itemCount = itemCount
    super.init(name: name, inputs: [input], output: output)
  }

  override func forward(_ context: Context) {
    let (from, to) = (context.value(inputs[0]), context.value(output))
    guard context.isTraining else {
      to.update(from: from, count: context.count * itemCount)
      return
    }
    forEachFactor(context) { index, factor in to[index] = from[index] * factor }
  }

  override func backward(_ context: Context) {
    guard let accumulates = accumulates[0] else { return }
    let (gradient, target) = (context.gradient(output), context.gradient(inputs[0]))
    if accumulates {
      forEachFactor(context) { index, factor in target[index] += gradient[index] * factor }
    } else {
      forEachFactor(context) { index, factor in target[index] = gradient[index] * factor }
    }
  }

  /// Calls `body` with the place of each value and 0 or 1 / (1 − share), both times in a step with the same.
  private func forEachFactor(_ context: Context, _ body: (_ index: Int, _ factor: Float) -> Void) {
    let kept = context.isTraining ? 1 / (1 - share) : 1
    let limit = context.isTraining ? UInt64(share * 0x1p24) : 0
    context.workers.overBatch(context.count) { _, range in
      for item in range {
        var seeds = SplitMix64(seed: context.dropoutSeed &+ UInt64(output))
        var generator = SplitMix64(seed: seeds.next() ^ (UInt64(item) &* 0xD1B5_4A32_D192_ED03))
        for index in item * itemCount..<(item + 1) * itemCount {
          body(index, generator.next() >> 40 < limit ? 0 : kept)
        }
      }
    }
  }
}
