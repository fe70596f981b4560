import Coding
import Graphs
import ModelFormat
import Tensors
import Testing

@Suite struct SizeTests {
  @Test("What is not weights and not numbers per channel takes under 2.7 KB for ResNet-44, 36 bytes a node")
  func bookkeepingIsSmall() throws {
    let model = try ResidualNetwork(blocksPerStage: 7).model(seed: 3)
    let file = try model.serialized(WritingOptions(includesNames: false))
    let layout = try FileLayout(reading: file)
    let weights = layout.constants.reduce(0) { $0 + $1.byteCount }
    let bookkeeping = file.count - weights - model.parametersPerChannelByteCount
    #expect(model.graph.nodes.count == 70)
    #expect(bookkeeping < 2_700)
    #expect(bookkeeping < 36 * model.graph.nodes.count)
  }
}

/// A residual network for 32x32 pictures after He et al., arXiv 1512.03385, section 4.2, in 8-bit integers.
struct ResidualNetwork {
  /// 3, 5, 7 and 9 give ResNet-20, -32, -44 and -56.
  var blocksPerStage: Int
  var bitWidth = 8
  private var random = SplitMix64(seed: 0)
  private var graph = Graph()

  init(blocksPerStage: Int, bitWidth: Int = 8) {
    self.blocksPerStage = blocksPerStage
    self.bitWidth = bitWidth
  }

  func model(seed: UInt64) throws -> PackedModel {
    var network = self
    network.random = SplitMix64(seed: seed)
    try network.build()
    return PackedModel(
      graph: network.graph, preprocessing: Preprocessing(mean: [0.5, 0.5, 0.5], std: [0.25, 0.25, 0.25]))
  }

  private mutating func build() throws {
    let pictures = graph.addInput("input", TensorType(.float32, [.batch(1), 3, 32, 32]))
    let encoding = AffineEncoding(scale: 0.02, zeroPoint: 128, isSigned: false)
    var x = try graph.append(.quantize(encoding, .uint8), [pictures], name: "quantize")
    x = try convolution(x, channels: (3, 16), stride: 1)
    var channels = 16
    for stage in 0..<3 {
      for block in 0..<blocksPerStage {
        let stride = stage > 0 && block == 0 ? 2 : 1
        x = try residualBlock(x, channels: (channels, 16 << stage), stride: stride)
        channels = 16 << stage
      }
    }
    let pooling = Pooling(kind: .average, window: Window(kernel: [8, 8]))
    x = try graph.append(
      .integer(.averagePooling(pooling, zeroPoint: 0, requantization(1))), [x], name: "pooling")
    x = try graph.append(.reshape([.batch(1), 64]), [x], name: "flatten")
    let real = SumResult.real(scales: [Float](repeating: 0.01, count: 10), offsets: (0..<10).map { Float($0) / 7 })
    graph.outputs = [try graph.append(.integer(.dense(real)), [x, weights([10, 64])], name: "dense")]
  }

  private mutating func residualBlock(_ x: ValueID, channels: (Int, Int), stride: Int) throws -> ValueID {
    var y = try convolution(x, channels: channels, stride: stride)
    y = try convolution(y, channels: (channels.1, channels.1), stride: 1)
    // The identity of fewer channels has a convolution of 1x1 here.
    let shortcut = stride == 1 ? x : try convolution(x, channels: channels, stride: 2, kernel: 1)
    let sum = AdditionRequantization(
      leftMultiplier: Int32(multiplier()), rightMultiplier: Int32(multiplier()), offset: -0x1234_5678_9ABC,
      shift: 31, codeRange: 0...255)
    return try graph.append(.integer(.addition(sum)), [y, shortcut], name: "addition")
  }

  private mutating func convolution(
    _ x: ValueID, channels: (Int, Int), stride: Int, kernel: Int = 3
  ) throws -> ValueID {
    let padding = [kernel / 2, kernel / 2]
    let window = Window(
      kernel: [kernel, kernel], strides: [stride, stride], paddingBefore: padding, paddingAfter: padding)
    let weights = weights([channels.1, channels.0, kernel, kernel])
    return try graph.append(
      .integer(.convolution(Convolution(window: window), zeroPoint: 0, .codes(requantization(channels.1)))),
      [x, weights], name: "convolution")
  }

  private mutating func multiplier() -> Int { Int.random(in: 1 << 28..<1 << 30, using: &random) }

  private mutating func requantization(_ channels: Int) -> Requantization {
    Requantization(
      multipliers: (0..<channels).map { _ in Int32(multiplier()) },
      offsets: (0..<channels).map { _ in Int64.random(in: -(1 << 45)...1 << 45, using: &random) }, shift: 40,
      codeRange: 0...255)
  }

  private mutating func weights(_ shape: Shape) -> ValueID {
    let encoding = AffineEncoding(
      scales: (0..<shape[0]).map { _ in random.nextUnit() + 0.1 }, zeroPoints: [Int32](repeating: 0, count: shape[0]),
      axis: 0, bitWidth: bitWidth, isSigned: true)
    let codes = (0..<shape.elementCount).map { _ in
      Int8.random(
        in: Int8(clamping: encoding.codeRange.lowerBound)...Int8(clamping: encoding.codeRange.upperBound),
        using: &random)
    }
    return graph.addConstant(
      "weights", .coded(CodedTensor(codes: Tensor(shape: shape, scalars: codes), encoding: .affine(encoding))))
  }
}

extension PackedModel {
  /// Bytes of scales, and of multipliers and offsets in the bits of the widest.
  var parametersPerChannelByteCount: Int {
    var count = 0
    for case .coded(let coded) in graph.constants.values { count += 4 * coded.encoding.scales.count }
    for node in graph.nodes {
      switch node.operator {
      case .integer(.convolution(_, _, .codes(let requantization))):
        count += Self.byteCount(requantization.multipliers.map(Int64.init)) + Self.byteCount(requantization.offsets)
      case .integer(.dense(.real(let scales, _))): count += 8 * scales.count
      default: break
      }
    }
    return count
  }

  private static func byteCount(_ integers: [Int64]) -> Int {
    guard let smallest = integers.min(), let largest = integers.max() else { return 0 }
    return (integers.count * (64 - (largest - smallest).leadingZeroBitCount) + 7) / 8
  }
}
