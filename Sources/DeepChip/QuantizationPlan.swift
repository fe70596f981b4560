import Compression
import Graphs
import Passes
import Quantizers
import Tensors

/// What of a real network is quantized while it is trained, and from where that starts.
///
/// The choice of values is that of post-training quantization: it is made on the network with batch normalization folded,
/// as it will be deployed, and brought back to the network that is trained by the names of values.
public struct QuantizationPlan: Sendable {
  /// A convolution or dense layer.
  public struct Layer: Sendable {
    /// Index in `graph.nodes`.
    public var node: Int
    public var name: String
    /// The constant that holds its weights.
    public var weights: ValueID
    /// Whether it is one of the first or last layers.
    public var isEnd: Bool
  }

  /// Values that share a rule.
  public struct Activation: Sendable {
    /// Where codes are made. Values that these codes only move to are not listed.
    public var sources: [ValueID]
    /// Of sample inputs; the range is the calibrated one.
    public var statistics: ActivationStatistics
    /// Whether only inner layers read it, so that it may have few bits.
    public var isNarrow: Bool
  }

  /// Simplified, with names of values made unique and batch normalization kept.
  public var graph: Graph
  public var layers: [Layer] = []
  /// None before `calibrate`.
  public var activations: [Activation] = []
  /// Names of the values that inner layers alone read.
  private var narrow: Set<String> = []

  /// - Parameters:
  ///   - graph: real, as it was imported or built.
  ///   - needsNarrowInputs: whether inner layers read activations of few bits: where others read a value too, layers
  ///     get a clamp of their own in front.
  ///   - takesSigns: whether narrow activations are reduced to their signs: a ReLU that only inner layers see is then left out.
  /// - Throws: `Failure` for a graph without layers, and for signs of what is never negative.
  public init(_ graph: Graph, needsNarrowInputs: Bool, takesSigns: Bool = false) throws {
    self.graph = graph.simplified(by: Pass.training).withUniqueValueNames
    layers = self.graph.weightedLayers
    guard !layers.isEmpty else { throw Failure(.usage, "the network has no convolution or dense layer to train") }
    narrow = needsNarrowInputs ? self.graph.insertNarrowInputs(layers) : []
    if takesSigns { try self.graph.letBelowZero(narrow) }
    // Nodes were inserted.
    layers = self.graph.weightedLayers
  }

  /// Finds the values to quantize, and their ranges.
  ///
  /// - Parameters:
  ///   - observed: `graph`, perhaps with other weights.
  ///   - source: runs graphs over sample inputs.
  /// - Throws: what calibration throws.
  public mutating func calibrate(_ observed: Graph, _ source: ActivationSource) throws {
    activations = []
    let quantizer = PostTrainingQuantizer(QuantizationOptions(correctsBias: false, matchesStatistics: false))
    let folded = quantizer.prepared(observed)
    let encoded = try quantizer.encoded(folded, calibration: source)
    let magnitudes = try Self.meanMagnitudes(folded, source)
    var idOf: [String: ValueID] = [:]
    for (index, value) in graph.values.enumerated() { idOf[value.name] = ValueID(index) }
    let producer = Dictionary(graph.nodes.map { ($0.output, $0) }) { first, _ in first }
    var place: [ValueID: Int] = [:]
    for (index, value) in encoded.values.enumerated() {
      guard case .affine(let affine)? = value.encoding, encoded.constants[ValueID(index)] == nil,
        let id = idOf[value.name]
      else { continue }
      if let node = producer[id], graph.integerRole(of: node) == .moves { continue }
      let root = graph.rootOfMoves(id)
      if let known = place[root] {
        activations[known].sources.append(id)
        activations[known].isNarrow = activations[known].isNarrow && narrow.contains(value.name)
        continue
      }
      place[root] = activations.count
      activations.append(
        Activation(
          sources: [id],
          statistics: ActivationStatistics(range: affine.realRange, meanMagnitude: magnitudes[value.name] ?? 0),
          isNarrow: narrow.contains(value.name)))
    }
  }

  /// Mean of |x| of every float value, by name.
  private static func meanMagnitudes(_ graph: Graph, _ source: ActivationSource) throws -> [String: Float] {
    let values = (graph.inputs + graph.nodes.map(\.output)).filter { graph[$0].type.elementType == .float32 }.sorted()
    var sums: [ValueID: (sum: Double, count: Int)] = [:]
    try source.run(graph, values) { id, tensor in
      let sum = tensor.scalars.reduce(0.0) { $0 + Double($1.magnitude) }
      sums[id, default: (0, 0)].sum += sum
      sums[id, default: (0, 0)].count += tensor.scalars.count
    }
    var result: [String: Float] = [:]
    for (id, total) in sums { result[graph[id].name] = Float(total.sum / Double(max(total.count, 1))) }
    return result
  }
}

extension Pass {
  /// What a graph goes through before it is trained: the standard passes but those that fold batch normalization or scales.
  public static let training = standard.filter {
    !["fold-batch-normalization", "normalization-as-convolution", "fold-scales"].contains($0.name)
  }
}

extension AffineEncoding {
  /// The real values of the lowest and the highest code; of the first channel.
  fileprivate var realRange: ClosedRange<Float> {
    let codes = codeRange
    let (zero, scale) = (zeroPoints[0], scales[0])
    return Float(codes.lowerBound - zero) * scale...Float(codes.upperBound - zero) * scale
  }
}

extension Graph {
  /// The same graph, with a number after names that occurred before.
  fileprivate var withUniqueValueNames: Graph {
    var result = self
    var known = Set<String>()
    for index in values.indices {
      var (name, number) = (values[index].name, 1)
      while !known.insert(name).inserted {
        number += 1
        name = "\(values[index].name)#\(number)"
      }
      result.values[index].name = name
    }
    return result
  }

  fileprivate var weightedLayers: [QuantizationPlan.Layer] {
    let indices = nodes.indices.filter { integerRole(of: nodes[$0]) == .weightedSum }
    let ends = endLayers(indices)
    return indices.compactMap { index in
      guard let weights = nodes[index].inputs[1] else { return nil }
      return QuantizationPlan.Layer(
        node: index, name: nodes[index].name, weights: weights, isEnd: ends.contains(index))
    }
  }

  /// The value that stands for all that codes are moved between.
  fileprivate func rootOfMoves(_ id: ValueID) -> ValueID {
    var reached: Set<ValueID> = [id]
    var isGrowing = true
    while isGrowing {
      isGrowing = false
      for node in nodes where integerRole(of: node) == .moves {
        let linked = node.inputs.compactMap { $0 }.filter { constants[$0] == nil } + [node.output]
        guard linked.contains(where: reached.contains) else { continue }
        for value in linked where reached.insert(value).inserted { isGrowing = true }
      }
    }
    return reached.min() ?? id
  }

  /// Gives inner layers inputs that no other operator reads: a clamp in front where there are others.
  ///
  /// - Returns: the names of the values that inner layers read.
  fileprivate mutating func insertNarrowInputs(_ layers: [QuantizationPlan.Layer]) -> Set<String> {
    let inner = Set(layers.filter { !$0.isEnd }.map(\.node))
    var readers: [ValueID: [Int]] = [:]
    for (index, node) in nodes.enumerated() {
      for case let id? in node.inputs { readers[id, default: []].append(index) }
    }
    var names = Set<String>()
    var inserted: [Int: Node] = [:]
    /// Whether inner layers alone read a value, perhaps after it was moved.
    func isNarrow(_ id: ValueID) -> Bool {
      guard let users = readers[id], !outputs.contains(id), !inputs.contains(id) else { return false }
      return users.allSatisfy { user in
        let node = nodes[user]
        if inner.contains(user) { return node.inputs[0] == id }
        return integerRole(of: node) == .moves && isNarrow(node.output)
      }
    }
    for (id, users) in readers.sorted(by: { $0.key < $1.key }) where constants[id] == nil {
      if isNarrow(id) {
        names.insert(self[id].name)
        continue
      }
      let narrow = users.filter { inner.contains($0) && nodes[$0].inputs[0] == id }
      guard let first = narrow.min() else { continue }
      let name = self[id].name + ".narrow"
      values.append(Value(name: name, type: self[id].type))
      let output = ValueID(values.count - 1)
      inserted[first] = Node(
        name: name, operator: .unary(.clip(.widest)), inputs: [id], output: output)
      for user in narrow { nodes[user].inputs[0] = output }
      names.insert(name)
    }
    for index in inserted.keys.sorted(by: >) { if let node = inserted[index] { nodes.insert(node, at: index) } }
    return names
  }

  /// Takes lower limits of 0 from the values of these names, so that their signs say something.
  ///
  /// - Throws: `Failure` naming a value that is never negative and has other readers too.
  fileprivate mutating func letBelowZero(_ names: Set<String>) throws {
    for index in nodes.indices where names.contains(self[nodes[index].output].name) {
      switch nodes[index].operator {
      case .unary(.relu): nodes[index].operator = .unary(.clip(.widest))
      case .unary(.clip(let clamp)) where clamp.lower >= 0: nodes[index].operator = .unary(.clip(.widest))
      case .convolution(var convolution) where (convolution.clamp?.lower ?? -1) >= 0:
        convolution.clamp = nil
        nodes[index].operator = .convolution(convolution)
      case .dense(let clamp?) where clamp.lower >= 0: nodes[index].operator = .dense(clamp: nil)
      case .binary(let function, let clamp?) where clamp.lower >= 0:
        nodes[index].operator = .binary(function, clamp: nil)
      default: break
      }
    }
    for node in nodes where names.contains(self[node.output].name) && isNeverNegative(node.output) {
      throw Failure(
        .usage,
        "--activations sign: '\(self[node.output].name.escapedForDisplay)' is never negative, so that its sign is always +1. "
          + "Take a network whose layers read normalized values, or another kind of codes.")
    }
  }

  /// Whether a value, or what it was moved or copied from, is the result of a function that is never negative.
  private func isNeverNegative(_ id: ValueID) -> Bool {
    guard let node = nodes.first(where: { $0.output == id }) else { return false }
    switch node.operator {
    case .unary(.relu), .unary(.sigmoid), .unary(.softplus), .unary(.hardSigmoid), .unary(.absolute), .softmax:
      return true
    case .unary(.clip(let clamp)):
      return clamp.lower >= 0 || (clamp == .widest && node.inputs[0].map(isNeverNegative) == true)
    case .convolution(let convolution): return (convolution.clamp?.lower ?? -1) >= 0
    case .dense(let clamp), .binary(_, let clamp): return (clamp?.lower ?? -1) >= 0
    default: return integerRole(of: node) == .moves && node.inputs.allSatisfy { $0.map(isNeverNegative) ?? true }
    }
  }
}

extension Clamp {
  /// Changes no finite number.
  fileprivate static let widest = Clamp(lower: -.greatestFiniteMagnitude, upper: .greatestFiniteMagnitude)
}
