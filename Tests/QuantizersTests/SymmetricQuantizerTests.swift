import Quantizers
import Tensors
import Testing

@Suite struct SymmetricQuantizerTests {
  @Test("Every weight is within half a step of what its code stands for", arguments: 2...8, [false, true])
  func errorIsAtMostHalfAStep(bitWidth: Int, usesFullRange: Bool) throws {
    for seed in UInt64(0)..<8 {
      let latent = Tensor<Float>.random([5, 30], in: -2...1, seed: seed)
      let coded = try SymmetricQuantizer(bitWidth: bitWidth, usesFullRange: usesFullRange).quantize(latent)
      for (index, (w, decoded)) in zip(latent.scalars, coded.decoded.scalars).enumerated() {
        // Half a step, and rounding of the division and the product.
        #expect((w - decoded).magnitude <= coded.encoding.scales[index / 30] * 0.50001)
      }
    }
  }

  @Test("Eight bits lie in -127...127; the full range adds -128")
  func rangeOfCodes() throws {
    let latent = Tensor<Float>(shape: [1, 3], scalars: [-1, 0.25, 0.5])
    let narrow = try SymmetricQuantizer().quantize(latent)
    #expect(narrow.codes.scalars == [-127, 32, 64])
    let full = try SymmetricQuantizer(usesFullRange: true).quantize(latent)
    #expect(full.codes.scalars == [-128, 32, 64])
    #expect(full.encoding.scales == [1 / 128])
  }

  @Test("A channel's scale does not depend on the others")
  func channelsAreIndependent() throws {
    let latent = Tensor<Float>(shape: [2, 2], scalars: [1.27, -0.5, 127, 3])
    #expect(try SymmetricQuantizer().quantize(latent).encoding.scales == [1.27 / 127, 1])
    #expect(try SymmetricQuantizer(granularity: .perTensor).quantize(latent).encoding.scales == [1])
  }

  @Test("Least squares is never worse than the widest scale", arguments: 2...8)
  func leastSquares(bitWidth: Int) throws {
    for seed in UInt64(0)..<8 {
      var latent = Tensor<Float>.random([4, 50], seed: seed)
      latent.scalars[7] = 4
      func error(_ rule: SymmetricQuantizer.ScaleRule) throws -> Float {
        let decoded = try SymmetricQuantizer(bitWidth: bitWidth, scaleRule: rule).quantize(latent).decoded
        return zip(latent.scalars, decoded.scalars).reduce(0) { $0 + ($1.0 - $1.1) * ($1.0 - $1.1) }
      }
      // Sums of floats in another order.
      #expect(try error(.leastSquares) <= error(.widest) * 1.0001)
    }
  }
}
