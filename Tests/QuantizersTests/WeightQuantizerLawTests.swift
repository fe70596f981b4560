import Quantizers
import Tensors
import Testing

@Suite struct WeightQuantizerLawTests {
  static let shapes: [Shape] = [[1, 1], [7, 3], [4, 3, 3, 3], [16, 1, 5]]
  static let options: [WeightQuantizerOptions] = [
    .init(), .init(granularity: .perTensor), .init(usesFullRange: true, ternaryThreshold: 0),
  ]

  @Test("Coding what codes stand for gives the same codes", arguments: WeightQuantizerKind.all.map(\.name), shapes)
  func codingIsIdempotent(name: String, shape: Shape) throws {
    let kind = try #require(WeightQuantizerKind.named(name))
    for (seed, options) in Self.options.enumerated() {
      let coded = try kind.quantizer(options).quantize(.random(shape, seed: UInt64(seed)))
      #expect(try coded.encoding.coded(coded.decoded) == coded)
    }
  }

  @Test("Scales are finite and positive, whatever the weights", arguments: WeightQuantizerKind.all.map(\.name))
  func scalesAreUsable(name: String) throws {
    let kind = try #require(WeightQuantizerKind.named(name))
    let weights: [Tensor<Float>] = [
      Tensor(repeating: 0, shape: [3, 4]), Tensor(repeating: 0x1p-139, shape: [3, 4]),
      Tensor(repeating: -3e38, shape: [3, 4]), Tensor(shape: [2, 2], scalars: [0, 0, 5, -0x1p-133]),
      Tensor(shape: [2, 0], scalars: []),
    ]
    for latent in weights {
      for options in Self.options {
        let coded = try kind.quantizer(options).quantize(latent)
        #expect(coded.shape == latent.shape)
        #expect(coded.encoding.scales.allSatisfy { $0.isFinite && $0 > 0 }, "\(latent.scalars) \(options)")
      }
    }
  }

  @Test(
    "Codes need no more bits than the list says", arguments: WeightQuantizerKind.all.map(\.name), 0..<8 as Range<UInt64>
  )
  func codesAreInRange(name: String, seed: UInt64) throws {
    let kind = try #require(WeightQuantizerKind.named(name))
    let coded = try kind.quantizer(.init()).quantize(.random([8, 9], in: -3...1, seed: seed))
    #expect(coded.encoding.bitsPerCode == kind.bitsPerWeight || kind.name.hasPrefix("codebook"))
    #expect(Set(coded.codes.scalars).count <= 1 << kind.bitsPerWeight)
    switch coded.encoding {
    case .affine(let affine): #expect(coded.codes.scalars.allSatisfy { affine.codeRange.contains(Int32($0)) })
    case .ternary: #expect(coded.codes.scalars.allSatisfy { (-1...1).contains($0) })
    }
  }

  @Test(
    "Zero keeps the code 0 where there is one, so that pruned weights stay pruned",
    arguments: ["int8", "codebook5", "codebook4", "int4", "int2", "ternary"])
  func zerosStayZeros(name: String) throws {
    let kind = try #require(WeightQuantizerKind.named(name))
    var latent = Tensor<Float>.random([6, 20], seed: 3)
    for index in stride(from: 0, to: 120, by: 3) { latent.scalars[index] = 0 }
    let coded = try kind.quantizer(.init(ternaryThreshold: 0)).quantize(latent)
    for index in stride(from: 0, to: 120, by: 3) { #expect(coded.codes.scalars[index] == 0) }
  }

  @Test("NaN and infinity are reported with their place", arguments: WeightQuantizerKind.all.map(\.name))
  func notFiniteIsReported(name: String) throws {
    let kind = try #require(WeightQuantizerKind.named(name))
    let latent = Tensor<Float>(shape: [2, 2], scalars: [1, 2, .nan, .infinity])
    #expect(throws: QuantizationError(.notFinite(index: 2))) { try kind.quantizer(.init()).quantize(latent) }
    #expect(throws: QuantizationError(.axis(0, rank: 0))) { try kind.quantizer(.init()).quantize(Tensor(1)) }
  }

  @Test func errorsSayWhatAndWhere() {
    #expect(
      QuantizationError(.notFinite(index: 2)).at("conv1").description
        == "'conv1': element 2 is NaN or infinite and has no code. Repair the trained weights or leave the layer real.")
    #expect(
      QuantizationError(.axis(0, rank: 0)).description
        == "a tensor of rank 0 has no channel axis 0. Use one scale per tensor.")
  }

  @Test func namesAreUnique() {
    #expect(Set(WeightQuantizerKind.all.map(\.name)).count == WeightQuantizerKind.all.count)
    #expect(WeightQuantizerKind.named("int3") == nil)
  }
}
