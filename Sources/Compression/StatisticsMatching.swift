import Graphs
import Tensors

/// Mean and variance of each channel of a value.
struct ChannelMoments {
  private var sums: [Double]
  private var squares: [Double]
  private var count = 0

  init(channelCount: Int) {
    sums = [Double](repeating: 0, count: channelCount)
    squares = sums
  }

  /// Takes in values laid out as `[N, C, inner...]`.
  mutating func add(_ tensor: Tensor<Float>) {
    let channels = sums.count
    let inner = tensor.shape.dimensions.dropFirst(2).reduce(1, *)
    guard inner > 0 else { return }
    for start in stride(from: 0, to: tensor.scalars.count, by: inner) {
      let channel = start / inner % channels
      var (sum, square) = (0.0, 0.0)
      for value in tensor.scalars[start..<start + inner] {
        sum += Double(value)
        square += Double(value) * Double(value)
      }
      sums[channel] += sum
      squares[channel] += square
    }
    count += tensor.scalars.count / channels
  }

  func mean(_ channel: Int) -> Double { count > 0 ? sums[channel] / Double(count) : 0 }

  func deviation(_ channel: Int) -> Double {
    guard count > 0 else { return 0 }
    let mean = mean(channel)
    return max(squares[channel] / Double(count) - mean * mean, 0).squareRoot()
  }
}

extension Graph {
  /// Gives every coded layer's sums the mean and the variance they have in the real network, channel by channel.
  ///
  /// Layers are taken in order, each behind the corrected ones before it: the scale of a channel's codes and its bias
  /// change, the codes stay. What few bits lose in one layer then no longer grows through the next ones.
  ///
  /// - Parameters:
  ///   - layers: indices of nodes with coded weights, ascending.
  ///   - real: the graph before its weights were coded, with the same nodes.
  ///   - source: one pass for the real graph and one for each layer.
  /// - Source: Banner et al., *Post Training 4-bit Quantization of Convolutional Networks for Rapid-Deployment*, arXiv
  ///   1810.05723, section 4, which restores mean and variance of the weights. Departure: those of the sums are.
  mutating func matchStatistics(of layers: [Int], to real: Graph, on source: ActivationSource) throws {
    let (plain, sums) = try real.withSumsShown(upTo: real.nodes.count)
    let targets = try plain.moments(of: layers.compactMap { sums[$0] }, on: source)
    for layer in layers {
      let (prefix, shown) = try withSumsShown(upTo: layer + 1)
      guard let sum = shown[layer], let target = sums[layer].flatMap({ targets[$0] }),
        let found = try prefix.moments(of: [sum], on: source)[sum]
      else { continue }
      match(layer, found, target)
    }
  }

  private mutating func match(_ layer: Int, _ found: ChannelMoments, _ target: ChannelMoments) {
    guard let weights = nodes[layer].inputs[1], case .coded(var coded)? = constants[weights] else { return }
    let channels = coded.shape[0]
    let biasID = nodes[layer].inputs.count > 2 ? nodes[layer].inputs[2] : nil
    let given = constant(biasID)?.tensor.asFloat32?.scalars
    guard biasID == nil || given?.count == channels else { return }
    var bias = given ?? [Float](repeating: 0, count: channels)
    let isPerChannel = coded.encoding.axis == 0 && coded.encoding.scales.count == channels
    var factors = [Float](repeating: 1, count: channels)
    for m in 0..<channels {
      let factor = target.deviation(m) / found.deviation(m)
      // A channel that hardly varies says nothing about its scale.
      if isPerChannel && factor.isFinite { factors[m] = Float(min(max(factor, 0.25), 4)) }
      bias[m] = (bias[m] - Float(found.mean(m))) * factors[m] + Float(target.mean(m))
    }
    coded.encoding = coded.encoding.scaled(by: factors)
    setOwnConstant(.coded(coded), at: weights, of: layer, operand: 1)
    setOwnConstant(.tensor(.float32(Tensor(shape: [channels], scalars: bias))), at: biasID, of: layer, operand: 2)
  }

  /// The first nodes as a real graph in which layers have no clamp of their own.
  ///
  /// - Returns: the graph, and by node index the value of each convolution's and dense layer's sums.
  private func withSumsShown(upTo end: Int) throws(GraphError) -> (Graph, [Int: ValueID]) {
    var graph = Graph()
    var map: [ValueID: ValueID] = [:]
    var sums: [Int: ValueID] = [:]
    for id in inputs { map[id] = graph.addInput(self[id].name, self[id].type) }
    for (id, constant) in constants.sorted(by: { $0.key < $1.key }) {
      map[id] = graph.addConstant(self[id].name, constant.tensor)
    }
    for (index, node) in nodes.prefix(end).enumerated() {
      let operands = node.inputs.map { $0.flatMap { map[$0] } }
      let (bare, clamp) = node.operator.withoutClamp
      var result = try graph.append(bare, operands, name: node.name)
      switch bare {
      case .convolution, .dense: sums[index] = result
      default: break
      }
      if let clamp, index + 1 < end || end == nodes.count {
        result = try graph.append(.unary(.clip(clamp)), [result], name: node.name + ".clamp")
      }
      map[node.output] = result
    }
    graph.outputs = end < nodes.count ? [sums[end - 1]].compactMap { $0 } : outputs.compactMap { map[$0] }
    return (graph, sums)
  }

  private func moments(of values: [ValueID], on source: ActivationSource) throws -> [ValueID: ChannelMoments] {
    var moments: [ValueID: ChannelMoments] = [:]
    for id in values { moments[id] = ChannelMoments(channelCount: Calibration.channelCount(self[id].type)) }
    try source.run(self, values) { id, tensor in moments[id]?.add(tensor) }
    return moments
  }
}

extension Operator {
  /// A layer without the clamp on its sums, and that clamp.
  fileprivate var withoutClamp: (Operator, Clamp?) {
    switch self {
    case .convolution(var convolution):
      let clamp = convolution.clamp
      convolution.clamp = nil
      return (.convolution(convolution), clamp)
    case .dense(let clamp): return (.dense(clamp: nil), clamp)
    default: return (self, nil)
    }
  }
}

extension Encoding {
  /// The same codes for real values that are larger by a factor per channel.
  fileprivate func scaled(by factors: [Float]) -> Encoding {
    guard scales.count == factors.count else { return self }
    let changed = zip(scales, factors).map { ($0 * $1).isNormal ? $0 * $1 : $0 }
    switch self {
    case .affine(var affine):
      affine.scales = changed
      return .affine(affine)
    case .ternary(var ternary):
      ternary.scales = changed
      return .ternary(ternary)
    }
  }
}
