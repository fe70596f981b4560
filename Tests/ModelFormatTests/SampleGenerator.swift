import Coding
import Graphs
import ModelFormat
import Tensors

/// Makes models that contain what a packed file can hold; the same for the same seed.
struct SampleGenerator {
  private var random: SplitMix64
  private(set) var graph = Graph()
  private var count = 0

  init(seed: UInt64) { random = SplitMix64(seed: seed) }

  mutating func number(_ range: ClosedRange<Int>) -> Int { Int.random(in: range, using: &random) }

  mutating func flag() -> Bool { number(0...1) == 1 }

  mutating func float() -> Float { random.nextUnit() * 4 - 2 }

  mutating func positive() -> Float { random.nextUnit() + 0.001 }

  mutating func element<C: Collection>(_ list: C) -> C.Element { list.randomElement(using: &random)! }

  /// A model with every operator, every kind of constant and everything else there is.
  static func everything(seed: UInt64) throws -> PackedModel {
    var generator = SampleGenerator(seed: seed)
    for kind in Operator.Kind.allCases { try generator.append(kind) }
    for elementType in ElementType.allCases {
      let name = generator.name("constant")
      let constant = generator.graph.addConstant(name, .tensor(generator.tensor(elementType, [2, 3])))
      generator.graph.outputs.append(constant)
    }
    for encoding in generator.weightEncodings(channels: 4) { generator.weights([4, 3, 3], encoding) }
    generator.graph.outputs.append(generator.graph.nodes[generator.graph.nodes.count - 1].output)
    generator.graph.outputs.append(generator.graph.inputs[0])
    generator.graph.values[0].encoding = .affine(AffineEncoding(scale: 0.5, zeroPoint: 3, isSigned: false))
    return PackedModel(
      graph: generator.graph, preprocessing: generator.preprocessing(), classNames: ["Katze", "犬", ""])
  }

  mutating func preprocessing() -> Preprocessing {
    Preprocessing(
      scale: positive(), mean: [float(), float(), float()], std: [positive(), positive(), positive()],
      channelOrder: element(Preprocessing.ChannelOrder.allCases), layout: element(Preprocessing.Layout.allCases),
      resize: flag() ? number(1...300) : nil, crop: flag() ? [number(1...300), number(1...300)] : nil)
  }
}

// MARK: - Constants

extension SampleGenerator {
  mutating func name(_ stem: String) -> String {
    count += 1
    return stem + "/" + String(count)
  }

  mutating func tensor(_ elementType: ElementType, _ shape: Shape) -> AnyTensor {
    let count = shape.elementCount
    switch elementType {
    case .float32: return .float32(Tensor(shape: shape, scalars: (0..<count).map { _ in float() }))
    case .uint8: return .uint8(Tensor(shape: shape, scalars: (0..<count).map { _ in UInt8(number(0...255)) }))
    case .int8: return .int8(Tensor(shape: shape, scalars: (0..<count).map { _ in Int8(number(-128...127)) }))
    case .int16: return .int16(Tensor(shape: shape, scalars: (0..<count).map { _ in Int16(number(-32768...32767)) }))
    case .int32:
      return .int32(Tensor(shape: shape, scalars: (0..<count).map { _ in Int32(truncatingIfNeeded: random.next()) }))
    case .int64: return .int64(Tensor(shape: shape, scalars: (0..<count).map { _ in Int64(bitPattern: random.next()) }))
    case .bool: return .bool(Tensor(shape: shape, scalars: (0..<count).map { _ in flag() }))
    }
  }

  mutating func constant(_ shape: Shape, _ elementType: ElementType = .float32) -> ValueID {
    graph.addConstant(name("constant"), tensor(elementType, shape))
  }

  /// One encoding for every alphabet of weight codes, alternately per tensor and per channel of axis 0.
  mutating func weightEncodings(channels: Int) -> [Encoding] {
    var encodings: [Encoding] = []
    for bitWidth in 1...8 {
      encodings.append(.affine(AffineEncoding(scale: positive(), bitWidth: bitWidth, isSigned: true)))
      encodings.append(
        .affine(
          AffineEncoding(
            scales: (0..<channels).map { _ in positive() },
            zeroPoints: (0..<channels).map { _ in Int32(number(-9...9)) },
            axis: 0, bitWidth: bitWidth, isSigned: bitWidth == 8)))
    }
    encodings.append(
      .ternary(
        TernaryEncoding(
          positiveLevel: Int32(number(1...127)), negativeLevel: Int32(number(1...127)), scales: [positive()],
          axis: nil)))
    encodings.append(
      .ternary(
        TernaryEncoding(
          positiveLevel: 1, negativeLevel: 127, scales: (0..<channels).map { _ in positive() }, axis: 0)))
    return encodings
  }

  @discardableResult
  mutating func weights(_ shape: Shape, _ encoding: Encoding? = nil) -> ValueID {
    let encodings = weightEncodings(channels: shape[0])
    let encoding = encoding ?? element(encodings)
    let codes = (0..<shape.elementCount).map { _ -> Int8 in
      switch encoding {
      case .affine(let affine):
        affine.codeRange == -1...1
          ? (flag() ? 1 : -1) : Int8(number(Int(affine.codeRange.lowerBound)...Int(affine.codeRange.upperBound)))
      case .ternary: Int8(number(-1...1))
      }
    }
    let coded = CodedTensor(codes: Tensor(shape: shape, scalars: codes), encoding: encoding)
    return graph.addConstant(name("weights"), .coded(coded))
  }
}

// MARK: - Attributes

extension SampleGenerator {
  mutating func window(_ kernel: [Int]) -> Window {
    let count = kernel.count
    let isUniform = flag()
    let padding = number(0...2)
    func list(_ value: Int, _ other: Int) -> [Int] { (0..<count).map { isUniform || $0 == 0 ? value : other } }
    return Window(
      kernel: kernel, strides: list(number(1...2), number(1...2)), dilations: list(number(1...2), number(1...2)),
      paddingBefore: list(padding, number(0...2)), paddingAfter: list(padding, number(0...2)))
  }

  mutating func clamp() -> Clamp? {
    element([
      nil, .relu, Clamp(lower: 0, upper: 6), Clamp(lower: -.infinity, upper: 1), Clamp(lower: -0.0, upper: .infinity),
    ])
  }

  mutating func affine(channels: Int? = nil) -> AffineEncoding {
    let count = channels ?? 1
    return AffineEncoding(
      scales: (0..<count).map { _ in positive() }, zeroPoints: (0..<count).map { _ in Int32(number(0...255)) },
      axis: channels == nil ? nil : 1, bitWidth: 8, isSigned: flag())
  }

  mutating func requantization(_ channels: Int) -> Requantization {
    let coarse = flag()
    return Requantization(
      multipliers: (0..<channels).map { _ in Int32(number(coarse ? 100...131 : -0x7FFF_FFFF...0x7FFF_FFFF)) },
      offsets: (0..<channels).map { _ in
        coarse ? Int64(number(-8...7)) << 40 : .random(in: -(1 << 60) + 1...(1 << 60) - 1, using: &random)
      },
      shift: number(1...62), codeRange: Int32(number(0...9))...Int32(number(9...255)))
  }

  mutating func addition() -> AdditionRequantization {
    AdditionRequantization(
      leftMultiplier: .random(in: .min ... .max, using: &random), rightMultiplier: Int32(number(0...9)),
      offset: .random(in: -(1 << 60) + 1...(1 << 60) - 1, using: &random), shift: number(1...62), codeRange: 0...255)
  }

  mutating func sumResult(_ channels: Int) -> SumResult {
    if flag() { return .codes(requantization(flag() ? channels : 1)) }
    return .real(scales: (0..<channels).map { _ in float() }, offsets: (0..<channels).map { _ in float() })
  }

  mutating func unary(_ kind: UnaryKind) -> UnaryFunction {
    switch kind {
    case .relu: .relu
    case .clip: .clip(clamp() ?? .relu)
    case .leakyRelu: .leakyRelu(slope: float())
    case .sigmoid: .sigmoid
    case .hardSigmoid: .hardSigmoid(slope: float(), offset: float())
    case .hardSwish: .hardSwish
    case .tanh: .tanh
    case .elu: .elu(alpha: float())
    case .selu: .selu(alpha: float(), gamma: float())
    case .celu: .celu(alpha: float())
    case .gelu: .gelu(approximatesWithTanh: flag())
    case .softplus: .softplus
    case .softsign: .softsign
    case .swish: .swish(alpha: float())
    case .mish: .mish
    case .thresholdedRelu: .thresholdedRelu(alpha: float())
    case .absolute: .absolute
    case .negate: .negate
    case .sign: .sign
    case .reciprocal: .reciprocal
    case .squareRoot: .squareRoot
    case .exponential: .exponential
    case .logarithm: .logarithm
    case .error: .error
    case .floor: .floor
    case .ceiling: .ceiling
    case .round: .round
    case .sine: .sine
    case .cosine: .cosine
    case .not: .not
    case .isNaN: .isNaN
    }
  }

  mutating func resize() -> Resize {
    let interpolation: Resize.Interpolation =
      switch element(InterpolationKind.allCases) {
      case .nearest: .nearest(element(Resize.Rounding.allCases))
      case .linear: .linear
      case .cubic: .cubic(coefficient: float())
      }
    return Resize(
      interpolation: interpolation, coordinates: element(Resize.Coordinates.allCases),
      extents: [.batch(1), 4, .fixed(number(1...30)), .fixed(number(1...30))], scales: [1, 1, positive(), positive()],
      excludesOutside: flag(), antialiases: flag())
  }

  mutating func paddingMode(_ kind: PaddingKind) -> PaddingMode {
    switch kind {
    case .constant: .constant(element([0, -.infinity, 1.5]))
    case .reflect: .reflect
    case .edge: .edge
    case .wrap: .wrap
    }
  }
}

// MARK: - Operators

extension SampleGenerator {
  private mutating func input(_ dimensions: [Dimension], _ elementType: ElementType = .float32) -> ValueID {
    graph.addInput(name("input"), TensorType(elementType, dimensions))
  }

  private mutating func picture(_ elementType: ElementType = .float32) -> ValueID {
    input([.batch(1), 4, 12, 13], elementType)
  }

  private mutating func node(_ operator: Operator, _ operands: [ValueID?]) throws {
    let isNamedLikeItsResult = flag()
    let result = try graph.append(`operator`, operands, name: name("node"))
    if !isNamedLikeItsResult { graph[result].name = name("result") }
  }

  /// Appends operands and nodes that show all there is about `kind`.
  mutating func append(_ kind: Operator.Kind) throws {
    switch kind {
    case .convolution:
      for clamp in [nil, clamp()] {
        try node(
          .convolution(Convolution(window: window([3, 2]), groups: 2, clamp: clamp)),
          [picture(), constant([6, 2, 3, 2]), constant([6])])
      }
      let x = input([.batch(1), 3, 9])
      try node(.convolution(Convolution(window: window([3]))), [x, weights([5, 3, 3])])
    case .transposedConvolution:
      let convolution = TransposedConvolution(window: window([3, 3]), groups: 2, outputPadding: [0, 1])
      try node(.transposedConvolution(convolution), [picture(), constant([4, 3, 3, 3]), nil])
    case .dense:
      try node(.dense(clamp: clamp()), [input([.batch(2), 7]), weights([5, 7]), constant([5])])
    case .matrixProduct: try node(.matrixProduct, [input([.batch(1), 3, 5]), constant([5, 2])])
    case .pooling:
      for kind in Pooling.Kind.allCases {
        let pooling = Pooling(kind: kind, window: window([2, 2]), roundsUp: flag(), countsPadding: flag())
        try node(.pooling(pooling), [picture()])
      }
    case .batchNormalization:
      try node(
        .batchNormalization(epsilon: positive()),
        [picture(), constant([4]), constant([4]), constant([4]), constant([4])])
    case .localResponseNormalization:
      try node(.localResponseNormalization(size: 3, alpha: float(), beta: float(), bias: float()), [picture()])
    case .softmax: try node(.softmax(axis: 1, isLogarithmic: flag()), [picture()])
    case .unary:
      for kind in UnaryKind.allCases { try node(.unary(unary(kind)), [input([3], kind == .not ? .bool : .float32)]) }
    case .binary:
      for function in BinaryFunction.allCases {
        let isLogical = [.and, .or, .exclusiveOr].contains(function)
        let x = input([.batch(1), 3], isLogical ? .bool : .float32)
        try node(.binary(function, clamp: isLogical ? nil : clamp()), [x, x])
      }
    case .comparison:
      for comparison in Comparison.allCases { try node(.comparison(comparison), [picture(), constant([1])]) }
    case .select: try node(.select, [input([2, 1], .bool), constant([2, 3]), constant([3])])
    case .cast: for elementType in ElementType.allCases { try node(.cast(elementType), [picture()]) }
    case .reduction:
      for reduction in Reduction.allCases {
        try node(.reduction(reduction, axes: element([[], [1], [0, 2, 3]]), keepsAxes: flag()), [picture()])
      }
    case .argument:
      try node(.argument(ofMaximum: flag(), axis: 1, keepsAxis: flag(), selectsLast: flag()), [picture()])
    case .gather: try node(.gather(axis: 1), [picture(), constant([2, 2], .int64)])
    case .concatenation:
      for count in 1...5 {
        try node(.concatenation(axis: 1), (0..<count).map { input([.batch(1), .fixed($0)]) as ValueID? })
      }
    case .padding:
      for kind in PaddingKind.allCases {
        try node(
          .padding(before: [0, 0, number(-2...9), 1], after: [0, 1, number(-2...9), 0], mode: paddingMode(kind)),
          [picture()])
      }
    case .reshape: try node(.reshape([.batch(2), 2, 12, 13]), [picture()])
    case .transpose: try node(.transpose([0, 2, 3, 1]), [picture()])
    case .slice:
      let slices = [
        AxisSlice(axis: 2, start: 11, step: -2, count: 5), AxisSlice(axis: 1, start: 0, step: 3, count: 0),
      ]
      try node(.slice(slices), [picture()])
    case .expand: try node(.expand([.batch(1), 3, 4]), [input([3, 1])])
    case .resize: for _ in 0..<4 { try node(.resize(resize()), [picture()]) }
    case .quantize:
      try node(.quantize(affine(), .uint8), [picture()])
      try node(.quantize(affine(channels: 4), .int8), [picture()])
    case .dequantize: try node(.dequantize(affine(channels: 4)), [picture(.uint8)])
    case .integerConvolution:
      for _ in 0..<4 {
        let convolution = Convolution(window: window([3, 3]), groups: 2, clamp: nil)
        try node(
          .integer(.convolution(convolution, zeroPoint: UInt8(number(0...255)), sumResult(6))),
          [picture(.uint8), weights([6, 2, 3, 3])])
      }
    case .integerDense:
      for _ in 0..<4 { try node(.integer(.dense(sumResult(9))), [input([.batch(1), 7], .uint8), weights([9, 7])]) }
    case .integerAveragePooling:
      let pooling = Pooling(kind: .average, window: window([3, 3]))
      try node(.integer(.averagePooling(pooling, zeroPoint: 7, requantization(1))), [picture(.uint8)])
    case .integerAddition: try node(.integer(.addition(addition())), [input([4], .uint8), constant([4], .uint8)])
    case .integerMultiplication:
      try node(
        .integer(.multiplication(leftZeroPoint: 3, rightZeroPoint: 250, requantization(1))),
        [picture(.uint8), constant([4, 1, 1], .uint8)])
    case .integerLookup:
      for (from, to) in [(ElementType.uint8, ElementType.uint8), (.int8, .uint8), (.bool, .int8)] {
        let table = LookupTable(results: (0..<256).map { _ in UInt8(number(0...255)) }, input: from, output: to)
        try node(.integer(.lookup(table)), [picture(from)])
      }
    case .integerSoftmax:
      let exponentials = (0..<256).map { UInt32(1 << 24) / UInt32($0 + 1) }
      try node(
        .integer(.softmax(axis: 1, IntegerSoftmax(exponentials: exponentials, range: element([255, 256])))),
        [picture(.uint8)])
    }
  }
}
