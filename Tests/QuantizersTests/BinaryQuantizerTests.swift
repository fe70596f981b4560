import Quantizers
import Tensors
import Testing

@Suite struct BinaryQuantizerTests {
  @Test("A code is the sign, the scale the mean magnitude of the filter")
  func codesAndScales() throws {
    let latent = Tensor<Float>(shape: [2, 2], scalars: [1, -3, 0, 0.5])
    let coded = try BinaryQuantizer().quantize(latent)
    #expect(coded.codes.scalars == [1, -1, 1, 1])
    #expect(coded.encoding.scales == [2, 0.25])
    #expect(try BinaryQuantizer(granularity: .perTensor).quantize(latent).encoding.scales == [1.125])
  }

  @Test("A filter of zeros gives next to nothing")
  func zeroFilter() throws {
    let coded = try BinaryQuantizer().quantize(Tensor(shape: [2, 2], scalars: [1, -1, 0, 0]))
    #expect(coded.decoded.scalars[2].magnitude < 1e-5)
  }
}
