import Quantizers
import Tensors
import Testing

@Suite struct TrainedTernaryQuantizerTests {
  /// The codes at a threshold, by the definition.
  func codes(_ latent: [Float], beyond threshold: Float) -> [Int8] {
    latent.map { $0 > threshold ? 1 : $0 < -threshold ? -1 : 0 }
  }

  @Test("A code is the sign of the weight beyond T times the largest, and zero within", arguments: UInt64(0)..<8)
  func codesFollowTheRatio(seed: UInt64) throws {
    let latent = TrainingStep.weights([8, 27], seed: seed)
    let step = TrainingStep(TrainedTernaryQuantizer(threshold: .ratio(0.3)), latent)
    let largest = latent.scalars.reduce(0) { max($0, $1.magnitude) }
    #expect(try step.coded().codes.scalars == codes(latent.scalars, beyond: 0.3 * largest))
  }

  @Test("A density keeps exactly that many of the largest weights", arguments: UInt64(0)..<6)
  func densityIsMet(seed: UInt64) throws {
    for density: Float in [0, 0.001, 0.05, 0.37, 0.5, 0.999, 1] {
      for count in [1, 2, 30, 1000] {
        let latent = TrainingStep.weights([1, count], seed: seed)
        let progress = QuantizationProgress(density: density)
        let codes = try TrainingStep(TrainedTernaryQuantizer(), latent, progress: progress).coded().codes.scalars
        let order = latent.scalars.indices.sorted { latent.scalars[$0].magnitude > latent.scalars[$1].magnitude }
        let kept = Int((Double(density) * Double(count)).rounded())
        for (rank, index) in order.enumerated() { #expect((codes[index] != 0) == (rank < kept)) }
      }
    }
  }

  @Test("Of equal magnitudes at the threshold the first are kept; zeros are never", arguments: [0.25, 0.5, 0.75, 1])
  func tiesAreDeterministic(density: Float) throws {
    let quantizer = TrainedTernaryQuantizer()
    let progress = QuantizationProgress(density: density)
    let equal = Tensor<Float>(shape: [2, 4], scalars: [1, -1, 1, -1, -1, 1, 1, -1])
    let kept = Int(8 * density)
    var step = TrainingStep(quantizer, equal, progress: progress)
    #expect(try step.coded().codes.scalars == equal.scalars.enumerated().map { $0 < kept ? Int8($1) : 0 })
    #expect(step.forward().map { $0 != 0 } == (0..<8).map { $0 < kept })
    let sparse = Tensor<Float>(shape: [1, 4], scalars: [0, 2, 0, -0.0])
    #expect(try TrainingStep(quantizer, sparse, progress: progress).coded().codes.scalars == [0, 1, 0, 0])
  }

  @Test("The values are the scales, in the closest fraction of small integers", arguments: UInt64(0)..<16)
  func valuesAreNearScales(seed: UInt64) throws {
    var generator = SplitMix64(seed: seed)
    var step = TrainingStep(TrainedTernaryQuantizer(), TrainingStep.weights([2, 40], seed: seed))
    step.state[0].values = [0.01 + generator.nextUnit()]
    step.state[1].values = [0.01 + generator.nextUnit()]
    let values = step.forward()
    // A fraction with terms of at most 127 is within 1/254 of a ratio in 1/127...127.
    #expect(((values.max() ?? 0) / step.state[0].values[0] - 1).magnitude < 0.005)
    #expect(((values.min() ?? 0) / -step.state[1].values[0] - 1).magnitude < 0.005)
  }

  @Test("Initial scales are mean magnitudes by sign, or 1")
  func initialScales() {
    let latent = Tensor<Float>(shape: [1, 5], scalars: [1, 3, -2, 0.01, -4])
    func scales(_ initial: TrainedTernaryQuantizer.InitialScales, _ latent: Tensor<Float>) -> [[Float]] {
      TrainingStep(TrainedTernaryQuantizer(initialScales: initial), latent).state.map(\.values)
    }
    #expect(scales(.meanMagnitudes, latent) == [[2], [3]])
    #expect(scales(.one, latent) == [[1], [1]])
    #expect(scales(.meanMagnitudes, Tensor(shape: [1, 2], scalars: [0.5, 0])) == [[0.5], [0.5]])
    #expect(scales(.meanMagnitudes, Tensor(shape: [1, 1], scalars: [0])) == [[1], [1]])
  }

  @Test("Latent gradients are multiplied by Wp, Wn or 1 by class, or pass", arguments: UInt64(0)..<4)
  func latentGradients(seed: UInt64) {
    let latent = TrainingStep.weights([4, 20], seed: seed)
    let threshold = 0.2 * latent.scalars.reduce(0) { max($0, $1.magnitude) }
    let upstream = Tensor<Float>.random([80], seed: seed + 100).scalars
    for rule in [TrainedTernaryQuantizer.GradientRule.scaled, .straightThrough] {
      var step = TrainingStep(TrainedTernaryQuantizer(threshold: .ratio(0.2), gradientRule: rule), latent)
      step.state[0].values = [0.75]
      step.state[1].values = [1.5]
      let expected = zip(latent.scalars, upstream).map { w, g in
        rule == .straightThrough ? g : g * (w > threshold ? 0.75 : w < -threshold ? 1.5 : 1)
      }
      #expect(step.backward(upstream).latent == expected)
    }
  }

  @Test("Many weights, and ties split in two, have the gradients of few", arguments: [1023, 1024, 1031, 3000])
  func longGradients(count: Int) throws {
    var latent = TrainingStep.weights([1, count], seed: 11)
    for index in stride(from: 0, to: count, by: 3) { latent.scalars[index] = index % 2 == 0 ? 0.2 : -0.2 }
    let upstream = Tensor<Float>.random([count], seed: 12).scalars
    let progress = QuantizationProgress(density: 0.3)
    var step = TrainingStep(TrainedTernaryQuantizer(), latent, progress: progress)
    step.state[0].values = [0.75]
    step.state[1].values = [1.5]
    let codes = try step.coded().codes.scalars
    let (ofLatent, ofState) = step.backward(upstream)
    #expect(ofLatent == zip(codes, upstream).map { code, g in g * (code > 0 ? 0.75 : code < 0 ? 1.5 : 1) })
    for (entry, sign) in [(0, Int8(1)), (1, -1)] {
      let exact = zip(codes, upstream).reduce(0.0) { $1.0 == sign ? $0 + Double(sign) * Double($1.1) : $0 }
      // Blocks of 1,024 are summed in float.
      #expect((Double(ofState[entry][0]) - exact).magnitude < 1e-4)
    }
  }

  @Test("Gradients of both scales are those of finite differences, sign included", arguments: UInt64(0)..<8)
  func scaleGradients(seed: UInt64) {
    let latent = TrainingStep.weights([4, 50], seed: seed)
    let upstream = Tensor<Float>.random([200], seed: seed + 50).scalars
    for progress in [QuantizationProgress(), QuantizationProgress(density: 0.4)] {
      var step = TrainingStep(TrainedTernaryQuantizer(initialScales: .one), latent, progress: progress)
      let gradients = step.backward(upstream).state
      for scale in 0..<2 {
        // Fractions 5:4 and 3:4 are exact, and the loss is linear in the scales.
        let losses = [Float(1.25), 0.75].map { value in
          step.state[scale].values = [value]
          defer { step.state[scale].values = [1] }
          return zip(step.forward(), upstream).reduce(0.0) { $0 + Double($1.0) * Double($1.1) }
        }
        #expect(((losses[0] - losses[1]) / 0.5 - Double(gradients[scale][0])).magnitude < 1e-4)
      }
    }
  }

  @Test("An entropy penalty chooses the centroid with the least cost", arguments: [0, 0.1, 0.5, 0.9], UInt64(0)..<4)
  func entropyPenalty(penalty: Float, seed: UInt64) throws {
    let latent = TrainingStep.weights([4, 100], seed: seed)
    var step = TrainingStep(TrainedTernaryQuantizer(threshold: .entropyPenalty(penalty)), latent)
    step.state[0].values = [0.16]
    step.state[1].values = [0.12]
    let values = step.forward()
    let centroids = [Double(values.min() ?? 0), 0, Double(values.max() ?? 0)]
    let weights = latent.scalars.map { Double($0) }
    func cost(_ w: Double, _ centroid: Int, _ lambda: Double, _ information: [Double]) -> Double {
      (w - centroids[centroid]) * (w - centroids[centroid]) + lambda * information[centroid]
    }
    func best(_ w: Double, _ lambda: Double, _ information: [Double]) -> Int {
      (0..<3).min { cost(w, $0, lambda, information) < cost(w, $1, lambda, information) } ?? 1
    }
    var shares = [0.0, 0, 0]
    for w in weights { shares[best(w, 0, [0, 0, 0])] += 1 / 400 }
    shares[1] = max(shares[1], 0.5)
    let information = shares.map { -logarithm($0) }
    // The largest λ at which the largest weight of each sign still costs less as ±1 than as 0.
    let limit = [(0, weights.min() ?? 0), (2, weights.max() ?? 0)].map { centroid, extreme in
      (extreme * extreme - cost(extreme, centroid, 0, information)) / (information[centroid] - information[1])
    }.reduce(.infinity, min)
    let expected = weights.map { Int8(best($0, Double(penalty) * limit, information) - 1) }
    #expect(try step.coded().codes.scalars == expected)
  }

  @Test("A larger entropy penalty leaves more zeros, a density bounds what is left", arguments: UInt64(0)..<4)
  func penaltyAndDensity(seed: UInt64) throws {
    let latent = TrainingStep.weights([8, 100], seed: seed)
    func density(_ penalty: Float, _ bound: Float? = nil) throws -> Double {
      let quantizer = TrainedTernaryQuantizer(threshold: .entropyPenalty(penalty))
      return try TrainingStep(quantizer, latent, progress: .init(density: bound)).coded().density
    }
    let densities = try [0, 0.2, 0.4, 0.6, 0.8, 0.99].map { try density($0) }
    #expect(densities == densities.sorted(by: >) && densities[5] < densities[0] && densities[5] > 0)
    #expect(try density(0, 0.1) <= 0.1)
    #expect(try density(0.99, 1) == densities[5])
  }

  /// log2 by the series of its definition, without a library.
  func logarithm(_ x: Double) -> Double {
    var (exponent, mantissa) = (Double(x.exponent), x.significand)
    var bit = 0.5
    for _ in 0..<50 {
      mantissa *= mantissa
      if mantissa >= 2 { (mantissa, exponent) = (mantissa / 2, exponent + bit) }
      bit /= 2
    }
    return exponent
  }
}
