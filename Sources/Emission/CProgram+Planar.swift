import Graphs
import Planning
import Tensors

/// Operators on planar operands.
extension CProgram {
  mutating func planar(
    _ operator: Operator, _ operands: [ReferenceOperand?], _ step: Step
  ) throws(NoCode) -> [String] {
    switch `operator` {
    case .integer(.multiplication(let left, let right, let rule)):
      return try multiplication(left, right, rule, operands, step)
    case .integer(.softmax(let axis, let softmax)): return try self.softmax(axis, softmax, operands, step)
    case .integer(.addition(let rule)):
      let (a, b) = (try operand(operands, 0, step), try operand(operands, 1, step))
      let count = resultShape(step).elementCount
      guard a.shape == b.shape, a.shape.elementCount == count else { throw NoCode("its operands differ in shape") }
      return call(.add, [a.address, b.address, address(step.writes), String(count)] + additionArguments(rule))
    case .quantize(let encoding, .uint8), .quantize(let encoding, .int8):
      return try quantize(encoding, step, channels: 1, pixels: resultShape(step).elementCount)
    case .dequantize(let encoding):
      let operand = schedule.graph.nodes[step.node].inputs.first.flatMap { $0 }
      guard let type = operand.map({ schedule.graph[$0].type.elementType }), type == .int8 || type == .uint8 else {
        throw NoCode("its codes have more than 8 bits")
      }
      return try dequantize(
        encoding, step, channels: 1, pixels: resultShape(step).elementCount, isSigned: type == .int8)
    case .transpose(let permutation):
      let x = try operand(operands, 0, step)
      let strides = x.shape.strides
      return try move(x, resultShape(step), strides: permutation.map { strides[$0] }, step)
    case .slice(let slices):
      let x = try operand(operands, 0, step)
      var (strides, offset) = (x.shape.strides, 0)
      for slice in slices {
        offset += slice.start * strides[slice.axis]
        strides[slice.axis] *= slice.step
      }
      return try move(x, resultShape(step), strides: strides, from: offset, step)
    case .expand:
      let x = try operand(operands, 0, step)
      return try move(x, resultShape(step), strides: x.shape.strides(stretchedTo: resultShape(step)), step)
    case .concatenation(let axis): return try concatenation(axis, operands, step)
    case .padding(let before, let after, .constant(let value)):
      return try padding(before, after, value, operands, step)
    case .convolution, .transposedConvolution, .dense, .matrixProduct, .pooling, .batchNormalization,
      .localResponseNormalization, .softmax, .unary, .binary, .comparison, .select, .cast, .reduction, .argument,
      .gather, .padding, .reshape, .resize, .quantize, .integer(.convolution), .integer(.dense),
      .integer(.averagePooling), .integer(.lookup):
      throw NoCode("no kernel for " + `operator`.kind.description)
    }
  }

  // MARK: Operands

  private struct Operand {
    var address: String
    var shape: Shape
  }

  private mutating func operand(
    _ operands: [ReferenceOperand?], _ index: Int, _ step: Step
  ) throws(NoCode) -> Operand {
    switch index < operands.count ? operands[index] : nil {
    case .read(let read, let shape): return Operand(address: address(step.reads[read]), shape: shape)
    case .constant(let id):
      return Operand(address: try constant(id), shape: schedule.graph.constants[id]?.shape ?? .scalar)
    case nil: throw NoCode("an operand is missing")
    }
  }

  private func resultType(_ step: Step) -> TensorType { schedule.graph[schedule.graph.nodes[step.node].output].type }

  private func resultShape(_ step: Step) -> Shape {
    (try? resultType(step).shape(batch: schedule.batch)) ?? .scalar
  }

  // MARK: Operators

  private mutating func multiplication(
    _ left: UInt8, _ right: UInt8, _ rule: Requantization, _ operands: [ReferenceOperand?], _ step: Step
  ) throws(NoCode) -> [String] {
    let (a, b) = (try operand(operands, 0, step), try operand(operands, 1, step))
    let shape = resultShape(step)
    let (first, second) = (a.shape.strides(stretchedTo: shape), b.shape.strides(stretchedTo: shape))
    // Merging needs equal ways through both operands: the first as source, the second as destination.
    let axes = Rearrangement(shape, source: first, destination: second, elementByteCount: 1)
    var loops = axes.axes.map { (count: $0.count, first: $0.source, second: $0.destination) }
    if axes.run > 1 { loops.append((axes.run, 1, 1)) }
    return call(
      .multiply,
      [
        try walk(loops), a.address, b.address, address(step.writes), String(left), String(right), self.rule(rule),
        numberText(rule.multipliers[0]), "INT64_C(" + String(rule.offsets[0] + rule.half) + ")",
      ])
  }

  private mutating func softmax(
    _ axis: Int, _ softmax: IntegerSoftmax, _ operands: [ReferenceOperand?], _ step: Step
  ) throws(NoCode) -> [String] {
    let x = try operand(operands, 0, step)
    let (extent, inner) = (x.shape[axis], x.shape.strides[axis])
    let outer = x.shape.elementCount / extent / inner
    let table = data.array("exponentials", softmax.exponentials)
    return call(
      .softmax,
      [
        x.address, address(step.writes), String(outer), String(extent), String(inner), table,
        String(softmax.range) + "u",
      ])
  }

  private mutating func move(
    _ x: Operand, _ shape: Shape, strides: [Int], from offset: Int = 0, _ step: Step
  ) throws(NoCode) -> [String] {
    try move(
      Rearrangement(
        shape, source: strides, destination: shape.strides,
        elementByteCount: resultType(step).elementType.byteCount, sourceOffset: offset),
      from: x.address, to: step.writes)
  }

  private mutating func concatenation(
    _ axis: Int, _ operands: [ReferenceOperand?], _ step: Step
  ) throws(NoCode) -> [String] {
    let strides = resultShape(step).strides
    var (lines, start) = ([String](), 0)
    for index in operands.indices {
      let x = try operand(operands, index, step)
      lines += try move(
        Rearrangement(
          x.shape, source: x.shape.strides, destination: strides,
          elementByteCount: resultType(step).elementType.byteCount, destinationOffset: start * strides[axis]),
        from: x.address, to: step.writes)
      start += x.shape[axis]
    }
    return lines
  }

  /// Fills, then copies what lies inside; negative amounts cut.
  private mutating func padding(
    _ before: [Int], _ after: [Int], _ value: Float, _ operands: [ReferenceOperand?], _ step: Step
  ) throws(NoCode) -> [String] {
    let x = try operand(operands, 0, step)
    let fill: Fill
    switch resultType(step).elementType {
    case .uint8: fill = .code(try exactly(value))
    case .int8: fill = .code(UInt8(bitPattern: try exactly(value) as Int8))
    case .float32: fill = .real(value)
    case .int16, .int32, .int64, .bool: throw NoCode("it pads numbers of more than 8 bits")
    }
    let (from, to) = (x.shape.strides, resultShape(step).strides)
    var (extents, source, destination) = ([Int](), 0, 0)
    for axis in 0..<x.shape.rank {
      extents.append(x.shape[axis] + min(before[axis], 0) + min(after[axis], 0))
      source += max(-before[axis], 0) * from[axis]
      destination += max(before[axis], 0) * to[axis]
    }
    let lines = self.fill(fill, step)
    guard extents.allSatisfy({ $0 > 0 }) else { return lines }
    return try lines
      + move(
        Rearrangement(
          Shape(extents), source: from, destination: to,
          elementByteCount: resultType(step).elementType.byteCount, sourceOffset: source,
          destinationOffset: destination), from: x.address, to: step.writes)
  }
}

private func exactly<Code: FixedWidthInteger>(_ value: Float) throws(CProgram.NoCode) -> Code {
  guard let code = Code(exactly: value) else { throw CProgram.NoCode("it pads with a number that is no code") }
  return code
}

extension Shape {
  /// Steps through this shape as seen by NumPy's broadcasting to `shape`: 0 along stretched axes.
  fileprivate func strides(stretchedTo shape: Shape) -> [Int] {
    let own = strides
    let added = shape.rank - rank
    return shape.dimensions.indices.map { axis in
      axis < added || self[axis - added] == 1 ? 0 : own[axis - added]
    }
  }
}
