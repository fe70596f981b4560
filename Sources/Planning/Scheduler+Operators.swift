import Graphs
import Tensors

extension Scheduler {
  /// Adds the steps that compute node `index`.
  mutating func add(_ index: Int) {
    let node = graph.nodes[index]
    if let sum = fusedSums[index], addFusedSum(sum, index) { return }
    let isDone =
      switch node.operator {
      case .convolution(let convolution):
        addConvolution(index, convolution, .float(convolution.clamp), fill: .real(0))
      case .dense(let clamp): addDense(index, .float(clamp))
      case .integer(.convolution(let convolution, let zeroPoint, let result)):
        addConvolution(index, convolution, WeightedSum.Result(result), fill: .code(zeroPoint))
      case .integer(.dense(let result)): addDense(index, WeightedSum.Result(result))
      case .pooling(let pooling): addPooling(index, pooling)
      case .integer(.averagePooling(let pooling, let zeroPoint, let requantization)):
        addPooling(index, pooling.window, .codes(requantization), fill: .code(zeroPoint))
      case .integer(.addition(let rule)): addMaps(index, .addition(rule))
      case .integer(.lookup(let table)): addLookup(index, table)
      case .binary(let function, let clamp): addBinary(index, function, clamp)
      case .unary(let function):
        graph[node.output].type.elementType == .float32 && addMaps(index, .unary(function))
      case .softmax(let axis, let isLogarithmic): addSoftmax(index, axis: axis, isLogarithmic: isLogarithmic)
      case .quantize(let encoding, let elementType): addQuantize(index, encoding, elementType)
      case .dequantize(let encoding): addDequantize(index, encoding)
      case .reshape: addReshape(index)
      case .transpose(let permutation): addTranspose(index, permutation)
      case .concatenation: addConcatenation(index)
      case .slice(let slices): addSlice(index, slices)
      case .padding(let before, let after, .constant(let value)): addPadding(index, before, after, value)
      case .transposedConvolution, .matrixProduct, .batchNormalization, .localResponseNormalization, .comparison,
        .select, .cast, .reduction, .argument, .gather, .padding, .expand, .resize, .integer(.multiplication),
        .integer(.softmax):
        false
      }
    if !isDone { addReference(index) }
  }

  /// The step for an operator without a kernel.
  private mutating func addReference(_ index: Int) {
    let node = graph.nodes[index]
    var reads: [BufferID] = []
    var operands: [ReferenceOperand?] = []
    for id in node.inputs {
      guard let id else {
        operands.append(nil)
        continue
      }
      if graph.constants[id] != nil {
        operands.append(.constant(id))
      } else {
        operands.append(.read(reads.count, shapes[id.index]))
        reads.append(planar(id, node: index))
      }
    }
    emit(.reference(node.operator, operands), reads, newPlanar(node.output), node: index)
  }

  // MARK: Weighted sums

  private mutating func addConvolution(
    _ index: Int, _ convolution: Convolution, _ result: WeightedSum.Result, fill: Fill
  ) -> Bool {
    let node = graph.nodes[index]
    guard let (input, sum) = weightedSum(index, convolution, result, fill: fill),
      let output = newMap(node.output, node: index)
    else { return false }
    emit(.weightedSum(sum), [input], output, node: index)
    return true
  }

  private mutating func weightedSum(
    _ index: Int, _ convolution: Convolution, _ result: WeightedSum.Result, fill: Fill
  ) -> (input: BufferID, sum: WeightedSum)? {
    let node = graph.nodes[index]
    guard convolutionIsConstant(node), let input = node.inputs[0], let weights = node.inputs[1],
      let window = MapWindow(convolution.window, input: shapes[input.index], output: shapes[node.output.index]),
      let map = map(input, border: window.border, fill: fill, node: index)
    else { return nil }
    let sum = WeightedSum(
      kernel: window.kernel, strides: window.strides, dilations: window.dilations, origin: window.paddingBefore,
      groups: convolution.groups, weights: weights, bias: node.inputs.count > 2 ? node.inputs[2] : nil,
      outside: fill, result: result, residual: .none)
    return (map, sum)
  }

  private mutating func addFusedSum(_ fused: FusedSum, _ index: Int) -> Bool {
    let (node, producer) = (graph.nodes[index], graph.nodes[fused.producer])
    var built: (input: BufferID, sum: WeightedSum)?
    switch (producer.operator, node.operator) {
    case (.integer(.convolution(let convolution, let zeroPoint, let result)), .integer(.addition(let rule))):
      built = weightedSum(fused.producer, convolution, WeightedSum.Result(result), fill: .code(zeroPoint))
      var turned = rule
      if !fused.sumIsLeft { swap(&turned.leftMultiplier, &turned.rightMultiplier) }
      built?.sum.residual = .codes(turned)
    case (.convolution(let convolution), .binary(.add, let clamp)):
      built = weightedSum(fused.producer, convolution, .float(clamp), fill: .real(0))
      built?.sum.residual = .float
    default:
      break
    }
    guard let (input, sum) = built, let other = map(fused.other, node: index),
      let output = newMap(node.output, node: index)
    else {
      // Not on maps after all: the convolution gets its own step, the addition follows as usual.
      add(fused.producer)
      return false
    }
    emit(.weightedSum(sum), [input, other], output, node: index)
    return true
  }

  private mutating func addDense(_ index: Int, _ result: WeightedSum.Result) -> Bool {
    let node = graph.nodes[index]
    guard convolutionIsConstant(node), let input = node.inputs[0], let weights = node.inputs[1],
      graph.constants[input] == nil
    else { return false }
    // A flattened map is taken as it is: a window over all of it.
    var (source, kernel) = (input, (rows: 1, columns: 1))
    if places[input.index].planar == nil, let same = places[input.index].sameElementsAs,
      let buffer = places[same.index].map, let layout = mapLayout(buffer), layout.images == shapes[input.index][0],
      layout.channels * layout.rows * layout.columns == shapes[input.index][1]
    {
      (source, kernel) = (same, (layout.rows, layout.columns))
    }
    guard let map = map(source, node: index), let output = newMap(node.output, node: index) else { return false }
    let sum = WeightedSum(
      kernel: kernel, strides: (1, 1), dilations: (1, 1), origin: (0, 0), groups: 1, weights: weights,
      bias: node.inputs.count > 2 ? node.inputs[2] : nil, outside: .code(0), result: result, residual: .none)
    emit(.weightedSum(sum), [map], output, node: index)
    return true
  }

  // MARK: Pooling

  private mutating func addPooling(_ index: Int, _ pooling: Pooling) -> Bool {
    let node = graph.nodes[index]
    guard let input = node.inputs[0] else { return false }
    switch pooling.kind {
    case .maximum:
      guard let fill = Self.surround(node, graph, shapes)?.fill else { return false }
      return addPooling(index, pooling.window, .maximum, fill: fill)
    case .average:
      // Windows that leave the data have divisors of their own, unless padding counts.
      let isUniform = !pooling.roundsUp && (!pooling.window.isPadded || pooling.countsPadding)
      guard isUniform, graph[input].type.elementType == .float32 else { return false }
      let divisor = Float(pooling.window.kernel.reduce(1, *))
      return addPooling(index, pooling.window, .mean(divisor: divisor), fill: .real(0))
    }
  }

  private mutating func addPooling(
    _ index: Int, _ window: Window, _ kind: MapPooling.Kind, fill: Fill
  ) -> Bool {
    let node = graph.nodes[index]
    guard let input = node.inputs[0],
      let window = MapWindow(window, input: shapes[input.index], output: shapes[node.output.index]),
      let map = map(input, border: window.border, fill: fill, node: index),
      let output = newMap(node.output, node: index)
    else { return false }
    let pooling = MapPooling(
      kernel: window.kernel, strides: window.strides, dilations: window.dilations, origin: window.paddingBefore,
      outside: fill, kind: kind)
    emit(.pooling(pooling), [map], output, node: index)
    return true
  }

  // MARK: Elementwise

  /// A step on maps of one shape, all operands variable.
  private mutating func addMaps(_ index: Int, _ action: Action) -> Bool {
    let node = graph.nodes[index]
    var reads: [BufferID] = []
    for id in node.inputs {
      guard let id, shapes[id.index] == shapes[node.output.index], let buffer = map(id, node: index) else {
        return false
      }
      reads.append(buffer)
    }
    guard let output = newMap(node.output, node: index) else { return false }
    emit(action, reads, output, node: index)
    return true
  }

  private mutating func addLookup(_ index: Int, _ table: LookupTable) -> Bool {
    let node = graph.nodes[index]
    if table.input == .uint8 && table.output == .uint8 { return addMaps(index, .lookup(table)) }
    guard let input = node.inputs[0], graph.constants[input] == nil else { return false }
    let source = planar(input, node: index)
    emit(.lookup(table), [source], newPlanar(node.output), node: index)
    return true
  }

  private mutating func addBinary(_ index: Int, _ function: BinaryFunction, _ clamp: Clamp?) -> Bool {
    guard function == .add || function == .multiply,
      graph[graph.nodes[index].output].type.elementType == .float32
    else { return false }
    return addMaps(index, .binary(function, clamp))
  }

  private mutating func addSoftmax(_ index: Int, axis: Int, isLogarithmic: Bool) -> Bool {
    let node = graph.nodes[index]
    guard axis == 1, (2...4).contains(shapes[node.output.index].rank) else { return false }
    return addMaps(index, .softmax(isLogarithmic: isLogarithmic))
  }

  // MARK: Codes

  private mutating func addQuantize(_ index: Int, _ encoding: AffineEncoding, _ elementType: ElementType) -> Bool {
    let node = graph.nodes[index]
    guard elementType == .uint8, let rule = QuantizeRule(encoding), let input = node.inputs[0],
      graph.constants[input] == nil, let output = newMap(node.output, node: index)
    else { return false }
    if places[input.index].map == nil {
      emit(.interleave(rule), [planar(input, node: index)], output, node: index)
    } else if let map = map(input, node: index) {
      emit(.quantize(scale: rule.scale, zeroPoint: rule.zeroPoint), [map], output, node: index)
    }
    return true
  }

  private mutating func addDequantize(_ index: Int, _ encoding: AffineEncoding) -> Bool {
    let node = graph.nodes[index]
    guard let input = node.inputs[0], graph[input].type.elementType == .uint8, let rule = QuantizeRule(encoding),
      graph.constants[input] == nil
    else { return false }
    let isOutput = graph.outputs.contains(node.output) && useCounts[node.output.index] == 1
    guard let map = map(input, node: index) else { return false }
    if isOutput {
      emit(.deinterleave(rule), [map], newPlanar(node.output), node: index)
    } else if let output = newMap(node.output, node: index) {
      emit(.dequantize(scale: rule.scale, zeroPoint: rule.zeroPoint), [map], output, node: index)
    }
    return true
  }

  // MARK: Layout

  private mutating func addReshape(_ index: Int) -> Bool {
    let node = graph.nodes[index]
    guard let input = node.inputs[0], graph.constants[input] == nil else { return false }
    places[node.output.index].sameElementsAs = input
    return true
  }

  private mutating func addTranspose(_ index: Int, _ permutation: [Int]) -> Bool {
    let node = graph.nodes[index]
    guard let input = node.inputs[0], graph.constants[input] == nil else { return false }
    let elementType = graph[input].type.elementType
    if form == .compact, seeAsMap(input, as: node.output, permutation, node: index) { return true }
    // Interleaved outside, as in files that keep channels last: rows of pixels are copied.
    if permutation == [0, 3, 1, 2], let output = newMap(node.output, node: index), let map = mapLayout(output) {
      let outside = MapLayout(interleaved: map)
      emit(.copy([CopyRegion(outside, map)]), [planar(input, node: index)], output, node: index)
      return true
    }
    if permutation == [0, 2, 3, 1], elementType == .uint8 || elementType == .float32,
      let source = map(input, node: index), let map = mapLayout(source)
    {
      let outside = MapLayout(interleaved: map)
      emit(.copy([CopyRegion(map, outside)]), [source], newPlanar(node.output), node: index)
      return true
    }
    return false
  }

  /// Compact maps have the bytes of a planar tensor with channels last: transposing from one to the other does nothing.
  private mutating func seeAsMap(
    _ input: ValueID, as output: ValueID, _ permutation: [Int], node: Int
  ) -> Bool {
    if permutation == [0, 3, 1, 2], let map = layout(of: output) {
      let buffer = planar(input, node: node)
      buffers[buffer.index].layout = .map(map)
      places[output.index].map = buffer
      return true
    }
    if permutation == [0, 2, 3, 1], layout(of: input) != nil, let buffer = map(input, node: node) {
      places[output.index].planar = buffer
      return true
    }
    return false
  }

  private mutating func addSlice(_ index: Int, _ slices: [AxisSlice]) -> Bool {
    let node = graph.nodes[index]
    guard let input = node.inputs[0], shapes[input.index].rank == 4, places[input.index].map != nil,
      slices.allSatisfy({ $0.axis >= 1 && $0.step > 0 && ($0.axis > 1 || $0.step == 1) }),
      let source = map(input, node: index), let from = mapLayout(source),
      let output = newMap(node.output, node: index), let to = mapLayout(output)
    else { return false }
    var region = CopyRegion(from, to)
    (region.rows, region.columns) = (to.rows, to.columns)
    region.byteCount = to.channels * to.elementType.byteCount
    for slice in slices {
      switch slice.axis {
      case 1: region.source.offset += slice.start * from.elementType.byteCount
      case 2:
        region.source.offset += slice.start * from.rowByteCount
        region.source.row *= slice.step
      default:
        region.source.offset += slice.start * from.pixelByteCount
        region.source.column *= slice.step
      }
    }
    emit(.copy([region]), [source], output, node: index)
    return true
  }

  private mutating func addPadding(_ index: Int, _ before: [Int], _ after: [Int], _ value: Float) -> Bool {
    let node = graph.nodes[index]
    guard let input = node.inputs[0], shapes[input.index].rank == 4, places[input.index].map != nil,
      (before + after).allSatisfy({ $0 >= 0 }), before[0] == 0, after[0] == 0,
      let source = map(input, node: index), let from = mapLayout(source),
      let output = newMap(node.output, node: index), let to = mapLayout(output)
    else { return false }
    var region = CopyRegion(from, to)
    region.destination.offset +=
      before[1] * to.elementType.byteCount + before[2] * to.rowByteCount + before[3] * to.pixelByteCount
    let fill: Fill = to.elementType == .uint8 ? .code(UInt8(max(0, min(255, value)))) : .real(value)
    emit(.fill(fill), [], output, node: index)
    if to.border != .none { emit(.fillBorder, [], output, node: index) }
    emit(.copy([region]), [source], output, node: index)
    return true
  }
}

extension WeightedSum.Result {
  init(_ result: SumResult) {
    switch result {
    case .codes(let requantization): self = .codes(requantization)
    case .real(let scales, let offsets): self = .real(scales: scales, offsets: offsets)
    }
  }
}

extension QuantizeRule {
  /// - Returns: nil for codes other than one scale and 8 unsigned bits.
  init?(_ encoding: AffineEncoding) {
    guard encoding.axis == nil, encoding.bitWidth == 8, !encoding.isSigned,
      let zeroPoint = UInt8(exactly: encoding.zeroPoints[0])
    else { return nil }
    self.init(scale: encoding.scales[0], zeroPoint: zeroPoint)
  }
}

extension MapLayout {
  /// The row-major tensor `[N, H, W, C]` seen as a map of the same pixels.
  init(interleaved map: MapLayout) {
    self = map
    border = .none
    channelStride = channels
  }
}
