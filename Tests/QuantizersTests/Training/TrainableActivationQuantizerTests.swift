import Quantizers
import Tensors
import Testing

@Suite struct TrainableActivationQuantizerLawTests {
  static let names = TrainableActivationQuantizerKind.all.map(\.name)
  static let statistics: [ActivationStatistics] = [
    .init(range: 0...6, meanMagnitude: 1.2), .init(range: -1...3, meanMagnitude: 0.5),
    .init(range: 0...0, meanMagnitude: 0), .init(range: -3e38...3e38, meanMagnitude: 1e38),
    .init(range: 0...0x1p-133, meanMagnitude: 0x1p-136), .init(range: -5...(-2), meanMagnitude: 3),
    .init(range: 2...2, meanMagnitude: 2),
  ]

  func quantizer(_ name: String) -> any TrainableActivationQuantizer {
    (TrainableActivationQuantizerKind.named(name) ?? .range).quantizer()
  }

  /// Rules for every start, and for what training may make of the state.
  func rules(_ name: String) -> [ActivationRule] {
    let quantizer = quantizer(name)
    return Self.statistics.flatMap { statistics in
      let state = quantizer.initialState(statistics)
      return [quantizer.rule(state)]
        + [Float(0), -1, 0x1p-146, .infinity, .nan].map { value in
          quantizer.rule(state.map { QuantizerState($0.name, $0.values.map { _ in value }, isTrained: $0.isTrained) })
        }
    }
  }

  @Test("A rule has a usable step, codes of at most 8 bits, and a code for 0", arguments: Self.names)
  func rulesAreSound(name: String) {
    for rule in rules(name) {
      #expect(rule.step.isNormal && rule.step > 0 && rule.inverseStep.isNormal && rule.highest.isFinite)
      #expect((1...255).contains(rule.highestCode) && (0...rule.highestCode).contains(rule.zeroPoint))
      if !rule.isSign { #expect(rule.apply(0) == 0) }
      let encoding = rule.encoding
      if rule.isSign {
        #expect(encoding == AffineEncoding(scale: rule.step, bitWidth: 1, isSigned: true))
        continue
      }
      #expect(!encoding.isSigned && encoding.codeRange.contains(rule.highestCode))
      #expect(encoding.bitWidth == 1 || rule.highestCode >= 1 << Int32(encoding.bitWidth - 1))
    }
  }

  @Test("Values are those that the codes stand for, and the nearest", arguments: Self.names)
  func valuesFollowTheDefinition(name: String) {
    for rule in rules(name) where !rule.isSign {
      let codes = (-3...rule.highestCode + 3).flatMap { code in
        [0, 0.25, 0.5, 0.7].map { Float(code - rule.zeroPoint) + $0 }
      }
      for x in codes.map({ $0 * rule.step }) + [.infinity, -.infinity, 0x1p-149] {
        let rounded = (x * (1 / rule.step)).rounded(.toNearestOrEven)
        let code = min(max(rounded, Float(-rule.zeroPoint)), Float(rule.highestCode - rule.zeroPoint))
        #expect(rule.apply(x).bitPattern == (Float(Int32(code)) * rule.step).bitPattern)
        #expect(rule.apply(x) == rule.encoding.real(of: Int32(code) + rule.zeroPoint))
        #expect(rule.apply(rule.apply(x)) == rule.apply(x))
      }
    }
    #expect(rules(name).allSatisfy { $0.apply(.nan).isNaN })
  }

  @Test("There are as many values as the bits of the list tell apart", arguments: Self.names)
  func valuesAreFew(name: String) throws {
    let kind = try #require(TrainableActivationQuantizerKind.named(name))
    let rule = kind.quantizer().rule(kind.quantizer().initialState(Self.statistics[0]))
    let values = Set((-4000...4000).map { rule.apply(Float($0) / 500) })
    #expect(values.count == 1 << kind.bitsPerActivation)
  }

  @Test("The gradient passes between the ends; the sums are those of the definition", arguments: Self.names)
  func pullback(name: String) {
    for rule in rules(name).prefix(12) {
      var sums = ActivationGradientSums()
      var (below, above, inside) = (0.0, 0.0, 0.0)
      let scale = max(rule.highest, -rule.lowest) * 1.5
      for (x, g) in zip(
        Tensor<Float>.random([400], seed: 1).scalars.map({ $0 * scale }), Tensor<Float>.random([400], seed: 2).scalars)
      where x.isFinite {
        let passed = rule.pullback(g, at: x, into: &sums)
        let t = x * rule.inverseStep
        if t < Float(-rule.zeroPoint) {
          below += Double(g)
          #expect(passed == 0)
        } else if t > Float(rule.highestCode - rule.zeroPoint) {
          above += Double(g)
          #expect(passed == 0)
        } else {
          inside += Double(g) * Double((rule.apply(x) - x) / rule.step)
          #expect(passed == g)
        }
      }
      #expect(sums.below == below && sums.above == above)
      // Quotients and products of floats, 400 of them.
      #expect((sums.inside - inside).magnitude < 0.01)
    }
  }

  @Test("State gradients have the shape of the state, zeros where nothing is trained", arguments: Self.names)
  func stateGradientsFit(name: String) {
    let quantizer = quantizer(name)
    for statistics in Self.statistics {
      let state = quantizer.initialState(statistics)
      let gradients = quantizer.stateGradients(.init(below: 1, above: 2, inside: 3), state: state, count: 10)
      #expect(gradients.map(\.count) == state.map(\.values.count))
      for (values, entry) in zip(gradients, state) {
        #expect(entry.isTrained ? values.contains { $0 != 0 } : values.allSatisfy { $0 == 0 })
      }
    }
  }

  @Test("Names are unique, and each has a line of help")
  func namesAreUnique() {
    #expect(Set(Self.names).count == Self.names.count)
    #expect(TrainableActivationQuantizerKind.all.allSatisfy { !$0.help.isEmpty && $0.help.count <= 80 })
    #expect(TrainableActivationQuantizerKind.named("pact9") == nil)
  }
}

@Suite struct TrainableActivationQuantizerTests {
  let statistics = ActivationStatistics(range: -1...3, meanMagnitude: 0.5)

  @Test("Fixed point is round(clip(x, 0, 1) (2^k − 1)) / (2^k − 1)", arguments: 1...8)
  func fixedPoint(bitWidth: Int) {
    let rule = FixedPointActivation(bitWidth: bitWidth).rule([])
    let n = Float((1 << bitWidth) - 1)
    for x in Tensor<Float>.random([500], in: -0.5...1.5, seed: 3).scalars {
      let exact = (min(max(x, 0), 1) * n).rounded(.toNearestOrEven) / n
      #expect((rule.apply(x) - exact).magnitude < 1e-6)
    }
  }

  @Test("HWGQ's step is the best for a rectified normal distribution", arguments: 1...8)
  func halfWaveGaussian(bitWidth: Int) {
    let rule = HalfWaveGaussianActivation(bitWidth: bitWidth).rule([])
    /// The squared error, by the midpoint rule over the density (1 + x²/2·2^-16)^-2^16, which is normal within 1e-4.
    func error(_ step: Double) -> Double {
      (0..<60_000).reduce(0) { sum, index in
        let x = (Double(index) + 0.5) / 10_000
        let value = min((x / step).rounded(), Double(rule.highestCode)) * step
        var density = 1 / (1 + x * x / 2 * 0x1p-16)
        for _ in 0..<16 { density *= density }
        return sum + (x - value) * (x - value) * density
      }
    }
    let best = error(Double(rule.step))
    #expect(error(Double(rule.step) * 0.97) > best && error(Double(rule.step) * 1.03) > best)
  }

  @Test("PACT: the clip's gradient is that of finite differences above the clip", arguments: 1...8)
  func parameterizedClipping(bitWidth: Int) {
    let quantizer = ClippedActivation(bitWidth: bitWidth)
    #expect(quantizer.initialState(statistics)[0].values == [3])
    #expect(ClippedActivation(bitWidth: 4, initialClip: 8).initialState(statistics)[0].values == [8])
    let gradient = gradients(quantizer, [[2]], above: 3)
    #expect(gradient[0][0].isNearly(difference(quantizer, [[2]], entry: 0, by: 0.5, above: 3)))
  }

  @Test("LSQ: gradients follow the definition, and finite differences above the range", arguments: 1...8)
  func learnedStep(bitWidth: Int) {
    let quantizer = LearnedStepActivation(bitWidth: bitWidth)
    let qp = Float((1 << bitWidth) - 1)
    #expect(quantizer.initialState(statistics)[0].values == [min(1 / qp.squareRoot(), 3 / qp)])
    let norm = (100 * qp).squareRoot()
    let gradient = gradients(quantizer, [[2 / qp]], above: 3)[0][0]
    #expect(gradient.isNearly(difference(quantizer, [[2 / qp]], entry: 0, by: 0.5 / qp, above: 3) / norm))
    let sums = ActivationGradientSums(below: 5, above: 2, inside: 3)
    let state = [QuantizerState("step", [1], isTrained: true)]
    #expect(quantizer.stateGradients(sums, state: state, count: 100)[0][0].isNearly((3 + 2 * qp) / norm))
  }

  @Test("LSQ+: gradients are those of finite differences beyond the range", arguments: 2...8)
  func learnedOffset(bitWidth: Int) {
    let quantizer = LearnedOffsetActivation(bitWidth: bitWidth)
    let qp = Float((1 << bitWidth) - 1)
    let start = quantizer.initialState(statistics)
    #expect(start[0].values == [4 / qp] && (start[1].values[0] + 1).magnitude <= 2 / qp)
    let norm = (100 * qp).squareRoot()
    let state: [[Float]] = [[0.5], [-1]]
    let gradient = gradients(quantizer, state, above: 0.5 * qp + 1)
    #expect(gradient[1][0].isNearly(difference(quantizer, state, entry: 1, by: 0.5, above: 0.5 * qp + 1) / norm))
    // The step and half of it, so that the offset stays a whole number of steps; the loss is linear in the step.
    let losses = [Float(0.5), 0.25].map { loss(quantizer, [[$0], [-0.5]], above: qp + 1) }
    #expect(gradients(quantizer, state, above: qp + 1)[0][0].isNearly((losses[0] - losses[1]) / 0.25 / norm))
  }

  @Test("A range is covered as calibration covers it", arguments: ActivationEncodingTests.ranges)
  func range(range: ClosedRange<Float>) {
    let quantizer = RangeActivation()
    let rule = quantizer.rule(quantizer.initialState(.init(range: range, meanMagnitude: 1)))
    let encoding = AffineEncoding(covering: range)
    #expect(rule.zeroPoint == encoding.zeroPoints[0])
    if range != 0...0, encoding.scales[0] != 1 { #expect(rule.encoding == encoding) }
    #expect(!quantizer.followsBatches)
  }

  @Test("A moving range follows batches, except in evaluation")
  func movingRange() {
    let quantizer = RangeActivation(momentum: 0.25)
    #expect(quantizer.followsBatches)
    var state = quantizer.initialState(.init(range: 0...4, meanMagnitude: 1))
    let batch = ActivationStatistics(range: -2...8, meanMagnitude: 1)
    quantizer.update(&state, with: batch, progress: QuantizationProgress(updatesState: false))
    #expect(state[0].values == [0, 4])
    quantizer.update(&state, with: batch, progress: QuantizationProgress())
    #expect(state[0].values == [-0.5, 5])
  }

  @Test("Sign is -1 or +1, 0 counts as positive, padding has a code in the rule; frozen it is one bit")
  func sign() {
    let rule = SignActivation().rule([])
    #expect([-2, -0.5, -0x1p-149, 0, 0.3, 9].map { rule.apply($0) } == [-1, -1, -1, 1, 1, 1])
    #expect(rule.zeroPoint == 1 && rule.highestCode == 2)
    #expect([-2, -0x1p-149, 0, 9].map { rule.encoding.code(of: $0) } == [-1, -1, 1, 1])
    #expect([-1, 1].map { rule.encoding.real(of: $0) } == [rule.lowest, rule.highest])
  }
}

extension TrainableActivationQuantizerTests {
  /// 100 values far below or above 0, those above at least `above`; and gradients at what replaces them.
  func samples(above: Float) -> [(x: Float, g: Float)] {
    zip(Tensor<Float>.random([100], seed: 1).scalars, Tensor<Float>.random([100], seed: 2).scalars).map {
      ($0 < 0 ? -100 : above + 9 * $0, $1)
    }
  }

  func state(_ quantizer: some TrainableActivationQuantizer, _ values: [[Float]]) -> [QuantizerState] {
    zip(quantizer.initialState(statistics), values).map { QuantizerState($0.name, $1, isTrained: true) }
  }

  func loss(_ quantizer: some TrainableActivationQuantizer, _ values: [[Float]], above: Float) -> Float {
    let rule = quantizer.rule(state(quantizer, values))
    return Float(samples(above: above).reduce(0.0) { $0 + Double($1.g) * Double(rule.apply($1.x)) })
  }

  /// (L(v + h) − L(v − h)) / 2h for one entry of the state.
  func difference(
    _ quantizer: some TrainableActivationQuantizer, _ values: [[Float]], entry: Int, by h: Float, above: Float
  ) -> Float {
    var (more, less) = (values, values)
    more[entry][0] += h
    less[entry][0] -= h
    return (loss(quantizer, more, above: above) - loss(quantizer, less, above: above)) / (2 * h)
  }

  func gradients(_ quantizer: some TrainableActivationQuantizer, _ values: [[Float]], above: Float) -> [[Float]] {
    let state = state(quantizer, values)
    let rule = quantizer.rule(state)
    var sums = ActivationGradientSums()
    for (x, g) in samples(above: above) { _ = rule.pullback(g, at: x, into: &sums) }
    return quantizer.stateGradients(sums, state: state, count: 100)
  }
}

extension Float {
  /// Within a thousandth, or a thousandth of 1.
  func isNearly(_ other: Float) -> Bool { (self - other).magnitude <= 1e-3 * Swift.max(1, other.magnitude) }
}
