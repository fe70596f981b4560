import Graphs
import Tensors

extension Graph {
  /// The network with fewer channels or a smaller input; nil if a layer does not allow it.
  ///
  /// Weights are cut, not chosen: what remains has the right sizes and no meaning.
  ///
  /// - Parameters:
  ///   - share: of the channels of every weighted layer, rounded up, but for those that make the results.
  ///   - halvesInput: halves the spatial extents of inputs of rank 4, rounded up.
  func resized(channels share: Double = 1, halvesInput: Bool = false) -> Graph? {
    var resizer = Resizer(source: self, share: share)
    for id in inputs {
      var type = self[id].type
      if halvesInput {
        guard type.rank == 4 else { return nil }
        // Channels are the smallest of the three extents, first or last.
        let extents = type.dimensions.map { $0.extent(batch: 1) }
        let spatial = extents[3] < extents[1] ? [1, 2] : [2, 3]
        for axis in spatial { type.dimensions[axis] = .fixed((extents[axis] + 1) / 2) }
      }
      resizer.places[id] = resizer.result.addInput(self[id].name, type)
    }
    return resizer.run()
  }
}

private struct Resizer {
  let source: Graph
  let share: Double
  var result = Graph()
  var places: [ValueID: ValueID] = [:]

  init(source: Graph, share: Double) {
    self.source = source
    self.share = share
  }

  mutating func run() -> Graph? {
    let final = finalNodes
    for (index, node) in source.nodes.enumerated() {
      guard let place = try? append(node, isFinal: final.contains(index)) else { return nil }
      places[node.output] = place
    }
    result.outputs = source.outputs.compactMap { places[$0] }
    return result.outputs.count == source.outputs.count ? result : nil
  }

  /// Weighted layers with no other weighted layer after them.
  private var finalNodes: Set<Int> {
    var reaches = Set(source.outputs)
    var final = Set<Int>()
    for (index, node) in source.nodes.enumerated().reversed() where reaches.contains(node.output) {
      if case .coded? = source.constant(node.inputs.count > 1 ? node.inputs[1] : nil) {
        final.insert(index)
      } else {
        for case let id? in node.inputs { reaches.insert(id) }
      }
    }
    return final
  }

  private struct Impossible: Error {}

  private mutating func append(_ node: Node, isFinal: Bool) throws -> ValueID {
    var operands: [ValueID?] = []
    for id in node.inputs {
      guard let id else {
        operands.append(nil)
        continue
      }
      if let place = places[id] {
        operands.append(place)
      } else if let constant = source.constants[id] {
        operands.append(result.addConstant(source[id].name, constant))
      } else {
        throw Impossible()
      }
    }
    var `operator` = node.operator
    switch `operator` {
    case .integer(.convolution(var convolution, let zeroPoint, let sum)):
      let (kept, weights) = try cut(node, operands, &convolution, isFinal: isFinal)
      operands[1] = weights
      `operator` = .integer(.convolution(convolution, zeroPoint: zeroPoint, sum.cut(to: kept)))
    case .integer(.dense(let sum)):
      guard case .coded(let coded)? = source.constant(node.inputs[1]) else { throw Impossible() }
      let kept = isFinal ? coded.shape[0] : count(coded.shape[0])
      let length = try extent(operands[0], axis: 1)
      operands[1] = result.addConstant("weights", .coded(try coded.cut([kept, length])))
      `operator` = .integer(.dense(sum.cut(to: kept)))
    case .integer(.averagePooling(var pooling, let zeroPoint, let rule)):
      fit(&pooling.window, node, operands)
      `operator` = .integer(.averagePooling(pooling, zeroPoint: zeroPoint, rule))
    case .pooling(var pooling):
      fit(&pooling.window, node, operands)
      `operator` = .pooling(pooling)
    case .reshape(let dimensions): `operator` = .reshape(try reshaped(dimensions, node, operands))
    default: break
    }
    return try result.append(`operator`, operands, name: node.name)
  }

  private func count(_ channels: Int) -> Int { max(1, Int((Double(channels) * share).rounded(.up))) }

  private func extent(_ id: ValueID?, axis: Int) throws -> Int {
    guard let id, result[id].type.rank > axis else { throw Impossible() }
    return result[id].type.dimensions[axis].extent(batch: 1)
  }

  /// Weights for the channels that there are; depthwise layers keep one filter for each.
  private mutating func cut(
    _ node: Node, _ operands: [ValueID?], _ convolution: inout Convolution, isFinal: Bool
  ) throws -> (kept: Int, weights: ValueID) {
    guard case .coded(let coded)? = source.constant(node.inputs[1]) else { throw Impossible() }
    let channels = try extent(operands[0], axis: 1)
    var shape = coded.shape.dimensions
    let outputs = shape[0]
    if convolution.groups == 1 {
      shape[0] = isFinal ? outputs : count(outputs)
      shape[1] = channels
    } else {
      guard shape[1] == 1 else { throw Impossible() }
      shape[0] = outputs / convolution.groups * channels
      convolution.groups = channels
    }
    return (shape[0], result.addConstant("weights", .coded(try coded.cut(shape))))
  }

  /// A window over the whole map stays one.
  private func fit(_ window: inout Window, _ node: Node, _ operands: [ValueID?]) {
    guard let old = node.inputs[0], let new = operands[0] else { return }
    let before = source[old].type.dimensions.dropFirst(2).map { $0.extent(batch: 1) }
    let after = result[new].type.dimensions.dropFirst(2).map { $0.extent(batch: 1) }
    if window.kernel == before { window.kernel = after }
  }

  private func reshaped(_ dimensions: [Dimension], _ node: Node, _ operands: [ValueID?]) throws -> [Dimension] {
    guard let old = node.inputs[0], let new = operands[0], dimensions.count >= 2 else { throw Impossible() }
    let before = source[old].type.dimensions.dropFirst().reduce(1) { $0 * $1.extent(batch: 1) }
    let after = result[new].type.dimensions.dropFirst().reduce(1) { $0 * $1.extent(batch: 1) }
    if before == after { return dimensions }
    // All but the batch in one axis, whichever that is.
    guard let axis = dimensions.indices.dropFirst().first(where: { dimensions[$0].extent(batch: 1) == before }) else {
      throw Impossible()
    }
    var result = dimensions
    result[axis] = .fixed(after)
    return result
  }
}

extension CodedTensor {
  private struct TooLarge: Error {}

  /// The first elements along every axis.
  fileprivate func cut(_ extents: [Int]) throws -> CodedTensor {
    guard zip(extents, shape.dimensions).allSatisfy({ $0 <= $1 }) else { throw TooLarge() }
    let (from, target) = (shape.strides, Shape(extents))
    let levels = codes.map { Int8(clamping: encoding.level(of: $0)) }.scalars
    var result = [Int8](repeating: 0, count: target.elementCount)
    var index = [Int](repeating: 0, count: extents.count)
    for place in result.indices {
      result[place] = levels[zip(index, from).reduce(0) { $0 + $1.0 * $1.1 }]
      for axis in extents.indices.reversed() {
        index[axis] += 1
        if index[axis] < extents[axis] { break }
        index[axis] = 0
      }
    }
    return CodedTensor(codes: Tensor(shape: target, scalars: result), encoding: .weights)
  }
}

extension SumResult {
  /// The rule for the first channels.
  fileprivate func cut(to count: Int) -> SumResult {
    func cut<Number>(_ numbers: [Number]) -> [Number] { numbers.count == 1 ? numbers : Array(numbers.prefix(count)) }
    switch self {
    case .codes(let rule):
      return .codes(
        Requantization(
          multipliers: cut(rule.multipliers), offsets: cut(rule.offsets), shift: rule.shift,
          codeRange: rule.codeRange))
    case .real(let scales, let offsets): return .real(scales: cut(scales), offsets: cut(offsets))
    }
  }
}
