import Graphs
import Planning
import Tensors

extension CProgram {
  mutating func addition(_ rule: AdditionRequantization, _ step: Step) throws(NoCode) -> [String] {
    let count = layout(step.writes).byteCount
    return call(
      .add,
      step.reads.map { address($0) } + [address(step.writes), String(count)] + additionArguments(rule))
  }

  mutating func lookup(_ table: LookupTable, _ step: Step) -> [String] {
    let name = data.array("table", table.results)
    return call(
      .lookup, [address(step.reads[0]), address(step.writes), String(layout(step.writes).byteCount), name])
  }

  // MARK: Borders

  mutating func quantize(
    _ encoding: AffineEncoding, _ step: Step, images: Int = 1, channels: Int, pixels: Int
  ) throws(NoCode) -> [String] {
    let (scale, zeroPoint) = try scaleAndZeroPoint(encoding)
    let range = encoding.codeRange
    return call(
      .quantize,
      [
        address(step.reads[0]), address(step.writes), String(images), String(channels), String(pixels), scale,
        zeroPoint, String(range.lowerBound), String(range.upperBound),
      ])
  }

  mutating func dequantize(
    _ encoding: AffineEncoding, _ step: Step, images: Int = 1, channels: Int, pixels: Int, isSigned: Bool = false
  ) throws(NoCode) -> [String] {
    let (scale, zeroPoint) = try scaleAndZeroPoint(encoding)
    return call(
      .dequantize,
      [
        address(step.reads[0]), address(step.writes), String(images), String(channels), String(pixels), scale,
        zeroPoint, isSigned ? "128" : "0",
      ])
  }

  private func scaleAndZeroPoint(_ encoding: AffineEncoding) throws(NoCode) -> (String, String) {
    guard encoding.axis == nil, encoding.bitWidth <= 8, encoding.scales[0].isFinite, encoding.scales[0] > 0,
      encoding.zeroPoints[0].magnitude <= 255
    else { throw NoCode("its codes have more than 8 bits or a scale for each channel") }
    return (floatText(encoding.scales[0]), String(encoding.zeroPoints[0]))
  }

  // MARK: Memory

  mutating func reorder(
    _ step: Step, _ map: MapLayout, _ rule: QuantizeRule?, toPixels: Bool
  ) throws(NoCode) -> [String] {
    let pixels = map.rows * map.columns
    guard let rule else {
      return try move(
        Rearrangement(
          images: map.images, pixels: pixels, channels: map.channels, elementByteCount: map.elementType.byteCount,
          toPixels: toPixels), from: address(step.reads[0]), to: step.writes)
    }
    let encoding = AffineEncoding(scale: rule.scale, zeroPoint: Int32(rule.zeroPoint), isSigned: false)
    return toPixels
      ? try quantize(encoding, step, images: map.images, channels: map.channels, pixels: pixels)
      : try dequantize(encoding, step, images: map.images, channels: map.channels, pixels: pixels)
  }

  mutating func copy(_ regions: [CopyRegion], _ step: Step) throws(NoCode) -> [String] {
    var lines: [String] = []
    for region in regions {
      let source = step.reads[region.read]
      let isPlanar = maps.contains(source) || maps.contains(step.writes)
      let order = isPlanar ? try planarCopy(region, source, step.writes) : Rearrangement(region)
      lines += try move(order, from: address(source), to: step.writes)
    }
    return lines
  }

  /// Copies from memory that begins at `source`.
  mutating func move(_ move: Rearrangement, from source: String, to: BufferID) throws(NoCode) -> [String] {
    let from = source + (move.source == 0 ? "" : " + " + String(move.source))
    let destination = address(to, plus: move.destination)
    if move.axes.isEmpty { return ["memcpy(" + [destination, from, String(move.run)].joined(separator: ", ") + ");"] }
    let walk = try walk(move.axes.map { ($0.count, $0.source, $0.destination) })
    return call(.rearrange, [walk, from, destination, String(move.run)])
  }

  /// The description of nested loops: turns, and a step on each of two sides.
  mutating func walk(_ axes: [(count: Int, first: Int, second: Int)]) throws(NoCode) -> String {
    guard axes.count <= Rearrangement.axisLimit else { throw NoCode("it has more than 5 axes in another order") }
    let all =
      [(count: Int, first: Int, second: Int)](
        repeating: (1, 0, 0), count: Rearrangement.axisLimit - axes.count) + axes
    return data.structure("walk", [all.map(\.count), all.map(\.first), all.map(\.second)])
  }

  mutating func fill(_ fill: Fill, _ step: Step) -> [String] {
    let size = maps.byteCount(step.writes) ?? layout(step.writes).byteCount
    switch fill {
    case .code(let code):
      return ["memset(" + [address(step.writes), String(code), String(size)].joined(separator: ", ") + ");"]
    case .real(let real):
      return call(.fill, [address(step.writes), String(size / 4), String(real.bitPattern) + "u"])
    }
  }

  mutating func constant(_ id: ValueID, _ step: Step) throws(NoCode) -> [String] {
    let size = String(layout(step.writes).byteCount)
    return ["memcpy(" + [address(step.writes), try constant(id), size].joined(separator: ", ") + ");"]
  }

  /// The first byte of a constant of the graph, in C.
  mutating func constant(_ id: ValueID) throws(NoCode) -> String {
    guard let tensor = schedule.graph.constants[id]?.tensor else { throw NoCode("a constant is missing") }
    guard tensor.shape.elementCount > 0 else { throw NoCode("a constant is empty") }
    switch tensor {
    case .uint8(let tensor): return data.array("constant", tensor.scalars)
    case .int8(let tensor): return data.array("constant", tensor.scalars.map { UInt8(bitPattern: $0) })
    case .bool(let tensor): return data.array("constant", tensor.scalars.map { UInt8($0 ? 1 : 0) })
    case .float32(let tensor):
      return "(const uint8_t *)" + data.array("constant", tensor.scalars.map(\.bitPattern))
    case .int32(let tensor):
      return "(const uint8_t *)" + data.array("constant", tensor.scalars.map { UInt32(bitPattern: $0) })
    case .int16, .int64: throw NoCode("it has constants of 16 or 64 bits")
    }
  }
}
