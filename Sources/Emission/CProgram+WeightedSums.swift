import Graphs
import Planning
import Tensors

extension CProgram {
  mutating func weightedSum(_ sum: WeightedSum, _ step: Step) throws(NoCode) -> [String] {
    let (input, output) = (try codeMap(step.reads[0]), try map(step.writes))
    guard case .coded(let coded)? = schedule.graph.constants[sum.weights] else {
      throw NoCode("its weights are not coded")
    }
    let rows = try Self.rows(sum, coded)
    let (levels, outputs, taps, channels) = (rows.levels, rows.outputs, rows.taps, rows.channels)
    let codes = LayerCodes(levels, packs: packsWeights)
    let window = try window(
      input, output, kernel: sum.kernel, strides: sum.strides, dilations: sum.dilations, origin: sum.origin,
      outside: sum.outside, groupChannels: channels, groupOutputs: outputs / sum.groups, outputs: outputs)
    let ternary = additions(sum, rows, input: input, output: output)
    let (result, factor, following) = try result(sum, step, rows, isFactorAllowed: ternary != nil)
    let start = [window, address(step.reads[0]), address(step.writes)]
    let isDepthwise = sum.groups > 1 && channels == 1 && outputs == sum.groups
    if maps.layers.contains(calls.count) {
      return try planarCall(
        sum, step, rows, input: input, output: output, result: result, factor: factor, following: following)
    }
    if let ternary {
      return try sparseCall(
        sum, step, rows, ternary, input: input, output: output, start: start, result: result, factor: factor,
        following: following)
    }
    // Sums of biased weights stay below 2^31 too.
    if core != .portable, codes.form == .bytes, core.weightBias == 0 || rows.length <= Int(Int32.max) / (255 * 255) {
      if isDepthwise, channels * outputs % 4 == 0, sum.dilations.columns == 1 {
        let bytes = taps * outputs
        return call(
          .channelLayer(result, core),
          start + [channelWeights(rows)] + following + [scratch(bytes, step)])
      }
      if sum.groups == 1, output.rows * output.columns == 1, sum.seesAll(of: input) {
        return call(.denseLayer(result, core), start + [denseWeights(rows)] + following)
      }
      if sum.groups == 1, sum.dilations.columns == 1 {
        let depth = (taps * channels + core.tileDepth - 1) / core.tileDepth * core.tileDepth
        let end = following + [scratch(depth * core.columnOrder.byteCount, step)]
        if maps.contains(step.writes) {
          return call(
            .planarTiledLayer(result, core),
            start + [tileWeights(rows)] + end + [String(maps.pad), String(maps.outside(step.writes))])
        }
        return call(.tiledLayer(result, core), start + [tileWeights(rows)] + end)
      }
    }
    return call(
      .layer(result, isDepthwise ? .depthwise : .convolution, codes.form), start + weights(codes) + following)
  }

  /// The kind of results, what sums are to be multiplied by, and the arguments that say how results are made.
  private mutating func result(
    _ sum: WeightedSum, _ step: Step, _ rows: WeightRows, isFactorAllowed: Bool
  ) throws(NoCode) -> (CKernel.ResultKind, factor: Int, [String]) {
    let outputs = rows.outputs
    switch (sum.result, sum.residual) {
    case (.codes(let rule), .none):
      let (scaling, factor, arguments) = products(rule, rows, isFactorAllowed: isFactorAllowed)
      return (.codes(scaling), factor, arguments)
    case (.codes(let rule), .codes(let addition)):
      let (scaling, factor, arguments) = products(rule, rows, isFactorAllowed: isFactorAllowed)
      let (sumScaling, others) = self.addition(addition)
      return (.added(scaling, sum: sumScaling), factor, arguments + [address(step.reads[1])] + others)
    case (.real(let scales, let offsets), .none):
      guard (scales + offsets).allSatisfy(\.isFinite) else { throw NoCode("a scale is not finite") }
      let isShared = scales.count == 1 && offsets.count == 1
      func forEach(_ numbers: [Float]) -> [Float] {
        numbers.count == 1 && !isShared ? [Float](repeating: numbers[0], count: outputs) : numbers
      }
      return (
        .reals, 1,
        [isShared ? "0" : "1", data.array("scales", forEach(scales)), data.array("offsets", forEach(offsets))]
      )
    case (.real, _), (.float, _), (.codes, .float): throw NoCode("it computes with real numbers")
    }
  }

  /// The rows of a layer's weights.
  static func rows(_ sum: WeightedSum, _ coded: CodedTensor) throws(NoCode) -> WeightRows {
    let outputs = coded.shape[0]
    let taps = sum.kernel.rows * sum.kernel.columns
    let channels = coded.shape.elementCount / outputs / taps
    let levels = try kernelOrder(coded, rowLength: taps * channels, taps: taps)
    return WeightRows(levels: levels, outputs: outputs, taps: taps, channels: channels)
  }

  /// Levels as `[outputs][taps][channels]`, every sum of a row proved to fit in 32 bits.
  private static func kernelOrder(_ coded: CodedTensor, rowLength: Int, taps: Int) throws(NoCode) -> [Int8] {
    let channels = rowLength / taps
    let codes = coded.codes.scalars
    var ordered = [Int8](repeating: 0, count: codes.count)
    for row in 0..<codes.count / rowLength {
      var magnitude = 0
      for tap in 0..<taps {
        for channel in 0..<channels {
          let level = coded.encoding.level(of: codes[row * rowLength + channel * taps + tap])
          magnitude += Int(level.magnitude)
          ordered[row * rowLength + tap * channels + channel] = Int8(clamping: level)
        }
      }
      guard magnitude * 255 <= Int(Int32.max) else { throw NoCode("its sums can leave 32 bits") }
    }
    return ordered
  }

  private mutating func weights(_ codes: LayerCodes) -> [String] {
    if codes.form == .bytes {
      return [data.array("weights", codes.bytes.map { Int8(bitPattern: $0) }, isWeights: true)]
    }
    // Every index that the form can express has a level.
    let levels = codes.levels + [Int8](repeating: 0, count: (1 << codes.form.rawValue) - codes.levels.count)
    return [data.array("weights", codes.bytes, isWeights: true), data.array("levels", levels)]
  }

  // MARK: Pooling

  mutating func pooling(_ pooling: MapPooling, _ step: Step) throws(NoCode) -> [String] {
    let (input, output) = (try codeMap(step.reads[0]), try codeMap(step.writes))
    var (from, to, strides, pad) = (input, output, pooling.strides, 0)
    if maps.contains(step.reads[0]) {
      // All planes of a row are a row of one channel, and the results of the channels are side by side.
      pad = maps.pad
      strides.columns = input.columns + pad
      (from.columns, from.channels) = (strides.columns * input.channels, 1)
      (to.columns, to.channels) = (output.channels, 1)
    }
    let window = try window(
      from, to, kernel: pooling.kernel, strides: strides, dilations: pooling.dilations, origin: pooling.origin,
      outside: pooling.outside, groupChannels: 1, groupOutputs: 1, outputs: to.channels)
    let arguments = [window, address(step.reads[0], plus: pad), address(step.writes)]
    switch pooling.kind {
    case .maximum: return call(.maximumPooling, arguments)
    case .mean: throw NoCode("it computes with real numbers")
    case .codes(let rule):
      guard pooling.kernel.rows * pooling.kernel.columns < 1 << 22 else { throw NoCode("its sums can leave 32 bits") }
      let numbers = [numberText(rule.multipliers[0]), "INT64_C(" + String(rule.offsets[0] + rule.half) + ")"]
      return call(.averagePooling, arguments + [self.rule(rule)] + numbers)
    }
  }

  // MARK: Structures

  /// - Returns: the address of the window's description; fields as in `CEmitter`'s header of constants.
  private mutating func window(
    _ input: MapLayout, _ output: MapLayout, kernel: (rows: Int, columns: Int), strides: (rows: Int, columns: Int),
    dilations: (rows: Int, columns: Int), origin: (rows: Int, columns: Int), outside: Fill, groupChannels: Int,
    groupOutputs: Int, outputs: Int
  ) throws(NoCode) -> String {
    var code = 0
    if case .code(let outside) = outside { code = Int(outside) }
    let fields = [
      input.images, input.rows, input.columns, input.channels, output.rows, output.columns, outputs, groupChannels,
      groupOutputs, kernel.rows, kernel.columns, strides.rows, strides.columns, dilations.rows, dilations.columns,
      origin.rows, origin.columns, dilations.rows * input.columns * input.channels,
      dilations.columns * input.channels, code,
    ]
    // Products of an extent and a stride, and places of a window's last tap, stay in 32 bits too.
    let extents = [
      input.rows, input.columns, output.rows * strides.rows, output.columns * strides.columns,
      kernel.rows * dilations.rows, kernel.columns * dilations.columns, origin.rows, origin.columns,
    ]
    guard fields.allSatisfy({ $0 < Self.sizeLimit }), extents.allSatisfy({ $0 < Self.sizeLimit }) else {
      throw NoCode("its window is too large")
    }
    return data.structure("window", fields)
  }

  /// Rule, multipliers, offsets with the rounding term.
  private mutating func requantization(_ rule: Requantization) -> [String] {
    [
      self.rule(rule, scaling(rule)), data.array("multipliers", rule.multipliers),
      data.array("offsets", rule.offsets.map { $0 + rule.half }),
    ]
  }

  /// How sums become codes, what they are to be multiplied by, and the arguments.
  private mutating func products(
    _ rule: Requantization, _ rows: WeightRows, isFactorAllowed: Bool
  ) -> (CKernel.Scaling, factor: Int, [String]) {
    let long = scaling(rule)
    guard core != .portable,
      let brief = BriefRule(rule, outputs: rows.outputs, bound: rows.bound, isFactorAllowed: isFactorAllowed)
    else { return (long, 1, requantization(rule)) }
    let scaling = CKernel.Scaling(shift: .brief, isFull: long.isFull, isNarrow: long.isNarrow)
    let shift = scaling.isNarrow ? 16 - brief.scaleExponent : 1 << brief.scaleExponent
    let name = data.structure("rule", [shift, 0] + limits(rule.codeRange))
    return (scaling, brief.factor, [name, data.array("results", brief.numbers)])
  }

  /// How a residual is added, and the arguments.
  private mutating func addition(_ rule: AdditionRequantization) -> (CKernel.Scaling, [String]) {
    var scaling = scaling(rule)
    guard core != .portable, let word = WordRule(rule) else { return (scaling, additionArguments(rule, scaling)) }
    scaling.shift = .word
    return (
      scaling, [data.structure("sum", [word.left, word.right, word.offset, word.shift] + limits(rule.codeRange))]
    )
  }

  private func limits(_ range: ClosedRange<Int32>) -> [Int] {
    [Int(UInt8(clamping: range.lowerBound)), Int(UInt8(clamping: range.upperBound))]
  }

  /// Which of the shorter ways to a code there is on small cores.
  private func scaling(_ rule: Requantization) -> CKernel.Scaling {
    if core == .portable { return .any }
    return CKernel.Scaling(
      shift: rule.shift >= 32 ? .high : .any, isFull: rule.codeRange == 0...255, isNarrow: core == .armv6m)
  }

  private func scaling(_ rule: AdditionRequantization) -> CKernel.Scaling {
    if core == .portable { return .any }
    let products = 255 * (UInt64(rule.leftMultiplier.magnitude) + UInt64(rule.rightMultiplier.magnitude))
    let (bound, isTooLarge) = products.addingReportingOverflow(rule.offset.magnitude)
    let isShort = !isTooLarge && bound >> UInt64(rule.shift) < Int32.max
    return CKernel.Scaling(
      shift: rule.shift >= 32 ? .high : isShort ? .low : .any, isFull: rule.codeRange == 0...255,
      isNarrow: core == .armv6m)
  }

  mutating func rule(_ rule: Requantization, _ scaling: CKernel.Scaling = .any) -> String {
    self.rule(shift: rule.shift, step: rule.multipliers.count == 1 ? 0 : 1, rule.codeRange, scaling)
  }

  private mutating func rule(
    shift: Int, step: Int, _ range: ClosedRange<Int32>, _ scaling: CKernel.Scaling
  ) -> String {
    data.structure(
      "rule",
      [
        scaling.shift == .high ? shift - 32 : shift, step,
      ] + limits(range))
  }

  /// Rule, both multipliers, offset with the rounding term.
  mutating func additionArguments(_ rule: AdditionRequantization, _ scaling: CKernel.Scaling = .any) -> [String] {
    let half = Int64(1) << Int64(rule.shift - 1)
    return [
      self.rule(shift: rule.shift, step: 0, rule.codeRange, scaling), numberText(rule.leftMultiplier),
      numberText(rule.rightMultiplier), "INT64_C(" + String(rule.offset + half) + ")",
    ]
  }
}

extension WeightedSum {
  /// True if the one window is the whole map, so that its codes lie one after the other.
  func seesAll(of map: MapLayout) -> Bool {
    let taps = kernel.rows * kernel.columns
    return kernel.rows == map.rows && kernel.columns == map.columns && origin == (0, 0)
      && (taps == 1 || dilations == (1, 1))
  }
}

extension Requantization {
  /// What is added before the shift, to round.
  var half: Int64 { Int64(1) << Int64(shift - 1) }
}

/// A constant of C for any 32-bit number. The smallest has none of its own: its digits do not fit before the sign.
func numberText(_ number: Int32) -> String { number == .min ? "(-2147483647 - 1)" : String(number) }
