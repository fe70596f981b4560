import Graphs

/// Layers at the beginning of a network that can be computed some rows at a time, because nobody needs what is in between.
public struct PatchableRegion: Hashable, Sendable {
  /// The map that the first layer reads.
  public var start: ValueID
  /// The map that the last layer gives.
  public var end: ValueID
  /// Indices of the layers.
  public var nodes: Range<Int>

  public init(start: ValueID, end: ValueID, nodes: Range<Int>) {
    (self.start, self.end, self.nodes) = (start, end, nodes)
  }
}

extension Graph {
  /// All regions that begin with the first layer that has a window, shortest first.
  public var patchableRegions: [PatchableRegion] {
    guard let first = nodes.indices.first(where: { rowAccess(nodes[$0])?.window != nil }),
      let start = nodes[first].inputs[0]
    else { return [] }
    var regions: [PatchableRegion] = []
    var inside: Set<ValueID> = [start]
    for index in first..<nodes.count {
      let node = nodes[index]
      guard let access = rowAccess(node), access.operands.allSatisfy({ inside.contains($0) }) else { break }
      inside.insert(node.output)
      let region = PatchableRegion(start: start, end: node.output, nodes: first..<index + 1)
      if isClosed(region, inside) { regions.append(region) }
    }
    return regions
  }

  /// Whether nobody outside reads a value of the region but its end, nor the start once the region is done.
  private func isClosed(_ region: PatchableRegion, _ inside: Set<ValueID>) -> Bool {
    let hidden = inside.subtracting([region.start, region.end])
    let later = nodes[region.nodes.upperBound...].flatMap { $0.inputs.compactMap { $0 } }
    return !(later + outputs).contains { hidden.contains($0) }
  }

  /// The same network, with a region's layers computed in patches of whole rows, one after the other.
  ///
  /// Rows that two patches' windows see are computed twice; every number stays what it was.
  ///
  /// - Parameters:
  ///   - count: at least 2.
  ///   - region: one of `patchableRegions`.
  /// - Returns: nil if there are fewer rows than patches, or a patch would see nothing but padding.
  /// - Source: Lin et al., *MCUNetV2: Memory-Efficient Patch-based Inference for Tiny Deep Learning*, NeurIPS 2021; there
  ///   patches are cut along columns too.
  public func inPatches(_ count: Int, _ region: PatchableRegion) -> Graph? {
    let rows = self[region.end].type.dimensions[2].extent(batch: 1)
    guard count >= 2, rows >= count else { return nil }
    var patcher = Patcher(source: self, region: region)
    for id in inputs { patcher.places[id] = patcher.copied(id, patcher.result.addInput(self[id].name, self[id].type)) }
    for (index, node) in nodes.enumerated() where !region.nodes.dropFirst().contains(index) {
      do {
        if index == region.nodes.lowerBound {
          let patches = try (0..<count).map { try patcher.patch($0 * rows / count..<($0 + 1) * rows / count) }
          let joined = try patcher.result.append(.concatenation(axis: 2), patches, name: self[region.end].name)
          patcher.places[region.end] = patcher.copied(region.end, joined)
        } else {
          let operands = try node.inputs.map { try $0.map { try patcher.place($0) } }
          let output = try patcher.result.append(node.operator, operands, name: node.name)
          patcher.places[node.output] = patcher.copied(node.output, output)
        }
      } catch { return nil }
    }
    patcher.result.outputs = outputs.compactMap { patcher.places[$0] }
    return patcher.result.outputs.count == outputs.count ? patcher.result : nil
  }

  /// How a layer's rows come from rows of its operands.
  fileprivate struct RowAccess {
    /// Maps of which rows are read.
    var operands: [ValueID]
    /// Nil if each row comes from the same row.
    var window: Window?
  }

  /// Nil for layers whose rows cannot be told apart.
  fileprivate func rowAccess(_ node: Node) -> RowAccess? {
    let window: Window?
    switch node.operator {
    case .integer(.convolution(let convolution, _, _)): window = convolution.window
    case .integer(.averagePooling(let pooling, _, _)) where !pooling.roundsUp: window = pooling.window
    case .pooling(let pooling) where pooling.kind == .maximum && !pooling.roundsUp: window = pooling.window
    case .integer(.addition), .integer(.lookup): window = nil
    default: return nil
    }
    if let window, window.rank != 2 { return nil }
    let operands = node.inputs.compactMap { $0 }.filter { constants[$0] == nil }
    let extents = operands.map { self[$0].type.dimensions }
    guard !operands.isEmpty, extents.allSatisfy({ $0.count == 4 }),
      window != nil || extents.allSatisfy({ $0 == self[node.output].type.dimensions })
    else { return nil }
    return RowAccess(operands: operands, window: window)
  }
}

extension Window {
  /// The rows that the windows of some output rows see, of `extent`, and the padding that they see above and below.
  fileprivate func rows(for output: Range<Int>, of extent: Int) -> (rows: Range<Int>, above: Int, below: Int)? {
    let first = output.lowerBound * strides[0] - paddingBefore[0]
    let end = (output.upperBound - 1) * strides[0] - paddingBefore[0] + reach(0)
    guard max(first, 0) < min(end, extent) else { return nil }
    return (max(first, 0)..<min(end, extent), max(-first, 0), max(end - extent, 0))
  }
}

extension Operator {
  /// The same with other padding of rows.
  fileprivate func padded(above: Int, below: Int) -> Operator {
    func padded(_ window: Window) -> Window {
      var window = window
      (window.paddingBefore[0], window.paddingAfter[0]) = (above, below)
      return window
    }
    switch self {
    case .integer(.convolution(var convolution, let zeroPoint, let result)):
      convolution.window = padded(convolution.window)
      return .integer(.convolution(convolution, zeroPoint: zeroPoint, result))
    case .integer(.averagePooling(var pooling, let zeroPoint, let rule)):
      pooling.window = padded(pooling.window)
      return .integer(.averagePooling(pooling, zeroPoint: zeroPoint, rule))
    case .pooling(var pooling):
      pooling.window = padded(pooling.window)
      return .pooling(pooling)
    default: return self
    }
  }
}

/// Builds the network in patches.
private struct Patcher {
  let source: Graph
  let region: PatchableRegion
  var result = Graph()
  /// Where values of the source are in the result.
  var places: [ValueID: ValueID] = [:]

  struct Impossible: Error {}

  /// A value of the result, with what is known of the one it stands for.
  mutating func copied(_ id: ValueID, _ place: ValueID) -> ValueID {
    result[place].name = source[id].name
    result[place].encoding = source[id].encoding
    return place
  }

  mutating func place(_ id: ValueID) throws -> ValueID {
    if let place = places[id] { return place }
    guard let constant = source.constants[id] else { throw Impossible() }
    let place = result.addConstant(source[id].name, constant)
    places[id] = place
    return place
  }

  /// Rows of the region's end.
  mutating func patch(_ rows: Range<Int>) throws -> ValueID {
    let needs = try needs(rows)
    var parts: [ValueID: ValueID] = [:]
    let suffix = " rows \(rows.lowerBound) to \(rows.upperBound - 1)"
    /// Some of the rows that a value's part has.
    func part(_ id: ValueID, _ wanted: Range<Int>) throws -> ValueID {
      guard let own = needs[id], let whole = try parts[id] ?? (id == region.start ? place(id) : nil) else {
        throw Impossible()
      }
      let has = id == region.start ? 0..<source[id].type.dimensions[2].extent(batch: 1) : own
      if has == wanted { return whole }
      let slice = AxisSlice(axis: 2, start: wanted.lowerBound - has.lowerBound, step: 1, count: wanted.count)
      return try result.append(.slice([slice]), [whole], name: source[id].name + suffix)
    }
    for index in region.nodes {
      let node = source.nodes[index]
      guard let own = needs[node.output], let access = source.rowAccess(node) else { continue }
      var `operator` = node.operator
      var operands: [ValueID?] = []
      for id in node.inputs {
        guard let id else {
          operands.append(nil)
          continue
        }
        guard access.operands.contains(id) else {
          operands.append(try place(id))
          continue
        }
        var wanted = own
        if let window = access.window {
          let extent = source[id].type.dimensions[2].extent(batch: 1)
          guard let seen = window.rows(for: own, of: extent) else { throw Impossible() }
          wanted = seen.rows
          `operator` = `operator`.padded(above: seen.above, below: seen.below)
        }
        operands.append(try part(id, wanted))
      }
      parts[node.output] = try result.append(`operator`, operands, name: node.name + suffix)
    }
    guard let end = parts[region.end] else { throw Impossible() }
    return end
  }

  /// The rows of every value that some rows of the end are made of.
  private func needs(_ rows: Range<Int>) throws -> [ValueID: Range<Int>] {
    var needs = [region.end: rows]
    for index in region.nodes.reversed() {
      let node = source.nodes[index]
      guard let own = needs[node.output], let access = source.rowAccess(node) else { continue }
      for id in access.operands {
        var wanted = own
        if let window = access.window {
          let extent = source[id].type.dimensions[2].extent(batch: 1)
          guard let seen = window.rows(for: own, of: extent) else { throw Impossible() }
          wanted = seen.rows
        }
        let old = needs[id] ?? wanted
        needs[id] = min(old.lowerBound, wanted.lowerBound)..<max(old.upperBound, wanted.upperBound)
      }
    }
    return needs
  }
}
