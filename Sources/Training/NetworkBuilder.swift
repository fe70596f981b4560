import Graphs
import Reference
import Tensors

/// Turns the nodes of a graph into layers.
struct NetworkBuilder {
  let graph: Graph
  let momentum: Float
  let precision: TrainingPrecision
  var layers: [Layer] = []
  var parameters: [Parameter] = []
  private var parameterOf: [ValueID: Parameter] = [:]
  private var unsupported: [String] = []
  /// Nodes that became part of the layer before.
  private var fused: Set<Int> = []
  private var useCounts: [Int]

  /// - Throws: `.unsupported` naming all nodes without a gradient.
  init(_ graph: Graph, momentum: Float, precision: TrainingPrecision) throws(TrainingError) {
    self.graph = graph
    self.momentum = momentum
    self.precision = precision
    useCounts = [Int](repeating: 0, count: graph.values.count)
    for node in graph.nodes { for case let id? in node.inputs { useCounts[id.index] += 1 } }
    for id in graph.outputs { useCounts[id.index] += 1 }
    for (index, node) in graph.nodes.enumerated() where !fused.contains(index) {
      if let layer = layer(of: node, at: index) {
        layers.append(layer)
      } else {
        unsupported.append("'\(node.name)' (\(node.operator.kind))")
      }
    }
    guard unsupported.isEmpty else { throw TrainingError(.unsupported(unsupported)) }
  }

  private mutating func layer(of node: Node, at index: Int) -> Layer? {
    guard ValueLayout(graph[node.output].type) != nil else { return nil }
    switch node.operator {
    case .convolution(let convolution): return self.convolution(convolution, node)
    case .dense(let clamp): return dense(clamp, node)
    case .batchNormalization(let epsilon): return normalization(epsilon, node, at: index)
    case .unary(let function):
      guard let input = value(node, 0) else { return nil }
      return UnaryLayer(name: node.name, input: input, output: node.output.index, function: function)
    case .binary(let function, let clamp): return binary(function, clamp, node)
    case .pooling(let pooling): return self.pooling(pooling, node)
    case .reduction(.mean, let axes, _): return mean(axes, node)
    case .padding(let before, let after, .constant(let fill)):
      return rearrangement(.padding(before: before, after: after, mode: .constant(0)), node, fill: fill)
    case .padding, .concatenation, .reshape, .transpose, .slice: return rearrangement(node.operator, node, fill: 0)
    case .transposedConvolution, .matrixProduct, .localResponseNormalization, .softmax, .comparison, .select, .cast,
      .reduction, .argument, .gather, .expand, .resize, .quantize, .dequantize, .integer:
      return nil
    }
  }

  // MARK: Operands

  /// The index of an operand that is computed or given, not a constant.
  private func value(_ node: Node, _ operand: Int) -> Int? {
    guard operand < node.inputs.count, let id = node.inputs[operand], graph.constants[id] == nil,
      ValueLayout(graph[id].type) != nil
    else { return nil }
    return id.index
  }

  private func layout(_ index: Int) -> ValueLayout? { ValueLayout(graph.values[index].type) }

  private mutating func parameter(_ node: Node, _ operand: Int, _ role: ParameterRole) -> Parameter? {
    guard operand < node.inputs.count, let id = node.inputs[operand],
      case .tensor(.float32(let tensor))? = graph.constants[id]
    else { return nil }
    if let known = parameterOf[id] { return known }
    let new = Parameter(id: id, name: graph[id].name, role: role, tensor: tensor)
    parameters.append(new)
    parameterOf[id] = new
    return new
  }

  private func hasOperand(_ node: Node, _ operand: Int) -> Bool {
    operand < node.inputs.count && node.inputs[operand] != nil
  }

  // MARK: Weighted sums

  private mutating func convolution(_ convolution: Convolution, _ node: Node) -> Layer? {
    let window = convolution.window
    guard window.rank <= 2, let input = value(node, 0), let from = layout(input), let to = layout(node.output.index),
      let weights = parameter(node, 1, .weights)
    else { return nil }
    let absent = ConvolutionAxis(extent: 1, results: 1, kernel: 1, stride: 1, dilation: 1, before: 0)
    var axes = [ConvolutionAxis](repeating: absent, count: 2 - window.rank)
    for axis in 0..<window.rank {
      axes.append(
        ConvolutionAxis(
          extent: from.spatial[axis], results: to.spatial[axis], kernel: window.kernel[axis],
          stride: window.strides[axis], dilation: window.dilations[axis], before: window.paddingBefore[axis]))
    }
    let geometry = ConvolutionGeometry(
      rows: axes[0], columns: axes[1], groups: convolution.groups, channels: from.channels / convolution.groups,
      outputs: to.channels / convolution.groups)
    return weightedSum(node, input, geometry, weights, clamp: convolution.clamp)
  }

  private mutating func dense(_ clamp: Clamp?, _ node: Node) -> Layer? {
    guard let input = value(node, 0), let from = layout(input), let to = layout(node.output.index),
      let weights = parameter(node, 1, .weights)
    else { return nil }
    let axis = ConvolutionAxis(extent: 1, results: 1, kernel: 1, stride: 1, dilation: 1, before: 0)
    let geometry = ConvolutionGeometry(
      rows: axis, columns: axis, groups: 1, channels: from.channels, outputs: to.channels)
    return weightedSum(node, input, geometry, weights, clamp: clamp)
  }

  private mutating func weightedSum(
    _ node: Node, _ input: Int, _ geometry: ConvolutionGeometry, _ weights: Parameter, clamp: Clamp?
  ) -> Layer? {
    let bias = parameter(node, 2, .bias)
    if hasOperand(node, 2) && bias == nil { return nil }
    return ConvolutionLayer(
      name: node.name, input: input, output: node.output.index, geometry: geometry, weights: weights, bias: bias,
      clamp: clamp, precision: precision)
  }

  // MARK: Normalization

  private mutating func normalization(_ epsilon: Float, _ node: Node, at index: Int) -> Layer? {
    guard let input = value(node, 0), let gamma = parameter(node, 1, .gamma), let beta = parameter(node, 2, .beta),
      let mean = parameter(node, 3, .runningMean), let variance = parameter(node, 4, .runningVariance)
    else { return nil }
    var (output, clamp) = (node.output, Clamp?.none)
    // A clamp that alone reads the result is done in the same pass.
    if useCounts[output.index] == 1,
      let next = graph.nodes.indices.first(where: { $0 > index && graph.nodes[$0].inputs.contains(output) }),
      case .unary(let function) = graph.nodes[next].operator, let limits = function.clamp
    {
      fused.insert(next)
      (output, clamp) = (graph.nodes[next].output, limits)
    }
    return NormalizationLayer(
      name: node.name, input: input, output: output.index, gamma: gamma, beta: beta, mean: mean, variance: variance,
      epsilon: epsilon, momentum: momentum, clamp: clamp)
  }

  // MARK: Binary

  private mutating func binary(_ function: BinaryFunction, _ clamp: Clamp?, _ node: Node) -> Layer? {
    guard [.add, .subtract, .multiply].contains(function), let to = layout(node.output.index) else { return nil }
    let rank = graph[node.output].type.rank
    var operands: [BinaryLayer.Operand] = []
    for side in 0..<2 {
      if let index = value(node, side), let from = layout(index), graph.values[index].type.rank == rank {
        guard let fits = Self.stretching(from, to) else { return nil }
        operands.append(
          .value(
            index,
            .init(
              item: from.itemCount, pixel: fits.pixels ? from.channels : 0, channel: fits.channels ? 1 : 0)))
      } else if let parameter = parameter(node, side, .other) {
        guard let strides = Self.strides(parameter.shape, rank: rank, to) else { return nil }
        operands.append(.parameter(parameter, strides))
      } else {
        return nil
      }
    }
    return BinaryLayer(name: node.name, output: node.output.index, function: function, operands: operands, clamp: clamp)
  }

  /// Which groups of axes an operand has itself; the others are stretched. Nil if only a part of the spatial axes is.
  private static func stretching(_ from: ValueLayout, _ to: ValueLayout) -> (channels: Bool, pixels: Bool)? {
    guard from.spatial == to.spatial || from.pixels == 1 else { return nil }
    return (from.channels == to.channels, from.spatial == to.spatial)
  }

  /// Strides of a parameter, which is row-major.
  private static func strides(_ shape: Shape, rank: Int, _ to: ValueLayout) -> BinaryLayer.Strides? {
    guard shape.rank <= rank else { return nil }
    let extents = [Int](repeating: 1, count: rank - shape.rank) + shape.dimensions
    let spatial = Array(extents.dropFirst(2))
    let pixels = spatial.reduce(1, *)
    guard extents[0] == 1, spatial == to.spatial || pixels == 1 else { return nil }
    return .init(
      item: 0, pixel: spatial == to.spatial && pixels > 1 ? 1 : 0, channel: extents[1] == to.channels ? pixels : 0)
  }

  // MARK: Pooling

  private func pooling(_ pooling: Pooling, _ node: Node) -> Layer? {
    let window = pooling.window
    guard window.rank <= 2, let input = value(node, 0), let from = layout(input), let to = layout(node.output.index)
    else { return nil }
    var axes = [PoolingLayer.Axis](repeating: .init(windows: [[0]], paddedCounts: [1]), count: 2 - window.rank)
    for axis in 0..<window.rank {
      let (extent, before, after) = (from.spatial[axis], window.paddingBefore[axis], window.paddingAfter[axis])
      let places = (0..<to.spatial[axis]).map { index in
        (0..<window.kernel[axis]).map { index * window.strides[axis] + $0 * window.dilations[axis] - before }
      }
      axes.append(
        .init(
          windows: places.map { $0.filter { $0 >= 0 && $0 < extent } },
          paddedCounts: places.map { $0.count { $0 >= -before && $0 < extent + after } }))
    }
    return PoolingLayer(
      name: node.name, input: input, output: node.output.index, kind: pooling.kind, rows: axes[0], columns: axes[1],
      columnExtent: from.columns, countsPadding: pooling.countsPadding)
  }

  /// The mean over all pixels.
  private func mean(_ axes: [Int], _ node: Node) -> Layer? {
    guard let input = value(node, 0), let from = layout(input), axes == Array(2..<2 + from.spatial.count),
      !axes.isEmpty
    else { return nil }
    func whole(_ extent: Int) -> PoolingLayer.Axis {
      .init(windows: [Array(0..<extent)], paddedCounts: [extent])
    }
    return PoolingLayer(
      name: node.name, input: input, output: node.output.index, kind: .average, rows: whole(from.rows),
      columns: whole(from.columns), columnExtent: from.columns, countsPadding: false)
  }

  // MARK: Rearrangement

  /// Asks the definition of the operator where elements go, by running it on their numbers.
  private func rearrangement(_ operator: Operator, _ node: Node, fill: Float) -> Layer? {
    guard let to = layout(node.output.index) else { return nil }
    var inputs: [Int] = []
    var numbered: [Constant?] = []
    var origins: [(input: Int, place: Int)] = []
    for operand in node.inputs.indices {
      guard let index = value(node, operand), let from = layout(index),
        let shape = try? graph.values[index].type.shape(batch: 1)
      else { return nil }
      let numbers = (1...from.itemCount).map { Int64(origins.count + $0) }
      numbered.append(.tensor(.int64(Tensor(shape: shape, scalars: numbers))))
      origins += (0..<from.itemCount).map { (inputs.count, from.place(ofElement: $0)) }
      inputs.append(index)
    }
    guard let result = try? Reference.evaluate(`operator`, numbered), case .int64(let numbers) = result,
      numbers.scalars.count == to.itemCount
    else { return nil }
    var sources = [Int32](repeating: 0, count: to.itemCount)
    var places = [Int32](repeating: -1, count: to.itemCount)
    for (element, number) in numbers.scalars.enumerated() where number > 0 {
      let origin = origins[Int(number) - 1]
      sources[to.place(ofElement: element)] = Int32(origin.input)
      places[to.place(ofElement: element)] = Int32(origin.place)
    }
    return RearrangementLayer(
      name: node.name, inputs: inputs, output: node.output.index, sources: sources, places: places, fill: fill)
  }
}
