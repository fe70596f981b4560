import Graphs
import Tensors

/// Small graphs of integer operators with random parameters, one for each way that the emitter takes.
struct IntegerGraph: Sendable, CustomStringConvertible {
  var name: String
  var graph: Graph

  var description: String { name }

  static let all: [IntegerGraph] = cases.enumerated().map { index, entry in
    var builder = Builder(seed: UInt64(index) + 1)
    do {
      try entry.build(&builder)
    } catch {
      preconditionFailure("\(entry.name): \(error)")
    }
    return IntegerGraph(name: entry.name, graph: builder.graph)
  }

  struct Builder {
    var graph = Graph()
    var random: SplitMix64
    var count = 0

    init(seed: UInt64) { random = SplitMix64(seed: seed) }

    mutating func input(_ shape: Shape, _ elementType: ElementType = .uint8) -> ValueID {
      let dimensions = [Dimension.batch(1)] + shape.dimensions.dropFirst().map(Dimension.fixed)
      return graph.addInput("input \(graph.inputs.count)", TensorType(elementType, dimensions))
    }

    mutating func append(_ operator: Operator, _ operands: ValueID?...) throws -> ValueID {
      count += 1
      return try graph.append(`operator`, operands, name: "layer \(count)")
    }

    mutating func integer(_ integer: IntegerOperator, _ operands: ValueID?...) throws -> ValueID {
      count += 1
      return try graph.append(.integer(integer), operands, name: "layer \(count)")
    }

    mutating func number(_ range: ClosedRange<Int64>) -> Int64 {
      Int64.random(in: range, using: &random)
    }

    /// - Parameters:
    ///   - levels: how many distinct levels there are: 2, 3, 16 or 255.
    ///   - density: share of three levels that is not zero.
    mutating func weights(_ shape: Shape, levels: Int = 255, density: Double = 0.67) -> ValueID {
      let codes = (0..<shape.elementCount).map { _ -> Int8 in
        switch levels {
        case 2: number(0...1) == 0 ? -1 : 1
        case 3: Double(random.nextUnit()) >= density ? 0 : number(0...1) == 0 ? -1 : 1
        case 16: Int8(number(-8...7))
        default: Int8(number(-127...127))
        }
      }
      let encoding: Encoding =
        levels == 3
        ? .ternary(TernaryEncoding(positiveLevel: 5, negativeLevel: 127, scales: [1], axis: nil))
        : .affine(
          AffineEncoding(scale: 1, bitWidth: levels == 2 ? 1 : levels == 16 ? 4 : 8, isSigned: true)
        )
      return graph.addConstant(
        "weights",
        .coded(CodedTensor(codes: Tensor(shape: shape, scalars: codes), encoding: encoding)))
    }

    /// A rule that spreads sums of `terms` products over all codes.
    mutating func rule(
      _ channels: Int, terms: Int, shift: Int = 35, codeRange: ClosedRange<Int32> = 3...250
    ) -> Requantization {
      let unit = Double(sign: .plus, exponent: shift, significand: 1)
      let largest = min(unit * 256 / (128 * 64 * Double(terms).squareRoot()), 0x1p31 - 1)
      let multipliers = (0..<channels).map { _ in
        Int32(Double(number(-1000...1000)) / 1000 * largest)
      }
      let highest = min(255, Int64(1) << Int64(60 - shift) - 2)
      let offsets = (0..<channels).map { _ in
        number(0...highest) << Int64(shift) + number(-1000...1000)
      }
      return Requantization(
        multipliers: multipliers, offsets: offsets, shift: shift, codeRange: codeRange)
    }

    /// The same in the numbers that `ResultPrecision.brief` leaves.
    mutating func briefRule(_ channels: Int, terms: Int, shift: Int = 38) -> Requantization {
      var rule = self.rule(channels, terms: terms, shift: shift, codeRange: 0...255)
      rule.multipliers = rule.multipliers.map { ($0 >> 16) << 16 }
      rule.offsets = (0..<channels).map { _ in number(0...300 << 6) << Int64(shift - 6) }
      return rule
    }

    /// One that 32 bits hold.
    mutating func shortAddition() -> AdditionRequantization {
      AdditionRequantization(
        leftMultiplier: Int32(number(1 << 17...1 << 18)) << 10,
        rightMultiplier: -Int32(number(1 << 17...1 << 18)) << 10,
        offset: 120 << 28, shift: 28, codeRange: 0...255)
    }

    mutating func addition() -> AdditionRequantization {
      AdditionRequantization(
        leftMultiplier: Int32(number(1 << 27...1 << 28)),
        rightMultiplier: -Int32(number(1 << 27...1 << 28)),
        offset: 120 << 28, shift: 28, codeRange: 0...255)
    }
  }

  private static func window(
    _ kernel: [Int], _ strides: [Int]? = nil, dilations: [Int]? = nil, _ before: [Int]? = nil,
    _ after: [Int]? = nil
  ) -> Window {
    Window(
      kernel: kernel, strides: strides, dilations: dilations, paddingBefore: before,
      paddingAfter: after)
  }

  private struct Case: Sendable {
    var name: String
    var build: @Sendable (inout Builder) throws -> Void
  }

  private static let cases: [Case] = [
    convolution("convolution", window([3, 3], [1, 1], [1, 1], [1, 1]), zeroPoint: 0),
    convolution("convolution of one pixel", window([1, 1]), zeroPoint: 7, channels: 5, outputs: 9),
    convolution(
      "convolution with a code outside", window([3, 5], [2, 1], [2, 2], [1, 3]), zeroPoint: 200),
    convolution(
      "dilated convolution", window([3, 2], [1, 2], dilations: [2, 3], [3, 1], [2, 3]), zeroPoint: 9
    ),
    convolution(
      "convolution in groups", window([3, 3], [2, 2], [1, 1], [1, 1]), zeroPoint: 130, groups: 2),
    convolution("convolution on one line", window([5], [2], [2], [1]), zeroPoint: 4),
    convolution(
      "depthwise convolution", window([3, 3], [1, 1], [1, 1], [1, 1]), zeroPoint: 0, outputs: 4,
      groups: 4),
    convolution(
      "depthwise convolution with a code outside",
      window([3, 3], [2, 1], dilations: [1, 2], [0, 2], [2, 2]),
      zeroPoint: 90, outputs: 4, groups: 4),
    convolution(
      "binary convolution", window([3, 3], nil, [1, 1], [1, 1]), zeroPoint: 5, levels: 2),
    convolution(
      "ternary convolution", window([3, 3], nil, [1, 1], [1, 1]), zeroPoint: 5, levels: 3),
    convolution(
      "convolution of 16 levels", window([3, 3], nil, [1, 1], [1, 1]), zeroPoint: 5, levels: 16),
    convolution(
      "ternary depthwise convolution", window([3, 3], nil, [1, 1], [1, 1]), zeroPoint: 5,
      outputs: 4, groups: 4,
      levels: 3),
    convolution(
      "window larger than the map", window([9, 9], [3, 3], [5, 6], [7, 5]), zeroPoint: 77),
    convolution("convolution with a large shift", window([3, 3]), zeroPoint: 0, shift: 50),
    convolution(
      "sparse convolution", window([3, 3], [1, 1], [1, 1], [1, 1]), zeroPoint: 5, channels: 8,
      levels: 3, density: 0.1,
      extent: [6, 19]),
    convolution(
      "sparse convolution in steps", window([5, 4], [2, 3], [2, 1], [1, 2]), zeroPoint: 9,
      channels: 3, levels: 3,
      density: 0.3, extent: [11, 23]),
    convolution(
      "ternary convolution of many terms", window([3, 3], nil, [1, 1], [1, 1]), zeroPoint: 1,
      channels: 120, outputs: 3,
      levels: 3, density: 0.95, extent: [3, 5]),
    convolution(
      "depthwise convolution of many channels", window([3, 3], [1, 2], [1, 1], [1, 1]),
      zeroPoint: 31, channels: 12,
      outputs: 12, groups: 12, extent: [5, 7]),
    convolution(
      "convolution of deep maps", window([2, 3], nil, [0, 1], [1, 1]), zeroPoint: 3, channels: 16,
      outputs: 5),
    Case(name: "sparse dense layers") { b in
      let x = b.input([1, 700])
      b.graph.outputs = try [0.01, 0.1, 0.4, 0.9].map { density in
        try b.integer(
          .dense(.codes(b.rule(9, terms: 700, codeRange: 0...255))), x,
          b.weights([9, 700], levels: 3, density: density))
      }
    },
    Case(name: "dense with real results") { b in
      let x = b.input([1, 20])
      let reals = (0..<7).map { _ in b.random.nextUnit() * 2 - 1 }
      b.graph.outputs = [
        try b.integer(
          .dense(.real(scales: reals, offsets: reals.reversed())), x, b.weights([7, 20])),
        try b.integer(
          .dense(.real(scales: [0.1], offsets: [-0.7])), x, b.weights([3, 20], levels: 3)),
      ]
    },
    Case(name: "dense on a flattened map") { b in
      let x = b.input([1, 3, 4, 5])
      let first = try b.integer(
        .convolution(
          Convolution(window: window([1, 1])), zeroPoint: 0, .codes(b.rule(4, terms: 3))), x,
        b.weights([4, 3, 1, 1]))
      let flat = try b.append(.reshape([.batch(1), 80]), first)
      b.graph.outputs = [
        try b.integer(.dense(.codes(b.rule(6, terms: 80))), flat, b.weights([6, 80], levels: 16))
      ]
    },
    Case(name: "residual additions") { b in
      let x = b.input([1, 3, 6, 6])
      let same = Convolution(window: window([3, 3], nil, [1, 1], [1, 1]))
      let stem = try b.integer(
        .convolution(same, zeroPoint: 3, .codes(b.rule(4, terms: 27))), x, b.weights([4, 3, 3, 3]))
      let one = try b.integer(
        .convolution(same, zeroPoint: 8, .codes(b.rule(4, terms: 36))), stem,
        b.weights([4, 4, 3, 3]))
      let two = try b.integer(
        .convolution(same, zeroPoint: 8, .codes(b.rule(4, terms: 36))), one,
        b.weights([4, 4, 3, 3], levels: 3))
      let sum = try b.integer(.addition(b.addition()), two, stem)
      let twice = try b.integer(.addition(b.addition()), sum, sum)
      let other = try b.integer(.addition(b.addition()), sum, twice)
      b.graph.outputs = [
        try b.append(.pooling(Pooling(kind: .maximum, window: window([2, 2], [2, 2]))), other),
        other,
      ]
    },
    planes("ternary layers in planes", channels: 8, density: 0.7),
    planes("ternary layers in planes, few weights", channels: 5, density: 0.2, extent: [6, 16]),
    planes(
      "ternary layers in planes, very few weights", channels: 12, density: 0.03, extent: [5, 19]),
    planes("ternary layers in planes of whole groups", channels: 6, density: 0.3, extent: [9, 32]),
    planes("ternary layers in planes of two rows", channels: 9, density: 0.15, extent: [12, 8]),
    planes("ternary layers in planes, long numbers", channels: 6, density: 0.5, isBrief: false),
    planes("ternary layers in planes, many weights", channels: 64, density: 0.97, extent: [5, 6]),
    planes(
      "ternary layers in planes with a code outside", channels: 4, density: 0.6, zeroPoint: 9,
      extent: [9, 9]),
    chain("a chain of layers of many kinds", channels: 4, extent: [9, 10]),
    chain("a chain that begins with one channel", channels: 1, extent: [12, 7]),
    chain("a chain of a long line", channels: 8, extent: [2, 31]),
    chain("a chain of narrow maps", channels: 3, extent: [17, 3]),
    Case(name: "pooling") { b in
      let x = b.input([1, 5, 7, 9])
      let whole = window([7, 9])
      let padded = window([3, 3], [2, 2], [1, 1], [1, 1])
      let average = Pooling(kind: .average, window: padded, countsPadding: true)
      b.graph.outputs = [
        try b.integer(
          .averagePooling(
            Pooling(kind: .average, window: whole), zeroPoint: 0, b.rule(1, terms: 63)), x),
        try b.integer(.averagePooling(average, zeroPoint: 99, b.rule(1, terms: 9)), x),
        try b.append(.pooling(Pooling(kind: .maximum, window: padded, roundsUp: true)), x),
        try b.append(
          .pooling(Pooling(kind: .maximum, window: window([3, 2], [2, 3], dilations: [2, 1]))), x),
      ]
    },
    Case(name: "lookup tables") { b in
      let (x, y) = (b.input([1, 3, 2, 2]), b.input([1, 6], .int8))
      let results = (0..<256).map { _ in UInt8(b.number(0...255)) }
      let looked = try b.integer(.lookup(LookupTable(results: results)), x)
      b.graph.outputs = [
        try b.integer(.lookup(LookupTable(results: results.reversed(), output: .int8)), looked),
        try b.integer(.lookup(LookupTable(results: results, input: .int8)), y), looked,
      ]
    },
    Case(name: "multiplication") { b in
      let (x, scale) = (b.input([1, 3, 4, 5]), b.input([1, 3, 1, 1]))
      let rule = Requantization(
        multipliers: [70000], offsets: [90 << 22], shift: 22, codeRange: 0...255)
      b.graph.outputs = [
        try b.integer(.multiplication(leftZeroPoint: 100, rightZeroPoint: 20, rule), x, scale),
        try b.integer(.multiplication(leftZeroPoint: 0, rightZeroPoint: 255, rule), x, x),
      ]
    },
    Case(name: "softmax") { b in
      let (x, y) = (b.input([1, 11]), b.input([1, 4, 3, 2]))
      let table = (0..<256).map { UInt32(1 << 24) >> UInt32(min($0 / 9, 31)) }
      b.graph.outputs = [
        try b.integer(.softmax(axis: 1, IntegerSoftmax(exponentials: table, range: 256)), x),
        try b.integer(.softmax(axis: 2, IntegerSoftmax(exponentials: table, range: 255)), y),
      ]
    },
    Case(name: "reals at the borders") { b in
      let (x, flat) = (b.input([1, 3, 4, 5], .float32), b.input([1, 9], .float32))
      let codes = try b.append(
        .quantize(AffineEncoding(scale: 1 / 8, zeroPoint: 11, isSigned: false), .uint8), x)
      let pooled = try b.append(.pooling(Pooling(kind: .maximum, window: window([2, 2]))), codes)
      let signed = AffineEncoding(scale: 1 / 8, zeroPoint: -5, bitWidth: 4, isSigned: true)
      let small = try b.append(.quantize(signed, .int8), flat)
      b.graph.outputs = [
        try b.append(
          .dequantize(AffineEncoding(scale: 0.3, zeroPoint: 11, isSigned: false)), pooled), codes,
        small,
        try b.append(.dequantize(signed), small),
      ]
    },
    Case(name: "joining, cutting, padding") { b in
      let (x, y) = (b.input([1, 3, 5, 6]), b.input([1, 2, 5, 6]))
      let table = LookupTable(results: (0..<256).map { UInt8(255 - $0) })
      let (a, c) = (try b.integer(.lookup(table), x), try b.integer(.lookup(table), y))
      let joined = try b.append(.concatenation(axis: 1), a, c, a)
      let cut = try b.append(
        .slice([
          AxisSlice(axis: 1, start: 2, step: 1, count: 5),
          AxisSlice(axis: 2, start: 1, step: 2, count: 2),
          AxisSlice(axis: 3, start: 0, step: 3, count: 2),
        ]), joined)
      let padded = try b.append(
        .padding(before: [0, 1, 2, 0], after: [0, 2, 0, 1], mode: .constant(77)), cut)
      let back = try b.append(.slice([AxisSlice(axis: 2, start: 4, step: -2, count: 3)]), x)
      b.graph.outputs = [
        joined, padded, back, try b.append(.concatenation(axis: 2), x, x),
        try b.append(
          .padding(before: [0, -1, 1, 0], after: [0, 0, 0, -2], mode: .constant(3)), x),
      ]
    },
    Case(name: "other orders of axes") { b in
      let (x, reals) = (b.input([1, 3, 4, 5]), b.input([1, 4, 5, 3], .float32))
      let planes = try b.append(.transpose([0, 3, 1, 2]), reals)
      let codes = try b.append(
        .quantize(AffineEncoding(scale: 0.1, zeroPoint: 128, isSigned: false), .uint8), planes)
      let pixels = try b.append(.transpose([0, 2, 3, 1]), codes)
      b.graph.outputs = [
        try b.append(.transpose([0, 3, 2, 1]), x), pixels,
        try b.append(.reshape([.batch(1), 60]), x),
        try b.append(.expand([.batch(1), 3, 4, 5]), b.input([1, 3, 1, 5])), planes,
      ]
    },
    Case(name: "outputs that are inputs, and twice the same") { b in
      let x = b.input([1, 3, 4, 5])
      let largest = try b.append(.pooling(Pooling(kind: .maximum, window: window([2, 2]))), x)
      b.graph.outputs = [x, largest, largest, x]
    },
  ]

  /// A residual network of two stages, as ternary ResNets are.
  private static func planes(
    _ name: String, channels: Int, density: Double, isBrief: Bool = true, zeroPoint: UInt8 = 0,
    extent: [Int] = [7, 11]
  ) -> Case {
    Case(name: name) { b in
      let rows = zeroPoint == 0 ? 1 : 0
      let window = Self.window([1 + 2 * rows, 3], nil, [rows, 1], [rows, 1])
      func layer(
        _ b: inout Builder, _ x: ValueID, _ window: Window, from: Int, to: Int, levels: Int = 3,
        shift: Int = 38
      ) throws -> ValueID {
        let terms = from * window.kernel.reduce(1, *)
        let rule = isBrief ? b.briefRule(to, terms: terms, shift: shift) : b.rule(to, terms: terms)
        return try b.integer(
          .convolution(Convolution(window: window), zeroPoint: zeroPoint, .codes(rule)), x,
          b.weights(Shape([to, from] + window.kernel), levels: levels, density: density))
      }
      let x = b.input(Shape([1, 3] + extent))
      let stem = try layer(&b, x, window, from: 3, to: channels, levels: 255)
      let one = try layer(&b, stem, window, from: channels, to: channels, shift: 36)
      let two = try layer(&b, one, window, from: channels, to: channels, shift: 40)
      let sum = try b.integer(.addition(isBrief ? b.shortAddition() : b.addition()), two, stem)
      var half = window
      half.strides = [2, 2]
      let three = try layer(&b, sum, half, from: channels, to: channels + 2)
      let cut = try b.append(
        .slice([
          AxisSlice(axis: 2, start: 0, step: 2, count: (extent[0] + 1) / 2),
          AxisSlice(axis: 3, start: 0, step: 2, count: (extent[1] + 1) / 2),
        ]), sum)
      let padded = try b.append(
        .padding(before: [0, 1, 0, 0], after: [0, 1, 0, 0], mode: .constant(Float(zeroPoint))), cut)
      let other = try b.integer(.addition(b.shortAddition()), three, padded)
      let four = try layer(&b, other, window, from: channels + 2, to: channels + 2)
      let extents = extent.map { ($0 + 1) / 2 }
      let whole = Pooling(kind: .average, window: Self.window(extents))
      let mean = Requantization(
        multipliers: [Int32((1 << 24) / (extents[0] * extents[1]))], offsets: [0], shift: 24,
        codeRange: 0...255)
      b.graph.outputs = [try b.integer(.averagePooling(whole, zeroPoint: 0, mean), four)]
    }
  }

  /// Layers whose results may lie over what they read: some with borders, steps and dilations, wider and narrower ones.
  private static func chain(_ name: String, channels: Int, extent: [Int]) -> Case {
    Case(name: name) { b in
      var (x, channels, extent) = (b.input(Shape([1, channels] + extent)), channels, extent)
      for turn in 0..<12 {
        let kernel = (0..<2).map { min(Int(b.number(1...4)), extent[$0] + 1) }
        let dilations = turn % 4 == 3 ? kernel.map { $0 > 1 && b.number(0...1) == 1 ? 2 : 1 } : [1, 1]
        let reach = (0..<2).map { (kernel[$0] - 1) * dilations[$0] }
        let before = reach.map { Int(b.number(0...Int64($0))) }
        let strides = extent.map { $0 > 5 && b.number(0...3) == 0 ? 2 : 1 }
        // The maps shrink by the strides alone.
        let window = Self.window(kernel, strides, dilations: dilations, before, zip(reach, before).map { $0 - $1 })
        let terms = kernel.reduce(1, *)
        let zeroPoint = UInt8(b.number(0...1) * 40)
        switch turn % 3 {
        case 0:
          let outputs = Int(b.number(1...3)) * (turn < 6 ? 4 : 3)
          let layer = IntegerOperator.convolution(
            Convolution(window: window), zeroPoint: zeroPoint, .codes(b.rule(outputs, terms: terms * channels)))
          x = try b.integer(layer, x, b.weights(Shape([outputs, channels] + kernel)))
          channels = outputs
        case 1:
          let layer = IntegerOperator.convolution(
            Convolution(window: window, groups: channels), zeroPoint: zeroPoint,
            .codes(b.rule(channels, terms: terms)))
          x = try b.integer(layer, x, b.weights(Shape([channels, 1] + kernel)))
        default:
          let isMaximum = turn % 2 == 0
          let pooling = Pooling(kind: isMaximum ? .maximum : .average, window: window, countsPadding: true)
          x =
            isMaximum
            ? try b.append(.pooling(pooling), x)
            : try b.integer(.averagePooling(pooling, zeroPoint: 9, b.rule(1, terms: terms)), x)
        }
        extent = (0..<2).map { (extent[$0] - 1) / strides[$0] + 1 }
      }
      b.graph.outputs = [x]
    }
  }

  private static func convolution(
    _ name: String, _ window: Window, zeroPoint: UInt8, channels: Int = 4, outputs: Int = 6,
    groups: Int = 1,
    levels: Int = 255, shift: Int = 35, density: Double = 0.67, extent: [Int] = [7, 6]
  ) -> Case {
    Case(name: name) { b in
      let x = b.input(Shape([1, channels] + extent.prefix(window.rank)))
      let weights = b.weights(
        Shape([outputs, channels / groups] + window.kernel), levels: levels, density: density)
      let terms = channels / groups * window.kernel.reduce(1, *)
      let convolution = Convolution(window: window, groups: groups)
      b.graph.outputs = [
        try b.integer(
          .convolution(
            convolution, zeroPoint: zeroPoint, .codes(b.rule(outputs, terms: terms, shift: shift))),
          x,
          weights),
        try b.integer(
          .convolution(
            convolution, zeroPoint: zeroPoint, .codes(b.rule(1, terms: terms, shift: 20))), x,
          weights),
        try b.integer(
          .convolution(convolution, zeroPoint: zeroPoint, .real(scales: [0.37], offsets: [1.1])), x,
          weights),
        try b.integer(
          .convolution(
            convolution, zeroPoint: zeroPoint,
            .codes(b.rule(outputs, terms: terms, shift: 33, codeRange: 0...255))),
          x, weights),
      ]
    }
  }
}
