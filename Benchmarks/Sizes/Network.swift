import Coding
import Graphs
import Tensors

/// A network whose middle layers have random ternary weights of a density, in integers; the first and the last layer
/// are float or have 8-bit weights of a normal distribution.
struct Network {
  let density: Double
  let endsAreFloat: Bool
  private(set) var graph = Graph()
  /// Weights, biases, and two of batch norm for each channel.
  private(set) var parameterCount = 0
  /// Ternary weights.
  private(set) var ternaryCount = 0
  /// Channels with multiplier and offset.
  private(set) var channelCount = 0
  /// Bytes that these take in the file.
  private(set) var perChannelByteCount = 0
  /// Bytes of the ternary weights at the entropy of each tensor.
  private(set) var entropyByteCount = 0.0
  private var random = SplitMix64(seed: 1)

  init(density: Double, endsAreFloat: Bool) {
    self.density = density
    self.endsAreFloat = endsAreFloat
  }
}

// MARK: - The networks, after the code of the paper

extension Network {
  mutating func buildConvNet() throws {
    var x = try first([48, 3, 5, 5], input: 40, stride: 1, padding: 0, hasNorm: false)
    parameterCount += 48
    x = try pool(x, 2, 2)
    x = try convolve(x, [64, 48, 3, 3], padding: 1)
    x = try convolve(x, [64, 64, 3, 3], padding: 1)
    x = try pool(x, 2, 2)
    x = try convolve(x, [128, 64, 3, 3], padding: 0)
    x = try convolve(x, [128, 128, 3, 3], padding: 1)
    x = try convolve(x, [128, 128, 3, 3], padding: 0)
    x = try convolve(x, [512, 128, 5, 5], padding: 0)
    try last(x, [10, 512])
  }

  mutating func buildResNet(blocksPerStage: Int) throws {
    var x = try first([16, 3, 3, 3], input: 32, stride: 1, padding: 1, hasNorm: true)
    var channels = 16
    for stage in 0..<3 {
      for block in 0..<blocksPerStage {
        let (stride, width) = (stage > 0 && block == 0 ? 2 : 1, 16 << stage)
        var y = try convolve(x, [width, channels, 3, 3], stride: stride, padding: 1)
        y = try convolve(y, [width, width, 3, 3], padding: 1)
        if stride == 2 {
          x = try pool(x, 1, 2)
          let each = (width - channels) / 2
          x = try graph.append(
            .padding(before: [0, each, 0, 0], after: [0, each, 0, 0], mode: .constant(0)), [x], name: "pad")
        }
        let sum = AdditionRequantization(leftScale: 0.7, rightScale: 0.9, offset: 0, codeRange: 0...255)
        guard let sum else { return }
        x = try graph.append(.integer(.addition(sum)), [y, x], name: "add")
        channels = width
      }
    }
    x = try pool(x, 8, 8)
    try last(x, [10, 64])
  }

  mutating func buildAlexNet() throws {
    var x = try first([96, 3, 12, 12], input: 224, stride: 4, padding: 0, hasNorm: false)
    x = try convolve(x, [256, 48, 5, 5], padding: 2, groups: 2)
    x = try pool(x, 2, 2)
    x = try convolve(x, [384, 256, 3, 3], padding: 1)
    x = try pool(x, 3, 2, padding: 1)
    x = try convolve(x, [384, 192, 3, 3], padding: 1, groups: 2)
    x = try convolve(x, [256, 192, 3, 3], padding: 1, groups: 2)
    x = try pool(x, 3, 2)
    x = try graph.append(.reshape([.batch(1), 9_216]), [x], name: "flatten")
    x = try dense(x, [4_096, 9_216])
    x = try dense(x, [4_096, 4_096])
    try last(x, [1_000, 4_096])
  }
}

// MARK: - Layers

extension Network {
  private func convolution(_ shape: Shape, stride: Int, padding: Int, groups: Int = 1) -> Convolution {
    let sides = [padding, padding]
    return Convolution(
      window: Window(
        kernel: [shape[2], shape[3]], strides: [stride, stride], paddingBefore: sides, paddingAfter: sides),
      groups: groups)
  }

  private mutating func pool(_ x: ValueID, _ kernel: Int, _ stride: Int, padding: Int = 0) throws -> ValueID {
    let sides = [padding, padding]
    let window = Window(
      kernel: [kernel, kernel], strides: [stride, stride], paddingBefore: sides, paddingAfter: sides)
    return try graph.append(.pooling(Pooling(kind: .maximum, window: window)), [x], name: "pool")
  }

  private mutating func convolve(
    _ x: ValueID, _ shape: Shape, stride: Int = 1, padding: Int, groups: Int = 1
  ) throws -> ValueID {
    parameterCount += 2 * shape[0]
    let layer = convolution(shape, stride: stride, padding: padding, groups: groups)
    let result = SumResult.codes(try requantization(shape[0]))
    return try graph.append(
      .integer(.convolution(layer, zeroPoint: 0, result)), [x, ternary(shape)], name: "convolution")
  }

  private mutating func dense(_ x: ValueID, _ shape: Shape) throws -> ValueID {
    parameterCount += 2 * shape[0]
    return try graph.append(
      .integer(.dense(.codes(try requantization(shape[0])))), [x, ternary(shape)], name: "dense")
  }

  private mutating func first(
    _ shape: Shape, input: Int, stride: Int, padding: Int, hasNorm: Bool
  ) throws -> ValueID {
    parameterCount += shape.elementCount + (hasNorm ? 2 * shape[0] : 0)
    let picture = graph.addInput(
      "input", TensorType(.float32, [.batch(1), .fixed(shape[1]), .fixed(input), .fixed(input)]))
    let layer = convolution(shape, stride: stride, padding: padding)
    let codes = AffineEncoding(scale: 0.0039, zeroPoint: 0, isSigned: false)
    if endsAreFloat {
      let x = try graph.append(.convolution(layer), [picture, real(shape), real([shape[0]])], name: "first")
      return try graph.append(.quantize(codes, .uint8), [x], name: "quantize")
    }
    let x = try graph.append(.quantize(codes, .uint8), [picture], name: "quantize")
    let result = SumResult.codes(try requantization(shape[0]))
    return try graph.append(.integer(.convolution(layer, zeroPoint: 0, result)), [x, bytes(shape)], name: "first")
  }

  private mutating func last(_ x: ValueID, _ shape: Shape) throws {
    parameterCount += shape.elementCount + shape[0]
    let flat = try graph.append(.reshape([.batch(1), .fixed(shape[1])]), [x], name: "flatten")
    if endsAreFloat {
      let codes = AffineEncoding(scale: 0.0039, zeroPoint: 0, isSigned: false)
      let x = try graph.append(.dequantize(codes), [flat], name: "dequantize")
      graph.outputs = [try graph.append(.dense(clamp: nil), [x, real(shape), real([shape[0]])], name: "last")]
    } else {
      let result = SumResult.real(
        scales: (0..<shape[0]).map { _ in random.nextUnit() }, offsets: (0..<shape[0]).map { _ in random.nextUnit() })
      graph.outputs = [try graph.append(.integer(.dense(result)), [flat, bytes(shape)], name: "last")]
    }
  }
}

// MARK: - Numbers

extension Network {
  struct OutOfRange: Error {}

  /// Scales within a factor of 6, one in twenty negative, and offsets of −100...100 codes.
  private mutating func requantization(_ channels: Int) throws -> Requantization {
    let scales = (0..<channels).map { _ in
      0.002 * (0.3 + 1.5 * Double(random.nextUnit())) * (random.nextUnit() < 0.05 ? -1 : 1)
    }
    let offsets = (0..<channels).map { _ in 200 * Double(random.nextUnit()) - 100 }
    let rule = Requantization(scales: scales, offsets: offsets, codeRange: 0...255, precision: .brief)
    guard let result = rule else { throw OutOfRange() }
    var writer = ByteWriter()
    PackedIntegers.write(result.multipliers.map(Int64.init), to: &writer)
    PackedIntegers.write(result.offsets, to: &writer)
    perChannelByteCount += writer.count
    channelCount += channels
    return result
  }

  private mutating func ternary(_ shape: Shape) -> ValueID {
    parameterCount += shape.elementCount
    ternaryCount += shape.elementCount
    let limit = UInt64(density * 0x1p32)
    var counts = [0, 0, 0]
    let codes = [Int8](unsafeUninitializedCapacity: shape.elementCount) { codes, count in
      for index in 0..<shape.elementCount {
        let bits = random.next()
        codes[index] = bits >> 32 < limit ? (bits & 1 == 0 ? 1 : -1) : 0
        counts[Int(codes[index]) + 1] += 1
      }
      count = shape.elementCount
    }
    entropyByteCount += Self.entropyByteCount(counts)
    let encoding = TernaryEncoding(positiveLevel: 100, negativeLevel: 93, scales: [1], axis: nil)
    let tensor = CodedTensor(codes: Tensor(shape: shape, scalars: codes), encoding: .ternary(encoding))
    return graph.addConstant("weights", .coded(tensor))
  }

  private static func entropyByteCount(_ counts: [Int]) -> Double {
    let total = Double(counts.reduce(0, +))
    return counts.reduce(0) { $1 == 0 ? $0 : $0 - Double($1) * log2(Double($1) / total) } / 8
  }

  /// Codes in −127...127 of a normal distribution with a deviation of 34.
  private mutating func bytes(_ shape: Shape) -> ValueID {
    let codes = (0..<shape.elementCount).map { _ in
      let sum = (0..<12).reduce(-6.0) { sum, _ in sum + Double(random.nextUnit()) }
      return Int8(min(max((34 * sum).rounded(), -127), 127))
    }
    let encoding = Encoding.affine(AffineEncoding(scale: 1, bitWidth: 8, isSigned: true))
    return graph.addConstant(
      "weights", .coded(CodedTensor(codes: Tensor(shape: shape, scalars: codes), encoding: encoding)))
  }

  private mutating func real(_ shape: Shape) -> ValueID {
    let scalars = (0..<shape.elementCount).map { _ in random.nextUnit() - 0.5 }
    return graph.addConstant("weights", .float32(Tensor(shape: shape, scalars: scalars)))
  }
}

/// Binary logarithm to 10⁻⁸, of a positive number.
private func log2(_ value: Double) -> Double {
  var (mantissa, result, bit) = (value.significand, Double(value.exponent), 0.5)
  while bit > 1e-8 {
    mantissa *= mantissa
    if mantissa >= 2 {
      mantissa /= 2
      result += bit
    }
    bit /= 2
  }
  return result
}
