import Graphs
import Passes
import Quantizers
import Tensors

/// Codes the weights and activations of a trained network, from a few sample inputs and without training.
///
///     let quantizer = PostTrainingQuantizer(QuantizationOptions(calibrator: .percentile))
///     let real = quantizer.prepared(graph)
///     let encoded = try quantizer.encoded(real, calibration: source)
///
/// The result is the same graph with `Value.encoding` on every activation that is to be coded and with coded weights;
/// packing turns it into integer operators. Biases stay real. Results of the last layers carry no encoding: they
/// leave as float32.
///
/// Values that come with an encoding, and weights that come coded, are kept; asymmetric weights are coded again,
/// symmetrically and per output channel. A graph that comes with everything coded needs no samples.
public struct PostTrainingQuantizer: Sendable {
  public var options: QuantizationOptions

  public init(_ options: QuantizationOptions = QuantizationOptions()) { self.options = options }

  /// `encoded(prepared(graph))`.
  public func quantized(_ graph: Graph, calibration source: ActivationSource) throws -> Graph {
    try encoded(prepared(graph), calibration: source)
  }

  /// The real graph as it is coded: simplified, and equalized if so asked. It computes what `graph` computes.
  public func prepared(_ graph: Graph) -> Graph {
    let simple = graph.simplified()
    return options.equalizes ? simple.equalized() : simple
  }

  /// Codes a prepared graph.
  ///
  /// Values keep their identity: those of the result are those of `graph`, with new constants after them.
  ///
  /// - Parameters:
  ///   - graph: real and prepared; batch norms that are left in it stay real.
  ///   - source: shows the values of `graph` on sample inputs; a few hundred pictures do.
  /// - Throws: `CompressionError`, `QuantizationError` naming the layer, and what the source throws.
  public func encoded(_ graph: Graph, calibration source: ActivationSource) throws -> Graph {
    let plan = try CodingPlan(graph, options)
    let sources = sourceValues(graph, plan)
    let (ranged, averaged) = observedValues(graph, plan)
    let calibration = try Calibration(
      graph, ranged: ranged, averaged: averaged, needsCounts: options.calibrator.calibrator.needsCounts, from: source)
    var result = graph
    encodeActivations(&result, plan, sources, calibration)
    try encodeWeights(&result, plan, calibration)
    try matchStatistics(&result, of: graph, plan, source)
    return result
  }

  /// How often `encoded` goes over the samples at most; 0 if it needs none.
  ///
  /// - Throws: `CompressionError` when an override selects nothing.
  public func passCount(_ graph: Graph) throws(CompressionError) -> Int {
    let plan = try CodingPlan(graph, options)
    let (ranged, averaged) = observedValues(graph, plan)
    let observing = ranged.isEmpty && averaged.isEmpty ? 0 : options.calibrator.calibrator.needsCounts ? 2 : 1
    let matched = matchedLayers(graph, plan).count
    return observing + (matched > 0 ? matched + 1 : 0)
  }

  /// Values whose range, and values whose channel means the samples must tell.
  private func observedValues(_ graph: Graph, _ plan: CodingPlan) -> (ranged: Set<ValueID>, averaged: Set<ValueID>) {
    let ranged = sourceValues(graph, plan).filter { Self.knownRange(graph, $0) == nil }
    guard options.correctsBias else { return (Set(ranged), []) }
    let layers = plan.layers.filter { $0.weights != nil && hasRealWeights(graph, $0) }
    return (Set(ranged), Set(layers.compactMap { graph.nodes[$0.node].inputs[0] }))
  }
}

// MARK: - Activations

extension PostTrainingQuantizer {
  /// Coded values without an encoding whose codes are made there, not handed on.
  private func sourceValues(_ graph: Graph, _ plan: CodingPlan) -> [ValueID] {
    let given = Set(graph.values.indices.map(ValueID.init).filter { graph[$0].encoding != nil }.map(plan.group))
    let moved = Set(graph.nodes.filter { graph.integerRole(of: $0) == .moves }.map(\.output))
    return graph.values.indices.map(ValueID.init).filter { id in
      plan.isCoded[id.index] && !given.contains(plan.group(id)) && !moved.contains(id)
    }
  }

  private func encodeActivations(
    _ graph: inout Graph, _ plan: CodingPlan, _ sources: [ValueID], _ calibration: Calibration
  ) {
    var ranges: [ValueID: ClosedRange<Float>] = [:]
    for id in sources {
      let observed = calibration.histograms[id].map(options.calibrator.calibrator.range)
      guard let range = Self.knownRange(graph, id) ?? observed else { continue }
      ranges[plan.group(id)] = ranges[plan.group(id)].map { Self.union($0, range) } ?? range
    }
    for node in graph.nodes {
      if case .padding(_, _, .constant(let value)) = node.operator, let range = ranges[plan.group(node.output)] {
        ranges[plan.group(node.output)] = Self.union(range, value...value)
      }
    }
    var encodings: [ValueID: Encoding] = ranges.mapValues { .affine(AffineEncoding(covering: $0)) }
    for index in graph.values.indices {
      if let given = graph.values[index].encoding { encodings[plan.group(ValueID(index))] = given }
    }
    for index in graph.values.indices where plan.isCoded[index] && graph.values[index].encoding == nil {
      graph.values[index].encoding = encodings[plan.group(ValueID(index))]
    }
  }

  private static func union(_ a: ClosedRange<Float>, _ b: ClosedRange<Float>) -> ClosedRange<Float> {
    min(a.lowerBound, b.lowerBound)...max(a.upperBound, b.upperBound)
  }

  /// The range of functions that are bounded whatever the data: codes of 1/256 or 1/128.
  static func knownRange(_ graph: Graph, _ id: ValueID) -> ClosedRange<Float>? {
    switch graph.nodes.first(where: { $0.output == id })?.operator {
    case .softmax(_, isLogarithmic: false), .unary(.sigmoid): 0...255 / 256
    case .unary(.tanh): -1...127 / 128
    default: nil
    }
  }
}

// MARK: - Weights

extension PostTrainingQuantizer {
  private func encodeWeights(_ graph: inout Graph, _ plan: CodingPlan, _ calibration: Calibration) throws {
    for layer in plan.layers {
      guard let kind = layer.weights, let weights = graph.nodes[layer.node].inputs[1],
        let constant = graph.constants[weights]
      else { continue }
      let name = graph.nodes[layer.node].name
      guard let coded = try coded(constant, kind, name: name) else { continue }
      graph.setOwnConstant(.coded(coded), at: weights, of: layer.node, operand: 1)
      if options.correctsBias, case .tensor(.float32(let real)) = constant,
        let input = graph.nodes[layer.node].inputs[0], let means = calibration.statistics[input]?.channelMeans
      {
        graph.correctBias(of: layer.node, real: real, coded: coded.decoded, inputMeans: means)
      }
    }
  }

  /// Matches mean and variance of all layers that were coded here, if one has too few bits for the bias to do.
  private func matchStatistics(
    _ result: inout Graph, of graph: Graph, _ plan: CodingPlan, _ source: ActivationSource
  ) throws {
    let layers = matchedLayers(graph, plan)
    if !layers.isEmpty { try result.matchStatistics(of: layers, to: graph, on: source) }
  }

  /// Indices of the nodes whose statistics are matched.
  private func matchedLayers(_ graph: Graph, _ plan: CodingPlan) -> [Int] {
    let layers = plan.layers.filter { $0.weights != nil && hasRealWeights(graph, $0) }
    let isNeeded = layers.contains { ($0.weights?.bitsPerWeight ?? 8) < 8 }
    return options.matchesStatistics ?? isNeeded ? layers.map(\.node) : []
  }

  private func hasRealWeights(_ graph: Graph, _ layer: CodingPlan.Layer) -> Bool {
    if case .tensor? = graph.constant(graph.nodes[layer.node].inputs[1]) { true } else { false }
  }

  /// Codes for a weight constant; nil when it is coded well enough already.
  private func coded(_ constant: Constant, _ kind: WeightQuantizerKind, name: String) throws -> CodedTensor? {
    if case .coded(let coded) = constant {
      guard case .affine(let affine) = coded.encoding, affine.zeroPoints.contains(where: { $0 != 0 }) else {
        return nil
      }
      return coded.symmetric
    }
    let quantizer = kind.quantizer(options.weightOptions)
    guard let real = constant.tensor.asFloat32 else { return nil }
    do throws(QuantizationError) {
      return try quantizer.quantize(real)
    } catch {
      throw error.at(name)
    }
  }
}

extension Graph {
  /// Makes `constant` an operand of one node alone: in the place of the old one if nothing else uses that.
  mutating func setOwnConstant(_ constant: Constant, at id: ValueID?, of node: Int, operand: Int) {
    if let id {
      let uses = nodes.reduce(0) { $0 + $1.inputs.count(where: { $0 == id }) } + outputs.count(where: { $0 == id })
      if uses == 1 && constant.type == self[id].type {
        constants[id] = constant
        return
      }
    }
    let name = id.map { self[$0].name } ?? nodes[node].name + ".bias"
    let own = addConstant(name, constant)
    while nodes[node].inputs.count <= operand { nodes[node].inputs.append(nil) }
    nodes[node].inputs[operand] = own
  }
}
