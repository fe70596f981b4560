import Tensors

/// Fresh weights, the same bits for the same seed on every platform.
struct WeightInitializer {
  private var generator: SplitMix64

  init(seed: UInt64) { generator = SplitMix64(seed: seed) }

  /// Normal numbers of variance 2 / `fanIn`, for weighted sums before a ReLU.
  ///
  /// A number is the sum of twelve uniform ones of 16 bits, exact in integers: no mathematical function whose last bit
  /// depends on the platform. The sum is within ±6 deviations, its kurtosis 2.9 instead of 3.
  ///
  /// - Source: He et al., *Delving Deep into Rectifiers*, arXiv 1502.01852, equation 10.
  mutating func he(_ shape: Shape, fanIn: Int) -> Tensor<Float> {
    let deviation = (2 / Float(fanIn)).squareRoot()
    let scalars = [Float](unsafeUninitializedCapacity: shape.elementCount) { buffer, count in
      for index in 0..<shape.elementCount {
        var sum = 0
        for _ in 0..<3 {
          let bits = generator.next()
          sum += Int(bits & 0xFFFF) + Int(bits >> 16 & 0xFFFF) + Int(bits >> 32 & 0xFFFF) + Int(bits >> 48)
        }
        // The mean of the sum is 12 · (2^16 − 1) / 2.
        buffer[index] = Float(sum - 6 * 0xFFFF) * 0x1p-16 * deviation
      }
      count = shape.elementCount
    }
    return Tensor(shape: shape, scalars: scalars)
  }

  /// Uniform numbers of variance 2 / (`fanIn` + `fanOut`), for weighted sums without a ReLU.
  ///
  /// - Source: Glorot, Bengio, *Understanding the Difficulty of Training Deep Feedforward Neural Networks*, 2010.
  mutating func glorot(_ shape: Shape, fanIn: Int, fanOut: Int) -> Tensor<Float> {
    let limit = (6 / Float(fanIn + fanOut)).squareRoot()
    let scalars = [Float](unsafeUninitializedCapacity: shape.elementCount) { buffer, count in
      for index in 0..<shape.elementCount { buffer[index] = (2 * generator.nextUnit() - 1) * limit }
      count = shape.elementCount
    }
    return Tensor(shape: shape, scalars: scalars)
  }
}
