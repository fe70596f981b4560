import Tensors
import Testing

@testable import Training

@Suite struct AugmentationTests {
  private func applied(_ augmentation: Augmentation, _ picture: Tensor<Float>, seed: UInt64) -> Tensor<Float> {
    var generator = SplitMix64(seed: seed)
    var result = picture
    picture.scalars.withUnsafeBufferPointer { source in
      result.scalars.withUnsafeMutableBufferPointer { target in
        guard let source = source.baseAddress, let target = target.baseAddress else { return }
        augmentation.apply(source, picture.shape.dimensions, into: target, &generator)
      }
    }
    return result
  }

  @Test("Shift and mirroring take each pixel from one place, and zeros from outside", arguments: UInt64(0)..<8)
  func shifts(seed: UInt64) {
    let picture = Tensor<Float>.random([2, 5, 6], seed: seed)
    let result = applied(Augmentation(padding: 2, flips: true), picture, seed: seed)
    var generator = SplitMix64(seed: seed)
    let down = Int.random(in: -2...2, using: &generator)
    let right = Int.random(in: -2...2, using: &generator)
    let isMirrored = Bool.random(using: &generator)
    for index in 0..<60 {
      let (c, y, x) = (index / 30, index / 6 % 5 + down, (isMirrored ? 5 - index % 6 : index % 6) + right)
      let isInside = (0..<5).contains(y) && (0..<6).contains(x)
      #expect(result.scalars[index] == (isInside ? picture.scalars[c * 30 + y * 6 + x] : 0))
    }
  }

  @Test("Light changes as the definition says, by channel and inside the limits", arguments: UInt64(0)..<8)
  func light(seed: UInt64) {
    let picture = Tensor<Float>.random([3, 4, 4], seed: seed)
    let change = LightChange(
      brightness: [0.5, 0.25, 1], contrast: 0.5...1.5, lower: [-1], upper: [0.9, 1, 0.8])
    let result = applied(Augmentation(light: change), picture, seed: seed)
    var generator = SplitMix64(seed: seed)
    // The shift and the mirroring draw nothing but their two zeros.
    for _ in 0..<2 { _ = Int.random(in: 0...0, using: &generator) }
    let share = 2 * generator.nextUnit() - 1
    let factor = 0.5 + generator.nextUnit()
    for c in 0..<3 {
      let upper = change.upper[c]
      let bright = picture.scalars[c * 16..<c * 16 + 16].map { min(max($0 + share * change.brightness[c], -1), upper) }
      let mean = bright.reduce(0, +) / 16
      for (index, value) in bright.enumerated() {
        let expected = min(max(mean + factor * (value - mean), -1), upper)
        // The mean is summed in another order of rounding.
        #expect(abs(result.scalars[c * 16 + index] - expected) < 1e-6)
      }
    }
  }

  @Test("A scale of 1 is the picture; of 2 the middle, twice as large")
  func scales() {
    let picture = Tensor<Float>.random([1, 6, 6], seed: 1)
    #expect(applied(Augmentation(scales: 1...1), picture, seed: 1) == picture)
    let ramp = Tensor<Float>(shape: [1, 8, 8], scalars: (0..<64).map { Float($0 / 8 * 2 + $0 % 8) })
    let large = applied(Augmentation(scales: 2...2), ramp, seed: 1)
    for index in 0..<64 {
      // A linear picture stays linear: half of the slope, the same value in the middle.
      let (y, x) = (Float(index / 8) - 3.5, Float(index % 8) - 3.5)
      #expect(abs(large.scalars[index] - (10.5 + y + x / 2)) < 1e-5)
    }
    let small = applied(Augmentation(scales: 0.5...0.5), Tensor(repeating: 1, shape: [1, 8, 8]), seed: 1)
    #expect(small.scalars[0] == 0 && small.scalars[3 * 8 + 3] == 1)
    #expect(small.scalars.reduce(0, +) == 16)
  }

  @Test("A change that does not fit is refused")
  func objections() {
    #expect(Augmentation(padding: 1).objection(to: [3, 8, 8]) == nil)
    #expect(Augmentation().objection(to: [64]) == "augmentation of items that are not [C, H, W]")
    #expect(Augmentation(padding: -1).objection(to: [3, 8, 8]) == "augmentation with a negative padding")
    let two = LightChange(brightness: [1, 1], lower: [0], upper: [1])
    #expect(
      Augmentation(light: two).objection(to: [3, 8, 8])
        == "a change of light that is not one positive number or one a channel")
    #expect(Augmentation(light: two).objection(to: [2, 8, 8]) == nil)
    #expect(Augmentation(scales: 0...1).objection(to: [3, 8, 8]) == "scales that are not positive")
  }
}
