import Quantizers
import Tensors
import Testing

@Suite struct TrainableWeightQuantizerLawTests {
  /// Generated weights of several shapes, and what is degenerate about weights.
  static let latents: [Tensor<Float>] =
    [[1, 1], [7, 3], [4, 3, 3, 3], [1, 200], [16, 1, 5]].enumerated().map {
      TrainingStep.weights($1, seed: UInt64($0))
    } + [
      Tensor(repeating: 0, shape: [3, 4]), Tensor(repeating: 0.5, shape: [2, 5]), Tensor(repeating: -2, shape: [5]),
      Tensor(repeating: -3e38, shape: [3, 4]), Tensor(repeating: 0x1p-139, shape: [3, 4]),
      Tensor(shape: [2, 2], scalars: [0, 0, 5, -0x1p-133]), Tensor(shape: [1, 4], scalars: [3e38, -1e-38, 0, -0.0]),
      Tensor(shape: [2, 0], scalars: []), Tensor(shape: [0, 2], scalars: []),
      Tensor(shape: [2, 4], scalars: [0, 0, 0, 0, 1, -1, 0.25, 0.75]),
    ]

  static let progresses: [QuantizationProgress] = [
    .init(share: 1), .init(share: 1, density: 0.3), .init(share: 1, density: 0), .init(share: 1, density: 1),
  ]

  @Test("Frozen codes decode to what the forward pass writes, bit for bit", arguments: TrainingStep.names)
  func codesDecodeToValues(name: String) throws {
    for latent in Self.latents {
      for progress in Self.progresses {
        var step = TrainingStep(name, latent, progress: progress)
        let values = step.forward()
        let coded = try step.coded()
        #expect(coded.shape == latent.shape)
        #expect(coded.encoding.scales.allSatisfy { $0.isNormal && $0 > 0 }, "\(latent.scalars)")
        #expect(coded.decoded.scalars.map(\.bitPattern) == values.map(\.bitPattern), "\(latent.scalars)")
      }
    }
  }

  @Test("What is trained may take any value: codes still decode to finite values", arguments: TrainingStep.names)
  func anyStateWorks(name: String) throws {
    for scale: Float in [0, -1, 1e-30, 0x1p-149, 3e38, .infinity, .nan] {
      var step = TrainingStep(name, TrainingStep.weights([4, 9], seed: 5))
      for index in step.state.indices where step.state[index].isTrained {
        step.state[index].values[0] = scale
      }
      let values = step.forward()
      #expect(values.allSatisfy { $0.isFinite })
      #expect(try step.coded().decoded.scalars.map(\.bitPattern) == values.map(\.bitPattern))
    }
  }

  @Test("Coding what codes stand for gives the same codes", arguments: TrainingStep.names)
  func codingIsIdempotent(name: String) throws {
    for latent in Self.latents {
      var step = TrainingStep(name, latent)
      _ = step.forward()
      let coded = try step.coded()
      #expect(try coded.encoding.coded(coded.decoded) == coded, "\(latent.scalars)")
    }
  }

  @Test("Evaluation sees what training saw, and changes no state", arguments: TrainingStep.names)
  func evaluationChangesNothing(name: String) {
    for latent in Self.latents {
      var step = TrainingStep(name, latent)
      let values = step.forward()
      let state = step.state
      step.progress.updatesState = false
      #expect(step.forward() == values)
      #expect(step.state == state)
    }
  }

  @Test(
    "A latent 0 stands for 0 where there is a 0",
    arguments: TrainableWeightQuantizerKind.all.filter(\.hasZero).map(\.name))
  func zeroStaysZero(name: String) throws {
    var latent = TrainingStep.weights([6, 20], seed: 3)
    for index in stride(from: 0, to: 120, by: 3) { latent.scalars[index] = 0 }
    for progress in Self.progresses {
      var step = TrainingStep(name, latent, progress: progress)
      let values = step.forward()
      let codes = try step.coded().codes.scalars
      for index in stride(from: 0, to: 120, by: 3) { #expect(values[index] == 0 && codes[index] == 0) }
    }
  }

  @Test("Where the list says that there is no 0, no weight stands for it")
  func noZero() {
    for kind in TrainableWeightQuantizerKind.all where !kind.hasZero {
      var step = TrainingStep(kind.name, TrainingStep.weights([6, 50], seed: 3))
      #expect(!step.forward().contains(0), "\(kind.name)")
    }
  }

  @Test("A filter has no more values than the bits of the list tell apart", arguments: TrainingStep.names)
  func valuesAreFew(name: String) throws {
    let kind = try #require(TrainableWeightQuantizerKind.named(name))
    var step = TrainingStep(name, TrainingStep.weights([2, 5000], seed: 1))
    let values = step.forward()
    for channel in 0..<2 {
      #expect(Set(values[channel * 5000..<(channel + 1) * 5000]).count <= 1 << kind.bitsPerWeight)
    }
    let coded = try step.coded()
    if case .affine(let affine) = coded.encoding {
      #expect(coded.codes.scalars.allSatisfy { affine.codeRange.contains(Int32($0)) })
    }
  }

  @Test("State gradients have the shape of the state, zeros where nothing is trained", arguments: TrainingStep.names)
  func stateGradientsFit(name: String) {
    for latent in Self.latents {
      var step = TrainingStep(name, latent)
      _ = step.forward()
      let upstream = Tensor<Float>.random(latent.shape, seed: 8).scalars
      let (gradient, ofState) = step.backward(upstream)
      #expect(gradient.count == upstream.count && gradient.allSatisfy { !$0.isNaN })
      #expect(ofState.map(\.count) == step.state.map(\.values.count))
      for (gradients, state) in zip(ofState, step.state) where !state.isTrained {
        #expect(gradients.allSatisfy { $0 == 0 })
      }
    }
  }

  @Test("NaN and infinity are reported when coding, and do not stop a training step", arguments: TrainingStep.names)
  func notFiniteIsReported(name: String) throws {
    let latent = Tensor<Float>(shape: [2, 2], scalars: [1, 2, .nan, .infinity])
    for progress in Self.progresses {
      var step = TrainingStep(name, latent, progress: progress)
      _ = step.forward()
      _ = step.backward([1, 1, 1, 1])
      #expect(throws: QuantizationError(.notFinite(index: 2))) { try step.coded() }
    }
  }

  @Test("Names are unique, and those shared with post-training quantization have codes of the same form")
  func namesAgree() throws {
    #expect(Set(TrainingStep.names).count == TrainingStep.names.count)
    #expect(TrainableWeightQuantizerKind.named("int3") == nil)
    let latent = TrainingStep.weights([4, 30], seed: 2)
    for kind in WeightQuantizerKind.all {
      guard let own = TrainableWeightQuantizerKind.named(kind.name) else {
        // Levels are chosen once, from trained weights.
        #expect(kind.name.hasPrefix("codebook"))
        continue
      }
      #expect(own.bitsPerWeight == kind.bitsPerWeight)
      let once = try kind.quantizer(.init()).quantize(latent)
      let coded = try TrainingStep(own.name, latent).coded()
      #expect(coded.encoding.bitsPerCode == once.encoding.bitsPerCode)
      if kind == .int8 || kind == .binary { #expect(coded == once) }
    }
  }
}
