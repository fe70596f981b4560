import Graphs
import Reference
import Tensors

extension Graph {
  /// The graph with real operators between encoded values, instead of quantize and dequantize operators.
  ///
  ///     dequantize → convolution → quantize → dequantize → ...      (codes in between)
  ///     convolution → ...                                           (a real value with an encoding)
  ///
  /// Constants of at most 8 bits become coded weights, wider ones real. An input or output that has codes keeps
  /// its operator at the border. Rounding the new graph's values to their encodings gives the old graph's values
  /// exactly (`GraphEvaluator.roundsToEncodings`).
  public func absorbingCodes() -> Graph {
    var graph = mergingDuplicates()
    // Each round moves a dequantize by one operator at least.
    for _ in 0...nodes.count {
      let next = graph.decodingConstants().liftingDequantization().loweringQuantization()
        .pairingCodes().mergingDuplicates()
      if next.hasStructure(of: graph) { break }
      graph = next
    }
    return graph
  }

  /// `dequantize` of constants, and `quantize` of constants, as constants.
  private func decodingConstants() -> Graph {
    var rewriting = Rewriting(self)
    for index in rewriting.indices {
      guard let node = rewriting.node(index), let constant = rewriting.graph.constant(node.inputs[0]) else { continue }
      switch (node.operator, constant) {
      case (.dequantize(let encoding), .tensor(let codes)):
        if let coded = encoding.coded(codes) {
          rewriting.replace(index, by: .coded(coded))
        } else if let real = try? Reference.evaluate(node.operator, [constant]) {
          rewriting.replace(index, by: .tensor(real))
        }
      case (.quantize, _):
        let codes = try? Reference.evaluate(node.operator, [constant])
        if let codes { rewriting.replace(index, by: .tensor(codes)) }
      default: continue
      }
    }
    return rewriting.finished()
  }

  /// `dequantize` moved before an operator that only moves or chooses elements.
  ///
  /// The real values are the same: a positive scale keeps the order of codes.
  private func liftingDequantization() -> Graph {
    var rewriting = Rewriting(self)
    var index = 0
    while index < rewriting.indices.upperBound {
      defer { index += 1 }
      guard let node = rewriting.node(index), case .dequantize(let encoding) = node.operator, encoding.axis == nil,
        let codes = node.inputs[0], rewriting.useCount(codes) == 1,
        let mover = rewriting.producer(of: codes), let real = mover.operator.onReals(encoding)
      else { continue }
      var operands = mover.inputs
      let movedCount = if case .concatenation = mover.operator { operands.count } else { 1 }
      for place in 0..<movedCount {
        guard
          let decoded = rewriting.insert(.dequantize(encoding), [operands[place]], name: node.name, before: index)
        else { continue }
        operands[place] = decoded
        index += 1
      }
      if rewriting.replace(index, by: real, operands, name: mover.name) {
        rewriting.note(encoding, of: node.output, with: rewriting.graph[codes].type.elementType)
      }
    }
    return rewriting.finished()
  }

  /// `quantize` moved behind an operator that only moves or chooses codes; both sides of it are encoded.
  private func loweringQuantization() -> Graph {
    var rewriting = Rewriting(self)
    var index = 0
    while index < rewriting.indices.upperBound {
      defer { index += 1 }
      guard let node = rewriting.node(index), let first = rewriting.producer(of: node.inputs[0]),
        case .quantize(let encoding, let elementType) = first.operator, encoding.axis == nil,
        elementType.holds(encoding.codeRange), let real = node.operator.onReals(encoding)
      else { continue }
      let movedCount = if case .concatenation = node.operator { node.inputs.count } else { 1 }
      let moved = node.inputs.prefix(movedCount).compactMap { rewriting.source(of: $0, by: first.operator) }
      guard moved.count == movedCount,
        let result = rewriting.insert(real, moved + node.inputs.dropFirst(movedCount), name: node.name, before: index)
      else { continue }
      index += 1
      guard rewriting.replace(index, by: first.operator, [result], name: first.name) else { continue }
      for operand in moved where rewriting.useCount(operand) == 1 {
        rewriting.note(encoding, of: operand, with: elementType)
      }
    }
    return rewriting.finished()
  }

  /// Encodings on values that go into a quantize or come from a dequantize, and pairs of the two removed.
  private func pairingCodes() -> Graph {
    var rewriting = Rewriting(self)
    for index in rewriting.indices {
      guard let node = rewriting.node(index), let source = node.inputs[0] else { continue }
      switch node.operator {
      case .quantize(let encoding, let elementType):
        guard elementType.holds(encoding.codeRange), rewriting.useCount(source) == 1,
          rewriting.graph[source].encoding == nil
        else { continue }
        rewriting.setEncoding(.affine(encoding), of: source)
      case .dequantize(let encoding):
        guard let producer = rewriting.producer(of: source), let real = producer.inputs[0],
          case .quantize(encoding, let elementType) = producer.operator, elementType.holds(encoding.codeRange)
        else {
          rewriting.note(encoding, of: node.output, with: self[source].type.elementType)
          continue
        }
        // Nothing but rounding is left, which removing identities moves to the operand where it can.
        rewriting.replace(index, by: .unary(.clip(Clamp(lower: -.infinity, upper: .infinity))), [real])
        rewriting.setEncoding(.affine(encoding), of: node.output)
        rewriting.bypass(index, to: real)
      default: continue
      }
    }
    return rewriting.finished()
  }
}

extension Rewriting {
  /// What `id`, which nobody else reads, is computed from by that operator.
  fileprivate func source(of id: ValueID?, by operator: Operator) -> ValueID? {
    guard let id, useCount(id) == 1, let node = producer(of: id), node.operator == `operator` else { return nil }
    return node.inputs[0]
  }

  /// Marks a value that lies on the grid of codes anyhow, or is about to be quantized and read by nobody else.
  fileprivate mutating func note(_ encoding: AffineEncoding, of id: ValueID, with elementType: ElementType) {
    guard graph[id].encoding == nil, encoding.bitWidth <= 16, let codes = elementType.codes else { return }
    let range = encoding.codeRange
    guard Int64(range.lowerBound) <= codes.lowerBound, Int64(range.upperBound) >= codes.upperBound else { return }
    setEncoding(.affine(encoding), of: id)
  }
}

extension Operator {
  /// The same movement of real elements, if all this operator does to codes is to move or choose them.
  fileprivate func onReals(_ encoding: AffineEncoding) -> Operator? {
    switch self {
    case .pooling(let pooling): return pooling.kind == .maximum ? self : nil
    case .gather, .concatenation, .reshape, .transpose, .slice, .expand: return self
    case .resize(let resize):
      if case .nearest = resize.interpolation { return self }
      return nil
    case .padding(let before, let after, let mode):
      guard case .constant(let filler) = mode else { return self }
      guard let code = Int32(exactly: filler) else { return nil }
      let real = Float(Int64(code) - Int64(encoding.zeroPoints[0])) * encoding.scales[0]
      return .padding(before: before, after: after, mode: .constant(real))
    case .convolution, .transposedConvolution, .dense, .matrixProduct, .batchNormalization,
      .localResponseNormalization, .softmax, .unary, .binary, .comparison, .select, .cast, .reduction, .argument,
      .quantize, .dequantize, .integer:
      return nil
    }
  }
}

extension ElementType {
  /// The codes that fit.
  fileprivate var codes: ClosedRange<Int64>? {
    switch self {
    case .uint8: 0...255
    case .int8: -128...127
    case .int16: -32768...32767
    case .int32: Int64(Int32.min)...Int64(Int32.max)
    case .int64: Int64.min...Int64.max
    case .float32, .bool: nil
    }
  }

  fileprivate func holds(_ range: ClosedRange<Int32>) -> Bool {
    codes.map { $0.contains(Int64(range.lowerBound)) && $0.contains(Int64(range.upperBound)) } ?? false
  }
}

extension AffineEncoding {
  /// Weight codes of at most 8 bits; unsigned 8-bit ones are moved down by 128, with their zero points.
  fileprivate func coded(_ codes: AnyTensor) -> CodedTensor? {
    guard bitWidth <= 8, scales.allSatisfy({ $0 > 0 && $0.isFinite }), let integers = codes.integers else { return nil }
    var encoding = self
    var shift: Int64 = 0
    if !isSigned && bitWidth == 8 {
      shift = 128
      encoding.isSigned = true
      encoding.zeroPoints = zeroPoints.map { $0 &- 128 }
    }
    let small = integers.compactMap { Int8(exactly: $0 - shift) }
    guard small.count == integers.count, small.allSatisfy({ encoding.codeRange.contains(Int32($0)) }) else {
      return nil
    }
    return CodedTensor(codes: Tensor(shape: codes.shape, scalars: small), encoding: .affine(encoding))
  }
}
