import Graphs
import Quantizers
import Reference
import Tensors

/// Turns the nodes of a graph into layers.
struct NetworkBuilder {
  let graph: Graph
  let momentum: Float
  let precision: TrainingPrecision
  let quantization: NetworkQuantization
  let dropout: Dropout?
  var layers: [Layer] = []
  /// Constants in the order in which nodes use them, then the numbers of quantizers.
  var parameters: [Parameter] = []
  var weights: [QuantizedWeights] = []
  var activations: [QuantizedActivations] = []
  /// Of the values before a grid and of those with some dropped, which are numbered after those of the graph.
  var extraLayouts: [ValueLayout] = []
  /// The factors of normalizations whose sign goes into the weights before them.
  var positiveFactors: [PositiveFactors] = []
  /// Where the network's input is stored: itself, or the value before its grid.
  private(set) var input: Int
  private var parameterOf: [ValueID: Parameter] = [:]
  private var unsupported: [String] = []
  /// Nodes that became part of the layer before.
  private var fused: Set<Int> = []
  private var useCounts: [Int]
  private var activationsOf: [ValueID: QuantizedActivations] = [:]
  private var roundingAfter: [QuantizationLayer] = []

  /// - Throws: `.unsupported` naming all nodes without a gradient; `.quantization` or `.data` when something listed is not
  ///   there.
  init(
    _ graph: Graph, momentum: Float, precision: TrainingPrecision, quantization: NetworkQuantization,
    dropout: Dropout?
  ) throws(TrainingError) {
    self.graph = graph
    self.momentum = momentum
    self.precision = precision
    self.quantization = quantization
    self.dropout = dropout
    input = graph.inputs[0].index
    useCounts = [Int](repeating: 0, count: graph.values.count)
    for node in graph.nodes { for case let id? in node.inputs { useCounts[id.index] += 1 } }
    for id in graph.outputs { useCounts[id.index] += 1 }
    try listActivations()
    try checkDropout()
    input = place(graph.inputs[0], name: graph[graph.inputs[0]].name)
    layers += takeRounding()
    for (index, node) in graph.nodes.enumerated() where !fused.contains(index) {
      if let layer = layer(of: node, at: index) {
        layers.append(layer)
        layers += takeRounding()
      } else {
        unsupported.append("'\(node.name)' (\(node.operator.kind))")
      }
    }
    guard unsupported.isEmpty else { throw TrainingError(.unsupported(unsupported)) }
    try finishQuantization()
  }

  private mutating func layer(of node: Node, at index: Int) -> Layer? {
    guard ValueLayout(graph[node.output].type) != nil else { return nil }
    switch node.operator {
    case .convolution(let convolution): return self.convolution(convolution, node)
    case .dense(let clamp): return dense(clamp, node)
    case .batchNormalization(let epsilon): return normalization(epsilon, node, at: index)
    case .unary(let function):
      guard let input = value(node, 0) else { return nil }
      return UnaryLayer(name: node.name, input: input, output: place(node), function: function)
    case .binary(let function, let clamp): return binary(function, clamp, node, at: index)
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
      name: node.name, input: dropping(input, before: node), output: place(node), geometry: geometry, weights: weights,
      bias: bias,
      clamp: clamp, precision: precision)
  }

  /// Where the node reads its input: there, or where a layer of its own puts what is not dropped.
  private mutating func dropping(_ input: Int, before node: Node) -> Int {
    guard let dropout, dropout.share > 0, dropout.layers.contains(node.name), let layout = layout(input) else {
      return input
    }
    let kept = graph.values.count + extraLayouts.count
    extraLayouts.append(layout)
    layers.append(
      DropoutLayer(
        name: node.name, input: input, output: kept, share: dropout.share, itemCount: layout.itemCount))
    return kept
  }

  private func checkDropout() throws(TrainingError) {
    for name in dropout?.layers ?? [] {
      let isThere = graph.nodes.contains { node in
        switch node.operator {
        case .convolution, .dense: node.name == name
        default: false
        }
      }
      guard isThere else {
        throw TrainingError(.data("dropout before '\(name)', which is no convolution or dense layer of the network"))
      }
    }
  }

  // MARK: Normalization

  private mutating func normalization(_ epsilon: Float, _ node: Node, at index: Int) -> Layer? {
    guard let input = value(node, 0), let gamma = parameter(node, 1, .gamma), let beta = parameter(node, 2, .beta),
      let mean = parameter(node, 3, .runningMean), let variance = parameter(node, 4, .runningVariance)
    else { return nil }
    let (output, clamp) = takingClamp(of: node.output, nil, at: index)
    listPositiveFactors(node, gamma, mean)
    return NormalizationLayer(
      name: node.name, input: input, output: output.index, gamma: gamma, beta: beta, mean: mean, variance: variance,
      epsilon: epsilon, momentum: momentum, clamp: clamp, activations: activationsOf[output])
  }

  /// A clamp that alone reads a result is done in the same pass, unless the result is rounded before.
  private mutating func takingClamp(of output: ValueID, _ own: Clamp?, at index: Int) -> (ValueID, Clamp?) {
    guard own == nil, useCounts[output.index] == 1, activationsOf[output] == nil,
      let next = graph.nodes.indices.first(where: { $0 > index && graph.nodes[$0].inputs.contains(output) }),
      case .unary(let function) = graph.nodes[next].operator, let limits = function.clamp
    else { return (output, own) }
    fused.insert(next)
    return (graph.nodes[next].output, limits)
  }

  // MARK: Binary

  private mutating func binary(
    _ function: BinaryFunction, _ own: Clamp?, _ node: Node, at index: Int
  ) -> Layer? {
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
    let (output, clamp) = takingClamp(of: node.output, own, at: index)
    let isWhole = node.inputs.allSatisfy { $0.flatMap { graph.constants[$0] == nil ? layout($0.index) : nil } == to }
    if function == .add, isWhole, let activations = activationsOf[output] {
      let flat = FlatLayout(to)
      return BinaryLayer(
        name: node.name, output: output.index, function: function, operands: operands, clamp: clamp,
        grid: (GridPass(activations, channels: flat.channels), flat))
    }
    return BinaryLayer(
      name: node.name, output: place(output, name: node.name), function: function, operands: operands, clamp: clamp)
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

  private mutating func pooling(_ pooling: Pooling, _ node: Node) -> Layer? {
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
      name: node.name, input: input, output: place(node), kind: pooling.kind, rows: axes[0], columns: axes[1],
      columnExtent: from.columns, countsPadding: pooling.countsPadding)
  }

  /// The mean over all pixels.
  private mutating func mean(_ axes: [Int], _ node: Node) -> Layer? {
    guard let input = value(node, 0), let from = layout(input), axes == Array(2..<2 + from.spatial.count),
      !axes.isEmpty
    else { return nil }
    func whole(_ extent: Int) -> PoolingLayer.Axis {
      .init(windows: [Array(0..<extent)], paddedCounts: [extent])
    }
    return PoolingLayer(
      name: node.name, input: input, output: place(node), kind: .average, rows: whole(from.rows),
      columns: whole(from.columns), columnExtent: from.columns, countsPadding: false)
  }

  // MARK: Rearrangement

  /// Asks the definition of the operator where elements go, by running it on their numbers.
  private mutating func rearrangement(_ operator: Operator, _ node: Node, fill: Float) -> Layer? {
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
      name: node.name, inputs: inputs, output: place(node), sources: sources, places: places, fill: fill)
  }

  // MARK: Quantization

  private mutating func listActivations() throws(TrainingError) {
    for group in quantization.activations {
      guard let first = group.values.first else {
        throw TrainingError(.quantization("a group of activations without a value"))
      }
      for id in group.values {
        guard graph.values.indices.contains(id.index), graph.constants[id] == nil, layout(id.index) != nil else {
          throw TrainingError(.quantization("value \(id.index) is no activation that the trainer computes"))
        }
      }
      let runtime = QuantizedActivations(group, name: graph[first].name)
      for id in group.values {
        guard activationsOf.updateValue(runtime, forKey: id) == nil else {
          throw TrainingError(.quantization("'\(graph[id].name)' has two rules"))
        }
      }
      activations.append(runtime)
    }
  }

  private mutating func place(_ node: Node) -> Int { place(node.output, name: node.name) }

  /// Where a layer puts the value `id`: there, or, if the value is rounded, before a layer that rounds it.
  private mutating func place(_ id: ValueID, name: String) -> Int {
    guard let activations = activationsOf[id], let layout = layout(id.index) else { return id.index }
    let before = graph.values.count + extraLayouts.count
    extraLayouts.append(layout)
    roundingAfter.append(
      QuantizationLayer(name: name, input: before, output: id.index, layout: layout, activations: activations))
    return before
  }

  private mutating func takeRounding() -> [Layer] {
    defer { roundingAfter = [] }
    return roundingAfter
  }

  /// Remembers a normalization that alone reads a sum with quantized weights.
  private mutating func listPositiveFactors(_ node: Node, _ gamma: Parameter, _ mean: Parameter) {
    guard let x = node.inputs[0], useCounts[x.index] == 1, activationsOf[x] == nil,
      let sum = graph.nodes.first(where: { $0.output == x }), sum.inputs.count > 1, let id = sum.inputs[1],
      quantization.weights[id]?.quantizer != nil, useCounts[id.index] == 1, let weights = parameterOf[id]
    else { return }
    switch sum.operator {
    case .convolution(let convolution) where convolution.clamp == nil: break
    case .dense(clamp: nil): break
    default: return
    }
    let bias = sum.inputs.count > 2 ? sum.inputs[2].flatMap { parameterOf[$0] } : nil
    positiveFactors.append(PositiveFactors(gamma: gamma, weights: weights, biases: [mean] + (bias.map { [$0] } ?? [])))
  }

  private mutating func finishQuantization() throws(TrainingError) {
    let made = Set([graph.inputs[0].index] + layers.map(\.output))
    for id in activationsOf.keys.sorted() where !made.contains(id.index) {
      throw TrainingError(.quantization("'\(graph[id].name)' is only read by what is fused with it, or by nobody"))
    }
    for factors in positiveFactors { factors.moveSigns() }
    for (id, own) in quantization.weights.sorted(by: { $0.key < $1.key }) {
      guard let parameter = parameterOf[id], parameter.role == .weights, parameter.shape.rank > 0 else {
        let name = graph.values.indices.contains(id.index) ? "'\(graph[id].name)'" : "value \(id.index)"
        throw TrainingError(.quantization("\(name) holds no weights of a convolution or a dense layer"))
      }
      weights.append(QuantizedWeights(parameter, own))
    }
    parameters += weights.flatMap(\.states.parameters) + activations.flatMap(\.states.parameters)
  }
}
